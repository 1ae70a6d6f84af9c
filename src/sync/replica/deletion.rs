//! The mark of a deletion: an entry with this content says that its file was deleted.
//!
//! The engine has entries without content for that, but keeps no order between them and others: an older content takes the place of a
//! newer deletion whenever two documents are compared, so that the two sides swap what they have, without end. A deletion with a
//! content is an entry like any other, of which the newest counts. Entries without content, which earlier versions made, are still
//! read, and one's own are made anew.

use std::sync::LazyLock;

use crate::sync::replica::merge::Hash;

/// The content. Whoever reads it with an earlier version sees what it means.
pub const MARK: &[u8] = b"(This file was deleted by its author.)\0missive\n";

static MARK_HASH: LazyLock<Hash> = LazyLock::new(|| *blake3::hash(MARK).as_bytes());

/// The hash of the content.
pub fn mark_hash() -> Hash {
    *MARK_HASH
}

/// Whether an entry with a content of this hash and length in bytes is a deletion.
pub fn is_deletion(hash: &Hash, len: u64) -> bool {
    len == 0 || (len == MARK.len() as u64 && *hash == *MARK_HASH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_the_mark_are_deletions() {
        assert!(is_deletion(&[1; 32], 0) && is_deletion(&mark_hash(), MARK.len() as u64));
        assert!(!is_deletion(&[1; 32], MARK.len() as u64) && !is_deletion(&mark_hash(), 1));
    }
}

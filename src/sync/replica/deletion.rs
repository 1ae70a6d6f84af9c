//! The marks of deletions: an entry with the one content says that its file was deleted, and one with the other that its author says
//! nothing of the file any more.
//!
//! The engine has entries without content for that, but keeps no order between them and others: an older content takes the place of a
//! newer deletion whenever two documents are compared, so that the two sides swap what they have, without end. A deletion with a
//! content is an entry like any other, of which the newest counts. Entries without content, which earlier versions made, are still
//! read, and one's own are made anew.
//!
//! Whoever takes away a file that only they signed takes their own word back: what another wrote under the same name meanwhile, and
//! which may come later though it is older, counts then, whereas a deletion would delete it for all.

use std::sync::LazyLock;

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;

/// The content. Whoever reads it with an earlier version sees what it means.
pub const MARK: &[u8] = b"(This file was deleted by its author.)\0missive\n";

/// The content of an entry that was taken back.
pub const WITHDRAWN: &[u8] = b"(This file was taken back by its author.)\0missive\n";

static MARK_HASH: LazyLock<Hash> = LazyLock::new(|| *blake3::hash(MARK).as_bytes());
static WITHDRAWN_HASH: LazyLock<Hash> = LazyLock::new(|| *blake3::hash(WITHDRAWN).as_bytes());

/// What a deletion says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// That the file was deleted, whoever wrote it.
    Deleted,
    /// That its author says nothing of the file any more.
    Withdrawn,
}

impl Deletion {
    /// The content of an entry that says so.
    pub fn mark(self) -> &'static [u8] {
        match self {
            Self::Deleted => MARK,
            Self::Withdrawn => WITHDRAWN,
        }
    }

    /// The hash of that content.
    pub fn hash(self) -> Hash {
        match self {
            Self::Deleted => *MARK_HASH,
            Self::Withdrawn => *WITHDRAWN_HASH,
        }
    }
}

/// A deletion that is to be entered.
#[derive(Clone, Debug)]
pub struct Retraction {
    /// Which file was deleted.
    pub item: Item,
    /// What is said of it.
    pub says: Deletion,
    /// Whether the entry's key is that of an empty file.
    pub empty: bool,
    /// Whether the same is to be said under the other one of the file's two keys before.
    pub both_keys: bool,
    /// Another file that was there when the box was listed. If it is gone too, perhaps the whole disk is.
    pub beside: Option<Item>,
}

/// Whether an entry with a content of this hash and length in bytes is a deletion.
pub fn is_deletion(hash: &Hash, len: u64) -> bool {
    len == 0 || (len == MARK.len() as u64 && *hash == *MARK_HASH) || is_withdrawn(hash, len)
}

/// Whether an entry with a content of this hash and length in bytes was taken back.
pub fn is_withdrawn(hash: &Hash, len: u64) -> bool {
    len == WITHDRAWN.len() as u64 && *hash == *WITHDRAWN_HASH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_the_marks_are_deletions() {
        assert!(is_deletion(&[1; 32], 0));
        for deletion in [Deletion::Deleted, Deletion::Withdrawn] {
            let len = deletion.mark().len() as u64;
            assert!(is_deletion(&deletion.hash(), len));
            assert!(!is_deletion(&[1; 32], len) && !is_deletion(&deletion.hash(), 1));
            assert_eq!(is_withdrawn(&deletion.hash(), len), deletion == Deletion::Withdrawn);
        }
    }
}

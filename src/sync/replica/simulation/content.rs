//! Contents of files: in this world a number with a length, and bytes only where somebody reads them.

use std::collections::BTreeMap;

use crate::sync::replica::merge::Hash;

/// A file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) hash: Hash,
    pub(super) len: u64,
}

/// What an entry for an empty file holds.
pub(super) const EMPTY_MARK: &[u8] = b"\0";

/// All contents that there are.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    made: u64,
    /// What notes hold.
    bytes: BTreeMap<Hash, Vec<u8>>,
}

impl Catalog {
    /// A content that was never there before.
    pub(super) fn fresh(&mut self, len: u64) -> Content {
        if len == 0 {
            return empty();
        }
        self.made += 1;
        let mut hash = [0xc0; 32];
        hash[..8].copy_from_slice(&self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        hash[8..16].copy_from_slice(&self.made.to_be_bytes());
        Content { hash, len }
    }

    /// The content with these bytes.
    pub(super) fn of_bytes(&mut self, bytes: &[u8]) -> Content {
        let hash = *blake3::hash(bytes).as_bytes();
        self.bytes.insert(hash, bytes.to_vec());
        Content { hash, len: bytes.len() as u64 }
    }

    /// What it holds.
    pub(super) fn bytes(&self, hash: &Hash) -> Option<&Vec<u8>> {
        self.bytes.get(hash)
    }
}

/// The content of an empty file.
pub(super) fn empty() -> Content {
    Content { hash: *blake3::hash(b"").as_bytes(), len: 0 }
}

/// A content's number, for people.
pub(super) fn number(hash: &Hash) -> String {
    if *hash == empty().hash {
        return "nothing".to_owned();
    }
    if hash[16..] != [0xc0; 16] {
        return format!("note {:02x}{:02x}", hash[0], hash[1]);
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[8..16]);
    format!("content {}", u64::from_be_bytes(bytes))
}

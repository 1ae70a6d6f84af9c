//! A file of which single places are read: numbers and short tables, each with a limit.

use std::io::{Read, Seek, SeekFrom};

/// The longest table that is read into memory, in bytes: that of the samples of a film of many hours.
const MAX_TABLE: u64 = 16 << 20;
/// How much is read of all tables of a file, however often they refer to one another, in bytes.
const MAX_TABLES: u64 = 48 << 20;

/// An open file and its length.
pub(super) struct Source<R> {
    file: R,
    length: u64,
    /// How much may still be read of tables.
    left: u64,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(file: R, length: u64) -> Self {
        Self { file, length, left: MAX_TABLES }
    }

    /// The length of the file in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes that stand there; `None` if not all of them are in the file.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A table that stands there; `None` if it is too long or not all of it is in the file.
    pub(super) fn bytes(&mut self, at: u64, length: u64) -> Option<Vec<u8>> {
        if length > MAX_TABLE || at.checked_add(length)? > self.length {
            return None;
        }
        self.left = self.left.checked_sub(length)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A big-endian number of 32 bits.
    pub(super) fn long(&mut self, at: u64) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }
}

//! What is to be overwritten in a file: places and what they are filled with.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// How many bytes of nothing are written at a time.
const PIECE: usize = 64 << 10;
/// A file that needs more erasures than this is not understood.
const MAX_ERASURES: usize = 1 << 20;

/// What is to be overwritten in a file, in the order of the file and without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasures {
    erasures: Vec<Erasure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Erasure {
    at: u64,
    length: u64,
    with: Filling,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// The same byte over and over.
    Byte(u8),
    /// These bytes, as many as the erasure is long.
    Bytes(Vec<u8>),
}

impl Erasures {
    /// Whether there is nothing to overwrite.
    pub fn is_empty(&self) -> bool {
        self.erasures.is_empty()
    }

    /// Overwrites the metadata in a copy of the file that was looked at.
    ///
    /// # Errors
    /// As the system says; the copy may be half done then.
    pub fn apply_to(&self, copy: &File) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        for erasure in &self.erasures {
            let mut at = erasure.at;
            let end = erasure.end();
            while at < end {
                let length = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
                let part = piece.get_mut(..length).unwrap_or_default();
                erasure.fill(part, at);
                copy.write_all_at(part, at)?;
                at += length as u64;
            }
        }
        Ok(())
    }

    /// The file that is read, as it is with the metadata overwritten.
    pub fn reader<R: Read>(&self, file: R) -> ErasedReader<'_, R> {
        ErasedReader { file, at: 0, left: &self.erasures }
    }

    pub(super) fn zero(&mut self, at: u64, end: u64) {
        self.push(at, end.saturating_sub(at), Filling::Byte(0));
    }

    pub(super) fn write(&mut self, at: u64, bytes: Vec<u8>) {
        self.push(at, bytes.len() as u64, Filling::Bytes(bytes));
    }

    pub(super) fn push(&mut self, at: u64, length: u64, with: Filling) {
        if length == 0 || self.erasures.len() > MAX_ERASURES {
            return;
        }
        if let Some(last) = self.erasures.last_mut().filter(|last| last.end() == at && last.with == with)
            && matches!(with, Filling::Byte(_))
        {
            last.length += length;
            return;
        }
        self.erasures.push(Erasure { at, length, with });
    }

    /// In the order of the file; `None` if two of them overlap or there are too many.
    pub(super) fn sorted(mut self) -> Option<Self> {
        self.erasures.sort_unstable_by_key(|erasure| erasure.at);
        let are_apart = self.erasures.iter().zip(self.erasures.iter().skip(1)).all(|(one, next)| one.end() <= next.at);
        (are_apart && self.erasures.len() <= MAX_ERASURES).then_some(self)
    }

    /// Whether a part of the file is overwritten, if the erasures are sorted.
    pub(super) fn touch(&self, from: u64, to: u64) -> bool {
        let behind = self.erasures.partition_point(|erasure| erasure.end() <= from);
        from < to && self.erasures.get(behind).is_some_and(|erasure| erasure.at < to)
    }
}

impl Erasure {
    fn end(&self) -> u64 {
        self.at.saturating_add(self.length)
    }

    /// Fills a part of what is read from `at` on, which lies within.
    fn fill(&self, part: &mut [u8], at: u64) {
        match &self.with {
            Filling::Byte(byte) => part.fill(*byte),
            Filling::Bytes(bytes) => {
                let from = usize::try_from(at - self.at).unwrap_or(usize::MAX);
                part.iter_mut().zip(bytes.iter().skip(from)).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// Reads a file as it is without its metadata.
pub struct ErasedReader<'a, R> {
    file: R,
    at: u64,
    left: &'a [Erasure],
}

impl<R: Read> Read for ErasedReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        let end = self.at + read as u64;
        while let Some((first, rest)) = self.left.split_first().filter(|(first, _)| first.at < end) {
            let (from, to) = (first.at.max(self.at), first.end().min(end));
            let range = usize::try_from(from - self.at).ok().zip(usize::try_from(to.saturating_sub(self.at)).ok());
            if let Some(part) = range.and_then(|(from, to)| into.get_mut(from..to)) {
                first.fill(part, from);
            }
            if first.end() > end {
                break;
            }
            self.left = rest;
        }
        self.at = end;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Erasures, PIECE};

    #[test]
    fn what_is_read_in_pieces_is_what_is_written() {
        let whole: Vec<u8> = (0..PIECE * 3).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut erasures = Erasures::default();
        erasures.write(7, b"seven".to_vec());
        erasures.zero(100, 100 + PIECE as u64 * 2 + 5);
        erasures.zero(50, 60);
        let erasures = erasures.sorted().unwrap();
        let mut expected = whole.clone();
        expected[7..12].copy_from_slice(b"seven");
        expected[50..60].fill(0);
        expected[100..105 + PIECE * 2].fill(0);
        for piece in [1, 3, 1_000, whole.len()] {
            let (mut read, mut reader, mut part) = (Vec::new(), erasures.reader(&whole[..]), vec![0; piece]);
            while let Ok(length @ 1..) = reader.read(&mut part) {
                read.extend_from_slice(&part[..length]);
            }
            assert!(read == expected, "in pieces of {piece}");
        }
        assert!(erasures.touch(11, 12) && !erasures.touch(12, 50) && erasures.touch(0, 8) && !erasures.touch(59, 59));
        assert!(!erasures.touch(60, 100) && !erasures.touch(0, 7));
    }

    #[test]
    fn overlaps_are_not_understood() {
        let mut erasures = Erasures::default();
        erasures.zero(10, 20);
        erasures.zero(19, 21);
        assert_eq!(erasures.sorted(), None);
    }
}

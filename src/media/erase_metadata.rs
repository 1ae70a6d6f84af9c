//! Metadata overwritten in place, in a copy of the file: in HEIF, AVIF, TIFF, MP4, QuickTime, 3GPP, AVI and WAVE files.
//!
//! No byte moves, so that every offset in the file stays right and a film of gigabytes is copied as it is but for a few
//! thousand bytes. A file that is not understood to its end, or whose parts overlap, is not touched at all.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use crate::media::erase_metadata::source::Source;

mod boxes;
mod film;
mod heif;
mod item_locations;
mod riff;
mod samples;
mod source;
mod tiff;

/// How many bytes of nothing are written at a time.
const PIECE: usize = 64 << 10;
/// A file that needs more erasures than this is not understood.
const MAX_ERASURES: usize = 1 << 20;

/// How a file is made up in which metadata can be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layout {
    /// Boxes within boxes (ISO/IEC 14496-12): HEIF, AVIF, MP4, QuickTime, 3GPP.
    Boxes,
    /// Directories of tags: TIFF.
    Tags,
    /// Chunks (RIFF): AVI and WAVE.
    Chunks,
}

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
enum Filling {
    /// The same byte over and over.
    Byte(u8),
    /// These bytes, as many as the erasure is long.
    Bytes(Vec<u8>),
}

/// What has to be overwritten in a file of this layout and length so that it tells nothing; `None` if it is not understood.
pub fn erasures<R: Read + Seek>(file: R, length: u64, layout: Layout) -> Option<Erasures> {
    let mut source = Source::new(file, length);
    match layout {
        Layout::Boxes => boxes::erasures(&mut source),
        Layout::Tags => tiff::erasures(&mut source),
        Layout::Chunks => riff::erasures(&mut source),
    }
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

    fn zero(&mut self, at: u64, end: u64) {
        self.push(at, end.saturating_sub(at), Filling::Byte(0));
    }

    fn write(&mut self, at: u64, bytes: Vec<u8>) {
        self.push(at, bytes.len() as u64, Filling::Bytes(bytes));
    }

    fn push(&mut self, at: u64, length: u64, with: Filling) {
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
    fn sorted(mut self) -> Option<Self> {
        self.erasures.sort_unstable_by_key(|erasure| erasure.at);
        let are_apart = self.erasures.iter().zip(self.erasures.iter().skip(1)).all(|(one, next)| one.end() <= next.at);
        (are_apart && self.erasures.len() <= MAX_ERASURES).then_some(self)
    }

    /// Whether a part of the file is overwritten, if the erasures are sorted.
    fn touch(&self, from: u64, to: u64) -> bool {
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
pub(crate) mod tests {
    use std::io::{Cursor, Read};

    use super::{Erasures, Layout, PIECE, erasures};

    /// A file as it is without its metadata; `None` if it is not understood.
    pub(crate) fn erased(bytes: &[u8], layout: Layout) -> Option<Vec<u8>> {
        let erasures = erasures(Cursor::new(bytes), bytes.len() as u64, layout)?;
        let mut out = Vec::new();
        erasures.reader(bytes).read_to_end(&mut out).unwrap();
        assert_eq!(out.len(), bytes.len());
        // What was written into a copy is what is read.
        let mut copy = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut copy, bytes).unwrap();
        erasures.apply_to(&copy).unwrap();
        let mut written = Vec::new();
        std::io::Seek::rewind(&mut copy).unwrap();
        copy.read_to_end(&mut written).unwrap();
        assert!(written == out);
        Some(out)
    }

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

    #[test]
    fn nonsense_is_not_understood_and_never_read_without_end() {
        for layout in [Layout::Boxes, Layout::Tags, Layout::Chunks] {
            for bytes in
                [&b""[..], b"x", b"\0\0\0\x08ftyp", b"II*\0\x08\0\0\0", b"RIFF\xFF\xFF\xFF\xFFAVI ", &[0xFF; 99]]
            {
                assert_eq!(erased(bytes, layout).filter(|out| out == bytes), None, "{}", bytes.escape_ascii());
            }
        }
    }
}

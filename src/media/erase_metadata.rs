//! Metadata overwritten in place, in a copy of the file: in HEIF, AVIF, TIFF, MP4, QuickTime, 3GPP, AVI and WAVE files.
//!
//! No byte moves, so that every offset in the file stays right and a film of gigabytes is copied as it is but for a few
//! thousand bytes. A file that is not understood to its end, or whose parts overlap, is not touched at all.

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

use crate::media::erase_metadata::source::Source;

mod boxed_file;
mod boxes;
mod erasures;
mod film;
mod heif;
mod item_locations;
mod riff;
mod samples;
mod source;
mod tiff;

pub use erasures::{ErasedReader, Erasures};

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

/// What has to be overwritten in a file of this layout and length so that it tells nothing; `None` if it is not understood.
pub fn erasures<R: Read + Seek>(file: R, length: u64, layout: Layout) -> Option<Erasures> {
    let mut source = Source::new(file, length);
    match layout {
        Layout::Boxes => boxed_file::erasures(&mut source),
        Layout::Tags => tiff::erasures(&mut source),
        Layout::Chunks => riff::erasures(&mut source),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Read};

    use super::{Layout, erasures};

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

//! A JPEG file taken apart: its tables, scans and application segments, in order, as far as they can be understood (ITU
//! T.81, B.1 and B.2). Entropy-coded data is passed over as it is, and a damaged file ends at its damage.

use std::ops::Range;

use crate::media::marker;

/// A part of a JPEG file between start and end of image. What lies between parts means nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A table or a header, entropy-coded data, or the end marker.
    Picture(Range<usize>),
    /// A segment that is no part of the picture itself.
    Application(Application<'a>),
}

/// An application segment, a comment, or one that T.81 reserves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Application<'a> {
    pub(super) code: u8,
    pub(super) payload: &'a [u8],
    /// The whole segment, from its marker on.
    pub(super) range: Range<usize>,
    /// A marker or the end of the file follows it; if not, its length may be wrong.
    pub(super) sealed: bool,
}

/// The parts of a file in order; it ends behind the end marker or before the first thing that is not understood.
///
/// It stops where decoders give up as well: at a marker that does not exist, a second start of image (a preview whose
/// wrapping is damaged), a segment that is cut off, a table of a wrong length, a scan without a frame. Bytes between
/// segments it passes over as decoders do (libjpeg's "extraneous bytes before marker"), and they are in no part.
pub(super) struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    framed: bool,
    scanning: bool,
}

impl<'a> Parts<'a> {
    /// Begins behind the start marker.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2, framed: false, scanning: false }
    }

    /// The segment whose marker's two bytes stand at `start`; `None` if it is cut off or damaged.
    fn segment(&mut self, code: u8, start: usize) -> Option<Part<'a>> {
        let behind_marker = self.bytes.get(start + 2..)?;
        let length = usize::from(u16::from_be_bytes(*behind_marker.first_chunk()?));
        let payload = behind_marker.get(2..length)?;
        let range = start..start + 2 + length;
        if code > marker::LAST_TABLE {
            self.at = range.end;
            let sealed = self.bytes.get(range.end).is_none_or(|byte| *byte == 0xFF);
            return Some(Part::Application(Application { code, payload, range, sealed }));
        }
        if !marker::is_sound_table(code, payload) || (code == marker::SOS && !self.framed) {
            return None;
        }
        self.at = range.end;
        self.framed |= marker::starts_frame(code);
        self.scanning = code == marker::SOS;
        Some(Part::Picture(range))
    }

    /// The next marker from `at` on: where its last two bytes stand, and its code.
    ///
    /// Before it there may be fill bytes (T.81, B.1.1.2), and, in files of careless writers, bytes that mean nothing.
    fn marker(&self) -> Option<(usize, u8)> {
        let mut at = self.at;
        loop {
            let rest = self.bytes.get(at..)?;
            let fill = memchr::memchr(0xFF, rest)?;
            let behind = fill + rest.get(fill..)?.iter().position(|byte| *byte != 0xFF)?;
            at += behind;
            match *rest.get(behind)? {
                0 => {}
                code => return Some((at - 1, code)),
            }
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if std::mem::take(&mut self.scanning) {
            let start = self.at;
            self.at = end_of_scan(self.bytes, start);
            return Some(Part::Picture(start..self.at));
        }
        let (mut start, mut code) = self.marker()?;
        while marker::is_bare(code) {
            self.at = start + 2;
            (start, code) = self.marker()?;
        }
        self.at = self.bytes.len();
        match code {
            marker::EOI => Some(Part::Picture(start..start + 2)),
            code if marker::has_segment(code) => self.segment(code, start),
            _ => None,
        }
    }
}

/// Where the entropy-coded data that begins at `start` ends: before a marker other than a restart, or with the file.
///
/// Codes that no marker has are data; T.81 has only a stuffed zero there (B.1.1.5), but a flipped bit is no reason to lose
/// the rest, and no segment begins with them.
fn end_of_scan(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr(0xFF, bytes.get(at..).unwrap_or_default()) {
        let run = at + found;
        let Some(fill) = bytes.get(run..).and_then(|rest| rest.iter().position(|byte| *byte != 0xFF)) else { break };
        at = run + fill;
        if bytes.get(at).is_some_and(|code| *code >= marker::FIRST && !marker::is_bare(*code)) {
            return run;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use crate::media::fixture::Jpeg;
    use crate::media::remove_metadata::parts::{Application, Part, Parts, end_of_scan};

    #[test]
    fn a_file_falls_into_its_parts() {
        let bytes = Jpeg::new(3, 2).segment(0xFE, b"hello").bytes();
        let parts: Vec<Part<'_>> = Parts::new(&bytes).collect();
        assert_eq!(
            parts[0],
            Part::Application(Application { code: 0xFE, payload: b"hello", range: 2..11, sealed: true })
        );
        assert_eq!(parts.len(), 8, "a comment, five tables, a scan and the end");
        assert_eq!(parts[7], Part::Picture(bytes.len() - 2..bytes.len()));
    }

    #[test]
    fn a_scan_ends_before_its_marker_and_the_fill_bytes() {
        assert_eq!(end_of_scan(b"ab\xFF\0c\xFF\xD7d\xFF\xFF\0e\xFF\xFF\xD9", 0), 12);
        assert_eq!(end_of_scan(b"ab\xFF\x42c\xFF\xE1", 0), 5);
        assert_eq!(end_of_scan(b"abc", 0), 3);
        assert_eq!(end_of_scan(b"abc\xFF\xFF", 0), 5);
        assert_eq!(end_of_scan(b"", 0), 0);
    }

    #[test]
    fn it_ends_for_good() {
        let bytes = [&Jpeg::new(3, 2).bytes()[..], b"\xFF\xFE\0\x02"].concat();
        let mut parts = Parts::new(&bytes);
        assert_eq!(parts.by_ref().count(), 7);
        assert_eq!(parts.next(), None);
        let mut damaged = Parts::new(b"\xFF\xD8\xFF\xDD\0\x03?\xFF\xFE\0\x02");
        assert_eq!((damaged.next(), damaged.next()), (None, None));
    }
}

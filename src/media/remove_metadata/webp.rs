//! WebP without metadata: only the chunks that make the picture, also within the frames of an animation, and a header that
//! says so.

use std::borrow::Cow;
use std::ops::Range;

use crate::media::exif::Orientation;
use crate::media::remove_metadata::partial_copy::PartialCopy;

/// The chunks that display needs (RFC 9649, 2.7).
const NEEDED: [[u8; 4]; 7] = [*b"VP8X", *b"ICCP", *b"ANIM", *b"ANMF", *b"ALPH", *b"VP8 ", *b"VP8L"];

/// The chunks that display needs within the frame of an animation.
const NEEDED_IN_FRAME: [[u8; 4]; 3] = [*b"ALPH", *b"VP8 ", *b"VP8L"];

/// Flags in the extended header: there is an EXIF chunk, there is an XMP chunk.
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

/// How long the extended header is, and the header of a frame.
const CANVAS: usize = 10;
const FRAME: usize = 16;

/// Copies a WebP file without metadata.
pub(super) fn strip(bytes: &[u8]) -> Cow<'_, [u8]> {
    let file = File { bytes };
    let orientation = file.orientation().block();
    let body: usize = file.needed().map(|chunk| file.length(&chunk)).sum();
    let exif = orientation.map_or(0, |block| 8 + block.len());

    let mut kept = PartialCopy::new(bytes);
    kept.write(b"RIFF");
    kept.write(&length_field(4 + body + exif));
    kept.write(b"WEBP");
    for chunk in file.needed() {
        file.write(&mut kept, &chunk, orientation.is_some());
    }
    if let Some(block) = orientation {
        kept.write(b"EXIF");
        kept.write(&length_field(block.len()));
        kept.write(&block);
    }
    kept.finish()
}

/// A length as RIFF has it. Nothing is longer than the input, whose own length is such a field.
fn length_field(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// One chunk of a RIFF file.
struct Chunk {
    kind: [u8; 4],
    data: Range<usize>,
}

/// A WebP file.
#[derive(Clone, Copy)]
struct File<'a> {
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// The chunks in the file, as far as its RIFF header says that it goes.
    fn chunks(self) -> Chunks<'a> {
        let claimed =
            self.bytes.get(4..).and_then(|rest| rest.first_chunk()).map_or(0, |field| u32::from_le_bytes(*field));
        let end = usize::try_from(claimed).unwrap_or(usize::MAX).saturating_add(8);
        Chunks { bytes: self.bytes, at: 12, end: end.min(self.bytes.len()) }
    }

    fn needed(self) -> impl Iterator<Item = Chunk> {
        self.chunks().filter(move |chunk| {
            let least = match &chunk.kind {
                b"VP8X" => CANVAS,
                b"ANMF" => FRAME,
                _ => 0,
            };
            NEEDED.contains(&chunk.kind) && chunk.data.len() >= least
        })
    }

    fn needed_in_frame(self, frame: &Range<usize>) -> impl Iterator<Item = Chunk> {
        let chunks = Chunks { bytes: self.bytes, at: frame.start + FRAME, end: frame.end };
        chunks.filter(|chunk| NEEDED_IN_FRAME.contains(&chunk.kind))
    }

    /// The orientation in the EXIF chunk of an extended file, with or without the prefix that JPEG demands and some writers
    /// carry over.
    fn orientation(self) -> Orientation {
        let extended = self.needed().next().is_some_and(|chunk| &chunk.kind == b"VP8X");
        let exif = self.chunks().find(|chunk| extended && &chunk.kind == b"EXIF");
        exif.and_then(|chunk| self.bytes.get(chunk.data)).map_or(Orientation::UPRIGHT, |block| {
            Orientation::from_block(block.strip_prefix(b"Exif\0\0").unwrap_or(block))
        })
    }

    /// How long a chunk will be, all in all.
    fn length(self, chunk: &Chunk) -> usize {
        8 + match &chunk.kind {
            b"VP8X" => CANVAS,
            b"ANMF" => self.frame_length(&chunk.data),
            _ => chunk.data.len().next_multiple_of(2),
        }
    }

    fn frame_length(self, frame: &Range<usize>) -> usize {
        FRAME + self.needed_in_frame(frame).map(|chunk| self.length(&chunk)).sum::<usize>()
    }

    fn write(self, kept: &mut PartialCopy<'_>, chunk: &Chunk, turned: bool) {
        match &chunk.kind {
            b"VP8X" => self.write_canvas(kept, &chunk.data, turned),
            b"ANMF" => self.write_frame(kept, &chunk.data),
            _ => write_plain(kept, chunk),
        }
    }

    /// The extended header with its flags for EXIF and XMP set right (2.7.1.1).
    fn write_canvas(self, kept: &mut PartialCopy<'_>, data: &Range<usize>, turned: bool) {
        let rest = self.bytes.get(data.clone()).unwrap_or_default();
        let Some(mut canvas) = rest.first_chunk::<CANVAS>().copied() else { return };
        canvas[0] = canvas[0] & !(EXIF | XMP) | if turned { EXIF } else { 0 };
        kept.write(b"VP8X");
        kept.write(&length_field(CANVAS));
        kept.write(&canvas);
    }

    /// A frame without the chunks that do not belong in it (2.7.1.3).
    fn write_frame(self, kept: &mut PartialCopy<'_>, data: &Range<usize>) {
        kept.write(b"ANMF");
        kept.write(&length_field(self.frame_length(data)));
        kept.keep(data.start..data.start + FRAME);
        for chunk in self.needed_in_frame(data) {
            write_plain(kept, &chunk);
        }
    }
}

/// A chunk as it is, with the zero behind an odd length that the file may have left out at its very end.
fn write_plain(kept: &mut PartialCopy<'_>, chunk: &Chunk) {
    kept.write(&chunk.kind);
    kept.write(&length_field(chunk.data.len()));
    kept.keep(chunk.data.clone());
    if !chunk.data.len().is_multiple_of(2) {
        kept.write(&[0]);
    }
}

/// The chunks between two places of a file, in order (2.3).
///
/// It ends before the first one that is cut off, and before one that is followed by neither the end nor the beginning of
/// another: bytes are missing from it, and its length reaches over what follows.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Chunks<'_> {
    /// The chunk whose name and length stand there, if it is one and not cut off.
    fn chunk(&self, at: usize) -> Option<Chunk> {
        let rest = self.bytes.get(at..self.end)?;
        let [k0, k1, k2, k3, length @ ..] = *rest.first_chunk::<8>()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let start = at + 8;
        (k0 != 0 && length <= rest.len() - 8).then(|| Chunk { kind: [k0, k1, k2, k3], data: start..start + length })
    }

    /// Says whether a chunk can end there: nothing but zeros follows, or another chunk, though a known one may be cut off.
    fn is_boundary(&self, at: usize) -> bool {
        let rest = self.bytes.get(at..self.end).unwrap_or_default();
        match rest.first_chunk::<4>() {
            Some(b"EXIF" | b"XMP ") | None => true,
            Some(name) if NEEDED.contains(name) => true,
            Some([0, ..]) => rest.iter().all(|byte| *byte == 0),
            // Names are of ASCII letters, digits, signs and spaces (2.3).
            Some(name) => name.iter().all(|byte| matches!(byte, b' '..=b'~')) && self.chunk(at).is_some(),
        }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let chunk = self.chunk(self.at)?;
        self.at = chunk.data.start + chunk.data.len().next_multiple_of(2);
        self.is_boundary(self.at).then_some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::media::fixture::{SECRET, exif, riff, riff_chunk, turned, webp};
    use crate::media::remove_metadata::webp::strip;

    const IMAGE: (&[u8; 4], &[u8]) = (b"VP8L", b"\x2Fodd");
    const PROFILE: (&[u8; 4], &[u8]) = (b"ICCP", b"profile");

    fn canvas(flags: u8) -> [u8; 10] {
        [flags, 0, 0, 0, 2, 0, 0, 1, 0, 0]
    }

    #[test]
    fn a_bare_picture_is_borrowed() {
        let block = turned(6).block().expect("turned");
        for bare in [
            riff(&[IMAGE]),
            riff(&[(b"VP8X", &canvas(0x30)), PROFILE, IMAGE]),
            riff(&[(b"VP8X", &canvas(0x08)), IMAGE, (b"EXIF", &block)]),
        ] {
            assert!(matches!(strip(&bare), Cow::Borrowed(_)), "{}", bare.escape_ascii());
        }
    }

    #[test]
    fn what_is_not_needed_goes_and_the_flags_with_it() {
        let chatty = webp(3, 2, &[PROFILE, (b"note", SECRET)], &[(b"EXIF", &exif(1)), (b"XMP ", SECRET)]);
        let bare = riff(&[(b"VP8X", &canvas(0x32)), PROFILE, IMAGE]);
        assert_eq!(strip(&[&chatty[..], SECRET].concat()), bare);
    }

    #[test]
    fn a_turned_picture_says_so_at_its_end() {
        let block = turned(6).block().expect("turned");
        let bare = riff(&[(b"VP8X", &canvas(0x3A)), IMAGE, (b"EXIF", &block)]);
        assert_eq!(strip(&webp(3, 2, &[], &[(b"EXIF", &exif(6)), (b"XMP ", SECRET)])), bare);
        let prefixed = [&b"Exif\0\0"[..], &exif(6)].concat();
        assert_eq!(strip(&webp(3, 2, &[], &[(b"EXIF", &prefixed)])), bare);
    }

    #[test]
    fn without_an_extended_header_there_is_no_orientation() {
        let short = riff(&[(b"VP8X", &canvas(0x08)[..9]), IMAGE, (b"EXIF", &exif(6))]);
        assert_eq!(strip(&short), riff(&[IMAGE]));
        assert_eq!(strip(&riff(&[IMAGE, (b"EXIF", &exif(6))])), riff(&[IMAGE]));
    }

    #[test]
    fn frames_are_searched_too() {
        let frame = |inner: &[Vec<u8>]| [&[7; 16][..], &inner.concat()].concat();
        let image = riff_chunk(b"VP8L", b"odd");
        let chatty = frame(&[riff_chunk(b"note", SECRET), image.clone(), riff_chunk(b"EXIF", SECRET), SECRET.to_vec()]);
        let bare = frame(&[image]);
        let animation = |frame: &[u8]| riff(&[(b"VP8X", &canvas(0x02)), (b"ANIM", &[0; 6]), (b"ANMF", frame)]);
        assert_eq!(strip(&animation(&chatty)), animation(&bare));
        assert!(matches!(strip(&animation(&bare)), Cow::Borrowed(_)));
        assert_eq!(strip(&animation(b"short")), riff(&[(b"VP8X", &canvas(0x02)), (b"ANIM", &[0; 6])]));
    }

    #[test]
    fn lengths_and_padding_are_set_right() {
        let whole = riff(&[(b"VP8L", b"odd")]);
        assert_eq!(strip(&whole[..whole.len() - 1]), whole);
        let mut padded = whole.clone();
        *padded.last_mut().expect("padding") = b'!';
        assert_eq!(strip(&padded), whole);
        let mut claiming = whole.clone();
        claiming[4] = 0xFF;
        assert_eq!(strip(&claiming), whole);
    }

    #[test]
    fn nothing_is_kept_from_the_damage_on() {
        let cut = [&riff(&[PROFILE])[..], b"VP8L\xFF\xFF\xFF\0", SECRET].concat();
        let mut claiming = cut;
        claiming[4] = 0xFF;
        assert_eq!(strip(&claiming), riff(&[PROFILE]));
        assert_eq!(strip(b"RIFF\0\0\0\0WEBP"), riff(&[]));
        // Image data with two bytes missing reaches over what follows it.
        let mut shorter = riff(&[PROFILE, (b"VP8L", b"even"), (b"XMP ", SECRET)]);
        shorter.drain(38..40);
        assert_eq!(strip(&shorter), riff(&[PROFILE]));
    }
}

//! PNG without metadata: only the chunks that make the picture, none longer than it may be, and the orientation. Nothing is
//! inflated.

use std::borrow::Cow;
use std::io::Cursor;
use std::ops::Range;

use crate::media::head;
use crate::media::remove_metadata::partial_copy::PartialCopy;

/// The chunks that display needs and how long they can be at most (PNG, third edition, 11.2, 11.3.1 and 11.3.2); what is
/// longer than its fields hides something.
///
/// Not among them: texts (`tEXt`, `zTXt`, `iTXt`), `eXIf`, `tIME`, and whatever that specification does not know, such
/// as the provenance in `caBX` and the pictures within pictures of some editors.
const NEEDED: [([u8; 4], u32); 19] = [
    (*b"IHDR", 13),
    (*b"PLTE", 768),
    (*b"IDAT", u32::MAX),
    (*b"acTL", 8),
    (*b"fcTL", 26),
    (*b"fdAT", u32::MAX),
    (*b"tRNS", 256),
    (*b"cHRM", 32),
    (*b"cICP", 4),
    (*b"cLLI", 8),
    (*b"gAMA", 4),
    (*b"iCCP", u32::MAX),
    (*b"mDCV", 24),
    (*b"sBIT", 4),
    (*b"sRGB", 1),
    (*b"bKGD", 6),
    (*b"hIST", 512),
    (*b"pHYs", 9),
    (*b"sPLT", u32::MAX),
];

/// The end: a chunk without data and its check sum.
const IEND: &[u8; 12] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// Copies a PNG file without metadata.
///
/// In a file whose chunks do not lead to its end, a length may be wrong and a chunk of image data reach over the texts
/// behind it; there, and only there, the check sums are looked at.
pub(super) fn strip(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut orientation = head::png_orientation(&mut Cursor::new(bytes)).block();
    let complete = Chunks::from_bytes(bytes).any(|chunk| &chunk.kind == b"IEND");
    let mut kept = PartialCopy::new(bytes);
    kept.keep(0..8);
    for chunk in Chunks::from_bytes(bytes) {
        if &chunk.kind == b"IEND" {
            kept.write(IEND);
        } else if chunk.is_needed() && (complete || chunk.is_whole(bytes)) {
            kept.keep(chunk.range);
            if let Some(block) = orientation.take_if(|_| &chunk.kind == b"IHDR") {
                kept.write(&exif_chunk(block));
            }
        }
    }
    kept.finish()
}

/// An `eXIf` chunk with its length and check sum (11.3.3.4).
fn exif_chunk(block: [u8; 26]) -> [u8; 38] {
    let mut chunk = [0; 38];
    let sum = check_sum(b"eXIf".iter().chain(&block)).to_be_bytes();
    let bytes = [0, 0, 0, 26].iter().chain(b"eXIf").chain(&block).chain(&sum);
    chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    chunk
}

/// CRC-32, bit by bit (PNG, annex D): it is needed for thirty bytes, and in damaged files.
fn check_sum<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    })
}

/// One chunk of a PNG file.
struct Chunk {
    kind: [u8; 4],
    length: u32,
    /// From its length field to its check sum.
    range: Range<usize>,
}

impl Chunk {
    fn is_needed(&self) -> bool {
        NEEDED.iter().any(|(kind, most)| *kind == self.kind && self.length <= *most)
    }

    /// Says whether the check sum is that of name and data (5.3).
    fn is_whole(&self, bytes: &[u8]) -> bool {
        let named = bytes.get(self.range.clone()).and_then(|chunk| chunk.get(4..));
        let parts = named.and_then(|named| named.split_last_chunk::<4>());
        parts.is_some_and(|(named, sum)| check_sum(named.iter()) == u32::from_be_bytes(*sum))
    }
}

/// The chunks of a file in order (5.3); it ends behind `IEND` or before the first one that is cut off or has no name.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 8 }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let rest = self.bytes.get(self.at..)?;
        let [l0, l1, l2, l3, kind @ ..] = *rest.first_chunk::<8>()?;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let total = usize::try_from(length).ok()?.checked_add(12)?;
        let complete = total <= rest.len() && kind.iter().all(u8::is_ascii_alphabetic);
        let range = self.at..self.at + total.min(rest.len());
        self.at = if &kind == b"IEND" { self.bytes.len() } else { range.end };
        complete.then_some(Chunk { kind, length, range })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::media::fixture::{SECRET, exif, png, png_chunk, turned};
    use crate::media::remove_metadata::png::strip;

    #[test]
    fn a_bare_picture_is_borrowed() {
        let colours =
            [png_chunk(b"iCCP", b"p\0\0."), png_chunk(b"gAMA", &[0, 0, 177, 143]), png_chunk(b"pHYs", &[1; 9])];
        assert!(matches!(strip(&png(3, 2, &colours)), Cow::Borrowed(_)));
        let turned = png_chunk(b"eXIf", &turned(6).block().expect("turned"));
        assert!(matches!(strip(&png(3, 2, &[turned, png_chunk(b"sRGB", &[0])])), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_not_needed_goes_wherever_it_stands() {
        let chatty = [
            png_chunk(b"tEXt", SECRET),
            png_chunk(b"acTL", &[0; 8]),
            png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
            png_chunk(b"fcTL", &[0; 26]),
            png_chunk(b"zTXt", b"Raw profile type exif\0\0."),
            png_chunk(b"tIME", &[0; 7]),
            png_chunk(b"eXIf", &exif(1)),
            png_chunk(b"caBX", SECRET),
            png_chunk(b"teSt", SECRET),
        ];
        let bare = png(3, 2, &[png_chunk(b"acTL", &[0; 8]), png_chunk(b"fcTL", &[0; 26])]);
        let mut bytes = png(3, 2, &chatty);
        let end = bytes.len() - 12;
        bytes.splice(end..end, [png_chunk(b"fdAT", b"...."), png_chunk(b"tEXt", SECRET)].concat());
        bytes.extend(SECRET);
        let mut expected = bare;
        let end = expected.len() - 12;
        expected.splice(end..end, png_chunk(b"fdAT", b"...."));
        assert_eq!(strip(&bytes), expected);
    }

    #[test]
    fn a_turned_picture_says_so_behind_its_header() {
        let chatty = [png_chunk(b"sRGB", &[0]), png_chunk(b"tEXt", SECRET), png_chunk(b"eXIf", &exif(8))];
        let block = turned(8).block().expect("turned");
        assert_eq!(strip(&png(3, 2, &chatty)), png(3, 2, &[png_chunk(b"eXIf", &block), png_chunk(b"sRGB", &[0])]));
    }

    #[test]
    fn chunks_longer_than_their_fields_go() {
        let longer = [png_chunk(b"gAMA", SECRET), png_chunk(b"sRGB", SECRET), png_chunk(b"pHYs", SECRET)];
        assert_eq!(strip(&png(3, 2, &longer)), png(3, 2, &[]));
        let mut end = png(3, 2, &[]);
        end.truncate(end.len() - 12);
        end.extend(png_chunk(b"IEND", SECRET));
        assert_eq!(strip(&end), png(3, 2, &[]));
    }

    #[test]
    fn nothing_is_kept_from_the_damage_on() {
        let whole = png(3, 2, &[]);
        let data = whole.len() - 12 - 31;
        assert_eq!(strip(&whole[..whole.len() - 20]), &whole[..data]);
        assert_eq!(strip(&[&whole[..data], b"\0\0\0\x04\0\0\0\0", SECRET].concat()), &whole[..data]);
        assert_eq!(strip(&[&whole[..data], b"\xFF\xFF\xFF\xFFIDAT", SECRET].concat()), &whole[..data]);
        assert_eq!(strip(&[&whole[..8], SECRET].concat()), &whole[..8]);
        // Image data with a byte missing reaches over what follows it.
        let mut shorter = [&whole[..], SECRET].concat();
        shorter.remove(data + 12);
        assert_eq!(strip(&shorter), &whole[..data]);
    }
}

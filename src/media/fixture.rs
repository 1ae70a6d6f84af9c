//! Small pictures for the tests of this room, built in code: right in every length and check sum, empty of pixels.
//!
//! What a test must not find again is put into them under the name [`SECRET`].

use crate::media::exif::Orientation;

/// Stands in every place where metadata can hide.
pub(crate) const SECRET: &[u8] = b"48.2082N 16.3738E";

/// An EXIF block as cameras write it: little-endian, several tags, the orientation among them, something private behind.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let directory = b"\x02\0\x0F\x01\x02\0\x04\0\0\0ACME\x12\x01\x03\0\x01\0\0\0";
    [&b"II\x2A\0\x08\0\0\0"[..], directory, &[orientation, 0, 0, 0], &[0; 4], SECRET].concat()
}

/// An EXIF block that tells everything: an artist, the serial number of a camera, and a latitude; big-endian.
pub(crate) fn located() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    let directory = |entries: &[Vec<u8>]| {
        let count = u16::try_from(entries.len()).expect("few").to_be_bytes();
        [&count[..], &entries.concat(), &[0; 4]].concat()
    };
    // The first stands at byte 8 and is 42 bytes long, the others are of one entry each: 18 bytes.
    let first = directory(&[entry(0x013B, 2, 17, 86), entry(0x8769, 4, 1, 50), entry(0x8825, 4, 1, 68)]);
    let device = directory(&[entry(0xA431, 2, 17, 86)]);
    let place = directory(&[entry(2, 5, 3, 86)]);
    [&b"MM\0\x2A\0\0\0\x08"[..], &first, &device, &place, SECRET].concat()
}

/// The orientation of that value.
pub(crate) fn turned(value: u8) -> Orientation {
    Orientation::from_block(&exif(value))
}

/// Builds a JPEG, segment after segment.
#[derive(Clone)]
pub(crate) struct Jpeg {
    head: Vec<u8>,
    frame: Vec<u8>,
    tail: Vec<u8>,
}

impl Jpeg {
    /// One component, sequential, a scan with a stuffed byte and a restart marker in it.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let [w, h] = [width, height].map(u16::to_be_bytes);
        let frame = [&[8][..], &h, &w, &[1, 1, 0x11, 0]].concat();
        let mut huffman = vec![0; 18];
        huffman[1] = 1;
        let picture = [
            segment(0xDB, &[0; 65]),
            segment(0xC0, &frame),
            segment(0xC4, &huffman),
            segment(0xDD, &[0, 1]),
            segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        ];
        Self { head: Vec::new(), frame: picture.concat(), tail: b"\x12\xFF\0\x34\xFF\xD0\x56".to_vec() }
    }

    pub(crate) fn segment(mut self, code: u8, payload: &[u8]) -> Self {
        self.head.extend(segment(code, payload));
        self
    }

    pub(crate) fn jfif(self, thumbnail: bool) -> Self {
        let plain: &[u8] = b"JFIF\0\x01\x01\x01\0\x48\0\x48";
        let pixels: &[u8] = if thumbnail { b"\x01\x02rgbRGB" } else { b"\0\0" };
        self.segment(0xE0, &[plain, pixels].concat())
    }

    pub(crate) fn exif(self, orientation: u8) -> Self {
        self.segment(0xE1, &[&b"Exif\0\0"[..], &exif(orientation)].concat())
    }

    /// Adds a second scan after something between the two.
    pub(crate) fn between_scans(mut self, code: u8, payload: &[u8]) -> Self {
        self.tail.extend(segment(code, payload));
        self.tail.extend(segment(0xDA, &[1, 1, 0, 0, 63, 0]));
        self.tail.extend(b"\x78\xFF\xFF\0\x9A");
        self
    }

    /// Everything as far as the end of the last scan.
    pub(crate) fn without_end(&self) -> Vec<u8> {
        [&b"\xFF\xD8"[..], &self.head, &self.frame, &self.tail].concat()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&self.without_end()[..], b"\xFF\xD9"].concat()
    }
}

/// A JPEG segment with its marker and length.
pub(crate) fn segment(code: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).expect("short");
    [&[0xFF, code][..], &length.to_be_bytes(), payload].concat()
}

/// A PNG with these chunks between its header and its image data.
pub(crate) fn png(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    bytes.extend(png_chunk(b"IHDR", &header));
    bytes.extend(chunks.concat());
    bytes.extend(png_chunk(b"IDAT", b"not really deflated"));
    bytes.extend(png_chunk(b"IEND", b""));
    bytes
}

/// A PNG chunk with its length and check sum.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the names are byte strings, which are references")]
pub(crate) fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short");
    let named = [&kind[..], data].concat();
    let sum = named.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    [&length.to_be_bytes()[..], &named, &(!sum).to_be_bytes()].concat()
}

/// An extended WebP with these chunks before and behind its image data, and all the flags set that can be.
pub(crate) fn webp(width: u32, height: u32, before: &[(&[u8; 4], &[u8])], behind: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let [w, h] = [width - 1, height - 1].map(u32::to_le_bytes);
    let canvas = [&[0x3E, 0, 0, 0][..], &w[..3], &h[..3]].concat();
    let image: (&[u8; 4], &[u8]) = (b"VP8L", b"\x2Fodd");
    let chunks: Vec<(&[u8; 4], &[u8])> = [&[(b"VP8X", canvas.as_slice())], before, &[image], behind].concat();
    riff(&chunks)
}

/// A WebP file of these chunks.
pub(crate) fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let body: Vec<u8> = chunks.iter().flat_map(|(kind, data)| riff_chunk(kind, data)).collect();
    let length = u32::try_from(body.len() + 4).expect("short");
    [&b"RIFF"[..], &length.to_le_bytes(), b"WEBP", &body].concat()
}

/// A RIFF chunk with its length, padded to an even one.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the names are byte strings, which are references")]
pub(crate) fn riff_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short").to_le_bytes();
    let padding: &[u8] = if data.len().is_multiple_of(2) { b"" } else { b"\0" };
    [&kind[..], &length, data, padding].concat()
}

/// A TIFF of one strip, whose pixels are the word; with these further tags, whose values are bytes, and what stands behind
/// everything. The tags are in order, the directory stands at byte 8.
pub(crate) fn tiff(is_big: bool, tags: &[(u16, &[u8])], behind: &[u8]) -> Vec<u8> {
    let short = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: usize| {
        let number = u32::try_from(number).expect("short");
        if is_big { number.to_be_bytes() } else { number.to_le_bytes() }
    };
    let values = 8 + 2 + 12 * (9 + tags.len()) + 4 + 6;
    let mut data = Vec::new();
    let mut rows: Vec<(u16, Vec<u8>)> = [(256, 2), (257, 3), (258, 8), (259, 1), (262, 1), (274, 6), (277, 1)]
        .map(|(tag, value): (u16, u16)| (tag, [&short(3)[..], &long(1), &short(value), &short(0)].concat()))
        .to_vec();
    rows.push((273, [&short(4)[..], &long(1), &long(values - 6)].concat()));
    rows.push((279, [&short(4)[..], &long(1), &long(6)].concat()));
    for (tag, value) in tags {
        let mut row = [&short(7)[..], &long(value.len())].concat();
        if value.len() <= 4 {
            row.extend([value, &[0; 4][value.len()..]].concat());
        } else {
            row.extend(long(values + data.len()));
            data.extend_from_slice(value);
        }
        rows.push((*tag, row));
    }
    rows.sort_by_key(|(tag, _)| *tag);
    let rows_in_order: Vec<u8> = rows.iter().flat_map(|(tag, row)| [&short(*tag)[..], row].concat()).collect();
    let head: &[u8] = if is_big { b"MM\0\x2A" } else { b"II\x2A\0" };
    let count = short(u16::try_from(rows.len()).expect("few"));
    [head, &long(8), &count, &rows_in_order, &[0; 4], b"pixels", &data, behind].concat()
}

/// A GIF of one frame with these extensions before it.
pub(crate) fn gif(extensions: &[Vec<u8>]) -> Vec<u8> {
    let screen = b"GIF89a\x03\0\x02\0\x80\0\0\0\0\0\xFF\xFF\xFF";
    let frame = b"\x2C\0\0\0\0\x03\0\x02\0\0\x02\x02\x84\x51\0";
    [&screen[..], &extensions.concat(), frame, b"\x3B"].concat()
}

/// An extension of a GIF, in pieces.
pub(crate) fn gif_extension(label: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let piece = |bytes: &&[u8]| [&[u8::try_from(bytes.len()).expect("short")][..], bytes].concat();
    let pieces: Vec<u8> = pieces.iter().flat_map(piece).collect();
    [&[0x21, label][..], &pieces, &[0]].concat()
}

/// An archive of these files, as they are or deflated.
pub(crate) fn archive(files: &[(&str, &[u8])], is_packed: bool) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let data = if is_packed { miniz_oxide::deflate::compress_to_vec(content, 6) } else { content.to_vec() };
        let long = |number: usize| u32::try_from(number).expect("short").to_le_bytes();
        let method = [if is_packed { 8 } else { 0 }, 0];
        let name_length = u16::try_from(name.len()).expect("short").to_le_bytes();
        let fields =
            [&[20, 0, 0, 0][..], &method, &[0; 8], &long(data.len()), &long(content.len()), &name_length, &[0; 2]];
        let fields = fields.concat();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &fields, &[0; 10], &long(bytes.len()), name.as_bytes()].concat());
        bytes.extend([&b"PK\x03\x04"[..], &fields, name.as_bytes(), &data].concat());
    }
    let number = |number: usize| u32::try_from(number).expect("short").to_le_bytes();
    let end = [&b"PK\x05\x06"[..], &[0; 8], &number(directory.len()), &number(bytes.len()), &[0; 2]].concat();
    [bytes, directory, end].concat()
}

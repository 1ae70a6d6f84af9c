//! Small files of the kinds that cameras, phones and scanners make: right in every length and empty of pixels. What is shown
//! or played of each is [`CONTENT`].

/// Stands for pixels and sound.
pub(crate) const CONTENT: &[u8] = b"pixels, and nothing but pixels";
/// What a camera writes into a track of its own for each second.
pub(crate) const TELEMETRY: &[u8] = b"GPS +48.2082 +016.3738 SN-0012345678";

fn boxed(kind: &str, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes()[..], kind.as_bytes(), content].concat()
}

fn long(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// A box with a version and flags, all zero.
fn full(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&[0; 4], parts.concat().as_slice()].concat())
}

/// A film with a track of pictures and, if it is a camera's, one of places, both of one sample; the first content is at byte
/// 32. The name of the encoder and the times are a camera's, too.
pub(crate) fn film(brand: &str, is_cameras: bool) -> Vec<u8> {
    let file_type = boxed("ftyp", &[brand.as_bytes(), &[0, 0, 2, 0], brand.as_bytes(), b"mp42"].concat());
    let data = boxed("mdat", &[CONTENT, if is_cameras { TELEMETRY } else { b"" }].concat());
    let at = file_type.len() + 8;
    let encoder = [&[11][..], b"ACME HD-123", &[0; 20]].concat();
    let picture = [&[0; 6][..], &[0, 1], &[0; 16], &[0, 3, 0, 2], &[0; 14], &encoder, &[0, 24, 255, 255]].concat();
    let [shown, told] = [
        ("vide", boxed("avc1", &picture), at, CONTENT),
        ("meta", boxed("mett", &[0; 8]), at + CONTENT.len(), TELEMETRY),
    ]
    .map(|(handler, entry, at, sample)| track(handler, &entry, at, sample.len()));
    let times = [0xDA, 0x5A, 0, 0].repeat(2);
    let header = full("mvhd", &[&times, &[0, 0, 3, 232, 0, 0, 3, 232], &[0; 80]]);
    let told = if is_cameras { told } else { Vec::new() };
    [file_type, data, boxed("moov", &[header, shown, told].concat())].concat()
}

fn track(handler: &str, entry: &[u8], at: usize, length: usize) -> Vec<u8> {
    let times = [0xDA, 0x5A, 0, 0].repeat(2);
    let table = [
        full("stsd", &[&long(1), entry]),
        full("stts", &[&long(1), &long(1), &long(1000)]),
        full("stsc", &[&long(1), &long(1), &long(1), &long(1)]),
        full("stsz", &[&long(length), &long(1)]),
        full("stco", &[&long(1), &long(at)]),
    ];
    let references = full("dref", &[&long(1), &boxed("url ", &[0, 0, 0, 1])]);
    let kind = if handler == "vide" { full("vmhd", &[&[0; 8]]) } else { full("nmhd", &[]) };
    let information = [kind, boxed("dinf", &references), boxed("stbl", &table.concat())].concat();
    let media = [
        full("mdhd", &[&times, &long(1000), &long(1000), &[0; 4]]),
        full("hdlr", &[&[0; 4], handler.as_bytes(), &[0; 12], b"ACME recorder\0"]),
        boxed("minf", &information),
    ];
    let head = full("tkhd", &[&times, &long(1), &[0; 4], &long(1000), &[0; 60]]);
    boxed("trak", &[head, boxed("mdia", &media.concat())].concat())
}

/// A HEIF picture of one item, turned by a property; its data stand at the end.
pub(crate) fn heif(brand: &str, coding: &str) -> Vec<u8> {
    let file_type = boxed("ftyp", &[brand.as_bytes(), &[0; 4], brand.as_bytes(), b"mif1"].concat());
    let size = full("ispe", &[&long(3), &long(2)]);
    let properties = boxed("ipco", &[size, boxed("irot", &[3])].concat());
    let association = full("ipma", &[&long(1), &[0, 1, 2, 1, 2]]);
    let entry = boxed("infe", &[&[2, 0, 0, 0, 0, 1, 0, 0], coding.as_bytes(), b"\0"].concat());
    let meta = |at: usize| {
        let extent = [&long(at)[..], &long(CONTENT.len())].concat();
        let boxes = [
            full("hdlr", &[&[0; 4], b"pict", &[0; 12], b"\0"]),
            full("pitm", &[&[0, 1]]),
            full("iloc", &[&[0x44, 0, 0, 1], &[0, 1, 0, 0, 0, 1], &extent]),
            full("iinf", &[&[0, 1], &entry]),
            boxed("iprp", &[properties.clone(), association.clone()].concat()),
        ];
        full("meta", &[&boxes.concat()])
    };
    let at = file_type.len() + meta(0).len() + 8;
    [file_type, meta(at), boxed("mdat", CONTENT)].concat()
}

/// A TIFF of one strip.
pub(crate) fn tiff() -> Vec<u8> {
    let strip = 8 + 2 + 12 * 9 + 4;
    let rows: [(u16, u16, usize); 9] = [
        (256, 3, 3),
        (257, 3, 2),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, strip),
        (274, 3, 6),
        (278, 3, 2),
        (279, 4, CONTENT.len()),
    ];
    let row = |(tag, kind, value): &(u16, u16, usize)| {
        let value = u32::try_from(*value).unwrap();
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let rows: Vec<u8> = rows.iter().flat_map(row).collect();
    [&b"II\x2A\0\x08\0\0\0\x09\0"[..], &rows, &[0; 4], CONTENT].concat()
}

/// A GIF of one frame that is shown again and again.
pub(crate) fn gif() -> Vec<u8> {
    let screen = b"GIF89a\x03\0\x02\0\x80\0\0\0\0\0\xFF\xFF\xFF";
    let again = b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0";
    [&screen[..], again, b"\x2C\0\0\0\0\x03\0\x02\0\0\x02\x02\x84\x51\0\x3B"].concat()
}

/// A WebP without an extended header.
pub(crate) fn webp() -> Vec<u8> {
    chunk("RIFF", &[&b"WEBP"[..], &chunk("VP8L", b"\x2F\x02\x40\0\0\x07\x50\xFD")].concat())
}

fn chunk(kind: &str, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let padding: &[u8] = if data.len().is_multiple_of(2) { b"" } else { b"\0" };
    [kind.as_bytes(), &length, data, padding].concat()
}

/// A sound as voice recorders write it, with who made it.
pub(crate) fn wave() -> Vec<u8> {
    let format = chunk("fmt ", b"\x01\0\x01\0\x40\x1F\0\0\x40\x1F\0\0\x01\0\x08\0");
    let notes =
        chunk("LIST", &[&b"INFO"[..], &chunk("IART", b"Azureen Sea\0"), &chunk("ICRD", b"2020-01-02\0\0")].concat());
    chunk("RIFF", &[&b"WAVE"[..], &format, &notes, &chunk("data", CONTENT)].concat())
}

/// A film of an older camera, with the time and who made it.
pub(crate) fn avi() -> Vec<u8> {
    let stream =
        [&b"strl"[..], &chunk("strh", &[b"vidsmjpg", &[0; 48][..]].concat()), &chunk("strf", &[0; 40])].concat();
    let head = [chunk("avih", &[0; 56]), chunk("LIST", &stream), chunk("IDIT", b"2020:01:02 03:04:05\0")].concat();
    let notes = [&b"INFO"[..], &chunk("IART", b"Azureen Sea\0")].concat();
    let lists = [&b"AVI "[..], &chunk("LIST", &[b"hdrl", head.as_slice()].concat()), &chunk("LIST", &notes)].concat();
    chunk("RIFF", &[lists, chunk("LIST", &[b"movi", chunk("00dc", CONTENT).as_slice()].concat())].concat())
}

/// A film as broadcasters and camcorders stream it.
pub(crate) fn transport_stream() -> Vec<u8> {
    [&b"G\x40\x11\x10\0"[..], &[0xFF; 183]].concat().repeat(5)
}

//! Tags of music and of films: ID3 (versions 1, 2.2 to 2.4), the comments of Vorbis, which FLAC and Opus have too, and
//! Matroska's.

use crate::media::metadata::coordinates;
use crate::media::metadata::sensitive::SensitiveMetadata;

/// Frames of ID3 that name a person: the artist, the composer, the writer of the words, the owner.
const FRAMES: [&[u8]; 8] = [b"TPE1", b"TCOM", b"TEXT", b"TOWN", b"TP1", b"TCM", b"TXT", b"TPE2"];
/// How many frames are read.
const MAX_FRAMES: usize = 256;
/// Fields of Vorbis comments, and tags of Matroska, that name a person.
const FIELDS: [&[u8]; 5] = [b"artist", b"author", b"performer", b"composer", b"director"];
/// Those that name a place.
const PLACES: [&[u8]; 2] = [b"location", b"recording_location"];
/// How long a name may be, in bytes.
const MAX_VALUE: usize = 256;

/// What tags in these bytes tell.
pub(super) fn told(bytes: &[u8]) -> SensitiveMetadata {
    if bytes.starts_with(b"ID3") {
        return id3(bytes).unwrap_or_default();
    }
    let is_music = bytes.starts_with(b"fLaC") || bytes.starts_with(b"OggS");
    let is_matroska = bytes.starts_with(b"\x1A\x45\xDF\xA3");
    if is_music { comments(bytes) } else { matroska(bytes, is_matroska) }
}

/// What ID3's first version tells, in the last 128 bytes of a file.
pub(super) fn at_end(bytes: &[u8]) -> SensitiveMetadata {
    let tag = bytes.len().checked_sub(128).and_then(|at| bytes.get(at..)?.strip_prefix(b"TAG"));
    let artist = tag.and_then(|tag| tag.get(30..60)).unwrap_or_default();
    SensitiveMetadata::person(&latin_1(artist.split(|byte| *byte == 0).next().unwrap_or_default()))
}

fn id3(bytes: &[u8]) -> Option<SensitiveMetadata> {
    let version = *bytes.get(3)?;
    let length = seven_bits(*bytes.get(6..)?.first_chunk()?);
    let mut rest = bytes.get(10..)?;
    rest = rest.get(..length).unwrap_or(rest);
    let mut told = SensitiveMetadata::default();
    for _ in 0..MAX_FRAMES {
        let (name, length, head): (&[u8], usize, usize) = match version {
            2 => (rest.get(..3)?, rest.get(3..6)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), 6),
            4 => (rest.get(..4)?, seven_bits(*rest.get(4..)?.first_chunk()?), 10),
            _ => (rest.get(..4)?, usize::try_from(u32::from_be_bytes(*rest.get(4..)?.first_chunk()?)).ok()?, 10),
        };
        let Some(text) = rest.get(head..head.checked_add(length)?) else { break };
        if name.first() == Some(&0) {
            break;
        }
        if FRAMES.contains(&name) {
            told = told.and(SensitiveMetadata::person(&id3_text(text)));
        }
        rest = rest.get(head + length..)?;
    }
    Some(told)
}

/// Seven bits of each byte.
fn seven_bits(bytes: [u8; 4]) -> usize {
    bytes.iter().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7F))
}

/// A text whose first byte says how it is coded.
fn id3_text(text: &[u8]) -> String {
    let (coding, text) = text.split_first().unwrap_or((&0, &[]));
    let text = text.get(..MAX_VALUE).unwrap_or(text);
    match (coding, text) {
        (1, [0xFF, 0xFE, rest @ ..]) => utf16(rest, u16::from_le_bytes),
        (1, [0xFE, 0xFF, rest @ ..]) | (2, rest) => utf16(rest, u16::from_be_bytes),
        (3, rest) => String::from_utf8_lossy(rest).into_owned(),
        (_, rest) => latin_1(rest),
    }
}

fn utf16(text: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = text.as_chunks().0.iter().map(|bytes| unit(*bytes)).collect();
    String::from_utf16_lossy(&units)
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The comments of Vorbis.
fn comments(bytes: &[u8]) -> SensitiveMetadata {
    of_values(|name| find_name(bytes, name, b"=").find_map(|at| comment(bytes, at, name.len())))
}

/// A comment whose name stands there: a length before it, then `NAME=value`.
fn comment(bytes: &[u8], at: usize, name: usize) -> Option<String> {
    let length = u32::from_le_bytes(*bytes.get(at.checked_sub(4)?..at)?.first_chunk()?);
    let length = usize::try_from(length).ok()?.checked_sub(name + 1)?.min(MAX_VALUE);
    let from = at + name + 1;
    Some(String::from_utf8_lossy(bytes.get(from..from + length)?).into_owned())
}

/// The tags of Matroska. They may stand at the end, without the beginning of the file before them.
fn matroska(bytes: &[u8], is_sure: bool) -> SensitiveMetadata {
    if !is_sure && memchr::memmem::find(bytes, &[0x12, 0x54, 0xC3, 0x67]).is_none() {
        return SensitiveMetadata::default();
    }
    of_values(|name| find_name(bytes, name, &TEXT).find_map(|at| tag(bytes, at, name.len())))
}

/// Elements of Matroska: the name of a tag, and its text.
const NAME: [u8; 2] = [0x45, 0xA3];
const TEXT: [u8; 2] = [0x44, 0x87];

/// A tag whose name stands there: an element for the name, another for the text, each with its length.
fn tag(bytes: &[u8], at: usize, name: usize) -> Option<String> {
    let [n0, n1, length] = *bytes.get(at.checked_sub(3)?..at)?.first_chunk()?;
    let is_name = [n0, n1] == NAME && usize::from(length & 0x7F) == name;
    let (length, text) = bytes.get(at + name + 2..)?.split_first().filter(|_| is_name)?;
    // A longer text has a longer length, of which the first byte says nothing.
    let (length, text) = match length {
        0x80.. => (usize::from(length & 0x7F), text),
        0x40.. => (MAX_VALUE, text.get(1..)?),
        _ => return None,
    };
    Some(String::from_utf8_lossy(text.get(..length).unwrap_or(text)).into_owned())
}

fn of_values(value: impl Fn(&[u8]) -> Option<String>) -> SensitiveMetadata {
    let persons = FIELDS.iter().filter_map(|name| value(name)).map(|name| SensitiveMetadata::person(&name));
    let places = PLACES.iter().filter_map(|name| value(name));
    let places = places.map(|place| SensitiveMetadata::place(coordinates::from_iso_6709(place.as_bytes())));
    persons.chain(places).fold(SensitiveMetadata::default(), SensitiveMetadata::and)
}

/// Where a name stands that is followed by this, in any case.
fn find_name<'a>(bytes: &'a [u8], name: &'a [u8], then: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let behind = memchr::memmem::find_iter(bytes, then).filter_map(|at| at.checked_sub(name.len()));
    behind.filter(|at| bytes.get(*at..*at + name.len()).is_some_and(|there| there.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::{at_end, told};

    fn author(bytes: &[u8]) -> Option<String> {
        told(bytes).author
    }

    fn frame(name: &str, text: &[u8]) -> Vec<u8> {
        [name.as_bytes(), &u32::try_from(text.len()).unwrap().to_be_bytes(), &[0, 0], text].concat()
    }

    #[test]
    fn artists_are_read_in_every_coding() {
        for text in
            [&b"\0Azureen"[..], b"\x03Azureen\0", b"\x01\xFF\xFEA\0z\0u\0r\0e\0e\0n\0", b"\x02\0A\0z\0u\0r\0e\0e\0n"]
        {
            let frames = [frame("TIT2", b"\0song"), frame("TPE1", text)].concat();
            for version in [3, 4] {
                let file = [&[b'I', b'D', b'3', version, 0, 0, 0, 0, 2, 0][..], &frames, &[0; 300]].concat();
                assert_eq!(author(&file).as_deref(), Some("Azureen"), "{}", text.escape_ascii());
            }
        }
        let old = [&b"ID3\x02\0\0\0\0\x01\0TP1\0\0\x08\0Azureen"[..], &[0; 200]].concat();
        assert_eq!(author(&old).as_deref(), Some("Azureen"));
        let first = [&[1; 40][..], b"TAG", &[b' '; 30], b"Azureen", &[0; 23], &[0; 65]].concat();
        assert_eq!(at_end(&first).author.as_deref(), Some("Azureen"));
    }

    #[test]
    fn comments_and_tags_are_read() {
        let flac = b"fLaC\x04\0\0\x40\x05\0\0\0maker\x01\0\0\0\x0E\0\0\0ARTIST=Azureen..";
        assert_eq!(author(flac).as_deref(), Some("Azureen"));
        let film = b"\x1A\x45\xDF\xA3....\x12\x54\xC3\x67..\x45\xA3\x86ARTIST\x44\x87\x87Azureen..";
        assert_eq!(author(film).as_deref(), Some("Azureen"));
        assert_eq!(author(&film[4..]).as_deref(), Some("Azureen"), "from the end of a file");
        assert!(told(b"OggS....\x0F\0\0\0LOCATION=Vienna").place);
        let place = told(b"fLaC....\x1A\0\0\0LOCATION=+48.9000-123.4000/");
        assert_eq!(place.coordinates.as_deref(), Some("48.9, -123.4"));
    }

    #[test]
    fn nonsense_tells_nothing() {
        for bytes in [
            &b"ID3"[..],
            b"ID3\x04\0\0\x7F\x7F\x7F\x7FTPE1\x7F\x7F\x7F\x7F\0\0x",
            b"fLaC=",
            b"OggSartist=",
            b"artist=x",
            b"",
        ] {
            assert!(!told(bytes).anything(), "{}", bytes.escape_ascii());
            assert!(!at_end(bytes).anything());
        }
    }
}

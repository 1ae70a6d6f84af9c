//! Names and values that stand in XMP (ISO 16684-1), IPTC (IIM 4.2), the texts of PNG files and the atoms of films.

use crate::media::metadata::coordinates;
use crate::media::metadata::sensitive::SensitiveMetadata;

/// Words whose mere presence tells a place.
const PLACES: [&[u8]; 5] =
    [b"photoshop:City", b"Iptc4xmpCore:Location", b"Iptc4xmpExt:LocationCreated", b"\x1C\x02\x5A\0", b"\x1C\x02\x5C\0"];
/// Words whose mere presence tells a device: a serial number, and the notes of camcorders in an H.264 stream (`MDPM`).
const DEVICES: [&[u8]; 2] = [b"SerialNumber", b"\x8C\xD6\x08\0\x20\x0C\x9A\x66MDPM"];
/// Properties of XML, and of documents in it, whose value names a person.
const PERSONS: [&[u8]; 10] = [
    b"dc:creator",
    b"tiff:Artist",
    b"aux:OwnerName",
    b"CameraOwnerName",
    b"photoshop:Credit",
    b"cp:lastModifiedBy",
    b"meta:initial-creator",
    b"pdf:Author",
    b"<Manager",
    b"inkscape:export-filename",
];
/// The name's own text follows these words at once, a byte that says how long it is before it or a zero behind it: IPTC
/// datasets 2:80, and the texts of PNG.
const IPTC_CREATOR: &[u8] = b"\x1C\x02\x50\0";
const PNG_AUTHORS: [&[u8]; 2] = [b"tEXtAuthor\0", b"iTXtAuthor\0"];
/// How far behind a property its value is looked for, in bytes, and how many times each word is tried.
const REACH: usize = 512;
const TRIES: usize = 8;

/// What words in these bytes tell.
pub(super) fn told(bytes: &[u8]) -> SensitiveMetadata {
    let is_there = |word: &&[u8]| memchr::memmem::find(bytes, word).is_some();
    let mut told = SensitiveMetadata::default();
    if let Some(place) = film_place(bytes).or_else(|| xmp_place(bytes)) {
        told = told.and(place);
    }
    if PLACES.iter().any(is_there) {
        told = told.and(SensitiveMetadata::place(None));
    }
    if DEVICES.iter().any(is_there) {
        told = told.and(SensitiveMetadata::device());
    }
    let named = PERSONS.iter().flat_map(|word| values(bytes, word)).map(|name| SensitiveMetadata::person(&name));
    let noted = notes(bytes).map(|name| SensitiveMetadata::person(&String::from_utf8_lossy(name)));
    named.chain(noted).fold(told, SensitiveMetadata::and)
}

/// The place in a film: `©xyz`, or the key for it of Apple's.
fn film_place(bytes: &[u8]) -> Option<SensitiveMetadata> {
    let behind = |word: &[u8]| memchr::memmem::find(bytes, word).and_then(|at| bytes.get(at + word.len()..));
    if let Some(text) = behind(b"\xA9xyz") {
        // The length of the text and its language stand before it in films, but not everywhere.
        let text = [4, 0, 16].into_iter().find_map(|skip| coordinates::from_iso_6709(text.get(skip..)?));
        return Some(SensitiveMetadata::place(text));
    }
    if let Some(place) = behind(b"loci\0\0\0\0") {
        return Some(SensitiveMetadata::place(phones_place(place)));
    }
    behind(b"location.ISO6709")?;
    let mut values = memchr::memmem::find_iter(bytes, b"data\0\0\0\x01").take(TRIES * TRIES);
    let place = values.find_map(|at| coordinates::from_iso_6709(bytes.get(at + 12..)?));
    Some(SensitiveMetadata::place(place))
}

/// A place as phones write it (3GPP TS 26.244, 8.3): a language, a name that ends with a zero, a role, then longitude and
/// latitude in 65536ths of a degree.
fn phones_place(place: &[u8]) -> Option<String> {
    let name = place.get(2..)?.iter().take(REACH).position(|byte| *byte == 0)?;
    let numbers = place.get(2 + name + 2..)?.first_chunk::<8>()?.as_chunks::<4>().0;
    let [longitude, latitude] = numbers else { return None };
    let degrees = |bytes: &[u8; 4]| f64::from(i32::from_be_bytes(*bytes)) / 65_536.0;
    coordinates::written(degrees(latitude), degrees(longitude))
}

fn xmp_place(bytes: &[u8]) -> Option<SensitiveMetadata> {
    memchr::memmem::find(bytes, b"GPSLatitude")?;
    let degrees = |word: &[u8]| values(bytes, word).find_map(|value| coordinates::from_xmp(&value));
    let both = degrees(b"GPSLatitude").zip(degrees(b"GPSLongitude"));
    Some(SensitiveMetadata::place(both.and_then(|(latitude, longitude)| coordinates::written(latitude, longitude))))
}

/// The values of a property of XML, as an attribute or as the text in an element and the elements within.
fn values<'a>(bytes: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    let is_end = |at: &usize| at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'/');
    let found = memchr::memmem::find_iter(bytes, word).filter(move |at| !is_end(at)).take(TRIES);
    let behind = found.filter_map(move |at| bytes.get(at + word.len()..));
    behind.filter_map(move |behind| value(word, behind.get(..REACH).unwrap_or(behind)))
}

fn value(word: &[u8], behind: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(behind);
    if let Some(quoted) = text.strip_prefix("=\"").or_else(|| text.strip_prefix("='")) {
        return quoted.split(['"', '\'']).next().map(str::to_owned);
    }
    // The text stands in the element itself or in one within.
    let (opening, inner) = text.split_once('>').filter(|(opening, _)| !opening.ends_with('/'))?;
    let closing = format!("</{}", String::from_utf8_lossy(word).trim_start_matches('<'));
    let is_tag = opening.is_empty() || opening.starts_with(char::is_whitespace);
    let inner = inner.split(&closing).next().filter(|_| is_tag)?;
    inner
        .split('<')
        .map(|piece| piece.rsplit('>').next().unwrap_or_default().trim())
        .find(|piece| !piece.is_empty())
        .map(str::to_owned)
}

/// Names behind words of formats that are no XML.
fn notes(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let iptc = memchr::memmem::find(bytes, IPTC_CREATOR).and_then(|at| {
        let (length, name) = bytes.get(at + IPTC_CREATOR.len()..)?.split_first()?;
        name.get(..usize::from(*length))
    });
    let png = PNG_AUTHORS.iter().filter_map(|word| {
        let name = bytes.get(memchr::memmem::find(bytes, word)? + word.len()..)?;
        // What follows the texts of a chunk is its check sum: a name ends before what is no letter.
        let text = name.get(..REACH).unwrap_or(name);
        text.strip_prefix(b"\0\0\0\0").unwrap_or(text).split(|byte| *byte < b' ').next()
    });
    // The artist in films and sound of Apple's, and of Microsoft's: a length before the name.
    let apple = memchr::memmem::find(bytes, b"\xA9ART").and_then(|at| {
        let [l0, l1, l2, l3, b'd', b'a', b't', b'a'] = *bytes.get(at + 4..)?.first_chunk::<8>()? else { return None };
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?.checked_sub(16)?;
        bytes.get(at + 20..)?.get(..length.min(REACH))
    });
    let microsoft = memchr::memmem::find(bytes, b"IART").and_then(|at| {
        let length = usize::try_from(u32::from_le_bytes(*bytes.get(at + 4..)?.first_chunk()?)).ok()?;
        bytes.get(at + 8..)?.get(..length)?.get(..length.min(REACH))
    });
    iptc.into_iter().chain(png).chain(apple).chain(microsoft)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn values_are_read_however_they_are_written() {
        for text in [
            "<dc:creator><rdf:Seq><rdf:li>Azureen Sea</rdf:li></rdf:Seq></dc:creator>",
            "<rdf:Description dc:creator=\"Azureen Sea\"/>",
            "<dc:creator>\n <rdf:Seq>\n  <rdf:li>Azureen Sea</rdf:li>",
            "<cp:lastModifiedBy>Azureen Sea</cp:lastModifiedBy>",
            "\x1C\x02\x50\0\x0BAzureen Sea!",
            "tEXtAuthor\0Azureen Sea\0\0\0\0IEND",
            "INFOIART\x0C\0\0\0Azureen Sea\0",
        ] {
            assert_eq!(told(text.as_bytes()).author.as_deref(), Some("Azureen Sea"), "{text}");
        }
        for text in
            ["<dc:creator></dc:creator><dc:title>x</dc:title>", "<dc:creator/>", "dc:creator", "<Manager></Manager>"]
        {
            assert!(!told(text.as_bytes()).anything(), "{text}");
        }
    }

    #[test]
    fn places_are_told_in_numbers_where_they_are_known() {
        for bytes in [
            &b"\0\0\0\x20\xA9xyz\0\x12\x15\xC7+48.9000-123.4000/"[..],
            b"com.apple.quicktime.location.ISO6709....\0\0\0\x22data\0\0\0\x01\0\0\0\0+48.9-123.4+010.000/",
            b"<x exif:GPSLatitude=\"48,54.0N\" exif:GPSLongitude=\"123,24.0W\"/>",
            b"<exif:GPSLatitude>48,54.0N</exif:GPSLatitude><exif:GPSLongitude>123,24.0W</exif:GPSLongitude>",
        ] {
            assert_eq!(told(bytes).coordinates.as_deref(), Some("48.9, -123.4"), "{}", bytes.escape_ascii());
        }
        let loci =
            [&b"loci\0\0\0\0\x15\xC7Home\0\0"[..], &(-123_i32 << 16).to_be_bytes(), &(48_i32 << 16).to_be_bytes()]
                .concat();
        assert_eq!(told(&loci).coordinates.as_deref(), Some("48, -123"));
        let artist = b"\0\0\0\x2B\xA9ART\0\0\0\x1Bdata\0\0\0\x01\0\0\0\0Azureen Sea";
        assert_eq!(told(artist).author.as_deref(), Some("Azureen Sea"));
        assert!(told(b"photoshop:City").place && told(b"\xA9xyz").place);
    }
}

//! What the metadata in a picture or film reveal: where it was made, with which single device, by whom.
//!
//! A search, and no reader of formats: wherever an EXIF block stands in what is looked at, its tags are read, and the names
//! of the revealing properties of XMP and IPTC are looked for. So it serves JPEG, PNG, WebP, HEIF, TIFF, raw files and films
//! alike; what is compressed within them it does not see. At most [`HEAD`] and [`TAIL`] bytes are read.

use std::io::{Read, Seek, SeekFrom};

use serde::Serialize;

/// How many bytes from a file's beginning are looked at: notes stand at the beginning of nearly all formats.
const HEAD: u64 = 1 << 20;
/// How many bytes at a file's end are looked at: TIFF and films may have them there.
const TAIL: u64 = 256 << 10;
/// How many bytes are looked at where many files are.
const GLANCE: u64 = 128 << 10;
/// How many EXIF blocks of one file are read.
const BLOCKS: usize = 64;
/// How many entries of one directory are read; cameras write about fifty.
const ENTRIES: usize = 512;

/// What the metadata in a file reveal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SensitiveMetadata {
    /// Where it was made.
    pub place: bool,
    /// With which device: a serial number, or the maker's own notes, which usually hold one.
    pub device: bool,
    /// By whom.
    pub person: bool,
}

impl SensitiveMetadata {
    /// Whether they reveal anything of these.
    pub fn anything(self) -> bool {
        self.place || self.device || self.person
    }

    /// `place, device`
    pub fn words(self) -> String {
        let words = [(self.place, "place"), (self.device, "device"), (self.person, "person")];
        words.into_iter().filter_map(|(tells, word)| tells.then_some(word)).collect::<Vec<_>>().join(", ")
    }

    fn and(self, other: Self) -> Self {
        Self {
            place: self.place || other.place,
            device: self.device || other.device,
            person: self.person || other.person,
        }
    }
}

const PLACE: SensitiveMetadata = SensitiveMetadata { place: true, device: false, person: false };
const DEVICE: SensitiveMetadata = SensitiveMetadata { place: false, device: true, person: false };
const PERSON: SensitiveMetadata = SensitiveMetadata { place: false, device: false, person: true };

/// Names and values that stand in XMP (ISO 16684-1), IPTC (IIM 4.2, datasets 2:80, 2:90 and 2:92), PNG texts and the
/// atoms of films, with what they reveal.
const WORDS: [(&[u8], SensitiveMetadata); 17] = [
    (b"GPSLatitude", PLACE),
    (b"photoshop:City", PLACE),
    (b"Iptc4xmpCore:Location", PLACE),
    (b"Iptc4xmpExt:LocationCreated", PLACE),
    (b"\x1C\x02\x5A\0", PLACE),
    (b"\x1C\x02\x5C\0", PLACE),
    (b"\xA9xyz", PLACE),
    (b"location.ISO6709", PLACE),
    (b"SerialNumber", DEVICE),
    (b"dc:creator", PERSON),
    (b"tiff:Artist", PERSON),
    (b"aux:OwnerName", PERSON),
    (b"CameraOwnerName", PERSON),
    (b"photoshop:Credit", PERSON),
    (b"\x1C\x02\x50\0", PERSON),
    (b"tEXtAuthor\0", PERSON),
    (b"iTXtAuthor\0", PERSON),
];

/// Looks into a file of this length; what cannot be read reveals nothing.
pub fn sensitive_metadata<R: Read + Seek>(mut file: R, length: u64) -> SensitiveMetadata {
    let head = part(&mut file, 0, HEAD);
    if length <= HEAD { head } else { head.and(part(&mut file, HEAD.max(length.saturating_sub(TAIL)), TAIL)) }
}

/// The same from the beginning of a file alone, where cameras write their notes: for looking into many.
pub fn sensitive_metadata_at_start<R: Read + Seek>(mut file: R) -> SensitiveMetadata {
    part(&mut file, 0, GLANCE)
}

fn part<R: Read + Seek>(file: &mut R, from: u64, most: u64) -> SensitiveMetadata {
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(most).read_to_end(&mut bytes));
    // What was read before an error is as good as any other.
    if read.is_err() && bytes.is_empty() { SensitiveMetadata::default() } else { of_bytes(&bytes) }
}

fn of_bytes(bytes: &[u8]) -> SensitiveMetadata {
    let words = WORDS.iter().filter(|(word, _)| memchr::memmem::find(bytes, word).is_some());
    let told = words.fold(SensitiveMetadata::default(), |all, (_, tells)| all.and(*tells));
    let little = memchr::memmem::find_iter(bytes, b"II*\0").map(|at| (at, Order::Little));
    let big = memchr::memmem::find_iter(bytes, b"MM\0*").map(|at| (at, Order::Big));
    little.take(BLOCKS).chain(big.take(BLOCKS)).fold(told, |all, (at, order)| {
        let block = Block { bytes: bytes.get(at..).unwrap_or_default(), order };
        all.and(block.tells())
    })
}

/// The byte order that a block declares.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// An EXIF block: a TIFF file (CIPA DC-008, EXIF 2.32, 4.5).
struct Block<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl Block<'_> {
    /// What its first two directories tell, and those that they refer to.
    fn tells(&self) -> SensitiveMetadata {
        let Some(first) = self.long(4) else { return SensitiveMetadata::default() };
        let (told, next) = self.directory(first, true);
        match next {
            Some(next) if next != first && next != 0 => told.and(self.directory(next, true).0),
            _ => told,
        }
    }

    /// What a directory tells, and where the next one stands. Only one of a block's own refers to others.
    fn directory(&self, at: usize, refers: bool) -> (SensitiveMetadata, Option<usize>) {
        let Some(count) = self.short(at).map(usize::from).filter(|count| *count <= ENTRIES) else {
            return (SensitiveMetadata::default(), None);
        };
        let entry = |number: usize| {
            let at = at.checked_add(2 + 12 * number)?;
            Some((self.short(at)?, self.long(at + 4)?, self.long(at + 8)?))
        };
        let told = (0..count).map_while(entry).fold(SensitiveMetadata::default(), |told, (tag, count, value)| {
            told.and(match tag {
                // Artist, copyright, the owner of the camera, the author in Windows.
                0x013B | 0x8298 | 0xA430 | 0x9C9D if count > 1 => PERSON,
                // The serial numbers of body, lens and (DNG) camera, the maker's notes.
                0xA431 | 0xA435 | 0xC62F | 0x927C if count > 1 => DEVICE,
                0x8769 if refers => self.directory(value, false).0,
                0x8825 if refers && self.has_place(value) => PLACE,
                _ => SensitiveMetadata::default(),
            })
        });
        (told, at.checked_add(2 + 12 * count).and_then(|next| self.long(next)))
    }

    /// Whether a directory of positions has a latitude, a longitude or a destination.
    fn has_place(&self, at: usize) -> bool {
        let count = self.short(at).map_or(0, usize::from).min(ENTRIES);
        (0..count).any(|number| {
            let tag = at.checked_add(2 + 12 * number).and_then(|at| self.short(at));
            matches!(tag, Some(2 | 4 | 0x14 | 0x16 | 0x1B | 0x1C))
        })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        let number = match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        };
        usize::try_from(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::media::fixture::{Jpeg, exif, located, png, png_chunk, webp};
    use crate::media::metadata::{DEVICE, HEAD, PERSON, PLACE, SensitiveMetadata, sensitive_metadata};
    use crate::media::without_metadata;

    fn told(bytes: &[u8]) -> SensitiveMetadata {
        sensitive_metadata(Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn place_device_and_person_are_found_in_every_container() {
        let everything = PLACE.and(DEVICE).and(PERSON);
        let block = located();
        let prefixed = [&b"Exif\0\0"[..], &block].concat();
        for file in [
            Jpeg::new(3, 2).segment(0xE1, &prefixed).bytes(),
            png(3, 2, &[png_chunk(b"eXIf", &block)]),
            webp(3, 2, &[], &[(b"EXIF", &block)]),
            block.clone(),
            [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], &prefixed].concat(),
        ] {
            assert_eq!(told(&file), everything, "{}", file.escape_ascii());
            assert_eq!(everything.words(), "place, device, person");
        }
        assert_eq!(super::sensitive_metadata_at_start(Cursor::new(&block)), everything);
        let far = [&vec![0; usize::try_from(HEAD).unwrap() + 9][..], &block].concat();
        assert_eq!(told(&far), everything);
    }

    #[test]
    fn what_was_published_tells_nothing() {
        let prefixed = [&b"Exif\0\0"[..], &located()].concat();
        let jpeg =
            Jpeg::new(3, 2).segment(0xE1, &prefixed).segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0 exif:GPSLatitude");
        assert_eq!(told(&without_metadata(&jpeg.bytes())), SensitiveMetadata::default());
    }

    #[test]
    fn an_ordinary_picture_and_nonsense_tell_nothing() {
        for file in [
            Jpeg::new(3, 2).exif(6).bytes(),
            exif(1),
            b"II*\0".to_vec(),
            b"II*\0\xFF\xFF\xFF\xFF".to_vec(),
            b"MM\0*\0\0\0\x04".repeat(9_000),
            b"II*\0\x08\0\0\0\xFF\xFF".repeat(900),
            Vec::new(),
        ] {
            assert_eq!(told(&file), SensitiveMetadata::default());
        }
    }

    #[test]
    fn words_of_xmp_and_iptc_count() {
        assert_eq!(told(b"<rdf exif:GPSLatitude='48,52N'/>"), PLACE);
        assert_eq!(told(b"aux:SerialNumber=\"1\""), DEVICE);
        assert_eq!(told(b"8BIM\x04\x04\0\0\0\0\0\x0E\x1C\x02\x50\0\x03Ann"), PERSON);
    }
}

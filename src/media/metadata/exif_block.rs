//! EXIF blocks, wherever they stand: their tags on place, device and person (CIPA DC-008, EXIF 2.32, 4.5 to 4.6).

use crate::media::byte_order::Order;
use crate::media::metadata::coordinates;
use crate::media::metadata::sensitive::SensitiveMetadata;

/// How many blocks of each byte order are read of one file.
const BLOCKS: usize = 64;
/// How many entries of one directory are read; cameras write about fifty.
const ENTRIES: usize = 512;
/// How much of a name is read, in bytes.
const MAX_VALUE: usize = 256;

/// An EXIF block: a TIFF file.
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    order: Order,
}

/// An entry of a directory: its tag, how many values it has, and the value or where they stand.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    count: usize,
    /// Where the entry's last four bytes stand.
    at: usize,
    value: usize,
}

impl<'a> Block<'a> {
    /// All that begin somewhere in these bytes.
    pub(super) fn all(bytes: &'a [u8]) -> impl Iterator<Item = Block<'a>> {
        let block = move |at: usize, order: Order| Block { bytes: bytes.get(at..).unwrap_or_default(), order };
        let little = memchr::memmem::find_iter(bytes, b"II*\0").take(BLOCKS);
        let big = memchr::memmem::find_iter(bytes, b"MM\0*").take(BLOCKS);
        little.map(move |at| block(at, Order::Little)).chain(big.map(move |at| block(at, Order::Big)))
    }

    /// What its first two directories tell, and those that they refer to.
    pub(super) fn tells(&self) -> SensitiveMetadata {
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
        let entries = (0..count).map_while(|number| self.entry(at, number));
        let told = entries.fold(SensitiveMetadata::default(), |told, entry| told.and(self.entry_tells(entry, refers)));
        (told, at.checked_add(2 + 12 * count).and_then(|next| self.long(next)))
    }

    fn entry_tells(&self, entry: Entry, refers: bool) -> SensitiveMetadata {
        match entry.tag {
            // The author in Windows, in UTF-16; then artist, copyright, the owner of the camera.
            0x9C9D if entry.count > 2 => SensitiveMetadata::person(&utf16_le(self.value(entry))),
            0x013B | 0x8298 | 0xA430 if entry.count > 1 => {
                SensitiveMetadata::person(&String::from_utf8_lossy(self.value(entry)))
            }
            // The serial numbers of body, lens and (DNG) camera, the maker's notes.
            0xA431 | 0xA435 | 0xC62F | 0x927C if entry.count > 1 => SensitiveMetadata::device(),
            0x8769 if refers => self.directory(entry.value, false).0,
            0x8825 if refers && self.has_place(entry.value) => SensitiveMetadata::place(self.coordinates(entry.value)),
            _ => SensitiveMetadata::default(),
        }
    }

    fn entry(&self, directory: usize, number: usize) -> Option<Entry> {
        let at = directory.checked_add(2 + 12 * number)?;
        Some(Entry { tag: self.short(at)?, count: self.long(at + 4)?, at: at + 8, value: self.long(at + 8)? })
    }

    /// The bytes of an entry whose values are bytes or letters, as far as they are there.
    fn value(&self, entry: Entry) -> &[u8] {
        let from = if entry.count <= 4 { entry.at } else { entry.value };
        let bytes = self.bytes.get(from..).unwrap_or_default();
        bytes.get(..entry.count.min(MAX_VALUE)).unwrap_or(bytes)
    }

    /// Whether a directory of positions has a latitude, a longitude or a destination.
    fn has_place(&self, at: usize) -> bool {
        let count = self.short(at).map_or(0, usize::from).min(ENTRIES);
        let tags = (0..count).map_while(|number| Some(self.entry(at, number)?.tag));
        tags.into_iter().any(|tag| matches!(tag, 2 | 4 | 0x14 | 0x16 | 0x1B | 0x1C))
    }

    /// Latitude and longitude of a directory of positions.
    fn coordinates(&self, at: usize) -> Option<String> {
        let count = self.short(at).map_or(0, usize::from).min(ENTRIES);
        let entries: Vec<Entry> = (0..count).map_while(|number| self.entry(at, number)).collect();
        coordinates::written(self.side(&entries, 2, b'S')?, self.side(&entries, 4, b'W')?)
    }

    /// The degrees that an entry has, negative if the entry before it names this side.
    fn side(&self, entries: &[Entry], tag: u16, negative: u8) -> Option<f64> {
        let find = |tag: u16| entries.iter().find(|entry| entry.tag == tag).copied();
        let degrees = self.degrees(find(tag)?.value)?;
        let is_negative = self.value(find(tag - 1)?).first() == Some(&negative);
        Some(if is_negative { -degrees } else { degrees })
    }

    /// Degrees, minutes and seconds: three fractions.
    fn degrees(&self, at: usize) -> Option<f64> {
        let [minutes, seconds] = [8, 16].map(|behind| at.checked_add(behind).and_then(|at| self.fraction(at)));
        Some(self.fraction(at)? + minutes.unwrap_or(0.0) / 60.0 + seconds.unwrap_or(0.0) / 3_600.0)
    }

    fn fraction(&self, at: usize) -> Option<f64> {
        let (over, under) = (u32::try_from(self.long(at)?).ok()?, u32::try_from(self.long(at + 4)?).ok()?);
        (under != 0).then(|| f64::from(over) / f64::from(under))
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(self.order.short(bytes))
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        usize::try_from(self.order.long(bytes)).ok()
    }
}

fn utf16_le(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    String::from_utf16_lossy(&units)
}

//! TIFF pictures (TIFF 6.0 and its supplements), as scanners and faxes write them.
//!
//! What is needed to show the picture is listed here. Of each directory only those tags stay, and every byte of the file that
//! none of them refers to is zero. A camera's raw format, which is built like a TIFF and full of tags of its own, is not
//! understood.

use crate::media::byte_order::Order;
use std::collections::HashSet;
use std::io::{Read, Seek};

use crate::media::erase_metadata::erasures::Erasures;
use crate::media::erase_metadata::source::Source;

/// How many directories, or pages, are followed.
const MAX_DIRECTORIES: usize = 4_096;
/// How many strips and tiles a file may have.
const MAX_PARTS: usize = 1 << 20;

/// The tags that are needed to show a picture: TIFF 6.0, 8 to 22; Adobe's supplements; ICC.1, annex B.
const NEEDED: [u16; 68] = [
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 288, 289,
    290, 291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 332, 334, 336,
    338, 339, 340, 341, 342, 347, 512, 513, 514, 515, 517, 518, 529, 530, 531, 532, 559, 32_995, 32_996, 32_997,
    34_675, 50_674,
];
/// Tags whose values say where data lie and how long they are: strips, tiles, and a JPEG within.
const PLACES: [(u16, u16); 3] = [(273, 279), (324, 325), (513, 514)];
/// Tags that only a camera's raw format has: DNG's version, the colour filters of a sensor, TIFF/EP.
const RAW: [u16; 5] = [33_421, 33_422, 37_398, 50_706, 50_752];
/// Photometric interpretations of raw formats: colour filter arrays, linear sensor data.
const RAW_COLOURS: [u64; 2] = [32_803, 34_892];
/// Further directories of pictures, and the interpretation of colours.
const DIRECTORIES: u16 = 330;
const COLOURS: u16 = 262;

/// What is to be overwritten in a TIFF file.
pub(super) fn erasures<R: Read + Seek>(source: &mut Source<R>) -> Option<Erasures> {
    let order = match source.array::<4>(0)? {
        [b'I', b'I', 42, 0] => Order::Little,
        [b'M', b'M', 0, 42] => Order::Big,
        _ => return None,
    };
    // The mark of Canon's raw format.
    if source.array::<2>(8).is_some_and(|mark| &mark == b"CR") {
        return None;
    }
    let first = u64::from(order.long(source.array(4)?));
    let mut reading = Reading { order, kept: vec![(0, 8)], tables: Vec::new(), seen: HashSet::new() };
    let mut waiting = vec![first];
    while let Some(at) = waiting.pop() {
        // A place that was seen already is a circle.
        (reading.seen.insert(at) && reading.seen.len() <= MAX_DIRECTORIES).then_some(())?;
        reading.directory(source, at, &mut waiting)?;
    }
    reading.finish(source.length())
}

/// An entry of a directory.
struct Entry {
    tag: u16,
    kind: u16,
    bytes: [u8; 12],
    /// Where its values lie, and how long they are.
    from: u64,
    to: u64,
}

/// A file as far as it was read.
struct Reading {
    order: Order,
    /// What a picture needs: from and to.
    kept: Vec<(u64, u64)>,
    /// The directories as they will be.
    tables: Vec<(u64, Vec<u8>)>,
    seen: HashSet<u64>,
}

impl Reading {
    fn directory<R: Read + Seek>(&mut self, source: &mut Source<R>, at: u64, waiting: &mut Vec<u64>) -> Option<()> {
        let count = self.order.short(source.array(at)?);
        let length = 12 * u64::from(count);
        let bytes = source.bytes(at.checked_add(2)?, length.checked_add(4)?)?;
        let (rows, next) = bytes.as_chunks::<12>();
        let entries = (0_u64..).zip(rows).map(|(row, bytes)| self.entry(at + 2 + 12 * row, *bytes));
        let entries: Vec<Entry> = entries.collect::<Option<_>>()?;
        if entries.iter().any(|entry| RAW.contains(&entry.tag)) {
            return None;
        }
        let mut table = Vec::with_capacity(bytes.len() + 2);
        let needed: Vec<&Entry> = entries.iter().filter(|entry| NEEDED.contains(&entry.tag)).collect();
        table.extend(self.order.short_bytes(u16::try_from(needed.len()).ok()?));
        for entry in &needed {
            table.extend(entry.bytes);
            let is_outside = entry.to - entry.from > 4;
            if is_outside {
                (entry.to <= source.length()).then(|| self.kept.push((entry.from, entry.to)))?;
            }
            match entry.tag {
                COLOURS if self.numbers(source, entry)?.iter().any(|number| RAW_COLOURS.contains(number)) => {
                    return None;
                }
                DIRECTORIES => waiting.extend(self.numbers(source, entry)?),
                _ => {}
            }
        }
        for (places, lengths) in PLACES {
            let find = |tag: u16| needed.iter().find(|entry| entry.tag == tag);
            match (find(places), find(lengths)) {
                (Some(places), Some(lengths)) => self.keep_data(source, places, lengths)?,
                (None, None) => {}
                _ => return None,
            }
        }
        let next_field = *next.first_chunk::<4>()?;
        table.extend(next_field);
        self.kept.push((at, at + table.len() as u64));
        self.tables.push((at, table));
        let next = u64::from(self.order.long(next_field));
        if next != 0 {
            waiting.push(next);
        }
        Some(())
    }

    fn entry(&self, at: u64, bytes: [u8; 12]) -> Option<Entry> {
        let [t0, t1, k0, k1, c0, c1, c2, c3, v0, v1, v2, v3] = bytes;
        let kind = self.order.short([k0, k1]);
        let size: u64 = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            // A kind that is not known is left out, with its values.
            _ => 0,
        };
        let length = size.checked_mul(self.order.long([c0, c1, c2, c3]).into())?;
        let from = if length <= 4 { at + 8 } else { self.order.long([v0, v1, v2, v3]).into() };
        let tag = if size == 0 { 0 } else { self.order.short([t0, t1]) };
        Some(Entry { tag, kind, bytes, from, to: from.checked_add(length)? })
    }

    /// The values of an entry, if they are whole numbers.
    fn numbers<R: Read + Seek>(&self, source: &mut Source<R>, entry: &Entry) -> Option<Vec<u64>> {
        let length = entry.to - entry.from;
        (length / 2 <= MAX_PARTS as u64 * 2).then_some(())?;
        let bytes = source.bytes(entry.from, length)?;
        Some(match entry.kind {
            3 => bytes.as_chunks::<2>().0.iter().map(|bytes| self.order.short(*bytes).into()).collect(),
            4 | 13 => bytes.as_chunks::<4>().0.iter().map(|bytes| self.order.long(*bytes).into()).collect(),
            _ => return None,
        })
    }

    /// Keeps strips, tiles or a JPEG within.
    fn keep_data<R: Read + Seek>(&mut self, source: &mut Source<R>, places: &Entry, lengths: &Entry) -> Option<()> {
        let (places, lengths) = (self.numbers(source, places)?, self.numbers(source, lengths)?);
        if places.len() != lengths.len() || self.kept.len() + places.len() > MAX_PARTS {
            return None;
        }
        for (from, length) in places.into_iter().zip(lengths) {
            let to = from.checked_add(length)?;
            (to <= source.length()).then(|| self.kept.push((from, to)))?;
        }
        Some(())
    }

    /// Everything else is zero; `None` if a directory lies in something else that is needed, or nothing is needed at all.
    fn finish(mut self, length: u64) -> Option<Erasures> {
        self.kept.sort_unstable();
        let mut erasures = Erasures::default();
        let mut end = 0;
        for (from, to) in &self.kept {
            if *from > end {
                erasures.zero(end, *from);
            }
            end = end.max(*to);
        }
        erasures.zero(end, length.max(end));
        for (at, table) in self.tables {
            let own = (at, at + table.len() as u64);
            // Those that begin before its end and end behind its beginning.
            let before = self.kept.partition_point(|(from, _)| *from < own.1);
            let meets = self.kept.get(..before)?.iter().rev().take(MAX_LOOK_BACK).filter(|(_, to)| *to > own.0).count();
            (meets == 1).then_some(())?;
            erasures.write(at, table);
        }
        erasures.sorted()
    }
}

/// How many needed parts before a directory are looked at for one that reaches into it.
const MAX_LOOK_BACK: usize = 64;

#[cfg(test)]
mod tests {
    use crate::media::erase_metadata::Layout;
    use crate::media::erase_metadata::tests::erased;
    use crate::media::fixture::{SECRET, tiff};

    #[test]
    fn only_what_shows_the_picture_stays() {
        for is_big in [false, true] {
            let secret =
                tiff(is_big, &[(271, SECRET), (306, SECRET), (315, SECRET), (700, SECRET), (33_550, SECRET)], SECRET);
            let bare = erased(&secret, Layout::Tags).unwrap();
            assert!(!bare.windows(4).any(|window| window == &SECRET[..4]), "{}", bare.escape_ascii());
            assert!(bare.windows(6).any(|window| window == b"pixels"));
            assert_eq!(erased(&bare, Layout::Tags).unwrap(), bare, "a second time there is nothing to overwrite");
        }
    }

    #[test]
    fn directories_that_lie_in_one_another_are_not_read_without_end() {
        // Each says that it has as many entries as there can be, and that the next one begins a byte behind it.
        let mut file = [&b"II\x2A\0\x08\0\0\0"[..], &vec![0xFF; 3 << 20]].concat();
        for at in (8..8 + 4_000 * 2).step_by(2) {
            file[at + 2 + 12 * 0xFFFF..][..4].copy_from_slice(&u32::try_from(at + 2).unwrap().to_le_bytes());
        }
        let start = std::time::Instant::now();
        assert_eq!(erased(&file, Layout::Tags), None);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn raw_formats_circles_and_damage_are_not_understood() {
        let raw = tiff(false, &[(50_706, b"\x01\x04\0\0")], b"");
        assert_eq!(erased(&raw, Layout::Tags), None);
        let whole = tiff(false, &[(315, SECRET)], b"");
        for end in 0..whole.len() {
            let _ = erased(&whole[..end], Layout::Tags);
        }
        let mut circle = whole.clone();
        let next = circle.windows(6).position(|window| window == b"pixels").unwrap() - 4;
        circle[next..next + 4].copy_from_slice(&8_u32.to_le_bytes());
        assert_eq!(erased(&circle, Layout::Tags), None);
        // A strip that reaches beyond the end.
        let mut longer = whole.clone();
        let strip = longer.windows(2).position(|window| window == 279_u16.to_le_bytes()).unwrap();
        longer[strip + 8..strip + 12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(erased(&longer, Layout::Tags), None);
    }
}

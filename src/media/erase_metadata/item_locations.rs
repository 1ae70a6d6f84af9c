//! Where the items of a HEIF file lie (ISO/IEC 14496-12, 8.11.3).

use std::collections::HashMap;
use std::io::{Read, Seek};

use crate::media::erase_metadata::boxes::Head;
use crate::media::erase_metadata::source::Source;

/// The longest table, in bytes.
const MAX_TABLE: u64 = 4 << 20;
/// How many parts all items together may have.
const MAX_EXTENTS: usize = 200_000;

/// The parts of each item, by the item's number: from and to.
pub(super) struct Locations {
    extents: HashMap<u32, Vec<(u64, u64)>>,
}

impl Locations {
    /// Reads the table; `None` if it is damaged, or if an item lies in another file or in another item.
    pub(super) fn read<R: Read + Seek>(source: &mut Source<R>, table: Head, data: Option<Head>) -> Option<Self> {
        let bytes = source.bytes(table.body, Some(table.end - table.body).filter(|length| *length <= MAX_TABLE)?)?;
        let mut fields = Fields { rest: &bytes };
        let version = fields.number(1)?;
        fields.number(3)?;
        let sizes = [fields.number(1)?, fields.number(1)?];
        let [offset, length, base, index] = [sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15];
        let index = if version == 0 { 0 } else { index };
        if version > 2 || ![offset, length, base, index].iter().all(|size| matches!(size, 0 | 4 | 8)) {
            return None;
        }
        let wide = if version == 2 { 4 } else { 2 };
        let (count, mut total, mut all) = (fields.number(wide)?, 0, HashMap::new());
        for _ in 0..count {
            let id = u32::try_from(fields.number(wide)?).ok()?;
            let method = if version == 0 { 0 } else { fields.number(2)? & 15 };
            if fields.number(2)? != 0 {
                return None;
            }
            let (start, end) = match method {
                0 => (0, source.length()),
                1 => data.map(|data| (data.body, data.end))?,
                _ => return None,
            };
            let base = fields.number(base)?;
            let parts = fields.number(2)?;
            let mut extents = Vec::new();
            for _ in 0..parts {
                fields.number(index)?;
                let from = start.checked_add(base)?.checked_add(fields.number(offset)?)?;
                let to = match fields.number(length)? {
                    // The whole file or box.
                    0 if parts == 1 => end,
                    length => from.checked_add(length)?,
                };
                (from <= to && to <= end).then(|| extents.push((from, to)))?;
                total += 1;
            }
            if total > MAX_EXTENTS || all.insert(id, extents).is_some() {
                return None;
            }
        }
        Some(Self { extents: all })
    }

    /// The parts of an item.
    pub(super) fn extents(&self, id: u32) -> Option<&[(u64, u64)]> {
        self.extents.get(&id).map(Vec::as_slice)
    }
}

/// Numbers one after another.
struct Fields<'a> {
    rest: &'a [u8],
}

impl Fields<'_> {
    /// A big-endian number of so many bytes; zero if it has none.
    fn number(&mut self, size: u64) -> Option<u64> {
        let (number, rest) = self.rest.split_at_checked(usize::try_from(size).ok()?)?;
        self.rest = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

//! Boxes within boxes (ISO/IEC 14496-12, 4.2), which HEIF pictures, MP4 and QuickTime films are made of.
//!
//! A box that is not needed becomes a `free` one of the same length, filled with zeros.

use std::io::{Read, Seek};

use crate::media::erase_metadata::erasures::Erasures;
use crate::media::erase_metadata::source::Source;

/// How many boxes may lie directly in one. A film that is streamed has two for each second or so.
const MAX_BOXES: usize = 100_000;

/// A box: where it begins, where its content begins, where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: [u8; 4],
    pub(super) start: u64,
    pub(super) body: u64,
    pub(super) end: u64,
}

/// The boxes between two places, in order; `None` if one of them reaches beyond the end. Fewer bytes than a box has are a
/// terminator of QuickTime's.
pub(super) fn children<R: Read + Seek>(source: &mut Source<R>, from: u64, to: u64) -> Option<Vec<Head>> {
    let (mut boxes, mut at) = (Vec::new(), from);
    while to.checked_sub(at)? >= 8 {
        let head = head(source, at, to)?;
        at = head.end;
        boxes.push(head);
        if boxes.len() > MAX_BOXES {
            return None;
        }
    }
    Some(boxes)
}

fn head<R: Read + Seek>(source: &mut Source<R>, start: u64, to: u64) -> Option<Head> {
    let [s0, s1, s2, s3, kind @ ..] = source.array::<8>(start)?;
    let (body, length) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        // It reaches to the end of the file, which only the last one can.
        0 if to == source.length() => (start + 8, to - start),
        1 => (start + 16, u64::from_be_bytes(source.array(start + 8)?)),
        length => (start + 8, u64::from(length)),
    };
    let end = start.checked_add(length)?;
    (end >= body && end <= to).then_some(Head { kind, start, body, end })
}

/// The only box of a kind.
pub(super) fn only(boxes: &[Head], kind: [u8; 4]) -> Option<Head> {
    let mut found = boxes.iter().filter(|head| head.kind == kind);
    let first = found.next().copied();
    first.filter(|_| found.next().is_none())
}

impl Head {
    /// Makes it a box that means nothing.
    pub(super) fn free(self, erasures: &mut Erasures) {
        if self.kind != *b"free" {
            erasures.write(self.start + 4, b"free".to_vec());
        }
        erasures.zero(self.body, self.end);
    }

    /// The place so many bytes into its content; `None` if that is not within.
    pub(super) fn at(self, offset: u64) -> Option<u64> {
        self.body.checked_add(offset).filter(|at| *at <= self.end)
    }
}

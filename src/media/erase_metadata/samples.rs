//! Where the samples of a film's track lie (ISO/IEC 14496-12, 8.7): chunks, and the lengths of the samples in them.

use std::io::{Read, Seek};

use crate::media::erase_metadata::boxes::{Head, only};
use crate::media::erase_metadata::source::Source;

/// The places of the samples of one track.
pub(super) struct Samples {
    chunks: Vec<u64>,
    /// The first chunk of a run, counted from one, and how many samples each chunk of the run holds.
    runs: Vec<(u32, u32)>,
    lengths: Lengths,
}

enum Lengths {
    Same {
        length: u32,
        count: u32,
    },
    Each(Vec<u32>),
    /// Lengths of four, eight or sixteen bits, which nobody writes for what cameras note.
    Unread,
}

impl Samples {
    /// Reads the tables of a track; `None` if one is damaged.
    pub(super) fn read<R: Read + Seek>(source: &mut Source<R>, table: &[Head]) -> Option<Self> {
        let chunks = match (only(table, *b"stco"), only(table, *b"co64")) {
            (Some(head), None) => rows::<4, R>(source, head, 8)?.map(|row| u32::from_be_bytes(row).into()).collect(),
            (None, Some(head)) => rows::<8, R>(source, head, 8)?.map(u64::from_be_bytes).collect(),
            _ => return None,
        };
        let runs = rows::<12, R>(source, only(table, *b"stsc")?, 8)?
            .map(|[f0, f1, f2, f3, n0, n1, n2, n3, ..]| {
                (u32::from_be_bytes([f0, f1, f2, f3]), u32::from_be_bytes([n0, n1, n2, n3]))
            })
            .collect();
        let lengths = match (only(table, *b"stsz"), only(table, *b"stz2")) {
            (Some(head), None) => match source.long(head.at(4)?)? {
                0 => Lengths::Each(rows::<4, R>(source, head, 12)?.map(u32::from_be_bytes).collect()),
                length => Lengths::Same { length, count: source.long(head.at(8)?)? },
            },
            (None, Some(_)) => Lengths::Unread,
            _ => return None,
        };
        Some(Self { chunks, runs, lengths })
    }

    /// Where each chunk begins.
    pub(super) fn starts(&self) -> impl Iterator<Item = u64> {
        self.chunks.iter().copied()
    }

    /// Where each chunk begins and ends; `None` if the tables do not fit together.
    pub(super) fn ranges(&self) -> Option<Vec<(u64, u64)>> {
        let mut ranges = Vec::with_capacity(self.chunks.len());
        let (mut sample, mut run) = (0_usize, 0_usize);
        for (number, start) in (1_u32..).zip(&self.chunks) {
            while self.runs.get(run + 1).is_some_and(|(first, _)| *first <= number) {
                run += 1;
            }
            let count = usize::try_from(self.runs.get(run).filter(|(first, _)| *first <= number)?.1).ok()?;
            let end = sample.checked_add(count)?;
            let length = match &self.lengths {
                Lengths::Same { length, count } if end <= usize::try_from(*count).ok()? => {
                    u64::from(*length).checked_mul(u64::try_from(end - sample).ok()?)?
                }
                Lengths::Each(lengths) => lengths.get(sample..end)?.iter().map(|length| u64::from(*length)).sum(),
                Lengths::Same { .. } | Lengths::Unread => return None,
            };
            ranges.push((*start, start.checked_add(length)?));
            sample = end;
        }
        Some(ranges)
    }
}

/// The rows of a table, whose number stands before the first of them.
fn rows<const N: usize, R: Read + Seek>(
    source: &mut Source<R>,
    head: Head,
    first: u64,
) -> Option<impl Iterator<Item = [u8; N]> + use<N, R>> {
    let count = source.long(head.at(first - 4)?)?;
    let length = u64::from(count).checked_mul(N as u64)?;
    head.at(first.checked_add(length)?)?;
    let bytes = source.bytes(head.at(first)?, length)?;
    Some(bytes.as_chunks::<N>().0.to_vec().into_iter())
}

//! AVI films and WAVE sound: chunks, some of which hold others (Multimedia Programming Interface 1.0, RIFF).
//!
//! A chunk that is not needed becomes a `JUNK` one of the same length, filled with zeros.

use std::io::{Read, Seek};

use crate::media::erase_metadata::erasures::Erasures;
use crate::media::erase_metadata::source::Source;

/// How many chunks may lie directly in one; those of the film itself are not looked at.
const MAX_CHUNKS: usize = 4_096;

/// How deep lists lie in one another: the head of a film, and its streams.
const LISTS: u8 = 4;

/// A chunk, or a list of chunks with a name of its own.
struct Chunk {
    kind: [u8; 4],
    /// The name of a list.
    list: Option<[u8; 4]>,
    start: u64,
    body: u64,
    end: u64,
}

/// What is to be overwritten in a file of chunks.
pub(super) fn erasures<R: Read + Seek>(source: &mut Source<R>) -> Option<Erasures> {
    let mut erasures = Erasures::default();
    // A film of gigabytes is in several pieces.
    let pieces = chunks(source, 0, source.length())?;
    pieces.first()?;
    for (number, riff) in pieces.into_iter().enumerate() {
        let is_whole = riff.kind == *b"RIFF" && riff.list.is_some();
        match riff.list.as_ref().filter(|_| is_whole) {
            Some(b"AVI " | b"AVIX") => film(source, &riff, LISTS, &mut erasures)?,
            Some(b"WAVE") => sound(source, &riff, &mut erasures)?,
            _ if number == 0 => return None,
            _ => riff.junk(&mut erasures),
        }
    }
    erasures.sorted()
}

/// `lists` says how deep its lists may lie in one another.
fn film<R: Read + Seek>(source: &mut Source<R>, riff: &Chunk, lists: u8, erasures: &mut Erasures) -> Option<()> {
    let below = lists.checked_sub(1)?;
    for chunk in chunks(source, riff.body, riff.end)? {
        match (&chunk.kind, chunk.list.as_ref()) {
            (b"LIST", Some(b"hdrl" | b"strl" | b"odml")) => film(source, &chunk, below, erasures)?,
            (b"LIST", Some(b"movi")) | (b"idx1" | b"avih" | b"strh" | b"strf" | b"indx" | b"vprp" | b"dmlh", _) => {}
            _ => chunk.junk(erasures),
        }
    }
    Some(())
}

fn sound<R: Read + Seek>(source: &mut Source<R>, riff: &Chunk, erasures: &mut Erasures) -> Option<()> {
    for chunk in chunks(source, riff.body, riff.end)? {
        match (&chunk.kind, chunk.list.as_ref()) {
            (b"fmt " | b"fact" | b"data" | b"cue " | b"plst" | b"smpl" | b"inst" | b"PEAK", _)
            | (b"LIST", Some(b"wavl")) => {}
            _ => chunk.junk(erasures),
        }
    }
    Some(())
}

/// The chunks between two places, in order; `None` if one is cut off.
fn chunks<R: Read + Seek>(source: &mut Source<R>, from: u64, to: u64) -> Option<Vec<Chunk>> {
    let (mut chunks, mut at) = (Vec::new(), from);
    while to.saturating_sub(at) >= 8 {
        let [k0, k1, k2, k3, length @ ..] = source.array::<8>(at)?;
        let (kind, length) = ([k0, k1, k2, k3], u64::from(u32::from_le_bytes(length)));
        let end = at + 8 + length;
        (end <= to && chunks.len() < MAX_CHUNKS).then_some(())?;
        let list = if matches!(&kind, b"RIFF" | b"LIST") && length >= 4 { Some(source.array(at + 8)?) } else { None };
        let body = at + 8 + if list.is_some() { 4 } else { 0 };
        chunks.push(Chunk { kind, list, start: at, body, end });
        // Writers of odd lengths leave out the last byte of padding.
        at = (end + length % 2).min(to);
    }
    Some(chunks)
}

impl Chunk {
    fn junk(&self, erasures: &mut Erasures) {
        if self.kind != *b"JUNK" {
            erasures.write(self.start, b"JUNK".to_vec());
        }
        erasures.zero(self.start + 8, self.end);
    }
}

#[cfg(test)]
mod tests {
    use crate::media::erase_metadata::Layout;
    use crate::media::erase_metadata::tests::erased;
    use crate::media::fixture::{SECRET, riff_chunk};

    fn riff(form: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
        riff_chunk(b"RIFF", &[form, &chunks.concat()].concat())
    }

    fn list(name: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
        riff_chunk(b"LIST", &[name, &chunks.concat()].concat())
    }

    fn tells(bytes: &[u8]) -> bool {
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    #[test]
    fn notes_become_junk_and_nothing_moves() {
        let data = riff_chunk(b"data", b"the sound");
        let info = list(b"INFO", &[riff_chunk(b"IART", SECRET)]);
        let wave = riff(
            b"WAVE",
            &[
                riff_chunk(b"fmt ", &[1; 16]),
                riff_chunk(b"bext", SECRET),
                data,
                info.clone(),
                riff_chunk(b"id3 ", SECRET),
            ],
        );
        let stream = list(b"strl", &[riff_chunk(b"strh", &[2; 56]), riff_chunk(b"strd", SECRET)]);
        let head = list(b"hdrl", &[riff_chunk(b"avih", &[3; 56]), stream, riff_chunk(b"IDIT", SECRET)]);
        let film = list(b"movi", &[riff_chunk(b"00dc", b"the film")]);
        let avi = [riff(b"AVI ", &[head, riff_chunk(b"JUNK", SECRET), info, film]), riff(b"AVIX", &[])].concat();
        for (file, content) in [(wave, &b"the sound"[..]), (avi, b"the film")] {
            let bare = erased(&file, Layout::Chunks).unwrap();
            assert!(tells(&file) && !tells(&bare), "{}", bare.escape_ascii());
            let place = |bytes: &[u8]| bytes.windows(content.len()).position(|window| window == content);
            assert!(place(&file).is_some() && place(&file) == place(&bare));
            assert_eq!(erased(&bare, Layout::Chunks).unwrap(), bare);
            for end in 0..file.len() {
                let _ = erased(&file[..end], Layout::Chunks);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_not_touched() {
        let whole = riff(b"WAVE", &[riff_chunk(b"fmt ", &[1; 16]), riff_chunk(b"bext", SECRET)]);
        assert_eq!(erased(&whole[..whole.len() - 4], Layout::Chunks), None);
        assert_eq!(erased(&riff(b"ACON", &[]), Layout::Chunks), None);
        let deep = (0..999).fold(Vec::new(), |inner, _| list(b"hdrl", &[inner]));
        assert_eq!(erased(&riff(b"AVI ", &[deep]), Layout::Chunks), None);
    }
}

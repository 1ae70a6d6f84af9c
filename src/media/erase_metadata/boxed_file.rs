//! A file of boxes as a whole: which of its boxes are needed, and that nothing that is shown is overwritten.

use std::io::{Read, Seek};

use crate::media::erase_metadata::boxes::{Head, children};
use crate::media::erase_metadata::erasures::Erasures;
use crate::media::erase_metadata::source::Source;
use crate::media::erase_metadata::{film, heif};

/// What is to be overwritten in a file of boxes.
pub(super) fn erasures<R: Read + Seek>(source: &mut Source<R>) -> Option<Erasures> {
    let boxes = children(source, 0, source.length())?;
    let mut erasures = Erasures::default();
    let (mut kept, mut has_content) = (Vec::new(), false);
    for head in &boxes {
        match &head.kind {
            b"ftyp" | b"styp" | b"mdat" | b"mfra" | b"sidx" | b"ssix" | b"pdin" => {}
            b"moof" => fragment(source, *head, &mut erasures)?,
            b"moov" => {
                kept.extend(film::erase(source, *head, &boxes, &mut erasures)?);
                has_content = true;
            }
            b"meta" => match heif::erase(source, *head, &mut erasures)? {
                Some(extents) => {
                    kept.extend(extents);
                    has_content = true;
                }
                None => head.free(&mut erasures),
            },
            _ => head.free(&mut erasures),
        }
    }
    let erasures = erasures.sorted().filter(|_| has_content)?;
    // Nothing that is shown or played may lie in what is overwritten.
    (!kept.iter().any(|(from, to)| erasures.touch(*from, *to))).then_some(erasures)
}

/// Notes on a part of a film that is streamed; its tables stay.
fn fragment<R: Read + Seek>(source: &mut Source<R>, head: Head, erasures: &mut Erasures) -> Option<()> {
    for child in children(source, head.body, head.end)? {
        if matches!(&child.kind, b"meta" | b"udta" | b"free" | b"skip") {
            child.free(erasures);
        }
    }
    Some(())
}

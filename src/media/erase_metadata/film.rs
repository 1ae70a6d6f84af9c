//! Films: MP4, QuickTime and 3GPP, and M4A, which is a film without pictures (ISO/IEC 14496-12, QuickTime File Format).
//!
//! What goes: user data and other notes, the times of creation, the names of recorders and encoders, and whole tracks that are
//! neither seen nor heard: cameras write one with the place of each second.

use std::io::{Read, Seek};

use crate::media::erase_metadata::boxes::{Head, children, only};
use crate::media::erase_metadata::erasures::Erasures;
use crate::media::erase_metadata::samples::Samples;
use crate::media::erase_metadata::source::Source;

/// How many tracks a film may have.
const MAX_TRACKS: usize = 256;
/// How much of the first words of a track of text are read, in bytes.
const FIRST_WORDS: u64 = 1 << 10;

/// Overwrites what a film tells; `top` are the boxes of the file. Gives the places that are played.
pub(super) fn erase<R: Read + Seek>(
    source: &mut Source<R>,
    film: Head,
    top: &[Head],
    erasures: &mut Erasures,
) -> Option<Vec<(u64, u64)>> {
    let boxes = children(source, film.body, film.end)?;
    let is_streamed = boxes.iter().any(|head| &head.kind == b"mvex");
    let mut kept = Vec::new();
    let tracks = boxes.iter().filter(|head| &head.kind == b"trak");
    let tracks: Vec<Track> = tracks.map(|head| Track::read(source, *head, is_streamed)).collect::<Option<_>>()?;
    if tracks.len() > MAX_TRACKS {
        return None;
    }
    for track in &tracks {
        if track.is_kept {
            kept.extend(track.samples.starts().map(|at| (at, at + 1)));
            track.erase_notes(source, erasures)?;
        } else {
            // The samples of a film that is streamed are told by its fragments.
            (!is_streamed).then_some(())?;
            for (from, to) in track.samples.ranges()? {
                let is_within = top.iter().any(|head| &head.kind == b"mdat" && head.body <= from && to <= head.end);
                is_within.then_some(())?;
                erasures.zero(from, to);
            }
            track.head.free(erasures);
        }
    }
    for head in boxes {
        match &head.kind {
            b"mvhd" => erase_times(source, head, erasures)?,
            b"trak" | b"mvex" | b"iods" | b"pssh" | b"ctab" | b"clip" => {}
            // A compressed film, and one that only refers to others.
            b"cmov" | b"rmra" => return None,
            _ => head.free(erasures),
        }
    }
    Some(kept)
}

/// Overwrites the times of creation and of the last change at the beginning of a header (8.2.2, 8.3.2, 8.4.2).
fn erase_times<R: Read + Seek>(source: &mut Source<R>, header: Head, erasures: &mut Erasures) -> Option<()> {
    let [version] = source.array(header.body)?;
    let length = match version {
        0 => 8,
        1 => 16,
        _ => return None,
    };
    erasures.zero(header.at(4)?, header.at(4 + length)?);
    Some(())
}

/// A track of a film.
struct Track {
    head: Head,
    /// What is in it.
    boxes: Vec<Head>,
    /// What is in its media box, in its media information, and in its sample table.
    media: Vec<Head>,
    information: Vec<Head>,
    table: Vec<Head>,
    samples: Samples,
    /// Whether it is seen or heard.
    is_kept: bool,
}

impl Track {
    fn read<R: Read + Seek>(source: &mut Source<R>, head: Head, is_streamed: bool) -> Option<Self> {
        let mut within = |head: Head| children(source, head.body, head.end);
        let boxes = within(head)?;
        let media = within(only(&boxes, *b"mdia")?)?;
        let information = within(only(&media, *b"minf")?)?;
        let table = within(only(&information, *b"stbl")?)?;
        let handler: [u8; 4] = source.array(only(&media, *b"hdlr")?.at(8)?)?;
        let samples = Samples::read(source, &table)?;
        let is_kept = match &handler {
            b"vide" | b"soun" | b"pict" | b"auxv" | b"clcp" | b"hint" => true,
            b"text" | b"sbtl" | b"subt" => !names_places(source, &samples),
            // Its few bytes in the fragments of a film would be left without it.
            b"tmcd" => is_streamed,
            _ => false,
        };
        Some(Self { head, boxes, media, information, table, samples, is_kept })
    }

    fn erase_notes<R: Read + Seek>(&self, source: &mut Source<R>, erasures: &mut Erasures) -> Option<()> {
        for head in &self.boxes {
            match &head.kind {
                b"tkhd" => erase_times(source, *head, erasures)?,
                b"tref" => erase_references(source, *head, erasures)?,
                b"mdia" | b"edts" | b"tapt" | b"txas" | b"load" | b"imap" | b"matt" | b"kmat" | b"clip" | b"trgr" => {}
                _ => head.free(erasures),
            }
        }
        for head in &self.media {
            match &head.kind {
                b"mdhd" => erase_times(source, *head, erasures)?,
                // Behind the kind of the track stand who made its software, and its name.
                b"hdlr" => erasures.zero(head.at(12)?, head.end),
                b"minf" | b"elng" => {}
                _ => head.free(erasures),
            }
        }
        for head in &self.information {
            match &head.kind {
                b"hdlr" => erasures.zero(head.at(12)?, head.end),
                b"stbl" | b"dinf" | b"vmhd" | b"smhd" | b"hmhd" | b"sthd" | b"nmhd" | b"gmhd" => {}
                _ => head.free(erasures),
            }
        }
        for head in &self.table {
            match &head.kind {
                b"stsd" => erase_encoder(source, *head, erasures)?,
                b"udta" | b"meta" | b"uuid" | b"free" | b"skip" => head.free(erasures),
                _ => {}
            }
        }
        Some(())
    }
}

/// Whether a track of text begins with a place: drones and dash cameras write one for each second, to be shown below the
/// picture.
fn names_places<R: Read + Seek>(source: &mut Source<R>, samples: &Samples) -> bool {
    let words = samples
        .starts()
        .next()
        .and_then(|at| source.bytes(at, FIRST_WORDS.min(source.length() - at.min(source.length()))));
    let words = words.unwrap_or_default().to_ascii_lowercase();
    [&b"gps"[..], b"latitude", b"lat:"].iter().any(|word| memchr::memmem::find(&words, word).is_some())
}

/// Frees the references to tracks that are not kept: time codes, and what describes another track.
fn erase_references<R: Read + Seek>(source: &mut Source<R>, head: Head, erasures: &mut Erasures) -> Option<()> {
    for child in children(source, head.body, head.end)? {
        if matches!(&child.kind, b"tmcd" | b"cdsc" | b"cdep") {
            child.free(erasures);
        }
    }
    Some(())
}

/// Overwrites who made the encoder, and the encoder's name, in the descriptions of samples (12.1.3, 12.2.3): cameras have
/// their own.
fn erase_encoder<R: Read + Seek>(source: &mut Source<R>, descriptions: Head, erasures: &mut Erasures) -> Option<()> {
    for entry in children(source, descriptions.at(8)?, descriptions.end)? {
        let is_picture = matches!(
            &entry.kind,
            b"avc1"
                | b"avc3"
                | b"hvc1"
                | b"hev1"
                | b"av01"
                | b"vp08"
                | b"vp09"
                | b"mp4v"
                | b"s263"
                | b"jpeg"
                | b"mjpa"
                | b"mjpb"
                | b"SVQ3"
                | b"SVQ1"
                | b"dvh1"
                | b"dvhe"
                | b"apch"
                | b"apcn"
                | b"apcs"
                | b"apco"
                | b"ap4h"
                | b"dvc "
                | b"dvcp"
                | b"rpza"
                | b"cvid"
        );
        if is_picture {
            erasures.zero(entry.at(12)?, entry.at(16)?);
            erasures.zero(entry.at(42)?, entry.at(74)?);
        }
    }
    Some(())
}

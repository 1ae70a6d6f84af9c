//! HEIF and AVIF pictures (ISO/IEC 23008-12): a file of items, some of which are pictures and some of which are notes.
//!
//! The notes are EXIF, XMP and what names another kind of text. How the picture is turned stands in properties of its own
//! (`irot`, `imir`), which stay; what EXIF says of it is said again.

use std::collections::HashMap;
use std::io::{Read, Seek};

use crate::media::erase_metadata::boxes::{Head, children, only};
use crate::media::erase_metadata::erasures::{Erasures, Filling};
use crate::media::erase_metadata::item_locations::Locations;
use crate::media::erase_metadata::source::Source;
use crate::media::exif::Orientation;

/// How many items a file may have: a picture of 100 megapixels is of about 400 tiles.
const MAX_ITEMS: usize = 65_535;
/// How much of an EXIF block is read for the orientation, in bytes.
const MAX_BLOCK: u64 = 64 << 10;
/// An EXIF block that says nothing.
const EMPTY_BLOCK: &[u8; 14] = b"MM\0\x2A\0\0\0\x08\0\0\0\0\0\0";

/// An XMP packet that says nothing.
const EMPTY_PACKET: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/></x:xmpmeta>";

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Picture,
    Exif,
    Text,
    Other,
}

/// Overwrites what a picture tells. Gives the places that are shown; `Some(None)` for a box that holds no picture.
#[expect(clippy::option_option, reason = "nothing understood, and nothing there, are two answers")]
pub(super) fn erase<R: Read + Seek>(
    source: &mut Source<R>,
    meta: Head,
    erasures: &mut Erasures,
) -> Option<Option<Vec<(u64, u64)>>> {
    // QuickTime has a box of this name without a version.
    let Some(boxes) = meta.at(4).and_then(|from| children(source, from, meta.end)) else { return Some(None) };
    let Some(handler) = only(&boxes, *b"hdlr") else { return Some(None) };
    if source.array::<4>(handler.at(8)?)? != *b"pict" {
        return Some(None);
    }
    let items = items(source, only(&boxes, *b"iinf")?)?;
    let data = boxes.iter().find(|head| &head.kind == b"idat");
    let locations = Locations::read(source, only(&boxes, *b"iloc")?, data.copied())?;
    let mut kept = Vec::new();
    for (id, item) in &items {
        let Some(extents) = locations.extents(*id) else { continue };
        match item {
            Item::Picture => kept.extend(extents.iter().copied()),
            Item::Exif => erase_exif(source, extents, erasures)?,
            Item::Text => extents.iter().for_each(|(from, to)| erase_text(*from, *to, erasures)),
            Item::Other => extents.iter().for_each(|(from, to)| erasures.zero(*from, *to)),
        }
    }
    for head in &boxes {
        match &head.kind {
            b"hdlr" => erasures.zero(head.at(12)?, head.end),
            b"iprp" => erase_properties(source, *head, erasures)?,
            b"pitm" | b"iinf" | b"iloc" | b"iref" | b"idat" | b"dinf" | b"grpl" | b"ipro" => {}
            _ => head.free(erasures),
        }
    }
    Some(Some(kept))
}

/// The items by their numbers; `None` if one is of a kind that is not known.
fn items<R: Read + Seek>(source: &mut Source<R>, list: Head) -> Option<HashMap<u32, Item>> {
    let [version] = source.array(list.body)?;
    let entries = children(source, list.at(if version == 0 { 6 } else { 8 })?, list.end)?;
    if entries.len() > MAX_ITEMS {
        return None;
    }
    let mut items = HashMap::with_capacity(entries.len());
    for entry in entries.iter().filter(|entry| &entry.kind == b"infe") {
        let bytes = source.bytes(entry.body, (entry.end - entry.body).min(1 << 10))?;
        let (id, rest) = match *bytes.first()? {
            2 => (u32::from(u16::from_be_bytes(*bytes.get(4..)?.first_chunk()?)), bytes.get(8..)?),
            3 => (u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?), bytes.get(10..)?),
            _ => return None,
        };
        let (kind, names) = rest.split_first_chunk::<4>()?;
        let item = match kind {
            b"hvc1" | b"hvc2" | b"lhv1" | b"lhe1" | b"avc1" | b"av01" | b"vvc1" | b"evc1" | b"jpeg" | b"j2k1"
            | b"unci" | b"grid" | b"iovl" | b"iden" | b"tmap" | b"mski" | b"hvt1" => Item::Picture,
            b"Exif" => Item::Exif,
            b"mime" => of_media_type(names),
            b"uri " => Item::Other,
            _ => return None,
        };
        if items.insert(id, item).is_some() {
            return None;
        }
    }
    Some(items)
}

/// What an item with a media type is: the type stands behind its name.
fn of_media_type(names: &[u8]) -> Item {
    let media_type = names.split(|byte| *byte == 0).nth(1).unwrap_or_default();
    match media_type {
        media_type if media_type.starts_with(b"image/") => Item::Picture,
        media_type if media_type.starts_with(b"text/") || media_type.ends_with(b"xml") => Item::Text,
        _ => Item::Other,
    }
}

/// Leaves of an EXIF block the orientation: the four bytes before it say that it begins right behind them (annex A.2.1).
fn erase_exif<R: Read + Seek>(source: &mut Source<R>, extents: &[(u64, u64)], erasures: &mut Erasures) -> Option<()> {
    let [(from, to)] = extents else {
        for (from, to) in extents {
            erasures.zero(*from, *to);
        }
        return Some(());
    };
    let bytes = source.bytes(*from, (to - from).min(MAX_BLOCK))?;
    let header = bytes.first_chunk().map(|offset| u32::from_be_bytes(*offset));
    let block =
        header.and_then(|offset| bytes.get(usize::try_from(offset).ok()?.checked_add(4)?..)).unwrap_or_default();
    let said_again = Orientation::from_block(block).block();
    let wanted = said_again.as_ref().map_or(&EMPTY_BLOCK[..], |block| &block[..]);
    let fitting = [wanted, EMPTY_BLOCK].into_iter().find(|block| block.len() + 4 <= bytes.len()).unwrap_or_default();
    let written = if fitting.is_empty() { Vec::new() } else { [&[0; 4], fitting].concat() };
    let end = from + written.len() as u64;
    erasures.write(*from, written);
    erasures.zero(end, *to);
    Some(())
}

/// Leaves an XMP packet that says nothing, filled up with spaces.
fn erase_text(from: u64, to: u64, erasures: &mut Erasures) {
    let length = to - from;
    let packet = if length >= EMPTY_PACKET.len() as u64 { EMPTY_PACKET } else { b"" };
    erasures.write(from, packet.to_vec());
    let start = from + packet.len() as u64;
    erasures.push(start, to - start, Filling::Byte(b' '));
}

/// Frees the properties that are notes (6.5.20, 6.5.24 and the like); the others keep their numbers.
fn erase_properties<R: Read + Seek>(source: &mut Source<R>, head: Head, erasures: &mut Erasures) -> Option<()> {
    let properties = only(&children(source, head.body, head.end)?, *b"ipco")?;
    for property in children(source, properties.body, properties.end)? {
        if matches!(&property.kind, b"udes" | b"crtt" | b"mdft" | b"free" | b"skip") {
            property.free(erasures);
        }
    }
    Some(())
}

//! What a picture file's head says about display, found by seeking from segment to segment.
//!
//! Walks through JPEG's segments and PNG's chunks as far as the image data: at most `SEGMENTS` headers and one EXIF block
//! are read.

use std::io::{BufRead, Read, Seek};

use crate::media::dimensions::Size;
use crate::media::exif::Orientation;
use crate::media::marker;

/// How many segments or chunks are looked at. An ICC profile takes at most 255, but a large one takes ten.
const SEGMENTS: usize = 200;

/// How many bytes in all may stand between JPEG's segments: a `0xFF` before every code, and those that mean nothing.
const PADDING: u64 = 4096;

/// How many bytes of an EXIF block are read. A JPEG segment holds no more, and the orientation stands at the beginning.
const BLOCK: u64 = 65_536;

/// What the segments before a JPEG's first scan say.
#[derive(Default)]
pub(super) struct JpegHead {
    /// Width and height as stored.
    pub(super) size: Option<Size>,
    /// The orientation in the first EXIF block: browsers look at no other.
    pub(super) orientation: Option<Orientation>,
}

/// Reads a JPEG's head from the file's beginning; after an error or nonsense it is what had been found by then.
pub(super) fn jpeg<R: BufRead + Seek>(reader: &mut R) -> JpegHead {
    let mut head = JpegHead::default();
    if reader.rewind().is_ok() && reader.seek_relative(2).is_ok() {
        let mut padding = PADDING;
        for _ in 0..SEGMENTS {
            if jpeg_segment(reader, &mut head, &mut padding).is_none() {
                break;
            }
        }
    }
    head
}

/// Reads one segment into `head`; `None` where the walk ends.
fn jpeg_segment<R: BufRead + Seek>(reader: &mut R, head: &mut JpegHead, padding: &mut u64) -> Option<()> {
    let code = jpeg_marker(reader, padding)?;
    if marker::is_bare(code) {
        return Some(());
    }
    if !marker::has_segment(code) || code == marker::SOS {
        return None;
    }
    let [l0, l1] = array(reader)?;
    let length = u64::from(u16::from_be_bytes([l0, l1])).checked_sub(2)?;
    let mut segment = reader.by_ref().take(length);
    match code {
        marker::APP1 if head.orientation.is_none() => head.orientation = exif_orientation(&mut segment),
        code if marker::starts_frame(code) => head.size = head.size.or(frame_size(&mut segment)),
        _ => {}
    }
    let rest = segment.limit();
    reader.seek_relative(i64::try_from(rest).ok()?).ok()
}

/// The orientation in an APP1 segment, if it holds EXIF; of XMP only the name is read.
fn exif_orientation<R: Read>(segment: &mut R) -> Option<Orientation> {
    let mut block = Vec::new();
    array(segment).filter(|name| marker::is_exif(*name))?;
    segment.read_to_end(&mut block).ok()?;
    Some(Orientation::from_block(&block))
}

/// The size in a frame header: precision, height, width (T.81, B.2.2).
fn frame_size<R: Read>(header: &mut R) -> Option<Size> {
    let [_, h0, h1, w0, w1] = array(header)?;
    let [width, height] = [[w0, w1], [h0, h1]].map(|side| u32::from(u16::from_be_bytes(side)));
    Some(Size { width, height })
}

/// Reads the next marker's code, over the fill bytes before it (T.81, B.1.1.2) and what else means nothing there: what
/// is skipped here is what decoders skip.
fn jpeg_marker<R: BufRead>(reader: &mut R, padding: &mut u64) -> Option<u8> {
    let mut filled = false;
    loop {
        match array(reader)? {
            [0xFF] => filled = true,
            [code] if filled && code != 0 => return Some(code),
            _ => filled = false,
        }
        *padding = padding.checked_sub(1)?;
    }
}

/// Reads a PNG's orientation from its `eXIf` chunk (PNG, third edition, 11.3.3.4), which counts only before the image
/// data: browsers keep to that.
pub(super) fn png_orientation<R: BufRead + Seek>(reader: &mut R) -> Orientation {
    exif_chunk(reader).map_or(Orientation::UPRIGHT, |block| Orientation::from_block(&block))
}

fn exif_chunk<R: BufRead + Seek>(reader: &mut R) -> Option<Vec<u8>> {
    reader.rewind().and_then(|()| reader.seek_relative(8)).ok()?;
    for _ in 0..SEGMENTS {
        let [l0, l1, l2, l3, kind @ ..] = array::<8, R>(reader)?;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        match &kind {
            b"IDAT" | b"IEND" => return None,
            b"eXIf" => {
                let mut block = Vec::new();
                reader.take(BLOCK.min(length.into())).read_to_end(&mut block).ok()?;
                return Some(block);
            }
            // The check sum is skipped with the data.
            _ => reader.seek_relative(i64::from(length) + 4).ok()?,
        }
    }
    None
}

fn array<const N: usize, R: Read>(reader: &mut R) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).ok().map(|()| bytes)
}

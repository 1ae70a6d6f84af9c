//! GIF without metadata: comments and the notes of programs go; what an animation needs stays (`GIF89a`, 17 to 27).

use std::borrow::Cow;

use crate::media::remove_metadata::partial_copy::PartialCopy;

const TRAILER: u8 = 0x3B;
const IMAGE: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
/// How a frame is shown.
const CONTROL: u8 = 0xF9;
/// Text that is shown as a frame of its own.
const PLAIN_TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xFF;
/// Applications whose notes are needed: how often an animation is shown, and the colour profile.
const NEEDED: [&[u8; 11]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];
/// How long the header is with the description of the screen, and a frame's with its introducer.
const HEADER: usize = 13;
const FRAME: usize = 10;

/// Copies a GIF file without metadata, and without what stands behind its end; as far as it is understood.
pub(super) fn strip(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = PartialCopy::new(bytes);
    let Some(mut at) = behind_colours(bytes, 10, HEADER) else {
        kept.keep(0..HEADER.min(bytes.len()));
        return kept.finish();
    };
    kept.keep(0..at);
    while let Some(end) = block_end(bytes, at) {
        if is_needed(bytes.get(at..end).unwrap_or_default()) {
            kept.keep(at..end);
        }
        if bytes.get(at) == Some(&TRAILER) {
            return kept.finish();
        }
        at = end;
    }
    // A frame that is cut off is shown as far as it goes.
    if bytes.get(at) == Some(&IMAGE) {
        kept.keep(at..whole_blocks_end(bytes, at));
    }
    kept.finish()
}

/// The place behind a table of colours, whose flags stand at `flags`; `None` if it is cut off.
fn behind_colours(bytes: &[u8], flags: usize, start: usize) -> Option<usize> {
    let flags = *bytes.get(flags)?;
    let colours = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    Some(start + colours).filter(|end| *end <= bytes.len())
}

/// The place behind the block that begins there; `None` if it is cut off or no block.
fn block_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        TRAILER => Some(at + 1),
        EXTENSION => sub_blocks(bytes, at + 2).1,
        // A byte says how long the codes are, before the data.
        IMAGE => sub_blocks(bytes, behind_colours(bytes, at + 9, at + FRAME)? + 1).1,
        _ => None,
    }
}

/// The place behind the last data of a frame that are whole.
fn whole_blocks_end(bytes: &[u8], at: usize) -> usize {
    behind_colours(bytes, at + 9, at + FRAME).map_or(at, |data| sub_blocks(bytes, data + 1).0.min(bytes.len()))
}

/// Where the pieces of data that begin there end as far as they are whole, and the place behind the empty one that ends them.
fn sub_blocks(bytes: &[u8], mut at: usize) -> (usize, Option<usize>) {
    loop {
        match bytes.get(at).map(|length| usize::from(*length)) {
            Some(0) => return (at, Some(at + 1)),
            Some(length) if at + length < bytes.len() => at += 1 + length,
            Some(_) | None => return (at, None),
        }
    }
}

fn is_needed(block: &[u8]) -> bool {
    match block {
        [EXTENSION, CONTROL | PLAIN_TEXT, ..] => true,
        [EXTENSION, APPLICATION, 11, rest @ ..] => NEEDED.iter().any(|name| rest.starts_with(*name)),
        [EXTENSION, ..] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::media::fixture::{SECRET, gif, gif_extension};
    use crate::media::remove_metadata::gif::strip;

    fn loops() -> Vec<u8> {
        gif_extension(0xFF, &[b"NETSCAPE2.0", b"\x01\0\0"])
    }

    fn control() -> Vec<u8> {
        gif_extension(0xF9, &[&[0; 4]])
    }

    #[test]
    fn a_bare_picture_is_borrowed() {
        let profile = gif_extension(0xFF, &[b"ICCRGBG1012", b"profile"]);
        assert!(matches!(strip(&gif(&[loops(), profile, control()])), Cow::Borrowed(_)));
    }

    #[test]
    fn comments_and_notes_of_programs_go() {
        // XMP in a GIF is no row of pieces, but ends as if it were one (XMP specification, part 3).
        let magic: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
        let xmp = [&b"\x21\xFF\x0BXMP DataXMP"[..], b"<x:xmpmeta>", SECRET, b"</x:xmpmeta>", &magic].concat();
        let comment = gif_extension(0xFE, &[SECRET, SECRET]);
        let unknown = gif_extension(0x99, &[SECRET]);
        let other = gif_extension(0xFF, &[b"MGK8BIM0000", SECRET]);
        let chatty = gif(&[comment, loops(), xmp, unknown, other, control()]);
        assert_eq!(strip(&[&chatty[..], SECRET].concat()), gif(&[loops(), control()]));
    }

    #[test]
    fn a_picture_that_is_cut_off_is_kept_as_far_as_it_goes() {
        let whole = gif(&[loops()]);
        for end in 13..whole.len() {
            let bare = strip(&whole[..end]);
            assert!(whole.starts_with(&bare), "{end}");
            assert_eq!(strip(&bare), bare, "{end}");
        }
        let comment = gif_extension(0xFE, &[SECRET]);
        let cut = gif(&[comment]);
        let at = cut.windows(4).position(|window| window == &SECRET[..4]).unwrap() + 6;
        assert!(!strip(&cut[..at]).windows(4).any(|window| window == &SECRET[..4]));
    }
}

//! JPEG without metadata: only the segments that make the picture, and the orientation. `parts.rs` finds the segments.

use std::borrow::Cow;
use std::io::Cursor;

use crate::media::exif::Orientation;
use crate::media::remove_metadata::partial_copy::PartialCopy;
use crate::media::remove_metadata::parts::{Application, Part, Parts};
use crate::media::{head, marker};

/// Copies a JPEG file without metadata.
///
/// The application segments that stay: JFIF without its thumbnail (JFIF 1.02), ICC profiles (ICC.1, annex B.4), and
/// Adobe's colour transform (Adobe technical note 5116), without which CMYK pictures come out inverted.
///
/// With the others go the extra pictures that they point to, such as previews and gain maps for bright screens; what
/// every decoder shows stays.
pub(super) fn strip(bytes: &[u8]) -> Cow<'_, [u8]> {
    let orientation = head::jpeg(&mut Cursor::new(bytes)).orientation.unwrap_or(Orientation::UPRIGHT);
    let mut kept = PartialCopy::new(bytes);
    let mut parts = Parts::new(bytes).peekable();
    kept.keep(0..2);
    // JFIF and EXIF both claim the first place; JFIF before EXIF is what writers do and readers expect.
    if let Some(Part::Application(first)) = parts.next_if(is_jfif) {
        keep_needed(&mut kept, first);
    }
    if let Some(block) = orientation.block() {
        kept.write(&[0xFF, marker::APP1, 0, 34]);
        kept.write(b"Exif\0\0");
        kept.write(&block);
    }
    for part in parts {
        match part {
            Part::Picture(range) => kept.keep(range),
            Part::Application(segment) => keep_needed(&mut kept, segment),
        }
    }
    kept.finish()
}

fn is_jfif(part: &Part<'_>) -> bool {
    matches!(part, Part::Application(segment) if jfif(segment).is_some())
}

/// Version and density of a JFIF segment; its thumbnail follows them.
fn jfif<'a>(segment: &Application<'a>) -> Option<&'a [u8; 12]> {
    let whole = segment.code == marker::APP0 && segment.payload.starts_with(b"JFIF\0") && segment.payload.len() >= 14;
    segment.payload.first_chunk().filter(|_| whole)
}

/// Appends what display needs of an application segment, if anything, and no byte behind it.
fn keep_needed(kept: &mut PartialCopy<'_>, segment: Application<'_>) {
    if let Some(plain) = jfif(&segment) {
        kept.write(&[0xFF, marker::APP0, 0, 16]);
        kept.write(plain);
        kept.write(&[0, 0]); // the columns and rows of no thumbnail
    } else if segment.code == marker::APP2 && segment.sealed && segment.payload.starts_with(b"ICC_PROFILE\0") {
        kept.keep(segment.range);
    } else if segment.code == marker::APP14
        && segment.payload.starts_with(b"Adobe")
        && let Some(transform) = segment.payload.first_chunk::<12>()
    {
        kept.write(&[0xFF, marker::APP14, 0, 14]);
        kept.write(transform);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::media::fixture::{Jpeg, SECRET, segment, turned};
    use crate::media::remove_metadata::jpeg::strip;

    const ICC: &[u8] = b"ICC_PROFILE\0\x01\x01profile";
    const ADOBE: &[u8] = b"Adobe\0\x64\0\0\0\0\x02";

    fn block(orientation: u8) -> Vec<u8> {
        [&b"Exif\0\0"[..], &turned(orientation).block().expect("turned")].concat()
    }

    #[test]
    fn a_bare_picture_is_borrowed() {
        let bare = Jpeg::new(3, 2).jfif(false).segment(0xE2, ICC).segment(0xEE, ADOBE);
        assert!(matches!(strip(&bare.bytes()), Cow::Borrowed(_)));
        let turned = Jpeg::new(3, 2).jfif(false).segment(0xE1, &block(6)).segment(0xE2, ICC);
        assert!(matches!(strip(&turned.bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_not_needed_goes() {
        let chatty =
            Jpeg::new(3, 2).jfif(false).exif(1).segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>").segment(0xE2, ICC);
        let chatty =
            chatty.segment(0xE2, b"MPF\0II").segment(0xE0, b"JFXX\0\x10thumbnail").segment(0xED, b"Photoshop 3.0\0");
        let chatty = chatty.segment(0xEB, b"JP\0\0c2pa").segment(0xEF, b"?").segment(0xF3, b"?").segment(0xFE, SECRET);
        assert_eq!(strip(&chatty.bytes()), Jpeg::new(3, 2).jfif(false).segment(0xE2, ICC).bytes());
    }

    #[test]
    fn thumbnails_and_tails_of_kept_segments_go() {
        let adobe = [ADOBE, SECRET].concat();
        let chatty = Jpeg::new(3, 2).jfif(true).segment(0xEE, &adobe);
        assert_eq!(strip(&chatty.bytes()), Jpeg::new(3, 2).jfif(false).segment(0xEE, ADOBE).bytes());
    }

    #[test]
    fn a_turned_picture_says_so_once_behind_jfif() {
        let jfif_first = Jpeg::new(3, 2).jfif(false).exif(6).exif(3);
        assert_eq!(strip(&jfif_first.bytes()), Jpeg::new(3, 2).jfif(false).segment(0xE1, &block(6)).bytes());
        let exif_first = Jpeg::new(3, 2).exif(8).jfif(false);
        assert_eq!(strip(&exif_first.bytes()), Jpeg::new(3, 2).segment(0xE1, &block(8)).jfif(false).bytes());
    }

    #[test]
    fn what_stands_between_and_behind_scans_goes_too() {
        let plain = Jpeg::new(3, 2).between_scans(0xC4, &[0; 17]).bytes();
        assert!(matches!(strip(&plain), Cow::Borrowed(_)));
        let chatty = [&Jpeg::new(3, 2).between_scans(0xFE, SECRET).bytes(), SECRET, &plain].concat();
        let bare = Jpeg::new(3, 2).between_scans(0xFE, b"").bytes();
        let comment = segment(0xFE, b"");
        let at = bare.windows(4).position(|window| window == comment).expect("the comment");
        assert_eq!(strip(&chatty), [&bare[..at], &bare[at + 4..]].concat());
    }

    #[test]
    fn a_picture_cut_off_within_its_scan_is_kept_as_far_as_it_goes() {
        let whole = Jpeg::new(3, 2).exif(1).without_end();
        let bare = Jpeg::new(3, 2).without_end();
        assert_eq!(strip(&whole), bare);
        assert_eq!(strip(&[&whole[..], b"\xFF"].concat()), [&bare[..], b"\xFF"].concat());
    }

    #[test]
    fn nothing_is_kept_from_the_damage_on() {
        let plain = Jpeg::new(3, 2).bytes();
        let start = &plain[..2];
        // A table that is longer than its fields say, and a segment that is longer than the file.
        assert_eq!(strip(&[start, &segment(0xDD, SECRET), &plain[2..]].concat()), start);
        assert_eq!(strip(&[start, b"\xFF\xE2\xFF\xFFICC_PROFILE\0", SECRET].concat()), start);
        // A second beginning, and a scan of no frame.
        assert_eq!(strip(&[start, &plain].concat()), start);
        assert_eq!(strip(&[start, &segment(0xDA, &[1, 1, 0, 0, 63, 0]), SECRET].concat()), start);
    }

    #[test]
    fn what_stands_between_segments_goes_and_does_no_harm() {
        let plain = Jpeg::new(3, 2).bytes();
        assert_eq!(strip(&[&plain[..2], b"\0\0\xFF\xFF\xFF\xD0\xFF\x01", &plain[2..]].concat()), plain);
        // A profile with bytes missing, so that it reaches over what follows it.
        let comment = segment(0xFE, SECRET);
        let profile = [b"\xFF\xE2\0\x1EICC_PROFILE\0\x01\x01profile", &comment[..]].concat();
        assert_eq!(strip(&[&plain[..2], &profile, &plain[2..]].concat()), plain);
        // An EXIF segment whose length is too short.
        assert_eq!(strip(&[&plain[..2], b"\xFF\xE1\0\x06Exif\0\xFF\0", SECRET, &plain[2..]].concat()), plain);
    }
}

//! A picture without its metadata: where it was taken, with which camera, by whom, and what it looked like before the crop.
//!
//! Lossless: a copy is never larger than 64 bytes more than the file, and never holds what was not understood. The four
//! containers have a file each.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use crate::media::erase_metadata::{Layout, erasures};
use crate::media::format::Format;
use crate::media::metadata_kind::Metadata;

mod gif;
mod jpeg;
mod partial_copy;
mod parts;
mod png;
mod webp;

/// Copies a JPEG, PNG, WebP or GIF picture without EXIF, XMP, IPTC, comments, texts, maker notes, embedded previews and whatever
/// follows the picture's end; the picture itself and its colour profile stay, byte for byte.
///
/// Borrowed if there is nothing to remove, so also for every other format: **AVIF and BMP pass as they are**.
///
/// What goes is everything that is not known to be needed for display. The one thing that is needed and lies in EXIF is
/// the orientation: of a picture that is stored turned, a fresh block of 26 bytes with that tag alone takes the place of
/// the old one. Turning the pixels instead would mean decoding and encoding again, and thus loss, in most JPEG and all
/// lossy WebP; and cutting the tag off would show the picture on its side.
///
/// Damaged files: what was kept up to the damage is returned, and nothing from there on, for a wrong length can make
/// anything look like image data; the result may have no [`crate::media::displayed_size`] any more. Two exceptions: a JPEG that
/// ends within a scan is kept to its last byte, since no segment can hide in one (what stands bare behind a lost end marker
/// can), and bytes between a JPEG's segments are left out but passed over, as every decoder does.
///
/// The output is never more than 64 bytes longer than the input, and stripping it again changes nothing.
#[must_use]
pub fn without_metadata(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Format::sniff(bytes) {
        Some(Format::Jpeg) => jpeg::strip(bytes),
        Some(Format::Png) => png::strip(bytes),
        Some(Format::WebP) => webp::strip(bytes),
        Some(Format::Gif) => gif::strip(bytes),
        Some(Format::Avif | Format::Bmp) | None => Cow::Borrowed(bytes),
    }
}

/// A file as it is published under this name: a picture whose metadata can be removed without them, and without the stray
/// bytes before it; any other file as it is.
#[must_use]
pub fn published<'a>(bytes: &'a [u8], name: &str) -> Cow<'a, [u8]> {
    match Metadata::in_file(bytes, name) {
        Some(Metadata::Removable { behind: 0 }) => without_metadata(bytes),
        Some(Metadata::Removable { behind }) => {
            let picture = bytes.get(usize::from(behind)..).unwrap_or_default();
            Cow::Owned(without_metadata(picture).into_owned())
        }
        Some(Metadata::Erasable(layout)) => erased(bytes, layout).map_or(Cow::Borrowed(bytes), Cow::Owned),
        Some(Metadata::Lasting) | None => Cow::Borrowed(bytes),
    }
}

/// A file with its metadata overwritten; `None` if there is nothing to overwrite, or it is not understood.
fn erased(bytes: &[u8], layout: Layout) -> Option<Vec<u8>> {
    let erasures = erasures(Cursor::new(bytes), bytes.len() as u64, layout).filter(|erasures| !erasures.is_empty())?;
    let mut without = Vec::with_capacity(bytes.len());
    erasures.reader(bytes).read_to_end(&mut without).ok()?;
    Some(without)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::io::Cursor;

    use proptest::prelude::*;

    use crate::media::displayed_size;
    use crate::media::fixture::{Jpeg, SECRET, exif, gif, gif_extension, png, png_chunk, riff_chunk, webp};
    use crate::media::remove_metadata::without_metadata;

    /// One picture of each kind with metadata everywhere.
    fn chatty() -> Vec<Vec<u8>> {
        let icc = [&b"ICC_PROFILE\0\x01\x01"[..], b"profile"].concat();
        let jpeg = Jpeg::new(30, 20).jfif(true).exif(6).segment(0xE1, SECRET).segment(0xE2, &icc).segment(0xED, SECRET);
        let jpeg = jpeg.segment(0xFE, SECRET).between_scans(0xFE, SECRET).bytes();
        let texts = [png_chunk(b"eXIf", &exif(6)), png_chunk(b"iCCP", b"p\0\0."), png_chunk(b"tEXt", SECRET)];
        let frame = [&[0; 16][..], &riff_chunk(b"VP8L", b"\x2F."), &riff_chunk(b"note", SECRET)].concat();
        let behind: [(&[u8; 4], &[u8]); 3] = [(b"ANMF", &frame), (b"EXIF", &exif(6)), (b"XMP ", SECRET)];
        let riff = webp(30, 20, &[(b"ICCP", b"profile")], &behind);
        let animation = gif(&[gif_extension(0xFE, &[SECRET]), gif_extension(0xFF, &[b"NETSCAPE2.0", b"\x01\0\0"])]);
        [jpeg, png(30, 20, &texts), riff, animation].map(|picture| [&picture[..], SECRET].concat()).to_vec()
    }

    fn tells(bytes: &[u8]) -> bool {
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    fn keeps_its_promise(bytes: &[u8]) {
        let once = without_metadata(bytes);
        assert!(once.len() <= bytes.len() + 64, "{} bytes from {}", once.len(), bytes.len());
        let twice = without_metadata(&once);
        assert_eq!(twice, once);
        assert!(matches!(twice, Cow::Borrowed(_)), "a second time there is nothing to remove");
        let _ = displayed_size(Cursor::new(bytes));
    }

    #[test]
    fn nothing_private_is_left_and_the_picture_keeps_its_side_up() {
        for picture in chatty() {
            let bare = without_metadata(&picture);
            assert!(tells(&picture) && !tells(&bare), "{}", bare.escape_ascii());
            assert_eq!(displayed_size(Cursor::new(&bare)), displayed_size(Cursor::new(&picture)));
            assert!(displayed_size(Cursor::new(&bare)).is_some());
            keeps_its_promise(&picture);
        }
    }

    #[test]
    fn other_formats_pass_untouched() {
        for other in [&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], b"plain text", b""] {
            assert!(matches!(without_metadata(other), Cow::Borrowed(same) if same == other));
        }
    }

    #[test]
    fn every_beginning_of_a_picture_is_safe_and_silent() {
        for picture in chatty() {
            for end in 0..picture.len() {
                keeps_its_promise(&picture[..end]);
                // Less than the magic bytes is no picture yet, and passes.
                assert!(end < 12 || !tells(&without_metadata(&picture[..end])), "cut at {end}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        #[test]
        fn noise_behind_the_magic_bytes_keeps_the_promise(which in 0..4_usize, noise: Vec<u8>) {
            let magic: [&[u8]; 4] = [b"GIF89a\x03\0\x02\0\0\0\0", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n", b"RIFF\xFF\0\0\0WEBPVP8X\x0A\0\0\0"];
            keeps_its_promise(&[magic[which], &noise].concat());
        }

        #[test]
        fn damage_keeps_the_promise(
            which in 0..4_usize,
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut picture = chatty().swap_remove(which);
            for (at, value) in hits {
                *at.get_mut(&mut picture) = value;
            }
            keeps_its_promise(&picture);
            keeps_its_promise(&picture[cut.index(picture.len())..]);
            picture.remove(cut.index(picture.len()));
            keeps_its_promise(&picture);
        }

        #[test]
        fn shuffled_segments_keep_the_promise(order in prop::collection::vec((0..10_usize, 1..9_u8), 0..12)) {
            let pieces = |value: u8| -> [Vec<u8>; 10] {
                let picture = Jpeg::new(3, 2).jfif(true).exif(value).between_scans(0xFE, SECRET);
                let [start, end, pad, fill, reset] = [&b"\xFF\xD8"[..], b"\xFF\xD9", b"\0", b"\xFF", b"\xFF\xD0"].map(Vec::from);
                let (head, whole) = (picture.without_end()[2..20].to_vec(), picture.without_end()[2..].to_vec());
                let bare = Jpeg::new(3, 2).exif(value).without_end()[2..40].to_vec();
                [start, end, pad, fill, reset, head, whole, bare, SECRET.to_vec(), Jpeg::new(1, 1).bytes()[2..].to_vec()]
            };
            let body: Vec<u8> = order.iter().flat_map(|(which, value)| pieces(*value)[*which].clone()).collect();
            keeps_its_promise(&[&b"\xFF\xD8\xFF\xE5\0\x02"[..], &body].concat());
        }
    }
}

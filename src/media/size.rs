//! How large a browser will show a picture: its width and height in CSS pixels, turned as EXIF's orientation says.
//!
//! A size is what the file's head claims; the image data are not looked at.

use std::io::{BufRead, Read, Seek};

use crate::media::dimensions::Size;
use crate::media::exif::Orientation;
use crate::media::format::Format;
use crate::media::head;

/// How far into an AVIF file the boxes that hold its size are looked for. They stand at its beginning, and grow only with
/// the number of its tiles.
const AVIF_HEAD: usize = 65_536;

/// Reads the size at which browsers display a picture, from the file's beginning on; `None` for what is no picture of
/// ours, a damaged head, a side of zero, and more than [`MAX_PIXELS`](crate::media::MAX_PIXELS).
///
/// EXIF orientations 5 to 8 exchange the sides in JPEG and PNG, as CSS has it (CSS Images 3, `image-orientation:
/// from-image`) and as Chromium 156 and Firefox 153 were measured to do (Firefox not in animated PNG). The EXIF chunk of
/// a WebP is left out of account because both leave it so; only Safari turns WebP. An AVIF is turned by its own `irot`
/// property, never by EXIF. A resolution in EXIF, by which HTML lets browsers scale, is not looked at: copies without
/// metadata have none.
///
/// Little is read, however large the file: 64 bytes, in JPEG and PNG also the headers of the segments up to the image
/// data (200 at most) and one EXIF block, in AVIF 64 KiB.
#[must_use]
pub fn displayed_size<R: BufRead + Seek>(mut reader: R) -> Option<Size> {
    let head = beginning(&mut reader, Format::HEAD)?;
    let size = match Format::sniff(&head)? {
        Format::Jpeg => {
            let head = head::jpeg(&mut reader);
            head.size?.turned(head.orientation.unwrap_or(Orientation::UPRIGHT))
        }
        Format::Png if head.get(12..16) != Some(b"IHDR") => return None,
        Format::Png => stored_size(&head)?.turned(head::png_orientation(&mut reader)),
        Format::WebP | Format::Gif => stored_size(&head)?,
        Format::Avif => stored_size(&beginning(&mut reader, AVIF_HEAD)?)?,
        Format::Bmp => right_side_up(stored_size(&head)?),
    };
    size.is_showable().then_some(size)
}

fn beginning<R: BufRead + Seek>(reader: &mut R, length: usize) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(length);
    reader.rewind().ok()?;
    reader.take(u64::try_from(length).ok()?).read_to_end(&mut head).ok()?;
    Some(head)
}

fn stored_size(head: &[u8]) -> Option<Size> {
    let size = imagesize::blob_size(head).ok()?;
    Some(Size { width: u32::try_from(size.width).ok()?, height: u32::try_from(size.height).ok()? })
}

/// A bitmap's height is negative if its rows are stored from the top (Win32, `BITMAPINFOHEADER`).
fn right_side_up(Size { width, height }: Size) -> Size {
    Size { width, height: height.cast_signed().unsigned_abs() }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Cursor, Read, Result, Seek, SeekFrom};

    use crate::media::fixture::{Jpeg, exif, png, png_chunk, webp};
    use crate::media::size::{Size, displayed_size};

    fn size(bytes: &[u8]) -> Option<(u32, u32)> {
        displayed_size(Cursor::new(bytes)).map(|Size { width, height }| (width, height))
    }

    fn bitmap(width: i32, height: i32) -> Vec<u8> {
        let [w, h] = [width, height].map(i32::to_le_bytes);
        [&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &w, &h, b"\x01\0\x18\0\0\0\0\0"].concat()
    }

    /// An AVIF of the boxes that tell its size: a property container with extents and, if asked for, a rotation.
    fn avif(width: u32, height: u32, quarter_turns: Option<u8>) -> Vec<u8> {
        let boxed = |kind: &[u8; 4], content: &[u8]| {
            let length = u32::try_from(content.len() + 8).expect("short");
            [&length.to_be_bytes()[..], kind, content].concat()
        };
        let extents = boxed(b"ispe", &[&[0; 4][..], &width.to_be_bytes(), &height.to_be_bytes()].concat());
        let rotation = quarter_turns.map(|turns| boxed(b"irot", &[turns])).unwrap_or_default();
        let properties = boxed(b"iprp", &boxed(b"ipco", &[extents, rotation].concat()));
        let meta = boxed(b"meta", &[&[0; 4][..], &properties].concat());
        [boxed(b"ftyp", b"avif\0\0\0\0avifmif1"), meta, boxed(b"mdat", &[0; 20])].concat()
    }

    #[test]
    fn every_format_has_its_plain_size() {
        assert_eq!(size(&Jpeg::new(30, 20).bytes()), Some((30, 20)));
        assert_eq!(size(&png(30, 20, &[])), Some((30, 20)));
        assert_eq!(size(&webp(30, 20, &[], &[])), Some((30, 20)));
        assert_eq!(size(b"GIF89a\x1E\0\x14\0\0\0\0;"), Some((30, 20)));
        assert_eq!(size(&avif(30, 20, None)), Some((30, 20)));
        assert_eq!(size(&bitmap(30, 20)), Some((30, 20)));
        assert_eq!(size(&bitmap(30, -20)), Some((30, 20)));
    }

    #[test]
    fn jpeg_and_png_are_turned_by_exif_and_webp_is_not() {
        for (value, expected) in
            [(1, (30, 20)), (3, (30, 20)), (4, (30, 20)), (5, (20, 30)), (6, (20, 30)), (8, (20, 30))]
        {
            assert_eq!(size(&Jpeg::new(30, 20).exif(value).bytes()), Some(expected));
            assert_eq!(size(&png(30, 20, &[png_chunk(b"eXIf", &exif(value))])), Some(expected));
            assert_eq!(size(&webp(30, 20, &[], &[(b"EXIF", &exif(value))])), Some((30, 20)));
        }
        assert_eq!(size(&avif(30, 20, Some(1))), Some((20, 30)));
    }

    #[test]
    fn only_the_first_exif_block_before_the_image_data_counts() {
        assert_eq!(size(&Jpeg::new(30, 20).exif(1).exif(6).bytes()), Some((30, 20)));
        assert_eq!(size(&Jpeg::new(30, 20).exif(6).exif(1).bytes()), Some((20, 30)));
        let mut late = png(30, 20, &[]);
        let end = late.len() - 12;
        late.splice(end..end, png_chunk(b"eXIf", &exif(6)));
        assert_eq!(size(&late), Some((30, 20)));
    }

    #[test]
    fn bombs_zeros_and_nonsense_have_no_size() {
        assert_eq!(size(&png(60_000, 60_000, &[])), None);
        assert_eq!(size(&png(8000, 8000, &[])), Some((8000, 8000)));
        assert_eq!(size(&png(8000, 8001, &[])), None);
        assert_eq!(size(&png(u32::MAX, u32::MAX, &[])), None);
        assert_eq!(size(&Jpeg::new(0, 20).bytes()), None);
        assert_eq!(size(&bitmap(30, i32::MIN)), None);
        assert_eq!(size(b"GIF89a\0\0\0\0\0\0\0;"), None);
        assert_eq!(size(b"\x89PNG\r\n\x1A\n\0\0\0\x04CgBI\x50\0\x20\x02????\0\0\0\x0DIHDR"), None);
        for nonsense in [&b""[..], b"hello", b"\xFF\xD8\xFF", b"GIF89a", b"BM", b"\0\0\0\x10ftypavif\0\0\0\0"] {
            assert_eq!(size(nonsense), None, "{}", nonsense.escape_ascii());
        }
    }

    #[test]
    fn padding_and_a_five_byte_app1_do_not_confuse_the_walk() {
        let plain = Jpeg::new(30, 20).bytes();
        let padded = [&plain[..2], b"\xFF\xE1\0\x07ABCDE\0\0\xFF\xFF\xFF\xD0\xFF", &plain[2..]].concat();
        assert_eq!(size(&padded), Some((30, 20)));
    }

    /// Counts what is read of a file without end that says the same bytes over and over.
    struct Endless<'a> {
        start: &'a [u8],
        again: &'a [u8],
        at: u64,
        read: u64,
    }

    impl Read for Endless<'_> {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            for byte in into.iter_mut() {
                let at = usize::try_from(self.at).expect("64 bits");
                *byte = self.start.get(at).copied().unwrap_or_else(|| self.again[at % self.again.len()]);
                self.at += 1;
            }
            self.read += into.len() as u64;
            Ok(into.len())
        }
    }

    impl Seek for Endless<'_> {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::Current(by) => self.at.saturating_add_signed(by),
                SeekFrom::End(_) => u64::MAX,
            };
            Ok(self.at)
        }
    }

    #[test]
    fn an_endless_file_is_read_only_a_little() {
        let avif = b"\0\0\0\x10ftypavif\0\0\0\0";
        let cases: [(&[u8], &[u8]); 6] = [
            (b"\xFF\xD8\xFF\xE1", b"\xFF\xE1\0\x02"),
            (b"\xFF\xD8\xFF\xE1\0\x02", b"\xFF"),
            (b"\xFF\xD8\xFF\xE1\0\x02", b"\xFF\xE1\xFF\xFF"),
            (b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\x08\0\0\0\x08\x08\0\0\0\0????", b"\0\0\0\0tEXt????"),
            (avif, b"\0\0\0\x08"),
            (avif, b"\0\0\0\x08free"),
        ];
        for (start, again) in cases {
            let mut file = BufReader::new(Endless { start, again, at: 0, read: 0 });
            let _ = displayed_size(&mut file);
            assert!(file.fill_buf().is_ok());
            // A buffer of 8 KiB is filled anew after every seek that leaves it.
            assert!(file.get_ref().read < 210 * 8192, "{} bytes read", file.get_ref().read);
        }
    }

    #[test]
    fn it_is_written_as_a_plain_object() {
        let size = Size { width: 3, height: 2 };
        assert_eq!(serde_json::to_string(&size).expect("serialises"), r#"{"width":3,"height":2}"#);
    }
}

//! The picture formats that every current browser shows, told by their first bytes or by a file name's extension.
//!
//! SVG is not here on purpose: it is a document that can run scripts, not a picture.

/// A picture format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// JPEG, in a JFIF or EXIF file or bare (ITU T.81).
    Jpeg,
    /// PNG, animated or not (W3C PNG, third edition).
    Png,
    /// WebP, lossy, lossless or animated (RFC 9649).
    WebP,
    /// GIF 87a and 89a.
    Gif,
    /// AV1 pictures and sequences in an ISO base media file.
    Avif,
    /// Windows and OS/2 bitmaps.
    Bmp,
}

impl Format {
    /// How many bytes from a file's beginning are enough for [`Format::sniff`].
    pub const HEAD: usize = 64;

    /// Tells the format by the magic bytes at the beginning of a file, [`Format::HEAD`] or more of them if there are.
    ///
    /// The rules are those of the WHATWG MIME Sniffing Standard (section 6.1) with one more for BMP, whose two letters
    /// `BM` also begin ordinary text: the header that follows must have a length that exists. `None` means none of ours.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'B', b'M', rest @ ..] if is_bitmap(rest) => Some(Self::Bmp),
            _ if is_avif(head) => Some(Self::Avif),
            _ => None,
        }
    }

    /// Its media type, as registered with IANA.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Avif => "image/avif",
            Self::Bmp => "image/bmp",
        }
    }

    /// Tells the format that a file name's extension (without its dot, in any case) promises.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "png" | "apng" => Some(Self::Png),
            "webp" => Some(Self::WebP),
            "gif" => Some(Self::Gif),
            "avif" => Some(Self::Avif),
            "bmp" => Some(Self::Bmp),
            _ => None,
        }
    }
}

/// Says whether what follows `BM` is a bitmap's header: twelve bytes on stands the length of one of its known versions.
fn is_bitmap(after_magic: &[u8]) -> bool {
    let length = after_magic.get(12..).and_then(|rest| rest.first_chunk());
    matches!(length.copied().map(u32::from_le_bytes), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// Says whether the file type box (ISO/IEC 14496-12, 4.3) names an AVIF brand, as its main one or among the compatible.
fn is_avif(head: &[u8]) -> bool {
    let [l0, l1, l2, l3, b'f', b't', b'y', b'p', brands @ ..] = head else { return false };
    let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
    let brands = brands.get(..(length as usize).saturating_sub(8)).unwrap_or(brands);
    let (brands, _) = brands.as_chunks::<4>();
    // The second four bytes are the main brand's version, not a brand.
    brands.iter().enumerate().any(|(at, brand)| at != 1 && matches!(brand, b"avif" | b"avis"))
}

#[cfg(test)]
mod tests {
    use crate::media::format::Format;

    #[test]
    fn the_first_bytes_tell_the_format() {
        let cases: [(&[u8], Option<Format>); 11] = [
            (b"\xFF\xD8\xFF\xE0", Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR", Some(Format::Png)),
            (b"\x89PNG\n\n\x1A\n", None),
            (b"GIF89a\x01\0\x01\0", Some(Format::Gif)),
            (b"GIF88a", None),
            (b"RIFF\x10\0\0\0WEBPVP8L", Some(Format::WebP)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf", Some(Format::Avif)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avis", Some(Format::Avif)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heicavif", None),
            (b"\0\0\0\x18ftypmp42avifmp42isom", None),
        ];
        for (head, format) in cases {
            assert_eq!(Format::sniff(head), format, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_text_that_begins_with_bm_is_no_bitmap() {
        assert_eq!(Format::sniff(b"BMW drivers, a study in four parts"), None);
        assert_eq!(Format::sniff(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0"), Some(Format::Bmp));
        assert_eq!(Format::sniff(b"BM"), None);
    }

    #[test]
    fn every_beginning_of_a_head_is_safe_to_ask_about() {
        let head = b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf";
        for end in 0..head.len() {
            let _ = Format::sniff(&head[..end]);
        }
        assert_eq!(Format::sniff(b""), None);
    }

    #[test]
    fn extensions_count_in_any_case() {
        assert_eq!(Format::from_extension("JPG"), Some(Format::Jpeg));
        assert_eq!(Format::from_extension("jfif"), Some(Format::Jpeg));
        assert_eq!(Format::from_extension("aPNG"), Some(Format::Png));
        assert_eq!(Format::from_extension("svg"), None);
        assert_eq!(Format::from_extension(""), None);
        assert_eq!(Format::from_extension("avif"), Some(Format::Avif));
    }
}

//! Whether a file may carry metadata, by its content first and by its name then: a photograph stays one as `IMG.jpg.orig`,
//! without any ending, and behind a stray first byte.
//!
//! Only a file's beginning is looked at. What the metadata reveal is read by `metadata.rs`.

use serde::{Deserialize, Serialize};

use crate::media::format::Format;

/// How many bytes from a file's beginning are enough for [`Metadata::in_file`].
///
/// A JPEG may begin behind other bytes: decoders skip a few of them, and `exiftool` finds one within the first kilobyte.
pub const BEGINNING: usize = 1024 + 3;

/// Endings of JPEG files, also of those with two pictures or a sphere in them; the ending of a copy may follow them.
const JPEG: [&str; 11] = ["jpg", "jpeg", "jpe", "jfif", "jfi", "jif", "pjpeg", "pjp", "mpo", "insp", "thm"];
/// Endings of pictures whose notes are not removed, for files whose beginning says nothing.
const OTHERS: [&str; 28] = [
    "heic", "heif", "hif", "avif", "tif", "tiff", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "orf",
    "rw2", "raf", "pef", "srw", "x3f", "mrw", "3fr", "iiq", "rwl", "jxl", "jp2", "psd",
];
/// What other files begin with that may hold a picture within: it is theirs, and not the file with something before it.
const CONTAINERS: [&[u8]; 12] = [
    b"ID3",
    b"fLaC",
    b"OggS",
    b"RIFF",
    b"FORM",
    b"PK\x03\x04",
    b"%PDF",
    b"\x1A\x45\xDF\xA3",
    b"GIF8",
    b"\x7FELF",
    b"\x1F\x8B",
    b"Rar!",
];

/// Notes in a picture's file: its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Metadata {
    /// They can be left out of a copy: JPEG, PNG and WebP, from this byte on.
    Removable {
        /// How many stray bytes stand before the picture.
        behind: u16,
    },
    /// They cannot: HEIF, AVIF, TIFF, the raw formats of cameras, and what else holds a picture.
    Lasting,
}

impl Metadata {
    /// Tells by a file's beginning ([`BEGINNING`] bytes of it, or all there are) and by its name.
    #[must_use]
    pub fn in_file(beginning: &[u8], name: &str) -> Option<Self> {
        let beginning = beginning.get(..BEGINNING).unwrap_or(beginning);
        match Format::sniff(beginning) {
            Some(Format::Jpeg | Format::Png | Format::WebP) => return Some(Self::Removable { behind: 0 }),
            Some(Format::Avif) => return Some(Self::Lasting),
            Some(Format::Gif | Format::Bmp) => return None,
            None if is_other_picture(beginning) => return Some(Self::Lasting),
            None => {}
        }
        let is_container = CONTAINERS.iter().any(|magic| beginning.starts_with(magic)) || brands(beginning).is_some();
        let jpeg = memchr::memmem::find(beginning, b"\xFF\xD8\xFF").filter(|_| !is_container);
        match jpeg.and_then(|at| u16::try_from(at).ok()) {
            // Only where the name does not speak against it: what stands before might be what the file is about.
            Some(behind) if is_named_jpeg(name) => Some(Self::Removable { behind }),
            Some(_) => Some(Self::Lasting),
            None => endings(name).any(|ending| OTHERS.contains(&ending.as_str())).then_some(Self::Lasting),
        }
    }
}

/// All parts of a name behind its first dot, in lower case.
fn endings(name: &str) -> impl Iterator<Item = String> {
    name.split('.').skip(1).map(str::to_lowercase)
}

/// Whether a name is a JPEG's or a copy's of one (`IMG.jpg_original`, `IMG.jpg~`), or says nothing.
fn is_named_jpeg(name: &str) -> bool {
    !name.contains('.') || endings(name).any(|ending| JPEG.iter().any(|known| ending.starts_with(known)))
}

/// Whether a file begins as another format for pictures: TIFF and what is built on it, HEIF, JPEG XL, JPEG 2000, Photoshop,
/// and the raw formats with a magic of their own.
fn is_other_picture(beginning: &[u8]) -> bool {
    const MAGIC: [&[u8]; 16] = [
        b"II*\0",
        b"MM\0*",
        b"II+\0",
        b"MM\0+",
        b"IIU\0",
        b"IIRO",
        b"IIRS",
        b"MMOR",
        b"II\x1A\0\0\0HEAPCCDR",
        b"FUJIFILMCCD-RAW",
        b"\0MRM",
        b"FOVb",
        b"\xFF\x0A",
        b"\0\0\0\x0CJXL ",
        b"\0\0\0\x0CjP  ",
        b"8BPS",
    ];
    MAGIC.iter().any(|magic| beginning.starts_with(magic))
        || brands(beginning).is_some_and(|brands| has_picture(&brands))
}

/// The brands that a file type box names (ISO/IEC 14496-12, 4.3).
fn brands(beginning: &[u8]) -> Option<Vec<[u8; 4]>> {
    let [l0, l1, l2, l3, b'f', b't', b'y', b'p', brands @ ..] = beginning else { return None };
    let length = usize::try_from(u32::from_be_bytes([*l0, *l1, *l2, *l3])).ok()?;
    let brands = brands.get(..length.saturating_sub(8)).unwrap_or(brands);
    Some(brands.as_chunks().0.to_vec())
}

/// The brands of HEIF (ISO/IEC 23008-12, B.4) and of Canon's raw files.
fn has_picture(brands: &[[u8; 4]]) -> bool {
    const PICTURES: [&[u8; 4]; 12] =
        [b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"avif", b"avis", b"crx "];
    brands.iter().any(|brand| PICTURES.contains(&brand))
}

#[cfg(test)]
mod tests {
    use crate::media::metadata_kind::Metadata;
    use crate::media::fixture::{Jpeg, png, webp};

    const REMOVABLE: Option<Metadata> = Some(Metadata::Removable { behind: 0 });

    #[test]
    fn the_content_counts_whatever_the_name_says() {
        let jpeg = Jpeg::new(3, 2).exif(1).bytes();
        for name in ["a.jpg", "a.pjpeg", "a.jfif", "a.mpo", "a.insp", "a.jpg.orig", "a", "a.txt", "a.heic", ".", ""] {
            assert_eq!(Metadata::in_file(&jpeg, name), REMOVABLE, "{name}");
            assert_eq!(Metadata::in_file(&png(3, 2, &[]), name), REMOVABLE, "{name}");
            assert_eq!(Metadata::in_file(&webp(3, 2, &[], &[]), name), REMOVABLE, "{name}");
        }
    }

    #[test]
    fn stray_bytes_before_a_photograph_do_not_hide_it() {
        let jpeg = Jpeg::new(3, 2).exif(1).bytes();
        for (stray, name, expected) in [
            (1, "a.jpg", Some(Metadata::Removable { behind: 1 })),
            (1024, "A.JPG.orig", Some(Metadata::Removable { behind: 1024 })),
            (2, "photo", Some(Metadata::Removable { behind: 2 })),
            (2, "photo.jpg_original", Some(Metadata::Removable { behind: 2 })),
            (2, "photo.xyz", Some(Metadata::Lasting)),
            (1030, "a.jpg", None),
        ] {
            let file = [&vec![b'\n'; stray][..], &jpeg].concat();
            assert_eq!(Metadata::in_file(&file, name), expected, "{stray} {name}");
        }
    }

    #[test]
    fn a_cover_in_a_song_is_the_songs() {
        let jpeg = Jpeg::new(3, 2).exif(1).bytes();
        for head in [
            &b"ID3\x04\0\0\0\0\x20\0APIC"[..],
            b"fLaC\0",
            b"PK\x03\x04",
            b"%PDF-1.7\n",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        ] {
            assert_eq!(Metadata::in_file(&[head, &jpeg].concat(), "a.mp3"), None, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_cannot_be_cleaned_is_known() {
        for (head, name) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], "a.jpg"),
            (b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf", "a"),
            (b"II*\0\x08\0\0\0", "a.nef"),
            (b"MM\0*\0\0\0\x08", "scan"),
            (b"IIU\0", "a.rw2"),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "a.bin"),
            (b"whatever", "a.dng"),
            (b"whatever", "a.HEIC.bak"),
        ] {
            assert_eq!(Metadata::in_file(head, name), Some(Metadata::Lasting), "{name}");
        }
        for (head, name) in
            [(&b"hello"[..], "a.txt"), (b"", "a.jpg"), (b"GIF89a", "a.gif"), (b"<svg/>", "a.svg"), (b"\xFF\xD8", "a")]
        {
            assert_eq!(Metadata::in_file(head, name), None, "{name}");
        }
    }
}

//! Whether a file may carry metadata, and whether a copy can be without, by its content first and by its name then: a
//! photograph stays one as `IMG.jpg.orig`, without any ending, and behind a stray first byte.
//!
//! Only a file's beginning is looked at here. What the metadata reveal is read by `metadata.rs`.

use std::io::{Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

use crate::media::content::{Container, Content, OtherPicture, Sound, brands};
use crate::media::erase_metadata::{Layout, erasures};
use crate::media::format::Format;

/// How many bytes from a file's beginning are enough for [`Metadata::in_file`].
///
/// A JPEG may begin behind other bytes: decoders skip a few of them, and `exiftool` finds one within the first kilobyte.
pub const BEGINNING: usize = 1024 + 3;

/// Endings of JPEG files, also of those with two pictures or a sphere in them; the ending of a copy may follow them.
const JPEG: [&str; 11] = ["jpg", "jpeg", "jpe", "jfif", "jfi", "jif", "pjpeg", "pjp", "mpo", "insp", "thm"];
/// Endings of the raw formats of cameras: most are built like a TIFF, and are none.
const RAW: [&str; 22] = [
    "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "orf", "rw2", "raf", "pef", "srw", "x3f", "mrw",
    "3fr", "fff", "iiq", "rwl", "dcr", "kdc",
];
/// Endings of other pictures, for files whose beginning says nothing.
const OTHERS: [&str; 8] = ["heic", "heif", "hif", "avif", "tif", "tiff", "jxl", "psd"];
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
/// What documents begin with: PDF, Microsoft's older formats, and archives, which the newer ones and OpenDocument are.
const DOCUMENTS: [&[u8]; 3] = [b"%PDF", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"PK\x03\x04"];
/// Endings of documents that are archives; of another archive the contents are nobody's business.
const OFFICE: [&str; 17] = [
    "docx", "docm", "dotx", "xlsx", "xlsm", "xltx", "pptx", "pptm", "ppsx", "odt", "ods", "odp", "odg", "ott", "vsdx",
    "pages", "key",
];

/// Notes in a file: its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Metadata {
    /// They can be left out of a copy: JPEG, PNG, WebP and GIF, from this byte on.
    Removable {
        /// How many stray bytes stand before the picture.
        behind: u16,
    },
    /// They can be overwritten in a copy: HEIF, AVIF, TIFF, MP4, QuickTime, AVI, WAVE.
    Erasable(Layout),
    /// They stay: raw formats of cameras, documents, tags of music, films in other containers, and what else holds a picture;
    /// also files of the formats above that are damaged.
    Lasting,
}

impl Metadata {
    /// Tells by a file's beginning ([`BEGINNING`] bytes of it, or all there are) and by its name.
    #[must_use]
    pub fn in_file(beginning: &[u8], name: &str) -> Option<Self> {
        let beginning = beginning.get(..BEGINNING).unwrap_or(beginning);
        match Content::sniff(beginning) {
            Content::Picture(Format::Jpeg | Format::Png | Format::WebP | Format::Gif) => {
                Some(Self::Removable { behind: 0 })
            }
            Content::Picture(Format::Avif)
            | Content::OtherPicture(OtherPicture::Heif)
            | Content::Film(Container::Mp4 | Container::QuickTime | Container::ThreeGpp)
            | Content::Sound(Sound::M4a) => Some(Self::Erasable(Layout::Boxes)),
            Content::OtherPicture(OtherPicture::Tiff) if !is_raw(name) => Some(Self::Erasable(Layout::Tags)),
            Content::Film(Container::Avi) | Content::Sound(Sound::Wav) => Some(Self::Erasable(Layout::Chunks)),
            Content::Picture(Format::Bmp) | Content::Sound(Sound::Midi) => None,
            Content::OtherPicture(_) | Content::Film(_) | Content::Sound(_) => Some(Self::Lasting),
            Content::Markup if endings(name).any(|ending| ending == "svg") => Some(Self::Lasting),
            Content::Markup | Content::Text | Content::Unknown => in_unknown(beginning, name),
        }
    }

    /// The same for a whole file of this length, which is looked through as far as is needed to know that its metadata can be
    /// overwritten.
    pub fn in_whole_file<R: Read + Seek>(mut file: R, length: u64, name: &str) -> Option<Self> {
        let mut beginning = Vec::with_capacity(BEGINNING);
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning));
        let metadata = read.ok().and_then(|_| Self::in_file(&beginning, name))?;
        match metadata {
            Self::Erasable(layout) if erasures(file, length, layout).is_none() => Some(Self::Lasting),
            metadata => Some(metadata),
        }
    }
}

/// Notes in a file whose beginning is no medium's.
fn in_unknown(beginning: &[u8], name: &str) -> Option<Metadata> {
    let is_container = CONTAINERS.iter().any(|magic| beginning.starts_with(magic)) || brands(beginning).is_some();
    let jpeg = memchr::memmem::find(beginning, b"\xFF\xD8\xFF").filter(|_| !is_container);
    match jpeg.and_then(|at| u16::try_from(at).ok()) {
        // Only where the name does not speak against it: what stands before might be what the file is about.
        Some(behind) if is_named_jpeg(name) => Some(Metadata::Removable { behind }),
        Some(_) => Some(Metadata::Lasting),
        None if is_document(beginning, name) => Some(Metadata::Lasting),
        None => {
            let is_named = |ending: String| OTHERS.contains(&ending.as_str()) || RAW.contains(&ending.as_str());
            let is_empty = beginning.is_empty();
            (!is_empty && endings(name).any(is_named)).then_some(Metadata::Lasting)
        }
    }
}

fn is_document(beginning: &[u8], name: &str) -> bool {
    DOCUMENTS.iter().any(|magic| beginning.starts_with(magic))
        && (!beginning.starts_with(b"PK") || endings(name).any(|ending| OFFICE.contains(&ending.as_str())))
}

/// All parts of a name behind its first dot, in lower case.
fn endings(name: &str) -> impl Iterator<Item = String> {
    name.split('.').skip(1).map(str::to_lowercase)
}

fn is_raw(name: &str) -> bool {
    endings(name).any(|ending| RAW.contains(&ending.as_str()))
}

/// Whether a name is a JPEG's or a copy's of one (`IMG.jpg_original`, `IMG.jpg~`), or says nothing.
fn is_named_jpeg(name: &str) -> bool {
    !name.contains('.') || endings(name).any(|ending| JPEG.iter().any(|known| ending.starts_with(known)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::media::erase_metadata::Layout;
    use crate::media::fixture::{Jpeg, gif, png, tiff, webp};
    use crate::media::metadata_kind::Metadata;

    const REMOVABLE: Option<Metadata> = Some(Metadata::Removable { behind: 0 });

    #[test]
    fn the_content_counts_whatever_the_name_says() {
        let jpeg = Jpeg::new(3, 2).exif(1).bytes();
        for name in ["a.jpg", "a.pjpeg", "a.jfif", "a.mpo", "a.insp", "a.jpg.orig", "a", "a.txt", "a.heic", ".", ""] {
            assert_eq!(Metadata::in_file(&jpeg, name), REMOVABLE, "{name}");
            assert_eq!(Metadata::in_file(&png(3, 2, &[]), name), REMOVABLE, "{name}");
            assert_eq!(Metadata::in_file(&webp(3, 2, &[], &[]), name), REMOVABLE, "{name}");
            assert_eq!(Metadata::in_file(&gif(&[]), name), REMOVABLE, "{name}");
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
        for head in [&b"ID3\x04\0\0\0\0\x20\0APIC"[..], b"fLaC\0", b"PK\x03\x04", b"%PDF-1.7\n"] {
            let metadata = Metadata::in_file(&[head, &jpeg].concat(), "a.jpg");
            assert!(!matches!(metadata, Some(Metadata::Removable { .. })), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_can_be_overwritten_is_known() {
        for (head, name, layout) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], "a.jpg", Layout::Boxes),
            (b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf", "a", Layout::Boxes),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a.ts", Layout::Boxes),
            (b"\0\0\0\x18ftypM4A \0\0\0\0mp42isom", "a.m4a", Layout::Boxes),
            (b"MM\0*\0\0\0\x08", "scan", Layout::Tags),
            (b"RIFF\0\0\0\0WAVE", "a.wav", Layout::Chunks),
        ] {
            assert_eq!(Metadata::in_file(head, name), Some(Metadata::Erasable(layout)), "{name}");
            let length = head.len() as u64;
            assert_eq!(Metadata::in_whole_file(Cursor::new(head), length, name), Some(Metadata::Lasting), "{name}");
        }
        let whole = tiff(false, &[], b"");
        let length = whole.len() as u64;
        let scan = Metadata::in_whole_file(Cursor::new(&whole), length, "scan.tif");
        assert_eq!(scan, Some(Metadata::Erasable(Layout::Tags)));
        assert_eq!(Metadata::in_whole_file(Cursor::new(&whole), length, "a.nef"), Some(Metadata::Lasting));
    }

    #[test]
    fn what_cannot_be_cleaned_is_known() {
        for (head, name) in [
            (&b"II*\0\x08\0\0\0"[..], "a.nef"),
            (b"ID3\x04\0", "a.mp3"),
            (b"%PDF-1.7\n", "a.pdf"),
            (b"PK\x03\x04\x14\0", "a.docx"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a.doc"),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm", "a.webm"),
            (b"<svg xmlns=''/>", "a.svg"),
            (b"IIU\0", "a.rw2"),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "a.bin"),
            (b"whatever", "a.dng"),
            (b"whatever", "a.HEIC.bak"),
        ] {
            assert_eq!(Metadata::in_file(head, name), Some(Metadata::Lasting), "{name}");
        }
        for (head, name) in
            [(&b"hello"[..], "a.txt"), (b"", "a.jpg"), (b"<p>", "a.html"), (b"PK\x03\x04", "a.zip"), (b"\xFF\xD8", "a")]
        {
            assert_eq!(Metadata::in_file(head, name), None, "{name}");
        }
    }
}

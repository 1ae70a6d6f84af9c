//! What the metadata in a file reveal: where it was made, with which single device, by whom.
//!
//! A search, and no reader of formats: wherever an EXIF block stands in what is looked at, its tags are read, and the names
//! of the revealing properties of XMP, IPTC, films and music are looked for. So it serves pictures, raw files, films, sound
//! and documents alike; of what is compressed, only documents are looked into. At most [`HEAD`] and [`TAIL`] bytes are read.

use std::io::{Read, Seek, SeekFrom};

use crate::media::content::{Container, Content, SNIFFED, Sound};
use crate::media::metadata::exif_block::Block;

mod coordinates;
mod documents;
mod exif_block;
mod music;
mod sensitive;
mod words;

pub use sensitive::SensitiveMetadata;

/// How many bytes from a file's beginning are looked at: notes stand at the beginning of nearly all formats.
const HEAD: u64 = 1 << 20;
/// How many bytes at a file's end are looked at: TIFF, films, documents and music may have them there.
const TAIL: u64 = 256 << 10;
/// How many bytes are looked at where many files are.
const GLANCE: u64 = 128 << 10;

/// Looks into a file of this length; what cannot be read reveals nothing.
pub fn sensitive_metadata<R: Read + Seek>(mut file: R, length: u64) -> SensitiveMetadata {
    let head = part(&mut file, 0, HEAD);
    let told = of_bytes(&head).and(documents::in_archive(&mut file, length));
    if length <= HEAD {
        return told.and(music::at_end(&head));
    }
    let tail = part(&mut file, HEAD.max(length.saturating_sub(TAIL)), TAIL);
    told.and(of_bytes(&tail)).and(music::at_end(&tail))
}

/// The same from the beginning of a file alone, where cameras write their notes: for looking into many.
pub fn sensitive_metadata_at_start<R: Read + Seek>(mut file: R) -> SensitiveMetadata {
    of_bytes(&part(&mut file, 0, GLANCE))
}

/// What the metadata of a file reveal that stay in its copies, if they reveal anything or if that cannot be known.
pub fn lasting_metadata<R: Read + Seek>(mut file: R, length: u64) -> Option<SensitiveMetadata> {
    let told = sensitive_metadata(&mut file, length);
    (told.anything() || is_opaque(file)).then_some(told)
}

/// Whether what a file reveals cannot be known here: a picture or a film that is not understood, or a document in one of
/// Microsoft's older formats. Of Matroska the tags are known, of a stream what a camcorder notes.
fn is_opaque<R: Read + Seek>(mut file: R) -> bool {
    let beginning = part(&mut file, 0, SNIFFED as u64);
    let content = Content::sniff(&beginning);
    let is_understood = matches!(
        content,
        Content::Film(Container::WebM | Container::Matroska | Container::Ogg | Container::TransportStream)
    );
    let is_medium = matches!(content, Content::Picture(_) | Content::OtherPicture(_) | Content::Film(_));
    documents::is_opaque(&beginning) || content == Content::Sound(Sound::Wav) || is_medium && !is_understood
}

fn part<R: Read + Seek>(file: &mut R, from: u64, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is as good as any other.
    let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(most).read_to_end(&mut bytes));
    if read.is_err() {
        tracing::debug!("a file could not be read to its end");
    }
    bytes
}

fn of_bytes(bytes: &[u8]) -> SensitiveMetadata {
    let told = Block::all(bytes).fold(SensitiveMetadata::default(), |all, block| all.and(block.tells()));
    told.and(words::told(bytes)).and(music::told(bytes)).and(documents::in_pdf(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::media::fixture::{Jpeg, SECRET, exif, located, png, png_chunk, webp};
    use crate::media::metadata::{HEAD, SensitiveMetadata, sensitive_metadata};
    use crate::media::without_metadata;

    fn told(bytes: &[u8]) -> SensitiveMetadata {
        sensitive_metadata(Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn place_device_and_person_are_found_in_every_container() {
        let secret = String::from_utf8(SECRET.to_vec()).unwrap();
        let block = located();
        let prefixed = [&b"Exif\0\0"[..], &block].concat();
        for file in [
            Jpeg::new(3, 2).segment(0xE1, &prefixed).bytes(),
            png(3, 2, &[png_chunk(b"eXIf", &block)]),
            webp(3, 2, &[], &[(b"EXIF", &block)]),
            block.clone(),
            [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], &prefixed].concat(),
        ] {
            let told = told(&file);
            assert!(told.place && told.device && told.person, "{}", file.escape_ascii());
            assert_eq!(told.words(), format!("place, device, person ({secret})"));
            assert_eq!(told.sentence(), format!("holds a place; names a device; names an author: {secret}"));
        }
        assert!(super::sensitive_metadata_at_start(Cursor::new(&block)).device);
        let far = [&vec![0; usize::try_from(HEAD).unwrap() + 9][..], &block].concat();
        assert!(told(&far).device);
    }

    #[test]
    fn what_was_published_tells_nothing() {
        let prefixed = [&b"Exif\0\0"[..], &located()].concat();
        let jpeg =
            Jpeg::new(3, 2).segment(0xE1, &prefixed).segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0 exif:GPSLatitude");
        assert_eq!(told(&without_metadata(&jpeg.bytes())), SensitiveMetadata::default());
    }

    #[test]
    fn an_ordinary_picture_and_nonsense_tell_nothing() {
        for file in [
            Jpeg::new(3, 2).exif(6).bytes(),
            exif(1),
            b"II*\0".to_vec(),
            b"II*\0\xFF\xFF\xFF\xFF".to_vec(),
            b"MM\0*\0\0\0\x04".repeat(9_000),
            b"II*\0\x08\0\0\0\xFF\xFF".repeat(900),
            Vec::new(),
        ] {
            assert_eq!(told(&file), SensitiveMetadata::default());
        }
    }

    #[test]
    fn words_of_xmp_and_iptc_count() {
        assert!(told(b"<rdf exif:GPSLatitude='48,52N'/>").place);
        assert!(told(b"aux:SerialNumber=\"1\"").device);
        assert!(told(b"8BIM\x04\x04\0\0\0\0\0\x0E\x1C\x02\x50\0\x03Ann").person);
    }
}

//! What a file is by its first bytes, whatever its name says: a picture, a film, sound, a text, or nothing that is known here.
//!
//! The rules are those of the WHATWG MIME Sniffing Standard where it has one, and the magic of each format's own
//! specification elsewhere. A file of another kind (a PDF, an archive, a program) is left to its name.

use std::fs::File;
use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use crate::media::format::Format;

/// How many bytes from a file's beginning are enough for [`Content::sniff`]: three packets of an MPEG transport stream.
pub const SNIFFED: usize = 1024;

/// Within so many bytes stands every magic that consists of letters alone.
const MAGIC_LENGTH: usize = 16;

/// What a file's first bytes say that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Content {
    /// A picture that every browser shows.
    Picture(Format),
    /// A picture that few browsers show.
    OtherPicture(OtherPicture),
    /// Moving pictures, or sound alone in a container that is made for both.
    Film(Container),
    /// Sound.
    Sound(Sound),
    /// An SVG drawing, or another text of angle brackets that may be one.
    Markup,
    /// A text of any other kind; also a file without a byte in it.
    Text,
    /// None of these, or not looked at.
    #[default]
    Unknown,
}

/// Pictures that few browsers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OtherPicture {
    /// HEIF, whatever its coding (ISO/IEC 23008-12).
    Heif,
    /// TIFF, and what is built on it, such as most raw formats of cameras.
    Tiff,
    /// JPEG XL (ISO/IEC 18181).
    JpegXl,
    /// JPEG 2000 (ISO/IEC 15444).
    Jpeg2000,
    /// Photoshop's own format.
    Photoshop,
    /// A camera's raw format with a magic of its own.
    Raw,
}

/// Containers of films.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Container {
    /// MP4 (ISO/IEC 14496-14).
    Mp4,
    /// Apple's QuickTime.
    QuickTime,
    /// 3GPP, of older phones (TS 26.244).
    ThreeGpp,
    /// WebM.
    WebM,
    /// Matroska, of which WebM is a part.
    Matroska,
    /// Ogg with moving pictures in it.
    Ogg,
    /// An MPEG-2 transport stream, as camcorders and broadcasters write it (ISO/IEC 13818-1).
    TransportStream,
    /// An MPEG program stream, as on DVDs.
    ProgramStream,
    /// Microsoft's AVI.
    Avi,
}

/// Formats of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sound {
    /// MPEG-1 and 2, layers 1 to 3.
    Mp3,
    /// AAC in ADTS frames.
    Aac,
    /// AAC or ALAC in an MP4 file that says so.
    M4a,
    /// FLAC.
    Flac,
    /// Ogg with sound alone in it: Vorbis, Opus.
    Ogg,
    /// Microsoft's WAVE.
    Wav,
    /// Apple's AIFF.
    Aiff,
    /// MIDI.
    Midi,
    /// AMR, of the voice recorders of phones.
    Amr,
}

impl Content {
    /// Tells by a file's beginning: [`SNIFFED`] bytes of it or more, or all there are.
    #[must_use]
    pub fn sniff(beginning: &[u8]) -> Self {
        if let Some(format) = Format::sniff(beginning) {
            return Self::Picture(format);
        }
        if let Some(brands) = brands(beginning) {
            return by_brands(&brands);
        }
        // Letters alone may begin a sentence as well: `MMORPGs`, `The wide world`.
        let magic = beginning.get(..MAGIC_LENGTH).unwrap_or(beginning);
        if beginning.len() > magic.len() && is_readable(beginning) {
            return text(beginning);
        }
        match other_picture(beginning) {
            Some(picture) => Self::OtherPicture(picture),
            None => film_or_sound(beginning).unwrap_or_else(|| text(beginning)),
        }
    }

    /// Tells by the beginning of an open file, which stands there again afterwards.
    ///
    /// # Errors
    /// As the system says.
    pub fn of_file(mut file: &File) -> io::Result<Self> {
        let mut beginning = Vec::with_capacity(SNIFFED);
        file.rewind()?;
        file.take(SNIFFED as u64).read_to_end(&mut beginning)?;
        file.rewind()?;
        Ok(Self::sniff(&beginning))
    }

    /// Its media type, as registered with IANA where it is; `None` for texts and what is not known, of which a name tells more.
    #[must_use]
    pub fn media_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Picture(format) => format.media_type(),
            Self::OtherPicture(picture) => picture.media_type()?,
            Self::Film(container) => container.media_type(),
            Self::Sound(sound) => sound.media_type(),
            Self::Markup | Self::Text | Self::Unknown => return None,
        })
    }
}

impl OtherPicture {
    /// A raw format is told by its name.
    fn media_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Heif => "image/heic",
            Self::Tiff => "image/tiff",
            Self::JpegXl => "image/jxl",
            Self::Jpeg2000 => "image/jp2",
            Self::Photoshop => "image/vnd.adobe.photoshop",
            Self::Raw => return None,
        })
    }
}

impl Container {
    fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::ThreeGpp => "video/3gpp",
            Self::WebM => "video/webm",
            Self::Matroska => "video/x-matroska",
            Self::Ogg => "video/ogg",
            Self::TransportStream => "video/mp2t",
            Self::ProgramStream => "video/mpeg",
            Self::Avi => "video/x-msvideo",
        }
    }

    /// Whether browsers play it.
    pub(super) fn is_played(self) -> bool {
        matches!(self, Self::Mp4 | Self::QuickTime | Self::WebM | Self::Ogg)
    }

    /// The media type of a file of sound alone in it; `None` where nobody writes that.
    pub(super) fn sound_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Mp4 | Self::QuickTime => "audio/mp4",
            Self::ThreeGpp => "audio/3gpp",
            Self::WebM => "audio/webm",
            Self::Matroska => "audio/x-matroska",
            Self::Ogg => "audio/ogg",
            Self::TransportStream | Self::ProgramStream | Self::Avi => return None,
        })
    }
}

impl Sound {
    fn media_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Aac => "audio/aac",
            Self::M4a => "audio/mp4",
            Self::Flac => "audio/flac",
            Self::Ogg => "audio/ogg",
            Self::Wav => "audio/wav",
            Self::Aiff => "audio/aiff",
            Self::Midi => "audio/midi",
            Self::Amr => "audio/amr",
        }
    }

    /// Whether browsers play it.
    pub(super) fn is_played(self) -> bool {
        !matches!(self, Self::Aiff | Self::Midi | Self::Amr)
    }
}

/// The brands that a file type box names (ISO/IEC 14496-12, 4.3), the main one first; the second four bytes are its version and
/// no brand.
pub(super) fn brands(beginning: &[u8]) -> Option<Vec<[u8; 4]>> {
    let [l0, l1, l2, l3, b'f', b't', b'y', b'p', brands @ ..] = beginning else { return None };
    let length = usize::try_from(u32::from_be_bytes([*l0, *l1, *l2, *l3])).ok()?;
    let (brands, _) = brands.get(..length.saturating_sub(8)).unwrap_or(brands).as_chunks::<4>();
    Some(brands.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| *brand).collect())
}

/// Whether these are brands of HEIF (ISO/IEC 23008-12, B.4), whatever its coding.
pub(super) fn has_heif_brand(brands: &[[u8; 4]]) -> bool {
    const BRANDS: [&[u8; 4]; 11] =
        [b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"avif", b"avis"];
    brands.iter().any(|brand| BRANDS.contains(&brand))
}

fn by_brands(brands: &[[u8; 4]]) -> Content {
    let Some(first) = brands.first() else { return Content::Film(Container::Mp4) };
    if has_heif_brand(brands) {
        return Content::OtherPicture(OtherPicture::Heif);
    }
    match first {
        b"crx " => Content::OtherPicture(OtherPicture::Raw),
        b"qt  " => Content::Film(Container::QuickTime),
        b"M4A " | b"M4B " | b"M4P " => Content::Sound(Sound::M4a),
        [b'3', b'g', ..] => Content::Film(Container::ThreeGpp),
        _ => Content::Film(Container::Mp4),
    }
}

fn other_picture(beginning: &[u8]) -> Option<OtherPicture> {
    const RAW: [&[u8]; 7] = [b"IIRO", b"IIRS", b"MMOR", b"II\x1A\0\0\0HEAPCCDR", b"FUJIFILMCCD-RAW", b"\0MRM", b"FOVb"];
    const MAGIC: [(&[u8], OtherPicture); 9] = [
        (b"II*\0", OtherPicture::Tiff),
        (b"MM\0*", OtherPicture::Tiff),
        (b"II+\0", OtherPicture::Tiff),
        (b"MM\0+", OtherPicture::Tiff),
        (b"IIU\0", OtherPicture::Raw),
        (b"\xFF\x0A", OtherPicture::JpegXl),
        (b"\0\0\0\x0CJXL ", OtherPicture::JpegXl),
        (b"\0\0\0\x0CjP  ", OtherPicture::Jpeg2000),
        (b"8BPS", OtherPicture::Photoshop),
    ];
    let known = MAGIC.iter().find(|(magic, _)| beginning.starts_with(magic)).map(|(_, picture)| *picture);
    known.or_else(|| RAW.iter().any(|magic| beginning.starts_with(magic)).then_some(OtherPicture::Raw))
}

fn film_or_sound(beginning: &[u8]) -> Option<Content> {
    use Container::{Avi, ProgramStream, QuickTime, TransportStream};
    use Sound::{Aac, Aiff, Amr, Flac, Midi, Mp3, Wav};
    Some(match beginning {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Content::Sound(Wav),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Content::Film(Avi),
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C', ..] => Content::Sound(Aiff),
        [b'f', b'L', b'a', b'C', ..] => Content::Sound(Flac),
        [b'I', b'D', b'3', 2..=4, ..] => Content::Sound(Mp3),
        [b'M', b'T', b'h', b'd', ..] => Content::Sound(Midi),
        [b'#', b'!', b'A', b'M', b'R', ..] => Content::Sound(Amr),
        [b'O', b'g', b'g', b'S', ..] => ogg(beginning),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => matroska(beginning),
        [0, 0, 1, 0xBA, ..] => Content::Film(ProgramStream),
        // QuickTime of old cameras has no file type box.
        [_, _, _, _, b'm', b'o', b'o', b'v' | b'f', ..] | [_, _, _, _, b'm', b'd', b'a', b't', ..] => {
            Content::Film(QuickTime)
        }
        [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Content::Film(QuickTime),
        _ if is_transport_stream(beginning) => Content::Film(TransportStream),
        // Twelve bits in a row, and a layer that is none in ADTS.
        [0xFF, second, ..] if second & 0xF6 == 0xF0 => Content::Sound(Aac),
        [0xFF, second, third, ..]
            if second & 0xE0 == 0xE0 && matches!(second & 0x06, 2 | 4) && is_mp3_rate(*second, *third) =>
        {
            Content::Sound(Mp3)
        }
        _ => return None,
    })
}

/// Whether the second and third byte of a frame's header name a version, a bit rate and a sampling rate that exist.
fn is_mp3_rate(second: u8, third: u8) -> bool {
    second & 0x18 != 0x08 && third & 0xF0 != 0xF0 && third & 0xF0 != 0 && third & 0x0C != 0x0C
}

fn ogg(beginning: &[u8]) -> Content {
    let has_pictures = memchr::memmem::find(beginning, b"\x80theora").is_some()
        || memchr::memmem::find(beginning, b"BBCD\0").is_some();
    if has_pictures { Content::Film(Container::Ogg) } else { Content::Sound(Sound::Ogg) }
}

fn matroska(beginning: &[u8]) -> Content {
    let header = beginning.get(..64).unwrap_or(beginning);
    let is_webm = memchr::memmem::find(header, b"webm").is_some();
    Content::Film(if is_webm { Container::WebM } else { Container::Matroska })
}

/// Whether packets of 188 bytes follow one another, each with its sync byte (ISO/IEC 13818-1, 2.4.3.2); those of Blu-ray discs
/// and camcorders have four bytes before each. One packet alone says nothing: `G` begins many a text.
fn is_transport_stream(beginning: &[u8]) -> bool {
    has_packets(beginning, 0, 188) || has_packets(beginning, 4, 192)
}

fn has_packets(beginning: &[u8], first: usize, length: usize) -> bool {
    (0..3).all(|packet| beginning.get(first + packet * length).is_some_and(|byte| *byte == 0x47))
        && beginning.iter().take(length).any(|byte| is_binary(*byte))
}

/// A text, if no byte speaks against it.
fn text(beginning: &[u8]) -> Content {
    let (is_text, start) = match beginning {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => (true, &[][..]),
        bytes => (is_readable(bytes), bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start()),
    };
    match start {
        _ if !is_text => Content::Unknown,
        [b'<', ..] => Content::Markup,
        _ => Content::Text,
    }
}

/// Bytes that no text has (WHATWG MIME Sniffing, "binary data byte").
fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)
}

/// Whether these are the beginning of a text: UTF-8 that may be cut off within a character, or an older coding, most of
/// whose letters are ASCII as well.
fn is_readable(bytes: &[u8]) -> bool {
    if bytes.iter().any(|byte| is_binary(*byte)) {
        return false;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => true,
        Err(_) => bytes.iter().filter(|byte| byte.is_ascii()).count() * 4 >= bytes.len() * 3,
    }
}

#[cfg(test)]
mod tests {
    use crate::media::content::{Container, Content, OtherPicture, Sound};
    use crate::media::fixture::{Jpeg, png};
    use crate::media::format::Format;

    fn transport_stream(before: usize) -> Vec<u8> {
        let packet = [&vec![0; before][..], b"G\x40\x11\x10", &[0xFF; 184]].concat();
        packet.repeat(4)
    }

    #[test]
    fn pictures_films_and_sound_are_told_by_their_bytes() {
        let cases: [(&[u8], Content); 26] = [
            (&Jpeg::new(3, 2).bytes(), Content::Picture(Format::Jpeg)),
            (&png(3, 2, &[]), Content::Picture(Format::Png)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Content::OtherPicture(OtherPicture::Heif)),
            (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", Content::OtherPicture(OtherPicture::Raw)),
            (b"MM\0*\0\0\0\x08", Content::OtherPicture(OtherPicture::Tiff)),
            (b"\0\0\0\x0CJXL \r\n\x87\n", Content::OtherPicture(OtherPicture::JpegXl)),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", Content::Film(Container::Mp4)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Content::Film(Container::QuickTime)),
            (b"\0\0\x10\0moov\0\0\0\x6Cmvhd", Content::Film(Container::QuickTime)),
            (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", Content::Film(Container::ThreeGpp)),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm", Content::Film(Container::WebM)),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x82\x88matroska", Content::Film(Container::Matroska)),
            (b"OggS\0\x02\x80theora", Content::Film(Container::Ogg)),
            (&transport_stream(0), Content::Film(Container::TransportStream)),
            (&transport_stream(4), Content::Film(Container::TransportStream)),
            (b"RIFF\0\0\0\0AVI LIST", Content::Film(Container::Avi)),
            (b"\0\0\x01\xBA\x44", Content::Film(Container::ProgramStream)),
            (b"OggS\0\x02OpusHead", Content::Sound(Sound::Ogg)),
            (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", Content::Sound(Sound::M4a)),
            (b"ID3\x04\0\0", Content::Sound(Sound::Mp3)),
            (b"\xFF\xFB\x90\x64", Content::Sound(Sound::Mp3)),
            (b"\xFF\xF1\x50\x80", Content::Sound(Sound::Aac)),
            (b"fLaC\0\0\0\x22", Content::Sound(Sound::Flac)),
            (b"RIFF\0\0\0\0WAVEfmt ", Content::Sound(Sound::Wav)),
            (b"#!AMR\n<", Content::Sound(Sound::Amr)),
            (b"FORM\0\0\0\0AIFFCOMM", Content::Sound(Sound::Aiff)),
        ];
        for (bytes, content) in cases {
            assert_eq!(Content::sniff(bytes), content, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn texts_are_texts_in_any_coding() {
        let gs = "Go is a language.\n".repeat(60);
        for text in [
            &b""[..],
            b"module example.org/hello\n\ngo 1.22\n",
            b"export const x: number = 1;\n",
            b"\xEF\xBB\xBFwith a mark",
            b"\xFF\xFEh\0i\0",
            "caf\u{e9} na\u{ef}ve".as_bytes(),
            b"caf\xE9 in Latin-1",
            b"cut off within a letter \xC3",
            b"\x1B[31mred\x1B[0m",
            gs.as_bytes(),
            b"ID3 is a format of tags",
            b"GIF, JPEG and PNG",
            b"BM is a pair of letters",
            b"RIFFs in rock music",
            b"MMORPGs, a list of those that are still played",
            b"The wide world, and what I saw of it",
            b"ID3\x09 a tab may follow the letters of a magic",
        ] {
            assert_eq!(Content::sniff(text), Content::Text, "{}", text.escape_ascii());
        }
        for text in [&b"<svg xmlns=''/>"[..], b"\n <?xml version='1.0'?>", b"\xEF\xBB\xBF<!doctype html>"] {
            assert_eq!(Content::sniff(text), Content::Markup, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn what_is_neither_is_left_to_its_name() {
        let g = [&b"G\0"[..], &[b'x'; 300]].concat();
        for bytes in [&b"PK\x03\x04"[..], b"\x7FELF\x02", b"a\0b", &[0; 2_400], b"\xFF\xD8", b"\x80\x81\x82\x83", &g] {
            assert_eq!(Content::sniff(bytes), Content::Unknown, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn every_beginning_is_safe_to_ask_about() {
        for whole in [&transport_stream(4)[..], b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"OggS\0\x02OpusHead"] {
            for end in 0..whole.len() {
                let _ = Content::sniff(&whole[..end]);
            }
        }
    }
}

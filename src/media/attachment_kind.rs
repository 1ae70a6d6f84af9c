//! What kind of file an attachment is, by its first bytes and then by its name, and what may be done with it: the one table
//! of file extensions.
//!
//! Sites ask it under which name a file is published and as what it is shown, feeds and the app for its media type, the
//! terminal whether it may be opened, and whoever waits for attachments which names are attachments' at all.
//!
//! What may be done with a stranger's file is decided by its name, which is what servers and systems go by; its content can
//! only forbid more.

use crate::media::content::{Content, Sound};
use crate::media::format::Format;
use crate::text::invisible::escaped;

/// The media type of a file of which nothing better is known.
pub const BYTES: &str = "application/octet-stream";

/// What kind of file an attachment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentKind {
    extension: String,
    known: Known,
    content: Content,
}

/// What people do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// They look at a picture, which every browser shows if it is one.
    Picture,
    /// They look at an SVG drawing, which is a document that can run scripts.
    Drawing,
    /// They listen to it, and browsers play it.
    Sound,
    /// They watch it, and browsers play it.
    Film,
    /// They watch it, and browsers do not play it.
    UnplayedFilm,
    /// They read it or work with it, in another program.
    Document,
    /// They start it, or it leads them elsewhere.
    Program,
    /// Something else.
    Other,
}

/// Under which name a stranger's file is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Publishing {
    /// Its own: neither a browser nor a web server runs it.
    Unchanged,
    /// One that ends in `.txt`: it can be read as text.
    InertText,
    /// One that ends in `.bin`. Which extensions a server runs (`.php`, `.shtml`, `.asp` …) is its own business and cannot
    /// be listed, so this is what every unknown file gets.
    InertBytes,
}

/// Whose file is opened with the system's own program for its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// Anybody's: its program only shows or plays it.
    Anybodys,
    /// One's own only: which programs a system has, and what they do with such a file, nobody can list.
    OnesOwn,
    /// Nobody's.
    Never,
}

/// What the table says of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    words: Option<&'static str>,
    used: Use,
    publishing: Publishing,
    opening: Opening,
}

/// The table.
fn look_up(extension: &str) -> Known {
    use Opening::{Anybodys, Never, OnesOwn};
    use Publishing::{InertBytes, InertText, Unchanged};
    use Use::{Document, Drawing, Film, Other, Picture, Program, Sound, UnplayedFilm};

    let (words, used, publishing, opening) = match extension {
        "apng" | "avif" | "bmp" | "gif" | "heic" | "jfif" | "jpe" | "jpeg" | "jpg" | "png" | "tif" | "tiff"
        | "webp" => (Some("picture"), Picture, Unchanged, Anybodys),
        "svg" => (Some("picture"), Drawing, InertText, OnesOwn),
        "aac" | "flac" | "m4a" | "mp3" | "oga" | "ogg" | "opus" | "wav" => (None, Sound, Unchanged, Anybodys),
        "m4v" | "mov" | "mp4" | "ogv" | "webm" => (None, Film, Unchanged, Anybodys),
        "3g2" | "3gp" | "avi" | "insv" | "mkv" | "mts" => (None, UnplayedFilm, InertBytes, OnesOwn),

        "csv" => (Some("CSV table"), Document, Unchanged, Anybodys),
        "epub" => (Some("e-book"), Document, Unchanged, Anybodys),
        "ics" => (Some("calendar"), Document, Unchanged, Anybodys),
        "json" => (Some("JSON data"), Document, Unchanged, Anybodys),
        "pdf" => (Some("PDF document"), Document, Unchanged, Anybodys),
        "tsv" | "vcf" => (None, Document, Unchanged, Anybodys),
        "txt" => (Some("text"), Document, Unchanged, Anybodys),
        // A text that names one means a project's file more often than an attachment.
        "md" => (Some("Markdown text"), Other, Unchanged, Anybodys),
        "eml" | "log" | "srt" => (None, Other, InertBytes, Anybodys),

        // Their programs run macros, or unpack what is in them.
        "doc" | "docx" | "odt" | "rtf" => (Some("text document"), Document, Unchanged, OnesOwn),
        "ods" | "xls" | "xlsx" => (Some("spreadsheet"), Document, Unchanged, OnesOwn),
        "ppt" | "pptx" => (Some("slides"), Document, Unchanged, OnesOwn),
        "odp" => (Some("slides"), Document, InertBytes, OnesOwn),
        "gpx" => (None, Document, InertBytes, OnesOwn),
        "7z" | "gz" | "tar" | "xz" | "zip" | "zst" => (Some("archive"), Document, Unchanged, OnesOwn),

        "css" | "htm" | "html" | "mht" | "mhtml" | "mjs" | "php" | "xht" | "xhtml" | "xml" | "xsl" | "xslt" => {
            (None, Other, InertText, OnesOwn)
        }
        "js" => (None, Program, InertText, Never),
        "action" | "apk" | "app" | "appimage" | "application" | "bat" | "bin" | "cmd" | "com" | "command" | "cpl"
        | "csh" | "deb" | "desktop" | "dll" | "dmg" | "exe" | "fish" | "flatpakref" | "gadget" | "hta" | "inf"
        | "jar" | "jnlp" | "jse" | "ksh" | "lnk" | "msi" | "msp" | "pif" | "pkg" | "pl" | "ps1" | "py" | "rb"
        | "reg" | "rpm" | "run" | "scf" | "scr" | "sh" | "snap" | "terminal" | "tool" | "url" | "vb" | "vbe"
        | "vbs" | "webloc" | "workflow" | "ws" | "wsf" | "zsh" => (None, Program, InertBytes, Never),
        _ => (None, Other, InertBytes, OnesOwn),
    };
    Known { words, used, publishing, opening }
}

impl AttachmentKind {
    /// The kind that a name promises, with or without folders before it: for a file that is not there, or that is the
    /// program's own.
    pub fn from_name(name: &str) -> Self {
        Self::new(name, Content::Unknown)
    }

    /// The kind of a file with this name and content.
    pub fn new(name: &str, content: Content) -> Self {
        let extension = extension(name);
        Self { known: look_up(&extension), extension, content }
    }

    /// What people do with it. A program stays one, whatever it begins with.
    pub fn used(&self) -> Use {
        let named = self.known.used;
        match self.content {
            _ if named == Use::Program => named,
            Content::Text | Content::Markup if self.is_drawing() => Use::Drawing,
            Content::Text | Content::Markup if is_medium(named) => Use::Document,
            Content::Text | Content::Markup | Content::Unknown => named,
            Content::Picture(_) | Content::OtherPicture(_) => Use::Picture,
            Content::Sound(sound) if sound.is_played() => Use::Sound,
            Content::Film(container) if named == Use::Sound && container.sound_type().is_some() => Use::Sound,
            Content::Film(container) if container.is_played() => Use::Film,
            Content::Film(_) => Use::UnplayedFilm,
            Content::Sound(_) if named == Use::Sound => named,
            Content::Sound(_) => Use::Other,
        }
    }

    /// Whether it is shown or played for something else than its name promises.
    pub fn is_misnamed(&self) -> bool {
        let family = |used| if used == Use::UnplayedFilm { Use::Film } else { used };
        let (named, used) = (family(self.known.used), family(self.used()));
        named != used && (is_medium(named) || is_medium(used))
    }

    /// Whether it starts a program or leads elsewhere, so that nobody should open it without knowing what it does.
    pub fn is_program(&self) -> bool {
        self.known.used == Use::Program
    }

    /// Whether it is a film, which tells as much of its place and device as a photograph.
    pub fn is_film(&self) -> bool {
        matches!(self.used(), Use::Film | Use::UnplayedFilm)
    }

    /// Whether a text that names such a file means an attachment, even while there is none of the name: of `example.org`
    /// nobody can know.
    pub fn is_awaited(&self) -> bool {
        !matches!(self.known.used, Use::Program | Use::Other)
    }

    /// What has to stand behind a stranger's file's name so that neither a browser nor a web server runs it; `None` where
    /// nothing would.
    pub fn inert_suffix(&self) -> Option<&'static str> {
        match self.known.publishing {
            Publishing::Unchanged => None,
            Publishing::InertText => Some(".txt"),
            Publishing::InertBytes => Some(".bin"),
        }
    }

    /// Whether a stranger's file may be opened with the system's own program for its kind: it is only looked at or
    /// listened to, and is what its name says.
    pub fn is_opened_from_others(&self) -> bool {
        self.known.opening == Opening::Anybodys && !self.is_misnamed()
    }

    /// Whether one's own file may be opened so.
    pub fn is_opened_from_oneself(&self) -> bool {
        self.known.opening != Opening::Never
    }

    /// The picture format that its name promises.
    pub fn promised_picture(&self) -> Option<Format> {
        Format::from_extension(&self.extension)
    }

    /// The picture format that it has, one that every browser shows.
    pub fn picture_format(&self) -> Option<Format> {
        match self.content {
            Content::Picture(format) if self.used() == Use::Picture => Some(format),
            _ => None,
        }
    }

    /// Its media type, as registered with IANA.
    ///
    /// A text is never a film, whatever its name: `main.ts` is TypeScript and `go.mod` belongs to Go.
    pub fn media_type(&self) -> &'static str {
        let named = mime_guess::from_ext(&self.extension).first_raw().unwrap_or(BYTES);
        match (self.content, self.known.used) {
            (_, Use::Program) | (Content::Unknown, _) => named,
            (Content::Film(container), Use::Sound) => {
                container.sound_type().or(self.content.media_type()).unwrap_or(named)
            }
            // Opus and Vorbis are told apart by nobody who plays them.
            (Content::Sound(Sound::Ogg), Use::Sound) if named.starts_with("audio/") => named,
            (Content::Text | Content::Markup, _) if self.used() == Use::Drawing => named,
            (Content::Text | Content::Markup, _) if is_for_bytes_only(named) => "text/plain",
            (content, _) => content.media_type().unwrap_or(named),
        }
    }

    /// Its `Content-Type`: a text is UTF-8 until proven otherwise.
    pub fn content_type(&self) -> String {
        let media_type = self.media_type();
        let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
        format!("{media_type}{charset}")
    }

    /// What people call it: `PDF document`, `XYZ file`.
    pub fn in_words(&self) -> String {
        match self.known.words {
            _ if self.is_misnamed() => self.content_in_words().to_owned(),
            Some(words) => words.to_owned(),
            None if self.extension.is_empty() => "file".to_owned(),
            None => format!("{} file", escaped(&self.extension).to_uppercase()),
        }
    }

    /// What people call a file that is not what its name says.
    fn content_in_words(&self) -> &'static str {
        match self.used() {
            Use::Picture | Use::Drawing => "picture",
            Use::Sound => "sound",
            Use::Film | Use::UnplayedFilm => "film",
            Use::Document if matches!(self.content, Content::Text | Content::Markup) => "text",
            Use::Document | Use::Program | Use::Other => "file",
        }
    }

    /// Whether its name says that it is an SVG drawing, and its content does not speak against it.
    fn is_drawing(&self) -> bool {
        self.known.used == Use::Drawing && self.content == Content::Markup
    }
}

/// Whether something is looked at or listened to, and so no text.
fn is_medium(used: Use) -> bool {
    matches!(used, Use::Picture | Use::Drawing | Use::Sound | Use::Film | Use::UnplayedFilm)
}

/// Whether no text has this media type.
fn is_for_bytes_only(media_type: &str) -> bool {
    media_type == BYTES || ["audio/", "font/", "image/", "video/"].iter().any(|kind| media_type.starts_with(kind))
}

/// What stands behind the last dot of a file's name, in lower case. Windows drops dots and spaces at the end, so they do not
/// count.
fn extension(name: &str) -> String {
    let name = name.trim_end_matches(['.', ' ']);
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> AttachmentKind {
        AttachmentKind::from_name(name)
    }

    #[test]
    fn what_starts_a_program_is_inert_on_a_site_and_never_opened() {
        for name in ["a.exe", "a.py", "a.AppImage", "a.deb", "a.js", "a.desktop", "a.url", "a.exe. .", "photo.jpg.lnk"]
        {
            let kind = kind(name);
            assert!(kind.is_program() && kind.inert_suffix().is_some(), "{name}");
            assert!(!kind.is_opened_from_oneself() && !kind.is_opened_from_others() && !kind.is_awaited(), "{name}");
        }
    }

    #[test]
    fn of_others_only_what_shows_or_plays_is_opened() {
        for name in ["a.jpg", "A.PDF", "a.txt", "a.mp3", "a.log"] {
            assert!(kind(name).is_opened_from_others(), "{name}");
        }
        for name in ["a.html", "a.svg", "a.xhtml", "letter", "a.docm", "a.docx", "a.zip", "a.xyz", ".jpg.html", ""] {
            let kind = kind(name);
            assert!(!kind.is_opened_from_others() && kind.is_opened_from_oneself(), "{name}");
        }
    }

    #[test]
    fn what_a_browser_or_server_could_run_gets_an_inert_name() {
        let cases = [
            ("a.jpg", None),
            ("a.docx", None),
            ("a.HTML", Some(".txt")),
            ("a.svg", Some(".txt")),
            ("a.php", Some(".txt")),
            ("a.shtml", Some(".bin")),
            ("a.exe", Some(".bin")),
            ("letter", Some(".bin")),
        ];
        for (name, suffix) in cases {
            assert_eq!(kind(name).inert_suffix(), suffix, "{name}");
        }
    }

    #[test]
    fn kinds_have_words_and_types() {
        let cases = [
            ("a.pdf", "PDF document", "application/pdf"),
            ("a.txt", "text", "text/plain; charset=utf-8"),
            ("a.html", "HTML file", "text/html; charset=utf-8"),
            ("photo.JPG.", "picture", "image/jpeg"),
            ("letter", "file", BYTES),
            ("a.x\u{202e}y", "X⟨U+202E⟩Y file", BYTES),
        ];
        for (name, words, content_type) in cases {
            assert_eq!((kind(name).in_words().as_str(), kind(name).content_type().as_str()), (words, content_type));
        }
    }

    #[test]
    fn the_content_counts_before_the_name() {
        use crate::media::content::{Container, Sound};
        let film = Content::Film(Container::Mp4);
        let stream = Content::Film(Container::TransportStream);
        let jpeg = Content::Picture(Format::Jpeg);
        let cases = [
            ("main.ts", Content::Text, Use::Other, "text/plain", "TS file"),
            ("go.mod", Content::Text, Use::Other, "text/plain", "MOD file"),
            ("app.tsx", Content::Text, Use::Other, "text/plain", "TSX file"),
            ("list.m3u", Content::Text, Use::Other, "text/plain", "M3U file"),
            ("letter", Content::Text, Use::Other, "text/plain", "file"),
            ("a.mp4", Content::Text, Use::Document, "text/plain", "text"),
            ("a.jpg", Content::Markup, Use::Document, "text/plain", "text"),
            ("a.svg", Content::Text, Use::Document, "text/plain", "text"),
            ("a.svg", Content::Markup, Use::Drawing, "image/svg+xml", "picture"),
            ("a.csv", Content::Text, Use::Document, "text/csv", "CSV table"),
            ("a.html", Content::Markup, Use::Other, "text/html", "HTML file"),
            ("clip.ts", stream, Use::UnplayedFilm, "video/mp2t", "film"),
            ("clip.ts", film, Use::Film, "video/mp4", "film"),
            ("clip.dat", film, Use::Film, "video/mp4", "film"),
            ("clip.mp4", film, Use::Film, "video/mp4", "MP4 file"),
            ("song.m4a", film, Use::Sound, "audio/mp4", "M4A file"),
            ("song.ogg", Content::Sound(Sound::Ogg), Use::Sound, "audio/ogg", "OGG file"),
            ("song.dat", Content::Sound(Sound::Flac), Use::Sound, "audio/flac", "sound"),
            ("a.png", jpeg, Use::Picture, "image/jpeg", "picture"),
            ("a", jpeg, Use::Picture, "image/jpeg", "picture"),
            (
                "a.nef",
                Content::OtherPicture(crate::media::content::OtherPicture::Raw),
                Use::Picture,
                "image/x-nikon-nef",
                "picture",
            ),
            ("a.pdf", Content::Unknown, Use::Document, "application/pdf", "PDF document"),
            ("a.exe", jpeg, Use::Program, BYTES, "EXE file"),
            ("a.js", Content::Text, Use::Program, "text/javascript", "JS file"),
        ];
        for (name, content, used, media_type, words) in cases {
            let kind = AttachmentKind::new(name, content);
            assert_eq!(
                (kind.used(), kind.media_type(), kind.in_words().as_str()),
                (used, media_type, words),
                "{name} {content:?}"
            );
        }
    }

    #[test]
    fn no_name_makes_a_film_of_a_text() {
        // All endings that are some medium's by their name.
        const MEDIA: [&str; 22] = [
            "ts", "mod", "mts", "m3u", "tsx", "dxf", "xbm", "xpm", "pbm", "ppm", "mpg", "mpeg", "mp3", "mp4", "mov",
            "ogg", "jpg", "png", "webp", "heic", "ttf", "otf",
        ];
        for extension in MEDIA {
            let kind = AttachmentKind::new(&format!("a.{extension}"), Content::Text);
            let media_type = kind.media_type();
            assert!(!is_for_bytes_only(media_type) || kind.is_program(), "{extension}: {media_type}");
        }
    }

    #[test]
    fn the_content_of_a_strangers_file_allows_nothing_that_its_name_forbids() {
        use crate::media::content::{Container, OtherPicture, Sound};
        let contents = [
            Content::Picture(Format::Gif),
            Content::OtherPicture(OtherPicture::Tiff),
            Content::Film(Container::WebM),
            Content::Sound(Sound::Mp3),
            Content::Markup,
            Content::Text,
        ];
        for name in ["a.jpg", "a.html", "a.svg", "a.php", "a.exe", "a.dat", "a.ts", "a", "a.pdf", "a.zip", "a.mp4"] {
            let named = kind(name);
            for content in contents {
                let kind = AttachmentKind::new(name, content);
                assert_eq!(kind.inert_suffix(), named.inert_suffix(), "{name}");
                assert!(named.is_opened_from_others() || !kind.is_opened_from_others(), "{name} {content:?}");
                assert!(named.is_opened_from_oneself() || !kind.is_opened_from_oneself(), "{name} {content:?}");
                assert!(!kind.media_type().contains("html") || name == "a.html", "{name} {content:?}");
            }
        }
    }

    #[test]
    fn only_names_of_attachments_are_awaited() {
        for name in ["a.jpg", "a.svg", "a.mkv", "a.xlsx", "a.gpx", "a.ZIP"] {
            assert!(kind(name).is_awaited(), "{name}");
        }
        for name in ["example.org", "a.html", "a.exe", "README.md", "below", ""] {
            assert!(!kind(name).is_awaited(), "{name}");
        }
    }
}

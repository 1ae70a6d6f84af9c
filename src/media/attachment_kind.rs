//! What kind of file an attachment is by its name, and what may be done with it: the one table of file extensions.
//!
//! Sites ask it under which name a file is published, the app whether it is shown or only saved, the terminal whether it
//! may be opened, and whoever waits for attachments which names are attachments' at all.

use crate::media::format::Format;
use crate::text::invisible::escaped;

/// The media type of a file of which nothing better is known.
pub const BYTES: &str = "application/octet-stream";

/// What kind of file an attachment is, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentKind {
    extension: String,
    known: Known,
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
    /// The kind of a file with this name, with or without folders before it.
    pub fn from_name(name: &str) -> Self {
        let extension = extension(name);
        Self { known: look_up(&extension), extension }
    }

    /// What people do with it.
    pub fn used(&self) -> Use {
        self.known.used
    }

    /// Whether it starts a program or leads elsewhere, so that nobody should open it without knowing what it does.
    pub fn is_program(&self) -> bool {
        self.known.used == Use::Program
    }

    /// Whether it is a film, which tells as much of its place and device as a photograph.
    pub fn is_film(&self) -> bool {
        matches!(self.known.used, Use::Film | Use::UnplayedFilm)
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
    /// listened to.
    pub fn is_opened_from_others(&self) -> bool {
        self.known.opening == Opening::Anybodys
    }

    /// Whether one's own file may be opened so.
    pub fn is_opened_from_oneself(&self) -> bool {
        self.known.opening != Opening::Never
    }

    /// The picture format that its name promises.
    pub fn picture_format(&self) -> Option<Format> {
        Format::from_extension(&self.extension)
    }

    /// Its media type, as registered with IANA.
    pub fn media_type(&self) -> &'static str {
        mime_guess::from_ext(&self.extension).first_raw().unwrap_or(BYTES)
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
            Some(words) => words.to_owned(),
            None if self.extension.is_empty() => "file".to_owned(),
            None => format!("{} file", escaped(&self.extension).to_uppercase()),
        }
    }
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
    fn only_names_of_attachments_are_awaited() {
        for name in ["a.jpg", "a.svg", "a.mkv", "a.xlsx", "a.gpx", "a.ZIP"] {
            assert!(kind(name).is_awaited(), "{name}");
        }
        for name in ["example.org", "a.html", "a.exe", "README.md", "below", ""] {
            assert!(!kind(name).is_awaited(), "{name}");
        }
    }
}

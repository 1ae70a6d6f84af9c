//! A message's attachments as pages show them.
//!
//! Owns their types and treatment: what is shown, what is played, what is only offered as a download, and what a browser
//! could run. Refuses to read files and to know where they are found.

use crate::channel::snapshot::card::Attachment;
use crate::markdown::{Media, Trust};
use crate::text::invisible::is_unseen;

/// What neither a browser nor a web server runs. From others, everything else is published under an inert name: which
/// endings a server executes (`.php`, `.shtml`, `.asp` …) is its own business and cannot be listed.
const PASSIVE: [&str; 50] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "avif", "bmp", "heic", "tif", "tiff", "mp3", "m4a",
    "ogg", "oga", "opus", "wav", "flac", "aac", "mp4", "m4v", "webm", "ogv", "mov", "pdf", "txt", "md", "csv", "tsv",
    "json", "ics", "vcf", "epub", "zip", "gz", "xz", "7z", "tar", "zst", "doc", "docx", "odt", "rtf", "xls", "xlsx",
    "ods", "ppt", "pptx",
];
/// What reads as text under its inert name.
const TEXTS: [&str; 14] =
    ["html", "htm", "xhtml", "xht", "xml", "svg", "js", "mjs", "css", "mht", "mhtml", "xsl", "xslt", "php"];
/// What a person could start by opening it.
const PROGRAMS: [&str; 20] = [
    "exe", "msi", "bat", "cmd", "com", "scr", "ps1", "vbs", "jar", "app", "apk", "sh", "desktop", "lnk", "url",
    "webloc", "scf", "hta", "reg", "dmg",
];

/// An attachment as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its address relative to the root of the pages, percent-encoded.
    pub address: String,
    /// What it is to a page.
    pub media: Media,
    /// Its media type.
    pub mime: String,
    /// Its name as people see it.
    pub name: String,
    /// Its kind in words: `PDF document`.
    pub kind: String,
    /// A word of warning.
    pub note: Option<&'static str>,
}

impl Attached {
    /// Sorts an attachment that is found at this address.
    pub fn new(file: &Attachment, trust: Trust, address: String) -> Self {
        let extension = extension(&file.path.name());
        let inert = inert_suffix(file, trust);
        Self {
            address,
            media: media(file, &extension, trust, inert.is_some()),
            mime: mime(&extension, inert),
            name: visible_name(&file.path.text()),
            kind: kind(&extension),
            note: note(file, &extension),
        }
    }
}

/// What has to stand behind the name of a file that a browser or a web server could run; `None` for one that nobody runs.
pub fn inert_suffix(file: &Attachment, trust: Trust) -> Option<&'static str> {
    let extension = extension(&file.path.name());
    let is_inert = trust == Trust::Theirs && !PASSIVE.contains(&extension.as_str());
    // Texts can be read as such; the rest is only bytes.
    is_inert.then(|| if TEXTS.contains(&extension.as_str()) { ".txt" } else { ".bin" })
}

/// A file's media type by its name.
pub fn media_type(name: &str) -> String {
    mime(&extension(name), None)
}

/// The name as it is shown: invisible and direction-changing characters become `⟨U+202E⟩`.
pub fn visible_name(name: &str) -> String {
    name.chars().fold(String::new(), |mut shown, c| {
        use std::fmt::Write;
        if c.is_control() || is_unseen(c) {
            let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(c));
        } else {
            shown.push(c);
        }
        shown
    })
}

fn media(file: &Attachment, extension: &str, trust: Trust, inert: bool) -> Media {
    if let Some(picture) = file.picture {
        let size = picture.size.map(|size| (size.width, size.height));
        return match picture.format {
            // A picture whose size is not sane is left to those who want it.
            Some(_) if size.is_some() => Media::Picture(size),
            _ => Media::File { download: true },
        };
    }
    match extension {
        "svg" if trust == Trust::Own => Media::Picture(file.drawing.map(|size| (size.width, size.height))),
        "mp3" | "m4a" | "ogg" | "oga" | "opus" | "wav" | "flac" | "aac" => Media::Audio,
        "mp4" | "m4v" | "webm" | "ogv" | "mov" => Media::Video,
        _ => Media::File { download: inert || trust == Trust::Theirs || PROGRAMS.contains(&extension) },
    }
}

fn note(file: &Attachment, extension: &str) -> Option<&'static str> {
    if PROGRAMS.contains(&extension) {
        return Some("a program: open it only if you know what it does");
    }
    match file.picture {
        Some(picture) if picture.format.is_none() => Some("not the picture that its name says"),
        Some(picture) if picture.size.is_none() => Some("a picture too large or too odd to be shown"),
        _ => None,
    }
}

fn extension(name: &str) -> String {
    let name = name.trim_end_matches(['.', ' ']);
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_lowercase())
}

fn mime(extension: &str, inert: Option<&'static str>) -> String {
    match inert {
        Some(".txt") => "text/plain".to_owned(),
        Some(_) => "application/octet-stream".to_owned(),
        None => mime_guess::from_ext(extension).first_raw().unwrap_or("application/octet-stream").to_owned(),
    }
}

/// A file's kind as people call it, by its name: `PDF document`.
pub fn kind_in_words(name: &str) -> String {
    kind(&extension(name))
}

/// The kind of files with this extension.
fn kind(extension: &str) -> String {
    let known = match extension {
        "pdf" => "PDF document",
        "csv" => "CSV table",
        "txt" => "text",
        "md" => "Markdown text",
        "zip" | "gz" | "xz" | "7z" | "tar" | "zst" => "archive",
        "doc" | "docx" | "odt" | "rtf" => "text document",
        "xls" | "xlsx" | "ods" => "spreadsheet",
        "ppt" | "pptx" | "odp" => "slides",
        "epub" => "e-book",
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "avif" | "bmp" | "svg" | "heic" | "tif" | "tiff" => "picture",
        "json" => "JSON data",
        "ics" => "calendar",
        "" => "file",
        other => return format!("{} file", visible_name(other).to_uppercase()),
    };
    known.to_owned()
}

/// A length in bytes as people read it: `12 kB`, `3.4 MB`.
pub fn readable_size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("TB");
    if tenths < 100 && tenths % 10 != 0 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_500, "1.5 kB"),
            (24_300, "24 kB"),
            (3_400_000, "3.4 MB"),
            (4_200_000_000, "4.2 GB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(readable_size(bytes), words);
        }
    }

    #[test]
    fn invisible_characters_are_shown() {
        assert_eq!(visible_name("invoice\u{202e}gpj.exe"), "invoice⟨U+202E⟩gpj.exe");
    }
}

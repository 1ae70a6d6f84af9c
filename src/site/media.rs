//! A message's attachments as the site has them.
//!
//! Owns their names, types and treatment: what is shown, what is played, what is only offered as a download, and what is
//! published under a name that no browser runs. Refuses to read files.

use crate::channel::card::{Attachment, Card};
use crate::channel::entry::Side;
use crate::markdown::{Media, Trust};

use super::file_name::{Taken, safe, shown};
use super::out_path::{OutPath, address};

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

/// An attachment as the site has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Published {
    /// Where it is written.
    pub path: OutPath,
    /// Its address relative to the site's root, percent-encoded.
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

/// Whose attachments a box holds.
pub(super) fn trust(side: Side) -> Trust {
    match side {
        Side::Inbox => Trust::Theirs,
        Side::Outbox => Trust::Own,
    }
}

/// Names and sorts a message's attachments; `prefix` is what its pages begin with, `""` or `inbox/`.
///
/// The result has the order of the card's attachments.
pub(super) fn publish(card: &Card, prefix: &str) -> Vec<Published> {
    if card.attachments.is_empty() {
        return Vec::new();
    }
    let folder = format!("{prefix}{}", card.stamp);
    let mut taken = Taken::default();
    card.attachments.iter().map(|file| published(file, &folder, trust(card.side), &mut taken)).collect()
}

fn published(file: &Attachment, folder: &str, trust: Trust, taken: &mut Taken) -> Published {
    let original = file.path.as_bytes();
    let name = file.path.text();
    let extension = extension(&file.path.name());
    let inert = trust == Trust::Theirs && !PASSIVE.contains(&extension.as_str());
    let mut safe_path = original.split(|byte| *byte == b'/').map(safe).collect::<Vec<_>>().join("/");
    if inert {
        safe_path.push_str(inert_suffix(&extension));
    }
    let path = format!("{folder}/{}", taken.unique(safe_path, original));
    let media = media(file, &extension, trust, inert);
    Published {
        address: address(&path),
        mime: mime(&extension, inert),
        name: shown(&name),
        kind: kind(&extension),
        note: note(file, &extension, inert),
        path: OutPath::fixed(path),
        media,
    }
}

/// Texts can be read as such; the rest is only bytes.
fn inert_suffix(extension: &str) -> &'static str {
    if TEXTS.contains(&extension) { ".txt" } else { ".bin" }
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

fn note(file: &Attachment, extension: &str, inert: bool) -> Option<&'static str> {
    if PROGRAMS.contains(&extension) {
        return Some("a program: open it only if you know what it does");
    }
    match file.picture {
        Some(picture) if picture.format.is_none() => Some("not the picture that its name says"),
        Some(picture) if picture.size.is_none() => Some("a picture too large or too odd to be shown"),
        _ if inert => Some("published under a name that no browser runs"),
        _ => None,
    }
}

fn extension(name: &str) -> String {
    let name = name.trim_end_matches(['.', ' ']);
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_lowercase())
}

fn mime(extension: &str, inert: bool) -> String {
    if inert {
        return if inert_suffix(extension) == ".txt" { "text/plain" } else { "application/octet-stream" }.to_owned();
    }
    mime_guess::from_ext(extension).first_raw().unwrap_or("application/octet-stream").to_owned()
}

/// A file's kind as people call it, by its name: `PDF document`.
pub fn kind_of(name: &str) -> String {
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
        other => return format!("{} file", shown(other).to_uppercase()),
    };
    known.to_owned()
}

/// A length in bytes as people read it: `12 kB`, `3.4 MB`.
pub fn size(bytes: u64) -> String {
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
            assert_eq!(size(bytes), words);
        }
    }
}

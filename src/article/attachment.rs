//! A message's attachments as pages show them.
//!
//! What is shown, what is played, and what is only offered as a download; [`AttachmentKind`] says what each file is.

use crate::channel::snapshot::card::Attachment;
use crate::markdown::{Media, Trust};
use crate::media::attachment_kind::{AttachmentKind, BYTES, Use};
use crate::text::invisible::escaped;

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
        let kind = file.kind();
        Self {
            address,
            media: media(file, &kind, trust),
            mime: media_type(&kind, inert_suffix(file, trust)).to_owned(),
            name: escaped(&file.path.text()),
            kind: kind.in_words(),
            note: note(file, &kind),
        }
    }
}

/// What has to stand behind the name of a file that a browser or a web server could run; `None` for one that nobody runs.
/// One's own files keep their names.
pub fn inert_suffix(file: &Attachment, trust: Trust) -> Option<&'static str> {
    file.kind().inert_suffix().filter(|_| trust == Trust::Theirs)
}

fn media(file: &Attachment, kind: &AttachmentKind, trust: Trust) -> Media {
    let size = file.size.map(|size| (size.width, size.height));
    if kind.picture_format().is_some() || kind.promised_picture().is_some() {
        // A picture whose size is not sane is left to those who want it, and so is what only claims to be a picture.
        let is_shown = kind.picture_format().is_some() && size.is_some() && !is_disguised(kind, trust);
        return if is_shown { Media::Picture(size) } else { Media::File { download: true } };
    }
    match kind.used() {
        _ if is_disguised(kind, trust) => Media::File { download: true },
        Use::Drawing if trust == Trust::Own => Media::Picture(size),
        Use::Sound => Media::Audio,
        Use::Film => Media::Video,
        _ => Media::File { download: trust == Trust::Theirs || kind.is_program() },
    }
}

/// Whether a stranger's file is something else than its name promises, or has to be published under another name: it is not
/// shown or played for what it is.
fn is_disguised(kind: &AttachmentKind, trust: Trust) -> bool {
    trust == Trust::Theirs && (kind.is_misnamed() || kind.inert_suffix().is_some())
}

fn note(file: &Attachment, kind: &AttachmentKind) -> Option<&'static str> {
    match (kind.promised_picture(), kind.picture_format()) {
        _ if kind.is_program() => Some("a program: open it only if you know what it does"),
        (Some(_), None) => Some("not the picture that its name says"),
        (_, Some(_)) if file.size.is_none() => Some("a picture too large or too odd to be shown"),
        _ => None,
    }
}

/// The media type of a file under its inert name.
fn media_type(kind: &AttachmentKind, inert: Option<&'static str>) -> &'static str {
    match inert {
        Some(".txt") => "text/plain",
        Some(_) => BYTES,
        None => kind.media_type(),
    }
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
}

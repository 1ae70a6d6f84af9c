//! Which attachments are opened with the system's own program, and how.
//!
//! Refused is whatever could start a program or lead elsewhere, and of other people's files all but what is looked at or listened to.
//! A refused file stays where it is, for a person to decide.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::commands::Failure;
use crate::markdown::Trust;
use crate::media::attachment_kind::AttachmentKind;
use crate::media::{Content, SNIFFED};

/// How programs, links and pages begin, in lower case, whatever their names say.
const BEGINNINGS: [&[u8]; 12] = [
    b"\x7felf",
    b"mz",
    b"#!",
    b"[desktop entry]",
    b"[internetshortcut]",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"<!doctype",
    b"<html",
    b"<svg",
    b"<?xml",
    b"<script",
];

/// Why a file is not opened; `None` when it may be.
fn refusal(name: &str, trust: Trust, is_executable: bool, head: &[u8]) -> Option<&'static str> {
    let kind = AttachmentKind::new(name, Content::sniff(head));
    if !kind.is_opened_from_oneself() {
        return Some("it could start a program or open something else");
    }
    if is_executable {
        return Some("it is marked as a program");
    }
    if trust == Trust::Own {
        return None;
    }
    if kind.is_misnamed() {
        return Some("it is not what its name says");
    }
    if !kind.is_opened_from_others() {
        return Some("missive opens only pictures, sound, films and plain documents from others");
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    let is_disguised = BEGINNINGS.iter().any(|beginning| start.starts_with(beginning));
    is_disguised.then_some("it is not what its name says")
}

/// Opens an attachment that was found in a box, with the system's own program for files of its kind.
///
/// # Errors
/// [`Failure`] when it is not to be opened, cannot be read, or there is no program that opens files.
pub(super) fn open(path: &Path, trust: Trust, mut file: &File) -> Result<(), Failure> {
    let is_executable = file.metadata()?.permissions().mode() & 0o111 != 0;
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(SNIFFED as u64).read_to_end(&mut head)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(why) = refusal(&name, trust, is_executable, &head) {
        let message = format!("`{name}` is not opened: {why}");
        return Err(Failure::new(message, format!("the file is {}", path.display())));
    }
    start(path)
}

/// Starts the system's own program, detached, so that ctrl-c here does not end what was opened.
fn start(path: &Path) -> Result<(), Failure> {
    open::that_detached(path).map_err(|error| {
        Failure::new(
            format!("no program to open files could be started: {error}"),
            format!("the file is {}", path.display()),
        )
        .caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_links_are_never_opened() {
        for name in [
            "a.desktop",
            "a.lnk",
            "a.url",
            "a.webloc",
            "a.sh",
            "a.EXE",
            "a.bat",
            "a.command",
            "a.app",
            "a.jar",
            "a.exe. .",
            "photo.jpg.desktop",
        ] {
            for trust in [Trust::Own, Trust::Theirs] {
                assert!(refusal(name, trust, false, b"").is_some(), "{name}");
            }
        }
        assert!(refusal("a.jpg", Trust::Own, true, b"").is_some());
    }

    #[test]
    fn of_others_only_what_shows_or_sounds() {
        for name in ["a.html", "a.svg", "a.xhtml", "letter", "a.docm", "a.xyz", ".jpg.html"] {
            assert!(refusal(name, Trust::Theirs, false, b"").is_some(), "{name}");
            assert_eq!(refusal(name, Trust::Own, false, b""), None, "{name}");
        }
        let heads: [(&str, &[u8]); 5] = [
            ("a.jpg", b"\xff\xd8\xff\xe0"),
            ("a.jpg", b"\x89PNG\r\n\x1a\n"),
            ("A.PDF", b"%PDF-1.7"),
            ("a.txt", b"hello"),
            ("a.mp3", b"ID3\x04\0"),
        ];
        for (name, head) in heads {
            assert_eq!(refusal(name, Trust::Theirs, false, head), None, "{name}");
        }
    }

    #[test]
    fn a_disguise_is_seen_through() {
        let heads: [&[u8]; 5] =
            [b"\x7fELF\x02", b"#!/bin/sh\n", b"\xef\xbb\xbf\n<HTML>", b"[Desktop Entry]\nExec=x", b" <svg onload=x>"];
        for head in heads {
            assert!(refusal("a.txt", Trust::Theirs, false, head).is_some(), "{head:?}");
        }
        let misnamed: [(&str, &[u8]); 4] = [
            ("a.jpg", b"just a text"),
            ("a.mp4", b"export const x = 1;\n"),
            ("a.txt", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
            ("a.mp3", b"\xff\xd8\xff\xe0"),
        ];
        for (name, head) in misnamed {
            assert_eq!(refusal(name, Trust::Theirs, false, head), Some("it is not what its name says"), "{name}");
            assert_eq!(refusal(name, Trust::Own, false, head), None, "{name}");
        }
    }
}

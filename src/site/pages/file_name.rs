//! Names for files of the site.
//!
//! Makes any name safe for every system that may serve or copy the site, takes from the names of others what a web server
//! could run them by, and keeps names apart that only some systems tell apart. A name that is safe already is kept to the
//! letter.

use std::collections::HashSet;

use crate::text::caseless::casefold;
use crate::text::invisible::is_unseen;

/// The longest name in bytes: sync tools put prefixes of their own before it.
const MAX_NAME: usize = 140;
/// The length of a mark, in hexadecimal digits.
const MARK: usize = 16;
/// Names that Windows keeps for devices, whatever their extension.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Makes one name safe. A changed name gets a short hash of the original, so that two never become one.
pub(crate) fn safe(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if is_safe(&text) && text.as_bytes() == name {
        return text.into_owned();
    }
    let cleaned: String = text.chars().map(|c| if is_odd(c) { '_' } else { c }).collect();
    marked(cleaned.trim_end_matches(['.', ' ']), name)
}

/// Takes from a path every dot but the one before the file's ending. Some servers read each ending in a name, wherever it
/// stands (Apache's `mod_mime` ran `x.php.txt`), and some take a folder for a program.
pub(crate) fn with_one_ending(path: &str) -> String {
    match path.rsplit_once('.').filter(|(_, ending)| !ending.contains('/')) {
        Some((stem, ending)) => format!("{}.{ending}", stem.replace('.', "_")),
        None => path.replace('.', "_"),
    }
}

/// Paths given out so far, as a system without regard for case and composition sees them.
#[derive(Default)]
pub(crate) struct Taken {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl Taken {
    /// Gives out `path`, or a marked name instead when it would clash with an earlier file or folder.
    ///
    /// A marked name clashes with nothing: [`safe`] leaves none that looks like one, and the mark is the original's hash.
    pub(crate) fn unique(&mut self, path: String, original: &[u8]) -> String {
        let key = casefold(&path);
        let parents: Vec<&str> = key.match_indices('/').filter_map(|(at, _)| key.get(..at)).collect();
        let clash = self.files.contains(&key)
            || self.folders.contains(&key)
            || parents.iter().any(|parent| self.files.contains(*parent));
        if clash {
            return marked(&path.replace('/', "_"), original);
        }
        self.folders.extend(parents.into_iter().map(str::to_owned));
        self.files.insert(key);
        path
    }
}

/// Puts a hash of the original before the extension, and cuts the name to its longest.
fn marked(name: &str, original: &[u8]) -> String {
    let hash = blake3::hash(original).to_hex();
    let mark: String = hash.chars().take(MARK).collect();
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 10 && !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = MAX_NAME - mark.len() - extension.len() - 2;
    let mut end = stem.len().min(room);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let stem = stem.get(..end).unwrap_or_default();
    let front = if is_reserved(stem) || stem.starts_with('.') { "_" } else { "" };
    format!("{front}{stem}-{mark}{extension}")
}

fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('.')
        && !name.ends_with(['.', ' '])
        && !name.chars().any(is_odd)
        && !is_reserved(name)
        && !is_marked(name)
}

/// Whether a name looks like one that this file made, so that no name from elsewhere can pass for it.
fn is_marked(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_mark = |tail: &str| tail.len() == MARK && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    [name, stem].iter().any(|text| text.rsplit_once('-').is_some_and(|(_, tail)| is_mark(tail)))
}

/// What Windows forbids, control characters, and characters that change how a name reads.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '\u{fffd}') || is_unseen(c)
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"))
        .is_some_and(|rest| matches!(rest.chars().collect::<Vec<_>>().as_slice(), ['0'..='9' | '¹' | '²' | '³']));
    numbered || RESERVED.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_names_are_kept_to_the_letter() {
        for name in ["photo.jpg", "été – copy.pdf", "100% done #1.jpg", "图表-x.png", "a.tar.gz", "Photo.JPG"] {
            assert_eq!(safe(name.as_bytes()), name);
        }
    }

    #[test]
    fn dangerous_names_are_changed_and_stay_apart() {
        let names: [&[u8]; 9] = [
            b"CON",
            b"nul.txt",
            b"COM1.log",
            "COM\u{b9}".as_bytes(),
            b"a:b.txt",
            b"a?b.txt",
            b"dot.",
            b"\xff.jpg",
            b"...",
        ];
        let mut seen = HashSet::new();
        for name in names {
            let safe = safe(name);
            assert!(!safe.chars().any(is_odd) && !is_reserved(&safe) && is_marked(&safe), "{safe}");
            assert!(seen.insert(safe));
        }
        assert_eq!(std::path::Path::new(&safe(b"nul.txt")).extension(), Some("txt".as_ref()));
        assert!(safe("x".repeat(300).as_bytes()).len() <= MAX_NAME);
    }

    #[test]
    fn names_that_some_systems_hold_for_one_are_kept_apart() {
        let mut taken = Taken::default();
        assert_eq!(taken.unique("Photo.JPG".into(), b"Photo.JPG"), "Photo.JPG");
        assert_ne!(casefold(&taken.unique("photo.jpg".into(), b"photo.jpg")), "photo.jpg");
        assert_ne!(taken.unique("photo.jpg/x".into(), b"photo.jpg/x"), "photo.jpg/x", "a file is no folder");
        assert_eq!(taken.unique("caf\u{e9}".into(), b"1"), "caf\u{e9}");
        assert_ne!(taken.unique("cafe\u{301}".into(), b"2"), "cafe\u{301}");
        assert_eq!(taken.unique("ß.txt".into(), b"3"), "ß.txt");
        assert_ne!(taken.unique("SS.txt".into(), b"4"), "SS.txt");
        assert_ne!(taken.unique("Ss.TXT/x".into(), b"5"), "Ss.TXT/x");
    }

    #[test]
    fn one_ending_is_left_of_several() {
        for (name, one) in [
            ("x.php.txt", "x_php.txt"),
            ("photo.SHTML.jpg", "photo_SHTML.jpg"),
            ("report.v2.pdf", "report_v2.pdf"),
            ("x.html.en.bin", "x_html_en.bin"),
            ("v1.2/a.php/photo.jpg", "v1_2/a_php/photo.jpg"),
            ("v1.2/README", "v1_2/README"),
            ("photo.jpg", "photo.jpg"),
            ("README", "README"),
            ("a..b.txt", "a__b.txt"),
        ] {
            assert_eq!(with_one_ending(name), one);
        }
    }
}

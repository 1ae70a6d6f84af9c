//! Who signed which message of a box that several people write: `.authors.toml`.
//!
//! Owns the file's form, reading it and writing it whole. It lies in a box only where there is more than one author, and
//! where anything in it is odd it says nothing at all. Refuses to check signatures, and to decide how a name is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::bylines::sane;
use super::profile::Problem;
use super::stamp::Stamp;
use crate::disk::beneath::Folder;
use crate::disk::whole;

/// The file's name within a box.
pub const FILE_NAME: &str = ".authors.toml";

/// A longer file is read by nobody, in bytes.
const MAX_FILE: usize = 16 << 20;

const HEAD: &str = "# Written by missive from the signatures of the channel's entries.\n";

/// The public half of the key that an author signs with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The length of a key in hex digits.
    pub const DIGITS: usize = 64;

    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 lower-case hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        if pairs.len() * 2 != Self::DIGITS || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }

    /// The first eight hex digits.
    pub fn short(&self) -> String {
        self.beginning(8)
    }

    /// The first so many hex digits.
    pub(super) fn beginning(&self, digits: usize) -> String {
        self.to_string().chars().take(digits).collect()
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Key {
    /// Writes 64 lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("not a key of 64 lower-case hex digits"))
    }
}

/// Who signed what in one box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Authors {
    /// The key that signed the channel's own profile, if that is known: the profile's `author` is its name.
    pub profile: Option<Key>,
    /// The name that each key has bound to itself; a stranger's words.
    pub names: BTreeMap<Key, String>,
    /// The key that signed each message.
    pub messages: BTreeMap<Stamp, Key>,
}

impl Authors {
    /// Reads a box's file. Without it, it says nothing.
    ///
    /// # Errors
    /// [`Problem`]; then nothing of it counts.
    pub fn read(folder: &Folder) -> Result<Self, Problem> {
        let (bytes, stat) = match folder.read(Path::new(FILE_NAME), MAX_FILE as u64) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Problem::Unreadable(error.to_string())),
        };
        if stat.len > MAX_FILE as u64 {
            return Err(Problem::Form(format!("longer than {} MiB", MAX_FILE >> 20)));
        }
        let text = String::from_utf8(bytes).map_err(|_| Problem::Form("it is no UTF-8".to_owned()))?;
        Self::parse(&text)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`Problem::Form`] with the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
            // The message may hold a part of the file, which is a stranger's.
            let what: String = error.message().chars().take(200).collect();
            Problem::Form(format!("line {line}: {what}"))
        })
    }

    /// Every key that it speaks of.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.names.keys().chain(self.messages.values()).chain(&self.profile).copied().collect()
    }

    /// The file's text. Names are written as they can be shown, and of messages beyond the file's bound the newest stay.
    pub fn to_toml(&self) -> String {
        let mut out = HEAD.to_owned();
        // Writing to a String cannot fail.
        if let Some(key) = &self.profile {
            let _ = writeln!(out, "profile = \"{key}\"");
        }
        out.push_str("\n[names]\n");
        for (key, name) in &self.names {
            if let Some(name) = sane(name) {
                let _ = writeln!(out, "\"{key}\" = {}", toml::Value::String(name));
            }
        }
        out.push_str("\n[messages]\n");
        let room = MAX_FILE.saturating_sub(out.len()) / LINE;
        for (stamp, key) in self.messages.iter().skip(self.messages.len().saturating_sub(room)) {
            let _ = writeln!(out, "\"{stamp}\" = \"{key}\"");
        }
        out
    }

    /// Writes it into a box where it speaks of more than one author, and takes away the file where it does not. Tells
    /// whether anything was other than before. What it says can be made again, so it is not flushed to the disk.
    ///
    /// # Errors
    /// The failing operation with its path; the file is as it was.
    pub fn write(&self, folder: &Path) -> io::Result<bool> {
        let path = folder.join(FILE_NAME);
        if self.keys().len() < 2 {
            return match fs_err::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                done => done.map(|()| true),
            };
        }
        let text = self.to_toml();
        let read = Folder::open(folder)?.read(Path::new(FILE_NAME), MAX_FILE as u64 + 1);
        if read.is_ok_and(|(bytes, _)| bytes == text.as_bytes()) {
            return Ok(false);
        }
        whole::replace(&path, text.as_bytes()).map(|()| true)
    }
}

/// The length of a message's line: a stamp and a key in quotation marks.
const LINE: usize = "\"2013-08-11T14-34-37Z\" = \"\"\n".len() + Key::DIGITS;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> Key {
        Key::new([byte; 32])
    }

    fn stamp(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds).unwrap()
    }

    fn read(text: &[u8]) -> Result<Authors, Problem> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
        Authors::read(&Folder::open(dir.path()).unwrap())
    }

    #[test]
    fn a_key_is_64_lower_case_hex_digits() {
        let hex = "1f0c2a9b".repeat(8);
        let key = Key::parse(&hex).unwrap();
        assert_eq!((key.to_string(), key.short()), (hex.clone(), "1f0c2a9b".to_owned()));
        for wrong in [String::new(), hex.to_uppercase(), format!("{hex}0"), hex.replace('f', "g"), hex[1..].to_owned()]
        {
            assert_eq!(Key::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_form_is_the_one_that_is_written() {
        let (a, b) = (key(0x1f), key(0xab));
        let text = format!(
            "{HEAD}profile = \"{a}\"\n\n[names]\n\"{a}\" = \"Azureen\"\n\n[messages]\n\"2013-08-11T14-34-37Z\" = \"{b}\"\n"
        );
        let authors = Authors {
            profile: Some(a),
            names: BTreeMap::from([(a, "Azureen".to_owned())]),
            messages: BTreeMap::from([(stamp(1_376_231_677), b)]),
        };
        assert_eq!(authors.to_toml(), text);
        assert_eq!(read(text.as_bytes()), Ok(authors));
    }

    #[test]
    fn unknown_keys_do_not_count_and_anything_odd_makes_it_say_nothing() {
        let a = key(1);
        let good = format!("later = 1\n[names]\n\"{a}\" = \"A\"\n[signatures]\n\"{a}\" = [1]\n");
        assert_eq!(read(good.as_bytes()).unwrap().names.len(), 1);
        assert_eq!(read(b""), Ok(Authors::default()));
        for (odd, what) in [
            ("[names]\n\"abc\" = \"A\"\n".to_owned(), "line 2"),
            (format!("[names]\n\"{a}\" = 7\n"), "line 2"),
            (format!("[messages]\n\"2013-08-11\" = \"{a}\"\n"), "line 2"),
            (format!("[messages]\n\"2013-08-11T14-34-37Z\" = \"{}\"\n", a.short()), "line 2"),
            (format!("[names]\n\"{a}\" = \"A\"\n\"{a}\" = \"B\"\n"), "line 3"),
            (format!("[names]\n\"{a}\" = \"A"), "line 2"),
            ("names = 3".to_owned(), "line 1"),
        ] {
            let problem = read(odd.as_bytes()).unwrap_err().to_string();
            assert!(problem.starts_with(what), "{odd}: {problem}");
        }
        assert_eq!(read(b"\xff"), Err(Problem::Form("it is no UTF-8".to_owned())));
        assert!(read(&vec![b'#'; MAX_FILE + 1]).unwrap_err().to_string().contains("16 MiB"));
    }

    #[test]
    fn a_link_or_a_folder_in_its_place_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join(FILE_NAME)).unwrap();
        assert!(Authors::read(&Folder::open(dir.path()).unwrap()).is_err());
        std::fs::remove_file(dir.path().join(FILE_NAME)).unwrap();
        std::fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
        assert!(Authors::read(&Folder::open(dir.path()).unwrap()).is_err());
    }

    #[test]
    fn it_is_written_only_where_it_differs_and_only_for_several() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let mut authors = Authors::default();
        authors.messages.insert(stamp(1), key(1));
        assert!(!authors.write(dir.path()).unwrap() && !path.exists());
        authors.names.insert(key(2), "A \"name\"\u{1b}\\".to_owned());
        assert!(authors.write(dir.path()).unwrap());
        let inode = || std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
        let before = inode();
        assert!(!authors.write(dir.path()).unwrap());
        assert_eq!(inode(), before);
        let read = Authors::read(&Folder::open(dir.path()).unwrap()).unwrap();
        assert_eq!(read.names[&key(2)], "A \"name\"\\");
        authors.names.clear();
        assert!(authors.write(dir.path()).unwrap() && !path.exists());
    }

    #[test]
    fn what_is_written_is_never_longer_than_what_is_read() {
        let many = i64::try_from(MAX_FILE / LINE).unwrap() + 10;
        let authors =
            Authors { messages: (0..many).map(|second| (stamp(second), key(9))).collect(), ..Authors::default() };
        let text = authors.to_toml();
        assert!(text.len() <= MAX_FILE && text.len() + LINE > MAX_FILE);
        assert!(text.contains(&stamp(many - 1).to_string()) && !text.contains(&stamp(0).to_string()));
        let started = std::time::Instant::now();
        assert_eq!(Authors::parse(&text).unwrap().messages.len(), MAX_FILE / LINE - 1);
        assert!(started.elapsed() < std::time::Duration::from_secs(30));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(names in proptest::collection::btree_map(any::<[u8; 32]>(), any::<String>(), 0..5),
                                       messages in proptest::collection::btree_map(0i64..1 << 33, any::<[u8; 32]>(), 0..5)) {
            let names = names.into_iter().filter_map(|(key, name)| Some((Key::new(key), sane(&name)?))).collect();
            let messages = messages.into_iter().map(|(second, key)| (stamp(second), Key::new(key))).collect();
            let authors = Authors { profile: None, names, messages };
            prop_assert_eq!(Authors::parse(&authors.to_toml()), Ok(authors));
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = Authors::parse(&text);
        }
    }
}

//! Reads and writes `.authors.toml`: who signed which message of a box that several people write.
//!
//! The file exists only where a box has more than one author. If anything in it is odd, nothing of it counts. It is written
//! from signatures that the sync engine has checked; how a name is shown is decided in `bylines.rs`, what is trusted in
//! `trust.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Deserializer, de};

use crate::channel::authorship::author_name::sane;
use crate::channel::authorship::signers::{Key, Signers, array};
use crate::channel::protocol::entry::{Entry, RelativePath};
use crate::channel::protocol::layout::AUTHORS_FILE;
use crate::channel::protocol::profile::Problem;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::protocol::toml_error;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::Folder;

/// A longer file is read by nobody, in bytes.
const MAX_FILE: usize = 16 << 20;

const HEAD: &str = "# Written by missive from the signatures of the channel's entries.\n";

/// An attachment of a box: its message and its path below the message's stem folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachmentId(pub Stamp, pub RelativePath);

impl AttachmentId {
    /// Reads `STAMP/path`, percent-encoded.
    pub fn parse(text: &str) -> Option<Self> {
        match Entry::parse(&percent_decode_str(text).collect::<Vec<u8>>())? {
            Entry::Attachment(stamp, path) => Some(Self(stamp, path)),
            Entry::Text(_) => None,
        }
    }
}

impl fmt::Display for AttachmentId {
    /// Writes `STAMP/path`, percent-encoded as far as it could not stand in a TOML string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ODD: AsciiSet = CONTROLS.add(b'"').add(b'\\').add(b'%');
        write!(f, "{}/{}", self.0, percent_encode(self.1.as_bytes(), &ODD))
    }
}

impl<'de> Deserialize<'de> for AttachmentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an attachment's path such as STAMP/name"))
    }
}

/// Who signed what in one box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct Authors {
    /// The key of the channel's owner.
    pub owner: Option<Key>,
    /// In an outbox: the keys whose texts count as this device's own, its own author first, then those whom the user
    /// trusts. Always there in an outbox: without it everything in the box is treated as somebody else's.
    pub own: Vec<Key>,
    /// The names that the channel's owner has bound to keys, the owner's own among them.
    pub names: BTreeMap<Key, String>,
    /// What a key calls itself where the owner has bound no name to it; a stranger's words.
    pub claimed: BTreeMap<Key, String>,
    /// Who signed each message.
    pub messages: BTreeMap<Stamp, Signers>,
    /// Who signed an attachment, where that is somebody else than its message's signer.
    pub attachments: BTreeMap<AttachmentId, Signers>,
}

/// The file as it is written, in this form or in the first one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    owner: Option<Key>,
    /// What the first form called the owner's key; the names in such a file were bound by nobody.
    profile: Option<Key>,
    own: Vec<Key>,
    names: BTreeMap<Key, String>,
    claimed: BTreeMap<Key, String>,
    messages: BTreeMap<Stamp, Signers>,
    attachments: BTreeMap<AttachmentId, Signers>,
}

impl From<Written> for Authors {
    fn from(written: Written) -> Self {
        let Written { owner, profile, own, mut names, mut claimed, messages, attachments } = written;
        if owner.is_none() {
            // Only an owner can bind a name.
            claimed.append(&mut names);
        }
        Self { owner: owner.or(profile), own, names, claimed, messages, attachments }
    }
}

impl Authors {
    /// Reads a box's file; `None` where there is none.
    ///
    /// # Errors
    /// [`Problem`]; then nothing of it counts.
    pub fn read(folder: &Folder) -> Result<Option<Self>, Problem> {
        let (bytes, stat) = match folder.read(Path::new(AUTHORS_FILE), MAX_FILE as u64) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::Unreadable(error.to_string())),
        };
        if stat.len > MAX_FILE as u64 {
            return Err(Problem::Form(format!("longer than {} MiB", MAX_FILE >> 20)));
        }
        let text = String::from_utf8(bytes).map_err(|_| Problem::Form("it is not UTF-8 text".to_owned()))?;
        Self::parse(&text).map(Some)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`Problem::Form`] with the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| {
            let line = toml_error::line(text, &error);
            // The message may hold a part of the file, which is a stranger's.
            let what: String = error.message().chars().take(200).collect();
            Problem::Form(format!("line {line}: {what}"))
        })
    }

    /// Everybody who signed a file of the box.
    pub fn signers(&self) -> BTreeSet<Key> {
        let files = self.messages.values().chain(self.attachments.values());
        files.flat_map(Signers::keys).copied().collect()
    }

    /// Every key that it speaks of.
    pub fn keys(&self) -> BTreeSet<Key> {
        let named = self.names.keys().chain(self.claimed.keys());
        self.signers().into_iter().chain(named.chain(&self.owner).chain(&self.own).copied()).collect()
    }

    /// Whether everybody who signed a file counts as this device's own.
    pub fn is_own(&self, signers: &Signers) -> bool {
        signers.keys().iter().all(|key| self.own.contains(key))
    }

    /// The file's text; names are written as they can be shown.
    ///
    /// What is not listed in an outbox counts as one's own. So where not everything fits into the file's bound, the lines of
    /// one's own files are left out first, and then `own` itself: everything in the box is somebody else's then. In an
    /// inbox, the newest messages stay.
    pub fn to_toml(&self) -> String {
        self.to_toml_within(MAX_FILE)
    }

    fn to_toml_within(&self, limit: usize) -> String {
        let whole = self.text(&self.own, |_| true);
        if whole.len() <= limit {
            return whole;
        }
        let foreign = self.text(&self.own, |signers| !self.is_own(signers));
        if foreign.len() <= limit && !self.own.is_empty() {
            return foreign;
        }
        let mut cut = Self { own: Vec::new(), messages: BTreeMap::new(), attachments: BTreeMap::new(), ..self.clone() };
        let mut room = limit.saturating_sub(cut.text(&[], |_| true).len());
        for (stamp, signers) in self.messages.iter().rev() {
            let line = message_line(*stamp, signers).len();
            if line > room {
                break;
            }
            room -= line;
            cut.messages.insert(*stamp, signers.clone());
        }
        cut.text(&[], |_| true)
    }

    fn text(&self, own: &[Key], is_listed: impl Fn(&Signers) -> bool) -> String {
        let mut out = HEAD.to_owned();
        out.extend(self.owner.map(|key| format!("owner = \"{key}\"\n")));
        if !own.is_empty() {
            out.extend(["own = ", &array(own), "\n"]);
        }
        for (table, names) in [("names", &self.names), ("claimed", &self.claimed)] {
            let sane = names.iter().filter_map(|(key, name)| Some((key, toml::Value::String(sane(name)?))));
            out.extend(["\n[", table, "]\n"]);
            out.extend(sane.map(|(key, name)| format!("\"{key}\" = {name}\n")));
        }
        out.push_str("\n[messages]\n");
        let messages = self.messages.iter().filter(|(_, signers)| is_listed(signers));
        out.extend(messages.map(|(stamp, signers)| message_line(*stamp, signers)));
        if !self.attachments.is_empty() {
            out.push_str("\n[attachments]\n");
        }
        let files = self.attachments.iter().filter(|(_, signers)| is_listed(signers));
        out.extend(files.map(|(file, signers)| format!("\"{file}\" = {signers}\n")));
        out
    }

    /// Writes it into a box where it speaks of more than one key, flushed to the disk, and takes away the file where it
    /// does not. Tells whether anything was other than before. An outbox's always has `own`, so there one foreign signer
    /// makes two keys.
    ///
    /// # Errors
    /// The failing operation with its path; the file is as it was.
    pub fn write(&self, folder: &Path) -> io::Result<bool> {
        let path = folder.join(AUTHORS_FILE);
        if self.keys().len() < 2 {
            return match fs_err::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                done => done.map(|()| true),
            };
        }
        let text = self.to_toml();
        let read = Folder::open(folder)?.read(Path::new(AUTHORS_FILE), MAX_FILE as u64 + 1);
        if read.is_ok_and(|(bytes, _)| bytes == text.as_bytes()) {
            return Ok(false);
        }
        // A stranger's file that is placed after this must not be there without it after a power failure.
        Temporary::file(&path, text.as_bytes())?.replace(&path).map(|()| true)
    }
}

fn message_line(stamp: Stamp, signers: &Signers) -> String {
    format!("\"{stamp}\" = {signers}\n")
}

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
        std::fs::write(dir.path().join(AUTHORS_FILE), text).unwrap();
        Authors::read(&Folder::open(dir.path()).unwrap()).map(Option::unwrap)
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
        let (a, b, c) = (key(0x1f), key(0xab), key(0xcd));
        let text = format!(
            "{HEAD}owner = \"{a}\"\nown = [\"{b}\", \"{a}\"]\n\n[names]\n\"{a}\" = \"Azureen\"\n\n[claimed]\n\"{b}\" = \"Brando\"\n\n\
             [messages]\n\"2013-08-11T14-34-37Z\" = \"{b}\"\n\"2013-08-11T14-34-38Z\" = [\"{b}\", \"{c}\"]\n\n\
             [attachments]\n\"2013-08-11T14-34-37Z/a/50%25 %C3%BC%FF.png\" = \"{c}\"\n"
        );
        let path = [b"a/50% ".as_slice(), "ü".as_bytes(), b"\xff.png"].concat();
        let file = AttachmentId(stamp(1_376_231_677), RelativePath::parse(&path).unwrap());
        let authors = Authors {
            owner: Some(a),
            own: vec![b, a],
            names: BTreeMap::from([(a, "Azureen".to_owned())]),
            claimed: BTreeMap::from([(b, "Brando".to_owned())]),
            messages: BTreeMap::from([
                (stamp(1_376_231_677), b.into()),
                (stamp(1_376_231_678), Signers::new([c, b]).unwrap()),
            ]),
            attachments: BTreeMap::from([(file, c.into())]),
        };
        assert_eq!(authors.to_toml(), text);
        assert_eq!(read(text.as_bytes()), Ok(authors));
    }

    #[test]
    fn in_the_first_form_nobody_had_bound_a_name() {
        let (a, b) = (key(1), key(2));
        let text =
            format!("profile = \"{a}\"\n[names]\n\"{a}\" = \"A\"\n[messages]\n\"2013-08-11T14-34-37Z\" = \"{b}\"\n");
        let expected = Authors {
            owner: Some(a),
            claimed: BTreeMap::from([(a, "A".to_owned())]),
            messages: BTreeMap::from([(stamp(1_376_231_677), b.into())]),
            ..Authors::default()
        };
        assert_eq!(Authors::parse(&text), Ok(expected));
        let without = Authors::parse(&format!("[names]\n\"{a}\" = \"A\"\n")).unwrap();
        assert!(without.names.is_empty() && without.claimed.len() == 1);
    }

    #[test]
    fn unknown_keys_do_not_count_and_anything_odd_makes_it_say_nothing() {
        let a = key(1);
        let good = format!("later = 1\n[claimed]\n\"{a}\" = \"A\"\n[signatures]\n\"{a}\" = [1]\n");
        assert_eq!(read(good.as_bytes()).unwrap().claimed.len(), 1);
        assert_eq!(read(b""), Ok(Authors::default()));
        for (odd, what) in [
            ("[names]\n\"abc\" = \"A\"\n".to_owned(), "line 2"),
            (format!("[names]\n\"{a}\" = 7\n"), "line 2"),
            (format!("[messages]\n\"2013-08-11\" = \"{a}\"\n"), "line 2"),
            (format!("[messages]\n\"2013-08-11T14-34-37Z\" = \"{}\"\n", a.short()), "line 2"),
            (format!("[names]\n\"{a}\" = \"A\"\n\"{a}\" = \"B\"\n"), "line 3"),
            (format!("[names]\n\"{a}\" = \"A"), "line 2"),
            ("names = 3".to_owned(), "line 1"),
            ("own = [\"abc\"]".to_owned(), "line 1"),
            ("[messages]\n\"2013-08-11T14-34-37Z\" = []\n".to_owned(), "line 2"),
            ("[messages]\n\"2013-08-11T14-34-37Z\" = 7\n".to_owned(), "line 2"),
            (format!("[attachments]\n\"2013-08-11T14-34-37Z/../x\" = \"{a}\"\n"), "line 2"),
            (format!("[attachments]\n\"2013-08-11T14-34-37Z.txt\" = \"{a}\"\n"), "line 2"),
        ] {
            let problem = read(odd.as_bytes()).unwrap_err().to_string();
            assert!(problem.starts_with(what), "{odd}: {problem}");
        }
        assert_eq!(read(b"\xff"), Err(Problem::Form("it is not UTF-8 text".to_owned())));
        assert!(read(&vec![b'#'; MAX_FILE + 1]).unwrap_err().to_string().contains("16 MiB"));
    }

    #[test]
    fn a_link_or_a_folder_in_its_place_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join(AUTHORS_FILE)).unwrap();
        assert!(Authors::read(&Folder::open(dir.path()).unwrap()).is_err());
        std::fs::remove_file(dir.path().join(AUTHORS_FILE)).unwrap();
        std::fs::create_dir(dir.path().join(AUTHORS_FILE)).unwrap();
        assert!(Authors::read(&Folder::open(dir.path()).unwrap()).is_err());
    }

    #[test]
    fn it_is_written_only_where_it_differs_and_only_for_several() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(AUTHORS_FILE);
        let mut authors = Authors { owner: Some(key(1)), ..Authors::default() };
        authors.messages.insert(stamp(1), key(1).into());
        assert!(!authors.write(dir.path()).unwrap() && !path.exists());
        let mine = Authors { own: vec![key(2)], ..Authors::default() };
        assert!(!mine.write(dir.path()).unwrap() && !path.exists());
        let foreign = Authors { messages: authors.messages.clone(), ..mine };
        assert!(foreign.write(dir.path()).unwrap() && path.exists(), "one foreign signer in an outbox is enough");
        authors.names.insert(key(2), "A \"name\"\u{1b}\\".to_owned());
        assert!(authors.write(dir.path()).unwrap());
        let inode = || std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
        let before = inode();
        assert!(!authors.write(dir.path()).unwrap());
        assert_eq!(inode(), before);
        let read = Authors::read(&Folder::open(dir.path()).unwrap()).unwrap().unwrap();
        assert_eq!(read.names[&key(2)], "A \"name\"\\");
        authors.names.clear();
        assert!(authors.write(dir.path()).unwrap() && !path.exists());
    }

    #[test]
    fn what_is_written_is_never_longer_than_what_is_read() {
        const LIMIT: usize = 100_000;
        let line = message_line(stamp(0), &key(9).into()).len();
        let many = i64::try_from(LIMIT / line).unwrap() + 10;
        let messages = (0..many).map(|second| (stamp(second), key(9).into())).collect();
        let authors = Authors { messages, ..Authors::default() };
        let text = authors.to_toml_within(LIMIT);
        assert!(text.len() <= LIMIT && text.len() + line > LIMIT);
        assert!(text.contains(&stamp(many - 1).to_string()) && !text.contains(&stamp(0).to_string()));
        assert!(Authors::parse(&text).unwrap().messages.len() < authors.messages.len());

        // In an outbox, no stranger's message becomes one's own by not being listed.
        let own = Authors { own: vec![key(1)], ..authors };
        assert!(!own.to_toml_within(LIMIT).contains("\nown ="));
        let mut mine = Authors { own: vec![key(9)], ..own };
        mine.messages.insert(stamp(5), key(2).into());
        let read = Authors::parse(&mine.to_toml_within(LIMIT)).unwrap();
        assert_eq!((read.own, read.messages), (vec![key(9)], BTreeMap::from([(stamp(5), key(2).into())])));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(names in proptest::collection::btree_map(any::<[u8; 32]>(), any::<String>(), 0..5),
                                       messages in proptest::collection::btree_map(0i64..1 << 33, proptest::collection::vec(any::<[u8; 32]>(), 1..3), 0..5),
                                       files in proptest::collection::btree_map(proptest::collection::vec(any::<u8>(), 1..12), any::<[u8; 32]>(), 0..5)) {
            let names: BTreeMap<Key, String> = names.into_iter().filter_map(|(key, name)| Some((Key::new(key), sane(&name)?))).collect();
            let messages = messages.into_iter().filter_map(|(second, keys)| Some((stamp(second), Signers::new(keys.into_iter().map(Key::new))?))).collect();
            let attachments = files.into_iter().filter_map(|(path, key)| Some((AttachmentId(stamp(1), RelativePath::parse(&path)?), Key::new(key).into()))).collect();
            let authors = Authors { owner: Some(key(1)), own: vec![key(2)], names: names.clone(), claimed: names, messages, attachments };
            prop_assert_eq!(Authors::parse(&authors.to_toml()), Ok(authors));
        }

        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = Authors::parse(&text);
        }

        #[test]
        fn an_attachments_path_is_read_as_it_is_written(path in proptest::collection::vec(any::<u8>(), 1..40)) {
            if let Some(path) = RelativePath::parse(&path) {
                let id = AttachmentId(stamp(1), path);
                prop_assert_eq!(AttachmentId::parse(&id.to_string()), Some(id));
            }
        }
    }
}

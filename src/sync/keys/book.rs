//! The book of keys: which documents this data folder has the keys of, in `.missive/keys.toml`.
//!
//! It holds all that cannot be made again; the engine's own store can. Whoever changes it writes it whole, and a running node looks
//! again.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use fs_err as fs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout::STATE_FOLDER;
use crate::channel::protocol::name::ChannelName;
use crate::fs::private;
use crate::lock::lock as take_lock;
use crate::sync::error::Error;
use crate::sync::keys::noted_folders;

pub use crate::sync::keys::document::{Acceptance, AuthorKey, Document, Identity, Invitation, Secret};

/// The node's folder in it.
pub const NODE_FOLDER: &str = "sync";

/// The file's name in it.
pub const FILE_NAME: &str = "keys.toml";

/// All keys of a data folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Book {
    /// The secret key (Ed25519) that is this device in the network, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Secret>,
    /// The secret key (Ed25519) that signs what is written here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Secret>,
    /// What this data folder was known by before it got the keys above, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Identity>,
    /// The documents.
    #[serde(rename = "document", skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// Documents that were given up for new ones, and only say where to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Document>,
    /// Invitations that were given out.
    #[serde(rename = "invitation", skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<Invitation>,
    /// Invitations that were accepted, and of which the other side has not heard yet.
    #[serde(rename = "acceptance", skip_serializing_if = "Vec::is_empty")]
    pub acceptances: Vec<Acceptance>,
    /// Entries whose channel has a name that no folder can have. They are kept in the file, and nothing is done with them.
    #[serde(skip)]
    pub left_out: Vec<LeftOut>,
}

/// An entry of the book that nothing is done with.
#[derive(Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What stands in the place of its channel's name.
    pub name: String,
    /// The entry as it is written.
    entry: String,
}

impl std::fmt::Debug for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold secrets.
        write!(f, "LeftOut({:?})", self.name)
    }
}

/// The book as it is written, before anything in it is believed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    device: Option<Secret>,
    author: Option<Secret>,
    former: Vec<Identity>,
    document: Vec<Table>,
    retired: Vec<Table>,
    invitation: Vec<Table>,
    acceptance: Vec<Table>,
}

impl Book {
    /// Reads the book of a data folder. Without the file it is empty.
    ///
    /// # Errors
    /// [`Error::Book`] when it is damaged: it is never written over then; [`Error::Exposed`]; [`Error::Io`].
    pub fn read(data: &Path) -> Result<Self, Error> {
        check_private(data)?;
        let path = path(data);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|what| Error::Book { path, what }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a book's text. An entry with a name that no channel can have is left out, and the others count.
    ///
    /// # Errors
    /// What is wrong with it, if it is damaged in another way.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut left_out = Vec::new();
        Ok(Self {
            device: written.device,
            author: written.author,
            former: written.former,
            documents: entries("document", written.document, &mut left_out)?,
            retired: entries("retired", written.retired, &mut left_out)?,
            invitations: entries("invitation", written.invitation, &mut left_out)?,
            acceptances: entries("acceptance", written.acceptance, &mut left_out)?,
            left_out,
        })
    }

    /// The book's text, with what is left out.
    ///
    /// # Errors
    /// When a channel's name is no text.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let mut text = toml::to_string(self)?;
        for left in &self.left_out {
            text.push('\n');
            text.push_str(&left.entry);
        }
        Ok(text)
    }

    /// Changes the book of a data folder, with nobody else changing it meanwhile. Nothing is written if nothing differs. The folders
    /// of channels that are new in it get an id.
    ///
    /// # Errors
    /// As [`Book::read`], and whatever `change` gives; the book is as it was then.
    pub fn change<T, E: From<Error>>(data: &Path, change: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let _lock = lock(data)?;
        let _unbroken = hold_off_signals();
        let mut book = Self::read(data)?;
        let before = book.clone();
        let given = change(&mut book)?;
        noted_folders::note(data, &mut book.documents);
        if book != before {
            book.write(data)?;
        }
        Ok(given)
    }

    /// The document of a box.
    pub fn document(&self, channel: &ChannelName, side: Side) -> Option<&Document> {
        self.documents.iter().find(|document| document.channel == *channel && document.side == side)
    }

    /// The document of a box, to be changed.
    pub fn document_mut(&mut self, channel: &ChannelName, side: Side) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| document.channel == *channel && document.side == side)
    }

    /// All documents that are kept, those that were given up too.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().chain(&self.retired)
    }

    /// The document of this id, to be changed.
    pub fn by_id_mut(&mut self, id: &[u8; 32]) -> Option<&mut Document> {
        self.documents.iter_mut().chain(&mut self.retired).find(|document| document.id == *id)
    }

    /// The document of this id.
    pub fn by_id(&self, id: &[u8; 32]) -> Option<&Document> {
        self.all().find(|document| document.id == *id)
    }

    /// Gives channels other names, all at once: two may have changed theirs.
    pub fn rename(&mut self, names: &BTreeMap<ChannelName, ChannelName>) {
        let documents = self.documents.iter_mut().chain(&mut self.retired).map(|document| &mut document.channel);
        let invitations = self.invitations.iter_mut().map(|invitation| &mut invitation.channel);
        let acceptances = self.acceptances.iter_mut().map(|acceptance| &mut acceptance.channel);
        for channel in documents.chain(invitations).chain(acceptances) {
            if let Some(name) = names.get(channel) {
                *channel = name.clone();
            }
        }
    }

    /// Whether there is nothing to replicate.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.acceptances.is_empty()
    }

    fn write(&self, data: &Path) -> Result<(), Error> {
        let path = path(data);
        let text = self.to_text().map_err(|error| Error::Book { path: path.clone(), what: error.to_string() })?;
        Ok(private::replace(&path, text.as_bytes())?)
    }
}

/// The entries of one list; those with a name that no channel can have are put aside.
fn entries<T: DeserializeOwned>(
    list: &'static str,
    tables: Vec<Table>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<T>, String> {
    let mut entries = Vec::with_capacity(tables.len());
    for table in tables {
        let name = table.get("channel").and_then(Value::as_str).unwrap_or_default();
        if name.parse::<ChannelName>().is_ok() {
            entries.push(Value::Table(table).try_into().map_err(|error: toml::de::Error| error.message().to_owned())?);
            continue;
        }
        let name = name.to_owned();
        // As one list of one entry, so that its own lists and tables are written right.
        let entry = toml::to_string(&BTreeMap::from([(list, vec![table])])).map_err(|error| error.to_string())?;
        left_out.push(LeftOut { name, entry });
    }
    Ok(entries)
}

/// Keeps this program from being ended by a signal, as long as it is held: what belongs together is written together. Whoever ends
/// the program takes it first.
pub fn hold_off_signals() -> MutexGuard<'static, ()> {
    static UNBROKEN: Mutex<()> = Mutex::new(());
    take_lock(&UNBROKEN)
}

/// The book's path.
pub fn path(data: &Path) -> PathBuf {
    data.join(STATE_FOLDER).join(FILE_NAME)
}

/// Checks that only this user may write the program's own folder, the keys in it and the node's folder, as far as they are there.
///
/// # Errors
/// [`Error::Exposed`], with what is open to others.
pub fn check_private(data: &Path) -> Result<(), Error> {
    let folder = data.join(STATE_FOLDER);
    for path in [folder.join(NODE_FOLDER), folder.join(FILE_NAME), folder] {
        private::check(&path)?;
    }
    Ok(())
}

/// Makes the program's own folder in a data folder that is there, closed to others, and a folder in it.
///
/// # Errors
/// [`Error::Exposed`] when others may write it; [`Error::Io`], `NotFound` when the data folder is not there.
pub fn private(data: &Path, name: &str) -> Result<PathBuf, Error> {
    check_private(data)?;
    let mut folder = data.join(STATE_FOLDER);
    private::folder(&folder)?;
    for part in Path::new(name) {
        folder.push(part);
        private::folder(&folder)?;
    }
    Ok(folder)
}

/// Keeps others from changing the book until it is dropped.
fn lock(data: &Path) -> Result<File, Error> {
    let folder = private(data, "")?;
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(folder.join("keys.lock"))?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::keys::folder_id;
    use crate::sync::keys::ticket::Peer;
    use std::os::unix::fs::PermissionsExt;

    fn name(name: &str) -> ChannelName {
        name.parse().unwrap()
    }

    fn filled() -> Book {
        let mut document = Document::new(name("blog"), Side::Outbox, [1; 32]);
        document.secret = Some(Secret([2; 32]));
        document.peers.push(Peer { device: [3; 32], addresses: vec!["127.0.0.1:1".parse().unwrap()], relay: None });
        Book { device: Some(Secret([4; 32])), documents: vec![document], ..Book::default() }
    }

    #[test]
    fn only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        Book::change(dir.path(), |book| {
            *book = filled();
            Ok::<_, Error>(())
        })
        .unwrap();
        assert_eq!(Book::read(dir.path()).unwrap(), filled());
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path(dir.path())), mode(dir.path().join(STATE_FOLDER))), (0o600, 0o700));
        assert!(!format!("{:?}", filled()).contains("0202"), "no secret is shown");
    }

    #[test]
    fn a_damaged_one_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        private(dir.path(), "").unwrap();
        std::fs::write(path(dir.path()), "device = \"zz\"\n").unwrap();
        let changed = Book::change(dir.path(), |book| {
            book.documents.clear();
            Ok::<_, Error>(())
        });
        assert!(matches!(changed, Err(Error::Book { .. })));
        assert_eq!(std::fs::read_to_string(path(dir.path())).unwrap(), "device = \"zz\"\n");
    }

    #[test]
    fn a_bad_name_is_left_out_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        private(dir.path(), "").unwrap();
        let id = "01".repeat(32);
        for bad in ["../../evil", ".missive", "/etc", ""] {
            let text = format!(
                "[[document]]\nchannel = \"{bad}\"\nbox = \"outbox\"\nid = \"{id}\"\nfetch = [\"a\"]\n\n[[document.peers]]\ndevice = [1]\naddresses = []\n\n\
                 [[document]]\nchannel = \"blog\"\nbox = \"outbox\"\nid = \"{id}\"\n\n\
                 [[acceptance]]\nchannel = \"{bad}\"\ncode = \"x\"\n"
            );
            std::fs::write(path(dir.path()), text).unwrap();
            let book = Book::read(dir.path()).unwrap();
            assert_eq!(book.documents, [Document::new(name("blog"), Side::Outbox, [1; 32])], "{bad}");
            assert_eq!(book.left_out.iter().map(|left| left.name.as_str()).collect::<Vec<_>>(), [bad, bad]);
            Book::change(dir.path(), |book| {
                book.device = Some(Secret([9; 32]));
                Ok::<_, Error>(())
            })
            .unwrap();
            let again = Book::read(dir.path()).unwrap();
            assert_eq!(again, Book { device: Some(Secret([9; 32])), ..book }, "nothing is lost: {bad}");
        }
    }

    #[test]
    fn what_others_may_write_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let folder = private(dir.path(), "sync").unwrap();
        Book::change(dir.path(), |book| {
            *book = filled();
            Ok::<_, Error>(())
        })
        .unwrap();
        for exposed in [dir.path().join(STATE_FOLDER), path(dir.path()), folder] {
            let closed = std::fs::metadata(&exposed).unwrap().permissions();
            std::fs::set_permissions(&exposed, std::fs::Permissions::from_mode(0o777)).unwrap();
            let refused = Book::read(dir.path());
            assert!(matches!(&refused, Err(Error::Exposed(why)) if why.path() == exposed), "{refused:?}");
            assert!(matches!(private(dir.path(), "sync"), Err(Error::Exposed(_))));
            std::fs::set_permissions(&exposed, closed).unwrap();
            assert_eq!(Book::read(dir.path()).unwrap(), filled());
        }
    }

    #[test]
    fn two_channels_change_their_names_at_once() {
        let invitation =
            |channel: &str| Invitation { channel: name(channel), secret: Secret([1; 32]), until: 0, used_by: None };
        let documents = ["a", "b", "c"].map(|channel| Document::new(name(channel), Side::Outbox, [1; 32])).to_vec();
        let mut book = Book { documents, invitations: vec![invitation("b")], ..Book::default() };
        book.rename(&BTreeMap::from([(name("a"), name("b")), (name("b"), name("a"))]));
        let names: Vec<String> = book.documents.iter().map(|document| document.channel.to_string()).collect();
        assert_eq!((names, book.invitations), (["b", "a", "c"].map(str::to_owned).to_vec(), vec![invitation("a")]));
    }

    #[test]
    fn a_channel_that_is_new_in_it_gets_an_id_and_a_copy_one_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let folder = |name: &str| dir.path().join(name);
        let adds = |channel: &str, side: Side| {
            Book::change(dir.path(), |book| {
                book.documents.push(Document::new(name(channel), side, [0; 32]));
                Ok::<_, Error>(())
            })
            .unwrap();
            Book::read(dir.path()).unwrap().document(&name(channel), side).unwrap().folder.clone()
        };
        std::fs::create_dir_all(folder("talk/outbox")).unwrap();
        let mark = adds("talk", Side::Outbox).unwrap();
        assert_eq!(
            (folder_id::read(&folder("talk")), folder_id::inode(&folder("talk"))),
            (Some(mark.id), Some(mark.inode.clone()))
        );
        assert_eq!(adds("talk", Side::Inbox).as_ref(), Some(&mark), "both boxes lie in one folder");
        std::fs::create_dir_all(folder("copy/outbox")).unwrap();
        folder_id::write(&folder("copy"), mark.id).unwrap();
        assert_ne!(adds("copy", Side::Outbox).unwrap().id, mark.id);
        // A folder that may be a channel that was renamed is nobody else's, and the place of a disk is no channel.
        std::fs::rename(folder("talk"), folder("renamed")).unwrap();
        assert_eq!(adds("renamed", Side::Outbox), None);
        assert_eq!(folder_id::read(&folder("renamed")), Some(mark.id));
        std::fs::create_dir(folder("disk")).unwrap();
        assert_eq!(adds("disk", Side::Outbox), None);
        assert_eq!(std::fs::read_dir(folder("disk")).unwrap().count(), 0);
    }

    #[test]
    fn a_data_folder_that_vanished_is_not_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let changed = Book::change(&gone, |book| {
            *book = filled();
            Ok::<_, Error>(())
        });
        assert!(matches!(&changed, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound));
        assert!(!gone.exists());
    }
}

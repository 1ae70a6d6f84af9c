//! Which documents this data folder has the keys of: `.missive/keys.toml`.
//!
//! Owns the file, its lock and its mode. It holds all that cannot be made again; the engine's own store can. Whoever
//! changes it writes it whole, and a running node looks again. Refuses to know the network.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::Error;
use super::hex;
use super::ticket::Peer;
use crate::channel::entry::Side;
use crate::disk::whole;

/// The program's own folder in a data folder.
pub const PRIVATE: &str = ".missive";

/// The file's name in it.
pub const FILE_NAME: &str = "keys.toml";

/// All keys of a data folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    /// The secret key (Ed25519) that is this device in the network, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Secret>,
    /// The secret key (Ed25519) that signs what is written here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Secret>,
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
}

/// 32 bytes that nobody else may know.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(#[serde(with = "hex")] pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The public half of the key that an author signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuthorKey(#[serde(with = "hex")] pub [u8; 32]);

/// A document that a box is replicated by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The channel's folder.
    pub channel: String,
    /// The box.
    #[serde(rename = "box")]
    pub side: Side,
    /// The document's id, which is the key for reading it.
    #[serde(with = "hex")]
    pub id: [u8; 32],
    /// The key for writing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Whose it is: who made it, as the key said that was handed over, or else whoever was seen to sign its profile first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AuthorKey>,
    /// Authors whose texts count as this device's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<AuthorKey>,
    /// Attachments that are fetched although they are larger than the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetch: Vec<String>,
    /// The name by which this side signs in it; without one the channel's profile says whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Whether everything may be deleted at once, because somebody said so; used up by the deletion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_all: bool,
    /// Six words that both ends of a conversation see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
    /// The key that it was replaced by, if the device gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
    /// Who had it when the key was handed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
}

/// An invitation that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The channel's folder.
    pub channel: String,
    /// What only the two know.
    pub secret: Secret,
    /// When it expires, in seconds since 1970.
    pub until: i64,
    /// Which device has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Secret>,
}

/// An invitation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The channel's folder.
    pub channel: String,
    /// The code.
    pub code: String,
    /// Why the other side refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Book {
    /// Reads the book of a data folder. Without the file it is empty.
    ///
    /// # Errors
    /// [`Error::Book`] when it is damaged: it is never written over then; [`Error::Io`].
    pub fn read(data: &Path) -> Result<Self, Error> {
        let path = path(data);
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| Error::Book { path, what: error.message().to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes the book of a data folder, with nobody else changing it meanwhile. Nothing is written if nothing differs.
    ///
    /// # Errors
    /// As [`Book::read`], and whatever `change` gives; the book is as it was then.
    pub fn change<T, E: From<Error>>(data: &Path, change: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let _lock = lock(data)?;
        let mut book = Self::read(data)?;
        let before = book.clone();
        let given = change(&mut book)?;
        if book != before {
            book.write(data)?;
        }
        Ok(given)
    }

    /// The document of a box.
    pub fn document(&self, channel: &str, side: Side) -> Option<&Document> {
        self.documents.iter().find(|document| document.channel == channel && document.side == side)
    }

    /// The document of a box, to be changed.
    pub fn document_mut(&mut self, channel: &str, side: Side) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| document.channel == channel && document.side == side)
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

    /// Whether there is nothing to replicate.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.acceptances.is_empty()
    }

    fn write(&self, data: &Path) -> Result<(), Error> {
        let path = path(data);
        let text =
            toml::to_string(self).map_err(|error| Error::Book { path: path.clone(), what: error.to_string() })?;
        write_private(&path, text.as_bytes())
    }
}

impl Document {
    /// What [`Document`]s without more have.
    pub fn new(channel: &str, side: Side, id: [u8; 32]) -> Self {
        Self {
            channel: channel.to_owned(),
            side,
            id,
            secret: None,
            owner: None,
            trusted: Vec::new(),
            author: None,
            fetch: Vec::new(),
            delete_all: false,
            phrase: None,
            moved: None,
            peers: Vec::new(),
        }
    }

    /// Whether it was made here, as far as a book tells that does not name owners yet: whoever joins others is given peers, and
    /// the outbox of a conversation is always one's own.
    pub fn is_made_here(&self) -> bool {
        self.side == Side::Outbox && self.secret.is_some() && (self.peers.is_empty() || self.phrase.is_some())
    }
}

/// The book's path.
pub fn path(data: &Path) -> PathBuf {
    data.join(PRIVATE).join(FILE_NAME)
}

/// Makes the program's own folder, closed to others, and a folder in it.
///
/// # Errors
/// [`Error::Io`].
pub fn private(data: &Path, name: &str) -> Result<PathBuf, Error> {
    let folder = data.join(PRIVATE).join(name);
    fs::create_dir_all(data)?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// Writes a file that only its owner may read, whole and flushed.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = whole::through_temporary(path, |temporary| {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    });
    Ok(written?)
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
    use std::os::unix::fs::PermissionsExt;

    fn filled() -> Book {
        let mut document = Document::new("blog", Side::Outbox, [1; 32]);
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
        assert_eq!((mode(path(dir.path())), mode(dir.path().join(PRIVATE))), (0o600, 0o700));
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
}

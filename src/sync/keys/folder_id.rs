//! What tells a channel's folder from every other one, whatever it is called.
//!
//! There are two things, because each of them alone is wrong in a case that happens every day:
//!
//! - The **id** lies in the folder itself, in the hidden file `.missive-id`. It goes along when the folder is renamed, moved to another
//!   disk or restored from a backup. It goes along with a copy too.
//! - The **inode** and the time of birth of the folder are kept in the book of keys. `mv` keeps them, and a copy has others. A backup
//!   or another disk changes them.
//!
//! So a folder that has the name in the book needs only the id. A folder of another name needs both. Whatever else looks like the
//! channel is asked about and never taken, because what was published can't be taken back.
//!
//! The id is random and opens nothing, so anybody may read it. The id in a profile would not do: it is public, templates and imports
//! copy it, and that of a subscription is its author's. The file lies beside the boxes: neither missive nor Syncthing carries it to
//! readers. It is written once, so programs that copy the whole channel between two computers of one person have nothing to fight
//! about.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::protocol::layout::FOLDER_ID_FILE;
use crate::fs::{atomic_write, regular_file};

/// A longer file is none of ours, in bytes.
const MAX_FILE: u64 = 4 << 10;

/// What the file says to people who find it.
const ABOUT: &str =
    "# missive finds this channel by the line above when its folder is renamed. The line is no secret.\n";

/// The id of a channel's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderId(Uuid);

/// A channel's folder, as the book of keys remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderMark {
    /// The id in the folder.
    pub id: FolderId,
    /// The folder's inode and time of birth, as [`inode`] gives them.
    pub inode: String,
}

/// That a folder is another one than the channel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is another folder than the channel's")]
pub struct AnotherFolder;

impl FolderId {
    /// A new one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// The id in a channel's folder. A file that can't be read, or is none of ours, says nothing.
pub fn read(channel: &Path) -> Option<FolderId> {
    let text = regular_file::read_text(&channel.join(FOLDER_ID_FILE), MAX_FILE).ok()?;
    text.lines().next()?.trim().parse().ok().map(FolderId)
}

/// Puts an id into a channel's folder, in the place of what was there.
///
/// # Errors
/// As the system says.
pub fn write(channel: &Path, id: FolderId) -> io::Result<()> {
    atomic_write::replace(&channel.join(FOLDER_ID_FILE), format!("{}\n{ABOUT}", id.0).as_bytes())
}

/// The inode and the time of birth of a folder, in hexadecimal digits; `None` where there is no folder. The time is zero where the
/// system does not tell it.
pub fn inode(channel: &Path) -> Option<String> {
    let meta = channel.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    let born = meta.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    Some(format!("{:x}-{:x}", meta.ino(), born.unwrap_or_default().as_nanos()))
}

/// Checks that the folder which has a channel's name is the channel's: it has the id, or it has none and is the very folder. A channel
/// of which nothing is remembered has the folder of its name.
///
/// # Errors
/// [`AnotherFolder`]. A folder that is not there is no other one.
pub fn check(channel: &Path, mark: Option<&FolderMark>) -> Result<(), AnotherFolder> {
    let Some(mark) = mark else {
        return Ok(());
    };
    let is_it = match read(channel) {
        Some(id) => id == mark.id,
        None => inode(channel).is_none_or(|inode| inode == mark.inode),
    };
    if is_it { Ok(()) } else { Err(AnotherFolder) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(channel: &Path) -> FolderMark {
        std::fs::create_dir(channel).unwrap();
        let id = FolderId::random();
        write(channel, id).unwrap();
        FolderMark { id, inode: inode(channel).unwrap() }
    }

    #[test]
    fn a_folder_keeps_its_id_and_inode_when_it_is_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let (films, cinema) = (dir.path().join("films"), dir.path().join("cinema"));
        let mark = marked(&films);
        std::fs::rename(&films, &cinema).unwrap();
        assert_eq!((read(&cinema), inode(&cinema)), (Some(mark.id), Some(mark.inode.clone())));
        assert_eq!((read(&films), inode(&films)), (None, None));
        let text = std::fs::read_to_string(cinema.join(FOLDER_ID_FILE)).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn another_folder_under_the_name_is_not_the_channels() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let (films, cinema) = (marked(&at("films")), marked(&at("cinema")));
        assert_eq!(check(&at("films"), Some(&films)), Ok(()));
        assert_eq!(check(&at("cinema"), Some(&films)), Err(AnotherFolder));
        assert_eq!(check(&at("cinema"), None), Ok(()), "nothing is remembered");
        assert_eq!(check(&at("nothing"), Some(&films)), Ok(()), "that is for whoever reads it");
        // Without the file it is still the very folder, but a new one is not.
        std::fs::remove_file(at("cinema").join(FOLDER_ID_FILE)).unwrap();
        assert_eq!(check(&at("cinema"), Some(&cinema)), Ok(()));
        std::fs::create_dir(at("new")).unwrap();
        assert_eq!(check(&at("new"), Some(&cinema)), Err(AnotherFolder));
    }

    #[test]
    fn what_is_no_id_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "\n", "films\n", &"x".repeat(5000)] {
            std::fs::write(dir.path().join(FOLDER_ID_FILE), text).unwrap();
            assert_eq!(read(dir.path()), None);
        }
        std::fs::remove_file(dir.path().join(FOLDER_ID_FILE)).unwrap();
        std::fs::create_dir(dir.path().join(FOLDER_ID_FILE)).unwrap();
        assert_eq!(read(dir.path()), None);
    }
}

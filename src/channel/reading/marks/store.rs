//! The files that marks are kept in: `marks/DEVICE.txt` in the data folder's `.missive`, one for each device.
//!
//! All of them are read, and changes are added to this device's own: each in one write. A file of which more than half
//! counts no more is written anew, whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::channel::reading::marks::{Change, ChannelKey, Marks};
use crate::fs::confined::{Folder, Kind};
use crate::fs::named_error::named;
use crate::fs::{atomic_write, private};

/// A longer file is read only to this length, in bytes: room for some million marks.
const MAX_FILE: u64 = 256 << 20;
const MAX_NAME: usize = 64;

/// The program's own folder within a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkStore {
    data: PathBuf,
    /// Whether the data folder was there at the beginning: if it vanishes then, it is not made anew.
    was_there: bool,
}

impl MarkStore {
    /// The store in a data folder. Nothing is made before something is to be kept.
    pub fn below(data: &Path) -> Self {
        Self { data: data.to_owned(), was_there: data.is_dir() }
    }

    fn folder(&self) -> PathBuf {
        self.data.join(STATE_FOLDER)
    }

    fn marks(&self) -> PathBuf {
        self.folder().join("marks")
    }

    /// The marks of all devices. Where there are none yet, nothing is marked.
    ///
    /// # Errors
    /// As the system says.
    pub fn load(&self) -> io::Result<Marks> {
        let mut marks = Marks::default();
        let folder = match Folder::open(&self.marks()) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(marks),
            Err(error) => return Err(named(&self.marks(), error)),
        };
        for (name, kind) in folder.list()? {
            let path = Path::new(&name);
            let is_text = path.extension().is_some_and(|extension| extension == "txt");
            // A sync tool's second version of a file is marks too, and merging loses none.
            if kind == Kind::File && is_text && !name.to_string_lossy().starts_with('.') {
                let read = folder.read(path, MAX_FILE);
                let (bytes, _) = read.map_err(|error| named(&self.marks().join(path), error))?;
                marks.take(&String::from_utf8_lossy(&bytes));
            }
        }
        Ok(marks)
    }

    /// A number that is another one, as far as anybody can tell without reading, when any device's marks are.
    pub fn signature(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        let Ok(folder) = Folder::open(&self.marks()) else {
            return hasher.finish();
        };
        let mut names: Vec<_> = folder.list().unwrap_or_default();
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (name, _) in names {
            let stat = folder.stat(Path::new(&name)).ok();
            (name, stat.map(|stat| (stat.len, stat.modified, stat.changed, stat.inode))).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Adds changes to this device's file, given the marks of all devices and the time in seconds since 1970. `fresh`
    /// is a random name for the device, which is taken if it has none yet.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn add(&self, known: &Marks, changes: &[Change], now: i64, fresh: &str) -> io::Result<()> {
        self.append(&known.lines(changes, now), fresh)
    }

    /// Says of channels under their new names what is said of them under the old ones, which stays said: another device may not have
    /// renamed them yet. `fresh` as in [`Self::add`].
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn rename(&self, names: &[(ChannelKey, ChannelKey)], fresh: &str) -> io::Result<()> {
        self.append(&self.load()?.renamed(names), fresh)
    }

    /// Adds lines to this device's file.
    fn append(&self, lines: &str, fresh: &str) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.make_folders()?;
        let lock = File::open(self.marks())?;
        // Where a file system has no locks, one write is still one write; only putting in order is left to others.
        let is_locked = lock.lock().is_ok();
        let path = self.marks().join(self.device(fresh)?).with_extension("txt");
        let before = match fs_err::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        // A line that was cut off must not swallow the next one.
        let lacks_end = !before.is_empty() && !before.ends_with('\n');
        let text = if lacks_end { format!("\n{lines}") } else { lines.to_owned() };
        append(&path, text.as_bytes())?;
        if is_locked { compact(&path, &(before + &text)) } else { Ok(()) }
    }

    fn make_folders(&self) -> io::Result<()> {
        if !self.was_there {
            fs_err::create_dir_all(&self.data)?;
        }
        let folder = self.folder();
        private::check(&folder)
            .map_err(|exposed| io::Error::other(format!("{exposed}; close it: {}", exposed.command())))?;
        private::folder(&folder)?;
        private::folder(&self.marks())
    }

    /// The name of this device, which is made once.
    fn device(&self, fresh: &str) -> io::Result<String> {
        let path = self.folder().join("device");
        let read = || fs_err::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        match read() {
            Ok(name) if is_device_name(&name) => Ok(name),
            Ok(_) => atomic_write::replace(&path, format!("{fresh}\n").as_bytes()).map(|()| fresh.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match atomic_write::create(&path, format!("{fresh}\n").as_bytes()) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(),
                    made => made.map(|()| fresh.to_owned()),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// Adds bytes to a file in one write, so that what two programs add is never mixed.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        File::options().append(true).create(true).mode(0o600).open(path).map_err(|error| named(path, error))?;
    let written = file.write(bytes).map_err(|error| named(path, error))?;
    if written == bytes.len() { Ok(()) } else { Err(named(path, io::ErrorKind::StorageFull.into())) }
}

/// Whether a device may be called so: its name becomes the name of a file.
fn is_device_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Writes a file anew if more than half of its lines count no more.
fn compact(path: &Path, text: &str) -> io::Result<()> {
    let mut own = Marks::default();
    let lines = own.take(text);
    let (compacted, counting) = own.compact();
    if lines <= 2 * counting {
        return Ok(());
    }
    private::replace(path, compacted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::channel::protocol::stamp::Stamp;
    use crate::channel::reading::marks::{Reach, State};
    use std::os::unix::fs::PermissionsExt;

    fn stamp(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds).unwrap()
    }

    fn change(seconds: i64, is: bool) -> Change {
        let reach = Reach::One(stamp(seconds));
        Change { channel: ChannelKey("blog".into()), side: Side::Inbox, reach, state: State::Read(is) }
    }

    fn say(store: &MarkStore, changes: &[Change], now: i64) {
        store.add(&store.load().unwrap(), changes, now, "laptop").unwrap();
    }

    fn is_read(store: &MarkStore, seconds: i64) -> bool {
        let marks = store.load().unwrap();
        marks.of(&ChannelKey("blog".into())).is_some_and(|marked| marked.is_read(Side::Inbox, stamp(seconds)))
    }

    #[test]
    fn what_is_said_is_kept_where_only_its_owner_reads() {
        let dir = tempfile::tempdir().unwrap();
        let store = MarkStore::below(&dir.path().join("data"));
        assert!(!is_read(&store, 5) && !dir.path().join("data").exists());
        say(&store, &[change(5, true)], 60);
        assert!(is_read(&store, 5));
        let mode = |path: &str| dir.path().join("data/.missive").join(path).metadata().unwrap().permissions().mode();
        assert_eq!((mode("") & 0o777, mode("marks/laptop.txt") & 0o777), (0o700, 0o600));
        assert_eq!(std::fs::read_to_string(dir.path().join("data/.missive/device")).unwrap(), "laptop\n");
    }

    #[test]
    fn a_line_that_was_cut_off_costs_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let store = MarkStore::below(dir.path());
        say(&store, &[change(5, true)], 60);
        let file = store.marks().join("laptop.txt");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.clone() + &text[..30]).unwrap();
        say(&store, &[change(6, true)], 61);
        assert!(is_read(&store, 5) && is_read(&store, 6));
    }

    #[test]
    fn devices_merge_and_strange_files_are_let_lie() {
        let dir = tempfile::tempdir().unwrap();
        let store = MarkStore::below(dir.path());
        say(&store, &[change(5, true)], 60);
        let line = |at: &str, what: &str| format!("1970-01-01T00-{at}Z blog inbox/1970-01-01T00-00-05Z {what}\n");
        std::fs::write(store.marks().join("phone.txt"), line("02-00", "unread")).unwrap();
        assert!(!is_read(&store, 5));
        std::fs::write(store.marks().join("phone.sync-conflict-1.txt"), line("03-00", "read")).unwrap();
        std::fs::write(store.marks().join(".phone.txt"), line("04-00", "unread")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", store.marks().join("link.txt")).unwrap();
        assert!(is_read(&store, 5));
    }

    #[test]
    fn a_file_is_put_in_order_when_half_of_it_counts_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let store = MarkStore::below(dir.path());
        for now in 0..40 {
            say(&store, &[change(5, now % 2 == 0), change(now, true)], 100 + now);
        }
        let text = std::fs::read_to_string(store.marks().join("laptop.txt")).unwrap();
        assert!((40..=82).contains(&text.lines().count()), "{}", text.lines().count());
        assert!((0..40).filter(|at| *at != 5).all(|at| is_read(&store, at)) && !is_read(&store, 5));
    }

    #[test]
    fn a_damaged_device_gets_a_new_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = MarkStore::below(dir.path());
        store.make_folders().unwrap();
        std::fs::write(dir.path().join(".missive/device"), "../../evil\n").unwrap();
        say(&store, &[change(5, true)], 60);
        assert!(store.marks().join("laptop.txt").is_file() && is_read(&store, 5));
    }
}

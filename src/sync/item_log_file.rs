//! The file that keeps what is noted of a box's files.

use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fs::{atomic_write, private};
use crate::sync::replica::item_log::{ItemLog, Write};

/// Reads the log at `path`; one that is missing or can't be read is as if nothing had ever been noted.
pub fn read<V: Clone + PartialEq + Serialize + DeserializeOwned>(path: &Path) -> ItemLog<V> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, "what is noted of a box's files can't be read");
        }
        Vec::new()
    });
    ItemLog::decode(&bytes)
}

/// Writes to the log at `path` what it lacks.
///
/// # Errors
/// As the system says; the log is to be written whole then.
pub fn write(path: &Path, write: &Write) -> io::Result<()> {
    path.parent().map_or(Ok(()), private::folder)?;
    match write {
        Write::Append(bytes) => fs_err::File::options().create(true).append(true).open(path)?.write_all(bytes),
        Write::Replace(bytes) => atomic_write::replace(path, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::replica::item::Item;

    fn item(second: u32) -> Item {
        Item::parse(format!("2013-08-11T14-34-{second:02}Z.txt").as_bytes()).unwrap()
    }

    fn noted(number: u8) -> u64 {
        u64::from(number)
    }

    fn read(path: &Path) -> ItemLog<u64> {
        super::read(path)
    }

    fn save(path: &Path, log: &mut ItemLog<u64>) {
        if let Some(unsaved) = log.unsaved().unwrap() {
            write(path, &unsaved).unwrap();
            log.saved(&unsaved);
        }
    }

    #[test]
    fn it_comes_back_and_costs_what_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/record");
        let mut log = read(&path);
        (0..50).for_each(|second| log.set(item(second), noted(1)));
        save(&path, &mut log);
        let whole = std::fs::metadata(&path).unwrap().len();
        log.set(item(7), noted(2));
        log.forget(&item(8));
        save(&path, &mut log);
        save(&path, &mut log);
        assert!(std::fs::metadata(&path).unwrap().len() < whole + whole / 10);
        let again = read(&path);
        assert_eq!((again.get(&item(7)), again.get(&item(8))), (Some(&noted(2)), None));
        assert_eq!(again.files(), log.files());
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut log = read(&path);
        for number in 0..3000_u32 {
            log.set(item(number % 2), noted(number.to_le_bytes()[0]));
            save(&path, &mut log);
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 200_000);
        assert_eq!(read(&path).files(), log.files());
    }

    #[test]
    fn damage_costs_no_more_than_what_it_hit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut log = read(&path);
        for second in 0..3 {
            log.set(item(second), noted(1));
            save(&path, &mut log);
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let mut cut = read(&path);
        assert_eq!(cut.files().keys().cloned().collect::<Vec<_>>(), [item(0), item(1)]);
        cut.set(item(5), noted(5));
        save(&path, &mut cut);
        assert_eq!(read(&path).files(), cut.files(), "nothing is appended behind damage");
    }
}

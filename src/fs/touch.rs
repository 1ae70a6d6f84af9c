//! Marking files as modified now: what a person brings back on purpose is new, whatever it was before.

use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
use walkdir::WalkDir;

/// Marks a file, or all files in a folder, as modified now. No link is followed.
///
/// # Errors
/// The first that could not be marked; the others are marked all the same.
pub fn touch(path: &Path) -> io::Result<()> {
    let files =
        WalkDir::new(path).into_iter().filter(|entry| entry.as_ref().map_or(true, |it| it.file_type().is_file()));
    let mut done = Ok(());
    for file in files {
        done = done.and(file.map_err(io::Error::from).and_then(|file| touch_file(file.path())));
    }
    done
}

fn touch_file(path: &Path) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn all_files_of_a_folder_are_new() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/b");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "x").unwrap();
        let before = SystemTime::now() - Duration::from_hours(1);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(before).unwrap();
        touch(dir.path()).unwrap();
        assert!(file.metadata().unwrap().modified().unwrap() > before + Duration::from_mins(30));
        assert!(touch(&dir.path().join("none")).is_err());
    }
}

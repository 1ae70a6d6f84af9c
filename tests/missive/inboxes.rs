//! Nothing is ever written to an inbox, and nothing fails because it may not be.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::every_command::{Data, lines};
use crate::test_environment::{NOBODY, finished, words};

/// What tells that a file or folder is as it was: mode, time of modification, and a file's bytes or a link's target.
#[derive(Debug, PartialEq, Eq)]
struct Is {
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: Vec<u8>,
}

/// Everything in the inboxes, and the inboxes themselves.
fn listing(data: &Data) -> BTreeMap<PathBuf, Is> {
    let inboxes = ["talk/inbox", "theirs/inbox"].map(|name| data.root().join(name));
    let entries = inboxes.iter().flat_map(walkdir::WalkDir::new).map(Result::unwrap);
    let listed = entries.map(|entry| {
        let meta = entry.path().symlink_metadata().unwrap();
        let bytes = match () {
            () if meta.is_file() => fs::read(entry.path()).unwrap(),
            () if meta.is_symlink() => fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes(),
            () => Vec::new(),
        };
        let is = Is {
            mode: meta.mode(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            bytes,
        };
        (entry.into_path(), is)
    });
    listed.collect()
}

/// Takes the right to write from everything in a folder, or gives it back.
fn set_writable(folder: &Path, writable: bool) {
    for entry in walkdir::WalkDir::new(folder).contents_first(!writable).into_iter().map(Result::unwrap) {
        if !entry.file_type().is_symlink() {
            let mode = entry.metadata().unwrap().mode();
            let mode = if writable { mode | 0o200 } else { mode & !0o222 };
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

/// A data folder whose inboxes cannot be written to by whoever runs the program.
fn read_only() -> Data {
    let mut data = Data::new();
    data.run_by(NOBODY);
    for inbox in ["talk/inbox", "theirs/inbox"] {
        set_writable(&data.root().join(inbox), false);
    }
    data
}

#[test]
fn no_command_writes_to_an_inbox_or_needs_to() {
    for line in lines() {
        let data = read_only();
        let before = listing(&data);
        assert!(
            before.len() > 20 && before.values().all(|is| is.mode & 0o170_000 == 0o120_000 || is.mode & 0o222 == 0)
        );
        let output = data.run(line, &[]);
        let after = listing(&data);
        for inbox in ["talk/inbox", "theirs/inbox"] {
            set_writable(&data.root().join(inbox), true);
        }
        let (_, talk) = words(&output);
        assert!(output.status.success(), "{:?}: {talk}", line.args);
        assert!(!talk.contains("denied"), "{:?}: {talk}", line.args);
        assert_eq!(before, after, "{:?}", line.args);
    }
}

#[test]
fn the_inboxes_of_this_test_really_cannot_be_written_to() {
    let data = read_only();
    let touched = finished(data.other("touch").arg(data.root().join("talk/inbox/x")));
    assert!(!touched.status.success(), "the user may write");
    assert_eq!(finished(&mut data.command(&[])).status.code(), Some(2), "the user may run the program");
    for inbox in ["talk/inbox", "theirs/inbox"] {
        set_writable(&data.root().join(inbox), true);
    }
}

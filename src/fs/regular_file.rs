//! Files that the user names: settings, themes, texts.
//!
//! Links lead to them as the user has laid them. A pipe, socket, device or folder in their place is refused at once, for
//! opening a pipe would wait until somebody writes into it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::fs::named_error::failed_to;

/// Opens a regular file for reading.
///
/// # Errors
/// As the system says, with the path; `InvalidInput` when it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let named = |error| failed_to(format_args!("open file `{}`", path.display()), error);
    refuse_what_is_no_file(&path.metadata().map_err(named)?).map_err(named)?;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(named)?;
    // It may have been replaced since.
    refuse_what_is_no_file(&file.metadata().map_err(named)?).map_err(named)?;
    Ok(file)
}

/// Reads a regular file whole.
///
/// # Errors
/// As [`open()`]; `InvalidData` when it is longer than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(invalid(path, &format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads a regular file of UTF-8 text whole.
///
/// # Errors
/// As [`read`]; `InvalidData` when it is not UTF-8 text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| invalid(path, "it is not UTF-8 text"))
}

fn invalid(path: &Path, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("failed to read file `{}`: {what}", path.display()))
}

fn refuse_what_is_no_file(metadata: &Metadata) -> io::Result<()> {
    let what = match () {
        () if metadata.is_file() => return Ok(()),
        () if metadata.is_dir() => "it is a folder, not a file",
        () => "it is a pipe, socket or device, not a file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn files_are_read_through_links_and_nothing_else_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        std::os::unix::fs::symlink(at("pipe"), at("link to a pipe")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read_text(&at("link"), 4).unwrap(), "text");
        assert!(read(&at("file"), 3).unwrap_err().to_string().ends_with("it is longer than 3 bytes"));
        for name in ["pipe", "link to a pipe", "socket"] {
            let error = open(&at(name)).unwrap_err().to_string();
            assert!(error.ends_with(&format!("{name}`: it is a pipe, socket or device, not a file")), "{error}");
        }
        assert!(open(dir.path()).unwrap_err().to_string().ends_with("it is a folder, not a file"));
        assert!(open(Path::new("/dev/null")).is_err());
        assert_eq!(open(&at("nothing")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

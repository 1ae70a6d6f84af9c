//! The output folder, opened once for each build.
//!
//! All that a build reads, makes or removes in its output is reached from this open folder, one name after the other and
//! without following links. So nothing outside is changed by what somebody else puts into the output.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::confined::{Folder, Kind};
use crate::fs::named_error::named;
use crate::site::error::SiteError;

/// The output folder; not open if it is not there yet.
#[derive(Debug)]
pub(crate) struct OutputFolder<'a> {
    path: &'a Path,
    folder: Option<Folder>,
}

impl<'a> OutputFolder<'a> {
    /// Opens an output. The folders above it are the user's, and links among them were followed when the path was made.
    ///
    /// # Errors
    /// [`SiteError::Foreign`] when something that is no folder lies there; [`SiteError::Io`].
    pub(crate) fn open(path: &'a Path) -> Result<Self, SiteError> {
        match Folder::open(path) {
            Ok(folder) => Ok(Self { path, folder: Some(folder) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
                Ok(Self { path, folder: None })
            }
            Err(error) => match path.symlink_metadata().map(|there| Kind::from(there.file_type())) {
                Ok(Kind::Folder) | Err(_) => Err(named(path, error).into()),
                Ok(kind) => Err(SiteError::Foreign { path: path.to_owned(), kind }),
            },
        }
    }

    /// The path, for words.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// The open folder; `None` if it is not there yet.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// The open folder alone.
    pub(crate) fn into_folder(self) -> Option<Folder> {
        self.folder
    }

    /// Where something in it lies, for words.
    pub(crate) fn at(&self, relative: &Path) -> PathBuf {
        self.path.join(relative)
    }

    /// Why a file of it could not be used: it is none, or what the system says.
    pub(crate) fn blame(&self, relative: &Path, error: io::Error) -> SiteError {
        let path = self.at(relative);
        match self.folder.as_ref().and_then(|folder| folder.stat(relative).ok()).map(|stat| stat.kind) {
            Some(Kind::File) | None => named(&path, error).into(),
            Some(kind) => SiteError::Foreign { path, kind },
        }
    }
}

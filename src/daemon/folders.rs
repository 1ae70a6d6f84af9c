//! The folders of the user whom a program works for.

use std::path::PathBuf;

/// Where a user's channels, caches and settings lie.
#[derive(Clone, Debug)]
pub struct Folders {
    /// The data folder.
    pub data: PathBuf,
    /// The folder that the program was started in.
    pub here: PathBuf,
    /// The user's cache folder for this program; `None` keeps no cache.
    pub cache: Option<PathBuf>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder for the settings of all the user's programs.
    pub config: Option<PathBuf>,
}

//! What the system is to run: the program with its arguments, and what it is called.

use std::ffi::OsStr;
use std::path::Path;

/// What is to be run, and as what.
pub(super) struct Job<'a> {
    pub(super) program: &'a Path,
    pub(super) args: [&'a OsStr; 3],
    /// What it is for, in a few words.
    pub(super) about: &'static str,
}

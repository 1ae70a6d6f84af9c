//! Files: reached without being led astray, and written whole.
//!
//! Two promises that the rest of the crate relies on: a name found in a folder never leads out of it (no link is followed,
//! no pipe is waited for), and a file is either its old self or its new one.

pub mod atomic_write;
pub mod confined;
pub mod create_folders;
pub mod free_space;
pub mod named_error;
pub mod private;
pub mod records;
pub mod reflink;
pub mod regular_file;
pub mod touch;

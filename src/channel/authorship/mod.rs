//! Who wrote what: the authors of a box that several people write, the names that they bear, and which files count as one's
//! own.

pub(crate) mod author_name;
pub mod authors;
pub mod bylines;
pub mod signers;
pub mod trust;

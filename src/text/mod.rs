//! How characters count: which show nothing, how wide they are, and when two texts are the same to a reader.

pub mod caseless;
pub mod invisible;
pub(crate) mod normalize;
pub mod shell;
pub(crate) mod suggestion;
pub(crate) mod width;

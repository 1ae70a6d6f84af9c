//! Text as people see it: which characters show nothing, how wide a line is, when two texts are the same to a reader, and
//! how a word is quoted for a shell.

pub mod caseless;
pub mod invisible;
pub(crate) mod normalize;
pub mod percent;
pub mod shell;
pub(crate) mod width;
pub mod wrap;

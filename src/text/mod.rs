//! Text as people see it: which characters show nothing, how wide a line is, when two texts are the same to a reader, how a
//! word is quoted for a shell, and how numbers are said.

pub mod caseless;
pub mod invisible;
pub(crate) mod normalize;
pub mod percent;
pub mod quantity;
pub mod shell;
pub(crate) mod width;
pub mod wrap;

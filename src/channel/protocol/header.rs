//! The optional header block of a message, at its very beginning: what it says of the message.
//!
//! Three forms are read, because people bring them from other programs: `key: value` lines between two lines `---` (with
//! what YAML allows for a value), TOML between two lines `+++`, and `Key: value` lines up to the first empty line, as
//! Pelican and `MultiMarkdown` have them. Only the first is written anew; a block that is there is added to in its own form.
//! Unknown keys stay in the file and are ignored here. A block that cannot be read is text; if it says that the message is
//! a draft, it is one all the same.

mod block;
mod fields;
mod key_lines;
mod language;
mod pair;
mod read;
mod toml_lines;
mod write;
mod yaml;

pub use fields::Header;
pub(crate) use language::Language;
pub use read::{SplitText, part};
pub use write::{is_blank, kept, with};

#[cfg(test)]
mod tests;

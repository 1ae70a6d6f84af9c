//! How a text is laid out for a terminal.

use crate::markdown::dialect::Dialect;

/// How a text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns; fewer than 20 count as 20. Lines longer than 100 or so are hard to read, which is the caller's to know.
    pub width: usize,
    /// Allows bold, dim, italic, underlined and struck-out text (ECMA-48, SGR). Each line ends what it begins. Without,
    /// the Markdown that says the same is shown.
    pub styled: bool,
    /// The Markdown that the text is written in.
    pub dialect: Dialect,
    /// Leaves out a first-line heading, which the caller shows in its own place.
    pub skip_title: bool,
}

//! The screen that results are formatted for.

/// The screen that results are formatted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Allows bold, dim and underlined text.
    pub styled: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { width: 80, styled: false }
    }
}

//! How much a document holds, counted as entries come and go.

/// How much a document holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Its messages.
    pub messages: usize,
    /// The length of all its files by what their entries say, in bytes: more than any disk has, if an author says so.
    bytes: u128,
}

impl Totals {
    /// The length of all files, in bytes.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }

    /// Counts a file of this length in bytes; one that is deleted or unknown has none.
    pub fn add(&mut self, is_text: bool, len: Option<u64>) {
        if let Some(len) = len {
            self.messages += usize::from(is_text);
            self.bytes += u128::from(len);
        }
    }

    /// Counts a file no more that was counted with this length.
    pub fn remove(&mut self, is_text: bool, len: Option<u64>) {
        if let Some(len) = len {
            self.messages -= usize::from(is_text);
            self.bytes -= u128::from(len);
        }
    }
}

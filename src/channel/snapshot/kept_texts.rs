//! The texts that a look had to read for their cards, kept for whoever reads them next.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::lock::lock;

/// How much of the texts is kept, in bytes.
pub(super) const MAX_KEPT: usize = 24 << 20;

/// The texts of messages behind their headers. Each is handed over once.
#[derive(Debug, Default)]
pub(super) struct KeptTexts {
    /// How many bytes were offered, kept or not.
    offered: usize,
    texts: Mutex<HashMap<(Side, Stamp), String>>,
}

impl KeptTexts {
    /// Keeps a text, as far as there is room.
    pub(super) fn offer(&mut self, key: (Side, Stamp), text: String) {
        self.offered += text.len();
        if self.offered <= MAX_KEPT {
            lock(&self.texts).insert(key, text);
        }
    }

    /// Hands a text over.
    pub(super) fn take(&self, key: (Side, Stamp)) -> Option<String> {
        lock(&self.texts).remove(&key)
    }
}

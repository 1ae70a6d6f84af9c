//! What of a box and its document is to be looked at again. An event carries no meaning: it only adds to this.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::sync::replica::item::Item;

/// What is to be looked at.
#[derive(Debug, Default)]
pub struct Todo {
    /// The whole box.
    pub everything: bool,
    /// Paths of the box.
    pub paths: BTreeSet<PathBuf>,
    /// Files, wherever they are: in the box or in the document.
    pub items: BTreeSet<Item>,
    /// What the authors say of themselves.
    pub notes: bool,
    /// All entries of the document, read anew.
    pub reload: bool,
    /// What was changed by somebody while it was being seen to: in the next round, after a moment.
    pub later: BTreeSet<Item>,
}

impl Todo {
    /// Whether nothing is to be looked at now.
    pub fn is_empty(&self) -> bool {
        !self.notes && !self.everything && self.paths.is_empty() && self.items.is_empty()
    }

    /// Gives what is to be looked at now; what waits for a moment stays.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let later = std::mem::take(&mut self.later);
        std::mem::replace(self, Self { later, ..Self::default() })
    }

    /// What waited for a moment is to be looked at now.
    pub fn wake(&mut self) {
        self.items.extend(std::mem::take(&mut self.later));
    }

    /// Looks at a file again in this state of things.
    pub fn again(&mut self, item: Item) {
        self.items.insert(item);
    }

    /// Looks at a file again after a moment.
    pub fn again_later(&mut self, item: Item) {
        self.later.insert(item);
    }
}

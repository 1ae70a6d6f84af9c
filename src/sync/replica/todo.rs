//! What of a box and its document is to be looked at again. An event carries no meaning: it only adds to this.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate::sync::replica::event::Touched;
use crate::sync::replica::item::Item;

/// What is to be looked at.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own to be looked at")]
pub struct Todo {
    /// The whole box.
    pub everything: bool,
    /// First names of paths in the box.
    pub names: BTreeSet<OsString>,
    /// Files, wherever they are: in the box or in the document.
    pub items: BTreeSet<Item>,
    /// What the authors say of themselves and of the document, and what this side says.
    pub notes: bool,
    /// Who wrote what.
    pub authors: bool,
    /// All entries of the document, read anew.
    pub reload: bool,
    /// What was changed by somebody while it was being seen to: in the next round, after a moment.
    pub later: BTreeSet<Item>,
    /// Files of which the store does not have the content.
    pub lost: BTreeSet<Item>,
    /// Files that could not be brought into the store: again when everything is looked at.
    pub unkept: BTreeSet<Item>,
    /// What waits until `.authors.toml` is written.
    pub held: BTreeSet<Item>,
}

impl Todo {
    /// Takes in what the disk says.
    pub fn touched(&mut self, touched: Touched) {
        match touched {
            Touched::Everything => self.everything = true,
            Touched::Names(names) => self.names.extend(names),
        }
    }

    /// Whether the box is to be listed, at least in part.
    pub fn wants_listing(&self) -> bool {
        self.everything || !self.names.is_empty()
    }

    /// Gives what is to be listed: `None` for everything.
    pub fn take_listing(&mut self) -> Option<BTreeSet<OsString>> {
        let names = std::mem::take(&mut self.names);
        let everything = std::mem::take(&mut self.everything);
        (!everything).then_some(names)
    }

    /// What waited for a moment is to be looked at now.
    pub fn wake(&mut self) {
        self.items.extend(std::mem::take(&mut self.later));
    }

    /// What waited for `.authors.toml` is to be looked at now.
    pub fn release(&mut self) {
        self.items.extend(std::mem::take(&mut self.held));
    }

    /// Looks at a file again in this state of things.
    pub fn again(&mut self, item: Item) {
        self.items.insert(item);
    }

    /// Looks at a file again after a moment.
    pub fn again_later(&mut self, item: Item) {
        self.later.insert(item);
    }

    /// Lists again where a file lies.
    pub fn list_again(&mut self, item: &Item) {
        self.names.extend(item.path().iter().next().map(ToOwned::to_owned));
    }
}

//! The book about this world that no replica sees: what people wrote, what they gave up, and what was violated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::signers::Author;
use crate::sync::replica::simulation::content::{Content, empty};

/// What must hold, whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// What a person wrote is in some file, unless a person gave it up.
    Lost,
    /// A box changes by another's hand only as an author said.
    Inbox,
    /// Nothing is deleted for readers that nobody deleted.
    Retraction,
    /// Nobody writes as somebody else.
    Authorship,
    /// Who can meet becomes equal.
    Equal,
    /// The world becomes quiet.
    Quiet,
    /// Nothing grows without bound.
    Bounded,
    /// Attachments appear before their text.
    Order,
    /// The replica keeps to what was agreed on with its hands.
    Protocol,
    /// The program does not break.
    Panic,
    /// What is told is true.
    Told,
}

/// What was violated, where and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) rule: Rule,
    pub(super) words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.rule {
            Rule::Lost => "something that a person wrote is in no file",
            Rule::Inbox => "a box changed otherwise than an author said",
            Rule::Retraction => "something was deleted for readers that nobody deleted",
            Rule::Authorship => "somebody is said to have written what another wrote",
            Rule::Equal => "replicas that can meet are not equal",
            Rule::Quiet => "the world does not become quiet",
            Rule::Bounded => "something grows without bound",
            Rule::Order => "a text appeared before its attachments",
            Rule::Protocol => "the replica breaks the rules of the game",
            Rule::Panic => "the program breaks",
            Rule::Told => "what is told is not true",
        };
        write!(f, "{rule}: {}", self.words)
    }
}

/// What is known of the whole world.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What people wrote: where, and as whom they sign.
    pub(super) written: BTreeMap<Hash, (Item, Author)>,
    /// Files that people emptied or made without content, and as whom they sign.
    pub(super) emptied: BTreeSet<(Item, Author)>,
    /// Contents that a person deleted or wrote over, or another program.
    pub(super) excused: BTreeSet<Hash>,
    /// Contents that another program put into a box: whose they are nobody can know.
    pub(super) carried: BTreeSet<Hash>,
    /// Devices that there are two of.
    pub(super) cloned: BTreeSet<[u8; 32]>,
    /// Profiles that can't be read.
    pub(super) bad_profiles: BTreeSet<Hash>,
    /// All files that there ever were.
    pub(super) items: BTreeSet<Item>,
    /// Entries that replicas made.
    pub(super) entered: u64,
    pub(super) violation: Option<Violation>,
}

impl Ledger {
    /// A person writes something.
    pub(super) fn write(&mut self, item: &Item, content: Content, author: Author) {
        self.items.insert(item.clone());
        if content.len > 0 {
            self.written.insert(content.hash, (item.clone(), author));
        } else {
            self.emptied.insert((item.clone(), author));
        }
    }

    /// Whether an author wrote this content of a file.
    pub(super) fn wrote(&self, author: Author, item: &Item, hash: &Hash) -> bool {
        self.written.get(hash).is_some_and(|(_, by)| *by == author)
            || (*hash == empty().hash && self.emptied.contains(&(item.clone(), author)))
    }

    /// Whether an author wrote a file, whatever it holds now.
    pub(super) fn wrote_any(&self, author: Author, item: &Item) -> bool {
        self.written.values().any(|(of, by)| of == item && *by == author)
            || self.emptied.contains(&(item.clone(), author))
    }

    /// A file got another name.
    pub(super) fn rename(&mut self, to: &Item) {
        self.items.insert(to.clone());
    }
}

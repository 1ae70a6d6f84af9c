//! A channel as `channels`, `read` and `search` look at it.
//!
//! It goes by the card cache, and holds what people are told of a channel: who wrote, and what to type for it.

use std::path::Path;

use crate::article::InReplyTo;
use crate::channel::authorship::author_name::ME;

use crate::channel::feed_ids::entry_ids;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::{STEM_LENGTH, Stamp};
use crate::channel::reading::marks::store::MarkStore;
use crate::channel::reading::marks::{ChannelKey, Marked, Marks};
use crate::channel::reading::reply::Answered;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::{self, LookOptions, Snapshot};
use crate::channel::{Channel, Kind};
use crate::console::{Console, columns, cut};
use crate::text::shell::{operand, quoted};

use crate::commands::Environment;

/// A channel at one look, with what is marked in it.
pub(super) struct ChannelView {
    pub(super) snapshot: Snapshot,
    pub(super) key: ChannelKey,
    pub(super) marked: Marked,
    name: String,
    /// Who wrote what lies in the inbox.
    they: String,
    /// What a person types for the channel.
    address: String,
    answered: Answered,
}

impl ChannelView {
    /// Looks at a channel. What it cost to read its texts is kept for the next time.
    pub(super) fn look(channel: Channel, marks: &Marks, environment: &Environment) -> Self {
        let cache = CardCache::below(environment.folders.cache.as_deref(), &channel.path);
        let key = ChannelKey::for_channel(&channel, &environment.folders.data);
        let address = address(&channel, &key, environment);
        let name = channel.name.to_string();
        let now = environment.clock.nanoseconds();
        let snapshot = snapshot::take(channel, &cache, LookOptions::at(now.div_euclid(1_000_000_000)));
        // The cache is only a shortcut: that it could not be kept changes nothing but time.
        drop(snapshot.keep(&cache, now));
        let they = snapshot.writer(Side::Inbox).unwrap_or_else(|| name.clone());
        let answered = Answered::new(entry_ids(&snapshot), &snapshot.cards);
        Self { answered, marked: marks.of(&key).cloned().unwrap_or_default(), snapshot, key, name, they, address }
    }

    /// The channel's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Who wrote a message.
    pub(super) fn author(&self, card: &Card) -> &str {
        self.snapshot.byline(card).unwrap_or(match card.side {
            Side::Inbox => &self.they,
            Side::Outbox => ME,
        })
    }

    /// Whether a message was read.
    pub(super) fn is_read(&self, card: &Card) -> bool {
        self.marked.is_read(card.side, card.stamp)
    }

    /// The message that another one answers.
    pub(super) fn in_reply_to(&self, card: &Card) -> Option<InReplyTo> {
        InReplyTo::from_card(card, &self.answered, &self.snapshot.cards)
    }

    /// A message's id, with its box where there are two.
    pub(super) fn id_of(&self, side: Side, stamp: Stamp) -> String {
        if self.snapshot.channel.kind == Kind::Message { format!("{side}/{stamp}") } else { stamp.to_string() }
    }

    /// What a person types for a message, behind `missive read`.
    pub(super) fn address_of(&self, card: &Card) -> String {
        format!("{} {}", self.address, self.id_of(card.side, card.stamp))
    }

    /// The columns of the longest of those.
    pub(super) fn address_width(&self) -> usize {
        let boxed = if self.snapshot.channel.kind == Kind::Message { "outbox/".len() } else { 0 };
        columns(&self.address) + 1 + boxed + STEM_LENGTH
    }
}

/// A name in at most so many columns. What tells it from a name like it stands at its end, in brackets, and stays.
pub(super) fn short(name: &str, width: usize) -> String {
    let at = name.rfind(" (").filter(|_| name.ends_with(')')).unwrap_or(name.len());
    let (name, key) = name.split_at_checked(at).unwrap_or((name, ""));
    let key = cut(key, width);
    format!("{}{key}", cut(name, width.saturating_sub(columns(&key))))
}

/// The marks of all devices. Where they cannot be read, that is said, and nothing is marked.
pub(super) fn marks(environment: &Environment, console: Console) -> Marks {
    MarkStore::below(&environment.folders.data).load().unwrap_or_else(|error| {
        // That the data folder is none is said by whoever lists it.
        if error.kind() != std::io::ErrorKind::NotADirectory {
            console.say(&format!("note: missive does not know which messages you have read: {error}"));
        }
        Marks::default()
    })
}

/// The channel's name, or its folder if it does not lie in the data folder.
fn address(channel: &Channel, key: &ChannelKey, environment: &Environment) -> String {
    match (key.is_name(), channel.path.strip_prefix(&environment.folders.here)) {
        (true, _) => operand(channel.name.as_os_str()),
        (false, Ok(below)) if !below.as_os_str().is_empty() => quoted(Path::new(".").join(below)),
        (false, Ok(_)) => ".".to_owned(),
        (false, Err(_)) => quoted(&channel.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_behind_a_name_that_is_cut() {
        for (name, width, expected) in [
            ("Azureen", 18, "Azureen"),
            ("Azureen (1f0c2a9b)", 18, "Azureen (1f0c2a9b)"),
            ("Azureen of the harbour (1f0c2a9b)", 18, "Azuree… (1f0c2a9b)"),
            ("Azureen of the harbour", 10, "Azureen o…"),
            ("Azureen (1f0c2a9b)", 5, " (1f…"),
            ("A\u{202e} (", 20, "A⟨U+202E⟩ ("),
        ] {
            assert_eq!(short(name, width), expected);
        }
    }
}

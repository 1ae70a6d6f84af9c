//! What a message answers, as people and programs are told of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::article::message::label;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply::{Answered, seen_from_here};
use crate::channel::snapshot::card::Card;

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InReplyTo {
    /// What the answer's header says: an entry's id, or a message's as the answer's author sees it.
    pub said: String,
    /// Whether the message is here.
    pub here: bool,
    /// The box here that it is in, or would be in.
    pub r#box: Option<Side>,
    /// Its id; none if only its entry's id is known.
    pub id: Option<Stamp>,
    /// Its title or first words, if it is here.
    pub title: Option<String>,
}

impl InReplyTo {
    /// What a message answers, among these cards; `None` if it says nothing of that.
    pub fn from_card(card: &Card, answered: &Answered, cards: &[Arc<Card>]) -> Option<Self> {
        let said = card.header.in_reply_to?;
        let found = answered.by(card, cards);
        let place = match (found, said) {
            (Some(found), _) => Some((found.side, found.stamp)),
            (None, ReplyTo::Message(named, stamp)) => {
                Some((named.map_or(card.side, |named| seen_from_here(named, card.side)), stamp))
            }
            (None, ReplyTo::Entry(_)) => None,
        };
        Some(Self {
            said: said.to_string(),
            here: found.is_some(),
            r#box: place.map(|(side, _)| side),
            id: place.map(|(_, stamp)| stamp),
            title: found.map(|found| label(found)),
        })
    }
}

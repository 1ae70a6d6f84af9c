//! What a message answers, as its header says it: an entry's id, or a message by its name.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::message_address::split_box;
use crate::channel::protocol::stamp::Stamp;

/// What a message answers, as its header says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReplyTo {
    /// An entry, by the id that feeds give it.
    Entry(Uuid),
    /// A message, by its name and its box as the answer's author sees it; without a box it is in the answer's own.
    Message(Option<Side>, Stamp),
}

impl ReplyTo {
    /// Reads `urn:uuid:…`, `2013-08-11T14-34-37Z` or `inbox/2013-08-11T14-34-37Z`.
    pub fn parse(text: &str) -> Option<Self> {
        const URN: &str = "urn:uuid:";
        if text.get(..URN.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(URN)) {
            return Uuid::try_parse(text.get(URN.len()..)?).ok().map(Self::Entry);
        }
        let (side, id) = split_box(text);
        Stamp::parse(id.as_bytes()).ok().map(|stamp| Self::Message(side, stamp))
    }
}

impl fmt::Display for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(id) => write!(f, "{}", id.urn()),
            Self::Message(Some(side), stamp) => write!(f, "{side}/{stamp}"),
            Self::Message(None, stamp) => write!(f, "{stamp}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a";
    const STEM: &str = "2013-08-11T14-34-37Z";

    #[test]
    fn what_is_said_is_read_back() {
        for text in [ID.to_owned(), STEM.to_owned(), format!("inbox/{STEM}"), format!("outbox/{STEM}")] {
            assert_eq!(ReplyTo::parse(&text).unwrap().to_string(), text);
        }
        assert_eq!(ReplyTo::parse(&ID.to_uppercase()), ReplyTo::parse(ID));
        for text in ["", "urn:uuid:", "urn:uuid:x", "latest", "both/2013-08-11T14-34-37Z", "inbox/../x", "urn:é"] {
            assert_eq!(ReplyTo::parse(text), None, "{text}");
        }
    }
}

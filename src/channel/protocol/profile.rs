//! Reads what a channel says of itself, `outbox/.channel.toml`, and derives the ids of its feed and entries.
//!
//! A profile in an inbox is somebody else's text: each value is cut to a line of sane length, and a value of the wrong form
//! counts as absent.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::header::Language;
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::layout::PROFILE_FILE;
use crate::channel::protocol::message_file;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::protocol::toml_error;
use crate::fs::confined::Folder;
use crate::markdown;

/// No more of the file is read, in bytes.
pub const MAX_FILE: u64 = 64 << 10;
const MAX_VALUE: usize = 500;

/// What a channel says of itself; every part optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Profile {
    /// A `urn:uuid:`, made once when the channel is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The channel's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A sentence or two about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A BCP 47 tag such as `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The published site's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The name of a hidden picture in the outbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// What the inbox and the outbox of a channel say of it.
pub type Profiles = Arc<[Profile; 2]>;

/// Why a profile that is there says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The system does not let us read it; what it said.
    Unreadable(String),
    /// It is not of the right form; what is wrong.
    Form(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unreadable(what) | Self::Form(what)) = self;
        f.write_str(what)
    }
}

/// Reads a box's profile. Without the file it says nothing.
///
/// # Errors
/// [`Problem`].
pub fn read(folder: &Folder) -> Result<Profile, Problem> {
    let bytes = match folder.read(Path::new(PROFILE_FILE), MAX_FILE) {
        // A part of it would say something else than the whole.
        Ok((_, stat)) if stat.len > MAX_FILE => {
            return Err(Problem::Form(format!("longer than {} KiB", MAX_FILE >> 10)));
        }
        Ok((bytes, _)) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Profile::default()),
        Err(error) => return Err(Problem::Unreadable(error.to_string())),
    };
    parse(bytes)
}

/// Reads what a profile's file holds.
///
/// # Errors
/// [`Problem::Form`].
pub fn parse(bytes: Vec<u8>) -> Result<Profile, Problem> {
    let text = message_file::decode(bytes).text;
    toml::from_str::<Profile>(&text).map(Profile::checked).map_err(|error| {
        let line = toml_error::line(&text, &error);
        Problem::Form(format!("line {line}: {}", error.message()))
    })
}

/// A profile's text with this id; `None` where it has one, or is no profile.
pub fn with_id(text: &str, id: Uuid) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let said: toml::Table = toml::from_str(text).ok()?;
    // Before everything else it stands in no table.
    (!said.contains_key("id")).then(|| format!("id = \"{}\"\n{text}", id.urn()))
}

impl Profile {
    /// Drops values of the wrong form and cuts long ones.
    fn checked(self) -> Self {
        Self {
            id: self.id.filter(|id| uuid_of(id).is_some()),
            title: shown_value(self.title),
            description: shown_value(self.description),
            author: shown_value(self.author),
            language: shown_value(self.language).and_then(|value| Some(Language::parse(&value)?.tag)),
            link: shown_value(self.link).filter(|link| link.starts_with("https://") || link.starts_with("http://")),
            icon: self.icon.filter(|name| name.starts_with('.') && !name.contains('/') && name != ".." && name != "."),
        }
    }

    /// The id that the profile gives the channel.
    pub fn own_id(&self) -> Option<Uuid> {
        self.id.as_deref().and_then(uuid_of)
    }

    /// The channel's id: the profile's own, else one derived from the name.
    ///
    /// A `UUIDv5` (RFC 9562, section 5.5) in the URL namespace of `missive:` and the name.
    pub fn channel_id(&self, name: &str) -> Uuid {
        self.own_id().unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("missive:{name}").as_bytes()))
    }
}

/// A value as one line that can be shown, and not too long; `None` where nothing is left of it.
fn shown_value(value: Option<String>) -> Option<String> {
    let value = markdown::harmless(&value?).split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = value.chars().take(MAX_VALUE).collect();
    (!cut.is_empty()).then_some(cut)
}

/// An entry's id: the `UUIDv5` of the channel's id and the message's stem. The same wherever and by whomever it is rendered.
pub fn entry_id(channel: Uuid, stamp: Stamp) -> Uuid {
    Uuid::new_v5(&channel, stamp.to_string().as_bytes())
}

/// The ids of the entries of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EntryIds {
    inbox: Uuid,
    outbox: Uuid,
    /// Whether the inbox has no id of its own beside an outbox: then two messages of one second would have one id.
    inbox_is_told_apart: bool,
}

impl EntryIds {
    /// The ids in a channel of this kind and name, whose boxes have these profiles.
    pub fn new(kind: Kind, name: &str, theirs: &Profile, mine: &Profile) -> Self {
        Self {
            inbox: theirs.channel_id(name),
            outbox: mine.channel_id(name),
            inbox_is_told_apart: kind == Kind::Message && theirs.own_id().is_none(),
        }
    }

    /// The id of the channel that a box's owner writes.
    pub fn channel(&self, side: Side) -> Uuid {
        if side == Side::Inbox { self.inbox } else { self.outbox }
    }

    /// Gives the channel of one box another id, because the one that it claims is somebody else's.
    pub fn set_channel(&mut self, side: Side, id: Uuid) {
        *(if side == Side::Inbox { &mut self.inbox } else { &mut self.outbox }) = id;
    }

    /// A message's id.
    pub fn entry(&self, side: Side, stamp: Stamp) -> Uuid {
        match side {
            Side::Inbox if self.inbox_is_told_apart => Uuid::new_v5(&self.inbox, format!("{side}/{stamp}").as_bytes()),
            Side::Inbox => entry_id(self.inbox, stamp),
            Side::Outbox => entry_id(self.outbox, stamp),
        }
    }
}

fn uuid_of(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id.strip_prefix("urn:uuid:")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_form_are_as_if_absent() {
        let profile = Profile {
            id: Some("tag:x".into()),
            title: Some("  A \n title ".into()),
            link: Some("javascript:alert(1)".into()),
            icon: Some("../../secret".into()),
            language: Some("en\"><script>".into()),
            ..Profile::default()
        };
        let checked = profile.checked();
        assert_eq!(checked, Profile { title: Some("A title".into()), ..Profile::default() });
    }

    #[test]
    fn an_id_is_written_into_a_profile_that_has_none() {
        let id = Uuid::from_u128(7);
        for text in ["", "# mine\ntitle = \"x\" # why\n\n[later]\nid = 1\n", "\u{feff}title = \"x\"\r\n"] {
            let with = with_id(text, id).unwrap();
            assert_eq!(parse(with.clone().into_bytes()).unwrap().own_id(), Some(id), "{text}");
            assert!(with.ends_with(text.trim_start_matches('\u{feff}')), "nothing else changes: {with}");
        }
        for text in ["id = \"x\"\n", "title = [\n", &with_id("", id).unwrap()] {
            assert_eq!(with_id(text, id), None, "{text}");
        }
    }

    #[test]
    fn two_messages_of_one_second_have_two_ids() {
        let stamp = Stamp::parse(b"2013-08-11T14-34-37Z").unwrap();
        let own = Profile { id: Some("urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a".into()), ..Profile::default() };
        let none = Profile::default();
        for (theirs, mine) in [(&none, &none), (&none, &own), (&own, &none)] {
            let ids = EntryIds::new(Kind::Message, "talk", theirs, mine);
            assert_ne!(ids.entry(Side::Inbox, stamp), ids.entry(Side::Outbox, stamp));
        }
        let id =
            |kind, side, theirs: &Profile, mine: &Profile| EntryIds::new(kind, "talk", theirs, mine).entry(side, stamp);
        let written = id(Kind::Broadcast, Side::Outbox, &none, &own);
        assert_eq!(written, id(Kind::Subscription, Side::Inbox, &own, &none), "both ends have one id for it");
        assert_eq!(written, id(Kind::Message, Side::Inbox, &own, &none));
        let unnamed = id(Kind::Broadcast, Side::Outbox, &none, &none);
        assert_eq!(unnamed, id(Kind::Message, Side::Outbox, &none, &none), "an inbox that comes later changes no id");
    }

    #[test]
    fn ids_do_not_depend_on_anything_that_may_change() {
        let id = "urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a";
        let profile = Profile { id: Some(id.into()), ..Profile::default() };
        assert_eq!(profile.channel_id("a").urn().to_string(), id);
        assert_eq!(profile.channel_id("a"), profile.channel_id("b"));
        assert_ne!(Profile::default().channel_id("a"), Profile::default().channel_id("b"));
        let stamp = Stamp::parse(b"2013-08-11T14-34-37Z").unwrap();
        assert_eq!(entry_id(profile.channel_id("b"), stamp).to_string(), "1f30b025-4116-5188-ba8b-34e5565414aa");
    }
}

//! Reads what a channel says of itself, `outbox/.channel.toml`, and derives the ids of its feed and entries.
//!
//! A profile in an inbox is somebody else's text: each value is cut to a line of sane length, and a value of the wrong form
//! counts as absent.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::header::Language;
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::layout::{PROFILE_FILE, PROFILE_KEYS, SETTINGS_FILE};
use crate::channel::protocol::message_file;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::protocol::toml_keys::{Mistake, explain};
use crate::channel::protocol::{settings, toml_keys};
use crate::fs::confined::Folder;
use crate::markdown::{self, Dialect};

/// No more of the file is read, in bytes.
pub const MAX_FILE: u64 = 64 << 10;
/// A larger icon is none, in bytes.
pub const MAX_ICON: u64 = 1 << 20;
/// What is behind so many characters of a value is not shown.
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
    /// What its texts are written in beyond the common Markdown: names that [`Dialect`] knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markdown: Vec<String>,
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
    read_with_mistakes(folder).map(|(profile, _)| profile)
}

/// Reads a box's profile, and says of each value that does not count what is wrong with it, with its line.
///
/// # Errors
/// [`Problem`].
pub fn read_with_mistakes(folder: &Folder) -> Result<(Profile, Vec<String>), Problem> {
    let bytes = match folder.read(Path::new(PROFILE_FILE), MAX_FILE) {
        // A part of it would say something else than the whole.
        Ok((_, stat)) if stat.len > MAX_FILE => {
            return Err(Problem::Form(format!("longer than {} KiB", MAX_FILE >> 10)));
        }
        Ok((bytes, _)) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Profile::default(), Vec::new())),
        Err(error) => return Err(Problem::Unreadable(error.to_string())),
    };
    parse_with_mistakes(bytes)
}

/// Reads what a profile's file holds.
///
/// # Errors
/// [`Problem::Form`].
pub fn parse(bytes: Vec<u8>) -> Result<Profile, Problem> {
    parse_with_mistakes(bytes).map(|(profile, _)| profile)
}

fn parse_with_mistakes(bytes: Vec<u8>) -> Result<(Profile, Vec<String>), Problem> {
    let text = message_file::decode(bytes).text;
    match toml::from_str::<Profile>(&text) {
        Ok(said) => {
            let mistakes = mistakes(&text, &said);
            Ok((said.checked(), mistakes))
        }
        Err(error) => {
            let Mistake { line, what, .. } = explain(&text, &error, &[]);
            Err(Problem::Form(format!("line {line}: {what}")))
        }
    }
}

/// So many mistakes are told: a profile may be an adversary's.
const MAX_MISTAKES: usize = 20;

/// What is wrong with a profile's keys and values, each with its line, in the order of the lines.
fn mistakes(text: &str, said: &Profile) -> Vec<String> {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let unknown =
        table.keys().filter(|key| !PROFILE_KEYS.contains(&key.as_str())).map(|key| (key.as_str(), unknown_key(key)));
    let values = wrong_values(said);
    let mut told: Vec<(usize, String)> =
        unknown.chain(values).map(|(key, what)| (toml_keys::line_of(text, key), what)).collect();
    told.sort();
    told.into_iter().take(MAX_MISTAKES).map(|(line, what)| format!("line {line}: {what}")).collect()
}

fn unknown_key(key: &str) -> String {
    if settings::is_key(key) {
        return format!("`{key}` is no key of a profile; it belongs in `{SETTINGS_FILE}`");
    }
    match toml_keys::nearest(key, PROFILE_KEYS.into_iter()).filter(|(_, likeness)| *likeness > 0.8) {
        Some((near, _)) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => format!("unknown key `{key}`; known are {}", PROFILE_KEYS.join(", ")),
    }
}

/// Says of each value that does not count, or not as it stands, what would be right.
fn wrong_values(said: &Profile) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let texts = [("title", &said.title), ("description", &said.description), ("author", &said.author)];
    for (key, value) in texts {
        if value.as_ref().is_some_and(|value| value.chars().count() > MAX_VALUE) {
            wrong.push((key, format!("`{key}` is longer than {MAX_VALUE} characters; the rest is not shown")));
        }
    }
    if let Some(id) = said.id.as_deref().filter(|id| uuid_of(id).is_none()) {
        let instead = "until it is, the feed's id follows from the channel's name";
        wrong.push(("id", format!("`id = \"{id}\"` does not count: an id is `urn:uuid:` and a UUID; {instead}")));
    }
    if let Some(value) = said.language.as_deref().filter(|value| !value.trim().is_empty()) {
        match Language::parse(value) {
            None => wrong
                .push(("language", format!("`language = \"{value}\"` is not a language tag such as `en` or `pt-BR`"))),
            Some(language) if language.is_mended => {
                let tag = language.tag;
                wrong.push((
                    "language",
                    format!("`language = \"{value}\"` is read as the language tag `{tag}`; write it so"),
                ));
            }
            Some(_) => {}
        }
    }
    if let Some(link) = said.link.as_deref().filter(|link| !link.trim().is_empty()) {
        match link_of(link) {
            Ok(_) => {}
            Err(Link::HasUser) => wrong.push((
                "link",
                "`link` contains a user name or a password, which everybody could read; write it without".to_owned(),
            )),
            Err(Link::NoAddress) => wrong.push((
                "link",
                format!("`link = \"{link}\"` is not a web address such as `https://example.org/blog/`"),
            )),
        }
    }
    if let Some(icon) = said.icon.as_deref().filter(|icon| !icon.is_empty() && !is_icon_name(icon)) {
        wrong.push(("icon", format!("`icon = \"{icon}\"` does not count: an icon is a file of the outbox itself, with a name that begins with a dot, such as `.icon.png`")));
    }
    for name in said.markdown.iter().filter(|name| !Dialect::names().any(|known| known == *name)) {
        let known: Vec<&str> = Dialect::names().collect();
        wrong.push(("markdown", format!("`{name}` in `markdown` is unknown; known are {}", known.join(", "))));
    }
    wrong
}

/// Why a link is none that can be published.
enum Link {
    NoAddress,
    HasUser,
}

/// A link as it is published: an address of the web that tells nobody a password.
fn link_of(link: &str) -> Result<&str, Link> {
    if !(link.starts_with("https://") || link.starts_with("http://")) {
        return Err(Link::NoAddress);
    }
    match Url::parse(link) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(Link::HasUser),
        Ok(_) => Ok(link),
        Err(_) => Err(Link::NoAddress),
    }
}

fn is_icon_name(name: &str) -> bool {
    name.starts_with('.') && !name.contains('/') && name != ".." && name != "."
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
            link: shown_value(self.link).filter(|link| link_of(link).is_ok()),
            icon: self.icon.filter(|name| is_icon_name(name)),
            markdown: self.markdown.into_iter().filter(|name| Dialect::names().any(|known| known == name)).collect(),
        }
    }

    /// The Markdown that its texts are written in.
    pub fn dialect(&self) -> Dialect {
        let dialect = Dialect::from_names(self.markdown.iter().map(String::as_str));
        self.language.as_deref().map_or(dialect, |language| dialect.in_language(language))
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
    fn every_value_that_does_not_count_is_told_with_its_line() {
        let told = |text: &str| parse_with_mistakes(text.into()).unwrap().1;
        let text = "# mine\nid = \"tag:example.org,2020:me\"\nlanguage = \"zh_CN\"\nicon = \"icon.png\"\ntitel = \"x\"\n\
                    link = \"https://a:b@example.org/\"\nbase_url = \"x\"\ntimezone = \"UTC\"\n[more]\ntitle = \"y\"\n";
        let expected = [
            "line 2: `id = \"tag:example.org,2020:me\"` does not count",
            "line 3: `language = \"zh_CN\"` is read as the language tag `zh-CN`",
            "line 4: `icon = \"icon.png\"` does not count",
            "line 5: unknown key `titel`; did you mean `title`?",
            "line 6: `link` contains a user name or a password",
            "line 7: `base_url` is no key of a profile; it belongs in `missive.toml`",
            "line 9: unknown key `more`; known are",
        ];
        let mistakes = told(text);
        assert_eq!(mistakes.len(), expected.len(), "{mistakes:?}");
        for (told, expected) in mistakes.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
        assert_eq!(
            told(&format!(
                "id = \"{}\"\nlanguage = \"\"\nicon = \"\"\nlink = \"http://x.org\"",
                Uuid::from_u128(7).urn()
            )),
            [""; 0]
        );
        assert_eq!(told(&"x = 1\n".replace('x', &format!("description = \"{}\"\ny", "d".repeat(501)))).len(), 2);
        let profile = parse(text.into()).unwrap();
        assert_eq!((profile.language.as_deref(), profile.link, profile.icon), (Some("zh-CN"), None, None));
        let wrong = parse(b"\ntitle = 5\n".to_vec()).unwrap_err();
        assert_eq!(wrong, Problem::Form("line 2: `title` takes a text in quotes, not 5".into()));
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

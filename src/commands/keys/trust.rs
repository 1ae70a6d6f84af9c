//! `missive keys trust`: who writes a channel, and whose texts in it count as one's own.
//!
//! What somebody else writes into an outbox is shown as carefully as what comes into an inbox, until this command says that they
//! are trusted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::authorship::authors::Authors;
use crate::channel::authorship::bylines::looks_like;
use crate::channel::authorship::signers::Key;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::commands::{Environment, Failure, count, documents};
use crate::fs::confined::Folder;
use crate::sync::keys::book::{AuthorKey, Book, Document};
use crate::text::invisible::field;
use crate::text::shell;

/// What is to be done.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive keys trust walks             # lists its authors
  missive keys trust walks 0a1b2c3d    # treats this author's messages as your own")]
pub(super) struct Trust {
    /// The channel
    pub(super) channel: OsString,
    /// The author to trust: a name that the channel's owner has confirmed, or at least eight digits of the key
    author: Option<String>,
    /// Do not trust the author any more
    #[arg(long, requires = "author")]
    remove: bool,
}

/// Who writes a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuthorsReport {
    channel: String,
    #[serde(rename = "box")]
    side: Side,
    authors: Vec<AuthorLine>,
}

/// An author.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and scripts read them by name")]
#[derive(Debug, Serialize, JsonSchema)]
struct AuthorLine {
    /// The public key that this author signs with, 64 hexadecimal digits.
    key: String,
    /// The author's name.
    name: Option<String>,
    /// Whether the channel's owner has given it; else it is only what the author says.
    bound: bool,
    owner: bool,
    /// Whether this device signs with the key.
    own: bool,
    trusted: bool,
    messages: usize,
}

/// What came of it.
pub(super) enum Outcome {
    Listed(AuthorsReport),
    Done(String),
}

/// Lists a channel's authors, or changes whether one of them is trusted.
///
/// # Errors
/// [`Failure`] when the channel is not shared, or there is no such author.
pub(super) fn run(args: &Trust, name: &ChannelName, environment: &Environment) -> Result<Outcome, Failure> {
    let place = Place::find(name, environment)?;
    let authors = place.authors()?;
    match &args.author {
        None => Ok(Outcome::Listed(place.report(authors.as_ref())?)),
        Some(author) => place.change(authors.as_ref(), author, args.remove, environment).map(Outcome::Done),
    }
}

/// The box of a channel that is shared, and what the book says of it.
struct Place {
    document: Document,
    me: Option<AuthorKey>,
    folder: std::path::PathBuf,
}

impl Place {
    fn find(name: &ChannelName, environment: &Environment) -> Result<Self, Failure> {
        let book = Book::read(&environment.folders.data)?;
        let document = [Side::Outbox, Side::Inbox].into_iter().find_map(|side| book.document(name, side)).cloned();
        let document = document.ok_or_else(|| {
            let hint = "`missive share CHANNEL --write` prints the write key for others";
            Failure::new(format!("`{name}` is not shared, so it has no other authors"), hint)
        })?;
        let folder = environment.folders.data.join(name.as_os_str()).join(document.side.name());
        Ok(Self { document, me: documents::author(&book), folder })
    }

    fn authors(&self) -> Result<Option<Authors>, Failure> {
        let folder = Folder::open(&self.folder)?;
        Authors::read(&folder).map_err(|problem| {
            let path = self.folder.join(layout::AUTHORS_FILE);
            Failure::new(format!("{}: {problem}", path.display()), "`missive sync` writes it again")
        })
    }

    /// Who is taken for the author where nothing is said.
    fn unlisted(&self) -> Option<Key> {
        let key = if self.document.side == Side::Outbox { self.me } else { self.document.owner };
        key.map(|key| Key::new(key.0))
    }

    fn report(&self, authors: Option<&Authors>) -> Result<AuthorsReport, Failure> {
        let nobody = Authors::default();
        let said = authors.unwrap_or(&nobody);
        let mut messages: BTreeMap<Key, usize> = said.signers().into_iter().map(|key| (key, 0)).collect();
        for key in [self.document.owner, self.me.filter(|_| self.document.side == Side::Outbox)].into_iter().flatten() {
            messages.entry(Key::new(key.0)).or_default();
        }
        for key in &self.document.trusted {
            messages.entry(Key::new(key.0)).or_default();
        }
        for (name, _) in Folder::open(&self.folder)?.list()? {
            let Some(Entry::Text(stamp)) = Entry::parse(name.as_encoded_bytes()) else {
                continue;
            };
            let signers = said
                .messages
                .get(&stamp)
                .map_or_else(|| self.unlisted().into_iter().collect(), |all| all.keys().to_vec());
            for key in signers {
                *messages.entry(key).or_default() += 1;
            }
        }
        let line = |(key, messages): (Key, usize)| AuthorLine {
            name: said.names.get(&key).or_else(|| said.claimed.get(&key)).cloned(),
            bound: said.names.contains_key(&key),
            owner: is_among(key, self.document.owner.iter()),
            own: self.document.side == Side::Outbox && is_among(key, self.me.iter()),
            trusted: is_among(key, self.document.trusted.iter()),
            key: key.to_string(),
            messages,
        };
        let authors = messages.into_iter().map(line).collect();
        Ok(AuthorsReport { channel: self.document.channel.to_string(), side: self.document.side, authors })
    }

    fn change(
        &self,
        authors: Option<&Authors>,
        author: &str,
        remove: bool,
        environment: &Environment,
    ) -> Result<String, Failure> {
        if self.document.side == Side::Inbox {
            return Err(Failure::new(
                format!("`{}` is a subscription: messages in an inbox never count as yours", self.document.channel),
                "nothing was changed",
            ));
        }
        let report = self.report(authors)?;
        let unseen = AuthorLine::unseen(author).filter(|line| !remove && !report.has(&line.key));
        let line = unseen.as_ref().map_or_else(|| report.find(author, authors), Ok)?;
        if line.own {
            return Err(Failure::new("that is your own key: its messages are yours already", "nothing was changed"));
        }
        let key = crate::sync::hex::decode(&line.key).map(AuthorKey);
        let id = self.document.id;
        let own = Book::change(&environment.folders.data, |book| {
            let me = documents::author(book);
            let Some(document) = book.by_id_mut(&id) else {
                return Ok(Vec::new());
            };
            document.trusted.retain(|trusted| Some(*trusted) != key);
            document.trusted.extend(key.filter(|_| !remove));
            Ok::<_, Failure>(
                me.into_iter().chain(document.trusted.iter().copied()).map(|key| Key::new(key.0)).collect(),
            )
        })?;
        write_own(&self.folder, own)?;
        let (who, channel) = (line.words(), field(&self.document.channel.to_string()));
        let short: String = line.key.chars().take(8).collect();
        Ok(if remove {
            format!("Messages of {who} in {channel} are treated as somebody else's again.")
        } else {
            format!(
                "Messages of {who} in {channel} now count as your own: their HTML and their attachments are published as they are.\nTo undo this: {}",
                shell::missive("keys trust --remove", &[&self.document.channel, &short])
            )
        })
    }
}

/// Has a box's `.authors.toml`, if there is one, say whose texts count as one's own.
pub(super) fn write_own(folder: &Path, own: Vec<Key>) -> Result<(), Failure> {
    // A box that is gone says nothing, and one whose file can't be read gets a new one from the node.
    let said = Folder::open(folder).ok().and_then(|folder| Authors::read(&folder).ok().flatten());
    if let Some(authors) = said.filter(|_| !own.is_empty()) {
        Authors { own, ..authors }.write(folder)?;
    }
    Ok(())
}

fn is_among<'a>(key: Key, mut keys: impl Iterator<Item = &'a AuthorKey>) -> bool {
    keys.any(|other| Key::new(other.0) == key)
}

/// So many digits of a key at least are taken for it.
const DIGITS: usize = 8;

impl AuthorsReport {
    /// Whether somebody of this key has written the channel, or owns it.
    fn has(&self, key: &str) -> bool {
        self.authors.iter().any(|line| line.key == key)
    }

    /// The one author of this name, or whose key begins like that.
    fn find(&self, author: &str, said: Option<&Authors>) -> Result<&AuthorLine, Failure> {
        let lower = author.to_ascii_lowercase();
        let is_key = lower.len() >= DIGITS && lower.bytes().all(|byte| byte.is_ascii_hexdigit());
        let named =
            |line: &&AuthorLine| line.bound && line.name.as_ref().is_some_and(|name| looks_like(author, Some(name)));
        let begins = |line: &&AuthorLine| is_key && line.key.starts_with(&lower);
        let found: Vec<&AuthorLine> = self.authors.iter().filter(|line| begins(line) || named(line)).collect();
        let list = format!("`{}` lists the authors with their keys", shell::missive("keys trust", &[&self.channel]));
        match found.as_slice() {
            [line] => Ok(line),
            [] if said.is_some_and(|said| said.claimed.values().any(|name| looks_like(author, Some(name)))) => {
                Err(Failure::new(
                    format!(
                        "somebody in `{}` calls themselves “{}”, but the channel's owner has not confirmed that name",
                        self.channel,
                        field(author)
                    ),
                    format!("give the beginning of the key instead; {list}"),
                ))
            }
            [] => Err(Failure::new(
                format!("no author of `{}` has the name or the key “{}”", self.channel, field(author)),
                list,
            )),
            _ => Err(Failure::new(
                format!("several authors of `{}` could be meant by “{}”", self.channel, field(author)),
                list,
            )),
        }
    }
}

impl AuthorLine {
    /// An author of whom nothing has come yet, by the whole key: somebody's second computer says it before it writes anything.
    fn unseen(author: &str) -> Option<Self> {
        let key = Key::parse(&author.to_ascii_lowercase())?.to_string();
        Some(Self { key, name: None, bound: false, owner: false, own: false, trusted: false, messages: 0 })
    }

    fn words(&self) -> String {
        let short: String = self.key.chars().take(DIGITS).collect();
        match &self.name {
            Some(name) if self.bound => format!("{} (key {short})", field(name)),
            _ => format!("key {short}"),
        }
    }
}

impl fmt::Display for AuthorsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.authors {
            let claims = line.name.as_ref().filter(|_| !line.bound).map(|name| format!("calls itself {}", field(name)));
            let flag = |is_so: bool, word: &str| is_so.then(|| word.to_owned());
            let parts = [
                Some(line.words()),
                claims,
                flag(line.owner, "owner"),
                flag(line.own, "you"),
                flag(line.trusted, "trusted"),
                Some(count(line.messages, "message")),
            ];
            writeln!(f, "{}", parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))?;
        }
        Ok(())
    }
}

//! Why a command could not do what it was asked.
//!
//! Owns the turn from an error into words with one hint. `cli` prints it in one place.

use std::fmt;
use std::io;

use crate::channel::error::NoBox;
use crate::channel::reading::{date_phrase, query};
use crate::text::invisible::field;
use crate::{channel, site, sync};

/// Why a command could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong: the thing and the place.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Whether it says that the command itself was not meant so, rather than that something is wrong for now.
    pub lasting: bool,
    /// Whether the command line asks for something that cannot be asked.
    pub usage: bool,
}

impl Failure {
    /// A failure with a way out: a line each, whatever names are in them.
    pub fn new(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(field(hint.as_ref())), ..Self::without_hint(message) }
    }

    fn without_hint(message: impl AsRef<str>) -> Self {
        Self { message: field(message.as_ref()), hint: None, lasting: false, usage: false }
    }

    /// A command line that asks for something that cannot be asked.
    pub fn usage(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self { usage: true, ..Self::new(message, hint) }
    }
}

impl Failure {
    /// What is wrong and the way out, in one line if what is wrong is one.
    pub(crate) fn words(&self) -> String {
        match &self.hint {
            Some(hint) if self.message.contains('\n') => format!("{}\n{hint}", self.message),
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<channel::Error> for Failure {
    fn from(error: channel::Error) -> Self {
        use channel::Error;
        let hint = match &error {
            Error::NoSuchChannel { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Error::NoSuchChannel { .. } => {
                Some("`missive channels` lists the channels; `missive new NAME` makes one".to_owned())
            }
            Error::NotAChannel { .. } => Some(
                "a channel is a folder that holds an `outbox`, an `inbox` or both; `missive new NAME` makes one"
                    .to_owned(),
            ),
            Error::NotABox { what: NoBox::Link, .. } => Some(
                "put the real folder there, or make a link to the whole channel: missive follows that one".to_owned(),
            ),
            Error::NotABox { .. } => Some("an inbox or outbox has to be a folder: move that file away".to_owned()),
            Error::Name { .. } => Some("any file name will do that does not begin with `.`".to_owned()),
            Error::Exists { .. } => Some("choose another name; nothing was changed".to_owned()),
            Error::Settings { .. } => Some("nothing was changed; fix the file and try again".to_owned()),
            Error::Io(error) => io_hint(error),
            error => writing_hint(error),
        };
        Self { hint: hint.as_deref().map(field), ..Self::without_hint(error.to_string()) }
    }
}

/// The way out of what can go wrong with one's own messages.
fn writing_hint(error: &channel::Error) -> Option<String> {
    use channel::Error;
    let all = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let hint = match error {
        Error::OnlyListens { .. } => "`missive new NAME` makes a channel of your own".to_owned(),
        Error::NoSuchMessage { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
        Error::NoSuchMessage { .. } => "an id is a message's file name, such as `2013-08-11T14-34-37Z`".to_owned(),
        Error::Theirs { .. } => {
            "missive never changes an inbox; to answer: missive compose CHANNEL --reply-to ID".to_owned()
        }
        Error::NoSuchDraft { there, .. } if there.is_empty() => "there are no drafts in this channel".to_owned(),
        Error::NoSuchDraft { there, .. } => format!("there is {}", all(there)),
        Error::OpenElsewhere { .. } => "finish it there, or close its editor, and try again".to_owned(),
        Error::Attachment { .. } | Error::UnreadableAttachment { .. } => {
            "nothing was written; only ordinary files and folders can be attached".to_owned()
        }
        Error::SameName { .. } => "nothing was written; rename one of them, or put it into a subfolder".to_owned(),
        Error::NoSuchAttachment { there, .. } if there.is_empty() => "it has no attachments".to_owned(),
        Error::NoSuchAttachment { there, .. } => format!("it has {}", all(there)),
        Error::Header => "a value is one short line; a tag holds no comma".to_owned(),
        Error::Changed { .. } => "read the message again, then repeat the change".to_owned(),
        Error::Gone { .. } => "nothing was written; read the channel again and try again".to_owned(),
        Error::TrashIsEmpty { .. } => "`missive delete` has deleted nothing in this channel".to_owned(),
        _ => return None,
    };
    Some(hint)
}

impl From<sync::Error> for Failure {
    fn from(error: sync::Error) -> Self {
        use sync::Error;
        let hint = match &error {
            Error::Book { .. } => Some(
                "the file was not changed; fix it, or run `missive keys restore FILE` with a new data folder"
                    .to_owned(),
            ),
            Error::Busy { .. } => Some("`missive status` shows its state".to_owned()),
            Error::Exposed(exposed) => Some(format!("close it, and try again: {}", exposed.command())),
            Error::Engine { .. } => {
                Some("you can delete `.missive/sync/store` in the data folder; missive makes it again".to_owned())
            }
            Error::Ticket(_) => Some("`missive share` and `missive invite` print keys; copy the whole key".to_owned()),
            Error::Io(error) => io_hint(error),
        };
        Self { hint, ..Self::without_hint(error.to_string()) }
    }
}

impl From<sync::syncthing::Error> for Failure {
    fn from(error: sync::syncthing::Error) -> Self {
        // Each of them says the way out itself.
        Self::without_hint(error.to_string())
    }
}

impl From<sync::keys::ticket::NotATicket> for Failure {
    fn from(error: sync::keys::ticket::NotATicket) -> Self {
        sync::Error::from(error).into()
    }
}

impl From<site::SiteError> for Failure {
    fn from(error: site::SiteError) -> Self {
        use site::SiteError as Error;
        let hint = match &error {
            Error::Template { .. } => Some("the old site stays; fix the template and build again".to_owned()),
            Error::Theme { .. } => {
                Some("a theme is a folder of files that replace those of the built-in `letter`".to_owned())
            }
            Error::NoTheme { .. } => Some(format!(
                "the built-in theme is `{}`; for your own, name a folder of templates",
                site::BUILT_IN_THEMES.join("`, `")
            )),
            Error::InTheWay { .. } => {
                Some("choose another output folder with `-o DIR`, or use this one with `--force`".to_owned())
            }
            Error::Foreign { .. } => Some(
                "nothing was written; move it away and build again, or choose another output folder with `-o DIR`"
                    .to_owned(),
            ),
            Error::BoxIsEmpty { .. } => {
                Some("the old site stays. If you deleted all messages on purpose, pass `--allow-empty`".to_owned())
            }
            Error::Profile { .. } => Some(
                "the ids in the feeds depend on it, so the old site stays; restore a readable file and build again"
                    .to_owned(),
            ),
            Error::OutputIsBox { .. } => Some("choose another output folder with `-o DIR`".to_owned()),
            Error::Unreadable(_) => None,
            Error::Io(error) => io_hint(error),
        };
        let lasting = matches!(error, Error::InTheWay { .. } | Error::Foreign { .. } | Error::OutputIsBox { .. });
        // What a template engine says has lines of its own.
        let words = |error: &Error| {
            if let Error::Template { .. } = error { error.to_string() } else { field(&error.to_string()) }
        };
        Self { message: words(&error), hint, lasting, usage: false }
    }
}

impl From<query::Error> for Failure {
    fn from(error: query::Error) -> Self {
        Self::usage(error.to_string(), "`missive search --help` explains the query")
    }
}

impl From<date_phrase::Error> for Failure {
    fn from(error: date_phrase::Error) -> Self {
        Self { hint: None, ..Self::usage(error.to_string(), "") }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { hint: io_hint(&error), ..Self::without_hint(error.to_string()) }
    }
}

fn io_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full; existing files are intact",
        io::ErrorKind::PermissionDenied => "you have no permission there; nothing was changed",
        io::ErrorKind::ReadOnlyFilesystem => "that disk is read-only; nothing was changed",
        _ => return None,
    };
    Some(hint.to_owned())
}

//! Why a command could not do what it was asked: kind, message, cause and way out.
//!
//! Every error of the rooms below becomes a [`Failure`] here, with one hint that names the way out. `cli` prints it in one place.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::channel::error::NoBox;
use crate::channel::protocol::toml_keys::Mistake;
use crate::channel::reading::{date_phrase, query};
use crate::text::invisible::field;
use crate::{channel, daemon, site, sync};

/// Whose fault a failure is; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It could not be done.
    NotDone,
    /// The command line asks for something that cannot be asked.
    Usage,
    /// The program is wrong.
    Bug,
}

impl FailureKind {
    /// What the shell is told. Wrong usage has the number that `clap` gives it too, a bug the one of `sysexits.h`.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::NotDone => 1,
            Self::Usage => 2,
            Self::Bug => 70,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What could not be done, where and why.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// The error that the message speaks of, with its own causes.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Two failures are equal if people are told the same.
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.message, &self.hint) == (other.kind, &other.message, &other.hint)
    }
}

impl Eq for Failure {}

impl Failure {
    /// A failure with a way out: a line each, whatever names are in them.
    pub fn new(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(field(hint.as_ref())), ..Self::without_hint(message) }
    }

    /// A failure that says the way out itself, or has none.
    pub fn without_hint(message: impl AsRef<str>) -> Self {
        Self { kind: FailureKind::NotDone, message: field(message.as_ref()), hint: None, source: None }
    }

    /// A command line that asks for something that cannot be asked.
    pub fn usage(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self { kind: FailureKind::Usage, ..Self::new(message, hint) }
    }

    /// Something that only a mistake in this program brings about.
    pub fn bug(message: impl AsRef<str>) -> Self {
        Self { kind: FailureKind::Bug, ..Self::new(message, "this is a bug in missive; please report it") }
    }

    /// The same failure as one of another kind.
    #[must_use]
    pub fn of_kind(self, kind: FailureKind) -> Self {
        Self { kind, ..self }
    }

    /// An error in its own words, with the way out if there is one.
    fn from_error(error: impl StdError + Send + Sync + 'static, hint: Option<String>) -> Self {
        Self { hint: hint.map(|hint| field(&hint)), ..Self::without_hint(error.to_string()) }.caused_by(error)
    }

    /// The same failure with another way out.
    #[must_use]
    pub fn with_hint(self, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(field(hint.as_ref())), ..self }
    }

    /// The same failure with the error that led to it.
    #[must_use]
    pub fn caused_by(self, error: impl StdError + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(error)), ..self }
    }

    /// What led to it, the nearest cause first; what the line before says already is left out.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut said = self.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            let words = field(&error.to_string());
            if !said.contains(&words) {
                causes.push(words.clone());
                said = words;
            }
            cause = error.source();
        }
        causes
    }

    /// What is wrong and the way out, in one line if what is wrong is one.
    pub(crate) fn words(&self) -> String {
        match &self.hint {
            Some(hint) if self.message.contains('\n') => format!("{}\n{hint}", self.message),
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        Some(source)
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
        let hint = channel_hint(&error);
        Self::from_error(error, hint)
    }
}

impl From<site::SiteError> for Failure {
    fn from(error: site::SiteError) -> Self {
        daemon::Error::from(error).into()
    }
}

impl From<sync::Error> for Failure {
    fn from(error: sync::Error) -> Self {
        let hint = sync_hint(&error);
        Self::from_error(error, hint)
    }
}

impl From<sync::keys::ticket::NotATicket> for Failure {
    fn from(error: sync::keys::ticket::NotATicket) -> Self {
        sync::Error::from(error).into()
    }
}

impl From<sync::syncthing::Error> for Failure {
    fn from(error: sync::syncthing::Error) -> Self {
        // Each of them says the way out itself.
        Self::from_error(error, None)
    }
}

impl From<query::Error> for Failure {
    fn from(error: query::Error) -> Self {
        Self::usage(error.to_string(), "`missive search --help` explains the query").caused_by(error)
    }
}

impl From<date_phrase::Error> for Failure {
    fn from(error: date_phrase::Error) -> Self {
        Self { kind: FailureKind::Usage, ..Self::from_error(error, None) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let hint = io_hint(&error);
        Self::from_error(error, hint)
    }
}

impl From<daemon::Error> for Failure {
    fn from(error: daemon::Error) -> Self {
        Self::from(Arc::new(error))
    }
}

impl From<Arc<daemon::Error>> for Failure {
    fn from(error: Arc<daemon::Error>) -> Self {
        let hint = daemon_hint(&error).as_deref().map(field);
        // What a template engine says has lines of its own.
        let has_lines = matches!(*error, daemon::Error::Site(site::SiteError::Template { .. }));
        let said = error.to_string();
        let message = if has_lines { said } else { field(&said) };
        Self { kind: FailureKind::NotDone, message, hint, source: Some(error) }
    }
}

/// The way out of what can go wrong with a channel as a whole.
fn channel_hint(error: &channel::Error) -> Option<String> {
    use channel::Error;
    let hint = match error {
        Error::NoSuchChannel { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
        Error::NoSuchChannel { .. } => "`missive channels` lists the channels; `missive new NAME` makes one".to_owned(),
        Error::NotAChannel { .. } => {
            "a channel is a folder that holds an `outbox`, an `inbox` or both; `missive new NAME` makes one".to_owned()
        }
        Error::NotABox { what: NoBox::Link, .. } => {
            "put the real folder there, or make a link to the whole channel: missive follows that one".to_owned()
        }
        Error::NotABox { .. } => "an inbox or outbox has to be a folder: move that file away".to_owned(),
        Error::Name { .. } => "any file name will do that does not begin with `.`".to_owned(),
        Error::Exists { .. } => "choose another name; nothing was changed".to_owned(),
        Error::Settings { mistake: Mistake { hint: Some(hint), .. }, .. } => hint.clone(),
        Error::Settings { .. } => "nothing was changed; fix the file and try again".to_owned(),
        Error::Io(error) => return io_hint(error),
        error => return writing_hint(error),
    };
    Some(hint)
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
        Error::NoSuchDraft { there, .. } => format!("the drafts in this channel: {}", all(there)),
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

/// The way out of what can go wrong with keys and with sync.
fn sync_hint(error: &sync::Error) -> Option<String> {
    use sync::Error;
    let hint = match error {
        Error::Book { .. } => {
            "the file was not changed; fix it, or run `missive keys restore FILE` with a new data folder".to_owned()
        }
        Error::Busy { .. } => "`missive status` shows its state".to_owned(),
        Error::Exposed(exposed) => {
            format!("close it, and try again: {}", exposed.command())
        }
        Error::Engine { .. } => {
            "you can delete `.missive/sync/store` in the data folder; missive makes it again".to_owned()
        }
        Error::Ticket(_) => "`missive share` and `missive invite` print keys; copy the whole key".to_owned(),
        Error::Io(error) => return io_hint(error),
    };
    Some(hint)
}

/// The way out of what can go wrong with a site.
fn site_hint(error: &site::SiteError) -> Option<String> {
    use site::SiteError;
    let hint = match error {
        SiteError::Template { .. } => "the old site stays; fix the template and build again".to_owned(),
        SiteError::Theme { .. } => {
            "a theme is a folder of files that replace those of the built-in `letter`".to_owned()
        }
        SiteError::NoTheme { .. } => {
            format!(
                "the built-in theme is `{}`; for your own, name a folder of templates",
                site::BUILT_IN_THEMES.join("`, `")
            )
        }
        SiteError::InTheWay { .. } => {
            "choose another output folder with `-o DIR`, or use this one with `--force`".to_owned()
        }
        SiteError::Foreign { .. } => {
            "nothing was written; move it away and build again, or choose another output folder with `-o DIR`"
                .to_owned()
        }
        SiteError::BoxIsEmpty { .. } => {
            "the old site stays. If you deleted all messages on purpose, pass `--allow-empty`".to_owned()
        }
        SiteError::Profile { .. } => {
            "the ids in the feeds depend on it, so the old site stays; restore a readable file and build again"
                .to_owned()
        }
        SiteError::OutputIsBox { .. } => "choose another output folder with `-o DIR`".to_owned(),
        SiteError::Unreadable(_) => return None,
        SiteError::Io(error) => return io_hint(error),
    };
    Some(hint)
}

fn daemon_hint(error: &daemon::Error) -> Option<String> {
    use daemon::Error;
    let hint = match error {
        Error::Channel(error) => return channel_hint(error),
        Error::Site(error) => return site_hint(error),
        Error::Sync(error) => return sync_hint(error),
        Error::Io(error) => return io_hint(error),
        Error::OutsideDataFolder { .. } => {
            "only channels in the data folder are synced; `--data DIR` names another data folder"
        }
        Error::NameNotUtf8 { .. } => "rename the folder, and try again",
        Error::WithoutSync => {
            "build it with the feature `sync` (`cargo install --path .` does), or let another tool carry the folders: `missive share --via syncthing`"
        }
    };
    Some(hint.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the store could not be opened")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_follow_a_line_each_and_are_not_repeated() {
        let cause = io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let failure = Failure::new("sync could not start", "try again").caused_by(Outer(cause));
        assert_eq!(failure.to_string(), "error: sync could not start\n  hint: try again");
        assert_eq!(failure.causes(), ["the store could not be opened", "no space left"]);
        assert_eq!(Failure::from(io::Error::other("broken")).causes(), [""; 0], "it is the message");
    }

    #[test]
    fn each_kind_has_its_exit_code() {
        let codes =
            [Failure::new("", ""), Failure::usage("", ""), Failure::bug("")].map(|failure| failure.kind.exit_code());
        assert_eq!(codes, [1, 2, 70]);
    }
}

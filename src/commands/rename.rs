//! `missive rename`: another name for a channel, with all that goes by the name.
//!
//! What lies in the channel's folder goes along with it: drafts, trash, settings, site. What goes by the name elsewhere is the file of
//! keys, what was read, the caches, and Syncthing's settings. The folder gets its new name in one step, and the file of keys in the
//! next; a program that is cut off in between leaves a folder that the next look at the data folder follows
//! (`sync/keys/whereabouts.rs`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::channel::folder;
use crate::channel::outbox::draft;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout::PROFILE_FILE;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::{profile, toml_table};
use crate::channel::snapshot::card_cache;
use crate::channel::{Channel, Error, Kind};
use crate::commands::{Environment, documents, syncthing};
use crate::daemon;
use crate::fs::atomic_write;
use crate::fs::confined::Folder;
use crate::fs::regular_file;
use crate::sync::keys::book::Book;
use crate::sync::keys::whereabouts;
use crate::sync::keys::whereabouts::Whereabouts;
use crate::sync::socket;
use crate::text::invisible::field;
use crate::text::shell;

/// Rename a channel; whoever reads it notices nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive rename films cinema
  missive rename 'my old blog' letters")]
pub struct Rename {
    /// The channel
    channel: OsString,
    /// Its new name
    name: OsString,
}

/// A channel that was renamed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RenameReport {
    /// The name that it had.
    old: String,
    /// The name that it has.
    new: String,
    path: String,
    /// Whether its folder had the new name already, and its keys have followed.
    followed: bool,
    /// Whether others have it, or it is somebody else's.
    shared: bool,
    /// What else is to be known.
    notes: Vec<String>,
}

/// Renames a channel of the data folder.
///
/// # Errors
/// [`Failure`] when there is no such channel, or the new name is taken. Nothing was changed then.
pub fn run(args: &Rename, environment: &Environment) -> Result<RenameReport, Failure> {
    let (old, new) = (parsed(&args.channel)?, parsed(&args.name)?);
    let followed = documents::follow_renamed(environment)?;
    if followed.renamed.get(&old) == Some(&new) {
        return report(&old, &new, true, Vec::new(), environment);
    }
    match followed.found.get(&old) {
        Some(Whereabouts::Replaced | Whereabouts::Unclear(_) | Whereabouts::Gone) => bind(&old, &new, environment),
        _ => rename(&old, &new, &followed.book, environment),
    }
}

fn parsed(name: &OsStr) -> Result<ChannelName, Failure> {
    let bytes = name.as_encoded_bytes();
    // Shells complete a folder's name with a slash.
    let bare = bytes.strip_suffix(b"/").unwrap_or(bytes);
    let text = std::str::from_utf8(bare)
        .map_err(|_| daemon::Error::NameNotUtf8 { name: name.to_string_lossy().into_owned() })?;
    documents::parsed(text)
}

/// Gives a folder another name, and the keys with it.
fn rename(
    old: &ChannelName,
    new: &ChannelName,
    book: &Book,
    environment: &Environment,
) -> Result<RenameReport, Failure> {
    let data = &environment.folders.data;
    if old == new {
        return Err(Failure::usage(format!("the channel is called `{old}` already"), "give it another name"));
    }
    // With the nearest name, where there is none.
    let channel = folder::named(data, old)?;
    refuse_taken(new, book, environment)?;
    if draft::is_any_open(&channel) {
        return Err(Failure::new(
            format!("a draft of `{old}` is open in an editor, which could not save it any more"),
            "close the editor, and try again",
        ));
    }
    let carried = syncthing::carried_boxes(&channel, environment);
    let keeps_ids = keep_feed_ids(&channel, book, environment)?;
    let (from, to) = (data.join(old.as_os_str()), data.join(new.as_os_str()));
    let names = BTreeMap::from([(old.clone(), new.clone())]);
    // First, since what was read under a name that nobody has harms nobody.
    whereabouts::keep_marks(data, &names);
    if documents::has_keys(book, old) {
        Book::change(data, |book| {
            refuse_taken(new, book, environment)?;
            atomic_write::rename_new(&from, &to)?;
            book.rename(&names);
            Ok::<_, Failure>(())
        })?;
    } else {
        atomic_write::rename_new(&from, &to)?;
    }
    let renamed = Channel::open(&to)?;
    move_caches(&channel.path, &renamed.path, environment);
    rename_in_last_state(data, &names);
    let mut notes = carried.follow(&renamed);
    notes.extend(rename_in_settings(old, new, environment));
    if keeps_ids {
        notes.push(format!(
            "The feeds keep their ids: these followed from the old name, and stand in {} now.",
            field(&renamed.path.join(Side::Outbox.name()).join(PROFILE_FILE).to_string_lossy())
        ));
    }
    report(old, new, false, notes, environment)
}

/// Refuses a name that something has, or that there are keys of.
fn refuse_taken(new: &ChannelName, book: &Book, environment: &Environment) -> Result<(), Failure> {
    let path = environment.folders.data.join(new.as_os_str());
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path }.into());
    }
    documents::refuse_kept_name(book, new)
}

/// Gives the keys of a channel whose folder is gone, or is another one, to the folder of this name: somebody says that it is the
/// channel's.
fn bind(old: &ChannelName, new: &ChannelName, environment: &Environment) -> Result<RenameReport, Failure> {
    let data = &environment.folders.data;
    let names = BTreeMap::from([(old.clone(), new.clone())]);
    Book::change(data, |book| {
        let path = data.join(new.as_os_str());
        if path.symlink_metadata().is_err() {
            return Err(Failure::new(
                format!("neither `{old}` nor `{new}` is the folder of that channel"),
                "name the folder that the channel has now; nothing was changed",
            ));
        }
        if old != new && documents::has_keys(book, new) {
            return Err(Failure::new(
                format!("`{new}` has keys of its own, so it can't take over those of `{old}`"),
                format!("to delete those of `{new}`: {}", shell::missive("keys forget", &[new])),
            ));
        }
        let folder = Channel::open(&path)?;
        let mut documents = book.documents.iter().filter(|document| document.channel == *old);
        if let Some(lacking) = documents.find(|document| !folder.path.join(document.side.name()).is_dir()) {
            return Err(Failure::new(
                format!("`{new}` has no `{}`, so it is not the channel `{old}`", lacking.side),
                "name the folder that the channel has now; nothing was changed",
            ));
        }
        whereabouts::bind(data, book, old, new)?;
        Ok(())
    })?;
    whereabouts::keep_marks(data, &names);
    rename_in_last_state(data, &names);
    report(old, new, true, Vec::new(), environment)
}

/// Writes the id down that the feeds of one's own channel have had so far, if it followed from the name; tells whether it did.
fn keep_feed_ids(channel: &Channel, book: &Book, environment: &Environment) -> Result<bool, Failure> {
    if channel.kind != Kind::Broadcast {
        return Ok(false);
    }
    let outbox = channel.outbox()?;
    if let Some(document) = book.document(&channel.name, Side::Outbox)
        && !documents::is_owner(&environment.folders.data, document)?
    {
        return Ok(false);
    }
    let folder = Folder::open(&outbox)?;
    let text = match folder.read(Path::new(PROFILE_FILE), profile::MAX_FILE) {
        Ok((bytes, _)) => String::from_utf8(bytes).ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(String::new()),
        Err(error) => return Err(error.into()),
    };
    let id = profile::Profile::default().channel_id(&channel.name.to_string());
    // What is no profile has to be mended by hand before the next build anyway.
    let Some(text) = text.and_then(|text| profile::with_id(&text, id)) else {
        return Ok(false);
    };
    atomic_write::replace(&outbox.join(PROFILE_FILE), text.as_bytes())?;
    Ok(true)
}

/// Has the user's settings speak of the channel by its new name; tells what came of it, if they speak of it.
fn rename_in_settings(old: &ChannelName, new: &ChannelName, environment: &Environment) -> Option<String> {
    // What lies behind a link is written where it lies.
    let path = environment.folders.config.as_ref()?.join("missive/config.toml").canonicalize().ok()?;
    let text = regular_file::read_text(&path, MAX_SETTINGS).ok()?;
    let renamed = toml_table::renamed(&text, &["sync", "channels"], &old.to_string(), &new.to_string())?;
    let place = field(&path.to_string_lossy());
    Some(match atomic_write::replace(&path, renamed.as_bytes()) {
        Ok(()) => {
            format!("Its limits in {place} go by the new name; what runs already takes note when it starts again.")
        }
        Err(error) => format!("Its limits in {place} still go by the old name, since {error}."),
    })
}

/// A longer file of settings is not read, in bytes.
const MAX_SETTINGS: u64 = 1 << 20;

/// Takes the caches along. What can't be moved is made again.
fn move_caches(old: &Path, new: &Path, environment: &Environment) {
    let Some(cache) = &environment.folders.cache else {
        return;
    };
    let sites = cache.join("sites");
    let site = |channel: &Path| sites.join(card_cache::name_of(channel));
    let pairs = [(card_cache::path_below(cache, old), card_cache::path_below(cache, new)), (site(old), site(new))];
    for (from, to) in pairs.iter().filter(|(from, _)| from.exists()) {
        if let Err(error) = std::fs::rename(from, to) {
            tracing::debug!(%error, "a cache could not be moved");
        }
    }
}

/// Has `missive status` show the new name while no node runs. A running one says so itself.
fn rename_in_last_state(data: &Path, names: &BTreeMap<ChannelName, ChannelName>) {
    if socket::Lock::is_taken(data) {
        return;
    }
    let Some(mut state) = socket::last_state(data) else {
        return;
    };
    let documents = state.documents.iter_mut().map(|document| &mut document.channel);
    for channel in documents.chain(&mut state.accepting) {
        if let Some(name) = names.get(channel) {
            *channel = name.clone();
        }
    }
    if let Err(error) = socket::save_last_state(data, &state) {
        tracing::debug!(%error, "the last state could not be saved");
    }
}

fn report(
    old: &ChannelName,
    new: &ChannelName,
    followed: bool,
    mut notes: Vec<String>,
    environment: &Environment,
) -> Result<RenameReport, Failure> {
    let data = &environment.folders.data;
    let channel = Channel::open(&data.join(new.as_os_str()))?;
    let title = channel.outbox().ok().and_then(|_| documents::profile(&channel, Side::Outbox).title);
    if old != new && title.as_deref() == Some(&*old.to_string()) {
        notes.push(format!(
            "Its title is still “{}”. To change what readers see, edit {}.",
            field(&old.to_string()),
            field(&channel.path.join(Side::Outbox.name()).join(PROFILE_FILE).to_string_lossy())
        ));
    }
    Ok(RenameReport {
        old: old.to_string(),
        new: new.to_string(),
        path: channel.path.to_string_lossy().into_owned(),
        followed,
        shared: documents::has_keys(&Book::read(data)?, new),
        notes,
    })
}

impl fmt::Display for RenameReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        let (old, new) = (field(&self.old), field(&self.new));
        match (self.followed, self.shared) {
            (true, _) if self.old == self.new => writeln!(f, "The keys of `{old}` belong to this folder now.")?,
            (true, _) => {
                writeln!(f, "The keys of `{old}` belong to `{new}` now; whoever has the channel notices nothing.")?;
            }
            (false, true) => {
                writeln!(
                    f,
                    "Renamed `{old}` to `{new}`. Its keys stay the same; whoever has the channel notices nothing."
                )?;
            }
            (false, false) => writeln!(f, "Renamed `{old}` to `{new}`.")?,
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

//! `missive keys restore`: keys come back from a sealed file, after somebody has seen which ones.
//!
//! A file of keys may be a stranger's, made to bind a private channel to a document of theirs. So what each key would do is listed
//! and asked about, a folder that is here is used only if it was named, and what is here already is never replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::folder::NewChannel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::commands::keys::sealed_file;
use crate::commands::{Environment, Failure, count, documents};
use crate::console::Console;
use crate::daemon::engine;
use crate::fs::create_folders::folders_below;
use crate::fs::regular_file;
use crate::sync::keys::book::{Book, Document, Secret};
use crate::text::invisible::field;
use crate::text::shell;

/// Arguments of `missive keys restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The file
    file: PathBuf,
    /// Use this channel's existing folder; its contents will be shared
    #[arg(long, value_name = "CHANNEL")]
    into: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What came back, and what did not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RestoreReport {
    /// The keys that came back.
    restored: Vec<RestoredKey>,
    /// The keys that did not.
    left_out: Vec<SkippedKey>,
    /// Whether the device and the author of the file are this data folder's now.
    identity: bool,
}

/// A key that came back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RestoredKey {
    channel: ChannelName,
    #[serde(rename = "box")]
    side: Side,
    /// Whether it is for writing too.
    writes: bool,
    path: String,
}

/// A key that did not come back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SkippedKey {
    /// What stands in the file for its channel's name.
    channel: String,
    why: String,
}

/// What is to become of a key of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// Its channel is made.
    New,
    /// Its channel's folder is here and was named.
    Into,
    /// It is here already.
    Here,
    /// It is not taken, for this reason.
    LeftOut(String),
}

impl Fate {
    fn is_taken(&self) -> bool {
        matches!(self, Self::New | Self::Into)
    }

    /// What becomes of a key, in a line.
    fn line(&self, document: &Document, environment: &Environment) -> String {
        let may = if document.secret.is_some() { "reads and writes" } else { "reads" };
        let path = field(&environment.folders.data.join(document.channel.as_os_str()).to_string_lossy());
        let becomes = match self {
            Self::New => format!("a new folder, {path}"),
            Self::Into => format!("the existing folder, {path}; its contents will be shared"),
            Self::Here => "here already".to_owned(),
            Self::LeftOut(why) => format!("left out: {why}"),
        };
        format!("  {} ({}), {may}: {becomes}", field(&document.channel.to_string()), document.side)
    }
}

/// What a restore comes to.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    keys: Vec<(Document, Fate)>,
    bad_names: Vec<String>,
    /// What is taken from the file of who this device is.
    identity: Option<&'static str>,
}

/// Shows what a file of keys would do, asks, and does it.
///
/// # Errors
/// [`Failure`] when the file is none or the passphrase is wrong, nobody is there to answer, or the answer is no. Nothing was changed
/// then.
pub(super) fn run(args: &Restore, environment: &Environment, console: Console) -> Result<RestoreReport, Failure> {
    engine::require()?;
    let into = args.into.iter().map(|name| documents::parsed(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let kept = opened(&args.file, environment, console)?;
    let planned = plan(&Book::read(&environment.folders.data)?, &kept, environment, &into)?;
    planned.lines(environment).iter().for_each(|line| console.say(line));
    if planned.changes() == 0 {
        return if planned.keys.iter().all(|(_, fate)| *fate == Fate::Here) && planned.bad_names.is_empty() {
            Ok(planned.report(environment))
        } else {
            Err(Failure::new("no key could be restored", "see the reasons above; nothing was changed"))
        };
    }
    agreed(args, console, &planned)?;
    fs_err::create_dir_all(&environment.folders.data)?;
    let made = Book::change(&environment.folders.data, |book| {
        if plan(book, &kept, environment, &into)? != planned {
            return Err(Failure::new("the data folder changed in the meantime, so nothing was restored", "try again"));
        }
        let made = make_folders(&planned, environment)?;
        if planned.identity.is_some() {
            (book.device, book.author) = (book.device.or(kept.device), book.author.or(kept.author));
        }
        book.documents.extend(planned.taken().cloned());
        Ok::<_, Failure>(made)
    })?;
    made.into_iter().for_each(NewChannel::keep);
    Ok(planned.report(environment))
}

/// The book in a sealed file.
fn opened(file: &Path, environment: &Environment, console: Console) -> Result<Book, Failure> {
    let sealed = regular_file::read(&environment.folders.here.join(file), u64::MAX)?;
    let text = sealed_file::open(&sealed, file, console)?;
    std::str::from_utf8(&text).ok().and_then(|text| Book::parse(text).ok()).ok_or_else(|| {
        Failure::new(
            format!("{} contains no keys of missive", file.display()),
            "`missive keys export FILE` writes such a file",
        )
    })
}

/// Asks whether it is to be done.
fn agreed(args: &Restore, console: Console, planned: &Plan) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let question = match planned.taken().count() {
        0 => format!("Use the file's {} as your own? [y/N]", planned.identity.unwrap_or_default()),
        keys => format!("Restore {}? [y/N]", count(keys, "key")),
    };
    match console.ask(&question)?.map(|answer| answer.to_lowercase()) {
        None => Err(Failure::new(
            "there is no terminal to ask for confirmation, so nothing was changed",
            "to confirm, run it again with `--yes`",
        )),
        Some(answer) if answer == "y" || answer == "yes" => Ok(()),
        Some(_) => Err(Failure::new("nothing was changed", "`missive keys` lists the keys that are here")),
    }
}

/// Decides what is to become of each key of a file.
fn plan(here: &Book, kept: &Book, environment: &Environment, into: &BTreeSet<ChannelName>) -> Result<Plan, Failure> {
    let mut keys: Vec<(Document, Fate)> = Vec::new();
    for document in &kept.documents {
        let is_folder_here = environment.folders.data.join(document.channel.as_os_str()).symlink_metadata().is_ok();
        let fate = match in_the_way(here, &keys, document)? {
            Some(fate) => fate,
            None if !is_folder_here && documents::has_keys(here, &document.channel) => {
                Fate::LeftOut(format!("there are other keys for `{}`, and its folder was moved away", document.channel))
            }
            None if !is_folder_here => Fate::New,
            None if into.contains(&document.channel) => Fate::Into,
            None => Fate::LeftOut(format!(
                "the folder `{0}` exists but does not have this key; to share its contents with this key, add --into={1}",
                document.channel,
                shell::quoted(&document.channel)
            )),
        };
        keys.push((taken(document), fate));
    }
    if let Some(unknown) = into.iter().find(|name| keys.iter().all(|(document, _)| document.channel != **name)) {
        return Err(Failure::usage(
            format!("the file has no key of a channel `{unknown}`"),
            "`--into` names a channel of the file",
        ));
    }
    let bad_names: Vec<String> = kept.left_out.iter().map(|left| left.name.clone()).collect();
    // A file of which no key is taken says nothing about who this device is either.
    let is_good = keys.iter().any(|(_, fate)| fate.is_taken())
        || bad_names.is_empty() && keys.iter().all(|(_, fate)| *fate == Fate::Here);
    Ok(Plan { keys, bad_names, identity: identity(here, kept).filter(|_| is_good) })
}

/// What of who this device is, in the network and as an author, the file has and this data folder has not.
fn identity(here: &Book, kept: &Book) -> Option<&'static str> {
    let is_new = |here: Option<Secret>, kept: Option<Secret>| here.is_none() && kept.is_some();
    match (is_new(here.device, kept.device), is_new(here.author, kept.author)) {
        (true, true) => Some("device and the author"),
        (true, false) => Some("device"),
        (false, true) => Some("author"),
        (false, false) => None,
    }
}

/// A key as it is taken: a leave to delete everything was somebody's wish at another time, whose texts count as one's own is for
/// whoever sits here to say, where a channel has moved its owner says again, and its folder was another one.
fn taken(document: &Document) -> Document {
    Document { delete_all: false, trusted: Vec::new(), moved: None, folder: None, ..document.clone() }
}

/// What is here, or earlier in the file, and is not replaced by a key.
fn in_the_way(here: &Book, before: &[(Document, Fate)], document: &Document) -> Result<Option<Fate>, Failure> {
    let left_out = |why: String| Ok(Some(Fate::LeftOut(why)));
    if let Some(secret) = &document.secret
        && documents::document_id(secret)? != document.id
    {
        return left_out("its write key belongs to another channel".to_owned());
    }
    if let Some(known) = here.by_id(&document.id) {
        let is_same_box = (&known.channel, known.side) == (&document.channel, document.side);
        return match (is_same_box, document.secret.is_some() && known.secret.is_none()) {
            (true, false) => Ok(Some(Fate::Here)),
            (true, true) => left_out(format!(
                "you have only the read key here, and the file has the write key too; to take it, first run: {}",
                shell::missive("keys forget", &[&document.channel])
            )),
            (false, _) => left_out(format!("it is here already as `{}` ({})", known.channel, known.side)),
        };
    }
    if here.document(&document.channel, document.side).is_some() {
        return left_out(format!(
            "`{0}` already has another key; to delete that one: {1}",
            document.channel,
            shell::missive("keys forget", &[&document.channel])
        ));
    }
    let is_twice = before.iter().any(|(other, _)| {
        other.id == document.id || (&other.channel, other.side) == (&document.channel, document.side)
    });
    Ok(is_twice.then(|| Fate::LeftOut("the file contains it twice; the first one was used".to_owned())))
}

impl Plan {
    /// The keys that are taken.
    fn taken(&self) -> impl Iterator<Item = &Document> {
        self.keys.iter().filter(|(_, fate)| fate.is_taken()).map(|(document, _)| document)
    }

    /// How many things would change.
    fn changes(&self) -> usize {
        self.taken().count() + usize::from(self.identity.is_some())
    }

    /// What is shown before it is asked about.
    fn lines(&self, environment: &Environment) -> Vec<String> {
        let bad = |name: &String| format!("  `{}`: left out: a channel cannot have that name", field(name));
        let identity = self.identity.map(|what| {
            format!(
                "The {what} will also be taken from the file. Whoever made the file may know these secrets too. If another computer still uses them, run `missive keys new-device` here before `missive sync`."
            )
        });
        let all = self.keys.len() + self.bad_names.len();
        [format!("The file holds {}:", count(all, "key"))]
            .into_iter()
            .chain(self.keys.iter().map(|(document, fate)| fate.line(document, environment)))
            .chain(self.bad_names.iter().map(bad))
            .chain(identity)
            .collect()
    }

    fn report(&self, environment: &Environment) -> RestoreReport {
        let restored = self.taken().map(|document| RestoredKey {
            channel: document.channel.clone(),
            side: document.side,
            writes: document.secret.is_some(),
            path: environment.folders.data.join(document.channel.as_os_str()).to_string_lossy().into_owned(),
        });
        let left_out = self.keys.iter().filter_map(|(document, fate)| match fate {
            Fate::LeftOut(why) => Some(SkippedKey { channel: document.channel.to_string(), why: why.clone() }),
            _ => None,
        });
        let bad_names = self.bad_names.iter();
        let bad =
            bad_names.map(|name| SkippedKey { channel: name.clone(), why: "no channel can have that name".to_owned() });
        RestoreReport {
            restored: restored.collect(),
            left_out: left_out.chain(bad).collect(),
            identity: self.identity.is_some(),
        }
    }
}

/// Makes the folders of the keys that are taken. Those that are new go again unless they are kept.
fn make_folders(planned: &Plan, environment: &Environment) -> Result<Vec<NewChannel>, Failure> {
    let mut sides: BTreeMap<&ChannelName, BTreeSet<Side>> = BTreeMap::new();
    let mut made = Vec::new();
    for (document, fate) in &planned.keys {
        match fate {
            Fate::New => drop(sides.entry(&document.channel).or_default().insert(document.side)),
            Fate::Into => {
                let channel = environment.folders.data.join(document.channel.as_os_str());
                if let Err(error @ Error::NotABox { .. }) = Channel::open(&channel) {
                    return Err(error.into());
                }
                folders_below(&channel, Path::new(document.side.name()))?;
            }
            Fate::Here | Fate::LeftOut(_) => {}
        }
    }
    for (name, sides) in sides {
        let kind = match (sides.contains(&Side::Inbox), sides.contains(&Side::Outbox)) {
            (true, true) => Kind::Message,
            (true, false) => Kind::Subscription,
            (false, _) => Kind::Broadcast,
        };
        made.push(NewChannel::new(&environment.folders.data, name, kind, &Profile::default())?);
    }
    Ok(made)
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.restored {
            let may = if key.writes { "reads and writes" } else { "reads" };
            writeln!(f, "{} ({}): {may}", field(&key.channel.to_string()), key.side)?;
        }
        let taken = count(self.restored.len(), "key");
        let left = self.left_out.len();
        match (self.restored.is_empty(), left) {
            (true, _) if !self.identity => writeln!(f, "Every key of the file is here already; nothing was changed."),
            (true, 0) => writeln!(
                f,
                "The device key and the author key were restored where they were missing. No channel's keys were restored."
            ),
            (_, 0) => writeln!(
                f,
                "Restored {taken}. The messages arrive once `missive sync` is running and someone has them."
            ),
            _ => writeln!(
                f,
                "Restored {taken}, left out {left}. The messages arrive once `missive sync` is running and someone has them."
            ),
        }?;
        if !self.identity {
            return Ok(());
        }
        writeln!(
            f,
            "For others, this is now the computer that the file comes from. If that one still runs missive, run this here before `missive sync`: missive keys new-device"
        )
    }
}

//! `missive build --all`: the channels of the data folder become a reading room.
//!
//! Owns which channels are in it, and that one that cannot be built does not keep the others from being built.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Build, Failure, LETTERS, NO_BASE_URL, Surroundings, WAITS, count, took};
use crate::channel::feed_ids::Origins;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::snapshot::{self, Snapshot};
use crate::channel::{Channel, Kind, folder};
use crate::commands::box_origins::KnownOrigins;
use crate::commands::resolve;
use crate::commands::site_options::{Choice, cache};
use crate::console::Console;
use crate::site;
use crate::site::{
    BuildMemory, Lock, OutPath, ReadingRoom, ReadingRoomChannel, ReadingRoomRequest, SiteRequest, site_folders,
};
use crate::text::invisible::field;

const TITLE: &str = "Reading room";

/// A channel that could not be built.
#[derive(Debug, Serialize, JsonSchema)]
struct Unbuilt {
    channel: String,
    error: String,
    hint: Option<String>,
}

impl Unbuilt {
    /// A channel whose boxes are gone, which may be on a disk that is not there now.
    fn lost(folder: &OutPath) -> Self {
        Self {
            channel: folder.to_string(),
            error: "it has neither an `inbox` nor an `outbox` any more; its site stays as it is".to_owned(),
            hint: Some("is its disk mounted? pass `--allow-empty` to remove the site".to_owned()),
        }
    }
}

/// What was built of a reading room, and what it found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The channels whose sites are in it, as each was built.
    channels: Vec<super::Report>,
    /// The channels that could not be built; their sites are as they were.
    failed: Vec<Unbuilt>,
    has_base_url: bool,
    /// How long it took, in seconds.
    seconds: f64,
    /// The files that the channels have in common.
    #[serde(flatten)]
    room: site::OutputReport,
    #[serde(skip)]
    explain: bool,
    #[serde(skip)]
    strict: bool,
}

/// A channel whose site was just built.
struct Built<'a> {
    folder: &'a OutPath,
    snapshot: Snapshot,
    choice: Choice,
    memory: BuildMemory,
    origins: Origins,
    report: super::Report,
}

/// Builds a reading room.
pub(super) fn run(args: &Build, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let start = Instant::now();
    let (channels, mut failed) = channels(args, around, console)?;
    if channels.is_empty() && !args.site.asked.manner().allow_empty {
        let message = format!("no subscription and no broadcast in {}", around.data.display());
        return Err(Failure::new(message, "`missive new NAME` makes one; to include a conversation, name it"));
    }
    let output = args.site.asked.chosen_output(around).unwrap_or_default();
    let theme = args.site.asked.theme(around)?;
    let lock = Lock::take_room(&channels, &output, || console.say(WAITS))?;
    let folders = site_folders(channels.iter().map(|channel| &channel.name));
    let request = ReadingRoomRequest {
        lock: &lock,
        title: TITLE,
        base_url: args.site.asked.base_url(),
        theme: &theme,
        overrides: args.site.asked.manner(),
        output: &output,
        gate: &|| Ok(()),
    };
    let lost = if args.site.asked.manner().allow_empty { Vec::new() } else { lost(around, &folders) };
    let room = ReadingRoom::open(request, &folders, &lost)?;
    failed.extend(room.lost().iter().map(Unbuilt::lost));
    let origins = KnownOrigins::read(around);
    let mut built = Vec::new();
    for (channel, folder) in channels.into_iter().zip(&folders) {
        let name = channel.name.to_string();
        match build(args, around, console, channel, folder, &room) {
            Ok(one) => built.push(Built { origins: origins.of(&one.snapshot.channel), ..one }),
            Err(failure) => failed.push(Unbuilt { channel: name, error: failure.message, hint: failure.hint }),
        }
    }
    built.sort_by(|a, b| (a.report.kind, &a.report.channel).cmp(&(b.report.kind, &b.report.channel)));
    let room = room.publish(&built.iter().map(Built::shown).collect::<Vec<_>>())?;
    Ok(Report {
        channels: built.into_iter().map(|one| one.report).collect(),
        failed,
        has_base_url: args.site.asked.base_url().is_some(),
        seconds: start.elapsed().as_secs_f64(),
        room,
        explain: args.explain,
        strict: args.strict,
    })
}

/// Every channel of the data folder but conversations, and those that are named; and what can't be opened.
fn channels(args: &Build, around: &Surroundings, console: Console) -> Result<(Vec<Channel>, Vec<Unbuilt>), Failure> {
    let named = args.site.named().iter().map(|name| resolve::channel(around, name));
    let mut channels: Vec<Channel> = named.collect::<Result<_, _>>()?;
    let mut failed = Vec::new();
    for found in resolve::all(around, console)?.into_iter().filter(|channel| channel.kind != Kind::Message) {
        // As `build CHANNEL` opens it, by its real place.
        match Channel::open(&found.path).map_err(Failure::from) {
            Ok(channel) => channels.push(channel),
            Err(Failure { message, hint, .. }) => {
                failed.push(Unbuilt { channel: found.name.to_string(), error: message, hint });
            }
        }
    }
    let mut seen = BTreeSet::new();
    channels.retain(|channel| seen.insert(channel.path.clone()));
    channels.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok((channels, failed))
}

/// The folders of what lies in the data folder and is no channel now, or none that can be opened.
fn lost(around: &Surroundings, built: &[OutPath]) -> Vec<OutPath> {
    let channels = folder::discover(&around.data).unwrap_or_default();
    // One that became a conversation is there, and is left out on purpose.
    let is_channel = |name: &ChannelName| {
        channels.iter().any(|channel| channel.name == *name && Channel::open(&channel.path).is_ok())
    };
    let entries = fs_err::read_dir(&around.data).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| ChannelName::parse(&entry.file_name())).filter(|name| !is_channel(name));
    let folders = names.flat_map(|name| site_folders(std::iter::once(&name)));
    folders.filter(|folder| !built.contains(folder)).collect()
}

/// Builds the site of one of them.
fn build<'a>(
    args: &Build,
    around: &Surroundings,
    console: Console,
    channel: Channel,
    folder: &'a OutPath,
    room: &ReadingRoom<'_>,
) -> Result<Built<'a>, Failure> {
    let start = Instant::now();
    let mut choice = args.site.asked.choose(&channel, around)?;
    choice.options.base_url = args.site.asked.base_url().map(|base| below(base, folder)).transpose()?;
    let output = room.site(folder);
    let cache = cache(&channel, around, console);
    let lock = Lock::take(&channel, &output, || console.say(WAITS))?;
    let snapshot = snapshot::take(channel, &cache, args.site.asked.look(around.seconds()));
    let progress = console.progress("building");
    let mut memory = BuildMemory::default();
    let request = SiteRequest {
        lock: &lock,
        snapshot: &snapshot,
        options: &choice.options,
        overrides: args.site.asked.manner(),
        theme: &choice.theme,
        output: &output,
        progress: &|done, all| progress.show(done, all),
        gate: &|| Ok(()),
    };
    let done = site::build(&request, &mut memory);
    progress.clear();
    let report = super::Report::new(&snapshot, &choice, done?, start.elapsed());
    report.whisper_damage(console);
    if let Err(error) = snapshot.keep(&cache, around.now) {
        console.say_if_verbose(&format!("the card cache could not be kept: {error}"));
    }
    Ok(Built { folder, snapshot, choice, memory, origins: [None, None], report })
}

/// Where a channel's site will be found.
fn below(base: &BaseUrl, folder: &OutPath) -> Result<BaseUrl, Failure> {
    let url = format!("{}{}/", base.as_str(), folder.address());
    BaseUrl::try_from(url).map_err(|message| Failure::new(message, "choose another base URL"))
}

impl Built<'_> {
    fn shown(&self) -> ReadingRoomChannel<'_> {
        ReadingRoomChannel {
            folder: self.folder,
            snapshot: &self.snapshot,
            options: &self.choice.options,
            memory: &self.memory,
            origins: self.origins.clone(),
        }
    }
}

impl Report {
    /// Whether the answer is a failure.
    pub(super) fn failed(&self) -> bool {
        !self.failed.is_empty() || self.strict && self.channels.iter().any(|channel| !channel.warnings.is_empty())
    }

    /// What is worth saying beside the result, one line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        const MOST: usize = 10;
        let hint = |hint: &Option<String>| hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
        let mut lines: Vec<String> = (self.failed.iter())
            .map(|one| format!("warning: {} was not built: {}{}", field(&one.channel), one.error, hint(&one.hint)))
            .collect();
        let of = |what: &'static str, lines: fn(&super::Report) -> &[String]| {
            let line = move |channel: &str, line: &String| format!("{what}: {}: {}", field(channel), field(line));
            let all =
                self.channels.iter().flat_map(move |one| lines(one).iter().map(move |text| line(&one.channel, text)));
            all.collect::<Vec<_>>()
        };
        for all in [of("warning", |one| &one.warnings), of("note", |one| &one.waiting)] {
            let more = all.len().saturating_sub(MOST);
            lines.extend(all.into_iter().take(MOST));
            if more > 0 {
                lines.push(format!("note: and {more} more; `missive check` lists them"));
            }
        }
        lines.extend(self.room.same_ids.iter().map(|(_, said)| format!("warning: {}", field(said))));
        lines.extend(
            self.room.kept.iter().map(|text| format!("warning: {}: it is missing on the front page", field(text))),
        );
        if self.channels.iter().any(|one| one.kind == Kind::Message) {
            lines.push(LETTERS.to_owned());
        }
        if !self.has_base_url && !self.room.written.is_empty() {
            lines.push(format!("{NO_BASE_URL}`--base-url` sets its address"));
        }
        lines
    }

    /// What was written and removed, each with its folder in the room before it.
    fn explained(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |report: &site::OutputReport| {
            report.output.strip_prefix(&self.room.output).map(|path| path.join("")).unwrap_or_default()
        };
        for report in self.channels.iter().map(|one| &one.site).chain([&self.room]) {
            let place = field(&place(report).to_string_lossy());
            for written in &report.written {
                writeln!(f, "{place}{}: {}", field(written.path.as_str()), written.reasons.join(", "))?;
            }
            for path in &report.removed {
                writeln!(f, "{place}{}: removed", field(path.as_str()))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.explain {
            self.explained(f)?;
        }
        let sites = self.channels.iter().map(|one| &one.site);
        for one in self.channels.iter().filter(|one| one.changed()) {
            let (written, removed) = (count(one.site.written.len(), "file"), one.site.removed.len());
            let removed = if removed > 0 { format!(", {removed} removed") } else { String::new() };
            writeln!(
                f,
                "{}: {}, {written} written{removed}",
                field(&one.channel),
                count(one.site.messages, "message")
            )?;
        }
        let all = || sites.clone().chain([&self.room]);
        let (written, removed): (usize, usize) =
            all().fold((0, 0), |(written, removed), site| (written + site.written.len(), removed + site.removed.len()));
        let files: usize = all().map(|site| site.files).sum();
        let output = field(&self.room.output.display().to_string());
        let messages = count(self.room.messages, "message");
        let channels = count(self.channels.len(), "channel");
        if written + removed == 0 {
            return writeln!(f, "{output}: nothing to do, {channels}, {messages}");
        }
        write!(f, "{output}: {channels}, {messages}, {} written", count(written, "file"))?;
        if removed > 0 {
            write!(f, ", {removed} removed")?;
        }
        writeln!(f, " of {} in {}", super::super::grouped(files), took(self.seconds))
    }
}

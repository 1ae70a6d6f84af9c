//! `missive build --all`: the channels of the data folder become a reading room.
//!
//! A channel that cannot be built does not keep the others from being built.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::feed_ids::Origins;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::{Channel, Kind, folder};
use crate::commands::build::report::{BuildReport, CONVERSATION_NOTE, MAX_LINES, NO_BASE_URL, changed_by_hand, took};
use crate::commands::daemon_events::{Narrator, WAITS_FOR_OTHER_BUILD, say_damage_if_verbose};
use crate::commands::{Environment, Failure, count, resolve};
use crate::console::Console;
use crate::daemon::box_origins::BoxOrigins;
use crate::daemon::cycle::{BuiltChannel, ChannelCycle};
use crate::site::{
    BuildOptions, Lock, OutPath, OutputReport, ReadingRoom, ReadingRoomChannel, ReadingRoomRequest, Theme, site_folders,
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
pub struct ReadingRoomReport {
    /// The channels whose sites are in it, as each was built.
    channels: Vec<BuildReport>,
    /// The channels that could not be built; their sites are as they were.
    failed: Vec<Unbuilt>,
    has_base_url: bool,
    /// How long it took, in seconds.
    seconds: f64,
    /// The files that the channels have in common.
    #[serde(flatten)]
    room: OutputReport,
    #[serde(skip)]
    explain: bool,
    #[serde(skip)]
    strict: bool,
}

/// A channel whose site was just built.
struct RoomSite<'a> {
    folder: &'a OutPath,
    built: BuiltChannel,
    origins: Origins,
    report: BuildReport,
}

/// What is asked of a reading room.
pub(super) struct Wanted<'a> {
    pub(super) options: BuildOptions,
    /// Where it is built.
    pub(super) output: PathBuf,
    /// The conversations that are in it too, and other channels that lie elsewhere.
    pub(super) named: &'a [OsString],
    pub(super) explain: bool,
    pub(super) strict: bool,
}

/// Builds a reading room.
pub(super) fn build(
    wanted: &Wanted<'_>,
    environment: &Environment,
    console: Console,
) -> Result<ReadingRoomReport, Failure> {
    let start = Instant::now();
    let options = &wanted.options;
    let (channels, mut failed) = channels(wanted.named, environment, console)?;
    if channels.is_empty() && !options.overrides.allow_empty {
        let message = format!("no subscription and no broadcast in {}", environment.folders.data.display());
        return Err(Failure::new(message, "`missive new NAME` makes one; to include a conversation, name it"));
    }
    let output = wanted.output.as_path();
    let theme = Theme::load(options.theme.as_slice())?;
    let lock = Lock::take_room(&channels, output, || console.say(WAITS_FOR_OTHER_BUILD))?;
    let folders = site_folders(channels.iter().map(|channel| &channel.name));
    let request = ReadingRoomRequest {
        lock: &lock,
        title: TITLE,
        base_url: options.base_url.as_ref(),
        theme: &theme,
        overrides: options.overrides,
        output,
        gate: &|| Ok(()),
    };
    let lost = if options.overrides.allow_empty { Vec::new() } else { lost(environment, &folders) };
    let room = ReadingRoom::open(request, &folders, &lost)?;
    failed.extend(room.lost().iter().map(Unbuilt::lost));
    let builder = SiteBuilder { options, room: &room, environment, console };
    let (built, unbuilt) = builder.build_all(channels, &folders);
    failed.extend(unbuilt);
    let room = room.publish(&built.iter().map(RoomSite::shown).collect::<Vec<_>>())?;
    Ok(ReadingRoomReport {
        channels: built.into_iter().map(|one| one.report).collect(),
        failed,
        has_base_url: options.base_url.is_some(),
        seconds: start.elapsed().as_secs_f64(),
        room,
        explain: wanted.explain,
        strict: wanted.strict,
    })
}

/// Every channel of the data folder but conversations, and those that are named; and what can't be opened.
fn channels(
    named: &[OsString],
    environment: &Environment,
    console: Console,
) -> Result<(Vec<Channel>, Vec<Unbuilt>), Failure> {
    let named = named.iter().map(|name| resolve::channel(environment, name));
    let mut channels: Vec<Channel> = named.collect::<Result<_, _>>()?;
    let mut failed = Vec::new();
    for found in resolve::all(environment, console)?.into_iter().filter(|channel| channel.kind != Kind::Message) {
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
fn lost(environment: &Environment, built: &[OutPath]) -> Vec<OutPath> {
    // Where the data folder cannot be listed, every site in the room stays.
    let channels = folder::discover(&environment.folders.data).unwrap_or_default();
    // One that became a conversation is there, and is left out on purpose.
    let is_channel = |name: &ChannelName| {
        channels.iter().any(|channel| channel.name == *name && Channel::open(&channel.path).is_ok())
    };
    let entries = fs_err::read_dir(&environment.folders.data).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| ChannelName::parse(&entry.file_name())).filter(|name| !is_channel(name));
    let folders = names.flat_map(|name| site_folders(std::iter::once(&name)));
    folders.filter(|folder| !built.contains(folder)).collect()
}

/// Builds the channels' sites into a reading room.
struct SiteBuilder<'a> {
    options: &'a BuildOptions,
    room: &'a ReadingRoom<'a>,
    environment: &'a Environment,
    console: Console,
}

impl SiteBuilder<'_> {
    /// Builds all of them, each into its folder; gives those that were built, by kind and name, and those that could not be.
    fn build_all<'f>(&self, channels: Vec<Channel>, folders: &'f [OutPath]) -> (Vec<RoomSite<'f>>, Vec<Unbuilt>) {
        let origins = BoxOrigins::read(self.environment.folders.data.clone());
        let (mut sites, mut failed) = (Vec::new(), Vec::new());
        for (channel, folder) in channels.into_iter().zip(folders) {
            let name = channel.name.to_string();
            match self.build(channel, folder) {
                Ok(built) => sites.push(RoomSite {
                    folder,
                    origins: origins.for_channel(&built.snapshot.channel),
                    report: BuildReport::new(&built.site()),
                    built,
                }),
                Err(failure) => failed.push(Unbuilt { channel: name, error: failure.message, hint: failure.hint }),
            }
        }
        sites.sort_by(|a, b| (a.report.kind, &a.report.channel).cmp(&(b.report.kind, &b.report.channel)));
        (sites, failed)
    }

    fn build(&self, channel: Channel, folder: &OutPath) -> Result<BuiltChannel, Failure> {
        let base_url = self.options.base_url.as_ref().map(|base| below(base, folder)).transpose()?;
        let options = BuildOptions { output: Some(self.room.site(folder)), ..self.options.clone() };
        let Environment { folders, clock, .. } = self.environment;
        let cycle = ChannelCycle::new(options, channel, folders, self.console, *clock).in_reading_room(base_url);
        let built = cycle.build_once(&mut Narrator(self.console))?;
        say_damage_if_verbose(self.console, built.output.damage.as_ref());
        Ok(built)
    }
}

/// Where a channel's site will be found.
fn below(base: &BaseUrl, folder: &OutPath) -> Result<BaseUrl, Failure> {
    let url = format!("{}{}/", base.as_str(), folder.address());
    BaseUrl::try_from(url).map_err(|message| Failure::new(message, "choose another base URL"))
}

impl RoomSite<'_> {
    fn shown(&self) -> ReadingRoomChannel<'_> {
        ReadingRoomChannel {
            folder: self.folder,
            snapshot: &self.built.snapshot,
            options: &self.built.settings.options,
            memory: &self.built.memory,
            origins: self.origins.clone(),
        }
    }
}

impl ReadingRoomReport {
    /// Whether the answer is a failure.
    pub(super) fn failed(&self) -> bool {
        !self.failed.is_empty() || self.strict && self.channels.iter().any(|channel| !channel.warnings.is_empty())
    }

    /// What is worth saying beside the result, one line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let hint = |hint: &Option<String>| hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
        let mut lines: Vec<String> = (self.failed.iter())
            .map(|one| format!("warning: {} was not built: {}{}", field(&one.channel), one.error, hint(&one.hint)))
            .collect();
        for all in [self.said("warning", |one| &one.warnings), self.said("note", |one| &one.waiting)] {
            let more = all.len().saturating_sub(MAX_LINES);
            lines.extend(all.into_iter().take(MAX_LINES));
            if more > 0 {
                lines.push(format!("note: and {more} more; `missive check` lists them"));
            }
        }
        lines.extend(self.room.same_ids.iter().map(|(_, said)| format!("warning: {}", field(said))));
        lines.extend(
            self.room.kept.iter().map(|text| format!("warning: {}: it is missing on the front page", field(text))),
        );
        let sites = self.channels.iter().map(|one| (Some(&one.channel), &one.site));
        lines.extend(sites.chain([(None, &self.room)]).filter_map(|(channel, site)| {
            let said = changed_by_hand(site)?;
            Some(
                channel
                    .map_or(said.clone(), |channel| said.replacen("note:", &format!("note: {}:", field(channel)), 1)),
            )
        }));
        if self.channels.iter().any(|one| one.kind == Kind::Message) {
            lines.push(CONVERSATION_NOTE.to_owned());
        }
        if !self.has_base_url && !self.room.written.is_empty() {
            lines.push(format!("{NO_BASE_URL}`--base-url` sets its address"));
        }
        lines
    }

    /// What is said of the channels, a line each with the channel's name.
    fn said(&self, what: &str, lines: fn(&BuildReport) -> &[String]) -> Vec<String> {
        let all =
            self.channels.iter().flat_map(|one| lines(one).iter().map(move |line| (field(&one.channel), field(line))));
        all.map(|(channel, line)| format!("{what}: {channel}: {line}")).collect()
    }

    /// What was written and removed, each with its folder in the room before it.
    fn explained(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |report: &OutputReport| {
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

impl fmt::Display for ReadingRoomReport {
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
        writeln!(f, " of {} in {}", crate::commands::grouped(files), took(self.seconds))
    }
}

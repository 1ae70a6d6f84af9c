//! `missive check`: every file that is not shown, and why; and with `--links` every link that leads nowhere.

mod answer_cache;
mod external;
mod links;
mod private_addresses;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, count};
use crate::channel::feed_ids::{self, Claim};
use crate::channel::outbox::dead_links;
use crate::channel::outbox::metadata_check;
use crate::channel::outbox::metadata_check::RevealingAttachment;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::layout;
use crate::channel::protocol::message_file;
use crate::channel::protocol::settings;
use crate::channel::protocol::settings::Site;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::{self, BoxState, LookOptions, Snapshot};
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::commands::check::links::{LinkArgs, LinksReport};
use crate::commands::resolve;
use crate::commands::resolve_conflicts::{ResolvedConflict, settle};
use crate::console::Console;
use crate::daemon::box_origins::BoxOrigins;
use crate::markdown::Trust;
use crate::text::invisible::field;

/// List the files that are not shown, and why
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "Examples:
  missive check --fix                # asks what to do with each conflict copy in an outbox
  missive check --links --external   # dead links of all built sites, other sites' pages too")]
pub struct Check {
    /// A channel's name or folder; all channels of the data folder unless given
    channel: Option<OsString>,
    /// Also list files that are always ignored, such as hidden ones
    #[arg(long)]
    all: bool,
    /// Fail if there are warnings
    #[arg(long)]
    strict: bool,
    /// Resolve the conflict copies in the outbox: keep each as a message of its own, or move it to `trash/`
    #[arg(long)]
    fix: bool,
    /// With --fix: do not ask; keep copies that differ, move identical ones to the trash
    #[arg(long, requires = "fix")]
    yes: bool,
    /// Instead, list the attachments that reveal a place, a device or a person
    #[arg(long, conflicts_with_all = ["all", "fix"])]
    metadata: bool,
    #[command(flatten)]
    links: LinkArgs,
}

/// What was found in one channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checked {
    channel: String,
    messages: usize,
    findings: Vec<Finding>,
    /// The conflict copies and what became of each, with `--fix`.
    conflicts: Vec<ResolvedConflict>,
    /// The attachments that tell a place, a device or a person, with `--metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Vec<RevealingAttachment>>,
    /// Where the links of the built site lead, with `--links`.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<LinksReport>,
}

/// A file that is not shown, or that has something wrong with it.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    path: String,
    warning: bool,
    why: String,
    /// Whether it is a conflict copy that `--fix` would go through.
    #[serde(skip)]
    fixable: bool,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckReport {
    channels: Vec<Checked>,
    #[serde(skip)]
    strict: bool,
}

/// Checks one channel or all.
///
/// # Errors
/// [`Failure`] when there is no such channel.
pub fn run(args: &Check, environment: &Environment, console: Console) -> Result<CheckReport, Failure> {
    if args.links.links {
        return Ok(CheckReport { channels: checked_links(args, environment, console)?, strict: args.strict });
    }
    let channels = match &args.channel {
        Some(wanted) => vec![resolve::channel(environment, wanted)?],
        None => resolve::all(environment, console)?,
    };
    let origins = BoxOrigins::read(environment.folders.data.clone());
    let mut claims = Vec::new();
    let mut checked_channels = Vec::new();
    for channel in channels {
        let (snapshot, checked) = checked(channel, environment, args, console);
        let owned = Claim::for_channel(&snapshot, &origins.for_channel(&snapshot.channel)).into_iter();
        claims.extend(owned.map(|claim| (checked_channels.len(), claim)));
        checked_channels.push(checked);
    }
    if !args.metadata {
        add_same_ids(&mut checked_channels, claims);
    }
    Ok(CheckReport { channels: checked_channels, strict: args.strict })
}

/// Checks the links of the sites that are asked for: of one folder, of one channel, or of all channels that have one.
fn checked_links(args: &Check, environment: &Environment, console: Console) -> Result<Vec<Checked>, Failure> {
    if let (None, Some(folder)) = (&args.channel, args.links.folder(environment)) {
        let name = folder.display().to_string();
        let links = links::of_folder(folder, &args.links, environment, console)?;
        return Ok(vec![Checked::with_links(name, 0, links)]);
    }
    let channels = match &args.channel {
        Some(wanted) => vec![resolve::channel(environment, wanted)?],
        None => resolve::all(environment, console)?,
    };
    let mut all = Vec::new();
    for channel in channels {
        let snapshot = look(channel, environment);
        let links = match links::of_channel(&snapshot, &args.links, environment, console)? {
            Some(links) => links,
            None if args.channel.is_some() => return Err(links::no_site_of(&snapshot, &args.links, environment)),
            None => LinksReport::default(),
        };
        all.push(Checked::with_links(snapshot.channel.name.to_string(), snapshot.cards.len(), links));
    }
    Ok(all)
}

/// Looks at a channel. Without a cache every text is read, so that each is seen as it is.
fn look(channel: Channel, environment: &Environment) -> Snapshot {
    snapshot::take(channel, &CardCache::nowhere(), LookOptions::at(environment.clock.seconds()))
}

/// Says which channels claim the feed id of another one; each claim comes with the position of its channel.
fn add_same_ids(channels: &mut [Checked], claims: Vec<(usize, Claim)>) {
    let (owners, claims): (Vec<usize>, Vec<Claim>) = claims.into_iter().unzip();
    for ((at, claim), borne) in owners.iter().zip(&claims).zip(feed_ids::assign(&claims)) {
        let bearer = borne.bearer.and_then(|bearer| claims.get(bearer));
        if let (Some(bearer), Some(channel)) = (bearer, channels.get_mut(*at)) {
            let path = format!("{}/{}", claim.side, layout::PROFILE_FILE);
            channel.findings.push(Finding { path, warning: true, why: claim.refusal(bearer), fixable: false });
        }
    }
}

fn checked(channel: Channel, environment: &Environment, args: &Check, console: Console) -> (Snapshot, Checked) {
    let mut snapshot = look(channel, environment);
    if args.metadata {
        let (name, messages) = (snapshot.channel.name.to_string(), snapshot.all.len());
        let metadata = Some(revealing_attachments(&snapshot));
        return (snapshot, Checked { metadata, ..Checked::new(name, messages) });
    }
    let conflicts = if args.fix { settle(&snapshot, args.yes, console) } else { Vec::new() };
    if conflicts.iter().any(ResolvedConflict::moved) {
        snapshot = look(snapshot.channel, environment);
    }
    let findings = findings(&snapshot, args);
    let (channel, messages) = (snapshot.channel.name.to_string(), snapshot.cards.len());
    (snapshot, Checked { findings, conflicts, ..Checked::new(channel, messages) })
}

/// What the attachments of all messages tell, in the order of the messages; those that wait are handed out as well.
fn revealing_attachments(snapshot: &Snapshot) -> Vec<RevealingAttachment> {
    let of_card = |card: &Arc<Card>| snapshot.folder(card.side).map(|folder| metadata_check::for_card(folder, card));
    let mut cards: Vec<&Arc<Card>> = snapshot.all.iter().collect();
    cards.sort_by_key(|card| (card.side, card.stamp));
    cards.into_iter().filter_map(of_card).flatten().collect()
}

fn findings(snapshot: &Snapshot, args: &Check) -> Vec<Finding> {
    let warning = |path: String, why: String| Finding { path, warning: true, why, fixable: false };
    let mut findings = Vec::new();
    let site = match settings::read(&snapshot.channel.path) {
        Ok(settings) => settings.site,
        Err(error) => {
            let hint = match &error {
                Error::Settings { mistake, .. } => {
                    mistake.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"))
                }
                _ => String::new(),
            };
            findings.push(warning(layout::SETTINGS_FILE.to_owned(), format!("{error}{hint}")));
            Site::default()
        }
    };
    for side in Side::BOTH {
        if let BoxState::Unreadable(error) = &snapshot.seen_box(side).state {
            findings.push(warning(side.name().to_owned(), format!("not readable: {error}")));
        }
    }
    let expected = |reason: &Reason| matches!(reason, Reason::Hidden | Reason::Leftover | Reason::OldVersion);
    let hidden =
        snapshot.findings.hidden.iter().filter(|hidden| args.all || hidden.warning || !expected(&hidden.reason));
    // What --fix went through is told with what became of it.
    let hidden = hidden.filter(|hidden| !args.fix || hidden.reason != Reason::Conflict);
    findings.extend(hidden.map(|hidden| Finding {
        path: hidden.in_channel().to_string_lossy().into_owned(),
        warning: hidden.warning,
        why: hidden.reason.to_string(),
        fixable: hidden.reason == Reason::Conflict && hidden.side == Side::Outbox,
    }));
    let problems = snapshot.findings.problems.iter();
    findings.extend(problems.map(|(side, stamp, problem)| warning(format!("{side}/{stamp}.txt"), problem.clone())));
    for card in snapshot.cards.iter().filter(|card| snapshot.trust(card) == Trust::Own) {
        let refused = card.refused_html(site.raw_html, &site.embeds);
        findings.extend(refused.map(|why| warning(format!("{}/{}.txt", card.side, card.stamp), why)));
        findings.extend(dead_links(snapshot, card));
    }
    findings
}

/// The links in the text of one's own message that lead nowhere, each with its line.
fn dead_links(snapshot: &Snapshot, card: &Card) -> Vec<Finding> {
    let dead = dead_links::of_card(card, &snapshot.cards);
    if dead.is_empty() {
        return Vec::new();
    }
    let path = Entry::Text(card.stamp).path();
    let read = snapshot.folder(card.side).and_then(|folder| folder.read(&path, message_file::MAX_READ).ok());
    // What can't be read any more has no lines, and still its links.
    let text = read.map(|(bytes, _)| message_file::decode(bytes).text).unwrap_or_default();
    dead.into_iter().map(|address| dead_link(card, &text, address)).collect()
}

/// A link that leads nowhere, as a finding.
fn dead_link(card: &Card, text: &str, address: &str) -> Finding {
    let line = dead_links::line_of(text, address).map(|line| format!("line {line}: ")).unwrap_or_default();
    let why = format!("{line}the link `{address}` leads nowhere: {}", dead_links::reason(address));
    Finding { path: format!("{}/{}.txt", card.side, card.stamp), warning: true, why, fixable: false }
}

impl Checked {
    /// A channel of whose site the links were checked.
    fn with_links(channel: String, messages: usize, links: LinksReport) -> Self {
        Self { links: Some(links), ..Self::new(channel, messages) }
    }

    /// A channel in which nothing was found.
    fn new(channel: String, messages: usize) -> Self {
        Self { channel, messages, findings: Vec::new(), conflicts: Vec::new(), metadata: None, links: None }
    }

    /// Says which attachments tell what.
    fn list_metadata(&self, f: &mut fmt::Formatter<'_>, metadata: &[RevealingAttachment]) -> fmt::Result {
        let name = field(&self.channel);
        match metadata.len() {
            0 => writeln!(f, "{name}: missive found no attachment that reveals a place, a device or a person")?,
            1 => writeln!(f, "{name}: 1 attachment reveals more than it shows")?,
            more => writeln!(f, "{name}: {} reveal more than they show", count(more, "attachment"))?,
        }
        for file in metadata {
            let copy = if file.published { "the copy on a site reveals it too" } else { "the copy on a site does not" };
            writeln!(f, "  {}: {}; {copy}", field(&file.path), field(&file.tells))?;
        }
        Ok(())
    }

    fn warnings(&self) -> usize {
        let left = self.conflicts.iter().filter(|conflict| !conflict.moved()).count();
        let revealing = self.metadata.as_ref().map_or(0, Vec::len);
        let dead = self.links.as_ref().map_or(0, LinksReport::warnings);
        self.findings.iter().filter(|finding| finding.warning).count() + left + revealing + dead
    }
}

impl CheckReport {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        let unfixed = self.channels.iter().flat_map(|channel| &channel.conflicts).any(ResolvedConflict::failed);
        unfixed || self.strict && self.channels.iter().any(|channel| channel.warnings() > 0)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for channel in &self.channels {
            if let Some(metadata) = &channel.metadata {
                channel.list_metadata(f, metadata)?;
                continue;
            }
            if let Some(links) = &channel.links {
                links.list(f, &channel.channel)?;
                continue;
            }
            let warnings = channel.warnings();
            let verdict = if warnings == 0 { "no warnings".to_owned() } else { count(warnings, "warning") };
            writeln!(f, "{}: {}, {verdict}", field(&channel.channel), count(channel.messages, "message"))?;
            for finding in &channel.findings {
                writeln!(f, "  {}: {}", field(&finding.path), field(&finding.why))?;
            }
            for conflict in &channel.conflicts {
                write!(f, "{conflict}")?;
            }
        }
        if self.channels.iter().any(|channel| channel.metadata.as_ref().is_some_and(|files| !files.is_empty())) {
            writeln!(f, "People who receive the channel's folder receive these files unchanged.")?;
            writeln!(f, "To clean one before you send it, use a program such as exiftool: exiftool -all= FILE")?;
        }
        if self.channels.iter().flat_map(|channel| &channel.findings).any(|finding| finding.fixable) {
            writeln!(f, "`missive check --fix` resolves the conflict copies in an outbox.")?;
        }
        Ok(())
    }
}

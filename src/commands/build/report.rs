//! What a build of one channel did and found, in words and as JSON.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::Kind;
use crate::channel::outbox::{dead_links, metadata_check};
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::channel::snapshot::{BoxState, Held, Snapshot};
use crate::daemon::observer::BuiltSite;
use crate::markdown::Trust;
use crate::media::SensitiveMetadata;
use crate::site::{OutputReport, SiteSettings};
use crate::text::invisible::field;
use crate::text::quantity::{count, grouped};
use crate::text::shell;

/// What a build did, and what it found.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "each is one fact or flag that the report words")]
pub struct BuildReport {
    pub(super) channel: String,
    pub(super) kind: Kind,
    /// Messages that wait: drafts, those dated in the future, those not yet whole.
    held: usize,
    /// Those of them that are waited for, and why.
    pub(super) waiting: Vec<String>,
    pub(super) warnings: Vec<String>,
    has_base_url: bool,
    /// How long it took, in seconds.
    seconds: f64,
    #[serde(skip)]
    lacks_read_key: bool,
    #[serde(flatten)]
    pub(crate) site: OutputReport,
    #[serde(skip)]
    explain: bool,
    #[serde(skip)]
    strict: bool,
}

fn warnings(snapshot: &Snapshot, built: &OutputReport) -> Vec<String> {
    let hidden = snapshot.findings.hidden.iter().filter(|hidden| hidden.warning);
    let mut warnings: Vec<String> =
        hidden.map(|hidden| format!("{}: {}", field(&hidden.in_channel().to_string_lossy()), hidden.reason)).collect();
    let problems = snapshot.findings.problems.iter();
    warnings.extend(problems.map(|(side, stamp, problem)| format!("{side}/{stamp}.txt: {}", field(problem))));
    for side in Side::BOTH {
        if let BoxState::Unreadable(error) = &snapshot.seen_box(side).state {
            warnings.push(format!("{side}: not readable: {error}"));
        }
    }
    if built.colourless > 0 {
        let messages = count(built.colourless, "message");
        warnings.push(format!(
            "the code in {messages} is shown without colours: this channel contains more code of others than missive colours"
        ));
    }
    warnings.extend(built.kept.iter().map(|text| format!("{text}: its old page stays")));
    warnings
}

/// What HTML in one's own messages asks for and the site does not give.
fn refused_html(snapshot: &Snapshot, settings: &SiteSettings) -> Vec<String> {
    let options = &settings.options;
    let own = snapshot.cards.iter().filter(|card| snapshot.trust(card) == Trust::Own);
    let refused =
        own.flat_map(|card| card.refused_html(options.html.passes, &options.html.embeds).map(move |why| (card, why)));
    refused.map(|(card, why)| format!("{}/{}.txt: {why}", card.side, card.stamp)).collect()
}

/// Warnings of one's own attachments that are published with what they reveal: the newest first, and how many more there
/// are.
fn metadata_warnings(snapshot: &Snapshot, settings: &SiteSettings) -> Vec<String> {
    if settings.options.keep_metadata {
        return Vec::new();
    }
    let own = snapshot.cards.iter().rev().filter(|card| snapshot.trust(card) == Trust::Own);
    let mut files = own.flat_map(|card| metadata_check::lasting(card).map(move |(file, told)| (card, file, told)));
    let mut warnings: Vec<String> =
        files.by_ref().take(MAX_REVEALING).map(|(card, file, told)| metadata_line(card, file, told)).collect();
    let more = files.count();
    if more > 0 {
        let listed_by = shell::missive("check --metadata", &[&snapshot.channel.name]);
        let reveal = if more == 1 { "reveals" } else { "reveal" };
        warnings.push(format!(
            "{} {reveal} a place, a device or a person; list them: {listed_by}",
            count(more, "more attachment")
        ));
    }
    warnings
}

fn metadata_line(card: &Card, file: &Attachment, told: &SensitiveMetadata) -> String {
    metadata_check::warning(&format!("{}/{}/{}", card.side, card.stamp, file.path.text()), told)
}

/// A warning of the links in one's own messages that lead nowhere, if there are any.
fn dead_links_warning(snapshot: &Snapshot) -> Option<String> {
    let own = snapshot.cards.iter().filter(|card| snapshot.trust(card) == Trust::Own);
    let mut dead =
        own.flat_map(|card| dead_links::of_card(card, &snapshot.cards).into_iter().map(move |link| (card, link)));
    let (card, first) = dead.next()?;
    let links = match dead.count() {
        0 => format!("the link `{first}` in {}/{}.txt leads nowhere", card.side, card.stamp),
        more => {
            let links = count(more + 1, "link");
            format!("{links} in your messages lead nowhere, first `{first}` in {}/{}.txt", card.side, card.stamp)
        }
    };
    Some(format!("{links}. Why, and what would help: {}", shell::missive("check", &[&snapshot.channel.name])))
}

/// A message that waits for attachments.
fn waiting_line(held: &Held, site: &OutputReport) -> String {
    let is_shown = site.incomplete.contains(&(held.card.side, held.card.stamp));
    let shown = if is_shown { "shown as it is; it " } else { "" };
    format!("{}/{}.txt: {shown}{}", held.card.side, held.card.stamp, held.reason)
}

impl BuildReport {
    /// The report of a site that was just built.
    pub(crate) fn new(built: &BuiltSite<'_>) -> Self {
        let BuiltSite { snapshot, settings, output: site, took } = built;
        let waiting = snapshot.held.iter().filter(|held| matches!(held.reason, Reason::Lacks(_)));
        Self {
            channel: snapshot.channel.name.to_string(),
            kind: snapshot.kind(),
            held: (snapshot.cards.len() + snapshot.held.len()).saturating_sub(site.messages),
            waiting: waiting.map(|held| waiting_line(held, site)).collect(),
            warnings: warnings(snapshot, site)
                .into_iter()
                .chain(refused_html(snapshot, settings))
                .chain(dead_links_warning(snapshot))
                .chain(metadata_warnings(snapshot, settings))
                .collect(),
            has_base_url: settings.options.base_url.is_some(),
            seconds: took.as_secs_f64(),
            lacks_read_key: settings.lacks_read_key,
            site: OutputReport::clone(site),
            explain: false,
            strict: false,
        }
    }

    /// The same, with the reason for each file, or as a failure if there is a warning.
    pub(super) fn shown_as(self, explain: bool, strict: bool) -> Self {
        Self { explain, strict, ..self }
    }

    /// Whether the site was changed.
    pub(crate) fn changed(&self) -> bool {
        !self.site.written.is_empty() || !self.site.removed.is_empty()
    }
}

/// So many files that were changed by hand are named.
const MAX_NAMES: usize = 5;
/// So many warnings, and so many notes, are listed by a build.
pub(super) const MAX_LINES: usize = 10;
/// So many attachments are named that are published with what they reveal.
const MAX_REVEALING: usize = 3;
/// Said once of anything that holds a conversation.
pub(super) const CONVERSATION_NOTE: &str = "note: this site contains other people's messages. It asks search engines to stay away, but anyone who has it can read it";
/// Said of anything that was built without knowing where it will be found.
pub(super) const NO_BASE_URL: &str =
    "note: without a base URL there is no sitemap, and the feeds work on this machine only; ";

/// Says which files somebody else had written to, if there are any.
pub(super) fn changed_by_hand(site: &OutputReport) -> Option<String> {
    let changed: Vec<&str> =
        site.written.iter().filter(|file| file.was_changed_by_hand()).map(|file| file.path.as_str()).collect();
    let (first, more) = changed.split_at(changed.len().min(MAX_NAMES));
    let what =
        if first.iter().all(|path| Path::new(path).extension() == Some(OsStr::new("html"))) { "page" } else { "file" };
    let (was, is) = if changed.len() == 1 { ("was", "is") } else { ("were", "are") };
    let rest = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let names = field(&first.join(", "));
    let number = count(changed.len(), what);
    (!changed.is_empty()).then(|| format!("note: {number} {was} changed by hand and {is} written anew: {names}{rest}"))
}

impl BuildReport {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        self.strict && !self.warnings.is_empty()
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.warnings.iter().take(MAX_LINES).map(|warning| format!("warning: {}", field(warning))).collect();
        if self.warnings.len() > MAX_LINES {
            lines.push(format!("warning: and {} more; `missive check` lists them", self.warnings.len() - MAX_LINES));
        }
        lines.extend(self.waiting.iter().take(MAX_LINES).map(|message| format!("note: {}", field(message))));
        if self.waiting.len() > MAX_LINES {
            lines.push(format!(
                "note: and {} more are held; `missive check` lists them",
                self.waiting.len() - MAX_LINES
            ));
        }
        lines.extend(changed_by_hand(&self.site));
        if self.kind == Kind::Message {
            lines.push(CONVERSATION_NOTE.to_owned());
        }
        if self.lacks_read_key {
            lines.push(
                "note: `share_on_site` has no effect: this channel has no read key yet; `missive share` makes one"
                    .to_owned(),
            );
        }
        if !self.has_base_url && !self.site.written.is_empty() {
            lines.push(format!("{NO_BASE_URL}`--base-url` or `base_url` in missive.toml sets one"));
        }
        lines
    }
}

impl fmt::Display for BuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = field(&self.site.output.display().to_string());
        let held = if self.held > 0 { format!(", {} held", self.held) } else { String::new() };
        let messages = count(self.site.messages, "message");
        if !self.changed() {
            return writeln!(f, "{output}: nothing to do, {messages}{held}");
        }
        if self.explain {
            for written in &self.site.written {
                writeln!(f, "{}: {}", field(written.path.as_str()), written.reasons.join(", "))?;
            }
            for path in &self.site.removed {
                writeln!(f, "{}: removed", field(path.as_str()))?;
            }
        }
        write!(f, "{output}: {messages}{held}, {} written", count(self.site.written.len(), "file"))?;
        if !self.site.removed.is_empty() {
            write!(f, ", {} removed", self.site.removed.len())?;
        }
        writeln!(f, " of {} in {}", grouped(self.site.files), took(self.seconds))
    }
}

/// `28 ms`, `3.4 s`
pub(super) fn took(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1_000.0) } else { format!("{seconds:.1} s") }
}

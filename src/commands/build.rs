//! `missive build`: a channel becomes a website, or all of them become a reading room.

mod room;

use std::fmt;
use std::time::{Duration, Instant};

use clap::{ArgAction, Args};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Failure, Surroundings, count};
use crate::channel::Kind;
use crate::channel::outbox::metadata_check;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::{self, BoxState, Held, Snapshot};
use crate::commands::site_options::{Choice, Site, cache};
use crate::console::Console;
use crate::markdown::Trust;
use crate::site;
use crate::site::{BuildMemory, Lock, SiteRequest};
use crate::text::invisible::field;
use crate::text::shell;

/// Build a channel's website, or a reading room of all channels
#[derive(Debug, Args)]
#[command(mut_arg("channel", |arg| arg
    .num_args(1..)
    .action(ArgAction::Append)
    .required(false)
    .required_unless_present("all")
    .help("A channel's name or folder; with --all, conversations to include")
))]
#[command(mut_arg("output", |arg| arg.help("The output folder [default: CHANNEL/site]")))]
#[command(override_usage = "missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...")]
#[command(after_help = "Examples:
  missive build my-blog -o /var/www/blog --base-url https://example.org/blog/
  missive build --all -o ~/reading-room    # all subscriptions and broadcasts, with one front page")]
pub struct Build {
    #[command(flatten)]
    site: Site,
    /// Build a reading room: all subscriptions and broadcasts, with one front page and one feed for all
    #[arg(long, requires = "output", conflicts_with = "box")]
    all: bool,
    /// Say why each file was written
    #[arg(long)]
    explain: bool,
    /// Fail if a box contains a strange file
    #[arg(long)]
    strict: bool,
}

/// What a build did, and what it found.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "each is one fact or flag that the report words")]
pub struct Report {
    channel: String,
    kind: Kind,
    /// Messages that wait: drafts, those dated in the future, those not yet whole.
    held: usize,
    /// Those of them that are waited for, and why.
    waiting: Vec<String>,
    warnings: Vec<String>,
    has_base_url: bool,
    /// How long it took, in seconds.
    seconds: f64,
    #[serde(skip)]
    shares_nothing: bool,
    #[serde(flatten)]
    pub(crate) site: site::OutputReport,
    #[serde(skip)]
    explain: bool,
    #[serde(skip)]
    strict: bool,
}

/// What a build did: of one channel, or of all.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Of one channel.
    Site(Box<Report>),
    /// Of all.
    Room(Box<room::Report>),
}

/// Builds a site, or a reading room.
///
/// # Errors
/// [`Failure`]; whatever it is, each site that was there before is whole.
pub fn run(args: &Build, around: &Surroundings, console: Console) -> Result<Answer, Failure> {
    if args.all {
        return Ok(Answer::Room(Box::new(room::run(args, around, console)?)));
    }
    if args.site.named().len() > 1 {
        let hint = "build them one after the other, or all into one folder with `--all -o DIR`";
        return Err(Failure::usage("build takes one channel at a time", hint));
    }
    Ok(Answer::Site(Box::new(site(args, around, console)?)))
}

fn site(args: &Build, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let start = Instant::now();
    let channel = args.site.channel(around)?;
    let choice = args.site.asked.choose(&channel, around)?;
    let output = args.site.asked.output(&channel, around);
    let cache = cache(&channel, around, console);
    let lock = Lock::take(&channel, &output, || console.say(WAITS))?;
    let snapshot = snapshot::take(channel, &cache, args.site.asked.look(around.seconds()));
    let progress = console.progress("building");
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
    let built = site::build(&request, &mut BuildMemory::default());
    progress.clear();
    let report = Report::new(&snapshot, &choice, built?, start.elapsed());
    report.whisper_damage(console);
    if let Err(error) = snapshot.keep(&cache, around.now) {
        console.say_if_verbose(&format!("the card cache could not be kept: {error}"));
    }
    Ok(Report { explain: args.explain, strict: args.strict, ..report })
}

/// What is said when a build has to wait.
pub(crate) const WAITS: &str = "another build is writing to the same folder; waiting for it to finish";

fn warnings(snapshot: &Snapshot, built: &site::OutputReport) -> Vec<String> {
    let hidden = snapshot.hidden.iter().filter(|hidden| hidden.warning);
    let mut warnings: Vec<String> =
        hidden.map(|hidden| format!("{}: {}", field(&hidden.in_channel().to_string_lossy()), hidden.reason)).collect();
    let problems = snapshot.problems.iter();
    warnings.extend(problems.map(|(side, stamp, problem)| format!("{side}/{stamp}.txt: {}", field(problem))));
    for side in Side::BOTH {
        if let BoxState::Unreadable(error) = snapshot.side(side) {
            warnings.push(format!("{side}: not readable: {error}"));
        }
    }
    if built.colourless > 0 {
        let messages = count(built.colourless, "message");
        warnings.push(format!(
            "the code in {messages} is shown without colours: this channel contains more code of others than missive colours"
        ));
    }
    if built.late > 0 {
        let messages = count(built.late, "message");
        warnings.push(format!("colouring the code of others in {messages} took too long; it is shown without colours"));
    }
    warnings.extend(built.kept.iter().map(|text| format!("{text}: its old page stays")));
    warnings
}

/// A warning of one's own pictures that are published with all that they tell, if there are any.
fn telling(snapshot: &Snapshot, choice: &Choice) -> Option<String> {
    let own = snapshot.cards.iter().filter(|card| snapshot.trust(card) == Trust::Own);
    let mut files = own.flat_map(|card| metadata_check::lasting(card).map(move |file| (card, file)));
    let (card, first) = files.next().filter(|_| !choice.options.keep_metadata)?;
    let first = field(&format!("{}/{}/{}", card.side, card.stamp, first.path.text()));
    let (more, they) = match files.count() {
        0 => (String::new(), "it was"),
        more => (format!(" and {}", count(more, "more attachment")), "they were"),
    };
    let listed_by = shell::missive("check --metadata", &[&snapshot.channel.name]);
    Some(format!(
        "{first}{more} may tell where, with which camera and by whom {they} made, and missive cannot remove that from this format. List these files: {listed_by}"
    ))
}

impl Report {
    pub(crate) fn new(snapshot: &Snapshot, choice: &Choice, site: site::OutputReport, took: Duration) -> Self {
        let waiting = snapshot.held.iter().filter(|held| matches!(held.reason, Reason::Lacks(_)));
        let is_shown = |held: &Held| site.incomplete.contains(&(held.card.side, held.card.stamp));
        let word = |held: &Held| {
            let shown = if is_shown(held) { "shown as it is; it " } else { "" };
            format!("{}/{}.txt: {shown}{}", held.card.side, held.card.stamp, held.reason)
        };
        Self {
            channel: snapshot.channel.name.to_string(),
            kind: snapshot.kind(),
            held: (snapshot.cards.len() + snapshot.held.len()).saturating_sub(site.messages),
            waiting: waiting.map(word).collect(),
            warnings: warnings(snapshot, &site).into_iter().chain(telling(snapshot, choice)).collect(),
            has_base_url: choice.options.base_url.is_some(),
            seconds: took.as_secs_f64(),
            shares_nothing: choice.shares_nothing,
            site,
            explain: false,
            strict: false,
        }
    }

    /// Whether the site was changed.
    pub(crate) fn changed(&self) -> bool {
        !self.site.written.is_empty() || !self.site.removed.is_empty()
    }

    /// Says to those who ask for more why the record of the last build was not used.
    pub(crate) fn whisper_damage(&self, console: Console) {
        if let Some(damage) = &self.site.damage {
            console.say_if_verbose(&format!("the manifest of the last build was not used: {damage}"));
        }
    }
}

impl Answer {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        match self {
            Self::Site(report) => report.failed(),
            Self::Room(report) => report.failed(),
        }
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Site(report) => report.remarks(),
            Self::Room(report) => report.remarks(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(report) => report.fmt(f),
            Self::Room(report) => report.fmt(f),
        }
    }
}

/// Said once of anything that holds a conversation.
const LETTERS: &str = "note: this site contains other people's messages. It asks search engines to stay away, but anyone who has it can read it";
/// Said of anything that was built without knowing where it will be found.
const NO_BASE_URL: &str = "note: without a base URL there is no sitemap, and the feeds work on this machine only; ";

impl Report {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        self.strict && !self.warnings.is_empty()
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        const MOST: usize = 10;
        let mut lines: Vec<String> =
            self.warnings.iter().take(MOST).map(|warning| format!("warning: {}", field(warning))).collect();
        if self.warnings.len() > MOST {
            lines.push(format!("warning: and {} more; `missive check` lists them", self.warnings.len() - MOST));
        }
        lines.extend(self.waiting.iter().take(MOST).map(|message| format!("note: {}", field(message))));
        if self.waiting.len() > MOST {
            lines.push(format!("note: and {} more are held; `missive check` lists them", self.waiting.len() - MOST));
        }
        if self.kind == Kind::Message {
            lines.push(LETTERS.to_owned());
        }
        if self.shares_nothing {
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

impl fmt::Display for Report {
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
        writeln!(f, " of {} in {}", super::grouped(self.site.files), took(self.seconds))
    }
}

/// `28 ms`, `3.4 s`
fn took(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1_000.0) } else { format!("{seconds:.1} s") }
}

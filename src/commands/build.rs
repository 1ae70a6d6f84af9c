//! `missive build`: a channel becomes a website.

use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Failure, Surroundings, count, locate};
use crate::channel::cache::{self, Cache};
use crate::channel::entry::Side;
use crate::channel::settings::{self, BaseUrl, Settings};
use crate::channel::snapshot::{self, BoxState, Look, Snapshot};
use crate::channel::{Channel, Kind};
use crate::console::{Console, field};
use crate::site::{self, BUILT_IN_THEMES, Manner, Options, Request, Source, Theme};

/// Turn a channel into a website
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these comments are the program's help, which is no Markdown"
)]
pub struct Build {
    /// A channel's name or folder
    channel: OsString,
    /// Where the site is written [default: CHANNEL/site]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Where the site will be found, such as <https://example.org/blog>/
    #[arg(long, value_name = "URL", value_parser = |url: &str| BaseUrl::try_from(url.to_owned()))]
    base_url: Option<BaseUrl>,
    /// A built-in theme, or a folder laid over it
    #[arg(long, value_name = "NAME-or-DIR")]
    theme: Option<OsString>,
    /// Build from one box only
    #[arg(long, value_name = "BOX", value_parser = ["inbox", "outbox"])]
    r#box: Option<String>,
    /// Show messages dated in the future too
    #[arg(long)]
    future: bool,
    /// Take over an output that holds other files, and write every file anew
    #[arg(long)]
    force: bool,
    /// Accept that a box which had messages has none now
    #[arg(long)]
    allow_empty: bool,
    /// Publish pictures with their metadata: place, camera, time
    #[arg(long)]
    keep_metadata: bool,
    /// Say why each file was written
    #[arg(long)]
    explain: bool,
    /// Fail if a file in a box is strange
    #[arg(long)]
    strict: bool,
}

/// What a build did, and what it found.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one fact or flag that the report words")]
pub struct Report {
    channel: String,
    kind: Kind,
    messages: usize,
    /// Messages that wait: drafts and those dated in the future.
    held: usize,
    warnings: Vec<String>,
    has_base_url: bool,
    #[serde(skip)]
    shares: bool,
    #[serde(flatten)]
    site: site::Report,
    #[serde(skip)]
    explain: bool,
    #[serde(skip)]
    strict: bool,
}

/// Builds a site.
///
/// # Errors
/// [`Failure`]; whatever it is, the site that was there before is whole.
pub fn run(args: &Build, around: &Surroundings, console: Console) -> Result<Report, Failure> {
    let channel = locate::channel(around, &args.channel)?;
    let settings = settings::read(&channel.path)?;
    let options = options(args, &settings);
    let theme = theme(args, &settings, &channel, around)?;
    let output = output(args, &channel, around);
    let cache = match &around.cache {
        Some(folder) => Cache::read(cache::path_below(folder, &channel.path)),
        None => Cache::nowhere(),
    };
    if let Some(damage) = &cache.damage {
        console.whisper(&format!("the card cache is made anew: {damage}"));
    }
    let look = Look { now: around.seconds(), future: args.future, only: options.only };
    let snapshot = snapshot::take(channel, &cache, look);
    let progress = console.progress("building");
    let request = Request {
        snapshot: &snapshot,
        options: &options,
        manner: Manner { force: args.force, allow_empty: args.allow_empty },
        theme: &theme,
        output: &output,
        progress: &|done, all| progress.show(done, all),
        gate: &|| Ok(()),
    };
    let built = site::build(&request);
    progress.clear();
    let built = built?;
    if let Some(damage) = &built.damage {
        console.whisper(&format!("the record of the last build was not used: {damage}"));
    }
    if let Err(error) = cache.keep(&snapshot.all, around.now) {
        console.whisper(&format!("the card cache could not be kept: {error}"));
    }
    Ok(report(args, &snapshot, &options, settings.site.share_on_site, built))
}

fn options(args: &Build, settings: &Settings) -> Options {
    let site = &settings.site;
    let base_url = args.base_url.clone().or_else(|| site.base_url.clone());
    let only = match args.r#box.as_deref() {
        Some("inbox") => Some(Side::Inbox),
        Some(_) => Some(Side::Outbox),
        None => None,
    };
    Options {
        base_url,
        title: site.title.clone(),
        page_size: site.page_size,
        feed_size: site.feed_size,
        highlight: site.highlight,
        raw_html: site.raw_html,
        keep_metadata: args.keep_metadata,
        only,
    }
}

/// The built-in theme, over it the theme that was chosen, over that the channel's own `theme/`.
fn theme(args: &Build, settings: &Settings, channel: &Channel, around: &Surroundings) -> Result<Theme, Failure> {
    let chosen = match (&args.theme, &settings.site.theme) {
        (Some(theme), _) => Some((Path::new(theme).to_owned(), &around.here)),
        (None, Some(theme)) => Some((PathBuf::from(theme), &channel.path)),
        (None, None) => None,
    };
    let mut sources = Vec::new();
    if let Some((theme, base)) = chosen {
        sources.push(source(&theme, base)?);
    }
    let own = channel.path.join("theme");
    if own.is_dir() {
        sources.push(Source::Folder(own));
    }
    Ok(Theme::load(&sources)?)
}

fn source(theme: &Path, base: &Path) -> Result<Source, Failure> {
    if BUILT_IN_THEMES.iter().any(|name| theme == Path::new(name)) {
        return Ok(Source::BuiltIn);
    }
    let folder = base.join(theme);
    if folder.is_dir() {
        return Ok(Source::Folder(folder));
    }
    let message = format!("there is no theme `{}`", theme.display());
    Err(Failure::new(
        message,
        format!("built in is `{}`; anything else is a folder of templates", BUILT_IN_THEMES.join("`, `")),
    ))
}

/// The output as an absolute path without links and `..`, as far as it exists.
fn output(args: &Build, channel: &Channel, around: &Surroundings) -> PathBuf {
    let output = match &args.output {
        Some(output) => around.here.join(output),
        None => site::default_output(&channel.path),
    };
    let mut plain = PathBuf::new();
    for part in output.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
        // A link must be followed before a `..` behind it is.
        plain = plain.canonicalize().unwrap_or(plain);
    }
    plain
}

fn report(args: &Build, snapshot: &Snapshot, options: &Options, shares: bool, site: site::Report) -> Report {
    let hidden = snapshot.hidden.iter().filter(|hidden| hidden.warning);
    let mut warnings: Vec<String> =
        hidden.map(|hidden| format!("{}: {}", field(&hidden.in_channel().to_string_lossy()), hidden.reason)).collect();
    warnings.extend(snapshot.problems.iter().map(|(side, stamp, problem)| format!("{side}/{stamp}.txt: {problem}")));
    for side in Side::BOTH {
        if let BoxState::Unreadable(error) = snapshot.side(side) {
            warnings.push(format!("{side}: not readable: {error}"));
        }
    }
    warnings.extend(site.kept.iter().map(|text| format!("{text}: its page is kept as it was")));
    Report {
        channel: snapshot.channel.name.to_string(),
        kind: snapshot.kind(),
        messages: snapshot.cards.len(),
        held: snapshot.held.len(),
        warnings,
        has_base_url: options.base_url.is_some(),
        shares,
        site,
        explain: args.explain,
        strict: args.strict,
    }
}

impl Report {
    /// Whether the answer is a failure.
    pub fn failed(&self) -> bool {
        self.strict && !self.warnings.is_empty()
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        const MOST: usize = 10;
        let mut lines: Vec<String> =
            self.warnings.iter().take(MOST).map(|warning| format!("warning: {warning}")).collect();
        if self.warnings.len() > MOST {
            lines.push(format!("warning: and {} more; `missive check` lists them", self.warnings.len() - MOST));
        }
        if self.kind == Kind::Message {
            lines.push("note: a conversation holds other people's letters; the site asks search engines to stay away, but whoever has it can read it".to_owned());
        }
        if self.shares {
            lines.push("note: `share_on_site` has no effect: this channel has no read key yet".to_owned());
        }
        if !self.has_base_url && !self.site.written.is_empty() {
            lines.push("note: without a base URL there is no sitemap, and the feeds are for readers on this machine; `--base-url` or `base_url` in missive.toml sets one".to_owned());
        }
        lines
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = field(&self.site.output.display().to_string());
        let held = if self.held > 0 { format!(", {} held", self.held) } else { String::new() };
        let messages = count(self.messages, "message");
        if self.site.written.is_empty() && self.site.removed.is_empty() {
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
        writeln!(f, " of {}", super::grouped(self.site.files))
    }
}

//! `missive check --links`: where the links of a built site lead, and with `--external` whether other servers have what it links.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer_cache::{Answer, AnswerCache};
use super::external;
use crate::channel::outbox::dead_links;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::protocol::{message_address, message_file, settings};
use crate::channel::reading::reply;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::commands::{Environment, Failure, count, free_values};
use crate::console::Console;
use crate::markdown::Trust;
use crate::site;
use crate::site::links::{Dead, LinkedAddress};
use crate::text::invisible::field;
use crate::text::shell;

/// What is asked of the links of a site.
#[derive(Debug, Args)]
pub(super) struct LinkArgs {
    /// Instead, check every link of the built site: pages, places in them, attachments
    #[arg(long, conflicts_with_all = ["all", "fix", "metadata"])]
    pub(super) links: bool,
    /// With --links: ask other servers whether the pages are there that the site links; an answer counts for a day
    #[arg(long, requires = "links")]
    external: bool,
    /// With --links: the folder of the site [default: CHANNEL/site]
    #[arg(long, requires = "links", value_name = "DIR", allow_hyphen_values = true, value_parser = free_values::path())]
    pub(super) site: Option<PathBuf>,
    /// With --external: how long to wait for a server
    #[arg(long, requires = "external", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// Where the links of a built site lead.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct LinksReport {
    /// The folder of the site; none if the channel has none in its folder.
    site: Option<String>,
    pages: usize,
    links: usize,
    /// The addresses that lead nowhere.
    dead: Vec<BadLink>,
    /// The addresses of other sites of which nobody can say now whether they lead anywhere.
    unclear: Vec<BadLink>,
    /// How many addresses of other sites there are.
    elsewhere: usize,
    /// How many of them other servers were not asked about.
    not_asked: usize,
    /// Links to the site's own server, outside of the site. Nobody knows which server that is without a `base_url`.
    outside: usize,
    #[serde(skip)]
    asks: bool,
}

/// A link that leads nowhere, or of which that is not certain.
#[derive(Debug, Serialize, JsonSchema)]
struct BadLink {
    address: String,
    why: String,
    /// A page of the site that links it.
    page: String,
    /// How many links to it there are on all pages.
    links: usize,
    /// The message that the page shows, by the path of its file in the channel.
    message: Option<String>,
    /// The line in that file, if the address is found there.
    line: Option<usize>,
}

/// Checks the links of a channel's site; `None` when it has none and nobody named it.
pub(super) fn of_channel(
    snapshot: &Snapshot,
    args: &LinkArgs,
    environment: &Environment,
    console: Console,
) -> Result<Option<LinksReport>, Failure> {
    let site = args.folder(environment).unwrap_or_else(|| site::default_output(&snapshot.channel.path));
    if !is_site(&site) {
        return Ok(None);
    }
    Check { site, snapshot: Some(snapshot), args, environment, console }.run().map(Some)
}

/// Checks the links of a site of which only the folder is known.
pub(super) fn of_folder(
    site: PathBuf,
    args: &LinkArgs,
    environment: &Environment,
    console: Console,
) -> Result<LinksReport, Failure> {
    if !is_site(&site) {
        return Err(no_site(&site, "`--site` takes the folder into which `missive build` wrote it"));
    }
    Check { site, snapshot: None, args, environment, console }.run()
}

/// What is said when a channel has no site to check.
pub(super) fn no_site_of(snapshot: &Snapshot, args: &LinkArgs, environment: &Environment) -> Failure {
    let name = &snapshot.channel.name;
    let hint =
        format!("`{}` builds it; if it is elsewhere, `--site DIR` names its folder", shell::missive("build", &[name]));
    match args.folder(environment) {
        Some(folder) => no_site(&folder, &hint),
        None => Failure::new(format!("`{name}` has no site in its folder"), hint),
    }
}

fn no_site(site: &Path, hint: &str) -> Failure {
    Failure::new(format!("there is no site in `{}`", field(&site.display().to_string())), hint)
}

fn is_site(site: &Path) -> bool {
    site.join("index.html").is_file()
}

impl LinkArgs {
    /// The folder that was named.
    pub(super) fn folder(&self, environment: &Environment) -> Option<PathBuf> {
        self.site.as_ref().map(|site| environment.folders.here.join(site))
    }
}

struct Check<'a> {
    site: PathBuf,
    snapshot: Option<&'a Snapshot>,
    args: &'a LinkArgs,
    environment: &'a Environment,
    console: Console,
}

impl Check<'_> {
    fn run(&self) -> Result<LinksReport, Failure> {
        let settings = self.snapshot.and_then(|snapshot| settings::read(&snapshot.channel.path).ok());
        let base = settings.and_then(|settings| settings.site.base_url);
        let message_of = |page: &str| self.message(page).map(|(snapshot, card)| snapshot.trust(card) == Trust::Own);
        let progress = self.console.progress("reading pages");
        let show = |done, all| progress.show(done, all);
        let read = site::links::read(&self.site, base.as_ref().map(BaseUrl::as_str), &message_of, &show);
        progress.clear();
        let found = read.map_err(|error| {
            let site = field(&self.site.display().to_string());
            Failure::new(format!("the site in `{site}` cannot be read"), "build it again").caused_by(error)
        })?;
        let mut report = LinksReport {
            site: Some(self.site.display().to_string()),
            pages: found.pages,
            links: found.links,
            dead: found.dead.iter().map(|(link, why)| self.bad(link, reason(link, why))).collect(),
            unclear: Vec::new(),
            elsewhere: found.elsewhere.len(),
            not_asked: found.elsewhere.len(),
            outside: found.outside,
            asks: self.args.external,
        };
        if self.args.external {
            self.ask(&found.elsewhere, &mut report)?;
        }
        for links in [&mut report.dead, &mut report.unclear] {
            links.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        Ok(report)
    }

    /// Asks other servers, and adds to the report what they don't have.
    fn ask(&self, elsewhere: &[LinkedAddress], report: &mut LinksReport) -> Result<(), Failure> {
        let now = self.environment.clock.seconds();
        let mut cache = AnswerCache::read(self.environment.folders.cache.as_deref(), now);
        let progress = self.console.progress("asking other servers");
        let answers =
            external::ask(elsewhere, self.args.timeout, &mut cache, now, &|done, all| progress.show(done, all));
        progress.clear();
        if answers.is_offline {
            let hint = "connect this computer to the internet and try again";
            return Err(Failure::new("no other server could be asked: no name of a server was found", hint));
        }
        report.not_asked = answers.all.iter().filter(|answer| answer.is_none()).count();
        for (link, answer) in elsewhere.iter().zip(answers.all) {
            match answer {
                Some(Answer::Gone(why)) => report.dead.push(self.bad(link, why)),
                Some(Answer::Unclear(why)) => report.unclear.push(self.bad(link, why)),
                Some(Answer::There) | None => {}
            }
        }
        Ok(())
    }

    /// The message that a page shows, if it shows one alone.
    fn message(&self, page: &str) -> Option<(&Snapshot, &Arc<Card>)> {
        let snapshot = self.snapshot?;
        let (folder, name) = page.rsplit_once('/').unwrap_or(("", page));
        let stamp = message_address::named(name)?;
        let side = Side::BOTH.into_iter().find(|side| side.name() == folder);
        if side.is_none() && !folder.is_empty() {
            return None;
        }
        Some((snapshot, reply::find(&snapshot.cards, side, Side::Outbox, stamp)?))
    }

    fn bad(&self, link: &LinkedAddress, why: String) -> BadLink {
        let message = self.message(&link.page);
        BadLink {
            address: as_written(&link.address),
            why,
            page: link.page.clone(),
            links: link.links,
            message: message.map(|(_, card)| format!("{}/{}.txt", card.side, card.stamp)),
            line: message.and_then(|(snapshot, card)| line(snapshot, card, &link.address)),
        }
    }
}

/// The line of a message's file on which an address of its page stands.
fn line(snapshot: &Snapshot, card: &Card, address: &str) -> Option<usize> {
    let (bytes, _) = snapshot.folder(card.side)?.read(&Entry::Text(card.stamp).path(), message_file::MAX_READ).ok()?;
    let text = message_file::decode(bytes).text;
    // On its page an address has the way to the site's root before it.
    let relative = as_written(address.trim_start_matches("../"));
    // A page may be linked by its message's file, and by the file's name without its ending.
    let of_message = |ending: &str| relative.replacen(".html", ending, 1);
    let (file, stem) = (of_message(".txt"), of_message(""));
    let attachment = relative.strip_prefix(&format!("{}/", card.stamp)).unwrap_or_default();
    let written = [address, &relative, relative.trim_end_matches('/'), &file, &stem, attachment];
    written.into_iter().filter(|address| !address.is_empty()).find_map(|address| dead_links::line_of(&text, address))
}

/// An address without what a site puts before the name of a place: `#install` for `#m-2013-08-11T14-34-37Z-install`.
fn as_written(address: &str) -> String {
    match address.split_once('#') {
        Some((path, place)) => format!("{path}#{}", named_place(place)),
        None => address.to_owned(),
    }
}

/// The name of a place without its message's prefix.
fn named_place(place: &str) -> &str {
    behind_prefix(place).unwrap_or(place)
}

/// What stands behind a message's prefix, if a place has one.
fn behind_prefix(place: &str) -> Option<&str> {
    let rest = place.strip_prefix("m-")?;
    let (stamp, name) = rest.strip_prefix("in-").unwrap_or(rest).split_once("Z-")?;
    Stamp::parse(format!("{stamp}Z").as_bytes()).ok().map(|_| name)
}

/// Why an address of the site itself leads nowhere.
fn reason(link: &LinkedAddress, why: &Dead) -> String {
    match why {
        Dead::File(path) => format!("the site has no file `{path}`"),
        Dead::Place(path, name) if *path == link.page => {
            format!("this page has no place named `{}`", named_place(name))
        }
        Dead::Place(path, name) => format!("the page `{path}` has no place named `{}`", named_place(name)),
        Dead::Malformed => "it is not a valid address".to_owned(),
    }
}

impl BadLink {
    /// Where it stands, for putting links into an order that people can follow.
    fn place(&self) -> (&str, Option<usize>, &str) {
        (self.message.as_deref().unwrap_or(&self.page), self.line, &self.address)
    }
}

impl LinksReport {
    /// How many links certainly lead nowhere.
    pub(super) fn warnings(&self) -> usize {
        self.dead.len()
    }

    /// Says what was found. `channel` is whose site it is.
    pub(super) fn list(&self, f: &mut fmt::Formatter<'_>, channel: &str) -> fmt::Result {
        if self.site.is_none() {
            let build = shell::missive("build", &[&channel]);
            return writeln!(f, "{}: no site in its folder; `{build}` builds it", field(channel));
        }
        let links = format!("{} on {}", count(self.links, "link"), count(self.pages, "page"));
        let verdict = match self.dead.len() {
            0 => "none of them dead".to_owned(),
            1 => "1 address leads nowhere".to_owned(),
            more => format!("{more} addresses lead nowhere"),
        };
        writeln!(f, "{}: {links}, {verdict}", field(channel))?;
        self.dead.iter().try_for_each(|link| writeln!(f, "  {link}"))?;
        if !self.unclear.is_empty() {
            let they = if self.unclear.len() == 1 { "this address leads" } else { "these addresses lead" };
            writeln!(f, "Whether {they} anywhere is not certain; try in a browser:")?;
            self.unclear.iter().try_for_each(|link| writeln!(f, "  {link}"))?;
        }
        if !self.dead.is_empty() {
            writeln!(f, "Correct them where they are written, then build the site again.")?;
        }
        if self.outside > 0 {
            let links = count(self.outside, "link");
            writeln!(f, "Not checked: {links} to your own server; `base_url` in missive.toml says where that is.")?;
        }
        if self.not_asked > 0 {
            let addresses = if self.not_asked == 1 { "1 address" } else { &format!("{} addresses", self.not_asked) };
            let why = if self.asks {
                "in private networks, which others wrote."
            } else {
                "of other sites; `missive check --links --external` asks their servers."
            };
            writeln!(f, "Not checked: {addresses} {why}")?;
        }
        Ok(())
    }
}

impl fmt::Display for BadLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.message, self.line) {
            (Some(message), Some(line)) => write!(f, "{}: line {line}", field(message))?,
            (Some(message), None) => write!(f, "{}", field(message))?,
            (None, _) if self.links > 1 => {
                write!(f, "{} and {}", field(&self.page), count(self.links - 1, "more link"))?;
            }
            (None, _) => write!(f, "{}", field(&self.page))?,
        }
        write!(f, ": `{}`: {}", field(&self.address), field(&self.why))
    }
}

//! `missive serve`: the browser app, the JSON API and each channel's site.
//!
//! Owns what is bound together: the rounds over the channels on one thread, the server on others, and their end. Refuses to
//! know what either does.

mod beginner;
mod doors;
mod keeper;
mod key;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::build;
use super::{Clock, Failure, Surroundings};
use crate::channel::Channel;
use crate::channel::folder;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::snapshot::Snapshot;
use crate::commands::resolve;
use crate::console::Console;
use crate::daemon::cycle::{Live, Observer};
use crate::daemon::node::Beside;
use crate::daemon::schedule::{Desk, Rounds};
use crate::fs::private;
use crate::sync::keys::book;
use crate::text::invisible::field;
use crate::watch::{Detection, Touched, Waker};
use crate::web::{self, Library};

use beginner::Beginner;
use doors::Doors;
use keeper::Keeping;

/// Read and write in the browser, and preview the sites
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive serve --open
  missive serve my-blog --port 8080")]
pub struct Serve {
    /// Channels' names or folders [default: all of the data folder]
    channels: Vec<OsString>,
    /// The port; 0 uses any free one
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    port: u16,
    /// Accept connections from other machines at this name or address; they need the printed link with the key
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Open the browser
    #[arg(long)]
    open: bool,
    /// Check everything this often, even if the system reports no change; 0 is never
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    rescan: Duration,
    /// Check for changes every second instead of waiting for the system's reports
    #[arg(long)]
    poll: bool,
    #[command(flatten)]
    beside: Beside,
}

/// Where the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The address to open. It holds the key where the user needs it too.
    url: String,
    port: u16,
    /// The address with the key, for proxies and for other users.
    key_url: String,
    #[serde(skip)]
    qr: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(qr) = &self.qr {
            writeln!(f, "{qr}")?;
        }
        writeln!(f, "{}", self.url)
    }
}

/// Serves until the waker rings, which is handed to `with_waker`.
///
/// # Errors
/// [`Failure`] when there is no such channel, or the port cannot be listened on.
pub fn run(
    args: &Serve,
    around: &Surroundings,
    console: Console,
    clock: Clock,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let channels = chosen(args, around, console)?;
    let (key, unkept) = key::of(&around.data);
    if let Some(error) = unkept {
        console.say(&format!("note: the key is valid for this run only, because it could not be saved: {error}"));
    }
    let doors = Doors::open(args.host.as_deref(), args.port, key)?;
    let library = Arc::new(Library::new(&around.data, around.seconds(), random()));
    let keeping = Keeping::new(around, doors.bare_url());
    let detection = if args.poll { Detection::Polling } else { Detection::Auto };
    let mut rounds = Rounds::new(detection, args.rescan, console, clock);
    let live = |channel: Channel| Live::new(keeping.asked(&channel), channel, around, console, clock);
    let awaited = names(channels.as_deref(), around);
    let follows = channels.is_none();
    match channels {
        Some(channels) => channels.into_iter().for_each(|channel| rounds.keep(live(channel))),
        None => rounds.follow(around.data.clone(), live),
    }
    let waker = rounds.waker();
    with_waker(waker.clone())?;
    let desk = rounds.desk();
    let keeper = Arc::new(keeping.keeper(desk.clone(), Arc::clone(&library), clock));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build()?;
    let (over, until) = tokio::sync::oneshot::channel::<()>();
    let beginner = Beginner { around: around.clone(), desk: desk.clone(), console, clock };
    let parts = web::ServerParts {
        library: Arc::clone(&library),
        service: keeper,
        // A new channel would not be among those that were named.
        creator: follows.then(|| Arc::new(beginner) as Arc<dyn web::ChannelCreator>),
        guard: doors.guard(),
        data: around.data.clone(),
        // What others may write is not used, and is said with the key.
        forms: book::check_private(&around.data).is_ok().then(|| around.data.join(layout::STATE_FOLDER).join(FORMS)),
        clock,
    };
    let _node = args.beside.start(around, console, clock);
    let mut teller = Teller { library: &library, console, said: HashSet::new() };
    std::thread::scope(|scope| {
        let rounds = scope.spawn(move || {
            let done = rounds.run(&mut teller);
            // The server ends with the rounds, however they end.
            drop(over);
            done
        });
        // Who asks before it is told where finds the door open already, and waits.
        first_looks(&desk, awaited);
        let told = tell(args, &doors, around, console);
        let served = match told {
            Ok(()) => runtime.block_on(web::serve(parts, doors.listeners, async { drop(until.await) })),
            Err(_) => Ok(()),
        };
        waker.stop();
        let done = rounds.join().unwrap_or_else(|_| {
            Err(Failure::new("the program stopped watching the channels because of a bug", "please report it"))
        });
        // What still waits for a disk is not waited for: nothing is ever half-written.
        runtime.shutdown_timeout(Duration::from_secs(1));
        done.and(told).and(served.map_err(|error| Failure::new(error.to_string(), "please report it")))
    })
}

/// The names of the channels that there are at the beginning.
fn names(chosen: Option<&[Channel]>, around: &Surroundings) -> Vec<ChannelName> {
    let found = chosen.map_or_else(|| folder::discover(&around.data).unwrap_or_default(), <[Channel]>::to_vec);
    found.into_iter().map(|channel| channel.name).collect()
}

/// Waits until each channel was looked at once, or could not be, so that the first answer knows of all of them.
fn first_looks(desk: &Desk, names: Vec<ChannelName>) {
    let answers: Vec<_> = names.into_iter().map(|name| desk.look(name, Touched::default())).collect();
    let end = Instant::now() + FIRST_LOOKS;
    for answer in answers {
        let _ = answer.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

/// Tells where the server is.
fn tell(args: &Serve, doors: &Doors, around: &Surroundings, console: Console) -> Result<(), Failure> {
    let qr = doors.qr(console.screen.width);
    console.record(&Report { url: doors.url(), port: doors.port(), key_url: doors.url_with_key(), qr })?;
    console.say("press ctrl-c to stop");
    if !doors.everybody_needs_key() {
        let link = doors.url_with_key();
        console.say(&format!("other users of this computer, and their proxies, need this link with the key: {link}"));
    } else if !doors.is_open() {
        console.say("this system does not tell which user connects, so you need the key in that link too");
    }
    if args.open {
        open(doors, around, console);
    }
    Ok(())
}

/// How long the first looks are waited for.
const FIRST_LOOKS: Duration = Duration::from_secs(10);
/// The file of the forms that came in, in the data folder's private folder.
const FORMS: &str = "serve.forms";
/// The file of the page that leads a browser to the address with the key, there too.
const WAY_IN: &str = "serve.html";
/// How many requests may wait for the disk at once.
const BLOCKING: usize = 64;

/// The channels that are named; `None` for all of the data folder.
fn chosen(args: &Serve, around: &Surroundings, console: Console) -> Result<Option<Vec<Channel>>, Failure> {
    let mut names = HashSet::new();
    let mut channels = Vec::new();
    for wanted in &args.channels {
        let channel = resolve::channel(around, wanted)?;
        if !names.insert(channel.name.clone()) {
            let message = format!("two of these channels are called `{}`", channel.name);
            return Err(Failure::usage(message, "serve them one at a time, or rename one's folder"));
        }
        channels.push(channel);
    }
    if channels.is_empty() {
        // What cannot be shown is said at once; the rest is found by whoever follows the folder.
        resolve::mention_no_boxes(around, console);
        return Ok(None);
    }
    Ok(Some(channels))
}

fn open(doors: &Doors, around: &Surroundings, console: Console) {
    let opened = if doors.everybody_needs_key() {
        way_in(&doors.url_with_key(), around).and_then(open::that_detached)
    } else {
        open::that_detached(doors.bare_url())
    };
    if let Err(error) = opened {
        console.say(&format!("note: no browser could be opened: {error}"));
    }
}

/// A page that leads to the address with the key. What a program is started with can be seen by all users, so the browser is
/// handed this page's path instead, which only its owner may read.
fn way_in(url: &str, around: &Surroundings) -> std::io::Result<PathBuf> {
    let page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>missive</title>\n\
         <meta http-equiv=\"refresh\" content=\"0; url={url}\">\n<p><a href=\"{url}\">missive</a></p>\n"
    );
    let path = book::private(&around.data, "").map_err(std::io::Error::other)?.join(WAY_IN);
    private::replace(&path, page.as_bytes())?;
    Ok(path)
}

/// A name that nobody can guess.
fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Keeps the library true, and says what is worth a line.
struct Teller<'a> {
    library: &'a Library,
    console: Console,
    said: HashSet<String>,
}

impl Observer for Teller<'_> {
    fn looked(&mut self, _channel: &Channel, snapshot: &Snapshot) {
        self.library.channel_scanned(snapshot);
    }

    fn built(&mut self, channel: &Channel, report: &build::Report, _is_news: bool) -> Result<(), Failure> {
        let written = report.site.written.iter().map(|written| &written.path);
        let paths = written.chain(&report.site.removed).map(|path| path.as_str().to_owned()).collect();
        self.library.site_built(&channel.name, paths, None);
        Ok(())
    }

    fn failed(&mut self, channel: &Channel, failure: &Failure) -> Result<(), Failure> {
        let name = channel.name.to_string();
        // A channel that cannot be looked at has no site either, and is what is to be told.
        if let Err(error) = Channel::open(&channel.path) {
            self.library.scan_failed(&channel.name, &error.to_string());
        }
        self.library.site_built(&channel.name, HashSet::new(), Some(failure.words()));
        self.console.say_lines(&format!("{}: {failure}", field(&name)));
        Ok(())
    }

    fn say(&mut self, channel: &Channel, line: &str) {
        self.console.say(&format!("{}: {line}", field(&channel.name.to_string())));
    }

    fn warn(&mut self, channel: &Channel, line: &str) {
        let line = format!("{}: {line}", field(&channel.name.to_string()));
        if self.said.insert(line.clone()) {
            self.console.say(&line);
        }
    }

    fn gone(&mut self, channel: &Channel) {
        self.library.channel_removed(&channel.name);
    }
}

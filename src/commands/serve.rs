//! `missive serve`: the browser app, the JSON API and each channel's site.
//!
//! The schedule of the channels runs on one thread, the server on others, and they end together.

mod access_key;
mod channel_starter;
mod listeners;
mod random_name;
mod served_sites;
mod synced_boxes;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::Channel;
use crate::channel::folder;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::snapshot::Snapshot;
use crate::commands::daemon_events::EventLine;
use crate::commands::network_options::BackgroundSyncArgs;
use crate::commands::watch_options::WatchArgs;
use crate::commands::{Environment, Failure, daemon_events, resolve};
use crate::console::Console;
use crate::daemon;
use crate::daemon::cycle::ChannelCycle;
use crate::daemon::observer::{BuiltSite, CycleEvent, Observer};
use crate::daemon::schedule::{RequestQueue, Schedule};
use crate::fs::private;
use crate::sync::keys::book;
use crate::text::invisible::field;
use crate::watch::{Touched, Waker};
use crate::web;
use crate::web::{Library, ServerParts};

use crate::commands::serve::channel_starter::ChannelStarter;
use crate::commands::serve::listeners::Listeners;
use crate::commands::serve::served_sites::{ServedChannels, ServedSites};

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
    #[command(flatten)]
    changes: WatchArgs,
    #[command(flatten)]
    sync: BackgroundSyncArgs,
}

/// Where the server is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServeReport {
    /// The address to open. It holds the key where the user needs it too.
    url: String,
    port: u16,
    /// The address with the key, for proxies and for other users.
    key_url: String,
    #[serde(skip)]
    qr: Option<String>,
}

impl fmt::Display for ServeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(qr) = &self.qr {
            writeln!(f, "{qr}")?;
        }
        writeln!(f, "{}", self.url)
    }
}

/// Serves until the waker says stop, which is handed to `with_waker`.
///
/// # Errors
/// [`Failure`] when there is no such channel, or the port cannot be listened on.
pub fn run(
    args: &Serve,
    environment: &Environment,
    console: Console,
    with_waker: impl FnOnce(Waker) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let folders = &environment.folders;
    let channels = chosen(args, environment, console)?;
    let listeners = Listeners::open(args.host.as_deref(), args.port, read_access_key(environment, console))?;
    let library = Arc::new(Library::new(&folders.data, environment.clock.seconds(), random_name::make()));
    let sites = ServedSites::new(folders, listeners.bare_url());
    let mut schedule = args.changes.schedule(environment, console);
    let cycle =
        |channel: Channel| ChannelCycle::new(sites.options(&channel), channel, folders, console, environment.clock);
    let awaited = names(channels.as_deref(), environment);
    // A new channel would not be among those that were named.
    let may_create = channels.is_none();
    match channels {
        Some(channels) => channels.into_iter().for_each(|channel| schedule.add(cycle(channel))),
        None => schedule.follow(folders.data.clone(), cycle),
    }
    with_waker(schedule.waker())?;
    let requests = schedule.requests();
    let parts = ServerParts {
        library: Arc::clone(&library),
        service: Arc::new(ServedChannels::new(
            sites.clone(),
            requests.clone(),
            Arc::clone(&library),
            environment.clock,
        )),
        creator: may_create.then(|| {
            let starter = ChannelStarter { environment: environment.clone(), requests: requests.clone(), console };
            Arc::new(starter) as Arc<dyn web::ChannelCreator>
        }),
        guard: listeners.guard(),
        data: folders.data.clone(),
        // What others may write is not used, and is said with the key.
        forms: book::check_private(&folders.data).is_ok().then(|| folders.data.join(layout::STATE_FOLDER).join(FORMS)),
        clock: environment.clock.as_function(),
    };
    let _node = args.sync.start(environment, console);
    let observer = ServeObserver { library: &library, console, said: HashSet::new() };
    let begin = |listeners: &Listeners| {
        // Who asks before it is told where finds the door open already, and waits.
        first_looks(&requests, awaited);
        announce(args, listeners, environment, console)
    };
    serve_beside(schedule, observer, listeners, parts, begin)
}

/// Runs the schedule on one thread and the server on others, until either ends.
fn serve_beside(
    mut schedule: Schedule<'_>,
    mut observer: ServeObserver<'_>,
    listeners: Listeners,
    parts: ServerParts,
    begin: impl FnOnce(&Listeners) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(MAX_BLOCKING).build()?;
    let waker = schedule.waker();
    let (over, until) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|scope| {
        let scheduled = scope.spawn(move || {
            let done = schedule.run(&mut observer);
            // The server ends with the schedule, however that ends.
            drop(over);
            done
        });
        let announced = begin(&listeners);
        let served = match announced {
            Ok(()) => runtime.block_on(web::serve(parts, listeners.sockets, async { drop(until.await) })),
            Err(_) => Ok(()),
        };
        waker.stop();
        let done = scheduled.join().unwrap_or_else(|_| Err(Failure::bug("scanning the channels panicked")));
        // What still waits for a disk is not waited for: nothing is ever half-written.
        runtime.shutdown_timeout(Duration::from_secs(1));
        done.and(announced).and(served.map_err(|error| Failure::bug(error.to_string()).caused_by(error)))
    })
}

/// The key of whoever is not known to be this user.
fn read_access_key(environment: &Environment, console: Console) -> String {
    let (key, unkept) = access_key::read_or_make(&environment.folders.data);
    if let Some(error) = unkept {
        console.say(&format!("note: the key is valid for this run only, because it could not be saved: {error}"));
    }
    key
}

/// The names of the channels that there are at the beginning. Where they cannot be listed, nobody is waited for.
fn names(chosen: Option<&[Channel]>, environment: &Environment) -> Vec<ChannelName> {
    let found =
        chosen.map_or_else(|| folder::discover(&environment.folders.data).unwrap_or_default(), <[Channel]>::to_vec);
    found.into_iter().map(|channel| channel.name).collect()
}

/// Waits until each channel was looked at once, or could not be, so that the first answer knows of all of them.
fn first_looks(requests: &RequestQueue, names: Vec<ChannelName>) {
    let answers: Vec<_> = names.into_iter().map(|name| requests.look(name, Touched::default())).collect();
    let end = Instant::now() + FIRST_LOOKS;
    for answer in answers {
        // What takes longer comes later.
        drop(answer.recv_timeout(end.saturating_duration_since(Instant::now())));
    }
}

/// Says where the server is.
fn announce(args: &Serve, listeners: &Listeners, environment: &Environment, console: Console) -> Result<(), Failure> {
    let qr = listeners.qr(console.screen.width);
    console.record(&ServeReport {
        url: listeners.url(),
        port: listeners.port(),
        key_url: listeners.url_with_key(),
        qr,
    })?;
    console.say("press ctrl-c to stop");
    if !listeners.everybody_needs_key() {
        let link = listeners.url_with_key();
        console.say(&format!("other users of this computer, and their proxies, need this link with the key: {link}"));
    } else if !listeners.is_open() {
        console.say("this system does not tell which user connects, so you need the key in that link too");
    }
    if args.open {
        open(listeners, environment, console);
    }
    Ok(())
}

/// How long the first looks are waited for.
const FIRST_LOOKS: Duration = Duration::from_secs(10);
/// The file of the forms that came in, in the data folder's private folder.
const FORMS: &str = "serve.forms";
/// The file of the page that leads a browser to the address with the key, there too.
const KEY_PAGE: &str = "serve.html";
/// How many requests may wait for the disk at once.
const MAX_BLOCKING: usize = 64;

/// The channels that are named; `None` for all of the data folder.
fn chosen(args: &Serve, environment: &Environment, console: Console) -> Result<Option<Vec<Channel>>, Failure> {
    let mut names = HashSet::new();
    let mut channels = Vec::new();
    for wanted in &args.channels {
        let channel = resolve::channel(environment, wanted)?;
        if !names.insert(channel.name.clone()) {
            let message = format!("two of these channels are called `{}`", channel.name);
            return Err(Failure::usage(message, "serve one at a time, or rename one of the folders"));
        }
        channels.push(channel);
    }
    if channels.is_empty() {
        // What cannot be shown is said at once; the rest is found by whoever follows the folder.
        resolve::mention_no_boxes(environment, console);
        return Ok(None);
    }
    Ok(Some(channels))
}

fn open(listeners: &Listeners, environment: &Environment, console: Console) {
    let opened = if listeners.everybody_needs_key() {
        write_key_page(&listeners.url_with_key(), environment).and_then(open::that_detached)
    } else {
        open::that_detached(listeners.bare_url())
    };
    if let Err(error) = opened {
        console.say(&format!("note: the browser could not be opened: {error}"));
    }
}

/// Writes a page that leads to the address with the key. What a program is started with can be seen by all users, so the browser is
/// handed this page's path instead, which only its owner may read.
fn write_key_page(url: &str, environment: &Environment) -> std::io::Result<PathBuf> {
    let page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>missive</title>\n\
         <meta http-equiv=\"refresh\" content=\"0; url={url}\">\n<p><a href=\"{url}\">missive</a></p>\n"
    );
    let path = book::private(&environment.folders.data, "").map_err(std::io::Error::other)?.join(KEY_PAGE);
    private::replace(&path, page.as_bytes())?;
    Ok(path)
}

/// Keeps the library true, and says what is worth a line.
struct ServeObserver<'a> {
    library: &'a Library,
    console: Console,
    said: HashSet<String>,
}

impl Observer for ServeObserver<'_> {
    type Stop = Failure;

    fn looked(&mut self, _channel: &Channel, snapshot: &Snapshot) {
        self.library.channel_scanned(snapshot);
    }

    fn built(&mut self, channel: &Channel, site: &BuiltSite<'_>, _is_news: bool) -> Result<(), Failure> {
        let written = site.output.written.iter().map(|written| &written.path);
        let paths = written.chain(&site.output.removed).map(|path| path.as_str().to_owned()).collect();
        self.library.site_built(&channel.name, paths, None);
        Ok(())
    }

    fn failed(&mut self, channel: &Channel, error: &Arc<daemon::Error>) -> Result<(), Failure> {
        let failure = Failure::from(Arc::clone(error));
        // A channel that cannot be looked at has no site either, and is what is to be told.
        if let Err(error) = Channel::open(&channel.path) {
            self.library.scan_failed(&channel.name, &error.to_string());
        }
        self.library.site_built(&channel.name, HashSet::new(), Some(failure.words()));
        self.console.say_lines(&format!("{}: {failure}", field(&channel.name.to_string())));
        Ok(())
    }

    fn happened(&mut self, channel: &Channel, event: &CycleEvent<'_>) {
        let name = field(&channel.name.to_string());
        match daemon_events::line(event) {
            EventLine::News(line) => self.console.say(&format!("{name}: {line}")),
            EventLine::Lasting(line) => {
                let line = format!("{name}: {line}");
                if self.said.insert(line.clone()) {
                    self.console.say(&line);
                }
            }
        }
    }

    fn gone(&mut self, channel: &Channel) {
        self.library.channel_removed(&channel.name);
    }
}

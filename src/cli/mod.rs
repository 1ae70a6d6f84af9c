//! Speaking to the person: arguments, surroundings, exit code.
//!
//! Owns the command line and the one place where a failure is printed. Exit codes: 0 done, 1 could not be done, 2 wrong
//! usage, 70 a bug.

mod config;
mod folders;
mod logging;
mod signals;
mod terminal;

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{CommandFactory, Parser, Subcommand};
use serde::Serialize;

use self::folders::{Folders, variable};
use self::logging::{EVERYWHERE, LogArgs};
use self::terminal::Color;
use crate::commands::{
    Failure, Surroundings, Zone, build, channels, check, complete, completions, compose, delete, drafts, edit, editor,
    invite, keys, man, mark, new, read, schema, search, serve, service, share, status, subscribe, sync, watch, why,
};
use crate::console::{Console, Pager, is_hiding};
use crate::watch::Waker;

/// Publish, read and talk through plain folders of text files
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown, reason = "these comments are the program's help, which is no Markdown")]
#[command(name = "missive", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Examples:
  missive new my-blog
  missive build my-blog

`missive COMMAND --help` shows all options of a command. CHANNEL is a path, or a name in the data folder.")]
struct Cli {
    /// The data folder, which holds the channels [default: $MISSIVE_DATA, else ~/missive_data]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    data: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    #[command(flatten)]
    logging: LogArgs,
    /// When to show bold and dim text
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, help_heading = EVERYWHERE)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::New),
    Channels(channels::Channels),
    Read(read::Read),
    Mark(mark::Mark),
    Search(search::Search),
    Compose(compose::Compose),
    Drafts(drafts::Drafts),
    Edit(edit::Edit),
    Delete(delete::Delete),
    Check(check::Check),
    Why(why::Why),
    Build(build::Build),
    Watch(watch::Watch),
    Serve(serve::Serve),
    Share(share::Share),
    Subscribe(subscribe::Subscribe),
    Join(subscribe::Join),
    Invite(invite::Invite),
    Accept(invite::Accept),
    Sync(sync::Sync),
    Status(status::Status),
    Keys(keys::Keys),
    Service(service::Service),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(hide = true)]
    Complete(complete::Complete),
}

impl Command {
    /// Whether it goes on until it is asked to stop, or waits for somebody.
    fn waits(&self) -> bool {
        matches!(
            self,
            Self::Watch(_) | Self::Serve(_) | Self::Subscribe(_) | Self::Join(_) | Self::Accept(_) | Self::Sync(_)
        )
    }

    /// Whether its failures quote neither a key nor a text, since it is given none, so that they can be logged.
    fn quotes_no_secret(&self) -> bool {
        matches!(self, Self::Watch(_) | Self::Serve(_) | Self::Sync(_) | Self::Build(_) | Self::Check(_))
    }

    /// Whether it writes what belongs together, so that no signal may end it at any moment.
    fn catches_signals(&self) -> bool {
        let writes = matches!(
            self,
            Self::Compose(_)
                | Self::Drafts(_)
                | Self::Edit(_)
                | Self::Delete(_)
                | Self::Share(_)
                | Self::Invite(_)
                | Self::Status(_)
                | Self::Keys(_)
        );
        self.waits() || writes
    }
}

impl Cli {
    /// The data folder that the arguments name, or those that are being completed.
    fn data(&self) -> Option<PathBuf> {
        match &self.command {
            Command::Complete(args) => args.data().or_else(|| self.data.clone()),
            _ => self.data.clone(),
        }
    }
}

/// Runs the program with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(search::with_end_kept(args)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; anything else is wrong usage, and says again what may be a stranger's file name.
            if error.use_stderr() {
                Console::default().say_lines(error.render().to_string().trim_end());
            } else {
                let _ = error.print();
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let (screen, pager) = terminal::look(cli.color, cli.json);
    let console = Console { json: cli.json, verbose: cli.logging.is_verbose(), screen };
    let done = cli
        .logging
        .start()
        .and_then(|()| if cli.command.catches_signals() { signals::catch() } else { Ok(()) })
        .and_then(|()| surroundings(cli.data(), pager))
        .and_then(|around| command(&cli.command, &around, console));
    match done {
        Ok(code) => code,
        Err(failure) => {
            cli.logging.note_failure(&failure, cli.command.quotes_no_secret());
            console.say_lines(&failure.to_string());
            if failure.usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// Wrong usage, as `clap` has it too.
const USAGE: u8 = 2;

fn command(command: &Command, around: &Surroundings, console: Console) -> Result<ExitCode, Failure> {
    match command {
        Command::New(args) => print(console, &new::run(args, around)?, false),
        Command::Channels(args) => {
            let report = channels::run(args, around, console)?;
            done(console.formatted(&report).map(drop).map_err(Failure::from))
        }
        Command::Read(args) => done(read::run(args, around, console)),
        Command::Mark(args) => print(console, &mark::run(args, around)?, false),
        Command::Search(args) => done(search::run(args, around, console)),
        Command::Why(args) => print(console, &why::run(args, around)?, false),
        Command::Check(args) => {
            let report = check::run(args, around, console)?;
            print(console, &report, report.failed())
        }
        Command::Build(args) => {
            let report = build::run(args, around, console)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        Command::Compose(_) | Command::Drafts(_) | Command::Edit(_) | Command::Delete(_) => {
            writing(command, around, console)
        }
        Command::Share(_)
        | Command::Subscribe(_)
        | Command::Join(_)
        | Command::Invite(_)
        | Command::Accept(_)
        | Command::Sync(_)
        | Command::Status(_)
        | Command::Keys(_) => replicating(command, around, console),
        Command::Service(args) => {
            let report = service::run(args, around)?;
            remark(console, &report, &report.remarks(), false)
        }
        Command::Schema(args) => print(console, &schema::run(args)?, false),
        Command::Completions(args) => print(console, &completions::run(args)?, false),
        Command::Man(args) => print(console, &man::run(args, around, Cli::command())?, false),
        Command::Complete(args) => print(console, &complete::run(args, around, Cli::command())?, false),
        Command::Serve(args) => done(serve::run(args, around, console, now, until_interrupted_with_notice(console))),
        Command::Watch(args) => done(watch::run(args, around, console, now, until_interrupted_with_notice(console))),
    }
}

/// The commands that have to do with others.
fn replicating(command: &Command, around: &Surroundings, console: Console) -> Result<ExitCode, Failure> {
    if !command.waits() {
        // While a passphrase is typed the question ends by itself, and shows again what is typed.
        signals::answer_with(|| {
            if !is_hiding() {
                signals::end();
            }
        });
    }
    match command {
        Command::Share(args) => print(console, &share::run(args, around, console)?, false),
        Command::Subscribe(args) => {
            print(console, &subscribe::run(args, around, console, now, until_interrupted)?, false)
        }
        Command::Join(args) => print(console, &subscribe::join(args, around, console, now, until_interrupted)?, false),
        Command::Invite(args) => print(console, &invite::invite(args, around, console)?, false),
        Command::Accept(args) => print(console, &invite::accept(args, around, console, now, until_interrupted)?, false),
        Command::Sync(args) => {
            let report = sync::run(args, around, console, now, until_interrupted)?;
            print(console, &report, report.failed())
        }
        Command::Status(args) => print(console, &status::run(args, around)?, false),
        Command::Keys(args) => print(console, &keys::run(args, around, console)?, false),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The commands that change one's own messages.
fn writing(command: &Command, around: &Surroundings, console: Console) -> Result<ExitCode, Failure> {
    // An editor has its own use for ctrl-c. Without one, the program ends and leaves nothing that the next one does not mend.
    signals::answer_with(|| {
        if !editor::is_at_work() {
            signals::end();
        }
    });
    match command {
        Command::Compose(args) => {
            let report = compose::run(args, around, console, now)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        Command::Drafts(args) => {
            let report = drafts::run(args, around, console, now)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        Command::Edit(args) => {
            let report = edit::run(args, around, console, now)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        Command::Delete(args) => {
            let report = delete::run(args, around, console, now)?;
            print(console, &report, report.failed())
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Rings the waker on ctrl-c, SIGTERM and SIGHUP, for a command that says itself what is waited for then.
#[allow(clippy::unnecessary_wraps, reason = "whoever hands out a waker may be refused")]
fn until_interrupted(waker: Waker) -> Result<(), Failure> {
    signals::ring(waker, None);
    Ok(())
}

/// Rings the waker as [`until_interrupted`] does, and says so.
fn until_interrupted_with_notice(console: Console) -> impl FnOnce(Waker) -> Result<(), Failure> {
    move |waker| {
        signals::ring(waker, Some((console, signals::STOPPING)));
        Ok(())
    }
}

fn remark<T>(console: Console, report: &T, remarks: &[String], failed: bool) -> Result<ExitCode, Failure>
where
    T: Display + Serialize,
{
    for line in remarks {
        console.say_lines(line);
    }
    print(console, report, failed)
}

/// A command that printed what it had to say.
fn done(result: Result<(), Failure>) -> Result<ExitCode, Failure> {
    result.map(|()| ExitCode::SUCCESS)
}

fn print<T: Display + Serialize>(console: Console, report: &T, failed: bool) -> Result<ExitCode, Failure> {
    console.result(report)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everything that the commands need of the world, read once.
fn surroundings(data: Option<PathBuf>, pager: Option<Pager>) -> Result<Surroundings, Failure> {
    let folders = Folders::find();
    let config = match &folders.config {
        Some(folder) => config::read(folder)?,
        None => config::Config::default(),
    };
    let here = folders::here();
    let chosen = data.or_else(|| variable("MISSIVE_DATA").map(PathBuf::from)).or_else(|| config.data.clone());
    Ok(Surroundings {
        data: folders.data(chosen, &here)?,
        here,
        sync: config.sync(),
        cache: folders.cache,
        home: folders.home,
        config: folders.config,
        program: std::env::current_exe().ok(),
        editor: ["VISUAL", "EDITOR"].into_iter().find_map(variable),
        zone: Zone::Here,
        now: now(),
        pager,
    })
}

/// The time now, in nanoseconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

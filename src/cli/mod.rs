//! Speaking to the person: arguments, environment, exit code, and the one place where a failure is printed.

mod command_line;
mod config;
mod folders;
mod logging;
mod signals;
mod terminal;

use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::cli::command_line::{
    Cli, Command, LookAfterCommand, PublishCommand, ReadCommand, ShareCommand, SignalRule, WriteCommand, grammar,
};
use crate::cli::folders::{UserFolders, variable};
use crate::commands::{
    Clock, Environment, Failure, FailureKind, Folders, Zone, build, channels, check, complete, completions, compose,
    delete, drafts, edit, editor, invite, keys, man, mark, new, read, rename, schema, search, serve, service, share,
    status, subscribe, sync, watch, why,
};
use crate::console::{Console, Pager, is_hiding};
use crate::watch::Waker;

/// Runs the program with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::parse_arguments(search::with_end_kept(args)) {
        Ok(cli) => cli,
        Err(error) => return answer(&error),
    };
    let options = &cli.options;
    let (screen, pager) = terminal::look(options.color, options.json);
    let console = Console { json: options.json, verbose: options.logging.is_verbose(), screen };
    let done = options
        .logging
        .start()
        .and_then(|()| set_signals(cli.command.signal_rule()))
        .and_then(|()| environment(cli.data(), pager))
        .and_then(|environment| command(&cli.command, &environment, console));
    match done {
        Ok(code) => code,
        Err(failure) => {
            options.logging.note_failure(&failure, cli.command.quotes_no_secret());
            say_failure(&failure, console);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Prints help and version, which are answers; anything else is wrong usage.
fn answer(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // It says again what may be a stranger's file name.
        Console::default().say_lines(error.render().to_string().trim_end());
        ExitCode::from(FailureKind::Usage.exit_code())
    } else {
        match error.print() {
            // A reader that has gone away, as in `missive --help | head`, has seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(FailureKind::NotDone.exit_code()),
            Err(_) | Ok(()) => ExitCode::SUCCESS,
        }
    }
}

/// Prints a failure; with `-v` what led to it follows, a line each.
fn say_failure(failure: &Failure, console: Console) {
    console.say_lines(&failure.to_string());
    for cause in failure.causes() {
        console.say_if_verbose(&format!("  caused by: {cause}"));
    }
}

fn set_signals(rule: SignalRule) -> Result<(), Failure> {
    match rule {
        SignalRule::EndAtOnce => return Ok(()),
        SignalRule::EndUnlessEditing | SignalRule::EndUnlessHiding | SignalRule::AskToStop => signals::catch()?,
    }
    match rule {
        // What is caught before the command hands out its waker is remembered.
        SignalRule::EndAtOnce | SignalRule::AskToStop => {}
        // An editor has its own use for ctrl-c. Without one, the program ends and leaves nothing that the next one does not mend.
        SignalRule::EndUnlessEditing => signals::answer_with(|| {
            if !editor::is_at_work() {
                signals::end();
            }
        }),
        // While a passphrase is typed the question ends by itself, and shows again what is typed.
        SignalRule::EndUnlessHiding => signals::answer_with(|| {
            if !is_hiding() {
                signals::end();
            }
        }),
    }
    Ok(())
}

fn command(command: &Command, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    match command {
        Command::Write(command) => write(command, environment, console),
        Command::Read(command) => read_messages(command, environment, console),
        Command::Publish(command) => publish(command, environment, console),
        Command::Share(command) => share_channels(command, environment, console),
        Command::LookAfter(command) => look_after(command, environment, console),
    }
}

fn write(command: &WriteCommand, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    match command {
        WriteCommand::New(args) => print(console, &new::run(args, environment)?, false),
        WriteCommand::Compose(args) => {
            let report = compose::run(args, environment, console)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        WriteCommand::Drafts(args) => {
            let report = drafts::run(args, environment, console)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        WriteCommand::Edit(args) => {
            let report = edit::run(args, environment, console)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        WriteCommand::Delete(args) => {
            let report = delete::run(args, environment, console)?;
            print(console, &report, report.failed())
        }
    }
}

fn read_messages(command: &ReadCommand, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    match command {
        ReadCommand::Channels(args) => {
            let report = channels::run(args, environment, console)?;
            done(console.formatted(&report).map(drop).map_err(Failure::from))
        }
        ReadCommand::Read(args) => done(read::run(args, environment, console)),
        ReadCommand::Search(args) => done(search::run(args, environment, console)),
        ReadCommand::Mark(args) => print(console, &mark::run(args, environment)?, false),
    }
}

fn publish(command: &PublishCommand, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    match command {
        PublishCommand::Build(args) => {
            let report = build::run(args, environment, console)?;
            remark(console, &report, &report.remarks(), report.failed())
        }
        PublishCommand::Watch(args) => done(watch::run(args, environment, console, until_asked_to_stop(console))),
        PublishCommand::Serve(args) => done(serve::run(args, environment, console, until_asked_to_stop(console))),
    }
}

fn share_channels(command: &ShareCommand, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    let stop = until_asked_to_stop(console);
    match command {
        ShareCommand::Share(args) => print(console, &share::run(args, environment, console)?, false),
        ShareCommand::Subscribe(args) => print(console, &subscribe::run(args, environment, console, stop)?, false),
        ShareCommand::Join(args) => print(console, &subscribe::join(args, environment, console, stop)?, false),
        ShareCommand::Invite(args) => print(console, &invite::invite(args, environment, console)?, false),
        ShareCommand::Accept(args) => print(console, &invite::accept(args, environment, console, stop)?, false),
        ShareCommand::Sync(args) => {
            let report = sync::run(args, environment, console, stop)?;
            print(console, &report, report.failed())
        }
        ShareCommand::Status(args) => print(console, &status::run(args, environment)?, false),
    }
}

fn look_after(command: &LookAfterCommand, environment: &Environment, console: Console) -> Result<ExitCode, Failure> {
    match command {
        LookAfterCommand::Check(args) => {
            let report = check::run(args, environment, console)?;
            print(console, &report, report.failed())
        }
        LookAfterCommand::Why(args) => print(console, &why::run(args, environment)?, false),
        LookAfterCommand::Rename(args) => print(console, &rename::run(args, environment)?, false),
        LookAfterCommand::Keys(args) => print(console, &keys::run(args, environment, console)?, false),
        LookAfterCommand::Service(args) => {
            let report = service::run(args, environment)?;
            remark(console, &report, &report.remarks(), false)
        }
        LookAfterCommand::Schema(args) => print(console, &schema::run(args)?, false),
        LookAfterCommand::Completions(args) => print(console, &completions::run(args)?, false),
        LookAfterCommand::Man(args) => print(console, &man::run(args, environment, grammar())?, false),
        LookAfterCommand::Complete(args) => print(console, &complete::run(args, environment, grammar())?, false),
    }
}

/// Lets ctrl-c, SIGTERM and SIGHUP ask a command to stop, through the waker that it hands out.
fn until_asked_to_stop(console: Console) -> impl FnOnce(Waker) -> Result<(), Failure> {
    move |waker| {
        signals::ask_to_stop(waker, console);
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
    Ok(if failed { ExitCode::from(FailureKind::NotDone.exit_code()) } else { ExitCode::SUCCESS })
}

/// Everything that the commands need of the world, read once.
fn environment(data: Option<PathBuf>, pager: Option<Pager>) -> Result<Environment, Failure> {
    let user = UserFolders::find();
    let config = match &user.config {
        Some(folder) => config::read(folder)?,
        None => config::Config::default(),
    };
    let here = folders::here();
    let chosen = data.or_else(|| variable("MISSIVE_DATA").map(PathBuf::from)).or_else(|| config.data.clone());
    Ok(Environment {
        folders: Folders {
            data: user.data(chosen, &here)?,
            here,
            cache: user.cache,
            home: user.home,
            config: user.config,
        },
        clock: Clock::new(now),
        zone: Zone::Here,
        sync: config.sync(),
        program: std::env::current_exe().ok(),
        editor: ["VISUAL", "EDITOR"].into_iter().find_map(variable),
        pager,
    })
}

/// The time now, in nanoseconds since 1970; 1970 itself before that.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos());
    i64::try_from(now).unwrap_or(i64::MAX)
}

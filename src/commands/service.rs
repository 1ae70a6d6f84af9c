//! `missive service`: what makes the system run missive by itself.
//!
//! The file goes where the system looks for it. None is overwritten unasked, and nothing is started: that is for whoever has read
//! the file.

mod job;
mod launchd;
mod systemd;

use std::fmt;
use std::io;
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::commands::Environment;
use crate::commands::service::job::Job;
use crate::fs::atomic_write;
use crate::text::invisible::field;
use crate::text::shell::quoted;

/// Print or install a system service that runs missive
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "Examples:
  missive service --install           # syncs the channels from login on
  missive service --serve --systemd   # prints the unit that runs `missive serve`")]
pub struct Service {
    /// Print the service file (the default)
    #[arg(long, group = "way")]
    print: bool,
    /// Install the service file, for this user only
    #[arg(long, group = "way")]
    install: bool,
    /// For systemd, which most Linux systems run [default: unless on macOS]
    #[arg(long, group = "manager")]
    systemd: bool,
    /// For launchd, which macOS runs [default: on macOS]
    #[arg(long, group = "manager")]
    launchd: bool,
    /// Run `missive serve`, the browser app, instead of `missive sync`
    #[arg(long)]
    serve: bool,
    /// Replace an existing file that differs
    #[arg(long, requires = "install")]
    force: bool,
}

/// What runs programs by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Manager {
    Systemd,
    Launchd,
}

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Done {
    Printed,
    Written,
    Replaced,
    Unchanged,
}

/// The file that tells the system.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServiceReport {
    manager: Manager,
    /// Where the file belongs.
    path: String,
    /// What became of it: `printed`, `written`, `replaced` or `unchanged`.
    done: Done,
    text: String,
    /// The command that starts the service now and at every login.
    start: String,
    /// The command that shows what the service says.
    log: String,
    /// The path as a shell takes it.
    #[serde(skip)]
    place: String,
}

/// Prints or writes the file that makes the system run missive.
///
/// # Errors
/// [`Failure`] when such a file cannot hold a path, or when there is a different file already.
pub fn run(args: &Service, environment: &Environment) -> Result<ServiceReport, Failure> {
    let program = environment.program.as_deref().ok_or_else(|| {
        Failure::new("the system does not tell the path of this program", "start it with its absolute path")
    })?;
    let (does, about) =
        if args.serve { ("serve", "missive, the browser app") } else { ("sync", "missive, which syncs channels") };
    let job = Job { program, args: ["--data".as_ref(), environment.folders.data.as_os_str(), does.as_ref()], about };
    let manager = match () {
        () if args.systemd => Manager::Systemd,
        () if args.launchd => Manager::Launchd,
        () if cfg!(target_os = "macos") => Manager::Launchd,
        () => Manager::Systemd,
    };
    let (path, text, log) = match manager {
        Manager::Systemd => {
            let path = known(environment.folders.config.as_deref())?.join("systemd/user").join(systemd::NAME);
            (path, systemd::unit(&job)?, systemd::LOG.to_owned())
        }
        Manager::Launchd => {
            let library = known(environment.folders.home.as_deref())?.join("Library");
            let log = library.join("Logs/missive.log");
            let text = launchd::agent(&job, &log)?;
            (library.join("LaunchAgents").join(launchd::NAME), text, launchd::log(&from_home(&log, environment)))
        }
    };
    let done = if args.install { install(&path, &text, args.force)? } else { Done::Printed };
    let start = match manager {
        Manager::Systemd => systemd::start(done == Done::Replaced),
        Manager::Launchd => launchd::start(&from_home(&path, environment), done == Done::Replaced),
    };
    let place = from_home(&path, environment);
    Ok(ServiceReport { manager, path: path.to_string_lossy().into_owned(), done, text, start, log, place })
}

/// A path as a person would type it into a shell.
fn from_home(path: &Path, environment: &Environment) -> String {
    let below = environment.folders.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
    below.map_or_else(|| quoted(path), |below| format!("~/{}", quoted(below)))
}

fn known(folder: Option<&Path>) -> Result<&Path, Failure> {
    folder.ok_or_else(|| Failure::new("no home folder is set", "set $HOME"))
}

fn install(path: &Path, text: &str, force: bool) -> Result<Done, Failure> {
    match fs_err::read(path) {
        Ok(there) if there == text.as_bytes() => Ok(Done::Unchanged),
        Ok(_) if force => atomic_write::replace(path, text.as_bytes()).map(|()| Done::Replaced).map_err(Failure::from),
        Ok(_) => Err(Failure::new(
            format!("`{}` exists already and is different", field(&path.to_string_lossy())),
            "see what would be written without `--install`; replace the file with `--force`",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs_err::create_dir_all(folder)?;
            }
            atomic_write::create(path, text.as_bytes())?;
            Ok(Done::Written)
        }
        Err(error) => Err(error.into()),
    }
}

impl ServiceReport {
    /// What is said beside the file when it is printed.
    pub fn remarks(&self) -> Vec<String> {
        if self.done != Done::Printed {
            return Vec::new();
        }
        let install = format!("It belongs at {}, where `--install` writes it. Then:", field(&self.place));
        std::iter::once(install).chain(self.commands()).collect()
    }

    fn commands(&self) -> [String; 2] {
        [format!("To start it:    {}", field(&self.start)), format!("To see its log: {}", field(&self.log))]
    }
}

impl fmt::Display for ServiceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let became = match self.done {
            Done::Printed => return f.write_str(&self.text),
            Done::Written => "written",
            Done::Replaced => "replaced",
            Done::Unchanged => "already installed, nothing to do",
        };
        writeln!(f, "{}: {became}", field(&self.path))?;
        self.commands().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Folders;

    fn environment(home: &Path) -> Environment {
        let environment = Environment::for_test(home);
        Environment { folders: Folders { data: home.join("my data"), ..environment.folders.clone() }, ..environment }
    }

    fn service(words: &str) -> Service {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            service: Service,
        }
        let words = words.split_whitespace();
        <Line as clap::Parser>::try_parse_from(std::iter::once("service").chain(words)).unwrap().service
    }

    #[test]
    fn a_file_that_is_different_stays_unless_forced() {
        let dir = tempfile::tempdir().unwrap();
        let environment = environment(dir.path());
        for (manager, path) in
            [("--systemd", ".config/systemd/user/missive.service"), ("--launchd", "Library/LaunchAgents/missive.plist")]
        {
            let path = dir.path().join(path);
            let go = |more: &str| run(&service(&format!("{manager} {more}")), &environment);
            let printed = go("").unwrap();
            assert_eq!((printed.done, &*printed.path), (Done::Printed, path.to_str().unwrap()));
            assert!(!path.exists() && printed.to_string() == printed.text);
            let remarks = printed.remarks();
            assert!(remarks.len() == 3 && remarks[0].contains(" at ~/"), "{remarks:?}");
            let written = go("--install").unwrap();
            assert!(written.done == Done::Written && written.remarks().is_empty());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), printed.text);
            assert_eq!(go("--install").unwrap().done, Done::Unchanged);
            let failure = go("--install --serve").err().unwrap();
            assert!(failure.message.contains("different") && failure.hint.unwrap().contains("--force"));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), printed.text);
            let replaced = go("--install --serve --force").unwrap();
            assert_eq!(replaced.done, Done::Replaced);
            assert_ne!(replaced.start, written.start, "what runs already is started again");
            assert!(std::fs::read_to_string(&path).unwrap().contains("serve"));
        }
    }

    #[test]
    fn without_a_home_or_a_program_there_is_no_service() {
        let environment = environment(Path::new("/home/azureen"));
        let homeless = Environment {
            folders: Folders { home: None, config: None, ..environment.folders.clone() },
            ..environment.clone()
        };
        assert!(run(&service("--systemd"), &homeless).err().unwrap().message.contains("home folder"));
        assert!(run(&service("--launchd"), &homeless).err().unwrap().message.contains("home folder"));
        let nameless = Environment { program: None, ..environment };
        assert!(run(&service(""), &nameless).is_err());
    }
}

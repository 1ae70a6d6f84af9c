//! Running the user's editor on a file.
//!
//! The shell runs the editor, so that its setting may have arguments.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Failure;
use crate::commands::Environment;
use crate::console::Console;

/// The first of the usual ones that there is.
const USUAL: &str = r#"for editor in sensible-editor nano vi; do
    command -v "$editor" >/dev/null 2>&1 && exec "$editor" "$1"
done
exit 127"#;

/// Whoever reads a text, changes it and leaves the editor takes longer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How an editor ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// So soon that its window may well be open still.
    AtOnce,
    /// After somebody could have used it.
    Later,
}

/// What is said of an editor that returned at once and left the text as it was.
pub(super) const RETURNED_AT_ONCE: &str = "the editor closed at once without a change";
/// The way out of it.
pub(super) const LET_IT_WAIT: &str =
    "if the editor has a window of its own, make it wait until you close the file, for example EDITOR='code --wait'";

static AT_WORK: AtomicBool = AtomicBool::new(false);

/// Whether an editor has the terminal, so that what is typed there is meant for it.
pub fn is_at_work() -> bool {
    AT_WORK.load(Ordering::Relaxed)
}

/// Runs the editor on a file and waits for it.
///
/// # Errors
/// [`Failure`] when there is none, or when it says that it failed.
pub(super) fn open(environment: &Environment, console: Console, path: &Path) -> Result<Returned, Failure> {
    let ways = "give the text with `-m TEXT`, `-F FILE` or `-` for standard input";
    if environment.editor.is_none() && !console.can_ask() {
        return Err(Failure::new("there is no terminal to write in", format!("set $EDITOR, or {ways}")));
    }
    let again = format!("nothing was written; try again, or {ways}");
    let has_terminal = console.can_ask();
    let start = Instant::now();
    AT_WORK.store(true, Ordering::Relaxed);
    let status = run(environment, console, path);
    AT_WORK.store(false, Ordering::Relaxed);
    let name =
        environment.editor.as_ref().map_or("the editor".into(), |editor| format!("`{}`", editor.to_string_lossy()));
    match status {
        // Nobody has said that the text is finished.
        Ok(_) if has_terminal && !console.can_ask() => Err(Failure::new("the terminal is gone", again)),
        Ok(status) if status.success() && start.elapsed() < AT_ONCE => Ok(Returned::AtOnce),
        Ok(status) if status.success() => Ok(Returned::Later),
        Ok(status) if status.code() == Some(127) => {
            let what = if environment.editor.is_some() {
                format!("{name} was not found")
            } else {
                "no editor was found".into()
            };
            Err(Failure::new(what, format!("set $VISUAL or $EDITOR to one, or {ways}")))
        }
        Ok(status) => Err(Failure::new(format!("{name} failed ({status})"), again)),
        Err(error) => Err(Failure::new(format!("{name} could not be run: {error}"), again).caused_by(error)),
    }
}

fn run(environment: &Environment, console: Console, path: &Path) -> io::Result<ExitStatus> {
    let script = environment.editor.as_ref().map_or(USUAL.into(), |editor| {
        let mut script: OsString = editor.clone();
        script.push(" \"$1\"");
        script
    });
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg("missive").arg(path);
    // The folder that this program was started in may be gone.
    if environment.folders.here.is_dir() {
        command.current_dir(&environment.folders.here);
    }
    if !console.shows_results() {
        // Standard output is for our own report.
        command.stdout(io::stderr());
    }
    command.status()
}

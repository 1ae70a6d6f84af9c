//! `--exec`: what is run after a build that changed something.
//!
//! The command is told the changed paths on its standard input, again and again until it has taken them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::site;

/// The changes that a command has not been told yet, or has not managed to publish.
#[derive(Debug, Default)]
pub(crate) struct ExecHook {
    command: Option<String>,
    /// Each path relative to the output, and whether there is a file now.
    changes: BTreeMap<String, bool>,
}

impl ExecHook {
    /// Runs this command, if there is one.
    pub(crate) fn new(command: Option<String>) -> Self {
        Self { command, changes: BTreeMap::new() }
    }

    /// Takes note of what a build changed.
    pub(crate) fn note(&mut self, report: &site::OutputReport) {
        if self.command.is_some() {
            self.changes.extend(report.written.iter().map(|written| (written.path.to_string(), true)));
            self.changes.extend(report.removed.iter().map(|path| (path.to_string(), false)));
        }
    }

    /// Runs the command if there is something to tell; gives a warning if it fails. What it failed to take it is told
    /// again, together with what changes until then.
    pub(crate) fn run(&mut self, here: &Path, output: &Path) -> Option<String> {
        let command = self.command.as_ref().filter(|_| !self.changes.is_empty())?;
        let (begun, count) = (Instant::now(), self.changes.len());
        // What the command is may hold a secret, such as a token for a server, and is not logged.
        let problem = match run(command, here, output, &self.lines()) {
            Ok(status) if status.success() => {
                tracing::info!(changes = count, ms = begun.elapsed().as_millis(), "exec hook done");
                self.changes.clear();
                return None;
            }
            Ok(status) => {
                tracing::warn!(changes = count, %status, "exec hook failed");
                format!("failed ({status})")
            }
            Err(error) => {
                tracing::warn!(changes = count, %error, "exec hook could not be run");
                format!("could not be run: {error}")
            }
        };
        let changes = if count == 1 { "this change".to_owned() } else { format!("these {count} changes") };
        Some(format!("warning: `{command}` {problem}; it gets {changes} again after the next build"))
    }

    /// `+path` for each file that was written and `-path` for each that was removed, a line each.
    fn lines(&self) -> String {
        let line = |(path, there): (&String, &bool)| format!("{}{path}\n", if *there { '+' } else { '-' });
        self.changes.iter().map(line).collect()
    }
}

fn run(command: &str, here: &Path, output: &Path, lines: &str) -> io::Result<ExitStatus> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("MISSIVE_OUTPUT", output).stdin(Stdio::piped());
    // The folder that this program was started in may be gone.
    if here.is_dir() {
        shell.current_dir(here);
    }
    // Standard output is for our own reports.
    let mut child = shell.stdout(io::stderr()).spawn()?;
    let told = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(lines.as_bytes()));
    // A command that does not care for the list need not read it.
    let told = told.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) });
    let status = child.wait()?;
    told.map(|()| status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{OutPath, OutputReport, WrittenFile};

    fn report(written: &[&str], removed: &[&str]) -> OutputReport {
        let path = |path: &&str| OutPath::new(path).unwrap();
        OutputReport {
            written: written.iter().map(|name| WrittenFile { path: path(name), reasons: vec!["new"] }).collect(),
            removed: removed.iter().map(path).collect(),
            ..OutputReport::default()
        }
    }

    #[test]
    fn what_a_command_fails_to_take_it_is_told_again() {
        let dir = tempfile::tempdir().unwrap();
        let (here, list) = (dir.path(), dir.path().join("list"));
        let mut publish =
            ExecHook::new(Some("cat >list; test -e ready; echo \"$MISSIVE_OUTPUT\" >where && [ -e ready ]".into()));
        assert_eq!(publish.run(here, here), None, "nothing to tell");
        assert!(!list.exists());
        publish.note(&report(&["a.html", "b.html"], &[]));
        assert!(publish.run(here, here).unwrap().contains("failed"));
        publish.note(&report(&["c.html"], &["b.html"]));
        std::fs::write(here.join("ready"), "").unwrap();
        assert_eq!(publish.run(here, here), None);
        assert_eq!(std::fs::read_to_string(&list).unwrap(), "+a.html\n-b.html\n+c.html\n");
        assert_eq!(std::fs::read_to_string(here.join("where")).unwrap().trim(), here.to_str().unwrap());
        std::fs::remove_file(&list).unwrap();
        publish.run(here, here);
        assert!(!list.exists(), "told once");
    }

    #[test]
    fn a_command_need_not_read_its_list() {
        let mut publish = ExecHook::new(Some("exec true".into()));
        let many: Vec<String> = (0..50_000).map(|number| format!("{number}.html")).collect();
        publish.note(&report(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]));
        assert_eq!(publish.run(Path::new("/"), Path::new("/")), None);
    }
}

//! An agent for the user's own launchd.
//!
//! It is a property list, launchd.plist(5). XML 1.0 says what a path in it may hold.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use crate::commands::Failure;
use crate::commands::service::job::Job;
use crate::text::invisible::{field, is_unseen};

/// The agent's file name, which is its label with an ending.
pub(super) const NAME: &str = "missive.plist";

/// Starts it from the file at this path, which is typed for a shell. At every login launchd does so by itself. One that
/// may be running is ended first.
pub(super) fn start(path: &str, again: bool) -> String {
    let end = if again { "launchctl bootout gui/$(id -u)/missive; " } else { "" };
    format!("{end}launchctl bootstrap gui/$(id -u) {path}")
}

/// Shows what it says.
pub(super) fn log(log: &str) -> String {
    format!("tail -f {log}")
}

/// The property list.
///
/// # Errors
/// [`Failure`] when XML cannot hold a path.
pub(super) fn agent(job: &Job, log: &Path) -> Result<String, Failure> {
    let mut command = String::new();
    for word in std::iter::once(job.program.as_os_str()).chain(job.args) {
        // Writing to a String cannot fail.
        let _ = writeln!(command, "    <string>{}</string>", escaped(word)?);
    }
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made by `missive service`: {about}. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>missive</string>
  <key>ProgramArguments</key>
  <array>
{command}  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardOutPath</key>
  <string>{log}</string>
  <key>StandardErrorPath</key>
  <string>{log}</string>
</dict>
</plist>
"#,
        about = job.about,
        log = escaped(log.as_os_str())?,
    ))
}

fn unspeakable(text: &OsStr) -> Failure {
    let path = field(&text.to_string_lossy());
    Failure::new(format!("`{path}` cannot be written into a property list"), "give the folder a name of plain text")
}

/// A text within an element. What shows nothing is written as its number, so that whoever reads the file sees it.
fn escaped(text: &OsStr) -> Result<String, Failure> {
    let mut out = String::new();
    for c in text.to_str().ok_or_else(|| unspeakable(text))?.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(unspeakable(text));
            }
            c if c.is_control() || is_unseen(c) => {
                let _ = write!(out, "&#x{:x};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn of(data: &[u8]) -> Result<String, Failure> {
        let args = ["--data".as_ref(), OsStr::from_bytes(data), "sync".as_ref()];
        agent(&Job { program: Path::new("/my bin/missive"), args, about: "a test" }, Path::new("/home/a&b/missive.log"))
    }

    #[test]
    fn odd_paths_are_escaped() {
        for (data, words) in [
            ("/plain", "/plain"),
            ("/a&b <c> \"d\" 'e' %f \\g", "/a&amp;b &lt;c&gt; \"d\" 'e' %f \\g"),
            ("/line\nend", "/line&#xa;end"),
            ("/\u{200b}é", "/&#x200b;é"),
        ] {
            let list = of(data.as_bytes()).unwrap();
            assert!(list.contains(&format!("<string>{words}</string>\n    <string>sync</string>")), "{list}");
            assert!(list.contains("/home/a&amp;b/missive.log"));
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        for data in [&b"/\xff"[..], b"/\x1b[2J", "/\u{ffff}".as_bytes()] {
            let failure = of(data).err().unwrap();
            assert!(
                failure.message.contains("cannot be written into a property list")
                    && !failure.message.contains('\u{1b}'),
                "{failure}"
            );
        }
    }

    /// Asks another program, where there is one, what it reads in the list.
    #[test]
    fn others_read_the_same_path() {
        const SCRIPT: &str = "import plistlib,sys,os
words = plistlib.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write('\\0'.join(words['ProgramArguments']).encode())";
        let data = "/a&b <c> \"d\" 'e' %f \\g ]]> &amp; \u{200b}é\tline\nend\r";
        let python = std::process::Command::new("python3")
            .args(["-c", SCRIPT])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn();
        let mut python = python.unwrap();
        std::io::Write::write_all(&mut python.stdin.take().unwrap(), of(data.as_bytes()).unwrap().as_bytes()).unwrap();
        let read = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(read, ["/my bin/missive", "--data", data, "sync"].join("\0"));
    }
}

//! A unit for the user's own systemd.
//!
//! How a path is quoted in it: systemd.syntax(7), systemd.unit(5) for `%`, systemd.service(5) for `$` and the prefix `:`.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use crate::commands::Failure;
use crate::commands::service::job::Job;
use crate::text::invisible::{field, is_unseen};

/// The unit's file name.
pub(super) const NAME: &str = "missive.service";
/// Shows what it says.
pub(super) const LOG: &str = "journalctl --user --unit missive --follow";

/// Starts it now and at every login, or again if another one may be running.
pub(super) fn start(again: bool) -> String {
    let what = if again { "restart" } else { "enable --now" };
    format!("systemctl --user daemon-reload && systemctl --user {what} missive")
}

/// The unit.
///
/// What shuts it in needs neither privileges nor a view of the files of its own, which a user's systemd often cannot give:
/// then the unit would not start, or see no changes in folders.
///
/// # Errors
/// [`Failure`] when systemd could not start a program of that path.
pub(super) fn unit(job: &Job) -> Result<String, Failure> {
    let program = job.program.as_os_str();
    if program.as_bytes().iter().any(|byte| byte.is_ascii_control() || b"\"'\\".contains(byte)) {
        let path = field(&program.to_string_lossy());
        return Err(Failure::new(
            format!("systemd starts no program whose path holds a quote, a backslash or a line end: `{path}`"),
            "move the program to another folder",
        ));
    }
    let words: Vec<String> = std::iter::once(program).chain(job.args).map(quoted).collect();
    // Without the colon, `$NAME` within a word stands for a variable.
    let as_it_is = if words.iter().any(|word| word.contains('$')) { ":" } else { "" };
    Ok(format!(
        "# Made by `missive service`.
# It runs from login to logout. To let it run from boot on: loginctl enable-linger
[Unit]
Description={about}

[Service]
Type=exec
ExecStart={as_it_is}{command}
Restart=on-failure
RestartSec=10
# A wrong command line, which no second try mends.
RestartPreventExitStatus=2
# What it never needs. It writes to the data folder, to its cache and to where its sites are published.
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
",
        about = job.about,
        command = words.join(" "),
    ))
}

/// A word of a command line: what would mean something is escaped, byte by byte where there is no other way.
fn quoted(word: &OsStr) -> String {
    let mut text = String::new();
    for chunk in word.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '%' => text.push_str("%%"),
                '"' | '\\' => text.extend(['\\', c]),
                c if c.is_control() || is_unseen(c) => escape(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => text.push(c),
            }
        }
        escape(&mut text, chunk.invalid());
    }
    let plain = |c: char| c.is_alphanumeric() || "-_./~+,@%:=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("\"{text}\"") }
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(program: &str, data: &OsStr) -> Result<String, Failure> {
        let args = ["--data".as_ref(), data, "sync".as_ref()];
        unit(&Job { program: Path::new(program), args, about: "a test" })
    }

    fn line(program: &str, data: &[u8]) -> String {
        let unit = of(program, OsStr::from_bytes(data)).unwrap();
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap().to_owned()
    }

    #[test]
    fn odd_paths_are_quoted() {
        for (data, words) in [
            (&b"/home/azureen/missive_data"[..], "/home/azureen/missive_data"),
            (b"/with space", r#""/with space""#),
            (b"/100%", "/100%%"),
            (b"/say \"hi\"", r#""/say \"hi\"""#),
            (b"/it's", r#""/it's""#),
            (br"/back\slash", r#""/back\\slash""#),
            (b"/line\nend", r#""/line\x0aend""#),
            (b"/\xff", r#""/\xff""#),
            ("/\u{200b}é".as_bytes(), r#""/\xe2\x80\x8bé""#),
            (b"/a;b #c", r#""/a;b #c""#),
        ] {
            assert_eq!(line("/usr/bin/missive", data), format!("/usr/bin/missive --data {words} sync"));
        }
        assert_eq!(line("/usr/bin/missive", b"/$HOME"), r#":/usr/bin/missive --data "/$HOME" sync"#);
        assert_eq!(line("/my bin/100%/missive", b"/d"), r#""/my bin/100%%/missive" --data /d sync"#);
        assert_eq!(line("/$bin/missive", b"/d"), r#":"/$bin/missive" --data /d sync"#);
    }

    #[test]
    fn what_systemd_cannot_start_is_refused() {
        for program in ["/a'b/missive", "/a\"b/missive", "/a\\b/missive", "/a\nb/missive"] {
            let failure = of(program, "/d".as_ref()).err().unwrap();
            assert!(failure.message.contains("no program") && !failure.message.contains('\n'), "{failure}");
        }
    }

    /// Asks systemd itself, where it is installed.
    #[test]
    #[ignore = "needs systemd-analyze"]
    fn systemd_finds_no_fault() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        for folder in ["plain", "with space", "100%n", "a$HOME", "ünder", "semi;colon #"] {
            let program = dir.path().join(folder).join("missive");
            std::fs::create_dir(program.parent().unwrap()).unwrap();
            std::fs::write(&program, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            for data in ["/plain", "/with space", "/100%n", "/a\"b'c\\d", "/$x ${y}", "/line\nend"] {
                let file = dir.path().join(NAME);
                std::fs::write(&file, of(program.to_str().unwrap(), data.as_ref()).unwrap()).unwrap();
                let mut verify = std::process::Command::new("systemd-analyze");
                verify.args(["verify", "--user", "--man=no"]).arg(&file).env("XDG_RUNTIME_DIR", dir.path());
                let output = verify.output().unwrap();
                let talk = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success() && !talk.contains("missive"), "{folder} {data:?}: {talk}");
            }
        }
    }
}

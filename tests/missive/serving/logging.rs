//! The log: silent unless asked for, one line each, no secret, and enough in it to tell what is wrong with a server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::json;
use snapbox::str;

use super::Served;
use crate::scene::{until, words};
use crate::test_environment::assert_says;

/// A user who may not read what is root's.
const SERVER: u32 = 61_234;

impl Served {
    fn log(&self) -> PathBuf {
        self.dir.path().join("log.txt")
    }

    /// The arguments for a log in [`Served::log`].
    fn logged(&self, more: &[&str]) -> Vec<String> {
        let log = self.log().to_str().unwrap().to_owned();
        ["--log".to_owned(), log].into_iter().chain(more.iter().map(|&arg| arg.to_owned())).collect()
    }

    /// Serves with a log.
    fn start_logged(&mut self, more: &[&str]) {
        let args = self.logged(more);
        self.start(&args.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// All lines of the log, each of which has the form that all have.
    #[track_caller]
    fn log_lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in &lines {
            assert!(has_form(line), "{line}");
        }
        lines
    }

    /// Waits until the log has a line with all of these.
    #[track_caller]
    fn logs(&self, parts: &[&str]) {
        until(&format!("a line with {parts:?}"), || {
            self.log_lines().iter().any(|line| parts.iter().all(|part| line.contains(part)))
        });
    }

    /// Runs the program to its end with a value of `MISSIVE_LOG`.
    fn run_with(&self, variable: &str, args: &[&str]) -> Output {
        self.command(args).env("MISSIVE_LOG", variable).stderr(Stdio::piped()).output().unwrap()
    }
}

/// Whether a line is `2026-11-28T03:05:28.123Z  INFO web: …`, without anything that speaks to a terminal.
fn has_form(line: &str) -> bool {
    let parts: Vec<&str> = line.split_ascii_whitespace().take(3).collect();
    let [time, level, room] = parts[..] else {
        return false;
    };
    time.len() == "2026-11-28T03:05:28.123Z".len()
        && time.ends_with('Z')
        && ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level)
        && room.strip_suffix(':').is_some_and(|room| room.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        && !line.chars().any(char::is_control)
}

#[test]
fn a_log_holds_no_key_and_no_text_of_anybody() {
    let mut served = Served::ready();
    served.variables.push(("MISSIVE_LOG", "trace".to_owned()));
    served.start_logged(&["-vv"]);
    let key = served.shared_key();
    served.say("talk", "walrus one");
    served
        .ask("POST", "/channels/talk/messages")
        .body("application/json", "{\"body\": [\"walrus two\"]}")
        .send()
        .refused(400);
    served.ask("POST", "/channels/talk/messages").body("application/json", "{\"walrus three\": 1}").send().refused(400);
    let draft = served.tell(served.ask("POST", "/channels/talk/drafts").json(&json!({ "text": "walrus four" })));
    let draft = draft.json()["url"].as_str().unwrap().to_owned();
    served.tell(served.ask("PUT", &draft).json(&json!({ "text": "walrus five" })));
    served.tell(served.ask("POST", &format!("{draft}/send")));
    served.tell(served.ask("POST", "/api/preview").json(&json!({ "channel": "talk", "text": "walrus six" })));
    for query in ["walrus", "after:walrus", "%22walrus"] {
        served.ask("GET", &format!("/api/search?q={query}")).send();
        served.ask("GET", &format!("/search?q={query}")).header("Accept", "text/html").send();
    }
    let page = served.ask("GET", "/begin").header("Accept", "text/html").send();
    let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    for what in ["subscribe", "accept", "make"] {
        let fields = [("token", token.as_str()), ("do", what), ("with", "missive-walrus/seven")];
        served.ask("POST", "/begin").header("Cookie", &cookie).form(&fields).send();
    }
    for fields in
        [&[("token", token.as_str()), ("text", "walrus eight"), ("do", "send")][..], &[("text", "walrus nine")]]
    {
        served
            .ask("POST", "/write/talk")
            .header("Cookie", &cookie)
            .files(fields, &[("walrus.txt", b"walrus ten")])
            .send();
    }
    let bearer = format!("Bearer {key}");
    served.ask("GET", "/channels").header("Authorization", &bearer).send().done();
    let come = served.ask("GET", &format!("/read/blog?key={key}")).send();
    let pass = come.header("set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    served.ask("GET", "/channels?key=wrong-walrus").send();
    served.ask("GET", "/").header("Host", "walrus.example").send().refused(421);
    served.logs(&["INFO web: request refused", "method=POST", "path=\"/begin\"", "not logged"]);
    served.end();
    let lines = served.log_lines();
    for what in
        ["web: listening", "web: request answered", "daemon: channel scanned", "watch: watching", "web: stopped"]
    {
        assert!(lines.iter().any(|line| line.contains(what)), "{what} is in {lines:#?}");
    }
    for line in &lines {
        for secret in ["walrus", "Walrus", &key, &token, &pass, "key="] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn a_strange_name_forges_no_line() {
    let name = "x\n2026-11-28T03:05:28.123Z ERROR web: all is lost\u{1b}[2J\u{202e}";
    let mut served = Served::ready();
    served.put(&format!("{name}/inbox/2013-08-11T14-34-37Z.txt"), b"hello");
    served.start_logged(&["-vv"]);
    served.ask("GET", "/a%0Ab%1b[2J").send();
    served.logs(&["channel found", "x␊2026-11-28"]);
    served.end();
    assert!(!served.log_lines().iter().any(|line| line.contains(" ERROR ") && line.starts_with("2026-11-28T03:05")));
}

#[test]
fn a_port_that_is_taken_is_told_by_the_log_alone() {
    let mut served = Served::ready();
    served.launch(&[]);
    let port = served.port.to_string();
    let log = served.log().to_str().unwrap().to_owned();
    let output = served.command(&["serve", "--port", &port, "--log", &log]).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let last = served.log_lines().pop().unwrap();
    assert!(last.contains(&format!("ERROR cli: could not be done: port {port} of 127.0.0.1 is in use")), "{last}");
    assert!(last.contains("hint=") && last.contains("--port"), "{last}");
}

#[test]
fn a_box_without_rights_is_told_by_the_log_alone() {
    let mut served = Served::ready();
    let inbox = served.data("talk/inbox");
    if rustix::process::geteuid().is_root() {
        served.belongs_to(SERVER);
    }
    fs::set_permissions(&inbox, fs::Permissions::from_mode(0o000)).unwrap();
    let args = served.logged(&[]);
    served.launch(&args.iter().map(String::as_str).collect::<Vec<_>>());
    served.logs(&["WARN daemon: box can't be read", "channel=talk", "folder=\"inbox\"", "Permission denied"]);
    served.end();
    fs::set_permissions(&inbox, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_refused_request_is_told_by_the_log_alone() {
    let mut served = Served::ready();
    served.start_logged(&[]);
    let planted = || served.ask("POST", "/channels/talk/messages").form(&[("body", "planted")]);
    planted().header("Origin", "https://evil.example").send().refused(403);
    served.ask("GET", "/channels/nope").send().refused(404);
    served.logs(&[
        "INFO web: request refused method=POST path=\"/channels/talk/messages\" status=403",
        "reason=\"a page of another site sent this\"",
        "peer=this user",
    ]);
    served.logs(&["INFO web: request refused", "status=404", "no channel named"]);
    served.end();
    assert!(!served.log_lines().iter().any(|line| line.contains("request answered")), "that is for `-vv`");
}

#[test]
fn without_an_option_nothing_is_logged_and_each_option_says_more() {
    let scene = crate::scene::Scene::new().message("2026-01-01T10-00-00Z", "x");
    let talk = |args: &[&str]| words(&scene.run(args)).1;
    let served = Served::ready();
    let refused = |variable: &str, args: &[&str]| {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let number = port.local_addr().unwrap().port().to_string();
        let args = [&["serve", "--port", &number], args].concat();
        words(&served.run_with(variable, &args)).1
    };
    assert!(!talk(&["build", "blog"]).lines().any(has_form));
    for (variable, args) in [("", &[][..]), ("off", &["-vv"]), ("sync=trace", &[])] {
        let said = refused(variable, args);
        assert!(said.starts_with("error: port") && !said.lines().any(has_form), "{said}");
    }
}

#[test]
fn levels_work_before_and_after_the_command() {
    for (before, after, variable, has_info, has_debug) in [
        (&["-v"][..], &[][..], "", true, false),
        (&[], &["-v"], "", true, false),
        (&["-vv"], &[], "", true, true),
        (&[], &["--verbose", "--verbose"], "", true, true),
        (&[], &[], "info", true, false),
        (&[], &["-v"], "daemon=debug", true, true),
        (&["-v"], &[], "web=off,daemon=warn,watch=warn", false, false),
        (&[], &[], "", false, false),
    ] {
        let mut served = Served::ready();
        let stderr = fs::File::create(served.dir.path().join("stderr")).unwrap();
        let args = [before, &["serve", "--json", "--port", "0"], after].concat();
        let mut child = served.command(&args).env("MISSIVE_LOG", variable).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        served.child = Some(child);
        served.end();
        let said = fs::read_to_string(served.dir.path().join("stderr")).unwrap();
        let has = |level: &str| said.lines().filter(|line| has_form(line)).any(|line| line.contains(level));
        assert_eq!((has(" INFO "), has(" DEBUG ")), (has_info, has_debug), "{args:?} {variable}: {said}");
    }
}

#[test]
fn a_wrong_value_is_said_in_one_line_and_is_wrong_usage() {
    let served = Served::ready();
    let said = ["loud", "sync=loud", "sink=debug", "iroh=trace"].map(|variable| {
        let output = served.run_with(variable, &["channels"]);
        let (out, talk) = words(&output);
        assert_eq!((output.status.code(), out.as_str(), talk.lines().count()), (Some(2), "", 1), "{talk}");
        talk
    });
    assert_says(
        said.concat(),
        str![[r#"
error: `loud` in MISSIVE_LOG cannot be understood: a level is one of off, error, warn, info, debug, trace, such as `MISSIVE_LOG=sync=debug,web=trace`
error: `loud` in MISSIVE_LOG cannot be understood: a level is one of off, error, warn, info, debug, trace, such as `MISSIVE_LOG=sync=debug,web=trace`
error: `sink=debug` in MISSIVE_LOG cannot be understood: the parts are cli, commands, daemon, channel, site, sync, watch, web, such as `MISSIVE_LOG=sync=debug,web=trace`
error: `iroh=trace` in MISSIVE_LOG cannot be understood: parts of other people are logged at `warn` and `error` only, such as `MISSIVE_LOG=sync=debug,web=trace`
"#]],
    );
}

#[test]
fn a_log_file_is_private_is_appended_to_and_leaves_standard_error_alone() {
    let mut served = Served::ready();
    fs::write(served.log(), "").unwrap();
    fs::remove_file(served.log()).unwrap();
    for runs in 1..=2 {
        let stderr = fs::File::create(served.dir.path().join("stderr")).unwrap();
        let args = served.logged(&["serve", "--json", "--port", "0"]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut child = served.command(&args).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        served.child = Some(child);
        served.end();
        let lines = served.log_lines();
        assert_eq!(lines.iter().filter(|line| line.contains("INFO cli: started")).count(), runs);
        assert_eq!(lines.iter().filter(|line| line.contains("INFO web: stopped")).count(), runs);
        let said = fs::read_to_string(served.dir.path().join("stderr")).unwrap();
        assert!(!said.lines().any(has_form), "{said}");
    }
    assert_eq!(served.log().metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_log_file_that_cannot_be_opened_is_said_with_the_way_out() {
    let served = Served::ready();
    let output = served.run_with("", &["--log", "nowhere/log.txt", "channels"]);
    let (out, talk) = words(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(1), ""));
    assert_eq!(
        talk,
        "error: the log file `nowhere/log.txt` can't be opened: No such file or directory (os error 2)\n  hint: name a file in \
         a folder that you may write to: `--log FILE`; without it, `-v` logs on standard error\n"
    );
}

//! Writing messages as a person does: from the command line, from an editor, at a time; and that nothing is ever lost.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::scene::{Scene, files, until, words};

const OLD: &str = "2026-01-01T10-00-00Z";

/// The program in a scene's home, with this editor.
fn missive(scene: &Scene, args: &[&str], editor: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_missive"));
    command
        .args(args)
        .env_clear()
        .env("HOME", scene.root().join("home"))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("MISSIVE_DATA", scene.root())
        .current_dir(scene.root())
        .stdin(Stdio::null());
    if let Some(editor) = editor {
        command.env("EDITOR", editor);
    }
    command
}

#[track_caller]
fn run(scene: &Scene, args: &[&str]) -> (String, String) {
    ended(&missive(scene, args, None).output().unwrap(), 0)
}

#[track_caller]
fn fails(scene: &Scene, args: &[&str]) -> String {
    let (out, talk) = ended(&missive(scene, args, None).output().unwrap(), 1);
    out + &talk
}

#[track_caller]
fn ended(output: &Output, code: i32) -> (String, String) {
    assert_eq!(output.status.code(), Some(code), "{:?}", words(output));
    words(output)
}

/// A command that ran with an editor that is this shell script; `$1` is the file.
#[track_caller]
fn with_editor(scene: &Scene, script: &str, args: &[&str], code: i32) -> (String, String) {
    ended(&missive(scene, args, Some(&editor(scene, script))).output().unwrap(), code)
}

/// The command of an editor that is this shell script.
fn editor(scene: &Scene, script: &str) -> String {
    let path = scene.root().join("editor");
    fs::write(&path, script).unwrap();
    format!("sh '{}'", path.display())
}

fn json(scene: &Scene, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&run(scene, &[args, &["--json"]].concat()).0).unwrap()
}

/// The files of a folder of the channel that people see; none when it is not there.
fn seen(scene: &Scene, folder: &str) -> BTreeMap<String, Vec<u8>> {
    if scene.path(folder).is_dir() { files(&scene.path(folder)) } else { BTreeMap::new() }
}

/// The texts of a folder of the channel, by the times in their names.
fn texts(scene: &Scene, folder: &str) -> Vec<String> {
    let is_text = |name: &String| Path::new(name).extension().is_some_and(|end| end == "txt");
    let texts = seen(scene, folder).into_iter().filter(|(name, _)| is_text(name) && !name.contains('/'));
    texts.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect()
}

/// Asserts that nothing hidden is left in a folder of the channel.
#[track_caller]
fn no_litter(scene: &Scene) {
    for folder in ["outbox", "drafts"] {
        for name in seen(scene, folder).keys() {
            assert!(!name.starts_with('.'), "{folder}/{name}");
        }
    }
}

#[test]
fn a_text_comes_from_anywhere() {
    let scene = Scene::new();
    fs::write(scene.root().join("text"), "from a file\r\n").unwrap();
    run(&scene, &["compose", "blog", "-m", "first", "-m", "second"]);
    run(&scene, &["compose", "blog", "-F", "text"]);
    for args in [&["compose", "blog", "-"] as &[&str], &["compose", "blog", "-F", "-"]] {
        let mut child = missive(&scene, args, None).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"from standard input").unwrap();
        assert!(child.wait().unwrap().success());
    }
    with_editor(&scene, "printf 'from an editor' >>\"$1\"", &["compose", "blog"], 0);
    let expected =
        ["first\n\nsecond\n", "from a file\r\n", "from standard input", "from standard input", "from an editor"];
    assert_eq!(texts(&scene, "outbox"), expected);
    assert!(seen(&scene, "drafts").is_empty());
    no_litter(&scene);
}

#[test]
fn an_editor_may_have_arguments_and_visual_wins() {
    let scene = Scene::new();
    let append = editor(&scene, "printf '%s' \"$1\" >>\"$2\"");
    let mut command = missive(&scene, &["compose", "blog"], Some("false"));
    let output = command.env("VISUAL", format!("{append} 'two words'")).output().unwrap();
    ended(&output, 0);
    assert_eq!(texts(&scene, "outbox"), ["two words"]);
}

#[test]
fn the_report_tells_where_it_is() {
    let scene = Scene::new();
    let sent = json(&scene, &["compose", "blog", "-m", "x"]);
    let id = sent["id"].as_str().unwrap();
    assert_eq!(sent["path"], scene.path(&format!("outbox/{id}.txt")).canonicalize().unwrap().to_str().unwrap());
    assert!(sent["draft"].is_null() && sent["scheduled"].is_null() && sent["warnings"].as_array().unwrap().is_empty());
    let (out, _) = run(&scene, &["compose", "blog", "-m", "x"]);
    assert!(out.starts_with("Sent 20") && out.contains("/blog/outbox/20"), "{out}");
}

#[test]
fn empty_or_unchanged_text_sends_nothing_and_says_so() {
    let scene = Scene::new();
    assert!(fails(&scene, &["compose", "blog", "-m", " \n"]).contains("Nothing was sent: the text is empty"));
    assert!(fails(&scene, &["compose", "blog", "-"]).contains("the text is empty"));
    // Whoever reads takes a moment.
    let (out, _) = with_editor(&scene, "sleep 1.1", &["compose", "blog"], 1);
    assert_eq!(out, "Nothing was sent: the text is empty.\n");
    let (out, _) = with_editor(&scene, "echo >\"$1\"", &["compose", "blog", "--title", "x"], 1);
    assert!(out.contains("empty"), "{out}");
    assert!(seen(&scene, "outbox").is_empty() && seen(&scene, "drafts").is_empty());
}

#[test]
fn the_header_says_what_was_asked_for() {
    let scene = Scene::new().message(OLD, "# Before");
    run(&scene, &["compose", "blog", "-m", "x", "--title", "\"A: b\"", "--tag", "#one", "--tag", "two,three"]);
    fs::write(scene.root().join("text"), "---\nmood: fine\ntags: zero\n---\nHi\n").unwrap();
    let reply = format!("outbox/{OLD}");
    run(&scene, &["compose", "blog", "-F", "text", "--tag", "one", "--reply-to", &reply]);
    assert_eq!(
        texts(&scene, "outbox")[1..],
        [
            "---\ntitle: \"\"A: b\"\"\ntags: one, two, three\n---\n\nx\n".to_owned(),
            format!("---\nmood: fine\ntags: zero, one\nin-reply-to: {OLD}\n---\nHi\n"),
        ]
    );
    let cards = scene.snapshot().all;
    assert_eq!((cards[1].title.as_deref(), cards[1].tags.len()), (Some("\"A: b\""), 3));
    assert!(cards[2].header.in_reply_to.is_some());
    let talk = fails(&scene, &["compose", "blog", "-m", "x", "--reply-to", "2026-01-01T10-00-01Z"]);
    assert!(talk.contains("no message `2026-01-01T10-00-01Z`") && talk.contains(&format!("did you mean `{OLD}`?")));
    let talk = fails(&scene, &["compose", "blog", "-m", "x", "--title", "a\nb"]);
    assert!(talk.contains("do not fit into a message's header"), "{talk}");
    assert_eq!(texts(&scene, "outbox").len(), 3);
}

#[test]
fn files_and_folders_go_along_with_their_names() {
    use std::os::unix::ffi::OsStrExt;
    let scene = Scene::new();
    let at = |name: &str| scene.root().join(name);
    fs::create_dir_all(at("trip/day 1")).unwrap();
    for name in ["a #1.jpg", "trip/b.jpg", "trip/day 1/c.jpg", "trip/.secret"] {
        fs::write(at(name), name).unwrap();
    }
    fs::set_permissions(at("a #1.jpg"), fs::Permissions::from_mode(0o400)).unwrap();
    symlink("/etc/passwd", at("trip/link")).unwrap();
    let odd = scene.root().join("trip").join(std::ffi::OsStr::from_bytes(b"\xff.bin"));
    fs::write(&odd, "odd").unwrap();
    let output =
        missive(&scene, &["compose", "blog", "-m", "Hello", "-a", "a #1.jpg", "-a", "trip/"], None).output().unwrap();
    let (out, talk) = ended(&output, 0);
    assert!(out.contains("with 4 attachments"), "{out}");
    assert!(talk.contains("trip/.secret is not attached") && talk.contains("trip/link is not attached"), "{talk}");
    let card = scene.snapshot().all[0].clone();
    let folder = scene.path(&format!("outbox/{}", card.stamp));
    assert_eq!(fs::read_to_string(folder.join("trip/day 1/c.jpg")).unwrap(), "trip/day 1/c.jpg");
    assert_eq!(fs::read(folder.join("trip").join(std::ffi::OsStr::from_bytes(b"\xff.bin"))).unwrap(), b"odd");
    assert_eq!(fs::metadata(folder.join("a #1.jpg")).unwrap().mode() & 0o600, 0o600, "not the mode of the source");
    assert_eq!(fs::metadata(folder.join("a #1.jpg")).unwrap().nlink(), 1);
    assert!(!folder.join("trip/link").exists() && !folder.join("trip/.secret").exists());
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
fn what_cannot_be_attached_stops_everything_before_it_begins() {
    let scene = Scene::new();
    for name in ["a.jpg", "x/a.jpg", ".hidden"] {
        fs::create_dir_all(scene.root().join("x")).unwrap();
        fs::write(scene.root().join(name), name).unwrap();
    }
    for (attach, what) in [
        (&["-a", "a.jpg", "-a", "x/a.jpg"] as &[&str], "two attachments would have the name `a.jpg`"),
        (&["-a", "nowhere.jpg"], "nowhere.jpg cannot be attached"),
        (&["-a", ".hidden"], "cannot be attached: hidden"),
        (&["-a", "/dev/null"], "cannot be attached"),
    ] {
        let talk = fails(&scene, &[&["compose", "blog", "-m", "x"], attach].concat());
        assert!(talk.contains(what) && talk.contains("nothing was written"), "{talk}");
    }
    assert!(seen(&scene, "outbox").is_empty() && seen(&scene, "drafts").is_empty());
    let binary = scene.root().join("picture");
    fs::write(&binary, b"\x89PNG\0\xff").unwrap();
    assert!(fails(&scene, &["compose", "blog", "-F", "picture"]).contains("is not UTF-8 text"));
}

#[test]
fn a_second_that_is_taken_is_left_alone() {
    let scene = Scene::new();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for second in now..now + 30 {
        let stamp = missive::channel::protocol::stamp::Stamp::from_seconds(second.try_into().unwrap()).unwrap();
        let path = scene.path(&format!("outbox/{stamp}"));
        if second % 2 == 0 {
            fs::write(path.with_extension("txt"), "theirs").unwrap();
        } else {
            fs::create_dir(path).unwrap();
        }
    }
    let sent = json(&scene, &["compose", "blog", "-m", "mine"]);
    let path = sent["path"].as_str().unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "mine\n");
    assert!(!Path::new(path).with_extension("").exists());
    assert_eq!(texts(&scene, "outbox").iter().filter(|text| *text == "theirs").count(), 15);
}

#[test]
fn many_who_write_at_once_lose_nothing() {
    let scene = Scene::new();
    let mut children: Vec<Child> = Vec::new();
    for number in 0..20 {
        let (text, file) = (number.to_string(), format!("{number}.jpg"));
        fs::write(scene.root().join(&file), &text).unwrap();
        let mut args = vec!["compose", "blog", "-m", &text];
        if number % 2 == 0 {
            args.extend(["-a", &file]);
        }
        children.push(missive(&scene, &args, None).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let mut numbers: Vec<usize> = Vec::new();
    for card in scene.snapshot().all {
        let path = scene.path(&format!("outbox/{}", card.stamp));
        let number: usize = fs::read_to_string(path.with_extension("txt")).unwrap().trim().parse().unwrap();
        let own = path.join(format!("{number}.jpg"));
        assert_eq!(own.exists(), number.is_multiple_of(2), "{number}");
        assert_eq!(card.attachments.len(), usize::from(number.is_multiple_of(2)));
        numbers.push(number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    assert!(seen(&scene, "drafts").is_empty());
    no_litter(&scene);
}

#[test]
fn a_program_that_is_killed_while_the_editor_is_open_leaves_a_draft() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    let slow = editor(&scene, "printf 'Half a letter' >>\"$1\"; touch ready; exec sleep 30");
    let mut child = missive(&scene, &["compose", "blog", "-a", "a.jpg"], Some(&slow)).spawn().unwrap();
    until("the editor", || scene.root().join("ready").exists());
    let (out, _) = run(&scene, &["drafts"]);
    assert!(out.contains("open or being sent elsewhere"), "{out}");
    let (_, talk) = run(&scene, &["compose", "blog", "-m", "meanwhile"]);
    assert!(talk.is_empty(), "nobody is bothered with a draft that is being written: {talk}");
    let name = json(&scene, &["drafts"])["drafts"][0]["draft"].as_str().unwrap().to_owned();
    for action in ["send", "discard", "edit"] {
        assert!(fails(&scene, &["drafts", action, "blog", &name]).contains("is open in another program"));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (_, talk) = run(&scene, &["compose", "blog", "-m", "another"]);
    assert!(talk.contains("is not sent yet: “Half a letter”") && talk.contains("missive drafts edit blog"), "{talk}");
    let (out, _) = with_editor(&scene, "printf ', now whole' >>\"$1\"", &["drafts", "edit", "blog"], 0);
    assert!(out.contains("Half a letter, now whole”, 1 attachment"), "{out}");
    let (out, _) = run(&scene, &["drafts", "send", "blog", &name]);
    assert!(out.contains("with 1 attachment"), "{out}");
    assert_eq!(texts(&scene, "outbox"), ["meanwhile\n", "another\n", "Half a letter, now whole"]);
    assert!(seen(&scene, "drafts").is_empty(), "{:?}", seen(&scene, "drafts").keys());
}

#[test]
fn an_editor_that_fails_costs_nothing() {
    for fault in ["exit 1", "kill -9 $$"] {
        let scene = Scene::new();
        let (_, talk) = with_editor(&scene, &format!("printf words >>\"$1\"; {fault}"), &["compose", "blog"], 1);
        assert!(talk.contains("failed (") && talk.contains("your text is saved"), "{talk}");
        assert_eq!(texts(&scene, "drafts"), ["words"]);
        run(&scene, &["drafts", "send", "blog"]);
        assert_eq!(texts(&scene, "outbox"), ["words"]);
        let (_, talk) = with_editor(&scene, fault, &["compose", "blog"], 1);
        assert!(talk.contains("nothing was written") && seen(&scene, "drafts").is_empty(), "{talk}");
    }
    let scene = Scene::new();
    let talk = fails(&scene, &["compose", "blog"]);
    assert!(talk.contains("there is no terminal to write in") && talk.contains("-m TEXT"), "{talk}");
    let output = missive(&scene, &["compose", "blog"], Some("no-such-editor")).output().unwrap();
    assert!(ended(&output, 1).1.contains("there is no `no-such-editor`"));
    assert!(seen(&scene, "drafts").is_empty());
}

/// Says aloud that a part of a test could not be done here.
#[allow(clippy::print_stderr, reason = "a test has no other voice")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// The program at work on a terminal; `None` where there is no `script`, which makes one.
fn start_on_a_terminal(scene: &Scene, args: &str, editor: &str) -> Option<Child> {
    let line = format!("'{}' {args}", env!("CARGO_BIN_EXE_missive"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env_clear().env("PATH", std::env::var_os("PATH")?).env("HOME", scene.root().join("home"));
    command.env("MISSIVE_DATA", scene.root()).env("EDITOR", editor).current_dir(scene.root());
    command.spawn().inspect_err(|error| skipped(&format!("there is no `script`: {error}"))).ok()
}

/// What the program says on a terminal where somebody types these lines, each after a moment.
fn on_a_terminal(scene: &Scene, args: &str, editor: &str, lines: &[&str]) -> Option<String> {
    let mut child = start_on_a_terminal(scene, args, editor)?;
    let mut stdin = child.stdin.take().unwrap();
    for line in lines {
        std::thread::sleep(Duration::from_millis(700));
        writeln!(stdin, "{line}").unwrap();
    }
    std::thread::sleep(Duration::from_millis(700));
    drop(stdin);
    Some(words(&child.wait_with_output().unwrap()).0)
}

#[test]
fn a_draft_that_was_left_is_offered_on_a_terminal() {
    let scene = Scene::new();
    let append = editor(&scene, "printf ' and more' >>\"$1\"");
    for text in ["one", "two"] {
        run(&scene, &["compose", "blog", "--draft", "-m", text]);
        std::thread::sleep(Duration::from_millis(1_100));
    }
    let Some(out) = on_a_terminal(&scene, "compose blog", &append, &["what", "s"]) else {
        return;
    };
    assert!(out.contains("is not sent yet: “two”") && out.matches("[e]dit it").count() == 2, "{out}");
    assert_eq!((texts(&scene, "outbox"), texts(&scene, "drafts")), (vec!["two\n".into()], vec!["one\n".into()]));
    let out = on_a_terminal(&scene, "compose blog", &append, &["e"]).unwrap();
    assert!(out.contains("Sent 20"), "{out}");
    assert_eq!(texts(&scene, "outbox"), ["two\n", "one\n and more"]);
    run(&scene, &["compose", "blog", "--draft", "-m", "three"]);
    let out = on_a_terminal(&scene, "compose blog", &append, &["d"]).unwrap();
    assert!(out.contains("/trash/") && texts(&scene, "drafts").is_empty(), "{out}");
    assert_eq!(texts(&scene, "outbox").last().unwrap(), " and more");
    assert!(files(&scene.path("trash")).values().any(|text| text == b"three\n"));
    let promise = editor(&scene, "printf 'See attached.' >>\"$1\"");
    let out = on_a_terminal(&scene, "compose blog", &promise, &["n"]).unwrap();
    assert!(out.contains("Send it anyway?") && out.contains("Saved as a draft"), "{out}");
    assert_eq!(texts(&scene, "drafts"), ["See attached."]);
}

#[test]
fn a_terminal_that_is_lost_sends_nothing() {
    let scene = Scene::new();
    // It saves what there is and ends well, as editors do when they are hung up on.
    let editor = editor(&scene, "trap '' HUP; printf 'Half a letter' >>\"$1\"; sleep 1; touch done");
    let Some(mut terminal) = start_on_a_terminal(&scene, "compose blog", &editor) else {
        return;
    };
    until("the editor", || !texts(&scene, "drafts").concat().is_empty());
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    until("the editor's end", || scene.root().join("done").exists());
    until("the program's end", || run(&scene, &["drafts"]).0.contains("“Half a letter”\n"));
    assert!(seen(&scene, "outbox").is_empty());
}

#[test]
fn what_a_text_promises_is_missed() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    for (text, warning) in [
        ("The plan is attached.", "the text says “attached”, but nothing is attached"),
        ("Siehe Anhang", "the text says “anhang”"),
        ("![](b.jpg)", "the text links to b.jpg, which is not attached"),
    ] {
        let (_, talk) = run(&scene, &["compose", "blog", "-m", text]);
        assert!(talk.contains(warning), "{talk}");
    }
    let (_, talk) = run(&scene, &["compose", "blog", "-m", "attached: ![](a.jpg)", "-a", "a.jpg"]);
    assert!(talk.is_empty(), "{talk}");
    assert_eq!(json(&scene, &["compose", "blog", "-m", "attached"])["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "abc").unwrap();
    let (out, _) = run(&scene, &["compose", "blog", "-m", "Hello", "--title", "T", "-a", "a.jpg", "--dry-run"]);
    assert!(out.contains("/a.jpg, 3 bytes\n") && out.contains("bytes:\n---\ntitle: T\n---\n\nHello\n"), "{out}");
    assert!(seen(&scene, "outbox").is_empty() && !scene.path("drafts").exists());
    let json = json(&scene, &["compose", "blog", "-m", "Hello", "--at", "in 2h", "--dry-run"]);
    assert_eq!(json["would_write"]["text"], "Hello\n");
}

#[test]
fn a_scheduled_message_waits_and_is_sent_when_it_is_due() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "abc").unwrap();
    let (out, _) = run(&scene, &["compose", "blog", "-m", "soon", "--at", "in 2s", "-a", "a.jpg"]);
    assert!(out.contains("Scheduled for") && out.contains("missive compose --due blog"), "{out}");
    run(&scene, &["compose", "blog", "-m", "later", "--at", "in 2h"]);
    assert!(run(&scene, &["compose", "blog", "--due"]).0.contains("Nothing is due."));
    let due = json(&scene, &["drafts"])["drafts"][0]["scheduled"].as_str().unwrap().to_owned();
    assert!(seen(&scene, "outbox").is_empty());
    std::thread::sleep(Duration::from_millis(2_500));
    let (out, _) = run(&scene, &["compose", "--due"]);
    assert!(out.contains(&format!("Sent {due}.")), "{out}");
    assert!(scene.path(&format!("outbox/{due}/a.jpg")).exists());
    assert_eq!((texts(&scene, "outbox"), texts(&scene, "drafts")), (vec!["soon\n".into()], vec!["later\n".into()]));
    assert!(run(&scene, &["compose", "--due"]).0.contains("Nothing is due."));
    for (at, what) in [("yesterday", "is in the past"), ("soon", "is not a time")] {
        assert!(fails(&scene, &["compose", "blog", "-m", "x", "--at", at]).contains(what));
    }
}

#[test]
fn a_watch_sends_what_is_due_and_shows_it() {
    let scene = Scene::new().message(OLD, "# Before");
    run(&scene, &["compose", "blog", "-m", "# Planned before", "--at", "in 2s"]);
    let talk = fs::File::create(scene.root().join("talk")).unwrap();
    let mut watch = missive(&scene, &["watch", "blog", "-o", "out"], None);
    let mut child = watch.stdout(Stdio::null()).stderr(talk).spawn().unwrap();
    let page = || fs::read_to_string(scene.site().join("index.html")).unwrap_or_default();
    until("the first site", || page().contains("Before"));
    assert!(!page().contains("Planned"));
    until("what was planned before", || page().contains("Planned before"));
    run(&scene, &["compose", "blog", "-m", "# Planned meanwhile", "--at", "in 2s"]);
    until("what was planned meanwhile", || page().contains("Planned meanwhile"));
    child.kill().unwrap();
    child.wait().unwrap();
    let talk = fs::read_to_string(scene.root().join("talk")).unwrap();
    assert_eq!(talk.lines().filter(|line| line.starts_with("sent 20")).count(), 2, "{talk}");
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
fn a_message_is_changed_whole_and_says_when() {
    let stem = OLD;
    let before = "---\r\nmood: fine\r\ntitle: Old\r\n---\r\nOne\r\n";
    let scene = Scene::new().message(stem, before).attachment(stem, "a/b.jpg", b"b");
    let text = || fs::read_to_string(scene.path(&format!("outbox/{stem}.txt"))).unwrap();
    with_editor(&scene, "printf 'Two\\r\\n' >>\"$1\"", &["edit", "blog", stem], 0);
    let after = text();
    let updated = after.lines().find(|line| line.starts_with("updated: ")).unwrap().to_owned();
    assert_eq!(after, format!("---\r\nmood: fine\r\ntitle: Old\r\n{updated}\r\n---\r\nOne\r\nTwo\r\n"));
    assert!(scene.snapshot().all[0].header.updated.is_some());
    run(&scene, &["edit", "blog", &format!("outbox/{stem}.txt"), "-m", "Three", "--minor"]);
    assert_eq!(text(), format!("---\r\nmood: fine\r\ntitle: Old\r\n{updated}\r\n---\r\n\nThree\n"));
    fs::write(scene.root().join("c.jpg"), "c").unwrap();
    let (out, talk) = run(&scene, &["edit", "blog", stem, "-a", "c.jpg", "--detach", "a/b.jpg", "-m", "![](a/b.jpg)"]);
    assert!(out.contains("1 file attached, 1 file taken off") && talk.contains("links to a/b.jpg"), "{out}{talk}");
    let outbox = seen(&scene, "outbox");
    assert_eq!(outbox.keys().collect::<Vec<_>>(), [&format!("{stem}.txt"), &format!("{stem}/c.jpg")]);
    assert!(!scene.path(&format!("outbox/{stem}/a")).exists());
    assert!(files(&scene.path("trash")).keys().any(|name| name.ends_with("a/b.jpg")));
    for (args, what) in [
        (&["-a", "c.jpg"] as &[&str], "two attachments would have the name `c.jpg`"),
        (&["--detach", "z.jpg"], "it has `c.jpg`"),
        (&["-m", ""], "the text is empty"),
        (&["-m", "![](a/b.jpg)"], "the text is unchanged"),
    ] {
        let out = fails(&scene, &[&["edit", "blog", stem], args].concat());
        assert!(out.contains(what), "{out}");
    }
    assert_eq!(seen(&scene, "outbox"), outbox);
    fs::write(scene.root().join("c.jpg"), "another").unwrap();
    run(&scene, &["edit", "blog", stem, "--detach", "c.jpg", "-a", "c.jpg"]);
    assert_eq!(seen(&scene, "outbox")[&format!("{stem}/c.jpg")], b"another");
    no_litter(&scene);
}

#[test]
fn changes_that_were_cut_off_are_gone_on_with() {
    let scene = Scene::new().message(OLD, "One");
    let text = || texts(&scene, "outbox");
    let (_, talk) = with_editor(&scene, "printf ' two' >>\"$1\"; exit 1", &["edit", "blog", OLD], 1);
    assert!(talk.contains("your text is saved") && text() == ["One"], "{talk}");
    assert!(run(&scene, &["drafts"]).0.contains(&format!("“One two”, changes to {OLD}")));
    let (_, talk) = with_editor(&scene, "printf ' three' >>\"$1\"", &["edit", "blog", OLD, "--minor"], 0);
    assert!(talk.contains("continuing earlier changes"), "{talk}");
    assert_eq!((text(), seen(&scene, "drafts").len()), (vec!["One two three".into()], 0));
    let meanwhile =
        format!("printf ' four' >>\"$1\"; printf changed >'{}/blog/outbox/{OLD}.txt'", scene.root().display());
    let (_, talk) = with_editor(&scene, &meanwhile, &["edit", "blog", OLD], 1);
    assert!(talk.contains("another program changed the message") && text() == ["changed"], "{talk}");
    assert!(fails(&scene, &["drafts", "send", "blog"]).contains("-F ") && text() == ["changed"]);
    let kept = scene.path(&format!("drafts/edit-{OLD}.txt"));
    run(&scene, &["edit", "blog", OLD, "-F", kept.to_str().unwrap(), "--minor"]);
    assert!(text()[0].ends_with("One two three four"), "when that is what was meant");
}

#[test]
fn a_message_that_was_deleted_comes_back() {
    let scene = Scene::new().message(OLD, "# One").attachment(OLD, "a.jpg", b"a");
    let before = seen(&scene, "outbox");
    let talk = fails(&scene, &["delete", "blog", OLD]);
    assert!(talk.contains("no terminal to ask") && talk.contains("--yes"), "{talk}");
    assert_eq!(seen(&scene, "outbox"), before);
    let (out, _) = run(&scene, &["delete", "blog", OLD, "--yes"]);
    assert!(out.contains("To restore it: missive delete --undo blog"), "{out}");
    assert!(seen(&scene, "outbox").is_empty() && files(&scene.path("trash")).len() == 2);
    fs::write(scene.path(&format!("outbox/{OLD}.txt")), "new").unwrap();
    assert!(fails(&scene, &["delete", "blog", "--undo"]).contains("nothing was overwritten"));
    fs::remove_file(scene.path(&format!("outbox/{OLD}.txt"))).unwrap();
    run(&scene, &["delete", "blog", "--undo"]);
    assert_eq!(seen(&scene, "outbox"), before);
    assert!(fails(&scene, &["delete", "blog", "--undo"]).contains("there is no deleted message in"));
    assert!(
        fails(&scene, &["delete", "blog", "2026-01-01T10-00-09Z", "-y"]).contains(&format!("did you mean `{OLD}`?"))
    );
    let editor = editor(&scene, "true");
    if let Some(out) = on_a_terminal(&scene, &format!("delete blog {OLD}"), &editor, &[""]) {
        assert!(out.contains("Delete 2026-01-01T10-00-00Z “One” from blog? [y/N]"), "{out}");
        assert_eq!(seen(&scene, "outbox"), before);
        on_a_terminal(&scene, &format!("delete blog {OLD}"), &editor, &["y"]);
        assert!(seen(&scene, "outbox").is_empty());
    }
}

#[test]
fn nobody_writes_into_a_subscription() {
    let scene = Scene::subscription().message(OLD, "x");
    let before = listing(&scene);
    for args in [
        &["compose", "blog", "-m", "x"] as &[&str],
        &["compose", "blog", "-m", "x", "--draft"],
        &["compose", "blog", "-m", "x", "--at", "in 2h"],
        &["edit", "blog", OLD, "-m", "x"],
        &["delete", "blog", OLD, "--yes"],
        &["delete", "blog", "--undo"],
    ] {
        assert!(fails(&scene, args).contains("you can read it, but not write to it"), "{args:?}");
    }
    assert_eq!(listing(&scene), before);
    assert!(!scene.path("drafts").exists() && !scene.path("trash").exists());
}

type Times = (i64, i64, i64, i64);

/// Every name in the inbox with all that `lstat` tells of changes, and the bytes of every file.
fn listing(scene: &Scene) -> Vec<(PathBuf, Times, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(scene.path("inbox")).sort_by_file_name();
    entries
        .into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.path().symlink_metadata().unwrap();
            let bytes = if meta.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
            let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
            (entry.path().to_owned(), times, bytes)
        })
        .collect()
}

#[test]
fn an_inbox_is_never_written() {
    let scene = Scene::conversation()
        .file("inbox/2026-01-02T10-00-00Z.txt", b"theirs")
        .file("inbox/2026-01-02T10-00-00Z/a.jpg", b"a")
        .file("inbox/.missive-tmp-1073741824-0", b"left by them");
    let before = listing(&scene);
    fs::write(scene.root().join("b.jpg"), "b").unwrap();
    run(&scene, &["compose", "blog", "-m", "x", "--reply-to", "2026-01-02T10-00-00Z", "-a", "b.jpg"]);
    run(&scene, &["compose", "blog", "-m", "x", "--reply-to", "inbox/2026-01-02T10-00-00Z"]);
    run(&scene, &["compose", "blog", "-m", "x", "--at", "in 1s"]);
    with_editor(&scene, "echo x >>\"$1\"", &["compose", "blog"], 0);
    let own = scene.snapshot().all.iter().rev().find(|card| card.side.name() == "outbox").unwrap().stamp.to_string();
    run(&scene, &["edit", "blog", &own, "-m", "y", "-a", "b.jpg"]);
    run(&scene, &["delete", "blog", &own, "--yes"]);
    run(&scene, &["delete", "blog", "--undo"]);
    std::thread::sleep(Duration::from_millis(1_200));
    run(&scene, &["compose", "blog", "--due"]);
    for args in [
        &["edit", "blog", "2026-01-02T10-00-00Z", "-m", "mine"] as &[&str],
        &["edit", "blog", "inbox/2026-01-02T10-00-00Z", "-m", "mine"],
        &["delete", "blog", "2026-01-02T10-00-00Z", "--yes"],
        &["delete", "blog", "inbox/2026-01-02T10-00-00Z", "--yes"],
    ] {
        assert!(fails(&scene, args).contains("was written by somebody else"), "{args:?}");
    }
    assert_eq!(listing(&scene), before);
}

#[test]
fn what_a_crash_left_is_swept_by_the_next_message() {
    let scene = Scene::new().file("outbox/.missive-tmp-1073741824-0/a.jpg", b"a");
    let scene = scene.file("outbox/.missive-tmp-1073741824-1", b"half").file("drafts/.missive-tmp-1073741824-2", b"x");
    run(&scene, &["compose", "blog", "-m", "x"]);
    assert_eq!(seen(&scene, "outbox").len(), 1);
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
fn an_outbox_that_is_closed_costs_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    let as_nobody = rustix::process::geteuid().is_root();
    let owner = |path: &Path| std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
    fs::create_dir(scene.path("drafts")).unwrap();
    fs::set_permissions(scene.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = scene.root().join("missive");
    // A copy could still be open for writing in another test's child when it is run.
    fs::hard_link(env!("CARGO_BIN_EXE_missive"), &program)
        .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_missive"), &program).map(drop))
        .unwrap();
    if as_nobody {
        owner(&scene.path("drafts"));
        owner(&scene.path("outbox"));
    }
    fs::set_permissions(scene.path("outbox"), fs::Permissions::from_mode(0o555)).unwrap();
    let compose = |args: &[&str]| {
        let mut command = if as_nobody { Command::new("setpriv") } else { Command::new(&program) };
        if as_nobody {
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program);
        }
        command.args(args).env("HOME", scene.root()).env("MISSIVE_DATA", scene.root()).current_dir(scene.root());
        command.stdin(Stdio::null()).output().unwrap()
    };
    let (_, talk) = ended(&compose(&["compose", "blog", "-m", "words", "-a", "a.jpg"]), 1);
    assert!(talk.contains("your text is saved"), "{talk}");
    assert!(seen(&scene, "outbox").is_empty());
    assert_eq!(texts(&scene, "drafts"), ["words\n"]);
    fs::set_permissions(scene.path("outbox"), fs::Permissions::from_mode(0o755)).unwrap();
    ended(&compose(&["drafts", "send", "blog"]), 0);
    assert_eq!((texts(&scene, "outbox"), seen(&scene, "outbox").len()), (vec!["words\n".into()], 2));
    assert!(seen(&scene, "drafts").is_empty());
}

/// Mounts a small disk on a folder, for as long as it lives; `None` where that is not allowed.
struct Disk(PathBuf);

impl Disk {
    fn on(folder: &Path) -> Option<Self> {
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k,mode=755", "none"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder.to_owned())),
            other => {
                skipped(&format!("no small disk can be mounted: {other:?}"));
                None
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_disk_that_is_full_shows_nothing_and_loses_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("big.jpg"), vec![7; 200_000]).unwrap();
    let Some(outbox) = Disk::on(&scene.path("outbox")) else {
        return;
    };
    let talk = fails(&scene, &["compose", "blog", "-m", "words", "-a", "big.jpg"]);
    assert!(talk.contains("No space left") && talk.contains("your text is saved"), "{talk}");
    assert!(seen(&scene, "outbox").is_empty());
    assert_eq!(texts(&scene, "drafts"), ["words\n"]);
    run(&scene, &["compose", "blog", "-m", "small, to another disk"]);
    assert_eq!(texts(&scene, "outbox"), ["small, to another disk\n"]);
    let id = scene.snapshot().all[0].stamp.to_string();
    run(&scene, &["delete", "blog", &id, "--yes"]);
    assert!(seen(&scene, "outbox").is_empty());
    run(&scene, &["delete", "blog", "--undo"]);
    assert_eq!(texts(&scene, "outbox"), ["small, to another disk\n"]);
    drop(outbox);
    run(&scene, &["drafts", "send", "blog"]);
    assert_eq!((texts(&scene, "outbox"), seen(&scene, "outbox").len()), (vec!["words\n".into()], 2));
    let _drafts = Disk::on(&scene.path("drafts")).unwrap();
    let talk = fails(&scene, &["compose", "blog", "-m", "again", "-a", "big.jpg"]);
    assert!(talk.contains("No space left") && talk.contains("your text is saved"), "{talk}");
    assert_eq!((texts(&scene, "drafts"), seen(&scene, "drafts").len()), (vec!["again\n".into()], 1));
}

#[test]
fn every_writing_command_speaks_json() {
    let scene = Scene::new().message(OLD, "x").file("a\u{1b}.jpg", b"a");
    let odd = scene.path("a\u{1b}.jpg");
    for args in [
        vec!["compose", "blog", "-m", "x", "-a", odd.to_str().unwrap()],
        vec!["compose", "blog", "-m", "x", "--draft"],
        vec!["compose", "blog", "--due"],
        vec!["drafts"],
        vec!["drafts", "discard", "blog"],
        vec!["edit", "blog", OLD, "-m", "y"],
        vec!["delete", "blog", OLD, "--yes"],
        vec!["delete", "blog", "--undo"],
    ] {
        let (out, talk) = run(&scene, &[args.as_slice(), &["--json"]].concat());
        assert!(serde_json::from_str::<serde_json::Value>(&out).unwrap().is_object(), "{args:?}");
        assert!(!out.contains('\u{1b}') && !talk.contains('\u{1b}'));
    }
}

#[test]
fn what_was_discarded_unsent_never_comes_back_as_a_message() {
    let scene = Scene::new().message(OLD, "keep");
    run(&scene, &["delete", "blog", OLD, "--yes"]);
    run(&scene, &["compose", "blog", "-m", "private", "--at", "in 3h"]);
    run(&scene, &["drafts", "discard", "blog"]);
    run(&scene, &["delete", "blog", "--undo"]);
    assert_eq!(texts(&scene, "outbox"), ["keep"]);
    assert!(fails(&scene, &["delete", "blog", "--undo"]).contains("trash"));
    assert_eq!(texts(&scene, "outbox"), ["keep"]);
}

#[test]
fn changes_that_were_left_write_over_nothing_that_came_since() {
    let scene = Scene::new().message(OLD, "version one");
    with_editor(&scene, "echo stale >>$1; exit 1", &["edit", "blog", OLD], 1);
    run(&scene, &["edit", "blog", OLD, "-m", "version two", "--minor"]);
    assert!(fails(&scene, &["drafts", "send", "blog"]).contains("changed"));
    with_editor(&scene, "echo more >>$1", &["edit", "blog", OLD], 1);
    assert_eq!(texts(&scene, "outbox"), ["version two\n"]);
    assert!(texts(&scene, "drafts").iter().any(|text| text.contains("stale")), "and nothing that was written is lost");
    run(&scene, &["drafts", "discard", "blog"]);
    with_editor(&scene, "echo three >$1", &["edit", "blog", OLD, "--minor"], 0);
    assert_eq!(texts(&scene, "outbox"), ["three\n"]);
}

#[test]
fn a_dry_run_on_a_terminal_leaves_drafts_alone() {
    let scene = Scene::new();
    run(&scene, &["compose", "blog", "-m", "left", "--draft"]);
    let Some(out) = on_a_terminal(&scene, "compose blog --dry-run", &editor(&scene, "echo other >\"$1\""), &[]) else {
        return;
    };
    assert!(texts(&scene, "outbox").is_empty() && texts(&scene, "drafts").contains(&"left\n".to_owned()), "{out}");
}

#[test]
fn a_strangers_file_name_on_the_command_line_stays_harmless() {
    let scene = Scene::new();
    for args in [["mark", "blog", "x\u{202e}", "--read"], ["x\u{9b}31m", "a", "b", "c"]] {
        let (_, talk) = ended(&missive(&scene, &args, None).output().unwrap(), 2);
        assert!(!talk.contains(['\u{202e}', '\u{9b}']) && talk.contains("⟨U+"), "{talk}");
    }
}

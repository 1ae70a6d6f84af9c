//! Writing messages as a person does: from the command line, from an editor, at a time; and that nothing is ever lost.

mod changing;
mod editors;
mod keeping;
mod scheduling;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use snapbox::str;

use crate::scene::{Scene, files, words};
use crate::test_environment::{assert_says, started};

const OLD: &str = "2026-01-01T10-00-00Z";

#[track_caller]
fn run(scene: &Scene, args: &[&str]) -> (String, String) {
    ended(&scene.run(args), 0)
}

#[track_caller]
fn fails(scene: &Scene, args: &[&str]) -> String {
    let (out, talk) = ended(&scene.run(args), 1);
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
    ended(&scene.environment().editor(script).run(args), code)
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
        ended(&scene.environment().run_with(args, b"from standard input"), 0);
    }
    with_editor(&scene, "printf 'from an editor' >>\"$1\"", &["compose", "blog"], 0);
    let expected =
        ["first\n\nsecond\n", "from a file\r\n", "from standard input", "from standard input", "from an editor"];
    assert_eq!(texts(&scene, "outbox"), expected);
    assert!(seen(&scene, "drafts").is_empty());
    no_litter(&scene);
}

#[test]
fn the_report_tells_where_it_is() {
    let scene = Scene::new();
    let sent = json(&scene, &["compose", "blog", "-m", "x"]);
    let id = sent["id"].as_str().unwrap();
    assert_eq!(sent["path"], scene.path(&format!("outbox/{id}.txt")).canonicalize().unwrap().to_str().unwrap());
    let session = scene.session(&[&["compose", "blog", "-m", "x"], &["compose", "blog", "-m", "x", "--json"]]);
    assert_says(
        session,
        str![[r#"
$ missive compose blog -m x
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt

$ missive compose blog -m x --json
{
  "channel": "blog",
  "id": "[NOW]",
  "path": "[ROOT]/blog/outbox/[NOW].txt",
  "attachments": [],
  "warnings": [],
  "scheduled": null,
  "draft": null
}
"#]],
    );
}

#[test]
fn empty_or_unchanged_text_sends_nothing_and_says_so() {
    let scene = Scene::new();
    assert_says(
        scene.session(&[&["compose", "blog", "-m", " \n"], &["compose", "blog", "-"]]),
        str![[r#"
$ missive compose blog -m ' 
'
Nothing was sent: the text is empty.
--- exit 1

$ missive compose blog -
Nothing was sent: the text is empty.
--- exit 1
"#]],
    );
    // Whoever reads takes a moment.
    assert_says(
        scene.environment().editor("sleep 1.1").session(&[&["compose", "blog"]]),
        str![[r#"
$ missive compose blog
Nothing was sent: the text is empty.
--- exit 1
"#]],
    );
    let emptied = scene.environment().editor("echo >\"$1\"").session(&[&["compose", "blog", "--title", "x"]]);
    assert_says(
        emptied,
        str![[r#"
$ missive compose blog --title x
Nothing was sent: the text is empty.
--- exit 1
"#]],
    );
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
            "---\ntitle: \"\\\"A: b\\\"\"\ntags: one, two, three\n---\n\nx\n".to_owned(),
            format!("---\nmood: fine\ntags: zero, one\nin-reply-to: {OLD}\n---\nHi\n"),
        ]
    );
    let cards = scene.snapshot().all;
    assert_eq!((cards[1].title.as_deref(), cards[1].tags.len()), (Some("\"A: b\""), 3));
    assert!(cards[2].header.in_reply_to.is_some());
    let refused = scene.session(&[
        &["compose", "blog", "-m", "x", "--reply-to", "2026-01-01T10-00-01Z"],
        &["compose", "blog", "-m", "x", "--title", "a\nb"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive compose blog -m x --reply-to 2026-01-01T10-00-01Z
--- messages
error: no message `2026-01-01T10-00-01Z` in blog/outbox
  hint: did you mean `2026-01-01T10-00-00Z`?
--- exit 1

$ missive compose blog -m x --title 'a
b'
--- messages
error: the title or the tags do not fit into a message's header
  hint: a value is one short line; a tag holds no comma
--- exit 1
"#]],
    );
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
    let session = scene.session(&[&["compose", "blog", "-m", "Hello", "-a", "a #1.jpg", "-a", "trip/"]]);
    assert_says(
        session,
        str![[r#"
$ missive compose blog -m Hello -a 'a #1.jpg' -a trip/
Sent [NOW], with 4 attachments.
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: [ROOT]/trip/.secret is not attached: hidden: its name begins with `.` or `~`
warning: [ROOT]/trip/link is not attached: a symbolic link, which is never followed
"#]],
    );
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
    fs::write(scene.root().join("picture"), b"\x89PNG\0\xff").unwrap();
    let refused = scene.session(&[
        &["compose", "blog", "-m", "x", "-a", "a.jpg", "-a", "x/a.jpg"],
        &["compose", "blog", "-m", "x", "-a", "nowhere.jpg"],
        &["compose", "blog", "-m", "x", "-a", ".hidden"],
        &["compose", "blog", "-m", "x", "-a", "/dev/null"],
        &["compose", "blog", "-F", "picture"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive compose blog -m x -a a.jpg -a x/a.jpg
--- messages
error: two attachments would have the name `a.jpg`
  hint: nothing was written; rename one of them, or put it into a subfolder
--- exit 1

$ missive compose blog -m x -a nowhere.jpg
--- messages
error: [ROOT]/nowhere.jpg cannot be attached: No such file or directory (os error 2)
  hint: nothing was written; only ordinary files and folders can be attached
--- exit 1

$ missive compose blog -m x -a .hidden
--- messages
error: [ROOT]/.hidden cannot be attached: hidden: its name begins with `.` or `~`
  hint: nothing was written; only ordinary files and folders can be attached
--- exit 1

$ missive compose blog -m x -a /dev/null
--- messages
error: /dev/null cannot be attached: a pipe, socket or device
  hint: nothing was written; only ordinary files and folders can be attached
--- exit 1

$ missive compose blog -F picture
--- messages
error: [ROOT]/picture is not UTF-8 text
  hint: nothing was written; to attach a file that is not text, use `-a FILE`
--- exit 1
"#]],
    );
    assert!(seen(&scene, "outbox").is_empty() && seen(&scene, "drafts").is_empty());
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
        children.push(started(scene.environment().command(&args).stdout(Stdio::null()).stderr(Stdio::null())));
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
fn what_a_text_promises_is_missed() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    let session = scene.session(&[
        &["compose", "blog", "-m", "The plan is attached."],
        &["compose", "blog", "-m", "Siehe Anhang"],
        &["compose", "blog", "-m", "![](b.jpg)"],
        &["compose", "blog", "-m", "attached: ![](a.jpg)", "-a", "a.jpg"],
    ]);
    assert_says(
        session,
        str![[r#"
$ missive compose blog -m 'The plan is attached.'
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: the text says “attached”, but nothing is attached

$ missive compose blog -m 'Siehe Anhang'
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: the text says “anhang”, but nothing is attached

$ missive compose blog -m ![](b.jpg)
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: the text links to b.jpg, which is not attached

$ missive compose blog -m 'attached: ![](a.jpg)' -a a.jpg
Sent [NOW], with 1 attachment.
[ROOT]/blog/outbox/[NOW].txt
"#]],
    );
    assert_eq!(json(&scene, &["compose", "blog", "-m", "attached"])["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "abc").unwrap();
    let dry: &[&str] = &["compose", "blog", "-m", "Hello", "--title", "T", "-a", "a.jpg", "--dry-run"];
    assert_says(
        scene.session(&[dry]),
        str![[r#"
$ missive compose blog -m Hello --title T -a a.jpg --dry-run
would write [ROOT]/blog/outbox/[NOW]/a.jpg, 3 bytes
would write [ROOT]/blog/outbox/[NOW].txt, 24 bytes:
---
title: T
---

Hello
"#]],
    );
    assert!(seen(&scene, "outbox").is_empty() && !scene.path("drafts").exists());
    let json = json(&scene, &["compose", "blog", "-m", "Hello", "--at", "in 2h", "--dry-run"]);
    assert_eq!(json["would_write"]["text"], "Hello\n");
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
fn a_strangers_file_name_on_the_command_line_stays_harmless() {
    let scene = Scene::new();
    for args in [["mark", "blog", "x\u{202e}", "--read"], ["x\u{9b}31m", "a", "b", "c"]] {
        let (_, talk) = ended(&scene.run(&args), 2);
        assert!(!talk.contains(['\u{202e}', '\u{9b}']) && talk.contains("⟨U+"), "{talk}");
    }
}

//! Reading in the terminal: which messages, in which order, what counts as read, and what never reaches the screen.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use snapbox::str;

use crate::scene::{Scene, until, words};
use crate::test_environment::{assert_says, finished};

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

/// Two letters of theirs with one of mine in between.
fn talk() -> Scene {
    Scene::conversation()
        .file(&format!("inbox/{FIRST}.txt"), b"# One\n\nthe *first*")
        .file(&format!("outbox/{SECOND}.txt"), b"my answer")
        .file(&format!("inbox/{THIRD}.txt"), b"the third")
        .file("inbox/.channel.toml", b"author = \"Brando\"\n")
}

#[track_caller]
fn out(scene: &Scene, args: &[&str]) -> String {
    let output = scene.run(args);
    let (out, talk) = words(&output);
    assert!(output.status.success(), "{args:?}: {talk}");
    out
}

fn json(scene: &Scene, args: &[&str]) -> Vec<Value> {
    let report: Value = serde_json::from_str(&out(scene, args)).unwrap();
    report["messages"].as_array().unwrap().clone()
}

fn ids(scene: &Scene, args: &[&str]) -> Vec<String> {
    json(scene, args).iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

fn unread(scene: &Scene) -> u64 {
    let report: Value = serde_json::from_str(&out(scene, &["channels", "--json"])).unwrap();
    report["channels"].as_array().unwrap().iter().map(|channel| channel["unread"].as_u64().unwrap()).sum()
}

/// Every pair of a beginning and what has to come behind it.
#[track_caller]
fn assert_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        from += text[from..].find(part).unwrap_or_else(|| panic!("no `{part}` behind {from} in:\n{text}"));
    }
}

#[test]
fn a_channel_is_a_timeline_with_the_newest_last() {
    let scene = talk();
    let text = out(&scene, &["read", "blog"]);
    assert_order(
        &text,
        &[
            "● Brando · 1 January 2026 · 10:00 UTC",
            "the *first*",
            "me · 2 January",
            "my answer",
            "● Brando",
            "the third",
        ],
    );
    assert_order(&text, &[&format!("\nblog inbox/{FIRST}\n"), "\n  One\n  ===\n"]);
}

#[test]
fn options_choose() {
    let scene = talk();
    let keep = |args: &[&str]| ids(&scene, &[args, &["--keep-unread", "--json"]].concat());
    assert_eq!(keep(&["read", "blog"]), [FIRST, SECOND, THIRD]);
    assert_eq!(keep(&["read", "blog", "--box", "outbox"]), [SECOND]);
    assert_eq!(keep(&["read", "blog", "-n", "2"]), [SECOND, THIRD]);
    assert_eq!(keep(&["read", "blog", "--since", "2026-01-02"]), [SECOND, THIRD]);
    assert_eq!(keep(&["read", "blog", "--until", "2026-01-02"]), [FIRST, SECOND]);
    assert_eq!(keep(&["read", "blog", "--unread"]), [FIRST, THIRD]);
    assert_eq!(keep(&["read", "blog", FIRST]), [FIRST]);
    assert_eq!(keep(&["read", "blog", &format!("outbox/{SECOND}")]), [SECOND]);
    assert_eq!(keep(&["read"]), [FIRST, THIRD]);
}

#[test]
fn wrong_wishes_get_a_clear_answer() {
    let scene = talk().file(&format!("outbox/{FIRST}.txt"), b"---\ndraft: true\n---\nx");
    let cases: [(&[&str], i32, &str); 8] = [
        (&["read", "blog", "2026-01-09T10-00-00Z"], 1, "no message 2026-01-09T10-00-00Z in `blog`"),
        (&["read", "blog", &format!("outbox/{FIRST}")], 1, "is not shown"),
        (&["read", "blog", "latest"], 2, "a message's id is its time"),
        (&["read", "blog", "--since", "soon"], 2, "`soon` is not a time"),
        (&["read", "blog", "--raw", "--json"], 2, "cannot be used together"),
        (&["read", "blog", FIRST, "--open", "1"], 1, "no attachment 1"),
        (&["mark", "blog"], 2, "--read"),
        (&["mark", "blog", SECOND, "--unread"], 1, "always count as read"),
    ];
    for (args, code, message) in cases {
        let output = scene.run(args);
        let (out, talk) = words(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {talk}");
        assert!(out.is_empty() && talk.contains(message), "{args:?}: {talk}");
    }
}

#[test]
fn reading_marks_as_read() {
    let scene = talk();
    assert_eq!(unread(&scene), 2);
    out(&scene, &["read", "--keep-unread"]);
    assert_eq!(unread(&scene), 2);
    out(&scene, &["read", "blog", FIRST]);
    assert_eq!(unread(&scene), 1);
    assert_eq!(ids(&scene, &["read", "--json"]), [THIRD]);
    let output = scene.run(&["read"]);
    assert_eq!(words(&output), (String::new(), "no unread messages\n".to_owned()));
    assert_eq!(unread(&scene), 0);
    out(&scene, &["mark", "blog", FIRST, "--unread", "--star"]);
    let messages = json(&scene, &["read", "--json"]);
    assert_eq!((messages.len(), &messages[0]["starred"]), (1, &Value::Bool(true)));
    assert_eq!(out(&scene, &["mark", "blog", "--unread"]), "blog: 2 messages unread now\n");
    assert_eq!(out(&scene, &["mark", "blog", "--read"]), "blog: 2 messages read now\n");
    assert_eq!(out(&scene, &["mark", "blog", "--read"]), "blog: 0 messages read now\n");
}

#[test]
fn marks_lie_beside_the_channels_and_never_in_a_box() {
    let scene = talk();
    let before = crate::scene::files(&scene.path(""));
    out(&scene, &["read"]);
    assert_eq!(crate::scene::files(&scene.path("")), before);
    let mode = scene.root().join(".missive").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let device = fs::read_to_string(scene.root().join(".missive/device")).unwrap();
    let text = fs::read_to_string(scene.root().join(format!(".missive/marks/{}.txt", device.trim()))).unwrap();
    assert!(text.lines().all(|line| line.contains(" blog inbox/2026-01-0") && line.ends_with(" read")), "{text}");
}

#[test]
fn two_devices_merge() {
    let scene = talk();
    out(&scene, &["read"]);
    let line = |at: &str, id: &str, word: &str| format!("{at} blog inbox/{id} {word}\n");
    let phone = line("9000-01-01T00-00-00Z", FIRST, "unread") + "nonsense\n" + &line(SECOND, THIRD, "unread");
    fs::write(scene.root().join(".missive/marks/phone.txt"), phone).unwrap();
    assert_eq!(ids(&scene, &["read", "--json", "--keep-unread"]), [FIRST], "the newer mark counts");
    // Even a clock that runs ahead does not keep it unread for ever.
    out(&scene, &["read"]);
    assert_eq!(unread(&scene), 0);
}

#[test]
fn a_long_past_is_marked_in_one_line() {
    let mut scene = Scene::subscription();
    for minute in 0..200 {
        scene = scene.message(&format!("2020-01-01T{:02}-{:02}-00Z", minute / 60, minute % 60), "x");
    }
    assert_eq!(out(&scene, &["mark", "blog", "--read"]), "blog: 200 messages read now\n");
    let marks = crate::scene::files(&scene.root().join(".missive/marks"));
    let text = String::from_utf8(marks.values().next().unwrap().clone()).unwrap();
    assert!(text.ends_with(" blog inbox/..2020-01-01T03-19-00Z read\n") && text.lines().count() == 1, "{text}");
    assert_eq!(unread(&scene), 0);
    out(&scene, &["mark", "blog", "2020-01-01T00-07-00Z", "--unread"]);
    assert_eq!(ids(&scene, &["read", "--json"]), ["2020-01-01T00-07-00Z"]);
}

#[test]
fn a_channel_elsewhere_has_its_marks_in_the_data_folder() {
    let scene = talk();
    let elsewhere = scene.root().join("elsewhere");
    let before = crate::scene::files(&scene.path(""));
    let data = elsewhere.to_str().unwrap();
    out(&scene, &["read", "./blog", "--data", data]);
    let marks = crate::scene::files(&elsewhere.join(".missive/marks"));
    let text = String::from_utf8(marks.values().next().unwrap().clone()).unwrap();
    let path = scene.path("").canonicalize().unwrap();
    assert!(text.contains(&format!(" {} inbox/", path.display())), "{text}");
    assert_eq!(crate::scene::files(&scene.path("")), before);
    let output = scene.run(&["read", "./blog", "--unread", "--data", data]);
    assert_eq!(words(&output).1, "no unread messages\n");
}

#[test]
fn where_marks_cannot_be_kept_reading_goes_on() {
    let scene = talk();
    fs::write(scene.root().join(".missive"), "in the way").unwrap();
    let output = scene.run(&["read"]);
    let (out, talk) = words(&output);
    assert!(output.status.success() && out.contains("the third"), "{talk}");
    assert_says(
        scene.environment().redacted(&talk),
        str![
            "note: these messages stay unread, because the mark could not be saved: failed to make `[ROOT]/.missive`: File exists (os error 17)"
        ],
    );
    assert_says(
        scene.session(&[&["mark", "blog", "--read"]]),
        str![[r#"
$ missive mark blog --read
--- messages
error: [ROOT]/.missive/marks: Not a directory (os error 20)
--- exit 1
"#]],
    );
}

#[test]
fn json_says_all_there_is() {
    let scene = talk().file(&format!("inbox/{FIRST}/a/photo.jpg"), b"\xff\xd8\xff");
    let message = &json(&scene, &["read", "blog", FIRST, "--json"])[0];
    let path = scene.path(&format!("inbox/{FIRST}/a/photo.jpg")).canonicalize().unwrap();
    let expected = serde_json::json!({
        "channel": "blog",
        "box": "inbox",
        "id": FIRST,
        "time": "2026-01-01T10:00:00Z",
        "author": "Brando",
        "title": "One",
        "tags": [],
        "in_reply_to": null,
        "read": false,
        "starred": false,
        "text": "# One\n\nthe *first*",
        "attachments": [
            {"number": 1, "name": "a/photo.jpg", "type": "picture", "bytes": 3, "path": path.to_str().unwrap()}
        ],
    });
    assert_eq!(message, &expected);
}

#[test]
fn raw_is_the_file_to_the_byte() {
    let bytes = b"\xef\xbb\xbf---\ntitle: x\n---\r\n\x1b[31m\xff\0no end";
    let scene = Scene::subscription().file(&format!("inbox/{FIRST}.txt"), bytes);
    assert_eq!(scene.run(&["read", "blog", FIRST, "--raw"]).stdout, bytes);
    assert_eq!(unread(&scene), 0);
}

#[test]
fn nothing_of_a_strangers_speaks_to_the_terminal() {
    let nasty = "\u{1b}]52;c;eA==\u{7}\u{202e}\u{9b}31m\r";
    let scene = Scene::subscription()
        .file(
            &format!("inbox/{FIRST}.txt"),
            format!("---\ntitle: {nasty}\n---\n{nasty} [a]({nasty}) `{nasty}`").as_bytes(),
        )
        .file(&format!("inbox/{FIRST}/{nasty}\n.txt"), b"x")
        .file(
            &format!("inbox/{SECOND}.txt"),
            format!("# {nasty}\n\n![x](http://e.org/{nasty})\n\n|a|\n|-|\n|{nasty}|").as_bytes(),
        )
        .file("inbox/.channel.toml", b"title = \"\\u001b]0;t\\u0007\\u202e\"\nauthor = \"\\u001b[2J\\u202e\"\n");
    let name = "b\u{1b}[2J\u{202e}\nlog";
    fs::rename(scene.path(""), scene.root().join(name)).unwrap();
    for args in [
        &["read", "--keep-unread"] as &[&str],
        &["read", name, "--keep-unread"],
        &["read", name, FIRST, "--keep-unread", "--color", "always"],
        &["channels"],
        &["channels", "--color", "always"],
        &["search", "e.org"],
        &["search", "--color", "always", "31m"],
        &["search", "--json", "31m"],
        &["mark", name, "--star"],
        &["read", "--json", "--keep-unread"],
        &["channels", "--json"],
        &["read", "\u{1b}[2J\u{202e}"],
        &["read", name, FIRST, "--open", "1"],
        &["search", "\u{1b}[2J\u{202e}:x"],
    ] {
        let (out, talk) = words(&scene.run(args));
        let ours = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[3m", "\u{1b}[4m", "\u{1b}[9m", "\u{1b}[0m"];
        let rest = ours.iter().fold(out.clone() + &talk, |text, code| text.replace(code, ""));
        assert!(!rest.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{args:?}: {rest:?}");
        assert!(args.contains(&"--color") || !out.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn no_text_passes_for_the_head_of_another_message() {
    let scene = Scene::conversation().file(
        &format!("inbox/{FIRST}.txt"),
        b"---\ntitle: me\n---\nx\n\n* * *\n\nme \xc2\xb7 2 January 2026\n\nblog outbox/2026-01-02T10-00-00Z\n",
    );
    let scene = scene.file("inbox/.channel.toml", b"author = \"Me\"\n");
    let text = out(&scene, &["read", "blog"]);
    let heads: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("  ")).collect();
    assert_eq!(heads.len(), 2, "{text}");
    assert!(heads[0].starts_with("● blog · 1 January 2026"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let long = "many words in a row ".repeat(20_000);
    let scene = Scene::subscription().message(FIRST, "first").message(SECOND, &long).message(THIRD, &long);
    for command in
        ["read --keep-unread", "read --json --keep-unread", "read blog --raw --keep-unread", "search many", "channels"]
    {
        let script = format!("missive {command} | head -c 1; exit ${{PIPESTATUS[0]}}");
        let output = scene.environment().shell(&script);
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{command}");
    }
    scene.environment().shell("missive read | head -c 1");
    let left = ids(&scene, &["read", "--json", "--keep-unread"]);
    assert_eq!(left, [SECOND, THIRD], "what was not printed is not read");
}

#[test]
fn styles_are_for_those_who_want_them() {
    let scene = talk();
    let styled = |args: &[&str]| out(&scene, &[args, &["--keep-unread"]].concat()).contains('\u{1b}');
    assert!(!styled(&["read"]) && styled(&["read", "--color", "always"]) && !styled(&["read", "--color", "never"]));
}

/// What a terminal shows on which the program runs.
fn on_a_terminal(scene: &Scene, variables: &[(&str, &str)], args: &str) -> String {
    let output = finished(&mut scene.environment().set_all(variables).terminal(&format!("missive {args}")));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pager_is_for_terminals() {
    let scene = talk();
    let pager = scene.root().join("pager");
    let mut file = fs::File::create(&pager).unwrap();
    file.write_all(b"#!/bin/sh\necho PAGED\ncat\n").unwrap();
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    let pager = format!("sh {}", pager.display());
    let keep = "read --keep-unread";
    let run = |variables: &[(&str, &str)], args: &str| on_a_terminal(&scene, variables, args);
    let shown = run(&[("PAGER", &pager)], keep);
    assert!(shown.contains("PAGED") && shown.contains("\u{1b}[1m") && shown.contains("the third"), "{shown}");
    let plain = run(&[("PAGER", &pager), ("NO_COLOR", "1")], keep);
    assert!(plain.contains("PAGED") && !plain.contains("\u{1b}[1m") && plain.contains("the third"), "{plain}");
    let dumb = run(&[("PAGER", &pager), ("TERM", "dumb")], keep);
    assert!(!dumb.contains("PAGED") && !dumb.contains('\u{1b}') && dumb.contains("the third"), "{dumb}");
    let missing = run(&[("PAGER", "no-such-pager -x")], keep);
    assert!(missing.contains("the third"), "{missing}");
    for args in ["read --json --keep-unread", "read blog --raw --keep-unread", "channels"] {
        let text = run(&[("PAGER", &pager)], args);
        assert!(!text.contains("PAGED") && text.contains("blog") | text.contains("the third"), "{args}: {text}");
    }
}

#[test]
fn attachments_are_opened_if_they_only_show() {
    let scene = Scene::subscription()
        .message(FIRST, "x")
        .attachment(FIRST, "a.txt", b"plain")
        .attachment(FIRST, "b.txt.desktop", b"[Desktop Entry]")
        .attachment(FIRST, "c.txt", b"#!/bin/sh\n")
        .attachment(FIRST, "d.html", b"x")
        .attachment(FIRST, "e.pdf", b"%PDF");
    let attached = |name: &str| scene.path(&format!("inbox/{FIRST}/{name}"));
    fs::set_permissions(attached("e.pdf"), fs::Permissions::from_mode(0o755)).unwrap();
    let bin = scene.root().join("bin");
    fs::create_dir(&bin).unwrap();
    let opener = bin.join("xdg-open");
    fs::write(&opener, "#!/bin/sh\nprintf %s \"$1\" > opened.part && mv opened.part opened\n").unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let environment = scene.environment().first_in_path(&bin);
    let open = |number: &str| environment.run(&["read", "blog", FIRST, "--open", number]);
    let refused = ["2", "3", "4", "5"].map(|number| environment.told(&open(number)));
    assert_says(
        refused.concat(),
        str![[r#"
--- messages
error: `b.txt.desktop` is not opened: it could start a program or open something else
  hint: the file is [ROOT]/blog/inbox/2026-01-01T10-00-00Z/b.txt.desktop
--- exit 1
--- messages
error: `c.txt` is not opened: it is not what its name says
  hint: the file is [ROOT]/blog/inbox/2026-01-01T10-00-00Z/c.txt
--- exit 1
--- messages
error: `d.html` is not opened: missive opens only pictures, sound, films and plain documents from others
  hint: the file is [ROOT]/blog/inbox/2026-01-01T10-00-00Z/d.html
--- exit 1
--- messages
error: `e.pdf` is not opened: it is marked as a program
  hint: the file is [ROOT]/blog/inbox/2026-01-01T10-00-00Z/e.pdf
--- exit 1
"#]],
    );
    assert!(!scene.root().join("opened").exists());
    assert!(open("1").status.success());
    let told = scene.root().join("opened");
    until("the opener is told", || told.exists());
    assert_eq!(fs::read_to_string(told).unwrap(), attached("a.txt").canonicalize().unwrap().to_str().unwrap());
    assert_eq!(unread(&scene), 1, "what was opened beside it was not read");
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let title = "東京タワーの便り、とても長い題名がここに続きます";
    let scene = Scene::conversation()
        .file(
            &format!("inbox/{FIRST}.txt"),
            format!("# {title}\n\n雨の音で、目が覚めた。 words and more words to fill some lines").as_bytes(),
        )
        .file("inbox/.channel.toml", format!("title = \"{title}\"\n").as_bytes());
    for width in ["20", "40", "80"] {
        for args in ["channels", "read --keep-unread"] {
            let output = scene.environment().set("COLUMNS", width).shell(&format!("missive {args}"));
            let text = words(&output).0;
            // What a person types for a message stays in one piece.
            for line in text.lines().filter(|line| !line.contains(FIRST)) {
                assert!(missive::console::columns(line) <= width.parse().unwrap(), "{width}: {line}");
            }
            assert!(!text.is_empty());
        }
    }
}

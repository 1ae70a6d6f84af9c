//! Several people write one box: who wrote what, on pages, in feeds and in the terminal.

use std::fs;

use missive::channel::authorship::authors::Authors;
use missive::channel::authorship::signers::Key;
use missive::channel::protocol::entry::Side;
use missive::channel::protocol::stamp::Stamp;
use serde_json::Value;
use snapbox::str;

use crate::scene::{Scene, assert_same, words};
use crate::test_environment::assert_says;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

/// Names that would speak to a page, a feed or a terminal.
const HOSTILE: [&str; 3] =
    ["<script>alert(1)</script>\"'&", "\u{202e}neeruzA\u{2066}\u{200f}", "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\nBrando"];

fn key(byte: u8) -> Key {
    Key::new([byte; 32])
}

/// Who signed what, as the file has it: names of the keys 1, 2, …; no name is none that is bound.
pub(crate) fn signed(names: &[&str], messages: &[(&str, u8)]) -> String {
    let names = (1..).zip(names).filter(|(_, name)| !name.is_empty());
    let authors = Authors {
        owner: Some(key(9)),
        own: vec![key(9)],
        names: names.map(|(at, name)| (key(at), (*name).to_owned())).collect(),
        messages: messages.iter().map(|(stem, at)| (Stamp::parse(stem.as_bytes()).unwrap(), key(*at).into())).collect(),
        ..Authors::default()
    };
    authors.to_toml()
}

/// A subscription that two people write, one of them without a name, and a message that nobody signed.
fn several() -> Scene {
    Scene::subscription()
        .message(FIRST, "# One\n\nBy the first. #tag")
        .message(SECOND, "By the second.")
        .message(THIRD, "By nobody.")
        .settings("[site]\nbase_url = \"https://example.org/b/\"\n")
        .file("inbox/.channel.toml", b"title = \"Harbour\"\nauthor = \"The harbour\"\n")
        .file("inbox/.authors.toml", signed(&["Azureen", ""], &[(FIRST, 1), (SECOND, 2)]).as_bytes())
}

fn json(scene: &Scene, args: &[&str]) -> Vec<Value> {
    let (out, talk) = words(&scene.run(args));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{args:?}: {out}{talk}"));
    report["messages"].as_array().unwrap().clone()
}

#[test]
fn every_page_and_feed_says_who_wrote_each_message() {
    let scene = several();
    scene.build().report();
    let byline = |name: &str| format!("</time></a> <span class=\"p-author h-card\" dir=\"auto\">{name}</span>");
    for page in [format!("{FIRST}.html"), "index.html".to_owned()] {
        assert!(scene.page(&page).contains(&byline("Azureen")), "{page}");
    }
    assert!(scene.page("index.html").contains(&byline("key 02020202")));
    let page = scene.page(&format!("{FIRST}.html"));
    assert!(page.matches("p-author").count() == 1 && !page.contains("class=\"sign\""), "{page}");
    let unsigned = scene.page(&format!("{THIRD}.html"));
    assert!(unsigned.contains("class=\"sign\"") && unsigned.contains("The harbour"), "{unsigned}");
    for list in ["2026/01.html", "tag/tag.html"] {
        assert!(scene.page(list).contains("<small dir=\"auto\">Azureen</small>"), "{list}");
    }
    assert!(!scene.page("2026/01.html").contains("<small dir=\"auto\">The harbour</small>"));

    let atom = scene.page("atom.xml");
    let named: Vec<&str> = atom.split("<entry>").skip(1).filter_map(|entry| entry.split("<name>").nth(1)).collect();
    let named: Vec<&str> = named.iter().filter_map(|rest| rest.split("</name>").next()).collect();
    assert_eq!(named, ["The harbour", "key 02020202", "Azureen"]);
    let feed: Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
    let items = feed["items"].as_array().unwrap();
    assert!(items.iter().map(|item| item["authors"][0]["name"].as_str().unwrap()).eq(named));
    assert_same(&scene.built(), &scene.clean(), "signed");
}

#[test]
fn the_reading_room_says_it_too() {
    let scene = several();
    let (out, talk) = words(&scene.run(&["build", "--all", "-o", "room"]));
    let page = |path: &str| fs::read_to_string(scene.root().join("room").join(path)).unwrap();
    assert!(page("atom.xml").contains("<author><name>Azureen</name></author>"), "{out}{talk}");
    assert!(page("index.html").contains("dir=\"auto\">key 02020202</span>"));
    fs::write(scene.path("inbox/.authors.toml"), signed(&["Cooper", ""], &[(FIRST, 1), (SECOND, 2)])).unwrap();
    scene.run(&["build", "--all", "-o", "room"]);
    scene.run(&["build", "--all", "-o", "clean-room"]);
    assert!(page("atom.xml").contains("<author><name>Cooper</name></author>") && page("index.html").contains("Cooper"));
    let files = |output: &str| crate::scene::files(&scene.root().join(output));
    assert_same(&files("room"), &files("clean-room"), "a name that changed");
}

#[test]
fn each_box_of_a_conversation_speaks_of_itself() {
    let scene = Scene::conversation()
        .file(&format!("inbox/{FIRST}.txt"), b"theirs")
        .file(&format!("outbox/{FIRST}.txt"), b"ours")
        .file(&format!("outbox/{SECOND}.txt"), b"ours, unsigned")
        .file("inbox/.authors.toml", signed(&["Cooper", "Delilah"], &[(FIRST, 1)]).as_bytes())
        .file("outbox/.authors.toml", signed(&["Azureen", "Cooper"], &[(FIRST, 2)]).as_bytes());
    let names: Vec<String> = json(&scene, &["read", "blog", "--json"])
        .iter()
        .map(|message| format!("{} {}", message["box"].as_str().unwrap(), message["author"].as_str().unwrap()))
        .collect();
    assert_eq!(names, ["inbox Cooper", "outbox Cooper", "outbox me"]);
    let scene = scene.remove("inbox/.authors.toml");
    let snapshot = scene.snapshot();
    let bylines: Vec<(Side, Option<&str>)> =
        snapshot.cards.iter().map(|card| (card.side, snapshot.byline(card))).collect();
    assert_eq!(bylines, [(Side::Inbox, None), (Side::Outbox, Some("Cooper")), (Side::Outbox, None)]);
    scene.build().report();
    assert!(scene.page(&format!("outbox/{FIRST}.html")).contains("dir=\"auto\">Cooper</span> <a class=\"u-url"));
}

#[test]
fn the_terminal_says_who_wrote_each_message() {
    let scene = several();
    let (out, _) = words(&scene.run(&["read", "blog", "--keep-unread"]));
    let heads: Vec<&str> = out.lines().filter(|line| line.contains(" · ")).collect();
    for (head, name) in heads.iter().zip(["Azureen", "key 02020202", "The harbour"]) {
        assert!(head.starts_with(&format!("● {name} · ")), "{out}");
    }
    assert_says(
        scene.session(&[&["search", "by"]]),
        str![[r#"
$ missive search by
blog 2026-01-03T10-00-00Z  By nobody.
blog 2026-01-02T10-00-00Z  key 02020202: By the second.
blog 2026-01-01T10-00-00Z  Azureen: One By the first. #tag
"#]],
    );
    let found = |words: &str| -> Vec<String> {
        let hits = json(&scene, &["search", "--json", words]);
        hits.iter().map(|hit| format!("{} {}", hit["id"].as_str().unwrap(), hit["author"].as_str().unwrap())).collect()
    };
    assert_eq!(found("from:azureen"), [format!("{FIRST} Azureen")]);
    assert_eq!(found("from:harbour"), [format!("{THIRD} The harbour")]);
}

#[test]
fn a_strangers_name_is_only_a_name() {
    let stems = [FIRST, SECOND, THIRD];
    let messages: Vec<(&str, u8)> = stems.into_iter().zip(1..).collect();
    // Not as the program writes it: as a stranger might.
    let quoted = |name: &str| toml::Value::String(name.to_owned()).to_string();
    let line = |(at, name): (u8, &str)| format!("\"{}\" = {}\n", key(at), quoted(name));
    let names: String = (1..).zip(HOSTILE).map(line).collect();
    let signed = |(stem, at): &(&str, u8)| format!("\"{stem}\" = \"{}\"\n", key(*at));
    let messages: String = messages.iter().map(signed).collect();
    let file = format!("owner = \"{}\"\n[names]\n{names}[messages]\n{messages}", key(9));
    let mut scene = Scene::subscription().settings("[site]\nbase_url = \"https://example.org/b/\"\n");
    for stem in stems {
        scene = scene.message(stem, "# word\n\ntext #tag");
    }
    let scene = scene.file("inbox/.authors.toml", file.as_bytes());
    scene.build().report();
    for (path, bytes) in scene.built() {
        if path.starts_with('.') {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        // In JSON a name is a string and no markup.
        assert!(path == "feed.json" || !text.contains("<script"), "{path}");
        let speaks =
            |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200f}');
        assert!(!text.contains(speaks), "{path}");
    }
    assert!(scene.page("index.html").contains("&lt;script&gt;alert(1)"));
    let feed: Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
    assert_eq!(feed["items"][2]["authors"][0]["name"], HOSTILE[0]);
    assert!(scene.page("atom.xml").contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for args in [
        &["read", "blog", "--keep-unread"] as &[&str],
        &["read", "blog", "--keep-unread", "--json"],
        &["search", "word"],
        &["search", "--json", "word"],
        &["search", "from:script"],
    ] {
        let (out, talk) = words(&scene.run(args));
        assert!(out.contains("script"), "{args:?}: {out}{talk}");
        let odd = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{2066}' | '\u{200f}');
        assert!(!(out + &talk).contains(odd), "{args:?}");
    }
}

#[test]
fn a_damaged_file_is_a_warning_and_says_nothing() {
    let scene = several();
    let whole = scene.snapshot().warnings();
    for (damage, why) in [
        ("[names", "not readable: line 1"),
        ("[messages]\n\"2026-01-01\" = \"a\"", "not readable: line 2: not a stamp"),
        ("names = \"\\u202e\\u001b[2J\"", "not readable: line 1"),
    ] {
        let scene = several().file("inbox/.authors.toml", damage.as_bytes());
        let snapshot = scene.snapshot();
        assert_eq!(snapshot.warnings(), whole + 1, "{damage}");
        assert!(snapshot.cards.iter().all(|card| snapshot.byline(card).is_none()), "{damage}");
        scene.build().report();
        let (out, talk) = words(&scene.run(&["why", "blog/inbox/.authors.toml"]));
        assert!(out.contains(why), "{damage}: {out}{talk}");
        assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{out:?}");
        let (out, _) = words(&scene.run(&["check", "blog"]));
        assert!(out.contains(".authors.toml"), "{out}");
    }
}

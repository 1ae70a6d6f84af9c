//! Two channels that claim one feed id: who bears it, and that nothing is taken from whoever had it.

use std::fs;

use snapbox::str;

use super::{BUILD, ID, build, build_to, data, page, remove, room, write};
use crate::scene::{Scene, assert_same, files};
use crate::test_environment::assert_says;

/// The entries of a feed of several channels, oldest first: where each leads and its id.
fn entries(feed: &str) -> Vec<(String, String)> {
    let inside =
        |entry: &str, begin: &str, end: &str| entry.split(begin).nth(1).unwrap().split(end).next().unwrap().to_owned();
    let of = |entry: &str| (inside(entry, "<link href=\"", "\""), inside(entry, "<id>", "</id>"));
    let mut entries: Vec<_> = feed.split("<entry>").skip(1).map(of).collect();
    entries.reverse();
    entries
}

/// A blog, and a subscription that claims its id and its second.
fn with_a_thief() -> Scene {
    let scene = data();
    for name in ["blog-too", "index.html", "assets"] {
        remove(&scene.root().join("data").join(name));
    }
    write(&scene, "blog/outbox/.channel.toml", ID);
    write(&scene, "a-thief/inbox/.channel.toml", &format!("{ID}title = \"blog\"\n"));
    write(&scene, "a-thief/inbox/2026-01-03T10-00-00Z.txt", "# Mine\n\nNot what was said.");
    scene
}

#[test]
fn a_copied_id_takes_nothing_away() {
    let scene = with_a_thief();
    fs::rename(scene.root().join("data/a-thief"), scene.root().join("a-thief")).unwrap();
    build(&scene);
    let before = entries(&page(&scene, "atom.xml"));
    assert_eq!(before.len(), 2);
    fs::rename(scene.root().join("a-thief"), scene.root().join("data/a-thief")).unwrap();
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
a-thief: 1 message, 9 files written
[ROOT]/room: 2 channels, 3 messages, 12 files written of 25 in [TIME]
--- messages
warning: a-thief/inbox claims the feed id of `blog` (urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a), which stays with `blog`; feeds that show all channels use another id for a-thief/inbox
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let after = entries(&page(&scene, "atom.xml"));
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|entry| after.contains(entry)), "{before:?}\n{after:?}");
    let ids: std::collections::BTreeSet<&String> = after.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 3);
    let river = page(&scene, "index.html");
    assert!(river.contains("Not what was said.") && river.contains("href=\"blog/2026-01-03T10-00-00Z.html"));
    // The same each time, and from nothing.
    build_to(&scene, "clean-room", 0, &[]);
    assert_same(&room(&scene), &files(&scene.root().join("clean-room")), "a copied id");
    assert_says(
        scene.session(&[&["--data", "data", "check"]]),
        str![[r#"
$ missive --data data check
a-thief: 1 message, 1 warning
  inbox/.channel.toml: a-thief/inbox claims the feed id of `blog` (urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a), which stays with `blog`; feeds that show all channels use another id for a-thief/inbox
blog: 2 messages, no warnings
talk: 2 messages, no warnings
"#]],
    );
    // A site that is built by itself is what its publisher says.
    assert!(page(&scene, "a-thief/atom.xml").contains("<id>urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a</id>"));
}

#[test]
fn of_two_that_came_by_keys_the_one_that_was_known_first_bears_the_id() {
    let scene = with_a_thief();
    fs::rename(scene.root().join("data/blog"), scene.root().join("data/friend")).unwrap();
    fs::rename(scene.root().join("data/friend/outbox"), scene.root().join("data/friend/inbox")).unwrap();
    // Word for word the same: who has another document is another publisher.
    let text = fs::read_to_string(scene.root().join("data/friend/inbox/2026-01-03T10-00-00Z.txt")).unwrap();
    write(&scene, "a-thief/inbox/2026-01-03T10-00-00Z.txt", &text);
    let document = |name: &str, id: u8| {
        format!("[[document]]\nchannel = \"{name}\"\nbox = \"inbox\"\nid = \"{}\"\n", format!("{id:02x}").repeat(32))
    };
    let book = |first: &str, then: &str| write(&scene, ".missive/keys.toml", &(first.to_owned() + then));
    let bearer = |output: &str| {
        let (_, talk) = build_to(&scene, output, 0, &[]);
        let feed = fs::read_to_string(scene.root().join(output).join("atom.xml")).unwrap();
        assert_eq!(feed.matches("<entry>").count(), 3, "{feed}");
        talk.split("which stays with `").nth(1).unwrap().split('`').next().unwrap().to_owned()
    };
    book(&document("friend", 1), &document("a-thief", 2));
    assert_eq!(bearer("one"), "friend");
    book(&document("a-thief", 2), &document("friend", 1));
    assert_eq!(bearer("two"), "a-thief");
    // What no key has brought comes after what one has.
    book(&document("friend", 1), "");
    let (_, talk) = build_to(&scene, "three", 0, &[]);
    assert!(talk.contains("which stays with `friend`"), "{talk}");
    let feed = fs::read_to_string(scene.root().join("three/atom.xml")).unwrap();
    assert_eq!((feed.matches("<entry>").count(), feed.contains("a-thief/")), (2, false), "it came by two ways");
    assert!(!feed.contains(&"01".repeat(32)), "the key for reading is in no feed");
}

#[test]
fn a_copy_of_ones_own_channel_is_told_of_and_shown_once() {
    let scene = with_a_thief();
    remove(&scene.root().join("data/a-thief"));
    for (name, bytes) in files(&scene.root().join("data/blog/outbox")) {
        write(&scene, &format!("blog-backup/outbox/{name}"), &String::from_utf8(bytes).unwrap());
    }
    write(&scene, "blog-backup/outbox/2026-01-05T10-00-00Z.txt", "Only here.");
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
blog: 2 messages, 12 files written
blog-backup: 3 messages, 13 files written
[ROOT]/room: 2 channels, 5 messages, 29 files written of 29 in [TIME]
--- messages
warning: blog-backup/outbox has the feed id of `blog` (urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a): feeds that show all channels use another id for it. If it is a different channel, remove the line `id` from blog-backup/outbox/.channel.toml
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let feed = page(&scene, "atom.xml");
    let leads: Vec<String> = entries(&feed).into_iter().map(|(link, _)| link).collect();
    let expected =
        ["blog/2026-01-01T10-00-00Z.html", "blog/2026-01-03T10-00-00Z.html", "blog-backup/2026-01-05T10-00-00Z.html"];
    assert_eq!(leads, expected);
    assert!(page(&scene, "blog-backup/index.html").contains("Only here."), "its own site is whole");
}

#[test]
fn the_other_end_of_a_conversation_cannot_take_my_id() {
    let scene = Scene::conversation()
        .file("outbox/2026-01-03T10-00-00Z.txt", b"mine")
        .file("inbox/2026-01-03T10-00-00Z.txt", b"theirs")
        .file("outbox/.channel.toml", ID.as_bytes());
    scene.build().report();
    let ids = |scene: &Scene| -> Vec<String> {
        scene.page("atom.xml").split("<id>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let before = ids(&scene);
    let scene = scene.file("inbox/.channel.toml", ID.as_bytes());
    scene.build().report();
    let after = ids(&scene);
    assert_eq!((after.len(), &after[0]), (3, &before[0]), "the feed and my entry keep theirs");
    assert!(after[1] != after[2], "{after:?}");
    assert_eq!(before.iter().filter(|id| after.contains(id)).count(), 2, "{before:?}\n{after:?}");
    assert_same(&scene.built(), &scene.clean(), "a copied id");
}

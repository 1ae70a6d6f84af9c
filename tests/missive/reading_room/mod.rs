//! A reading room: the sites of all channels, and what they have in common.

mod copied_ids;
mod feed;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use missive::channel::Channel;
use snapbox::str;

use crate::scene::{Scene, assert_same, files, words};
use crate::test_environment::assert_says;

/// What a profile says whose channel has an id.
const ID: &str = "id = \"urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a\"\n";

/// A data folder with a channel of each kind and two whose names are taken in a room.
fn scene() -> Scene {
    Scene::new()
        .message("2026-01-03T10-00-00Z", "# Mine\n\nA [part](#part).\n\n## Part\n\n[other](2026-01-01T10-00-00Z.txt)")
        .message("2026-01-01T10-00-00Z", "Old. #tag")
        .file("../data/blog-too/inbox/2026-01-02T10-00-00Z.txt", b"Theirs. ![](p.png)\n\n## Part\n")
        .file("../data/blog-too/inbox/2026-01-02T10-00-00Z/p.png", &crate::scene::png(3, 4))
        .file("../data/blog-too/inbox/.channel.toml", b"title = \"<script>alert(1)</script> \\\"&\\u0007\"\n")
        .file("../data/talk/inbox/2026-01-04T10-00-00Z.txt", b"A letter to me.")
        .file("../data/talk/outbox/2026-01-04T11-00-00Z.txt", b"An answer.")
        .file("../data/index.html/outbox/2026-01-02T11-00-00Z.txt", b"Clash.")
        .file("../data/assets/inbox/2026-01-02T10-00-00Z.txt", b"At the same second.\n\n## Part\n")
}

/// Moves the scene's own channel into its data folder, beside the others.
fn data() -> Scene {
    let scene = scene();
    fs::rename(scene.path(""), scene.root().join("data/blog")).unwrap();
    fs::create_dir(scene.path("")).unwrap();
    // A file as young as a build is looked at again by the next one.
    let picture =
        fs::File::options().append(true).open(scene.root().join("data/blog-too/inbox/2026-01-02T10-00-00Z/p.png"));
    picture.unwrap().set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
    scene
}

/// Builds a room, which must succeed unless `code` says otherwise; gives the result and the talk.
fn build_to(scene: &Scene, output: &str, code: i32, more: &[&str]) -> (String, String) {
    let run = scene.run(&[&["--data", "data", "build", "--all", "-o", output], more].concat());
    let (out, talk) = words(&run);
    assert_eq!(run.status.code(), Some(code), "{more:?}: {out}{talk}");
    (out, talk)
}

/// Builds the room that all tests look into.
const BUILD: &[&str] = &["--data", "data", "build", "--all", "-o", "room"];

fn build(scene: &Scene) -> (String, String) {
    build_to(scene, "room", 0, &[])
}

fn room(scene: &Scene) -> BTreeMap<String, Vec<u8>> {
    files(&scene.root().join("room"))
}

fn page(scene: &Scene, path: &str) -> String {
    fs::read_to_string(scene.root().join("room").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The folders of a room's sites.
fn sites(scene: &Scene) -> Vec<String> {
    let room = room(scene);
    let sites = room.keys().filter_map(|path| path.strip_suffix("/.missive-manifest"));
    sites.map(str::to_owned).collect()
}

fn write(scene: &Scene, path: &str, text: &str) {
    let path = scene.root().join("data").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn remove(path: &Path) {
    fs::remove_dir_all(path).unwrap();
}

/// The values of an attribute.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let begin = format!(" {attribute}=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_channel_but_conversations_has_its_site_and_the_rest_flows_together() {
    let scene = data();
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
blog: 2 messages, 12 files written
index.html: 1 message, 9 files written
assets: 1 message, 9 files written
blog-too: 1 message, 10 files written
[ROOT]/room: 4 channels, 5 messages, 44 files written of 44 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let sites = sites(&scene);
    assert_eq!((sites.len(), sites.contains(&"blog".to_owned()), sites.contains(&"talk".to_owned())), (4, true, false));
    let river = page(&scene, "index.html");
    let order = ["Mine", "Clash.", "Theirs.", "Old."].map(|text| river.find(text).unwrap());
    assert!(order.is_sorted(), "newest first: {order:?}");
    assert!(river.contains("<a class=\"from\" href=\"blog/index.html\" dir=\"auto\">blog</a>"), "{river}");
    assert!(!river.contains("A letter to me."));
    let feed = page(&scene, "atom.xml");
    assert_eq!((feed.matches("<entry>").count(), feed.matches("<source>").count()), (5, 5));
    assert!(!feed.contains("rel=\"self\"") || !feed.contains("href=\"atom.xml\" rel=\"self\""), "{feed}");
    let list = page(&scene, "subscriptions.opml");
    assert!(list.contains("xmlUrl=\"blog/atom.xml\" htmlUrl=\"blog/index.html\"") && !list.contains("talk"), "{list}");
    // The site in the room is the channel's ordinary site.
    scene.run(&["--data", "data", "build", "blog", "-o", "alone"]);
    assert_same(&files(&scene.root().join("alone")), &files(&scene.root().join("room/blog")), "as alone");
}

#[test]
fn every_link_of_the_river_leads_somewhere_and_no_id_is_there_twice() {
    let scene = data();
    build(&scene);
    let river = page(&scene, "index.html");
    let mut ids = values(&river, "id");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
    for link in values(&river, "href").into_iter().chain(values(&river, "src")) {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        if path.is_empty() {
            assert!(ids.contains(&fragment), "{link}");
        } else {
            assert!(scene.root().join("room").join(path).is_file(), "{link}");
        }
    }
    for link in values(&page(&scene, "atom.xml"), "href") {
        assert!(scene.root().join("room").join(link).is_file(), "{link}");
    }
}

#[test]
fn a_name_of_the_rooms_own_is_given_to_no_channel() {
    let scene = data();
    for name in ["atom.xml", "inbox", "outbox", "INDEX.HTML", "subscriptions.opml", "a:b", "nul"] {
        write(&scene, &format!("{name}/outbox/2026-01-01T10-00-00Z.txt"), name);
    }
    build(&scene);
    let sites = sites(&scene);
    assert_eq!(sites.len(), 11, "{sites:?}");
    for name in ["assets", "atom.xml", "inbox", "outbox", "index.html", "a:b", "nul"] {
        assert!(!sites.contains(&name.to_owned()), "{name}");
    }
    assert!(
        page(&scene, "index.html").contains("<a class=\"from\"")
            && page(&scene, "assets/letter.css").contains("--paper")
    );
    assert!(Channel::open(&scene.root().join("room")).is_err(), "a room is no channel");
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
[ROOT]/room: nothing to do, 11 channels, 12 messages
"#]],
    );
}

#[test]
fn a_strangers_title_is_only_a_title() {
    let scene = data();
    write(&scene, "x\u{1b}<&\"/outbox/2026-01-05T10-00-00Z.txt", "text");
    build(&scene);
    for file in ["index.html", "atom.xml", "subscriptions.opml"] {
        let page = page(&scene, file);
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)"), "{file}: {page}");
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{file}");
    }
    let list = page(&scene, "subscriptions.opml");
    assert!(list.contains("title=\"&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;\" type=\"rss\""), "{list}");
    assert!(list.contains("text=\"x&lt;&amp;&quot;\""), "{list}");
}

#[test]
fn a_conversation_is_in_it_only_as_long_as_it_is_named() {
    let scene = data();
    assert_says(
        scene.session(&[&[BUILD, &["talk", "blog"]].concat()]),
        str![[r#"
$ missive --data data build --all -o room talk blog
talk: 2 messages, 10 files written
blog: 2 messages, 12 files written
index.html: 1 message, 9 files written
assets: 1 message, 9 files written
blog-too: 1 message, 10 files written
[ROOT]/room: 5 channels, 7 messages, 54 files written of 54 in [TIME]
--- messages
note: this site contains other people's messages. It asks search engines to stay away, but anyone who has it can read it
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let river = page(&scene, "index.html");
    assert!(river.contains("A letter to me.") && river.contains("name=\"robots\" content=\"noindex\""), "{river}");
    assert!(page(&scene, "subscriptions.opml").contains("Conversations"));
    build(&scene);
    assert!(!scene.root().join("room/talk").exists());
    assert!(!page(&scene, "index.html").contains("A letter to me.") && !page(&scene, "atom.xml").contains("talk"));
}

#[test]
fn with_a_base_url_every_address_is_whole() {
    let scene = data();
    let (_, talk) = build_to(&scene, "room", 0, &["--base-url", "https://example.org/r"]);
    assert!(!talk.contains("base URL"), "{talk}");
    let feed = page(&scene, "atom.xml");
    assert!(feed.contains("<link href=\"https://example.org/r/atom.xml\" rel=\"self\""), "{feed}");
    assert!(values(&feed, "href").iter().all(|link| link.starts_with("https://example.org/r/")), "{feed}");
    assert!(page(&scene, "subscriptions.opml").contains("htmlUrl=\"https://example.org/r/blog/\""));
    let river = page(&scene, "index.html");
    assert!(river.contains("rel=\"canonical\" href=\"https://example.org/r/\""), "{river}");
    assert_eq!(river.matches("https://").count(), 2, "pages lead to each other wherever they lie: {river}");
    assert!(page(&scene, "blog/index.html").contains("rel=\"canonical\" href=\"https://example.org/r/blog/\""));
    // Each id is the one that the channel's own feed has.
    let own = page(&scene, "blog/atom.xml");
    let id = |text: &str, at: usize| text.split("<id>").nth(at).unwrap().split('<').next().unwrap().to_owned();
    assert!(feed.contains(&id(&own, 1)) && feed.contains(&id(&own, 2)), "{feed}");
}

#[test]
fn nothing_is_written_when_nothing_changed_and_only_what_did_when_it_did() {
    let scene = data();
    build(&scene);
    let before = room(&scene);
    let times = |scene: &Scene| {
        let all = walkdir::WalkDir::new(scene.root().join("room")).into_iter().map(Result::unwrap);
        all.map(|entry| (entry.path().to_owned(), entry.metadata().unwrap().modified().unwrap())).collect::<Vec<_>>()
    };
    let then = times(&scene);
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
[ROOT]/room: nothing to do, 4 channels, 5 messages
"#]],
    );
    assert!(times(&scene) == then, "not even touched");
    write(&scene, "blog-too/inbox/2026-01-02T10-00-00Z.txt", "Theirs, mended. ![](p.png)");
    assert_says(
        scene.session(&[&[BUILD, &["--explain"]].concat()]),
        str![[r#"
$ missive --data data build --all -o room --explain
blog-too/2026-01-02T10-00-00Z.html: text
blog-too/2026/01.html: text
blog-too/atom.xml: text
blog-too/feed.json: text
blog-too/index.html: text
atom.xml: text
index.html: text
blog-too: 1 message, 5 files written
[ROOT]/room: 4 channels, 5 messages, 7 files written of 44 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let after = room(&scene);
    let changed: Vec<&String> =
        after.iter().filter(|(name, bytes)| before[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(changed.iter().all(|name| !name.contains("blog/") && !name.contains("opml")), "{changed:?}");
    assert!(changed.contains(&&"atom.xml".to_owned()) && changed.contains(&&"index.html".to_owned()), "{changed:?}");
}

#[test]
fn after_any_edit_a_room_is_what_it_would_be_from_nothing() {
    let scene = data();
    let edits: [fn(&Scene); 9] = [
        |_| {},
        |scene| write(scene, "blog/outbox/2026-02-01T10-00-00Z.txt", "# New\n\n![](q.png)"),
        |scene| write(scene, "assets/inbox/.channel.toml", "title = \"Named\"\nlanguage = \"de\"\n"),
        |scene| write(scene, "blog/missive.toml", "[site]\ntitle = \"T\"\nfeed_size = 1\n"),
        |scene| write(scene, "late/inbox/2025-01-01T10-00-00Z.txt", "Long ago."),
        |scene| remove(&scene.root().join("data/index.html")),
        |scene| fs::remove_file(scene.root().join("room/index.html")).unwrap(),
        |scene| remove(&scene.root().join("room/late")),
        |scene| write(scene, "blog/theme/entry.html", "{{ m.label }}"),
    ];
    for (number, edit) in edits.iter().enumerate() {
        edit(&scene);
        build(&scene);
        let _ = fs::remove_dir_all(scene.root().join("clean"));
        build_to(&scene, "clean", 0, &[]);
        assert_same(&room(&scene), &files(&scene.root().join("clean")), &format!("edit {number}"));
    }
}

#[test]
fn the_site_of_a_channel_that_is_gone_goes_and_what_others_put_there_stays() {
    let scene = data();
    build(&scene);
    fs::write(scene.root().join("room/blog-too/mine.txt"), "mine").unwrap();
    fs::create_dir(scene.root().join("room/other")).unwrap();
    fs::write(scene.root().join("room/other/index.html"), "other").unwrap();
    // A site in the same place that the room did not build.
    scene.run(&["--data", "data", "build", "talk", "-o", "room/letters"]);
    remove(&scene.root().join("data/blog-too"));
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
[ROOT]/room: 3 channels, 4 messages, 3 files written, 11 removed of 34 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
"#]],
    );
    let left: Vec<String> = files(&scene.root().join("room/blog-too")).into_keys().collect();
    assert_eq!(left, ["mine.txt"]);
    assert_eq!(page(&scene, "other/index.html"), "other");
    assert!(scene.root().join("room/letters/index.html").is_file());
    for file in ["index.html", "atom.xml", "subscriptions.opml"] {
        assert!(!page(&scene, file).contains("blog-too"), "{file}");
    }
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
[ROOT]/room: nothing to do, 3 channels, 4 messages
"#]],
    );
}

#[test]
fn the_site_of_a_channel_whose_disk_is_away_stays() {
    let scene = data();
    build(&scene);
    let before = page(&scene, "blog-too/index.html");
    let inbox = scene.root().join("data/blog-too/inbox");
    fs::rename(&inbox, scene.root().join("away")).unwrap();
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
[ROOT]/room: 3 channels, 4 messages, 3 files written of 34 in [TIME]
--- messages
warning: blog-too was not built: it has neither an `inbox` nor an `outbox` any more; its site stays as it is
  hint: is its disk mounted? pass `--allow-empty` to remove the site
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
--- exit 1
"#]],
    );
    assert_eq!(page(&scene, "blog-too/index.html"), before);
    fs::rename(scene.root().join("away"), &inbox).unwrap();
    build(&scene);
    fs::rename(&inbox, scene.root().join("away")).unwrap();
    build_to(&scene, "room", 0, &["--allow-empty"]);
    assert!(!scene.root().join("room/blog-too/index.html").exists());
}

#[test]
fn a_channel_that_cannot_be_built_is_named_and_the_others_are_built() {
    let scene = data();
    build(&scene);
    let before = page(&scene, "blog/index.html");
    write(&scene, "blog/outbox/.channel.toml", "title = \n");
    write(&scene, "assets/inbox/2026-03-01T10-00-00Z.txt", "The others.");
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
assets: 2 messages, 8 files written
[ROOT]/room: 3 channels, 4 messages, 11 files written of 34 in [TIME]
--- messages
warning: blog was not built: [ROOT]/data/blog/outbox/.channel.toml: line 1: `title`: string values must be quoted, expected literal string
  hint: the ids in the feeds depend on it, so the old site stays; restore a readable file and build again
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` sets its address
--- exit 1
"#]],
    );
    assert!(page(&scene, "index.html").contains("The others."));
    assert_eq!(page(&scene, "blog/index.html"), before, "its site is as it was");
    write(&scene, "blog/outbox/.channel.toml", "title = \"Mended\"\n");
    build(&scene);
    assert!(page(&scene, "index.html").contains("Mended"));
}

#[test]
fn nothing_of_others_is_overwritten_and_no_data_folder_empties_a_room() {
    let scene = data();
    fs::create_dir(scene.root().join("room")).unwrap();
    fs::write(scene.root().join("room/index.html"), "mine").unwrap();
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
--- messages
error: [ROOT]/room/index.html would be overwritten, but missive did not write it
  hint: choose another output folder with `-o DIR`, or use this one with `--force`
--- exit 1
"#]],
    );
    assert_eq!(files(&scene.root().join("room")).len(), 1, "nothing was built");
    build_to(&scene, "room", 0, &["--force"]);
    let before = room(&scene);
    fs::rename(scene.root().join("data"), scene.root().join("away")).unwrap();
    assert_says(
        scene.session(&[BUILD]),
        str![[r#"
$ missive --data data build --all -o room
--- messages
error: no subscription and no broadcast in [ROOT]/data
  hint: `missive new NAME` makes one; to include a conversation, name it
--- exit 1
"#]],
    );
    assert_same(&room(&scene), &before, "as it was");
    build_to(&scene, "room", 0, &["--allow-empty"]);
    assert!(sites(&scene).is_empty() && page(&scene, "index.html").contains("Nothing has been written"));
}

#[test]
fn the_command_line_asks_for_what_it_needs() {
    let scene = data();
    let refused = scene.session(&[
        &["build"],
        &["build", "--all"],
        &["build", "blog", "talk"],
        &["build", "--all", "-o", "x", "--box", "inbox"],
        &["watch", "blog", "talk"],
        &["--data", "data", "build", "--all", "-o", "data"],
        &["--data", "data", "build", "--all", "-o", "data/blog/outbox/x"],
        &["--data", "data", "build", "--all", "-o", "."],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive build
--- messages
error: the following required arguments were not provided:
  <CHANNEL>...

Usage: missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...

For more information, try '--help'.
--- exit 2

$ missive build --all
--- messages
error: the following required arguments were not provided:
  --output <DIR>

Usage: missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...

For more information, try '--help'.
--- exit 2

$ missive build blog talk
--- messages
error: build takes one channel at a time
  hint: build them one after the other, or all into one folder with `--all -o DIR`
--- exit 2

$ missive build --all -o x --box inbox
--- messages
error: the argument '--all' cannot be used with '--box <BOX>'

Usage: missive build [OPTIONS] <CHANNEL>
       missive build [OPTIONS] --all --output <DIR> [CHANNEL]...

For more information, try '--help'.
--- exit 2

$ missive watch blog talk
--- messages
error: unexpected argument 'talk' found

Usage: missive watch [OPTIONS] <CHANNEL>

For more information, try '--help'.
--- exit 2

$ missive --data data build --all -o data
--- messages
error: [ROOT]/data cannot be the output: it contains the channel `assets`
  hint: choose another output folder with `-o DIR`
--- exit 1

$ missive --data data build --all -o data/blog/outbox/x
--- messages
error: [ROOT]/data/blog/outbox/x cannot be the output: it is an `outbox`, or inside one
  hint: choose another output folder with `-o DIR`
--- exit 1

$ missive --data data build --all -o .
--- messages
error: [ROOT] cannot be the output: it contains the channel
  hint: choose another output folder with `-o DIR`
--- exit 1
"#]],
    );
}

#[test]
fn a_site_that_has_lost_its_manifest_is_nobodys() {
    let scene = data();
    build(&scene);
    let gone = scene.root().join("room/blog-too");
    remove(&scene.root().join("data/blog-too"));
    fs::remove_file(gone.join(".missive-manifest")).unwrap();
    build(&scene);
    assert!(gone.exists(), "nothing says any more whose it is");
    build(&scene);
    assert!(!page(&scene, "index.html").contains("blog-too"));
}

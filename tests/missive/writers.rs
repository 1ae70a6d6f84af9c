//! A box that several people write: what this device's author did not sign is treated as what lies in an inbox.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Once;

use missive::channel::authorship::authors::{AttachmentId, Authors};
use missive::channel::authorship::signers::{Key, Signers};
use missive::channel::protocol::stamp::Stamp;
use snapbox::str;

use crate::scene::{Scene, assert_same, files, png, words};
use crate::test_environment::assert_says;

const MINE: &str = "2026-01-01T10-00-00Z";
const THEIRS: &str = "2026-01-02T10-00-00Z";
/// What takes a reader away, runs, or asks for something from elsewhere.
const HOSTILE: &str = "# Hello\n\n<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/\">\n<script>alert(1)</script>\n\
                       <base href=\"//evil.example/\">\n\n![](https://evil.example/track.png) [x](tel:1) [page](page.html)\n";
const DANGERS: [&str; 5] =
    ["http-equiv=\"refresh\"", "<script>alert", "<base", "src=\"https://evil.example", "href=\"tel:"];
/// What a browser or a web server could run.
const ACTIVE: [&str; 8] = ["page.html", "d.svg", "x.js", "x.php", "y.shtml", "x.php.txt", "no-ending", "deep/er.html"];

fn key(byte: u8) -> Key {
    Key::new([byte; 32])
}

fn stamp(stem: &str) -> Stamp {
    Stamp::parse(stem.as_bytes()).unwrap()
}

/// Who wrote which message of an outbox whose owner and user is the key 9, and which attachments are another one's.
fn signed(own: &[u8], messages: &[(&str, &[u8])], attachments: &[(&str, u8)]) -> Vec<u8> {
    let keys = |bytes: &[u8]| bytes.iter().map(|byte| key(*byte)).collect::<Vec<_>>();
    let authors = Authors {
        owner: Some(key(9)),
        own: keys(own),
        messages: messages.iter().map(|(stem, by)| (stamp(stem), Signers::new(keys(by)).unwrap())).collect(),
        attachments: attachments
            .iter()
            .map(|(path, by)| (AttachmentId::parse(path).unwrap(), key(*by).into()))
            .collect(),
        ..Authors::default()
    };
    authors.to_toml().into_bytes()
}

/// A broadcast with the same message by its user and by a co-writer, each with the same files.
fn two_writers() -> Scene {
    let mut scene = Scene::new();
    for stem in [MINE, THEIRS] {
        scene = scene.message(stem, HOSTILE).attachment(stem, "p.png", &png(3, 4));
        for name in ACTIVE {
            scene = scene.attachment(stem, name, b"<script>alert(1)</script>");
        }
    }
    scene
        .settings("[site]\nbase_url = \"https://example.org/b/\"\nraw_html = \"all\"\n")
        .file("outbox/.authors.toml", &signed(&[9], &[(THEIRS, &[1])], &[]))
}

/// The names under which a message's attachments are published.
fn published(scene: &Scene, stem: &str) -> Vec<String> {
    let folder = format!("{stem}/");
    scene.built().keys().filter_map(|path| path.strip_prefix(&folder)).map(str::to_owned).collect()
}

/// What stands in the article of a page, with the stem taken out of it.
fn article(scene: &Scene, stem: &str) -> String {
    let page = scene.page(&format!("{stem}.html"));
    let from = page.find("class=\"e-content").unwrap();
    page[from..from + page[from..].find("</article>").unwrap()].replace(stem, "STEM")
}

#[test]
fn a_co_writers_message_is_shown_as_one_of_an_inbox() {
    let scene = two_writers();
    scene.build().report();
    let mut inbox = Scene::subscription().message(THEIRS, HOSTILE).attachment(THEIRS, "p.png", &png(3, 4));
    for name in ACTIVE {
        inbox = inbox.attachment(THEIRS, name, b"<script>alert(1)</script>");
    }
    inbox.build().report();
    assert_eq!(published(&scene, THEIRS), published(&inbox, THEIRS));
    assert_eq!(article(&scene, THEIRS), article(&inbox, THEIRS));
    let theirs = scene.page(&format!("{THEIRS}.html"));
    for danger in DANGERS {
        assert!(!article(&scene, THEIRS).contains(danger), "{danger}: {theirs}");
    }
    // One's own is as the settings have it.
    let mine = article(&scene, MINE);
    assert!(DANGERS.iter().all(|danger| mine.contains(danger)), "{mine}");
    let mut names = [ACTIVE.as_slice(), &["p.png"]].concat();
    names.sort_unstable();
    assert_eq!(published(&scene, MINE), names);
}

#[test]
fn lists_feeds_and_the_reading_room_ask_as_well() {
    let mut scene = two_writers().remove(&format!("outbox/{MINE}.txt"));
    scene.manner.allow_empty = true;
    scene.build().report();
    let (out, talk) = words(&scene.run(&["build", "--all", "-o", "room"]));
    let room = files(&scene.root().join("room"));
    assert!(room.contains_key("index.html") && room.contains_key("atom.xml"), "{out}{talk}");
    let built = scene.built();
    let shown = ["index.html", "2026/01.html", "atom.xml", "feed.json"].map(|name| (name, &built[name]));
    for (name, bytes) in shown.into_iter().chain(["index.html", "atom.xml"].map(|name| (name, &room[name]))) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        // In a feed the HTML is a text.
        let html = text.replace("&lt;", "<").replace("&quot;", "\"").replace("\\\"", "\"");
        let html = if name == "atom.xml" || name == "feed.json" { html } else { text };
        assert!(html.contains("Hello"), "{name}");
        assert!(DANGERS.iter().all(|danger| !html.contains(danger)), "{name}: {html}");
    }
}

#[test]
fn what_a_co_writer_puts_beside_my_message_is_theirs() {
    let foreign = format!("{MINE}/deep/er.html");
    let svg = format!("{MINE}/d.svg");
    let files: &[(&str, u8)] = &[(&foreign, 1), (&svg, 1)];
    let scene = two_writers().file("outbox/.authors.toml", &signed(&[9], &[(MINE, &[9]), (THEIRS, &[1])], files));
    scene.build().report();
    let (mine, theirs) = (published(&scene, MINE), published(&scene, THEIRS));
    let is_mine = |name: &&&str| mine.contains(&(**name).to_owned());
    let kept: Vec<&str> = ACTIVE.iter().filter(is_mine).copied().collect();
    assert_eq!(kept, ["page.html", "x.js", "x.php", "y.shtml", "x.php.txt", "no-ending"]);
    let inert =
        theirs.iter().filter(|name| name.starts_with("deep/") || name.starts_with("d.") || name.starts_with("d_"));
    assert!(inert.clone().count() == 2 && inert.clone().all(|name| mine.contains(name)), "{mine:?} {theirs:?}");
}

#[test]
fn nobody_takes_the_address_of_a_file_of_mine() {
    let (page, photo) = (format!("{MINE}/p.html"), format!("{MINE}/Photo.txt"));
    let signed = signed(&[9], &[(MINE, &[9]), (THEIRS, &[1])], &[(&page, 1), (&photo, 1)]);
    let scene = Scene::new()
        .message(MINE, "mine")
        .message(THEIRS, "theirs")
        .attachment(MINE, "p_html.txt", b"mine")
        .attachment(MINE, "photo.txt", b"mine")
        .attachment(MINE, "p.html", b"theirs")
        .attachment(MINE, "Photo.txt", b"theirs")
        .file("outbox/.authors.toml", &signed);
    scene.build().report();
    for name in ["p_html.txt", "photo.txt"] {
        assert_eq!(scene.page(&format!("{MINE}/{name}")), "mine", "{name}");
    }
    assert_eq!(published(&scene, MINE).len(), 4, "theirs are there as well");
}

#[test]
fn two_signers_are_trusted_only_together() {
    let text = "<b class=\"mine\">x</b>";
    for (own, by, is_own) in
        [(&[9u8][..], &[9u8, 1][..], false), (&[9, 1], &[9, 1], true), (&[9, 1], &[1], true), (&[9], &[9], true)]
    {
        let scene = Scene::new()
            .message(MINE, text)
            .message(THEIRS, "x")
            .file("outbox/.authors.toml", &signed(own, &[(MINE, by), (THEIRS, &[2])], &[]));
        scene.build().report();
        assert_eq!(scene.page(&format!("{MINE}.html")).contains(text), is_own, "{own:?} {by:?}");
    }
    let scene = Scene::new().message(MINE, text).file("outbox/.authors.toml", &signed(&[9], &[(MINE, &[9, 1])], &[]));
    scene.build().report();
    assert!(scene.page(&format!("{MINE}.html")).contains("key 01010101 or key 09090909"));
}

#[test]
fn a_change_of_trust_rebuilds_what_shows_the_message() {
    let scene = Scene::new()
        .message(MINE, "mine")
        .message(THEIRS, "# Theirs\n\n<b class=\"mine\">x</b>")
        .attachment(THEIRS, "page.html", b"<p>")
        .message("2025-12-01T10-00-00Z", "older")
        .settings("[site]\nfeed_size = 1\npage_size = 1\n")
        .file("outbox/.authors.toml", &signed(&[9], &[(THEIRS, &[1])], &[]));
    scene.build().report();
    let inert = published(&scene, THEIRS);
    let page = format!("{THEIRS}.html");
    let scene = scene.file("outbox/.authors.toml", &signed(&[9, 1], &[(THEIRS, &[1])], &[]));
    let report = scene.build().report();
    let mut written: Vec<String> = report.written.iter().map(|written| written.path.to_string()).collect();
    written.sort();
    let mut expected = [
        page.clone(),
        format!("{THEIRS}/page.html"),
        "atom.xml".into(),
        "feed.json".into(),
        "index.html".into(),
        "page/3.html".into(),
    ];
    expected.sort();
    assert_eq!(written, expected);
    assert!(scene.page(&page).contains("<b class=\"mine\">"));
    assert!(report.removed.iter().map(ToString::to_string).eq(inert.iter().map(|name| format!("{THEIRS}/{name}"))));
    assert_same(&scene.built(), &scene.clean(), "trusted");
    let scene = scene.file("outbox/.authors.toml", &signed(&[9], &[(THEIRS, &[1])], &[]));
    assert_eq!(scene.build().report().written.len(), expected.len());
    assert_eq!((published(&scene, THEIRS), scene.page(&page).contains("class=\"mine\"")), (inert, false));
    assert_same(&scene.built(), &scene.clean(), "not trusted any more");
    scene.build().wrote([]);
}

#[test]
fn what_somebody_else_writes_over_while_a_site_is_built_is_theirs() {
    let text = "<b class=\"mine\">mine</b>";
    let scene =
        Scene::new().message(MINE, text).attachment(MINE, "a.html", b"<p>mine").attachment(MINE, "b.html", b"<p>");
    // Old enough that nothing of it is looked into once more.
    for name in [format!("outbox/{MINE}.txt"), format!("outbox/{MINE}/a.html"), format!("outbox/{MINE}/b.html")] {
        let file = fs::File::options().append(true).open(scene.path(&name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
    }
    scene.build().report();
    let scene = scene.settings("[site]\ntitle = \"Anew\"\n");
    fs::remove_file(scene.site().join(MINE).join("a.html")).unwrap();
    // As a node does it: first who it is by, then what it is, each file whole and once. The gate is asked at every
    // step of a build and by several threads.
    let once = Once::new();
    let meanwhile = || {
        once.call_once(|| {
            scene.put_whole("outbox/.authors.toml", &signed(&[9], &[(MINE, &[1])], &[]));
            scene.put_whole(&format!("outbox/{MINE}/a.html"), b"<script>theirs");
            scene.put_whole(&format!("outbox/{MINE}.txt"), b"<b class=\"mine\">theirs</b>");
        });
        Ok(())
    };
    scene.build_gated(&scene.site(), &meanwhile).report();
    let page = scene.page(&format!("{MINE}.html"));
    assert!(page.contains("<b>theirs</b>") && page.contains("Anew"), "{page}");
    assert!(!scene.has(&format!("{MINE}/a.html")), "not under a name that a browser runs");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "after the next look");
    // What its own author writes over is still the author's.
    let scene = scene.remove("outbox/.authors.toml").settings("[site]\ntitle = \"Once more\"\n");
    let once = Once::new();
    let own = || {
        once.call_once(|| scene.put_whole(&format!("outbox/{MINE}.txt"), b"<b class=\"mine\">edited</b>"));
        Ok(())
    };
    scene.build_gated(&scene.site(), &own).report();
    scene.build().report();
    assert!(scene.page(&format!("{MINE}.html")).contains("<b class=\"mine\">edited</b>"));
    assert_same(&scene.built(), &scene.clean(), "an edit of one's own");
}

#[test]
fn where_it_cannot_be_known_everything_is_somebody_elses() {
    let whole = String::from_utf8(signed(&[9], &[(THEIRS, &[1])], &[])).unwrap();
    let old_form = whole.replace("owner =", "profile =").replace("own = ", "later = ");
    for (damage, why) in [
        ("[messages", "so every message in this box is treated as somebody else's"),
        ("", "it does not say which keys are yours"),
        (&old_form, "it does not say which keys are yours"),
    ] {
        let scene = two_writers().file("outbox/.authors.toml", damage.as_bytes());
        scene.build().report();
        assert_eq!(published(&scene, MINE), published(&scene, THEIRS), "{damage}");
        assert_eq!(article(&scene, MINE), article(&scene, THEIRS), "{damage}");
        let (out, talk) = words(&scene.run(&["check", "blog"]));
        assert!(out.contains("outbox/.authors.toml: not readable: ") && out.contains(why), "{damage}: {out}{talk}");
        let (out, talk) = words(&scene.run(&["build", "blog", "-o", "other"]));
        assert!(talk.contains(".authors.toml"), "{out}{talk}");
    }
    let scene = two_writers().remove("outbox/.authors.toml");
    std::os::unix::fs::symlink("/dev/null", scene.path("outbox/.authors.toml")).unwrap();
    scene.build().report();
    assert_eq!(published(&scene, MINE), published(&scene, THEIRS));
    // Without the file nobody else writes here.
    let scene = scene.remove("outbox/.authors.toml");
    scene.build().report();
    assert_eq!(article(&scene, MINE), article(&scene, THEIRS));
    assert!(article(&scene, THEIRS).contains("http-equiv=\"refresh\""));
}

#[test]
fn warnings_are_of_what_has_an_effect() {
    let text = "![](https://example.org/x.png) <div><b>";
    let scene = Scene::new().message(MINE, text).message(THEIRS, text);
    let scene = scene.file("outbox/.authors.toml", &signed(&[9], &[(THEIRS, &[1])], &[]));
    let snapshot = scene.snapshot();
    assert_eq!(snapshot.findings.problems.len(), 3);
    assert!(snapshot.findings.problems.iter().all(|(_, at, _)| *at == stamp(MINE)), "{:?}", snapshot.findings.problems);
    assert_says(
        scene.session(&[&["why", &format!("blog/outbox/{THEIRS}.txt")]]),
        str![[r#"
$ missive why blog/outbox/2026-01-02T10-00-00Z.txt
outbox/2026-01-02T10-00-00Z.txt: a message of 2 January 2026, 10:00:00 UTC
  somebody else wrote it, so pages treat it like a message in an inbox
"#]],
    );
}

#[test]
fn a_co_writers_files_are_opened_only_if_they_just_show() {
    let scene = Scene::new()
        .message(MINE, "x")
        .attachment(MINE, "a.html", b"<p>")
        .message(THEIRS, "x")
        .attachment(THEIRS, "a.html", b"<p>");
    let scene = scene.file("outbox/.authors.toml", &signed(&[9], &[(THEIRS, &[1])], &[]));
    assert_says(
        scene.session(&[&["read", "blog", THEIRS, "--open", "1"]]),
        str![[r#"
$ missive read blog 2026-01-02T10-00-00Z --open 1
--- messages
error: `a.html` is not opened: missive opens only pictures, sound, films and plain documents from others
  hint: the file is [ROOT]/blog/outbox/2026-01-02T10-00-00Z/a.html
--- exit 1
"#]],
    );
    let (_, talk) = words(&scene.run(&["read", "blog", MINE, "--open", "1"]));
    assert!(!talk.contains("from others"), "{talk}");
}

/// The ids of a site's feed and of its entries.
fn ids(scene: &Scene) -> Vec<String> {
    let feed = scene.page("atom.xml");
    feed.split("<id>").skip(1).map(|rest| rest.split("</id>").next().unwrap().to_owned()).collect()
}

#[test]
fn somebody_elses_broken_profile_stops_nothing_and_changes_no_id() {
    let good = b"id = \"urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a\"\ntitle = \"Harbour\"\nauthor = \"Cooper\"\n";
    let foreign = Authors { owner: Some(key(1)), own: vec![key(9)], ..Authors::default() };
    let joined = || Scene::new().file("outbox/.authors.toml", foreign.to_toml().as_bytes());
    for (scene, folder) in [(Scene::subscription(), "inbox"), (joined(), "outbox")] {
        let profile = format!("{folder}/.channel.toml");
        let scene = scene.message(MINE, "x").file(&profile, good);
        scene.build().report();
        let before = (ids(&scene), scene.built());
        let scene = scene.file(&profile, b"title = [");
        let snapshot = scene.snapshot();
        let hidden: Vec<String> =
            snapshot.findings.hidden.iter().filter(|it| it.warning).map(|it| it.reason.to_string()).collect();
        assert_eq!(hidden.len(), 1, "{hidden:?}");
        assert!(hidden[0].ends_with("; its last readable content is used until you fix it"), "{hidden:?}");
        scene.build().wrote([]);
        assert_same(&scene.built(), &before.1, folder);
        // What was there before is known to the cache alone; without it the channel goes by its name.
        fs::remove_file(scene.root().join("cards")).unwrap();
        scene.build().report();
        assert!(ids(&scene) != before.0 && scene.page("index.html").contains("blog"));
        let scene = scene.file(&profile, good);
        scene.build().report();
        assert_eq!(ids(&scene), before.0);
    }
    let own = Authors {
        owner: Some(key(9)),
        own: vec![key(9)],
        messages: BTreeMap::from([(stamp(MINE), key(1).into())]),
        ..Authors::default()
    };
    let scene = Scene::new().message(MINE, "x").file("outbox/.channel.toml", b"title = [");
    assert!(scene.build().error().to_string().contains(".channel.toml"), "one's own is to be mended");
    let scene = scene.file("outbox/.authors.toml", own.to_toml().as_bytes());
    assert!(scene.build().error().to_string().contains(".channel.toml"), "also where others write");
}

#[test]
fn in_somebody_elses_channel_i_am_not_its_owner() {
    let foreign = Authors {
        owner: Some(key(1)),
        own: vec![key(9)],
        names: BTreeMap::from([(key(1), "Cooper".to_owned())]),
        messages: BTreeMap::from([(stamp(THEIRS), key(1).into())]),
        ..Authors::default()
    };
    let scene = Scene::new()
        .message(MINE, "Not signed yet.")
        .message(THEIRS, "By the owner.")
        .file("outbox/.channel.toml", b"author = \"Cooper\"\n")
        .file("outbox/.authors.toml", foreign.to_toml().as_bytes());
    scene.build().report();
    let feed = scene.page("atom.xml");
    let names: Vec<&str> = feed
        .split("<entry>")
        .skip(1)
        .map(|entry| entry.split("<name>").nth(1).unwrap().split('<').next().unwrap())
        .collect();
    assert_eq!(names, ["Cooper", "me"]);
}

#[test]
fn nobody_in_a_conversation_looks_like_me() {
    let peer = |own: &str| Authors {
        owner: Some(key(1)),
        names: BTreeMap::from([(key(1), own.to_owned()), (key(2), "Delilah".to_owned())]),
        messages: BTreeMap::from([(stamp(MINE), key(1).into()), (stamp(THEIRS), key(2).into())]),
        ..Authors::default()
    };
    let scene = |profile: &str, authors: Option<&Authors>| {
        let scene = Scene::conversation()
            .file(&format!("inbox/{MINE}.txt"), b"one")
            .file(&format!("inbox/{THEIRS}.txt"), b"two")
            .file("outbox/2026-01-03T10-00-00Z.txt", b"mine")
            .file("outbox/.channel.toml", b"author = \"Azureen\"\n")
            .file("inbox/.channel.toml", format!("author = {}\n", toml::Value::String(profile.to_owned())).as_bytes());
        match authors {
            Some(authors) => scene.file("inbox/.authors.toml", authors.to_toml().as_bytes()),
            None => scene,
        }
    };
    for (profile, authors, expected) in [
        ("Azureen", Some(peer("Azureen")), ["Azureen (01010101)", "Delilah"]),
        ("Azureen", Some(peer("AZÚREEN")), ["AZÚREEN (01010101)", "Delilah"]),
        ("Cooper", Some(peer("Cooper")), ["Cooper", "Delilah"]),
        ("Azureen", None, ["Azureen (blog)", "Azureen (blog)"]),
        ("azureen\u{200b}", None, ["azureen\u{200b} (blog)", "azureen\u{200b} (blog)"]),
        ("Me", None, ["blog", "blog"]),
        ("Cooper", None, ["Cooper", "Cooper"]),
    ] {
        let scene = scene(profile, authors.as_ref());
        scene.build().report();
        let author = |page: &str| {
            let page = scene.page(page);
            let name = page.split("p-author h-card\" dir=\"auto\">").nth(1).unwrap();
            name.split('<').next().unwrap().to_owned()
        };
        let site = [MINE, THEIRS].map(|stem| author(&format!("inbox/{stem}.html")));
        assert_eq!(site, expected, "{profile}");
        assert_eq!(author("outbox/2026-01-03T10-00-00Z.html"), "Azureen");
        let (out, _) = words(&scene.run(&["read", "blog", "--json", "--keep-unread"]));
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let names: Vec<&str> =
            report["messages"].as_array().unwrap().iter().map(|message| message["author"].as_str().unwrap()).collect();
        assert_eq!(names, [expected[0], expected[1], "me"], "{profile}");
    }
}

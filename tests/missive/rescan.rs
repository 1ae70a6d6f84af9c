//! A second look at some names sees what a first look at everything would.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use missive::channel::Channel;
use missive::channel::protocol::classify::Reason;
use missive::channel::protocol::entry::Side;
use missive::channel::snapshot::card_cache::CardCache;
use missive::channel::snapshot::completeness::DEFAULT_HOLD;
use missive::channel::snapshot::rescan::{ChangedNames, LastLook};
use missive::channel::snapshot::{self, LookOptions, Snapshot};
use proptest::prelude::*;
use snapbox::str;

use crate::scene::{Scene, assert_same, files, png};
use crate::test_environment::assert_says;

const STEMS: [&str; 4] =
    ["2025-01-01T00-00-00Z", "2025-01-01T00-00-01Z", "2025-02-01T08-30-00Z", "2026-12-24T18-00-00Z"];
const TEXTS: [&str; 7] = [
    "# A title\n\nWith *text* and #one tag.\n",
    "",
    "---\ndraft: true\n---\nnot yet\n",
    "![a picture](p.png) and [a file](2025-01-01T00-00-00Z/data.csv)\n",
    "bytes \u{fffd} and [another](2025-01-01T00-00-01Z.txt)",
    "---\ntitle: T\ntags: a, b\nunknown\n---\n![x](https://example.org/x.png)",
    "[messages]\n\"2025-01-01T00-00-00Z\" = \"1f0c2a9b1f0c2a9b1f0c2a9b1f0c2a9b1f0c2a9b1f0c2a9b1f0c2a9b1f0c2a9b\"\n",
];
const NAMES: [&str; 15] = [
    "{}.txt",
    "{}.txt",
    "{}.txt",
    "{}/p.png",
    "{}/data.csv",
    "{}/.syncthing.p.png.tmp",
    "{}/deep/er.txt",
    ".syncthing.{}.txt.tmp",
    "{}.txt.!sync",
    "{}.sync-conflict-20260101-120000-ABCDEFG.txt",
    "notes.md",
    ".channel.toml",
    ".authors.toml",
    "{}.TXT",
    "{}/link",
];

#[derive(Clone, Debug)]
struct Edit {
    inbox: bool,
    stem: usize,
    name: usize,
    /// What is written; nothing removes the file.
    text: Option<usize>,
    /// Whether a second look is taken after this edit.
    look: bool,
}

fn edit() -> impl Strategy<Value = Edit> {
    (any::<bool>(), 0..STEMS.len(), 0..NAMES.len(), proptest::option::weighted(0.75, 0..TEXTS.len()), any::<bool>())
        .prop_map(|(inbox, stem, name, text, look)| Edit { inbox, stem, name, text, look })
}

/// Makes an edit, and gives the name in the box that it concerns.
fn apply(scene: &Scene, edit: &Edit) -> (Side, OsString) {
    let side = if edit.inbox { Side::Inbox } else { Side::Outbox };
    let name = NAMES[edit.name].replace("{}", STEMS[edit.stem]);
    let path = scene.path(&format!("{side}/{name}"));
    match edit.text {
        Some(text) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bytes = if name.ends_with("png") { png(9, 9) } else { TEXTS[text].as_bytes().to_vec() };
            fs::write(&path, bytes).unwrap();
        }
        None => drop(fs::remove_file(&path)),
    }
    (side, name.split('/').next().unwrap().into())
}

type Seen = (Vec<String>, Vec<String>, Vec<String>, Vec<String>, BTreeMap<String, String>, String);

/// Everything that a look saw, in words.
fn seen(snapshot: &Snapshot) -> Seen {
    (
        snapshot.cards.iter().map(|card| format!("{card:?}")).collect(),
        snapshot.held.iter().map(|held| format!("{held:?}")).collect(),
        snapshot.findings.hidden.iter().map(|hidden| format!("{hidden:?}")).collect(),
        snapshot.findings.problems.iter().map(|problem| format!("{problem:?}")).collect(),
        snapshot.findings.missing.iter().map(|(key, lack)| (format!("{key:?}"), format!("{lack:?}"))).collect(),
        format!("{:?} {:?}", snapshot.bylines(), snapshot.trusts()),
    )
}

fn first_look(scene: &Scene, look: LookOptions) -> Snapshot {
    snapshot::take(Channel::open(&scene.path("")).unwrap(), &CardCache::nowhere(), look)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_look_sees_what_a_first_would(edits in proptest::collection::vec(edit(), 1..30)) {
        let scene = Scene::conversation();
        let mut now = seconds();
        let mut rest = LastLook::from_snapshot(first_look(&scene, LookOptions::at(now)));
        let mut names = ChangedNames::new();
        for (at, edit) in edits.iter().enumerate() {
            names.insert(apply(&scene, edit));
            if edit.look || at + 1 == edits.len() {
                now += 100;
                let snapshot = rest.some(&std::mem::take(&mut names), LookOptions::at(now)).unwrap();
                prop_assert_eq!(seen(&snapshot), seen(&first_look(&scene, LookOptions::at(now))));
                rest = LastLook::from_snapshot(snapshot);
                // What was settled long ago is the same, and nothing else is.
                let later = LookOptions::at(now + 1_000_000);
                let settled = LastLook::from_snapshot(rest.everything(later).unwrap().0);
                prop_assert!(settled.everything(later).unwrap().1);
                let before = seen(&settled.everything(later).unwrap().0);
                apply(&scene, &Edit { stem: (edit.stem + 1) % STEMS.len(), ..edit.clone() });
                let (again, same) = settled.everything(later).unwrap();
                prop_assert_eq!(same, before == seen(&again));
                names.insert(apply(&scene, &Edit { stem: (edit.stem + 1) % STEMS.len(), ..edit.clone() }));
            }
        }
    }
}

fn seconds() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn now() -> Scene {
    let mut scene = Scene::new();
    scene.now = seconds();
    scene
}

#[test]
fn a_message_waits_for_the_attachments_that_it_names() {
    const STEM: &str = "2026-01-02T10-00-00Z";
    let mut scene = now().message("2026-01-01T10-00-00Z", "text").message(STEM, "![At six](harbour.jpg) #sea");
    scene.build().report();
    assert!(!scene.has(&format!("{STEM}.html")) && !scene.has("tag/sea.html"));
    let snapshot = scene.snapshot();
    let held = &snapshot.held[0];
    assert_eq!(held.reason.to_string(), "held: waiting for harbour.jpg");
    assert!((scene.now + DEFAULT_HOLD - held.until.unwrap()).abs() <= 2);

    scene.now += DEFAULT_HOLD + 5;
    scene.build().report();
    assert!(scene.page(&format!("{STEM}.html")).contains("Not here yet: harbour.jpg"));
    assert!(scene.page("index.html").contains("Not here yet: harbour.jpg"));
    let scene = scene.attachment(STEM, "harbour.jpg", &png(4, 3));
    scene.build().report();
    assert!(!scene.page(&format!("{STEM}.html")).contains("Not here yet"), "mended");
    assert_same(&scene.built(), &scene.clean(), "arrived");
}

#[test]
fn a_message_waits_while_a_part_of_it_arrives() {
    const STEM: &str = "2026-01-02T10-00-00Z";
    for partial in [format!(".syncthing.{STEM}.txt.tmp"), format!("{STEM}/a.jpg.!sync"), format!("{STEM}.txt.!Sync")] {
        let scene = now().message(STEM, "text").file(&format!("outbox/{partial}"), b"half");
        scene.build().report();
        assert!(!scene.has(&format!("{STEM}.html")), "{partial}");
        let scene = scene.remove(&format!("outbox/{partial}"));
        scene.build().report();
        assert!(scene.page(&format!("{STEM}.html")).contains("text"), "{partial}");
    }
}

#[test]
fn an_empty_file_waits_a_minute_for_its_text_unless_something_is_attached() {
    let mut scene = now().message("2026-01-01T10-00-00Z", "").message("2026-01-02T10-00-00Z", "").attachment(
        "2026-01-02T10-00-00Z",
        "p.png",
        &png(3, 4),
    );
    scene.build().report();
    assert!(!scene.has("2026-01-01T10-00-00Z.html") && scene.has("2026-01-02T10-00-00Z.html"));
    scene.now += 65;
    scene.build().report();
    assert!(scene.has("2026-01-01T10-00-00Z.html"));
}

#[test]
fn nothing_that_is_shown_is_taken_down_for_what_it_lacks() {
    const STEM: &str = "2026-01-02T10-00-00Z";
    let scene = now().message(STEM, "text");
    scene.build().report();
    let scene = scene.message(STEM, "text and ![a picture](later.png)");
    scene.build().report();
    assert!(scene.page(&format!("{STEM}.html")).contains("Not here yet: later.png"));
    scene.build().wrote([]);
    let scene = scene.attachment(STEM, "later.png", &png(4, 3));
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "arrived");
}

#[test]
fn what_is_held_is_told() {
    let scene = now().message("2026-01-01T10-00-00Z", "text").message("2026-01-02T10-00-00Z", "![](a.png) ![](b.png)");
    // How a day is shown depends on today.
    let (channels, _) = crate::scene::words(&scene.run(&["channels"]));
    assert!(channels.contains("1 waits for missing files"), "{channels}");
    let build: &[&str] = &["build", "./blog", "-o", "out"];
    assert_says(
        scene.session(&[build, &["check", "./blog"], &[build, &["--hold", "0s"]].concat()]),
        str![[r#"
$ missive build ./blog -o out
[ROOT]/out: 1 message, 1 held, 9 files written of 9 in [TIME]
--- messages
note: outbox/2026-01-02T10-00-00Z.txt: held: waiting for a.png, b.png
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one

$ missive check ./blog
blog: 1 message, no warnings
  outbox/2026-01-02T10-00-00Z.txt: held: waiting for a.png, b.png

$ missive build ./blog -o out --hold 0s
[ROOT]/out: 2 messages, 7 files written of 10 in [TIME]
--- messages
warning: outbox/2026-01-02T10-00-00Z.txt: it shows a file that is not here: a.png, b.png
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    assert!(files(&scene.site()).contains_key("2026-01-02T10-00-00Z.html"));
}

#[test]
fn one_part_of_a_message_does_not_hold_the_others() {
    let scene =
        now().message("2026-01-01T10-00-00Z", "[site](index.html) [feed](atom.xml) [me](2026-01-01T10-00-00Z.txt)");
    assert!(scene.snapshot().held.is_empty());
    let reasons: Vec<Reason> = scene.snapshot().findings.hidden.into_iter().map(|hidden| hidden.reason).collect();
    assert_eq!(reasons, []);
}

#[test]
fn a_message_that_waits_changes_no_page_of_the_others() {
    let scene = now().message("2026-01-01T10-00-00Z", "one").message("2026-01-02T10-00-00Z", "two");
    scene.build().report();
    let scene = scene.message("2026-01-03T10-00-00Z", "![](not-here.png)");
    let before = modified(&scene);
    scene.build().wrote([]);
    assert_eq!(modified(&scene), before, "not even the record is written");
}

fn modified(scene: &Scene) -> std::time::SystemTime {
    fs::metadata(scene.site().join(".missive-manifest")).unwrap().modified().unwrap()
}

#[test]
fn a_box_that_is_no_folder_is_noticed() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    let look = LookOptions::at(seconds() + 1_000);
    let rest = LastLook::from_snapshot(first_look(&scene, look));
    assert!(rest.everything(look).unwrap().1);
    fs::write(scene.path("inbox"), "").unwrap();
    assert!(matches!(rest.everything(look), Err(missive::channel::Error::NotABox { .. })));
}

#[test]
fn what_was_not_settled_is_not_called_the_same() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text").attachment("2026-01-01T10-00-00Z", "a.csv", b"1");
    let rest = LastLook::from_snapshot(first_look(&scene, LookOptions::at(seconds())));
    assert!(!rest.everything(LookOptions::at(seconds())).unwrap().1, "it may have changed in the same tick");
}

#[test]
fn what_is_shown_stays_when_a_box_comes() {
    const STEM: &str = "2026-01-02T10-00-00Z";
    let scene = now().message(STEM, "text");
    scene.build().report();
    let scene = scene.message(STEM, "text ![](later.png)");
    fs::create_dir(scene.path("inbox")).unwrap();
    scene.build().report();
    assert!(scene.page(&format!("outbox/{STEM}.html")).contains("Not here yet: later.png"));
}

#[test]
fn a_strangers_names_are_harmless_in_the_notice() {
    let mut scene =
        Scene::subscription().message("2026-01-02T10-00-00Z", "![](a%0Ab%1b[31m.jpg) ![](inv%E2%80%AEgpj.png)");
    scene.now = seconds() + 10_000;
    scene.build().report();
    let page = scene.page("index.html");
    assert!(page.contains("Not here yet: a␊b␛[31m.jpg, inv⟨U+202E⟩gpj.png"), "{page}");
}

#[test]
fn what_a_build_that_was_cut_off_put_in_place_is_reported_by_the_next() {
    let scene = now().message("2026-01-01T10-00-00Z", "one");
    scene.build().report();
    let scene = scene.message("2026-01-02T10-00-00Z", "two");
    let is_there = || scene.has("2026-01-02T10-00-00Z.html");
    let gate = || {
        if is_there() { Err(std::io::Error::other("cut off")) } else { Ok(()) }
    };
    assert!(scene.build_gated(&scene.site(), &gate).0.is_err());
    let written = scene.build().report().written;
    assert!(written.iter().any(|written| written.path.as_str() == "2026-01-02T10-00-00Z.html"), "{written:?}");
    scene.build().wrote([]);
}

//! After any sequence of edits, an incremental build equals a clean build, byte for byte.

use std::collections::BTreeMap;
use std::fs;

use missive::channel::authorship::authors::Authors;
use missive::channel::authorship::signers::Key;
use missive::channel::protocol::layout::AUTHORS_FILE;
use missive::channel::protocol::stamp::Stamp;
use missive::text::caseless::casefold;
use proptest::prelude::*;

use crate::scene::{Scene, assert_same, png};

const STEMS: [&str; 6] = [
    "2024-12-31T23-59-59Z",
    "2025-01-01T00-00-00Z",
    "2025-01-15T10-00-00Z",
    "2025-02-01T08-30-00Z",
    "2026-03-04T05-06-07Z",
    "2026-03-04T05-06-08Z",
];
const TEXTS: [&str; 8] = [
    "# A title\n\nWith *text* and #one tag.\n",
    "A note, no title. #two #One #straße\n",
    "",
    "---\ntitle: From the header\ntags: two, three, Strasse\nupdated: 2026-01-01T00:00:00Z\n---\n\n## Part\n\nText[^1].\n\n[^1]: Note.\n",
    "![a picture](p.png) and [a file](data.csv) and [another message](2025-01-15T10-00-00Z.txt)\n",
    "---\ndraft: true\n---\nnot yet\n",
    "```rust\nfn main() {}\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |\n",
    "---\nin-reply-to: 2025-01-01T00-00-00Z\n---\nAn answer with <b>HTML</b>\n",
];
const SETTINGS: [&str; 4] = [
    "",
    "[site]\npage_size = 1\n",
    "[site]\npage_size = 2\nbase_url = \"https://example.org/b/\"\nfeed_size = 3\n",
    "[site]\ntitle = \"Another title\"\nhighlight = false\nraw_html = false\n",
];
/// Names of the keys 1 and 2, and who wrote which message: apart, clashing with each other, clashing with the profile.
type Wrote = (&'static [(u8, &'static str)], &'static [(usize, u8)]);
const AUTHORS: [Wrote; 4] = [
    (&[], &[]),
    (&[(1, "Azureen"), (2, "Brando")], &[(0, 1), (1, 2), (2, 1), (3, 2)]),
    (&[(1, "Azureen"), (2, "azureen")], &[(1, 2), (2, 1), (3, 1)]),
    (&[(1, "A0"), (2, "A1")], &[(0, 2), (1, 1), (4, 2), (5, 1)]),
];

/// Who signed what; nobody signed anything where nothing is said.
fn authors((names, messages): Wrote) -> Authors {
    let key = |byte: u8| Key::new([byte; 32]);
    Authors {
        owner: Some(key(9)),
        own: vec![key(9)],
        names: names.iter().map(|(byte, name)| (key(*byte), (*name).to_owned())).collect(),
        messages: messages
            .iter()
            .map(|(stem, byte)| (Stamp::parse(STEMS[*stem].as_bytes()).unwrap(), key(*byte).into()))
            .collect(),
        ..Authors::default()
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Write(usize, usize),
    Delete(usize),
    Attach(usize, &'static str, u32),
    Detach(usize, &'static str),
    Settings(usize),
    Template(bool),
    Style(u8),
    Profile(u8),
    Authors(usize, usize),
    LoseOutput(usize),
    LoseCache,
    Build,
}

fn edit() -> impl Strategy<Value = Edit> {
    let stem = 0..STEMS.len();
    let name = prop_oneof![
        Just("p.png"),
        Just("P.PNG"),
        Just("data.csv"),
        Just("data.csv/inner.html"),
        Just("deep/er/a b.txt"),
        Just("x.html"),
        Just("x.html.txt/y"),
    ];
    prop_oneof![
        6 => (stem.clone(), 0..TEXTS.len()).prop_map(|(stem, text)| Edit::Write(stem, text)),
        2 => stem.clone().prop_map(Edit::Delete),
        3 => (stem.clone(), name.clone(), 1u32..4).prop_map(|(stem, name, size)| Edit::Attach(stem, name, size)),
        1 => (stem, name).prop_map(|(stem, name)| Edit::Detach(stem, name)),
        1 => (0..SETTINGS.len()).prop_map(Edit::Settings),
        1 => any::<bool>().prop_map(Edit::Template),
        1 => (0u8..3).prop_map(Edit::Style),
        1 => (0u8..3).prop_map(Edit::Profile),
        2 => (0usize..2, 0..=AUTHORS.len()).prop_map(|(side, which)| Edit::Authors(side, which)),
        1 => (0usize..9).prop_map(Edit::LoseOutput),
        1 => Just(Edit::LoseCache),
        4 => Just(Edit::Build),
    ]
}

/// The box that a message of the scene lies in: in a conversation, every other one is theirs.
fn box_of(scene: &Scene, stem: usize) -> &'static str {
    match (scene.path("inbox").is_dir(), scene.path("outbox").is_dir()) {
        (true, true) if stem.is_multiple_of(2) => "inbox",
        (true, false) => "inbox",
        _ => "outbox",
    }
}

/// Writes an attachment; what is in its way, a file where a folder must be or the other way round, goes.
fn attach(scene: Scene, path: &str, bytes: &[u8]) -> Scene {
    let file = scene.path(path);
    if file.is_dir() {
        fs::remove_dir_all(&file).unwrap();
    }
    for above in file.ancestors().skip(1).filter(|above| above.is_file()) {
        fs::remove_file(above).unwrap();
    }
    scene.file(path, bytes)
}

fn apply(scene: Scene, edit: &Edit) -> Scene {
    match edit {
        Edit::Write(stem, text) => {
            let path = format!("{}/{}.txt", box_of(&scene, *stem), STEMS[*stem]);
            scene.file(&path, TEXTS[*text].as_bytes())
        }
        Edit::Delete(stem) => {
            let _ = fs::remove_file(scene.path(&format!("{}/{}.txt", box_of(&scene, *stem), STEMS[*stem])));
            scene
        }
        Edit::Attach(stem, name, size) => {
            let path = format!("{}/{}/{name}", box_of(&scene, *stem), STEMS[*stem]);
            attach(scene, &path, &png(*size, 9))
        }
        Edit::Detach(stem, name) => {
            let _ = fs::remove_file(scene.path(&format!("{}/{}/{name}", box_of(&scene, *stem), STEMS[*stem])));
            scene
        }
        Edit::Settings(which) => scene.settings(SETTINGS[*which]),
        Edit::Template(there) => {
            let scene = scene.file("theme/tag.html", b"{{ tag }}{% for r in rows %} {{ r.label }}{% endfor %}");
            if *there { scene } else { scene.remove("theme") }
        }
        Edit::Style(which) => scene.file("theme/letter.css", &[b'a' + which]),
        Edit::Profile(which) => {
            let path = format!("{}/.channel.toml", box_of(&scene, usize::from(*which)));
            scene.file(&path, format!("author = \"A{which}\"\ndescription = \"d\"\n").as_bytes())
        }
        Edit::Authors(at, which) => {
            let folder = box_of(&scene, *at);
            match AUTHORS.get(*which) {
                Some(wrote) => drop(authors(*wrote).write(&scene.path(folder)).unwrap()),
                None => fs::write(scene.path(folder).join(AUTHORS_FILE), "[messages]\n0 = 1\n").unwrap(),
            }
            scene
        }
        Edit::LoseOutput(which) => {
            let built = if scene.site().exists() { scene.built() } else { BTreeMap::default() };
            if let Some(name) = built.keys().filter(|name| !name.starts_with('.')).nth(*which) {
                fs::remove_file(scene.site().join(name)).unwrap();
            }
            scene
        }
        Edit::LoseCache => {
            let _ = fs::remove_file(scene.root().join("cards"));
            scene
        }
        Edit::Build => {
            scene.build().report();
            scene
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn incremental_equals_clean(kind in 0..3, edits in proptest::collection::vec(edit(), 1..24)) {
        let mut scene = match kind {
            0 => Scene::new(),
            1 => Scene::subscription(),
            _ => Scene::conversation(),
        };
        scene.manner.allow_empty = true;
        for edit in &edits {
            scene = apply(scene, edit);
        }
        scene.build().report();
        assert_same(&scene.built(), &scene.clean(), &format!("{edits:#?}"));
        let again = scene.build().report();
        prop_assert!(again.written.is_empty() && again.removed.is_empty(), "{:?}", again.written);
    }
}

#[test]
fn who_signed_a_message_rewrites_only_what_shows_it() {
    let mut scene = Scene::new().settings("[site]\nfeed_size = 1\n");
    for stem in STEMS {
        scene = scene.message(stem, "text");
    }
    scene.build().report();
    let before = scene.built();
    let outbox = scene.path("outbox");
    let mut wrote = authors((&[(1, "Azureen"), (2, "Brando")], &[(0, 1)]));
    assert!(wrote.write(&outbox).unwrap());
    let oldest = format!("{}.html", STEMS[0]);
    scene.build().wrote([&oldest, "2024/12.html", "index.html"]);
    assert!(scene.page(&oldest).contains("Azureen") && scene.page("index.html").contains("Azureen"));
    assert_same(&scene.built(), &scene.clean(), "one is signed");
    scene.build().wrote([]);

    wrote.names.insert(Key::new([3; 32]), "AZUREEN".to_owned());
    assert!(wrote.write(&outbox).unwrap());
    scene.build().wrote([&oldest, "2024/12.html", "index.html"]);
    assert!(scene.page(&oldest).contains("Azureen (01010101)"));

    wrote.messages.insert(Stamp::parse(STEMS[5].as_bytes()).unwrap(), Key::new([9; 32]).into());
    assert!(wrote.write(&outbox).unwrap() && !wrote.write(&outbox).unwrap());
    let newest = format!("{}.html", STEMS[5]);
    scene.build().wrote([&newest, "2026/03.html", "index.html", "atom.xml", "feed.json"]);
    assert!(scene.page("atom.xml").contains("<author><name>key 09090909</name></author>"));

    let scene = scene.file("outbox/.authors.toml", b"[messages]\n\"x\" = 1\n");
    let damaged = scene.build().report();
    assert_eq!(damaged.written.len(), 7, "{:#?}", damaged.written);
    assert_same(&scene.built(), &scene.clean(), "who wrote is not known");
    let pages = |mut files: BTreeMap<String, Vec<u8>>| {
        files.remove(".missive-manifest");
        files
    };
    assert_same(&pages(scene.built()), &pages(before.clone()), "plain texts look the same whoever wrote them");
    let scene = scene.remove("outbox/.authors.toml");
    scene.build().wrote([]);
    assert_same(&scene.built(), &before, "the file is gone");
}

#[test]
fn an_edit_rewrites_only_what_shows_it() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "# One\n\nFirst text.\n")
        .message("2026-02-01T10-00-00Z", "# Two\n\nSecond text, long enough that its end shows in no list.\n")
        .message("2026-03-01T10-00-00Z", "# Three\n\nThird text. #tagged\n");
    scene.build().report();
    scene.build().wrote([]);
    let scene = scene.message("2026-01-01T10-00-00Z", "# One\n\nFirst text, mended.\n");
    scene.build().wrote(["2026-01-01T10-00-00Z.html", "atom.xml", "feed.json", "index.html"]);
    let scene = scene
        .message("2026-02-01T10-00-00Z", "# Two, renamed\n\nSecond text, long enough that its end shows in no list.\n");
    scene.build().wrote([
        "2026-01-01T10-00-00Z.html",
        "2026-02-01T10-00-00Z.html",
        "2026-03-01T10-00-00Z.html",
        "2026/02.html",
        "atom.xml",
        "feed.json",
        "index.html",
    ]);
}

#[test]
fn a_new_message_writes_at_most_twelve_files() {
    let mut scene =
        Scene::new().settings("[site]\nbase_url = \"https://example.org/\"\npage_size = 5\nfeed_size = 5\n");
    for day in 1..=25 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), &format!("# Day {day}\n\nText. #fresh\n"));
    }
    scene.build().report();
    let scene = scene.message("2026-01-26T10-00-00Z", "A new one. #fresh");
    let written = scene.build().report().written;
    assert!(written.len() <= 12, "{written:#?}");
}

#[test]
fn a_full_list_page_never_changes_again() {
    let mut scene = Scene::new().settings("[site]\npage_size = 2\n");
    for day in 1..=5 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), "text");
    }
    scene.build().report();
    let first = scene.page("page/1.html");
    for day in 6..=9 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), "text");
        scene.build().report();
        assert_eq!(scene.page("page/1.html"), first);
    }
}

#[test]
fn an_equal_length_edit_in_the_same_moment_is_seen() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "one").attachment("2026-01-01T10-00-00Z", "a.txt", b"one");
    scene.build().report();
    let scene = scene.message("2026-01-01T10-00-00Z", "two").attachment("2026-01-01T10-00-00Z", "a.txt", b"two");
    scene.build().report();
    assert!(scene.page("2026-01-01T10-00-00Z.html").contains("two"));
    assert_eq!(scene.page("2026-01-01T10-00-00Z/a.txt"), "two");
}

#[test]
fn explain_names_what_changed() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "# One\n\nText.")
        .message("2026-02-01T10-00-00Z", "# Two\n\nText.");
    scene.build().report();
    let scene = scene.message("2026-02-01T10-00-00Z", "# Other\n\nText.");
    let written = scene.build().report().written;
    let why = |path: &str| written.iter().find(|written| written.path.as_str() == path).unwrap().reasons.clone();
    assert_eq!(why("2026-02-01T10-00-00Z.html"), ["text"]);
    assert_eq!(why("2026-01-01T10-00-00Z.html"), ["neighbours"]);
}

#[test]
fn a_file_and_a_folder_can_change_places() {
    const STEM: &str = "2026-01-01T10-00-00Z";
    let scene = Scene::new().message(STEM, "text").attachment(STEM, "a", b"file");
    scene.build().report();
    let scene = scene.remove(&format!("outbox/{STEM}/a")).attachment(STEM, "a/b.txt", b"below");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "a file became a folder");
    let scene = scene.remove(&format!("outbox/{STEM}/a")).attachment(STEM, "a", b"file again");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "a folder became a file");
}

#[test]
fn names_that_clash_are_told_apart_for_good() {
    const STEM: &str = "2026-01-01T10-00-00Z";
    let mut scene = Scene::subscription().message(STEM, "text");
    for name in ["A.txt", "a.txt", "x.html", "x.html.txt/y.png", "x.HTML", "CON", "con.txt"] {
        scene = scene.attachment(STEM, name, name.as_bytes());
    }
    scene.build().report();
    let names = scene.built().into_keys().filter(|name| name.starts_with(STEM) && name.contains('/')).count();
    assert_eq!(names, 7);
    scene.build().wrote([]);
    let marked = scene.built().into_keys().find(|name| name.contains("/a-")).unwrap();
    let marked = marked.rsplit('/').next().unwrap().to_owned();
    let scene = scene.attachment(STEM, &marked, b"made to clash");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "a name made to look like ours");
}

#[test]
fn swapped_attachments_are_noticed() {
    const STEM: &str = "2026-01-01T10-00-00Z";
    let scene = Scene::new().message(STEM, "text").attachment(STEM, "a.csv", b"1").attachment(STEM, "b.csv", b"2");
    let (a, b, c) = ("a.csv", "b.csv", "c");
    let path = |name: &str| scene.path(&format!("outbox/{STEM}/{name}"));
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    for name in [a, b] {
        fs::File::options().write(true).open(path(name)).unwrap().set_modified(old).unwrap();
    }
    scene.build().report();
    for (from, to) in [(a, c), (b, a), (c, b)] {
        fs::rename(path(from), path(to)).unwrap();
    }
    scene.build().report();
    assert_eq!(
        (scene.page(&format!("{STEM}/a.csv")).as_str(), scene.page(&format!("{STEM}/b.csv")).as_str()),
        ("2", "1")
    );
}

#[test]
fn other_messages_tags_move_nothing() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "---\ntitle: A title\ntags: a_b-9f48b7e8\n---\n# On #foo\n\ntext")
        .message("2026-01-02T10-00-00Z", "text");
    scene.build().report();
    let scene = scene.message("2026-01-02T10-00-00Z", "---\ntags: a:b\n---\n#foo");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "another message's tags");
}

#[test]
fn tags_that_some_disks_take_for_one_have_a_page_each() {
    let first = "2026-01-01T10-00-00Z";
    let scene = Scene::new().message(first, "#Straße, and in the header too").message("2026-01-02T10-00-00Z", "#one");
    scene.build().report();
    assert!(scene.has("tag/straße.html"), "where nothing collides nothing is moved");
    let scene = scene.message("2026-01-03T10-00-00Z", "#STRASSE");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "the other word comes");
    let mut pages: Vec<String> = scene.built().into_keys().filter(|name| name.starts_with("tag/stra")).collect();
    pages.sort();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(pages.contains(&"tag/strasse.html".to_owned()), "the plain name keeps its page: {pages:?}");
    assert_ne!(casefold(&pages[0]), casefold(&pages[1]));
    let moved = pages.iter().find(|page| *page != "tag/strasse.html").unwrap();
    assert!(scene.page(moved).contains(first) && !scene.page("tag/strasse.html").contains(first));
    assert!(!scene.page(&format!("{first}.html")).contains("tag/stra%C3%9Fe.html"));
    let scene = scene.remove("outbox/2026-01-03T10-00-00Z.txt");
    scene.build().report();
    assert_same(&scene.built(), &scene.clean(), "the other word goes");
    assert!(scene.has("tag/straße.html"));
}

//! Headers in the forms that people bring from other programs, as a site and the terminal show them.

use std::process::Output;

use crate::scene::{Scene, words};

const STEM: &str = "2026-01-01T10-00-00Z";

fn said(output: &Output) -> String {
    let (out, messages) = words(output);
    out + &messages
}

#[test]
fn whatever_says_draft_is_on_no_page() {
    let drafts = [
        "---\ntitle: Not yet\ndraft: true\ntags:\n  - secret\n---\n\nhush",
        "---\ntitle: Not yet\nno key\ndraft: true\n---\n\nhush",
        "+++\ntitle = \"Not yet\"\ndraft = true\n[taxonomies]\ntags = [\"secret\"]\n+++\n\nhush",
        "+++\ntitle = \"Not yet\ndraft = true\n+++\n\nhush",
        "Title: Not yet\nStatus: draft\nTags: secret\n\nhush",
        "---\ntitle: Not yet\npublished: false\n---\n\nhush",
    ];
    let mut scene = Scene::new().message(STEM, "Shown.");
    for (day, text) in drafts.iter().enumerate() {
        scene = scene.message(&format!("2026-02-{:02}T10-00-00Z", day + 1), text);
    }
    let report = scene.build().report();
    assert_eq!(report.messages, 1);
    for (path, bytes) in scene.built() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("hush") && !text.contains("Not yet") && !text.contains("secret"), "{path}");
    }
    let build = said(&scene.run(&["build", "blog"]));
    assert!(
        build.contains("outbox/2026-02-02T10-00-00Z.txt: its header is shown as text, because line 3 is not"),
        "{build}"
    );
    assert!(
        build.contains("outbox/2026-02-04T10-00-00Z.txt: its header is shown as text, because line 2 is not TOML"),
        "{build}"
    );
    assert!(build.contains("it says draft, so the message is held"), "{build}");
}

#[test]
fn c_and_its_relatives_have_three_pages() {
    let scene = Scene::new()
        .message(STEM, "---\ntags: C\n---\nabout c")
        .message("2026-01-02T10-00-00Z", "---\ntags:\n  - C++\n---\nabout plus")
        .message("2026-01-03T10-00-00Z", "+++\ntags = [\"C#\"]\n+++\nabout sharp")
        .message("2026-01-04T10-00-00Z", "Title: about both\nTags: c++; c#\n\nabout it");
    scene.build().report();
    for (file, address, shows, hides) in [
        ("tag/c.html", "c.html", ["about c"].as_slice(), ["about plus", "about sharp", "about both"].as_slice()),
        ("tag/c++.html", "c%2B%2B.html", &["about plus", "about both"], &["about c", "about sharp"]),
        ("tag/c#.html", "c%23.html", &["about sharp", "about both"], &["about c", "about plus"]),
    ] {
        let page = scene.page(file);
        assert!(shows.iter().all(|text| page.contains(text)), "{file}");
        assert!(!hides.iter().any(|text| page.contains(&format!("{text}<"))), "{file}");
        let index = scene.page("tag/index.html");
        assert!(index.contains(&format!("\"../tag/{address}\"")), "{address} in {index}");
    }
}

#[test]
fn a_key_is_added_to_the_block_that_is_there() {
    for (form, expected) in [
        ("---\ntags:\n  - a # first\nmood: fine\n---\nText", "---\ntags: a, b\nmood: fine\n---\nText"),
        ("+++\ntags = [\"a\"]\n# mine\n+++\nText", "+++\ntags = [\"a\", \"b\"]\n# mine\n+++\nText"),
        ("Title: T\nTags: a\nMood: fine\n\nText", "Title: T\ntags: a, b\nMood: fine\n\nText"),
    ] {
        let scene = Scene::new().file("text.md", form.as_bytes());
        let sent = scene.run(&["compose", "blog", "--tag", "b", "--file", "blog/text.md"]);
        let outbox = std::fs::read_dir(scene.path("outbox")).unwrap().next();
        let text = outbox.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
        assert_eq!(text.as_deref().map(str::trim_end), Some(expected), "{}", said(&sent));
    }
}

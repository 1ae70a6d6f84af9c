//! What feed readers get.

use crate::scene::{Scene, png};

const STEM: &str = "2026-01-01T10-00-00Z";
const ID: &str = "8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a";

fn scene() -> Scene {
    Scene::new()
        .file(
            "outbox/.channel.toml",
            format!("id = \"urn:uuid:{ID}\"\ntitle = \"A & B\"\nauthor = \"Azureen\"\n").as_bytes(),
        )
        .settings("[site]\nbase_url = \"https://example.org/b/\"\n")
        .message(STEM, "# One\n\nText with ![a](p.png) and [two](2026-01-02T10-00-00Z.txt). #tag\n")
        .attachment(STEM, "p.png", &png(3, 4))
        .message("2026-01-02T10-00-00Z", "A note <script>alert(1)</script><b style=\"x\">bold</b>")
}

#[test]
fn content_is_harmless_and_absolute() {
    let scene = scene();
    scene.build().report();
    for feed in ["atom.xml", "feed.json"] {
        let feed = scene.page(feed);
        assert!(feed.contains("https://example.org/b/2026-01-01T10-00-00Z/p.png"), "{feed}");
        assert!(feed.contains("https://example.org/b/2026-01-02T10-00-00Z.html"), "{feed}");
        assert!(!feed.contains("script>") && !feed.contains("script&gt;") && !feed.contains("style"), "{feed}");
    }
}

#[test]
fn ids_survive_every_move() {
    let scene = scene();
    scene.build().report();
    let id = |scene: &Scene| {
        let feed: serde_json::Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
        feed["items"][1]["id"].as_str().unwrap().to_owned()
    };
    let first = id(&scene);
    assert!(first.starts_with("urn:uuid:"));
    assert!(scene.page("atom.xml").contains(&first) && scene.page("atom.xml").contains(ID));
    let scene = scene
        .settings("[site]\nbase_url = \"https://other.example/\"\ntitle = \"Another\"\n")
        .message(STEM, "# Renamed\n\nOther text.");
    scene.build().report();
    assert_eq!(id(&scene), first);
}

#[test]
fn the_readers_copy_has_the_authors_ids() {
    let author = scene();
    author.build().report();
    let mut reader = Scene::subscription().settings("[site]\nbase_url = \"https://reader.example/\"\n");
    for (name, bytes) in crate::scene::files(&author.path("outbox")) {
        reader = reader.file(&format!("inbox/{name}"), &bytes);
    }
    reader.build().report();
    let ids = |scene: &Scene| {
        let feed: serde_json::Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
        feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&author), ids(&reader));
}

#[test]
fn enclosures_have_their_published_length() {
    let scene = scene();
    scene.build().report();
    let length = scene.built()[&format!("{STEM}/p.png")].len();
    let atom = scene.page("atom.xml");
    assert!(
        atom.contains("rel=\"enclosure\"")
            && atom.contains(&format!("length=\"{length}\""))
            && atom.contains("type=\"image/png\""),
        "{atom}"
    );
}

#[test]
fn updated_is_what_the_author_says() {
    let scene = scene().message("2026-01-03T10-00-00Z", "---\nupdated: 2026-02-03T04:05:06+01:00\n---\ntext");
    scene.build().report();
    assert!(scene.page("feed.json").contains("\"date_modified\": \"2026-02-03T03:05:06Z\""));
}

#[test]
fn no_control_character_reaches_a_feed() {
    let scene = scene().message("2026-01-03T10-00-00Z", "# T\u{1b}[31m &#1; &#27;\n\n\u{8}\u{c}x &#x0B; \u{fffe}");
    scene.build().report();
    let allowed = |c: char| c == '\n' || c == '\t' || !c.is_control() && c != '\u{fffe}' && c != '\u{ffff}';
    for file in ["atom.xml", "feed.json", "2026-01-03T10-00-00Z.html", "index.html"] {
        let page = scene.page(file);
        assert!(page.chars().all(allowed), "{file}");
        assert!(!page.contains("&#1;") && !page.contains("&#27;"), "{file}");
    }
}

#[test]
fn every_feed_is_well_formed_whatever_is_written() {
    let scene = Scene::new()
        .file("outbox/.channel.toml", b"title = \"a\\u0001b\"\nauthor = \"c\\u0008\"\n")
        .message(STEM, "# T&#xFFFE;&#xFFFF;\n\n<p>&#8;raw&#1;</p>\n\n&#xFFFE;");
    scene.build().report();
    let feed = scene.page("atom.xml");
    assert!(feed.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{fffe}' && c != '\u{ffff}'), "{feed:?}");
    assert!(!scene.page("index.html").contains('\u{1}'));
}

#[test]
fn no_address_in_a_feed_is_relative() {
    let scene = scene().message(
        "2026-01-03T10-00-00Z",
        "Note[^1] and <img src=\"foo/bar.png\">, [here](#part).\n\n## Part\n\n[^1]: It.",
    );
    scene.build().report();
    let feed: serde_json::Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
    for item in feed["items"].as_array().unwrap() {
        let html = item["content_html"].as_str().unwrap();
        for attribute in ["href=\"", "src=\""] {
            for value in html.split(attribute).skip(1) {
                assert!(value.starts_with("https://example.org/b/"), "{html}");
            }
        }
    }
}

#[test]
fn an_empty_attachment_is_no_enclosure() {
    let scene = scene().attachment(STEM, "zero.bin", b"");
    scene.build().report();
    assert!(!scene.page("atom.xml").contains("zero.bin") && scene.has(&format!("{STEM}/zero.bin")));
}

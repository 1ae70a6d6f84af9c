//! What photographs tell: nothing on a site, and a word about everything that is handed out as it is.

use std::fs;

use snapbox::str;

use crate::scene::{SERIAL, Scene, heic, notes, photograph, words};
use crate::test_environment::assert_says;

const STEM: &str = "2026-01-01T10-00-00Z";

fn tells(bytes: &[u8]) -> bool {
    bytes.windows(SERIAL.len()).any(|window| window == SERIAL)
}

#[test]
fn a_photograph_tells_nothing_under_any_name() {
    let names = [
        "a.jpg",
        "b.JPEG",
        "c.pjpeg",
        "d.jfif",
        "e.mpo",
        "f.insp",
        "g.jpg.orig",
        "h.jpg_original",
        "i",
        "j.txt",
        "k.heic",
        "l.jpg~1",
        "m.thm",
    ];
    for scene in [Scene::new(), Scene::subscription()] {
        let mut scene = scene.message(STEM, "![x](a.jpg)");
        for name in names {
            scene = scene.attachment(STEM, name, &photograph(3, 2));
        }
        for (name, before) in [("stray.jpg", &b"\n"[..]), ("stray", b"\0\0"), ("stray.jpg.bak", &[b'x'; 900])] {
            scene = scene.attachment(STEM, name, &[before, &photograph(3, 2)].concat());
        }
        scene.build().report();
        let built = scene.built();
        assert_eq!(built.keys().filter(|name| name.starts_with(&format!("{STEM}/"))).count(), names.len() + 3);
        for (name, bytes) in &built {
            assert!(!tells(bytes), "{name}");
        }
        assert!(built[&format!("{STEM}/a.jpg")].starts_with(b"\xff\xd8\xff\xdb"));
        assert!(built[&format!("{STEM}/stray.jpg")].starts_with(b"\xff\xd8\xff\xdb"), "what stood before it is gone");
        // What is fetched through a feed has the length that the feed says.
        let feed: serde_json::Value = serde_json::from_slice(&built["feed.json"]).unwrap();
        for file in feed["items"][0]["attachments"].as_array().unwrap() {
            let path = percent_encoding::percent_decode_str(file["url"].as_str().unwrap()).decode_utf8().unwrap();
            assert_eq!(file["size_in_bytes"], built[&*path].len(), "{path}");
        }
    }
}

#[test]
fn other_files_are_published_byte_for_byte() {
    let song = [&b"ID3\x04\0\0\0\0\x20\0APIC"[..], &photograph(3, 2), b"sound"].concat();
    let scene = Scene::new().message(STEM, "x").attachment(STEM, "a.mp3", &song).attachment(STEM, "b.heic", &heic());
    scene.build().report();
    assert_eq!(scene.built()[&format!("{STEM}/a.mp3")], song);
    assert_eq!(scene.built()[&format!("{STEM}/b.heic")], heic());
}

#[test]
fn what_stays_in_a_picture_is_said_when_it_is_published() {
    let scene = Scene::new().message(STEM, "x").attachment(STEM, "a.jpg", &photograph(3, 2));
    assert_says(
        scene.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 10 files written of 10 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    let scene = scene.attachment(STEM, "b.heic", &heic()).attachment(STEM, "c.dng", &notes());
    assert_says(
        scene.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 7 files written of 12 in [TIME]
--- messages
warning: outbox/2026-01-01T10-00-00Z/b.heic holds a place; names a device; names an author: SN-0012345678; missive cannot remove that from this file
warning: outbox/2026-01-01T10-00-00Z/c.dng holds a place; names a device; names an author: SN-0012345678; missive cannot remove that from this file
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    assert_eq!(scene.run(&["build", "blog", "--strict"]).status.code(), Some(1));
    assert_says(
        scene.session(&[&["build", "blog", "--keep-metadata"]]),
        str![[r#"
$ missive build blog --keep-metadata
[ROOT]/blog/site: 1 message, 3 files written of 12 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    // A reader's copy of somebody else's pictures is no business of the reader's.
    let theirs = Scene::subscription().message(STEM, "x").attachment(STEM, "b.heic", &heic());
    assert_says(
        theirs.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 10 files written of 10 in [TIME]
--- messages
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
}

#[test]
fn what_stays_in_a_picture_is_said_when_it_is_attached() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.heic"), heic()).unwrap();
    fs::write(scene.root().join("b.jpg"), photograph(3, 2)).unwrap();
    assert_says(
        scene.session(&[&["compose", "blog", "-m", "x", "-a", "a.heic", "-a", "b.jpg"]]),
        str![[r#"
$ missive compose blog -m x -a a.heic -a b.jpg
Sent [NOW], with 2 attachments.
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: a.heic holds a place; names a device; names an author: SN-0012345678; missive cannot remove that from this file
"#]],
    );
}

#[test]
fn check_lists_what_attachments_tell() {
    let scene = Scene::new().message(STEM, "x").attachment(STEM, "plain.png", &crate::scene::png(3, 2));
    assert_says(
        scene.session(&[&["check", "--metadata", "blog"]]),
        str![[r#"
$ missive check --metadata blog
blog: missive found no attachment that reveals a place, a device or a person
"#]],
    );
    let scene = scene.attachment(STEM, "a.jpg", &photograph(3, 2)).attachment(STEM, "b.heic", &heic()).attachment(
        STEM,
        "c.mp4",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x20udta\xa9xyz+48.2082+016.3738/",
    );
    assert_says(
        scene.session(&[&["check", "--metadata", "blog"]]),
        str![[r#"
$ missive check --metadata blog
blog: 3 attachments reveal more than they show
  outbox/2026-01-01T10-00-00Z/a.jpg: place, device, person (SN-0012345678); the copy on a site does not
  outbox/2026-01-01T10-00-00Z/b.heic: place, device, person (SN-0012345678); the copy on a site reveals it too
  outbox/2026-01-01T10-00-00Z/c.mp4: place (48.2082, 16.3738); the copy on a site reveals it too
People who receive the channel's folder receive these files unchanged.
To clean one before you send it, use a program such as exiftool: exiftool -all= FILE
"#]],
    );
    let (out, _) = words(&scene.run(&["check", "--metadata", "blog", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        json["channels"][0]["metadata"][0],
        serde_json::json!({
            "path": format!("outbox/{STEM}/a.jpg"), "place": true, "device": true, "person": true,
            "author": "SN-0012345678", "published": false,
        })
    );
    assert_eq!(scene.run(&["check", "--metadata"]).status.code(), Some(0));
    assert_eq!(scene.run(&["check", "--metadata", "--strict"]).status.code(), Some(1));
    let (out, _) = words(&scene.run(&["check", "blog", "--json"]));
    assert!(!out.contains("metadata"), "{out}");
}

#[cfg(feature = "sync")]
#[test]
fn who_is_given_a_key_is_given_the_originals() {
    let scene = Scene::new().message(STEM, "x").attachment(STEM, "plain.png", &crate::scene::png(3, 2));
    assert_says(
        scene.session(&[&["share", "blog"]]),
        str![[r##"
$ missive share blog
missive-read-[KEY]

Anyone with this read key can read blog: missive subscribe KEY
For a web page: <a href="#missive-read-[KEY]">Follow this with missive</a>
Readers can connect while `missive sync` runs here, or through anyone who already has the channel.
"##]],
    );
    let scene = scene.attachment(STEM, "a.jpg", &photograph(3, 2)).attachment(STEM, "b.heic", &heic());
    assert_says(
        scene.session(&[&["share", "blog"]]),
        str![[r##"
$ missive share blog
missive-read-[KEY]

Anyone with this read key can read blog: missive subscribe KEY
Readers receive attachments unchanged: 2 reveal a place, a device or a person.
See which: missive check --metadata blog
For a web page: <a href="#missive-read-[KEY]">Follow this with missive</a>
Readers can connect while `missive sync` runs here, or through anyone who already has the channel.
"##]],
    );
    let (out, _) = words(&scene.run(&["share", "blog", "--key-only"]));
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn what_no_program_here_removes_is_named_with_what_it_says() {
    let pdf = b"%PDF-1.4\n1 0 obj <</Author (Azureen Sea)/Creator (Scan)>> endobj\n%%EOF\n";
    let song = [&b"ID3\x03\0\0\0\0\x01\0TPE1\0\0\0\x07\0\0\0Brando"[..], &[0; 200]].concat();
    let lossless = b"fLaC\x04\0\0\x40\x05\0\0\0maker\x01\0\0\0\x0D\0\0\0ARTIST=Cooper..";
    let film = b"\x1A\x45\xDF\xA3\x42\x82\x84webm....\x12\x54\xC3\x67..\x45\xA3\x86ARTIST\x44\x87\x87Delilah..";
    let scene = Scene::new()
        .message(STEM, "x")
        .attachment(STEM, "a.pdf", pdf)
        .attachment(STEM, "b.mp3", &song)
        .attachment(STEM, "c.flac", lossless)
        .attachment(STEM, "d.webm", film)
        .attachment(STEM, "e.dng", &notes())
        .attachment(STEM, "plain.pdf", b"%PDF-1.4\n1 0 obj <</Title (x)>> endobj\n")
        .attachment(STEM, "plain.mp3", b"ID3\x03\0\0\0\0\0\0");
    assert_says(
        scene.session(&[&["build", "blog"], &["check", "--metadata", "blog"]]),
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 16 files written of 16 in [TIME]
--- messages
warning: outbox/2026-01-01T10-00-00Z/a.pdf names an author: Azureen Sea; missive cannot remove that from this file
warning: outbox/2026-01-01T10-00-00Z/b.mp3 names an author: Brando; missive cannot remove that from this file
warning: outbox/2026-01-01T10-00-00Z/c.flac names an author: Cooper; missive cannot remove that from this file
warning: 2 more attachments reveal a place, a device or a person; list them: missive check --metadata blog
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one

$ missive check --metadata blog
blog: 5 attachments reveal more than they show
  outbox/2026-01-01T10-00-00Z/a.pdf: person (Azureen Sea); the copy on a site reveals it too
  outbox/2026-01-01T10-00-00Z/b.mp3: person (Brando); the copy on a site reveals it too
  outbox/2026-01-01T10-00-00Z/c.flac: person (Cooper); the copy on a site reveals it too
  outbox/2026-01-01T10-00-00Z/d.webm: person (Delilah); the copy on a site reveals it too
  outbox/2026-01-01T10-00-00Z/e.dng: place, device, person (SN-0012345678); the copy on a site reveals it too
People who receive the channel's folder receive these files unchanged.
To clean one before you send it, use a program such as exiftool: exiftool -all= FILE
"#]],
    );
    let draft = Scene::new();
    fs::write(draft.root().join("a.pdf"), pdf).unwrap();
    fs::write(draft.root().join("plain.pdf"), b"%PDF-1.4\n").unwrap();
    assert_says(
        draft.session(&[&["compose", "blog", "-m", "x", "-a", "a.pdf", "-a", "plain.pdf"]]),
        str![[r#"
$ missive compose blog -m x -a a.pdf -a plain.pdf
Sent [NOW], with 2 attachments.
[ROOT]/blog/outbox/[NOW].txt
--- messages
warning: a.pdf names an author: Azureen Sea; missive cannot remove that from this file
"#]],
    );
}

//! The bytes of built sites and of a reading room, file by file, as they were when `built_bytes.txt` was written.
//!
//! Whoever means to change what is built renews the list: `MISSIVE_RENEW=1 cargo nextest run built_bytes`, and reads its
//! difference before it is committed. The manifests of outputs with attachments are left out, for an attachment's
//! fingerprint holds its inode.

use std::fmt::Write;
use std::path::Path;

use crate::scene::{Scene, files, photograph, png, words};

/// Texts of one's own, of many kinds, over three years. No attachments, so that its manifest is the same everywhere.
fn diary(scene: Scene) -> Scene {
    let texts = [
        ("1969-07-20T20-17-40Z", "Before the epoch.\n"),
        ("2024-02-29T23-59-59Z", "# A leap day\n\nWith a #tag, a #Straße and a #strasse.\n"),
        (
            "2025-01-01T00-00-00Z",
            "# `Code`, *emphasis* & <i>markup</i> in a [title](https://example.org) 🎈\n\nText.\n",
        ),
        (
            "2025-01-02T00-00-00Z",
            "---\nlang: ar\ntitle: \"رسالة\"\ntags: one, two words, a/b\n---\nنص قصير مع English.\n\n1. واحد\n2. اثنان\n",
        ),
        (
            "2025-01-03T00-00-00Z",
            "# One\n\n# Two\n\n# One\n\n###### Six\n\nAgain[^1] and[^1] again[^two].\n\n[^1]: A note.\n[^two]: Another,\n\n    with two paragraphs.\n",
        ),
        (
            "2025-01-04T00-00-00Z",
            "- [x] done\n- [ ] not\n  1. a\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | `a\\|b` | ~~3~~ |\n",
        ),
        ("2025-01-05T00-00-00Z", ""),
        (
            "2025-02-01T08-00-00Z",
            "---\nin-reply-to: outbox/2025-01-03T00-00-00Z\nupdated: 2025-02-02T00:00:00Z\n---\nSee [that](2025-01-03T00-00-00Z.txt#two), [the archive](archive.html) and [nothing](2001-01-01T00-00-00Z.txt).\n",
        ),
        ("2025-02-01T09-00-00Z", "```rust\nfn main() { println!(\"{}\", 1 + 1); }\n```\n\n```nonsense\n<tag>\n```\n"),
        (
            "2025-03-01T00-00-00Z",
            "<p>Own <b>markup</b></p><details><summary>more</summary>inside</details>\n\n> quote\n> > in quote\n\n***\n\nLine\\\nbreak &copy; &lt;ok&gt;\n",
        ),
        (
            "2026-01-01T00-00-00Z",
            "# Donaudampfschifffahrtsgesellschaftskapitän\n\n<https://example.org/?a=1&b=2> \"quotes\" -- and dashes...\n",
        ),
    ];
    let settings = "[site]\npage_size = 3\nfeed_size = 5\nraw_html = true\n";
    let profile = "id = \"urn:uuid:5f3c1e6a-9b39-4a57-8d7a-0c7a3e6b1a11\"\ntitle = \"Odd & <legal>\"\ndescription = \"\\\"Quotes\\\" & 𝒰nicode\"\nauthor = \"Azureen\"\nlanguage = \"de-AT\"\n";
    let scene = scene
        .file("../data/diary/missive.toml", settings.as_bytes())
        .file("../data/diary/outbox/.channel.toml", profile.as_bytes());
    texts
        .into_iter()
        .fold(scene, |scene, (stem, text)| scene.file(&format!("../data/diary/outbox/{stem}.txt"), text.as_bytes()))
}

/// A conversation: two boxes, and attachments of all sorts on both sides.
fn talk(scene: Scene) -> Scene {
    let profile =
        b"id = \"urn:uuid:0b8a4a0e-1f0e-4b43-8f0d-3f6f8d6e2c22\"\ntitle = \"Azureen & Brando\"\nauthor = \"Azureen\"\n";
    let letter = b"# Is this on?\n\nWith a picture: ![A red slope](slope.png), a [page](page.html) and ![sound](a%20b/Ton%20%26%20Klang.wav).\n";
    let answer = b"---\nin-reply-to: inbox/2026-03-01T09-00-00Z\ntitle: </title><script>alert(1)</script>\ntags: <b>, \"quoted\", x.php\n---\n<script>alert(1)</script><p onclick=x>It is. [script](javascript:alert(1)) ![remote](https://tracker.example/p.gif) ![svg](drawing.svg) [page](page.html)\n\n```python\nprint(1)\n```\n";
    let drawing = b"<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'><script>alert(1)</script></svg>";
    let mut scene = scene
        .file("../data/talk/outbox/.channel.toml", profile)
        .file("../data/talk/outbox/2026-03-01T09-00-00Z.txt", letter)
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/slope.png", &png(320, 180))
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/photo.JPG", &photograph(40, 30))
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/page.html", b"<p>mine</p>")
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/drawing.svg", drawing)
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/a b/Ton & Klang.wav", b"RIFF\x24\0\0\0WAVEfmt sound")
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/zero.bin", b"")
        .file("../data/talk/outbox/2026-03-01T09-00-00Z/setup.exe", b"MZ")
        .file("../data/talk/inbox/2026-03-01T10-30-00Z.txt", answer);
    for name in
        ["page.html", "drawing.svg", "run.js", "x.php.jpg", "CON.txt", "Photo.png", "100% done #1?.txt", "été.pdf"]
    {
        scene = scene.file(&format!("../data/talk/inbox/2026-03-01T10-30-00Z/{name}"), drawing);
    }
    scene
        .file("../data/talk/inbox/2026-03-01T10-30-00Z/photo.png", &png(7, 5))
        .file("../data/talk/inbox/2026-04-03T00-00-00Z.txt", "שלום! עם **הדגשה** ו־`code`.\n".as_bytes())
        .file("../data/talk/outbox/2026-04-03T00-00-01Z.txt", b"Nice try. #nope\n")
}

/// A subscription whose title is markup, and a channel with a name of the room's own.
fn others(scene: Scene) -> Scene {
    let profile = b"title = \"</title><script>alert(1)</script> & \\\"so\\u0007 on\\\"\"\n";
    let text = b"# Same place\n\n## Part\n\n[down](#part), ![remote](https://tracker.example/pixel.gif), ![](p.png)\n\nA note[^1].\n\n[^1]: Here.\n";
    let clash = b"---\nupdated: 2026-02-20T00:00:01Z\n---\n# Same time\n\n## Part\n\n[down](#part) #tag\n";
    scene
        .file("../data/news/inbox/.channel.toml", profile)
        .file("../data/news/inbox/2026-02-20T00-00-00Z.txt", text)
        .file("../data/news/inbox/2026-02-20T00-00-00Z/p.png", &png(300, 200))
        .file("../data/index.html/outbox/2026-02-20T00-00-00Z.txt", clash)
}

fn built(scene: &Scene, output: &str, args: &[&str]) {
    let run = scene.run(&[&["--data", "data", "build", "-o", output], args].concat());
    let (out, talk) = words(&run);
    assert_eq!(run.status.code(), Some(0), "{args:?}: {out}{talk}");
}

/// `HASH  PATH` for each file of an output.
fn list(scene: &Scene, output: &str, manifests: bool, list: &mut String) {
    for (path, bytes) in files(&scene.root().join(output)) {
        if manifests || !path.ends_with(".missive-manifest") {
            writeln!(list, "{}  {output}/{path}", blake3::hash(&bytes).to_hex()).unwrap();
        }
    }
}

#[test]
fn a_site_and_a_room_have_the_bytes_that_they_had() {
    let scene = others(talk(diary(Scene::new())));
    let mut now = String::new();
    for (channel, manifests) in [("diary", true), ("talk", false), ("news", false)] {
        let (local, based) = (format!("local-{channel}"), format!("based-{channel}"));
        built(&scene, &local, &[channel]);
        built(&scene, &based, &[channel, "--base-url", "https://example.org/a%20b/"]);
        list(&scene, &local, manifests, &mut now);
        list(&scene, &based, manifests, &mut now);
    }
    built(&scene, "room", &["--all", "talk", "--base-url", "https://example.org/room/"]);
    list(&scene, "room", false, &mut now);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/missive/built_bytes.txt");
    if std::env::var_os("MISSIVE_RENEW").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let then = std::fs::read_to_string(&file).unwrap();
    let line = |list: &str| list.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (then, now) = (line(&then), line(&now));
    let only = |a: &std::collections::BTreeSet<String>, b| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!((only(&then, &now), only(&now, &then)), (Vec::new(), Vec::new()), "as it was, and as it is");
}

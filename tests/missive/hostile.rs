//! Strange input: nothing in a box can make a build fail, and every strange file has its reason.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use snapbox::str;

use crate::scene::Scene;
use crate::test_environment::assert_says;

const STEM: &str = "2026-01-01T10-00-00Z";

/// Names that are no message's, from the tables of sync tools, editors and mistakes.
const STRANGE: [&str; 34] = [
    ".syncthing.2026-01-02T10-00-00Z.txt.tmp",
    "~syncthing~2026-01-02T10-00-00Z.txt.tmp",
    "2026-01-02T10-00-00Z.txt.!sync",
    "2026-01-02T10-00-00Z.txt.part",
    ".2026-01-02T10-00-00Z.txt.swp",
    "2026-01-02T10-00-00Z.txt~",
    "4913",
    ".~lock.2026-01-02T10-00-00Z.txt#",
    "2026-01-02T10-00-00Z.txt.rsls",
    ".2026-01-02T10-00-00Z.txt.icloud",
    "2026-01-02T10-00-00Z.sync-conflict-20260101-120000-ABCDEFG.txt",
    "2026-01-02T10-00-00Z~20260101-120000.txt",
    "2026-01-02T10-00-00Z.TXT",
    "2026-01-02T10-00-00z.txt",
    "2026-01-02t10-00-00Z.txt",
    "2026-1-02T10-00-00Z.txt",
    "2026-01-02T10-00-00Z.txt ",
    "２０２６-01-02T10-00-00Z.txt",
    "2026-01-02T10-00-00Z.txt.txt",
    "notes.md",
    "Thumbs.db",
    "desktop.ini",
    "._2026-01-02T10-00-00Z.txt",
    ".DS_Store",
    "2026-02-30T10-00-00Z.txt",
    "2026-13-01T10-00-00Z.txt",
    "2026-01-01T25-00-00Z.txt",
    "0000-01-01T00-00-00Z.txt",
    "2016-12-31T23-59-60Z.txt",
    "no-extension",
    "\u{202e}txt.Z00-00-01T20-10-6202",
    "<script>alert(1)</script>.txt",
    "a\nb.txt",
    "{{ site.title }}.txt",
];

#[test]
fn every_strange_name_is_passed_over() {
    let mut scene = Scene::new().message(STEM, "the only one");
    for name in STRANGE {
        scene = scene.file(&format!("outbox/{name}"), b"STRANGE");
    }
    let outbox = scene.path("outbox");
    fs::write(outbox.join(OsStr::from_bytes(b"\xff\xfe.txt")), "STRANGE").unwrap();
    fs::create_dir(outbox.join("2026-01-03T10-00-00Z.txt")).unwrap();
    fs::create_dir_all(outbox.join(".stversions/deep")).unwrap();
    fs::create_dir(outbox.join("2026-01-04T10-00-00Z")).unwrap();
    fs::create_dir(outbox.join("some folder")).unwrap();
    let snapshot = scene.snapshot();
    assert_eq!(snapshot.cards.len(), 1);
    assert_eq!(snapshot.findings.hidden.len(), STRANGE.len() + 5);
    scene.build().report();
    for (name, bytes) in scene.built() {
        assert!(!String::from_utf8_lossy(&bytes).contains("STRANGE"), "{name}");
    }
}

#[test]
fn links_pipes_and_sockets_are_never_opened() {
    let scene =
        Scene::new().message(STEM, "![x](secret.txt) ![y](folder/secret.txt)").attachment(STEM, "real.txt", b"real");
    let outbox = scene.path("outbox");
    fs::create_dir(scene.root().join("private")).unwrap();
    fs::write(scene.root().join("private/secret.txt"), "SECRET").unwrap();
    symlink(scene.root().join("private/secret.txt"), outbox.join("2026-01-02T10-00-00Z.txt")).unwrap();
    symlink("/etc/passwd", outbox.join("2026-01-03T10-00-00Z.txt")).unwrap();
    symlink(scene.root().join("private"), outbox.join("2026-01-04T10-00-00Z")).unwrap();
    fs::write(outbox.join("2026-01-04T10-00-00Z.txt"), "with a linked folder").unwrap();
    symlink(scene.root().join("private/secret.txt"), outbox.join(STEM).join("secret.txt")).unwrap();
    symlink(scene.root().join("private"), outbox.join(STEM).join("folder")).unwrap();
    symlink("loop", outbox.join("loop")).unwrap();
    symlink("nowhere", outbox.join("2026-01-05T10-00-00Z.txt")).unwrap();
    symlink(".", outbox.join(STEM).join("circle")).unwrap();
    let pipe = |name: &str| {
        assert!(std::process::Command::new("mkfifo").arg(outbox.join(name)).status().unwrap().success());
    };
    pipe("2026-01-06T10-00-00Z.txt");
    pipe(&format!("{STEM}/pipe.png"));
    let _socket = std::os::unix::net::UnixListener::bind(outbox.join("2026-01-07T10-00-00Z.txt")).unwrap();
    scene.build().report();
    let built = scene.built();
    assert!(built.contains_key(&format!("{STEM}/real.txt")));
    for (name, bytes) in &built {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("SECRET") && !text.contains("root:"), "{name}");
    }
    assert!(!built.keys().any(|name| name.contains("secret") || name.contains("2026-01-05")));
    assert_says(
        scene.session(&[&["why", "blog/outbox/2026-01-03T10-00-00Z.txt"]]),
        str![[r#"
$ missive why blog/outbox/2026-01-03T10-00-00Z.txt
outbox/2026-01-03T10-00-00Z.txt: not shown: a symbolic link, which is never followed
"#]],
    );
}

#[test]
fn every_encoding_is_read() {
    let utf16: Vec<u8> =
        b"\xff\xfe".iter().copied().chain("# Utf sixteen".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let scene = Scene::new()
        .file("outbox/2026-01-01T10-00-00Z.txt", &utf16)
        .file("outbox/2026-01-02T10-00-00Z.txt", b"\xef\xbb\xbf# With a mark\r\n\r\nand\rline ends")
        .file("outbox/2026-01-03T10-00-00Z.txt", b"broken \xff\xfe\x80 bytes")
        .file("outbox/2026-01-04T10-00-00Z.txt", b"\0\0\0");
    let report = scene.build().report();
    assert!(report.written.len() > 4);
    assert!(scene.page("index.html").contains("Utf sixteen") && scene.page("index.html").contains("With a mark"));
    assert!(scene.page("2026-01-03T10-00-00Z.html").contains("broken \u{fffd}"));
    assert_says(
        scene.session(&[&["check", "blog"]]),
        str![[r#"
$ missive check blog
blog: 4 messages, 1 warning
  outbox/2026-01-03T10-00-00Z.txt: it contains bytes that are not UTF-8; they are shown as U+FFFD
"#]],
    );
}

#[test]
fn bombs_cost_little() {
    let nested = |open: &str, times: usize| open.repeat(times);
    let bombs = [
        nested(">", 50_000),
        nested("[", 50_000),
        nested("*", 50_000),
        nested("*a **a ", 20_000),
        nested("`", 50_000) + &nested("`a", 20_000),
        nested("<![CDATA[", 50_000),
        nested("[^", 50_000),
        (0..3_000).fold(String::new(), |text, n| text + &format!("[^{n}]")) + "\n\n[^1]: x",
        (0..200).fold(String::new(), |text, n| text + &"  ".repeat(n) + "- a\n"),
        "|".repeat(50_000) + "\n" + &"|-".repeat(25_000),
        format!("[a]: /{}\n\n{}", "x".repeat(50_000), "[a] ".repeat(15_000)),
        "<".repeat(50_000),
        "_a ".repeat(50_000),
        "![".repeat(50_000),
        "&#".repeat(50_000),
        "\\".repeat(100_000),
        "a".repeat(3 << 20),
        "x\n".repeat(400_000),
        "<div>".repeat(10_000),
        "~".repeat(50_000),
    ];
    let mut scene = Scene::subscription();
    for (number, bomb) in bombs.iter().enumerate() {
        scene = scene.message(&format!("2026-01-{:02}T10-00-00Z", number + 1), bomb);
    }
    let start = std::time::Instant::now();
    scene.build().report();
    let taken = start.elapsed();
    assert!(taken.as_secs() < 40, "{taken:?}");
    let largest = scene.built().values().map(Vec::len).max().unwrap();
    assert!(largest < 80 << 20, "{largest}");
}

#[test]
fn a_huge_text_is_shown_in_part_and_linked_whole() {
    let scene = Scene::new().message(STEM, &format!("# Not a title here\n{}", "word ".repeat(300_000)));
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.len() < 100_000 && page.contains("the whole text"));
    assert_eq!(scene.built()[&format!("{STEM}.txt")].len(), 1_500_019);
}

#[test]
fn template_syntax_is_plain_text() {
    let scene = Scene::new()
        .message(STEM, "# {{ site.title }}\n\n{% include \"x\" %} {{ get_env(name=\"HOME\") }} {{< shortcode >}}");
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.contains("{{ site.title }}") && page.contains("{% include"), "{page}");
}

#[test]
fn dates_of_any_age() {
    let scene = Scene::new()
        .message("1969-07-20T20-17-40Z", "old")
        .message("0001-01-01T00-00-00Z", "oldest")
        .message("9999-12-31T23-59-59Z", "last");
    scene.build().report();
    assert!(
        scene.has("1969-07-20T20-17-40Z.html") && scene.has("0001/01.html") && !scene.has("9999-12-31T23-59-59Z.html")
    );
}

#[test]
fn no_build_depends_on_zone_or_locale() {
    let scene =
        Scene::new().message("2026-01-01T00-00-01Z", "# Été\n\ntext #été").message("2026-06-30T23-59-59Z", "text");
    let build = |zone: &str, locale: &str, output: &str| {
        let environment = scene.environment().set_all(&[("TZ", zone), ("LC_ALL", locale), ("LANG", locale)]);
        assert!(environment.run(&["build", "./blog", "-o", output]).status.success());
        crate::scene::files(&scene.root().join(output))
    };
    let here = build("UTC", "C", "utc");
    let there = build("Pacific/Kiritimati", "tr_TR.UTF-8", "kiritimati");
    crate::scene::assert_same(&here, &there, "zones");
}

#[test]
fn a_sparse_giant_is_not_copied() {
    let scene = Scene::subscription()
        .message(STEM, "x")
        .attachment(STEM, "a.png", &crate::scene::png(3, 4))
        .attachment(STEM, "b.bin", b"x");
    for (name, len) in [("a.png", 8 << 40), ("b.bin", 5 << 30)] {
        let file = fs::File::options().write(true).open(scene.path(&format!("inbox/{STEM}/{name}"))).unwrap();
        file.set_len(len).unwrap();
    }
    scene.build().report();
    assert!(!scene.has(&format!("{STEM}/a.png")) && !scene.has(&format!("{STEM}/b.bin")));
    assert_eq!(scene.snapshot().warnings(), 2);
}

#[test]
fn a_text_of_terabytes_is_published_in_part() {
    for scene in [Scene::new(), Scene::subscription()] {
        let scene = scene.message(STEM, "the beginning").message("2026-01-02T10-00-00Z", "another");
        let folder = if scene.path("outbox").is_dir() { "outbox" } else { "inbox" };
        let file = fs::File::options().write(true).open(scene.path(&format!("{folder}/{STEM}.txt"))).unwrap();
        file.set_len(8 << 40).unwrap();
        scene.build().report();
        assert_eq!(scene.built()[&format!("{STEM}.txt")].len(), (1 << 20) + 4);
        let page = scene.page(&format!("{STEM}.html"));
        assert!(page.contains("the beginning") && page.contains("more of the text"), "{page:.2000}");
        assert!(scene.page("2026-01-02T10-00-00Z.html").contains("another"));
    }
}

#[test]
fn a_long_text_of_others_is_not_copied_whole() {
    let text = format!("The beginning.\n\n{}", "word ".repeat(300_000));
    let scene = Scene::subscription().message(STEM, &text);
    scene.build().report();
    assert_eq!(scene.built()[&format!("{STEM}.txt")], text.as_bytes()[..(1 << 20) + 4]);
    assert!(scene.page(&format!("{STEM}.html")).contains("more of the text"));
}

#[test]
fn many_headings_make_no_endless_site() {
    let mut scene = Scene::subscription();
    for day in 1..=4 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), &"# a\n".repeat(60_000));
    }
    scene.build().report();
    let built = scene.built();
    let size: usize = built.values().map(Vec::len).sum();
    assert!(size < 3 << 20, "{size}");
    assert!(built.contains_key(&format!("{STEM}.txt")), "what a page does not show is beside it");
}

#[test]
fn a_page_of_long_messages_shows_as_many_as_it_can_hold() {
    let mut scene = Scene::subscription();
    let novel = (("word ".repeat(200) + "\n\n").repeat(1_000)) + "the end";
    for day in 1..=9 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), &novel);
    }
    scene.build().report();
    for page in ["index.html", "atom.xml", "feed.json"] {
        let page = scene.page(page);
        assert!(page.len() < 9 << 20, "{}", page.len());
        assert_eq!(page.matches("the end").count(), 8);
        assert_eq!(page.matches("The whole message is on its own page.").count(), 1);
    }
    assert!(scene.page(&format!("{STEM}.html")).contains("the end"));
    crate::scene::assert_same(&scene.built(), &scene.clean(), "long messages");
}

#[test]
fn a_channel_of_code_loses_its_colours_in_its_own_order() {
    // A language that nobody knows counts as much as any other and takes no time.
    let code = format!("```no-such-language\n{}\n```\n", "x".repeat(16 << 10));
    let message = |scene: Scene, number: i64| {
        let stamp = missive::channel::protocol::stamp::Stamp::from_seconds(1_767_261_600 + number * 60).unwrap();
        scene.message(&stamp.to_string(), &code)
    };
    let mut scene = Scene::subscription();
    for number in 0..260 {
        scene = message(scene, number);
    }
    // What is behind the 256th is without colours.
    assert_eq!(scene.build().report().colourless, 4);
    assert_says(
        scene.session(&[&["build", "blog", "-o", "elsewhere"]]),
        str![[r#"
$ missive build blog -o elsewhere
[ROOT]/elsewhere: 260 messages, 281 files written of 281 in [TIME]
--- messages
warning: the code in 4 messages is shown without colours: this channel contains more code of others than missive colours
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    // An older message moves the end; only the pages that it concerns are made anew, and they are as if made at once.
    let scene = message(scene, -1);
    let report = scene.build().report();
    assert_eq!(report.colourless, 5);
    crate::scene::assert_same(&scene.built(), &scene.clean(), "code");
    // One's own code is one's own business.
    let own = Scene::new().message(STEM, &code);
    assert_eq!(own.build().report().colourless, 0);
}

#[test]
fn tags_and_links_without_end_cost_little() {
    let tags = (0..60_000).fold(String::new(), |text, n| text + &format!("#t{n} "));
    let links = "[x](p.png) ".repeat(5_000);
    let mut scene = Scene::subscription().message(STEM, &tags).message("2026-01-02T10-00-00Z", &links);
    for number in 0..500 {
        scene = scene.attachment("2026-01-02T10-00-00Z", &format!("{number}.png"), b"x");
    }
    let start = std::time::Instant::now();
    scene.build().report();
    assert!(start.elapsed().as_secs() < 20);
    assert!(scene.built().keys().filter(|name| name.starts_with("tag/")).count() <= 101);
}

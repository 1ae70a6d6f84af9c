//! Attachments: found, named, shown, copied.

use crate::media_files::{film, transport_stream};
use crate::scene::{Scene, png, words};

const STEM: &str = "2026-01-01T10-00-00Z";

#[test]
fn both_ways_of_pointing_lead_to_the_file() {
    let scene = Scene::new()
        .message(STEM, &format!("![one](p.png) ![two]({STEM}/my%20photo.png) [three](deep/a.csv)\n"))
        .attachment(STEM, "p.png", &png(3, 4))
        .attachment(STEM, "my photo.png", &png(30, 40))
        .attachment(STEM, "deep/a.csv", b"1");
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.contains(&format!("<img src=\"{STEM}/p.png\" alt=\"one\" width=\"3\" height=\"4\">")), "{page}");
    assert!(
        page.contains(&format!(
            "<img src=\"{STEM}/my%20photo.png\" alt=\"two\" width=\"30\" height=\"40\" loading=\"lazy\">"
        )),
        "{page}"
    );
    assert!(page.contains(&format!("<a href=\"{STEM}/deep/a.csv\">three</a>")), "{page}");
    for file in ["p.png", "my photo.png", "deep/a.csv"] {
        assert!(scene.has(&format!("{STEM}/{file}")));
    }
}

#[test]
fn links_are_relative_to_the_page_that_shows_them() {
    let mut scene = Scene::new().settings("[site]\npage_size = 1\n").message(STEM, "![a](p.png)").attachment(
        STEM,
        "p.png",
        &png(3, 4),
    );
    for day in 2..=4 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), "text");
    }
    scene.build().report();
    assert!(scene.page("page/1.html").contains(&format!("<img src=\"../{STEM}/p.png\"")));
}

#[test]
fn what_the_text_does_not_show_is_listed() {
    let scene = Scene::new()
        .message(STEM, "![shown](shown.png)")
        .attachment(STEM, "shown.png", &png(3, 4))
        .attachment(STEM, "other-one.png", &png(5, 6))
        .attachment(STEM, "song.mp3", b"ID3\x03\0\0\0\0\0\0")
        .attachment(STEM, "film.webm", b"\x1A\x45\xDF\xA3\x42\x82\x84webm")
        .attachment(STEM, "paper.pdf", &[0; 2_400]);
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert_eq!(page.matches("shown.png").count(), 1, "{page}");
    assert!(page.contains("alt=\"other one\" width=\"5\" height=\"6\""), "{page}");
    assert!(
        page.contains(&format!("<audio class=\"u-audio\" controls preload=\"none\" src=\"{STEM}/song.mp3\"")),
        "{page}"
    );
    assert!(page.contains("<video") && page.contains("PDF document, 2.4 kB"), "{page}");
}

#[test]
fn names_for_any_system() {
    let scene = Scene::new()
        .message(STEM, "[x](CON) [y](100%25%20done%20%231%3F.jpg) [z](a?b.txt)")
        .attachment(STEM, "CON", b"1")
        .attachment(STEM, "Photo.TXT", b"2")
        .attachment(STEM, "photo.txt", b"3")
        .attachment(STEM, "a?b.txt", b"4")
        .attachment(STEM, "caf\u{e9}.txt", b"5")
        .attachment(STEM, "cafe\u{301}.txt", b"6")
        .attachment(STEM, "ß.txt", b"7")
        .attachment(STEM, "SS.txt", b"8");
    scene.build().report();
    let names: Vec<String> =
        scene.built().keys().filter_map(|name| Some(name.strip_prefix(&format!("{STEM}/"))?.to_owned())).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    let mut folded: Vec<String> = names.iter().map(|name| missive::text::caseless::casefold(name)).collect();
    folded.sort();
    folded.dedup();
    assert_eq!(folded.len(), 8);
    assert!(!names.iter().any(|name| name == "CON" || name.contains('?')));
    let page = scene.page(&format!("{STEM}.html"));
    for name in names {
        assert!(page.contains(&percent(&name)), "{name}: {page}");
    }
}

fn percent(name: &str) -> String {
    name.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[test]
fn a_picture_is_published_without_its_metadata() {
    let mut with_text = png(3, 4);
    let secret = b"GPS 52.5200, 13.4050";
    let mut chunk = u32::try_from(secret.len() + 8).unwrap().to_be_bytes().to_vec();
    chunk.extend(b"tEXtComment\0");
    chunk.extend(secret);
    chunk.extend([0; 4]);
    with_text.splice(33..33, chunk);
    let scene = Scene::new().message(STEM, "").attachment(STEM, "p.png", &with_text);
    scene.build().report();
    let published = &scene.built()[&format!("{STEM}/p.png")];
    assert!(!published.windows(3).any(|window| window == b"GPS"));
    assert_eq!(published, &png(3, 4));
    assert_eq!(
        std::fs::read(scene.path(&format!("outbox/{STEM}/p.png"))).unwrap(),
        with_text,
        "the file in the box stays as it is"
    );
}

#[test]
fn a_picture_that_is_none_is_only_a_download() {
    let scene =
        Scene::new().message(STEM, "![cat](cat.jpg)").attachment(STEM, "cat.jpg", b"<html><script>alert(1)</script>");
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(!page.contains("<img") && page.contains("not the picture that its name says"), "{page}");
}

#[test]
fn a_picture_too_large_to_be_shown_is_a_link() {
    let scene = Scene::new().message(STEM, "![bomb](b.png)").attachment(STEM, "b.png", &png(60_000, 60_000));
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(!page.contains("<img") && page.contains("too large"), "{page}");
}

#[test]
fn attachments_arrive_before_and_after_their_message() {
    let scene = Scene::new().message("2025-01-01T10-00-00Z", "other").attachment(STEM, "a.csv", b"1");
    scene.build().report();
    assert!(!scene.has(STEM), "attachments wait for their message");
    let scene = scene.message(STEM, "here");
    scene.build().report();
    assert!(scene.has(&format!("{STEM}/a.csv")));
}

#[test]
fn an_address_means_the_same_file_on_a_page_in_the_terminal_and_to_who_waits() {
    let text = format!("[1](a%2523b) [2](a%23b.txt) [3]({STEM}/doc.pdf#page=3) [4](clip.mp4?x#t=10) [5](doc.pdf%23x)");
    let scene = Scene::new()
        .message(STEM, &text)
        .attachment(STEM, "a#b.txt", b"1")
        .attachment(STEM, "a%23b", b"2")
        .attachment(STEM, "clip.mp4", b"3")
        .attachment(STEM, "doc.pdf", b"4");
    assert!(scene.snapshot().findings.missing.is_empty() && scene.snapshot().findings.problems.is_empty());
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    for (label, address) in [("1", "a%2523b"), ("2", "a%23b.txt"), ("3", "doc.pdf#page=3"), ("4", "clip.mp4#t=10")] {
        let link = format!("<a href=\"{STEM}/{address}\">{label}</a>");
        assert!(page.contains(&link), "{link}\n{page}");
    }
    assert!(!page.contains(">5</a>"), "a file that is not there is no link: {page}");
    let (read, _) = words(&scene.run(&["read", "blog", STEM]));
    for (number, label) in [(2, "1"), (1, "2"), (4, "3"), (3, "4")] {
        let reference = read.lines().find(|line| line.trim_start().starts_with(&format!("[{label}]")));
        let reference = reference.unwrap_or_else(|| panic!("no reference {label} in {read}"));
        assert!(reference.ends_with(&format!("attachment {number}")), "{label}: {reference}");
    }
}

/// Neither list of earlier times knew all of them.
const PROGRAMS: [&str; 5] = ["a.AppImage", "a.deb", "a.exe", "a.js", "a.py"];

fn with_programs(scene: Scene) -> Scene {
    let scene = scene.message(STEM, "programs");
    PROGRAMS.into_iter().fold(scene, |scene, name| scene.attachment(STEM, name, b"x"))
}

#[test]
fn a_site_publishes_the_programs_of_others_under_inert_names() {
    let scene = with_programs(Scene::subscription());
    scene.build().report();
    let names: Vec<String> =
        scene.built().keys().filter_map(|name| Some(name.strip_prefix(&format!("{STEM}/"))?.to_owned())).collect();
    assert_eq!(names, ["a_AppImage.bin", "a_deb.bin", "a_exe.bin", "a_js.txt", "a_py.bin"]);
    let page = scene.page(&format!("{STEM}.html"));
    assert_eq!(page.matches("a program: open it only if you know what it does").count(), PROGRAMS.len(), "{page}");
}

#[test]
fn a_site_offers_ones_own_programs_to_be_saved() {
    let scene = with_programs(Scene::new());
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    for name in PROGRAMS {
        assert!(scene.has(&format!("{STEM}/{name}")) && page.contains(&format!("{STEM}/{name}\" download")), "{page}");
    }
}

#[test]
fn the_terminal_opens_no_program_whoever_sent_it() {
    for scene in [Scene::new(), Scene::subscription()].map(with_programs) {
        for (at, name) in PROGRAMS.into_iter().enumerate() {
            let (_, said) = words(&scene.run(&["read", "blog", STEM, "--open", &(at + 1).to_string()]));
            let refusal = format!("error: `{name}` is not opened: it could start a program or open something else");
            assert!(said.starts_with(&refusal), "{said}");
        }
    }
}

/// The media type, what the page makes of it, and the words for it, of a file of one's own.
#[test]
fn what_a_file_is_its_content_says_before_its_name() {
    let files: [(&str, &[u8], &str); 10] = [
        ("main.ts", b"export const x: number = 1;\n", "text/plain"),
        ("go.mod", b"module example.org/x\n\ngo 1.25\n", "text/plain"),
        ("list.m3u", b"#EXTM3U\nsong.mp3\n", "text/plain"),
        ("notes", b"Just words.\n", "text/plain"),
        ("fake.mp4", b"not a film at all\n", "text/plain"),
        ("data.csv", b"a,b\n1,2\n", "text/csv"),
        ("clip.ts", &transport_stream(), "video/mp2t"),
        ("film.dat", &film("mp42", false), "video/mp4"),
        ("film.ts", &film("qt  ", false), "video/quicktime"),
        ("photo.bak", &png(3, 4), "image/png"),
    ];
    let scene =
        files.iter().fold(Scene::new().message(STEM, "x"), |scene, (name, file, _)| scene.attachment(STEM, name, file));
    scene.build().report();
    let (atom, page) = (scene.page("atom.xml"), scene.page(&format!("{STEM}.html")));
    let feed: serde_json::Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
    for (name, _, media_type) in files {
        let listed = feed["items"][0]["attachments"].as_array().unwrap().iter();
        let listed: Vec<_> =
            listed.filter(|file| file["url"].as_str().unwrap().ends_with(&format!("/{name}"))).collect();
        assert_eq!(listed[0]["mime_type"], media_type, "{name}");
        let link = atom.split("<link ").find(|link| link.contains(&format!("/{name}\""))).unwrap();
        assert!(link.contains(&format!("type=\"{media_type}\"")), "{name}: {link}");
    }
    for shown in [
        "<video class=\"u-video\" controls preload=\"metadata\" src=\"2026-01-01T10-00-00Z/film.dat\"",
        "src=\"2026-01-01T10-00-00Z/photo.bak\" alt=",
    ] {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    for name in ["main.ts", "go.mod", "fake.mp4", "list.m3u", "clip.ts"] {
        assert!(
            !page.contains(&format!("src=\"{STEM}/{name}\"")) && page.contains(&format!("href=\"{STEM}/{name}\"")),
            "{name}"
        );
    }
    let (read, _) = words(&scene.run(&["read", "blog", STEM, "--json"]));
    let read: serde_json::Value = serde_json::from_str(&read).unwrap();
    let kinds: Vec<String> = read["messages"][0]["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| format!("{}: {}", file["name"].as_str().unwrap(), file["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            "clip.ts: film",
            "data.csv: CSV table",
            "fake.mp4: text",
            "film.dat: film",
            "film.ts: film",
            "go.mod: MOD file",
            "list.m3u: M3U file",
            "main.ts: TS file",
            "notes: file",
            "photo.bak: picture"
        ]
    );
}

#[test]
fn a_strangers_file_is_not_shown_for_more_than_its_name_allows() {
    let files: [(&str, &[u8], &str, &str); 7] = [
        ("film.dat", &film("mp42", false), "film.dat.bin", "application/octet-stream"),
        ("film.ts", &film("mp42", false), "film.ts.bin", "application/octet-stream"),
        ("photo.bak", &png(3, 4), "photo.bak.bin", "application/octet-stream"),
        ("photo.txt", &png(3, 4), "photo.txt", "image/png"),
        ("photo.mp3", &png(3, 4), "photo.mp3", "image/png"),
        ("fake.mp4", b"<script>alert(1)</script>", "fake.mp4", "text/plain"),
        ("page.svg", b"<svg onload='x()'/>", "page.svg.txt", "text/plain"),
    ];
    let scene = Scene::subscription().message(STEM, "x");
    let scene = files.iter().fold(scene, |scene, (name, file, ..)| scene.attachment(STEM, name, file));
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    let feed: serde_json::Value = serde_json::from_str(&scene.page("feed.json")).unwrap();
    for (name, _, published, media_type) in files {
        // Every dot but the last one is taken from names that a server could read otherwise.
        let (stem, ending) = published.rsplit_once('.').unwrap();
        let published = format!("{}.{ending}", stem.replace('.', "_"));
        assert!(scene.has(&format!("{STEM}/{published}")), "{name}");
        assert!(!page.contains(&format!("src=\"{STEM}/{published}\"")), "{name} is shown: {page}");
        let listed = feed["items"][0]["attachments"].as_array().unwrap().iter();
        let listed: Vec<_> =
            listed.filter(|file| file["url"].as_str().unwrap().ends_with(&format!("/{published}"))).collect();
        assert_eq!(listed[0]["mime_type"], media_type, "{name}");
    }
}

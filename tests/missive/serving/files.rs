//! Files on their way out: types, parts, copies that are still good, and what is only to be saved.

use super::{FIRST, SECOND, Served};

fn attached(name: &str) -> String {
    format!("/channels/talk/outbox/{SECOND}/attachments/{name}")
}

fn with_sound() -> (Served, Vec<u8>) {
    let sound: Vec<u8> =
        (0..3_000_000_u32).map(|number| number.to_le_bytes()[usize::try_from(number % 3).unwrap()]).collect();
    let served = Served::with(&[], &[(&format!("talk/outbox/{SECOND}/sound.mp3"), &sound)]);
    (served, sound)
}

#[test]
fn a_player_gets_the_part_that_it_asks_for() {
    let (served, sound) = with_sound();
    let url = attached("sound.mp3");
    let part = |range: &str| served.tell(served.ask("GET", &url).header("Range", range));
    let len = sound.len();
    for (range, first, last) in [
        ("bytes=0-", 0, len - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=1000000-1999999", 1_000_000, 1_999_999),
        ("bytes=-5", len - 5, len - 1),
        ("bytes=2999999-9999999", len - 1, len - 1),
    ] {
        let answer = part(range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), Some(&*format!("bytes {first}-{last}/{len}")));
        assert!(answer.body == sound[first..=last], "{range}");
    }
    let nothing = part("bytes=3000000-");
    assert_eq!((nothing.status, nothing.header("content-range")), (416, Some("bytes */3000000")));
    assert!(nothing.body.is_empty());
    for whole in ["bytes=5-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b"] {
        let answer = part(whole);
        assert!(answer.status == 200 && answer.body == sound, "{whole}");
    }
    let tag = part("bytes=0-0").header("etag").unwrap().to_owned();
    let if_range = |state: &str| {
        let ask = served.ask("GET", &url).header("Range", "bytes=0-9").header("If-Range", state);
        served.tell(ask).status
    };
    assert_eq!((if_range(&tag), if_range("\"other\"")), (206, 200), "parts of two states are never mixed");
    assert_eq!(part("bytes=0-0").header("accept-ranges"), Some("bytes"));
}

#[test]
fn a_copy_that_is_still_good_is_not_sent_again() {
    let served = Served::new();
    let page = served.get("/site/blog/index.html");
    assert_eq!(page.status, 200);
    for path in [
        "/channels",
        "/channels/talk",
        "/channels/talk/messages",
        "/channels/talk/messages?limit=1",
        &format!("/channels/talk/inbox/{FIRST}"),
        &format!("/channels/talk/outbox/{SECOND}/attachments"),
        &attached("notes.txt"),
        "/site/blog/index.html",
        "/site/blog/atom.xml",
        "/app/app.js",
    ] {
        let first = served.get(path);
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
        let again = served.tell(served.ask("GET", path).header("If-None-Match", &tag));
        assert_eq!((again.status, again.header("etag"), again.body.len()), (304, Some(&*tag), 0), "{path}");
        let other = served.tell(served.ask("GET", path).header("If-None-Match", "\"other\""));
        assert_eq!((other.status, &other.body), (200, &first.body), "{path}");
    }
    let tag = served.get("/channels/blog/messages").header("etag").unwrap().to_owned();
    served.say("blog", "News");
    let ask = served.ask("GET", "/channels/blog/messages").header("If-None-Match", &tag);
    assert!(served.tell(ask).text().contains("News"), "what changed is sent");
    let tag = served.get(&attached("notes.txt")).header("etag").unwrap().to_owned();
    served.put(&format!("talk/outbox/{SECOND}/notes.txt"), b"SOME NOTES");
    let ask = served.ask("GET", &attached("notes.txt")).header("If-None-Match", &tag);
    assert_eq!(served.tell(ask).body, b"SOME NOTES");
}

#[test]
fn a_head_is_what_the_whole_would_begin_with() {
    let (served, _) = with_sound();
    for path in [
        "/",
        "/channels",
        "/channels/talk",
        "/channels/talk/messages",
        &attached("sound.mp3"),
        &attached("notes.txt"),
        "/api/openapi.json",
        "/site/blog/",
        "/nothing",
    ] {
        let (whole, head) = (served.get(path), served.tell(served.ask("HEAD", path)));
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{path}");
        if let Some(len) = head.header("content-length") {
            assert_eq!(len, whole.body.len().to_string(), "{path}");
        }
    }
}

#[test]
fn types_are_told_and_never_guessed() {
    let served = Served::new();
    for (path, mime) in [
        (attached("notes.txt"), "text/plain; charset=utf-8"),
        (attached("a%20b/p%2520.png"), "image/png"),
        ("/".to_owned(), "text/html; charset=utf-8"),
        ("/app/app.js".to_owned(), "text/javascript; charset=utf-8"),
        ("/app/letter.css".to_owned(), "text/css; charset=utf-8"),
        ("/site/blog/".to_owned(), "text/html; charset=utf-8"),
        ("/site/blog/atom.xml".to_owned(), "application/atom+xml; charset=utf-8"),
        ("/site/blog/feed.json".to_owned(), "application/feed+json; charset=utf-8"),
        ("/channels".to_owned(), "application/json"),
    ] {
        let answer = served.get(&path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(mime)), "{path}");
    }
}

#[test]
fn what_a_stranger_sends_is_saved_and_never_run() {
    let names = ["page.html", "drawing.svg", "script.js", "feed.xml", "paper.pdf", "odd", "x.xhtml", "run.exe"];
    let files: Vec<(String, &[u8])> = names
        .iter()
        .flat_map(|name| {
            let bytes: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
            [(format!("talk/inbox/{FIRST}/{name}"), bytes), (format!("talk/outbox/{SECOND}/{name}"), bytes)]
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
    let served = Served::with(&[], &files);
    for name in names {
        let theirs = served.get(&format!("/channels/talk/inbox/{FIRST}/attachments/{name}"));
        assert_eq!(theirs.status, 200);
        let how = theirs.header("content-disposition").unwrap_or_else(|| panic!("{name} would be shown"));
        assert!(how.starts_with("attachment; filename="), "{how}");
        let policy = theirs.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox") && !policy.contains("script"), "{policy}");
        let mime = theirs.header("content-type").unwrap();
        assert!(!["html", "svg", "javascript", "xml"].iter().any(|active| mime.contains(active)), "{name}: {mime}");
        let own = served.get(&attached(name));
        let policy = own.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox") || own.header("content-type") == Some("application/pdf"), "{name}");
        assert!(!policy.contains("script"), "not even what is one's own runs: {policy}");
    }
}

#[test]
fn the_source_of_a_message_is_only_read() {
    let served = Served::with(&[], &[("talk/inbox/2014-01-01T10-00-00Z.txt", b"<script>alert(1)</script>")]);
    let source = served.get("/read/talk/inbox/2014-01-01T10-00-00Z/source");
    assert_eq!(source.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(source.header("content-security-policy").unwrap().contains("sandbox"));
    let page = served.get("/read/talk/inbox/2014-01-01T10-00-00Z");
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
}

#[test]
fn programs_are_only_saved_whoever_sent_them() {
    let names = ["a.AppImage", "a.deb", "a.exe", "a.js", "a.py"];
    let files: Vec<String> = names
        .iter()
        .flat_map(|name| [format!("talk/inbox/{FIRST}/{name}"), format!("talk/outbox/{SECOND}/{name}")])
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|path| (path.as_str(), b"x".as_slice())).collect();
    let served = Served::with(&[], &files);
    for name in names {
        for url in [format!("/channels/talk/inbox/{FIRST}/attachments/{name}"), attached(name)] {
            let how = served.get(&url).header("content-disposition").map(str::to_owned);
            assert!(how.is_some_and(|how| how.starts_with("attachment; filename=")), "{url}");
        }
    }
}

#[test]
fn an_address_means_the_same_file_in_the_app() {
    const STEM: &str = "2014-01-01T10-00-00Z";
    let text = format!("[1](a%2523b) [2](a%23b.txt) [3]({STEM}/doc.pdf#page=3) [4](clip.mp4?x#t=10) [5](doc.pdf%23x)");
    let names = ["a#b.txt", "a%23b", "clip.mp4", "doc.pdf"].map(|name| format!("talk/outbox/{STEM}/{name}"));
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|path| (path.as_str(), b"x".as_slice())).collect();
    let path = format!("talk/outbox/{STEM}.txt");
    files.push((&path, text.as_bytes()));
    let served = Served::with(&[], &files);
    let page = served.get(&format!("/read/talk/outbox/{STEM}")).text();
    for (label, address) in [("1", "a%2523b"), ("2", "a%23b.txt"), ("3", "doc.pdf#page=3"), ("4", "clip.mp4#t=10")] {
        let link = format!("<a href=\"/channels/talk/outbox/{STEM}/attachments/{address}\">{label}</a>");
        assert!(page.contains(&link), "{link}\n{page}");
    }
    assert!(!page.contains(">5</a>"), "{page}");
}

//! Odd addresses: none leads anywhere but to what is shown.

use std::os::unix::fs::symlink;

use super::http::{Answer, raw};
use super::{FIRST, SECOND, Served};

const SECRET: &str = "a secret that nobody is to read";

/// A data folder with secrets all around what is shown.
fn scene() -> Served {
    let secret = SECRET.as_bytes();
    let mut served = Served::ready();
    for path in [
        "secret.txt",
        "talk/secret.txt",
        "talk/inbox/.secret",
        "talk/missive.toml.txt",
        &format!("talk/outbox/{SECOND}/.secret"),
        "talk/trash/2014-01-01T10-00-00Z/2014-01-01T10-00-00Z.txt",
        ".missive/secret.txt",
        ".hidden/outbox/2013-08-11T14-34-37Z.txt",
    ] {
        served.put(path, secret);
    }
    std::fs::write(served.dir.path().join("secret.txt"), secret).unwrap();
    let stem = served.data(&format!("talk/outbox/{SECOND}"));
    symlink(served.data("secret.txt"), stem.join("link.txt")).unwrap();
    symlink(served.data(""), stem.join("folder")).unwrap();
    symlink(served.data("secret.txt"), served.data("talk/outbox/2015-01-01T10-00-00Z.txt")).unwrap();
    symlink(served.data(""), served.data("talk/outbox/2013-08-11T14-34-37Z")).unwrap();
    served.start(&[]);
    served
}

const ODD: [&str; 30] = [
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "..%2f..%2fsecret.txt",
    "..%2fsecret.txt",
    "..%252fsecret.txt",
    "../secret.txt",
    "../../secret.txt",
    "../../../secret.txt",
    "../../../../secret.txt",
    "%2e%2e/%2e%2e/secret.txt",
    "....//secret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
    "..;/secret.txt",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "secret.txt%00",
    "%00",
    "%00.txt",
    ".secret",
    "link.txt",
    "folder/secret.txt",
    "folder%2fsecret.txt",
    "%ff%fe",
    "%c0%ae%c0%ae/secret.txt",
    "%",
    "%zz",
];

fn places() -> Vec<String> {
    let (theirs, mine) = (format!("/channels/talk/inbox/{FIRST}"), format!("/channels/talk/outbox/{SECOND}"));
    let ends =
        ["/channels", "/channels/talk", "/channels/talk/inbox", "/channels/talk/outbox", "/channels/talk/drafts"];
    let mut places: Vec<String> = ends.iter().map(|&end| end.to_owned()).collect();
    places.extend([format!("{theirs}/attachments"), format!("{mine}/attachments")]);
    places.extend(["/channels/talk/drafts/draft-2013-08-11T14-34-37Z/attachments".to_owned()]);
    let app = [
        "",
        "/site",
        "/site/talk",
        "/site/talk/tags",
        "/read",
        "/read/talk",
        "/read/talk/inbox",
        "/write/talk",
        "/app",
    ];
    places.extend(app.iter().map(|&place| place.to_owned()));
    places
}

#[track_caller]
fn harmless(answer: &Answer, what: &str) {
    assert!(answer.status < 500, "{what}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    let body = String::from_utf8_lossy(&answer.body);
    assert!(!body.contains(SECRET) && !body.contains("root:x:"), "{what}: {body}");
}

#[test]
fn no_address_leads_out_of_what_is_shown() {
    let served = scene();
    let long = ["n".repeat(4096), "n".repeat(300), "%2e%2e%2f".repeat(400), "../".repeat(300) + "etc/passwd"];
    for place in places() {
        for odd in ODD.into_iter().chain(long.iter().map(String::as_str)) {
            for end in ["", "/messages"] {
                let path = format!("{place}/{odd}{end}");
                harmless(&served.get(&path), &path);
            }
        }
    }
}

#[test]
fn no_query_leads_out_of_what_is_shown() {
    let served = scene();
    let base = ["/events?site=talk&page=", "/events?page=x&site=", "/channels/talk/messages?before=", "/api/search?q="];
    let more = ["/everything?before=", "/read/talk?before=", "/search?q=", "/write/talk?reply=", "/?key="];
    for place in base.into_iter().chain(more) {
        for odd in ODD.iter().filter(|odd| !odd.contains('\\')) {
            let path = format!("{place}{odd}");
            // A page of a site that is not there yet is waited for, which never ends.
            let is_endless = path.starts_with("/events") && !odd.contains("..") && !odd.starts_with('.');
            if !is_endless && !place.ends_with("site=") {
                harmless(&served.get(&path), &path);
            }
        }
    }
}

#[test]
fn bytes_that_are_no_address_are_refused() {
    let served = scene();
    let port = served.port;
    for path in [&b"/channels/\xff\xfe"[..], b"/channels/\0", b"/a b", b"\\..\\", b"", b"http://evil.example/", b"*"] {
        let mut bytes = b"GET ".to_vec();
        bytes.extend_from_slice(path);
        bytes.extend_from_slice(format!(" HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").as_bytes());
        let mut wire = super::http::connect(port);
        std::io::Write::write_all(&mut wire, &bytes).unwrap();
        let mut answer = Vec::new();
        let _ = std::io::Read::read_to_end(&mut wire, &mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(!text.starts_with("HTTP/1.1 5") && !text.contains(SECRET), "{text}");
    }
    assert!(
        raw(port, format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").as_bytes())
            .is_some()
    );
}

#[test]
fn a_site_shows_what_it_is_made_of_and_no_more() {
    let served = scene();
    assert_eq!(served.get("/site/talk/").status, 200);
    for path in [".missive-manifest", ".missive", ".git/config", "%2emissive-manifest", "assets/.x", "./index.html"] {
        assert_eq!(served.get(&format!("/site/talk/{path}")).status, 404, "{path}");
    }
    let manifest = walkdir::WalkDir::new(served.dir.path().join("cache")).into_iter().flatten();
    let hidden: Vec<String> = manifest
        .filter(|entry| entry.file_type().is_file() && entry.path().components().any(|part| part.as_os_str() == "site"))
        .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(!hidden.is_empty(), "a site has a manifest");
    for name in hidden {
        assert_eq!(served.get(&format!("/site/talk/{name}")).status, 404, "{name}");
    }
    let away = served.get("/site/talk//evil.example/");
    assert!(away.header("location").is_none_or(|to| to.starts_with("/site/")), "{away:?}");
}

#[test]
fn names_that_need_care_are_names_all_the_same() {
    let odd = ["Brando & Cooper 100%", "東京 #1?", "a+b", "<b>\"x\"", "%2e%2e", "back\\slash"];
    let files: Vec<(String, &[u8])> = odd
        .iter()
        .flat_map(|name| {
            let text = (format!("{name}/outbox/{FIRST}.txt"), b"text" as &[u8]);
            [text, (format!("{name}/outbox/{FIRST}/{name}.txt"), b"attached" as &[u8])]
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
    let served = Served::with(&[], &files);
    for channel in served.get("/channels").done().as_array().unwrap() {
        let name = channel["name"].as_str().unwrap();
        if !odd.contains(&name) {
            continue;
        }
        let url = channel["url"].as_str().unwrap();
        assert_eq!(served.get(url).done()["name"], name);
        let message = &served.get(channel["messages_url"].as_str().unwrap()).done()[0];
        assert_eq!(served.get(message["url"].as_str().unwrap()).done(), *message);
        let file = &served.get(message["attachments_url"].as_str().unwrap()).done()[0];
        assert_eq!(file["name"], format!("{name}.txt"));
        assert_eq!(served.get(file["url"].as_str().unwrap()).body, b"attached");
        assert_eq!(served.get(channel["site_url"].as_str().unwrap()).status, 200, "{name}");
        assert_eq!(served.get(channel["feed_url"].as_str().unwrap()).status, 200, "{name}");
        assert_eq!(served.get(message["page"].as_str().unwrap()).status, 200, "{name}");
        assert_eq!(served.tell(served.ask("POST", &format!("{url}/messages")).form(&[("body", "x")])).status, 200);
    }
}

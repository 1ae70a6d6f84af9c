//! Who may ask: this machine's own pages and programs, and whoever has the key.

use std::io::{Read, Write};

use serde_json::json;

use super::http::{Ask, raw};
use super::{FIRST, Served};

#[test]
fn a_name_that_somebody_else_made_lead_here_is_no_name_of_ours() {
    let served = Served::new();
    let port = served.port;
    let get = |host: &str| served.ask("GET", "/channels").without("Host").header("Host", host).send();
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"] {
        assert_eq!(get(&format!("{host}:{port}")).status, 200, "{host}");
    }
    for host in [
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost@evil.example:{port}"),
        format!("192.168.1.7:{port}"),
        format!("0.0.0.0:{port}"),
        "localhost".to_owned(),
        "localhost:1".to_owned(),
        "localhost:99999".to_owned(),
        String::new(),
        format!(":{port}"),
    ] {
        let answer = get(&host);
        answer.refused(421);
        assert!(!answer.text().contains("talk"), "{host}");
    }
    let two = served.ask("GET", "/channels").header("Host", "evil.example").send();
    assert!(two.status == 421 || two.status == 400, "{}", two.status);
    let none = raw(port, b"GET /channels HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
    assert!(none.status == 421 || none.status == 400, "{}", none.status);
    assert_ne!(raw(port, b"GET /channels HTTP/1.0\r\n\r\n").map(|answer| answer.status), Some(200));
}

#[test]
fn pages_of_other_sites_write_nothing() {
    let served = Served::new();
    let before = served.below("");
    let post = || served.ask("POST", "/channels/blog/messages").form(&[("body", "planted")]);
    for ask in [
        post().header("Origin", "https://evil.example"),
        post().header("Origin", "null"),
        post().header("Origin", "http://localhost:1"),
        post().header("Origin", &format!("https://localhost:{}", served.port)),
        post().header("Origin", ""),
        post().header("Sec-Fetch-Site", "cross-site"),
        post().header("Sec-Fetch-Site", "same-site"),
        served.ask("PUT", "/channels/talk/drafts/draft-x").json(&json!({})).header("Origin", "null"),
        served.ask("DELETE", "/channels/talk/drafts/draft-x").header("Sec-Fetch-Site", "cross-site"),
        served.ask("POST", "/read/talk/marks").form(&[]).header("Origin", "https://evil.example"),
        served.ask("OPTIONS", "/channels/blog/messages").header("Origin", "https://evil.example"),
    ] {
        served.tell(ask).refused(403);
    }
    assert_eq!(served.below(""), before);
    let origin = format!("http://localhost:{}", served.port);
    served.tell(post().header("Origin", &origin).header("Sec-Fetch-Site", "same-origin")).done();
    served.tell(post().header("Sec-Fetch-Site", "none")).done();
    served.tell(post()).done();
}

#[test]
fn a_form_of_the_app_needs_the_token_of_its_browser() {
    let served = Served::new();
    let page = served.get("/read/talk");
    let cookie = page.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let token = pair.split_once('=').unwrap().1;
    let before = served.below("");
    let mark = format!("/read/talk/inbox/{FIRST}/marks");
    for (path, fields) in [
        (mark.as_str(), vec![("do", "star")]),
        (&mark, vec![("do", "star"), ("token", "0123456789abcdef0123")]),
        ("/read/talk/marks", vec![]),
        ("/write/talk/draft-2013-08-11T14-34-37Z/discard", vec![]),
    ] {
        served.ask("POST", path).form(&fields).send().refused(403);
        served.ask("POST", path).form(&fields).header("Cookie", pair).send().refused(403);
    }
    // A token without its cookie is anybody's.
    served.ask("POST", &mark).form(&[("do", "star"), ("token", token)]).send().refused(403);
    let write = served.ask("POST", "/write/blog").files(&[("text", "planted"), ("do", "send")], &[]).send();
    assert_eq!(write.status, 403);
    let left = served.below("").into_iter().filter(|name| !name.ends_with("drafts")).collect::<Vec<_>>();
    assert_eq!(left, before, "nothing is written");
    let done = served.ask("POST", &mark).form(&[("do", "star"), ("token", token)]).header("Cookie", pair).send();
    assert_eq!(done.status, 303);
    assert_eq!(served.get(&format!("/channels/talk/inbox/{FIRST}")).done()["starred"], true);
    let fields = [("text", "Written by form"), ("do", "send"), ("token", token)];
    let sent = served.ask("POST", "/write/blog").files(&fields, &[]).header("Cookie", pair).send();
    let to = sent.header("location").unwrap_or_else(|| panic!("{}", sent.text())).to_owned();
    assert_eq!((sent.status, served.get(&to).status), (303, 200));
    assert_eq!(served.texts("/channels/blog/messages")[0], "Written by form");
    let fields = [("text", "![](missing.png)"), ("do", "send"), ("token", token)];
    let waits = served.ask("POST", "/write/blog").files(&fields, &[]).header("Cookie", pair).send();
    let to = waits.header("location").unwrap().to_owned();
    assert_eq!((waits.status, served.get(&to).status), (303, 200), "also what waits leads to a page");
}

#[test]
fn other_machines_need_the_key() {
    let served = Served::with(&["--host", "0.0.0.0"], &[]);
    let key = served.key().unwrap();
    assert!(key.len() >= 32);
    let get = |path: &str| served.ask("GET", path);
    for path in ["/", "/channels", "/site/blog/", "/app/app.js", "/events", "/nothing", "/?key=", "/?key=wrong"] {
        let answer = get(path).header("Accept", "text/html").send();
        let words = answer.refused(401);
        assert!(!words.contains(&key) && answer.header("set-cookie").is_none(), "{path}");
    }
    for wrong in [format!("Bearer {key}x"), format!("Bearer {}", &key[1..]), format!("Basic {key}"), key.clone()] {
        get("/channels").header("Authorization", &wrong).send().refused(401);
    }
    get("/channels").header("Cookie", "missive-key=").send().refused(401);
    served.ask("POST", "/channels/blog/messages").form(&[("body", "planted")]).send().refused(401);
    get("/channels").header("Authorization", &format!("Bearer {key}")).send().done();
    let come = get(&format!("/read/talk?key={key}")).send();
    assert_eq!((come.status, come.header("location")), (303, Some("/read/talk")), "the key leaves the address");
    let more = get(&format!("/search?q=two+words&key={key}&before=x")).send();
    assert_eq!(more.header("location"), Some("/search?q=two+words&before=x"), "and nothing else does");
    let cookie = come.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite="), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    get("/channels").header("Cookie", &format!("a=b; {pair}")).send().done();
    get("/channels")
        .without("Host")
        .header("Host", &format!("10.1.2.3:{}", served.port))
        .header("Cookie", pair)
        .send()
        .done();
    let evil = get("/channels").without("Host").header("Host", &format!("evil.example:{}", served.port));
    evil.header("Cookie", pair).send().refused(421);
    assert_eq!(served.below("blog/outbox").len(), 2);
}

/// Whether a browser that was at this server would go to this server.
fn stays_here(port: u16, location: &str) -> bool {
    let here = url::Url::parse(&format!("http://localhost:{port}/read/talk")).unwrap();
    here.join(location).is_ok_and(|to| to.origin() == here.origin())
}

#[test]
fn no_redirect_leads_away() {
    let served = Served::new();
    let key = served.shared_key();
    let evil = [
        "//evil.example/",
        "///evil.example/",
        "//evil.example:80@x/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\\/evil.example/",
        "/.//evil.example/",
        "/%09/evil.example/",
        "/%2F/evil.example/",
        "/;//evil.example/",
        "/@evil.example/",
        "http://evil.example/",
        "http://evil.example//evil.example/",
        "//evil.example/read/talk",
        "/site/blog//evil.example",
        "/site//evil.example/",
        "/site/..%2F..%2F%2Fevil.example",
    ];
    let mut redirects = 0;
    for path in evil {
        for path in [format!("{path}?key={key}"), path.to_owned()] {
            let mut wire = super::http::connect(served.port);
            let host = format!("Host: localhost:{}", served.port);
            wire.write_all(format!("GET {path} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
            let mut answer = Vec::new();
            wire.read_to_end(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer);
            let Some(location) = answer.lines().find_map(|line| line.strip_prefix("location: ")) else {
                continue;
            };
            redirects += 1;
            assert!(stays_here(served.port, location), "{path} leads to {location}");
            assert!(!location.contains(&key), "the key leaves the address");
        }
    }
    assert!(redirects >= 8, "{redirects}");
    let page = served.get("/read/talk");
    let pair = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let token = pair.split_once('=').unwrap().1;
    for back in evil.iter().copied().chain([
        "/\t/evil.example",
        "/\r\n/evil.example",
        "javascript:alert(1)",
        "\u{a0}//evil.example",
    ]) {
        let fields = [("token", token), ("do", "star"), ("back", back)];
        let ask = served.ask("POST", &format!("/read/talk/inbox/{FIRST}/marks")).form(&fields).header("Cookie", &pair);
        let answer = ask.send();
        let location = answer.header("location").unwrap();
        assert!(stays_here(served.port, location), "{back:?} leads to {location}");
    }
}

#[test]
fn this_machine_alone_needs_none() {
    for host in ["localhost", "127.0.0.1", "::1"] {
        let mut served = Served::ready();
        served.start(&["--host", host]);
        assert_eq!((served.key(), served.get("/channels").status), (None, 200), "{host}");
    }
}

#[test]
fn whatever_is_asked_is_answered_with_the_same_care() {
    let served = Served::new();
    // Each answer is looked at for its policy, its type and permissions to other sites when it is read.
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/everything"),
        ("GET", "/search?q=post"),
        ("GET", "/drafts"),
        ("GET", "/keys"),
        ("GET", "/write"),
        ("GET", "/write/blog"),
        ("GET", "/read/talk"),
        ("GET", "/site/blog"),
        ("GET", "/site/blog/"),
        ("GET", "/site/blog/nothing.html"),
        ("GET", "/site/nobody/"),
        ("GET", "/app/nothing"),
        ("GET", "/nothing"),
        ("POST", "/"),
        ("OPTIONS", "/channels"),
        ("OPTIONS", "*"),
        ("TRACE", "/channels"),
        ("PATCH", "/channels/talk"),
        ("BREW", "/channels/talk"),
        ("GET", "/channels/%ff"),
        ("GET", "/read/%ff"),
    ] {
        for accept in ["application/json", "text/html,*/*"] {
            let ask = Ask::new(served.port, method, path).header("Accept", accept);
            let answer = ask.header("Access-Control-Request-Method", "POST").send();
            assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text());
        }
    }
}

#[test]
fn nothing_is_ever_written_into_an_inbox() {
    let served = Served::new();
    let before = served.below("talk");
    let one = format!("/channels/talk/inbox/{FIRST}");
    for path in ["/channels/talk/inbox", &one, &format!("{one}/attachments"), &format!("{one}/attachments/x.txt")] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let ask = served.ask(method, path).files(&[("body", "planted")], &[("x.txt", b"planted")]);
            let answer = served.tell(ask);
            assert_eq!(answer.refused(405), "an inbox belongs to its author: nothing can be written into it");
            let allowed = answer.header("allow").unwrap();
            assert!(allowed.contains("GET") && !allowed.contains(method), "{allowed}");
        }
    }
    assert_eq!(served.below("talk"), before);
}

#[test]
fn a_page_of_another_site_asks_for_nothing_and_may_lead_here() {
    let served = Served::new();
    let foreign = |path: &str, mode: &str, dest: &str| {
        let ask = served.ask("GET", path).header("Sec-Fetch-Site", "cross-site");
        ask.header("Sec-Fetch-Mode", mode).header("Sec-Fetch-Dest", dest).send().status
    };
    for path in ["/api/search?q=hello", "/planet.atom", "/channels", "/site/blog/", "/"] {
        assert_eq!(foreign(path, "no-cors", "empty"), 403, "{path}");
        assert_eq!(foreign(path, "no-cors", "image"), 403, "{path}");
        assert_eq!(foreign(path, "navigate", "iframe"), 403, "{path}");
    }
    assert_eq!(foreign("/read/blog", "navigate", "document"), 200);
}

#[test]
fn a_form_on_a_site_that_is_shown_here_writes_nothing() {
    let served = Served::new();
    let origin = format!("http://localhost:{}", served.port);
    let ask = served.ask("POST", "/channels/blog/messages").form(&[("body", "not mine")]);
    let ask =
        ask.header("Origin", &origin).header("Sec-Fetch-Site", "same-origin").header("Sec-Fetch-Mode", "navigate");
    ask.send().refused(403);
    assert!(!served.texts("/channels/blog/outbox").contains(&"not mine".to_owned()));
}

#[test]
fn an_answer_that_is_known_carries_the_policy_of_the_whole_one() {
    let served = Served::new();
    for path in ["/site/blog/", "/channels/talk/outbox/2013-08-11T14-34-38Z/attachments/notes.txt", "/read/blog"] {
        let get = || served.ask("GET", path).header("Cookie", "missive-form=0123456789abcdef");
        let whole = get().send();
        let again = get().header("If-None-Match", whole.header("etag").unwrap()).send();
        assert_eq!((whole.status, again.status), (200, 304), "{path}");
        let policy = "content-security-policy";
        assert_eq!(again.header(policy), whole.header(policy), "{path}");
    }
}

#[test]
fn a_form_saves_over_no_change_that_it_has_not_seen() {
    let served = Served::new();
    let draft = served.tell(served.ask("POST", "/channels/blog/drafts").json(&json!({ "text": "first" }))).done();
    let page = served.ask("GET", "/read/blog").send();
    let pair = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let token = pair.split_once('=').unwrap().1;
    let seen = draft["version"].as_str().unwrap();
    served
        .tell(served.ask("PUT", draft["url"].as_str().unwrap()).json(&json!({ "text": "second, from elsewhere" })))
        .done();
    let write = draft["page"].as_str().unwrap();
    let send = |version: &str| {
        let fields = [("token", token), ("text", "third"), ("do", "save"), ("version", version)];
        served.ask("POST", write).files(&fields, &[]).header("Cookie", &pair).header("Accept", "text/html").send()
    };
    let refused = send(seen);
    assert_eq!(refused.status, 412);
    assert!(refused.text().contains("third") && refused.text().contains("changed elsewhere"), "{}", refused.text());
    let there = served.get(draft["url"].as_str().unwrap()).done();
    assert_eq!(there["text"], "second, from elsewhere");
    assert_eq!(send(there["version"].as_str().unwrap()).status, 303);
}

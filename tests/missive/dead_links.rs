//! Links that lead nowhere: what `check` and `build` say of one's own, and what `check --links` finds in a built site.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use snapbox::str;

use crate::scene::{Scene, words};
use crate::test_environment::assert_says;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";

/// Links of every kind, those of the second half dead.
const LINKS: &str = "[a](doc.pdf) [b](2026-01-01T10-00-00Z.txt#x) [c](index.html) [d](/about) [e](https://example.org)
[f](mailto:azureen@example.org) [g](#heading)

[h](about.html)
and [i](www.example.org/x) and [j]

[j]: 2020-01-01T00-00-00Z.txt
";

fn scene() -> Scene {
    Scene::new().message(FIRST, "# Heading\n\nx").message(SECOND, LINKS).attachment(SECOND, "doc.pdf", b"%PDF-1.4")
}

#[test]
fn ones_own_dead_links_are_listed_with_their_lines() {
    assert_says(
        scene().session(&[&["check", "blog"], &["check", "blog", "--strict"], &["build", "blog"]]),
        str![[r#"
$ missive check blog
blog: 2 messages, 3 warnings
  outbox/2026-01-02T10-00-00Z.txt: line 4: the link `about.html` leads nowhere: it is no attachment of this message, no message and no page of this site; write the whole address of a page elsewhere, or begin it with `/` if it is on your own server
  outbox/2026-01-02T10-00-00Z.txt: line 5: the link `www.example.org/x` leads nowhere: an address on another site begins with its scheme: https://www.example.org/x
  outbox/2026-01-02T10-00-00Z.txt: line 7: the link `2020-01-01T00-00-00Z.txt` leads nowhere: there is no such message on this site

$ missive check blog --strict
blog: 2 messages, 3 warnings
  outbox/2026-01-02T10-00-00Z.txt: line 4: the link `about.html` leads nowhere: it is no attachment of this message, no message and no page of this site; write the whole address of a page elsewhere, or begin it with `/` if it is on your own server
  outbox/2026-01-02T10-00-00Z.txt: line 5: the link `www.example.org/x` leads nowhere: an address on another site begins with its scheme: https://www.example.org/x
  outbox/2026-01-02T10-00-00Z.txt: line 7: the link `2020-01-01T00-00-00Z.txt` leads nowhere: there is no such message on this site
--- exit 1

$ missive build blog
[ROOT]/blog/site: 2 messages, 11 files written of 11 in [TIME]
--- messages
warning: 3 links in your messages lead nowhere, first `about.html` in outbox/2026-01-02T10-00-00Z.txt. Why, and what would help: missive check blog
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
    let one = Scene::new().message(FIRST, "title: x\n\n[x](about.html)");
    assert_says(
        one.session(&[&["build", "blog"]]),
        str![[r#"
$ missive build blog
[ROOT]/blog/site: 1 message, 9 files written of 9 in [TIME]
--- messages
warning: the link `about.html` in outbox/2026-01-01T10-00-00Z.txt leads nowhere. Why, and what would help: missive check blog
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
}

#[test]
fn links_of_others_and_links_that_lead_somewhere_are_no_warning() {
    assert_says(
        Scene::subscription().message(FIRST, "[x](about.html)").session(&[&["check", "blog"]]),
        str![[r#"
$ missive check blog
blog: 1 message, no warnings
"#]],
    );
    let whole = Scene::new().message(FIRST, "[a](index.html) [b](atom.xml) [c](x.jpg) [d](2026-01-01T10-00-00Z)");
    let whole = whole.attachment(FIRST, "x.jpg", b"x");
    assert_says(
        whole.session(&[&["check", "blog", "--strict"]]),
        str![[r#"
$ missive check blog --strict
blog: 1 message, no warnings
"#]],
    );
    // A file that is waited for is one warning, not two.
    assert_says(
        Scene::new().message(FIRST, "![c](x.jpg)").session(&[&["check", "blog"]]),
        str![[r#"
$ missive check blog
blog: 0 messages, no warnings
  outbox/2026-01-01T10-00-00Z.txt: held: waiting for x.jpg
"#]],
    );
}

#[test]
fn a_built_site_is_checked_as_it_lies_there() {
    let html = "<a href=\"x.html\">x</a> <a href=\"#nowhere\">y</a>";
    let scene = scene().message("2026-01-03T10-00-00Z", html);
    assert_says(
        scene.session(&[&["check", "blog", "--links"], &["check", "--links"]]),
        str![[r#"
$ missive check blog --links
--- messages
error: `blog` has no site in its folder
  hint: `missive build blog` builds it; if it is elsewhere, `--site DIR` names its folder
--- exit 1

$ missive check --links
blog: no site in its folder; `missive build blog` builds it
"#]],
    );
    scene.run(&["build", "blog"]);
    std::fs::remove_file(scene.path(&format!("site/{SECOND}/doc.pdf"))).unwrap();
    std::fs::write(scene.path("site/by-hand.html"), "<a href=index.html></a><img src=gone.png>").unwrap();
    assert_says(
        scene.session(&[&["check", "blog", "--links"], &["check", "--links", "--strict", "--site", "blog/site"]]),
        str![[r#"
$ missive check blog --links
blog: 100 links on 8 pages, 6 addresses lead nowhere
  by-hand.html: `gone.png`: the site has no file `gone.png`
  outbox/2026-01-02T10-00-00Z.txt: line 1: `2026-01-01T10-00-00Z.html#x`: the page `2026-01-01T10-00-00Z.html` has no place named `x`
  outbox/2026-01-02T10-00-00Z.txt: line 1: `2026-01-02T10-00-00Z/doc.pdf`: the site has no file `2026-01-02T10-00-00Z/doc.pdf`
  outbox/2026-01-02T10-00-00Z.txt: line 2: `#heading`: this page has no place named `heading`
  outbox/2026-01-03T10-00-00Z.txt: line 1: `#nowhere`: this page has no place named `nowhere`
  outbox/2026-01-03T10-00-00Z.txt: line 1: `x.html`: the site has no file `x.html`
Correct them where they are written, then build the site again.
Not checked: 2 links to your own server; `base_url` in missive.toml says where that is.
Not checked: 1 address of other sites; `missive check --links --external` asks their servers.

$ missive check --links --strict --site blog/site
[ROOT]/blog/site: 100 links on 8 pages, 8 addresses lead nowhere
  2026-01-02T10-00-00Z.html: `#heading`: this page has no place named `heading`
  2026-01-02T10-00-00Z.html and 1 more link: `2026-01-01T10-00-00Z.html#x`: the page `2026-01-01T10-00-00Z.html` has no place named `x`
  2026-01-02T10-00-00Z.html and 3 more links: `2026-01-02T10-00-00Z/doc.pdf`: the site has no file `2026-01-02T10-00-00Z/doc.pdf`
  2026-01-03T10-00-00Z.html: `#nowhere`: this page has no place named `nowhere`
  2026-01-03T10-00-00Z.html and 1 more link: `x.html`: the site has no file `x.html`
  by-hand.html: `gone.png`: the site has no file `gone.png`
  index.html: `#heading`: this page has no place named `heading`
  index.html: `#nowhere`: this page has no place named `nowhere`
Correct them where they are written, then build the site again.
Not checked: 2 links to your own server; `base_url` in missive.toml says where that is.
Not checked: 1 address of other sites; `missive check --links --external` asks their servers.
--- exit 1
"#]],
    );
}

#[test]
fn what_is_found_is_as_its_schema_says() {
    let scene = scene();
    scene.run(&["build", "blog"]);
    let schema = serde_json::from_str(&words(&scene.run(&["schema", "check"])).0).unwrap();
    let (said, _) = words(&scene.run(&["check", "blog", "--links", "--json"]));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let errors: Vec<_> =
        jsonschema::draft202012::new(&schema).unwrap().iter_errors(&said).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{said:#}");
    let dead = &said["channels"][0]["links"]["dead"][0];
    assert_eq!(
        (dead["address"].as_str(), dead["line"].as_u64()),
        (Some("2026-01-01T10-00-00Z.html#x"), Some(1)),
        "{said:#}"
    );
}

#[test]
fn the_example_of_a_site_without_dead_links_has_none() {
    let scene = Scene::new()
        .message(FIRST, "# A\n\n[b](2026-01-02T10-00-00Z.txt) #tag")
        .message(SECOND, "x[^1]\n\n[^1]: y\n\n## Heading");
    scene.run(&["build", "blog", "--base-url", "https://example.org/blog/"]);
    assert_says(
        scene.session(&[&["check", "blog", "--links", "--strict"]]),
        str![[r#"
$ missive check blog --links --strict
blog: 103 links on 8 pages, none of them dead
"#]],
    );
}

/// A server on this machine that answers by path, and remembers what it was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, own) = (Arc::clone(&asked), address.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, own) = (Arc::clone(&log), own.clone());
                thread::spawn(move || answer(stream.unwrap(), &log, &own));
            }
        });
        Self { address, asked }
    }

    /// How often each path was asked, by the kind of request.
    fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for request in self.asked.lock().unwrap().drain(..) {
            *asked.entry(request).or_insert(0) += 1;
        }
        asked
    }
}

/// Answers one request by its path.
fn answer(mut stream: TcpStream, log: &Mutex<Vec<String>>, own: &str) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let request = first.trim_end_matches(" HTTP/1.1").to_owned();
    log.lock().unwrap().push(request.clone());
    let answer = match request.as_str() {
        "HEAD /there" | "GET /no-head" | "GET /forbidden-head" => "200 OK".to_owned(),
        "HEAD /no-head" => "405 Method Not Allowed".to_owned(),
        "HEAD /forbidden-head" | "HEAD /forbidden" | "GET /forbidden" => "403 Forbidden".to_owned(),
        "HEAD /moved" => format!("301 Moved Permanently\r\nLocation: http://{own}/there"),
        "HEAD /circle" => format!("302 Found\r\nLocation: http://{own}/circle"),
        "HEAD /broken" => "500 Internal Server Error".to_owned(),
        "HEAD /slow" => {
            thread::sleep(Duration::from_secs(20));
            "200 OK".to_owned()
        }
        _ => "404 Not Found".to_owned(),
    };
    // Who asks may have gone.
    let _ = write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn other_servers_are_asked_once_a_day() {
    let server = Server::start();
    let paths =
        ["there", "no-head", "forbidden-head", "forbidden", "moved", "circle", "broken", "slow", "gone", "gone#place"];
    let address = |path: &str| ["<http://", &server.address, "/", path, ">\n"].concat();
    let mut text: String = paths.into_iter().map(address).collect();
    let closed = format!("127.0.0.1:{}", closed_port());
    text += &["<http://", &closed, "/refused>\n"].concat();
    let scene = Scene::new().message(FIRST, &text);
    scene.run(&["build", "blog"]);
    let check = ["check", "blog", "--links", "--external", "--timeout", "1s"];
    let said = |args: &[&str]| {
        let session = scene.session(&[args]);
        session.replace(&server.address, "[SERVER]").replace(&closed, "[CLOSED]")
    };
    assert_says(
        said(&check),
        str![[r#"
$ missive check blog --links --external --timeout 1s
blog: 73 links on 5 pages, 3 addresses lead nowhere
  outbox/2026-01-01T10-00-00Z.txt: line 6: `http://127.0.0.1:[PORT]/circle`: it is redirected more than 10 times
  outbox/2026-01-01T10-00-00Z.txt: line 9: `http://127.0.0.1:[PORT]/gone`: its server has no such page (404)
  outbox/2026-01-01T10-00-00Z.txt: line 11: `http://127.0.0.1:[PORT]/refused`: no server answers there
Whether these addresses lead anywhere is not certain; try in a browser:
  outbox/2026-01-01T10-00-00Z.txt: line 4: `http://127.0.0.1:[PORT]/forbidden`: its server does not show it to missive (403)
  outbox/2026-01-01T10-00-00Z.txt: line 7: `http://127.0.0.1:[PORT]/broken`: its server has a fault of its own (500)
  outbox/2026-01-01T10-00-00Z.txt: line 8: `http://127.0.0.1:[PORT]/slow`: its server does not answer within 1s
Correct them where they are written, then build the site again.
"#]],
    );
    let asked = server.asked();
    assert_eq!(asked["HEAD /there"], 2, "for itself, and where /moved leads");
    assert_eq!(asked["HEAD /gone"], 1);
    assert_eq!((asked["HEAD /no-head"], asked["GET /no-head"]), (1, 1));
    assert!(!asked.contains_key("GET /there"));
    // What is certain is known for a day; what was not certain is asked again.
    let again = said(&[&check[..], &["--json"]].concat());
    assert!(again.contains("its server has no such page (404)"), "{again}");
    let asked = server.asked();
    assert_eq!(
        asked.keys().map(String::as_str).collect::<Vec<_>>(),
        ["GET /forbidden", "HEAD /broken", "HEAD /forbidden", "HEAD /slow"]
    );
}

#[test]
fn a_strangers_link_asks_no_machine_near_by() {
    let server = Server::start();
    let scene = Scene::subscription().message(FIRST, &format!("<http://{}/reboot>", server.address));
    scene.run(&["build", "blog"]);
    let (said, _) = words(&scene.run(&["check", "blog", "--links", "--external"]));
    assert!(said.contains("Not checked: 1 address in private networks"), "{said}");
    assert_eq!(server.asked(), BTreeMap::new());
}

//! A form that is sent twice does once what it says.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::http::{Answer, Ask};
use super::{FIRST, Served};

/// A page of the app with its form, as a browser has it.
struct Page {
    cookie: String,
    token: String,
}

impl Page {
    #[track_caller]
    fn open(served: &Served, path: &str) -> Self {
        let answer = served.ask("GET", path).send();
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let text = answer.text();
        let token = text.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Self { cookie, token }
    }

    fn form(&self, ask: Ask, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("token", self.token.as_str())]).collect();
        ask.files(&fields, files).header("Cookie", &self.cookie).send()
    }
}

/// How many messages and drafts the blog has besides those of the beginning.
fn new_ones(served: &Served) -> (usize, usize) {
    let texts = |folder: &str| served.below(folder).iter().filter(|name| name.ends_with("Z.txt")).count();
    (texts("blog/outbox") - 2, texts("blog/drafts"))
}

#[test]
fn a_letter_that_is_sent_twice_is_one_message() {
    let served = Served::new();
    let page = Page::open(&served, "/write/blog");
    let send = |text: &str| page.form(served.ask("POST", "/write/blog"), &[("text", text), ("do", "send")], &[]);
    let (first, second) = (send("Once"), send("Once"));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"), "the second click sees what the first did");
    assert_eq!(new_ones(&served), (1, 0));
    assert_eq!(served.get(second.header("location").unwrap()).status, 200);
    let other = send("Other words");
    assert_ne!(other.header("location"), first.header("location"));
    assert_eq!(new_ones(&served), (2, 0), "who goes back and writes something else loses nothing");
    let again = Page::open(&served, "/write/blog");
    again.form(served.ask("POST", "/write/blog"), &[("text", "Once"), ("do", "send")], &[]);
    assert_eq!(new_ones(&served), (3, 0), "the same words, meant anew");
}

#[test]
fn two_clicks_at_one_moment_are_one_message() {
    let served = Served::new();
    let page = Page::open(&served, "/write/blog");
    let send = || {
        let fields = [("text", "Once"), ("do", "send")];
        let answer = page.form(served.ask("POST", "/write/blog"), &fields, &[("a.txt", b"with a file")]);
        answer.header("location").unwrap().to_owned()
    };
    let led: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(led.iter().all(|to| *to == led[0]), "{led:?}");
    assert_eq!(new_ones(&served), (1, 0));
    assert_eq!(served.below("blog/outbox").iter().filter(|name| name.ends_with("/a.txt")).count(), 1);
}

#[test]
fn every_form_that_writes_is_done_once() {
    let served = Served::new();
    let new = Page::open(&served, "/write/blog");
    let twice = |page: &Page, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]| {
        let [one, two] = [(), ()].map(|()| page.form(served.ask("POST", path), fields, files));
        assert_eq!((one.status, two.status), (303, 303), "{path} {fields:?}: {}", two.text());
        assert_eq!(one.header("location"), two.header("location"));
        one.header("location").unwrap().to_owned()
    };
    let draft = twice(&new, "/write/blog", &[("text", "A draft"), ("do", "save")], &[]);
    assert_eq!(new_ones(&served), (0, 1));
    let version = |draft: &str| {
        let page = served.ask("GET", draft).send().text();
        page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (page, seen) = (Page::open(&served, &draft), version(&draft));
    let fields = [("text", "A draft"), ("version", seen.as_str()), ("do", "save")];
    twice(&page, &draft, &fields, &[("notes.txt", b"some")]);
    let files = served.below("blog/drafts").into_iter().filter(|name| name.contains("notes")).count();
    assert_eq!(files, 1, "a file that is sent twice is attached once");
    let page = Page::open(&served, &draft);
    let fields = [("text", "A draft"), ("version", seen.as_str()), ("do", "send")];
    assert!(twice(&page, &draft, &fields, &[]).starts_with("/read/blog/outbox/"));
    assert_eq!(new_ones(&served), (1, 0));
    let new = Page::open(&served, "/write/blog");
    let draft = twice(&new, "/write/blog", &[("text", "Not this"), ("do", "preview")], &[]);
    let draft = draft.split('?').next().unwrap();
    let page = Page::open(&served, "/drafts");
    let discard = || {
        let ask = served.ask("POST", &format!("{draft}/discard")).form(&[("token", &page.token)]);
        ask.header("Cookie", &page.cookie).send()
    };
    for answer in [discard(), discard()] {
        assert_eq!((answer.status, answer.header("location")), (303, Some("/drafts")));
    }
    assert_eq!(new_ones(&served), (1, 0));
}

#[test]
fn what_was_refused_is_tried_again() {
    let served = Served::new();
    let page = Page::open(&served, "/write/blog");
    let send = || page.form(served.ask("POST", "/write/blog"), &[("text", "Soon"), ("do", "send")], &[]);
    let (outbox, away) = (served.data("blog/outbox"), served.data("blog/away"));
    std::fs::rename(&outbox, &away).unwrap();
    std::fs::write(&outbox, "no folder").unwrap();
    assert!(send().status >= 400);
    std::fs::remove_file(&outbox).unwrap();
    std::fs::rename(&away, &outbox).unwrap();
    crate::scene::until("the channel again", || served.ask("GET", "/channels/blog").send().status == 200);
    assert_eq!(send().status, 303);
    let texts = served.texts("/channels/blog/messages");
    assert_eq!(texts.iter().filter(|text| *text == "Soon").count(), 1);
}

#[test]
fn a_form_is_known_after_a_restart() {
    let mut served = Served::new();
    let page = Page::open(&served, "/write/blog");
    let first = page.form(served.ask("POST", "/write/blog"), &[("text", "Once"), ("do", "send")], &[]);
    served.end();
    served.start(&[]);
    let second = page.form(served.ask("POST", "/write/blog"), &[("text", "Once"), ("do", "send")], &[]);
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(new_ones(&served), (1, 0));
}

#[test]
fn nothing_is_noted_where_others_may_write() {
    let mut served = Served::new();
    served.end();
    let private = served.data(".missive");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o777)).unwrap();
    let precious = "a line of somebody's\n".repeat(2_000);
    fs::write(served.data("precious"), &precious).unwrap();
    let forms = private.join("serve.forms");
    symlink(served.data("precious"), &forms).unwrap();
    served.start(&[]);
    let page = Page::open(&served, "/write/blog");
    let send = || page.form(served.ask("POST", "/write/blog"), &[("text", "Once"), ("do", "send")], &[]);
    assert_eq!(send().header("location"), send().header("location"), "this run knows the form all the same");
    assert_eq!(new_ones(&served), (1, 0));
    assert!(fs::read_to_string(served.data("precious")).unwrap() == precious, "the file behind the link is as it was");
}

#[test]
fn a_form_that_is_not_this_browsers_learns_nothing() {
    let served = Served::new();
    let page = Page::open(&served, "/write/blog");
    let fields = [("text", "Once"), ("do", "send"), ("token", page.token.as_str())];
    page.form(served.ask("POST", "/write/blog"), &fields[..2], &[]);
    let stranger = served.ask("POST", "/write/blog").files(&fields, &[]).send();
    assert_eq!((stranger.status, stranger.header("location")), (403, None));
    let mark = served.ask("POST", &format!("/read/talk/inbox/{FIRST}/marks"));
    let mark = mark.form(&[("do", "star"), ("token", &page.token)]).header("Cookie", &page.cookie).send();
    assert_eq!(mark.status, 303, "a number does no harm where none is needed");
}

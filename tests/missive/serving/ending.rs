//! How a server starts and ends, and channels that come and go meanwhile.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::http::Answer;
use super::{FIRST, Served};
use crate::scene::until;
use crate::test_environment::stop;

#[test]
fn an_upload_that_is_on_its_way_is_finished_before_the_end() {
    let mut served = Served::new();
    let bytes = vec![b'x'; 20 << 20];
    let ask = served.ask("POST", "/channels/talk/messages").files(&[("body", "The last one")], &[("big.bin", &bytes)]);
    let (first, rest) = ask.body.split_at(5 << 20);
    let mut wire = ask.begin(first, ask.body.len());
    until("the upload", || {
        served.below("talk").iter().any(|name| name.contains("/.missive-tmp") && name.ends_with("/0"))
    });
    let child = served.child.take().unwrap();
    stop(&child);
    until("nobody else is let in", || TcpStream::connect(("127.0.0.1", served.port)).is_err());
    wire.write_all(rest).unwrap();
    let message = Answer::read(&mut wire, false).unwrap().done();
    assert_eq!((&message["body"], &message["has_attachments"]), (&"The last one".into(), &true.into()));
    assert_eq!({ child }.wait().unwrap().code(), Some(0));
    let stem = message["message_id"].as_str().unwrap();
    assert_eq!(fs::read(served.data(&format!("talk/outbox/{stem}/big.bin"))).unwrap(), bytes);
    let hidden: Vec<String> = served.below("talk").into_iter().filter(|name| name.contains("/.missive-tmp")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn open_streams_do_not_keep_a_server_from_ending() {
    let mut served = Served::new();
    let mut listening = served.listen("").begun();
    let _idle = super::http::connect(served.port);
    let start = Instant::now();
    assert_eq!(served.end(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert_eq!(listening.within(Duration::from_secs(1)), None);
}

#[test]
fn a_port_in_use_is_told_with_the_way_to_another() {
    let served = Served::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output =
        served.command(&["serve", "--port", &port.to_string()]).stderr(std::process::Stdio::piped()).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    let other = port.checked_add(1).unwrap_or(3000);
    let expected = format!(
        "error: port {port} of 127.0.0.1 is in use by another program\n  \
         hint: choose another port with `--port {other}`, or any free one with `--port 0`\n"
    );
    assert_eq!((output.status.code(), words), (Some(1), expected));
    assert!(output.stdout.is_empty(), "a script is not told an address that is not there");
}

#[test]
fn a_channel_that_comes_is_there_and_one_that_goes_is_gone() {
    let served = Served::new();
    let mut listening = served.listen("").begun();
    served.put(&format!("new/outbox/{FIRST}.txt"), b"Hello");
    until("the new channel", || served.get("/channels/new/messages").status == 200);
    assert_eq!(served.texts("/channels/new/messages"), ["Hello"]);
    assert_eq!(listening.next_of("channel").data["channel"], "new");
    served.say("new", "Again");
    fs::rename(served.data("new"), served.dir.path().join("away")).unwrap();
    until("its end", || served.get("/channels/new").status == 404);
    served.tell(served.ask("POST", "/channels/new/messages").form(&[("body", "x")])).refused(404);
    assert!(!served.data("new").exists(), "nothing brings it back");
    fs::rename(served.dir.path().join("away"), served.data("new")).unwrap();
    until("its return", || served.get("/channels/new").status == 200);
    assert_eq!(served.texts("/channels/new/messages").len(), 2);
    fs::create_dir(served.data("new/inbox")).unwrap();
    until("an inbox", || served.get("/channels/new/inbox").status == 200);
}

#[test]
fn a_channel_that_cannot_be_read_harms_no_other() {
    // The superuser can read everything, so the box is a file in its place as well.
    let served = Served::new();
    let inbox = served.data("news/inbox");
    fs::set_permissions(&inbox, fs::Permissions::from_mode(0o000)).unwrap();
    served.put("odd/outbox/x", b"x");
    fs::remove_dir_all(served.data("odd/outbox")).unwrap();
    fs::write(served.data("odd/outbox"), "no folder").unwrap();
    served.put("broken/missive.toml", b"[sit");
    served.put(&format!("broken/outbox/{FIRST}.txt"), b"Shown all the same");
    until("the broken one", || served.get("/channels/broken/messages").status == 200);
    assert_eq!(served.texts("/channels/broken/messages"), ["Shown all the same"]);
    assert!(served.get("/site/broken/").status >= 400);
    assert_eq!(served.say("blog", "Here we are")["body"], "Here we are");
    for path in
        ["/", "/everything", "/channels", "/channels/talk", "/site/blog/", "/search?q=post", "/api/search?q=post"]
    {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    for path in ["/channels/news", "/channels/news/messages", "/read/news", "/channels/odd", "/read/broken"] {
        assert!(served.get(path).status < 500, "{path}");
    }
    fs::set_permissions(&inbox, fs::Permissions::from_mode(0o755)).unwrap();
    until("what can be read again", || served.get("/channels/news/messages").status == 200);
    assert_eq!(served.texts("/channels/news/messages"), ["News of today"]);
}

#[test]
fn a_message_that_is_gone_is_gone_here_too() {
    let served = Served::new();
    fs::remove_file(served.data(&format!("blog/outbox/{FIRST}.txt"))).unwrap();
    until("its end", || served.get("/channels/blog").done()["outbox_count"] == 1);
    served.get(&format!("/channels/blog/outbox/{FIRST}")).refused(404);
}

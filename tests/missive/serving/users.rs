//! Loopback is not a person: the user who runs the server needs nothing, and every other one of the machine the key.
//! Only root can act as somebody else.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::json;

use super::Served;
use super::http::Ask;

/// Numbers of users who own nothing here.
const OTHER: u32 = 65_534;
const SERVER: u32 = 61_234;

/// What a user's program is answered that connects to this address of the server.
fn by(user: u32, address: &str, ask: &Ask) -> String {
    let request = [ask.head(ask.body.len()), ask.body.clone()].concat();
    let mut child = Command::new("bash")
        .args(["-c", "exec 3<>\"/dev/tcp/$0/$1\"; cat >&3; cat <&3", address, &ask.port.to_string()])
        .uid(user)
        .gid(user)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &request).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// The status of an answer.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: `{answer}`")).parse().unwrap()
}

#[test]
#[ignore = "needs root, who acts as other users"]
fn another_user_of_the_machine_needs_the_key_to_read_and_to_write() {
    let served = Served::new();
    let before = served.below("blog");
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        for path in ["/", "/channels", "/site/blog/", "/app/app.js", "/events", "/planet.atom", "/nothing"] {
            let answer = by(OTHER, address, &served.ask("GET", path));
            assert_eq!(status(&answer), 401, "{address} {path}");
            assert!(!answer.contains("First post") && !answer.contains(&served.shared_key()), "{answer}");
        }
        let post = served.ask("POST", "/channels/blog/messages").form(&[("body", "planted")]);
        assert_eq!(status(&by(OTHER, address, &post)), 401, "{address}");
    }
    assert_eq!(served.below("blog"), before);
    let key = served.shared_key();
    let with = |ask: Ask| ask.header("Authorization", &format!("Bearer {key}"));
    assert!(by(OTHER, "127.0.0.1", &with(served.ask("GET", "/channels/blog/messages"))).contains("First post"));
    let post = with(served.ask("POST", "/channels/blog/messages").form(&[("body", "by key")]));
    assert_eq!(status(&by(OTHER, "::1", &post)), 200);
    assert_eq!(served.texts("/channels/blog/messages")[0], "by key");
}

#[test]
fn the_user_who_runs_it_needs_nothing() {
    let served = Served::new();
    assert_eq!(served.key(), None, "no key is in the address");
    let post = || served.ask("POST", "/channels/blog/messages").form(&[("body", "mine")]);
    assert_eq!(served.tell(post()).done()["body"], "mine");
    assert_eq!(served.get("/").status, 200);
    // Other programs of the same user.
    let own = rustix::process::geteuid().as_raw();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(status(&by(own, address, &served.ask("GET", "/channels"))), 200, "{address}");
        assert_eq!(status(&by(own, address, &post())), 200, "{address}");
    }
}

#[test]
#[ignore = "needs root, who acts as other users"]
fn a_proxy_of_another_user_forwards_nobody_without_the_key() {
    // Root runs most proxies; the server is somebody else's.
    let mut served = Served::ready();
    served.belongs_to(SERVER);
    served.launch(&[]);
    assert_eq!(status(&by(SERVER, "127.0.0.1", &served.ask("GET", "/channels"))), 200, "its own user needs nothing");
    assert_eq!(served.ask("GET", "/channels").send().status, 401, "not even root is that user");
    let forwarded = || served.ask("GET", "/channels").header("X-Forwarded-For", "192.0.2.7");
    forwarded().send().refused(401);
    forwarded().header("Authorization", &format!("Bearer {}", served.shared_key())).send().done();
    let come = served.ask("GET", &format!("/read/blog?key={}", served.shared_key())).send();
    let cookie = come.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!((come.status, come.header("location")), (303, Some("/read/blog")));
    assert_eq!(forwarded().header("Cookie", &cookie).send().status, 200);
}

#[test]
#[ignore = "needs root, who acts as other users"]
fn where_users_cannot_be_told_apart_everybody_needs_the_key_and_the_link_has_it() {
    // To this server all users outside its user namespace are one, and it is one of them itself.
    let mut served = Served::ready();
    served.belongs_to(OTHER);
    served.launch(&[]);
    let key = served.key().expect("a key in the address");
    assert_eq!(status(&by(OTHER, "127.0.0.1", &served.ask("GET", "/channels"))), 401);
    let ask = served.ask("GET", "/channels").header("Authorization", &format!("Bearer {key}"));
    assert_eq!(status(&by(OTHER, "127.0.0.1", &ask)), 200);
}

#[test]
fn the_key_is_kept_where_nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let mut served = Served::new();
    let key = served.shared_key();
    let file = served.data(".missive/serve.key");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((std::fs::read_to_string(&file).unwrap(), mode(&file)), (key.clone(), 0o600));
    assert_eq!(mode(&served.data(".missive")), 0o700);
    served.end();
    served.start(&[]);
    assert_eq!(served.shared_key(), key, "a link that was given stays good");
    served.end();
    std::fs::remove_file(&file).unwrap();
    served.start(&[]);
    assert_ne!(served.shared_key(), key, "who deletes it gets another one");
}

#[test]
fn whose_connection_it_is_costs_little() {
    let served = Served::new();
    let asked = |count: u32| {
        let start = std::time::Instant::now();
        (0..count).for_each(|_| drop(served.ask("GET", "/channels/blog").send()));
        start.elapsed() / count
    };
    asked(20);
    // With each request on a connection of its own; beside hundreds of other ones.
    let idle: Vec<_> = (0..200).map(|_| served.listen("")).collect();
    let each = asked(100);
    assert!(each.as_millis() < 50, "{each:?}");
    drop(idle);
    assert_eq!(served.get("/channels/blog").done()["name"], json!("blog"));
}

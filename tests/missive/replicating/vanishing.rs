//! Channels that are moved away and back while something runs: nothing makes anew what vanished.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};
use crate::test_environment::stop;

/// A program at work in somebody's data folder, which ends with the test.
struct Working(Child);

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Working {
    fn ends_well(mut self) {
        stop(&self.0);
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

/// What lies in a data folder, at its top.
fn top(person: &Person) -> Vec<String> {
    let entries = fs::read_dir(person.path("")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Moves a channel away, has every reason given to make it anew, and moves it back.
fn goes_away_and_comes_back(person: &Person, channel: &str, meanwhile: impl Fn()) {
    let away = person.root().join("away");
    let before = top(person);
    fs::rename(person.path(channel), &away).unwrap();
    let gone: Vec<String> = before.iter().filter(|name| *name != channel).cloned().collect();
    meanwhile();
    // As long as a node, a watch and a server need to look at everything that they look at by themselves.
    let begun = Instant::now();
    until(&[person], "time passes", || {
        assert_eq!(top(person), gone, "nothing is made anew");
        begun.elapsed() > Duration::from_millis(2500)
    });
    // `mv` puts it into a folder of that name, if there is one.
    assert!(std::process::Command::new("mv").arg(&away).arg(person.path(channel)).status().unwrap().success());
    assert_eq!(top(person), before);
    assert!(!person.has(&format!("{channel}/away")), "it is back in its place");
}

#[test]
fn a_node_makes_no_box_anew() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n").running();
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, "blog/outbox"), (&brando, "harbour/inbox"), "the first message arrives");
    goes_away_and_comes_back(&brando, "harbour", || {
        // A new message, a change, which puts the old one into the trash, and a large attachment.
        azureen.writes(&format!("blog/outbox/{SECOND}/film"), &vec![7; 300_000]);
        azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"two\n");
        azureen.writes(&format!("blog/outbox/{FIRST}.txt"), b"one, changed\n");
        brando.does(&["status"]);
    });
    // What it missed comes when it looks again.
    brando.stops();
    brando.starts();
    until_same((&azureen, "blog/outbox"), (&brando, "harbour/inbox"), "what came meanwhile is there");
    goes_away_and_comes_back(&azureen, "blog", || drop(azureen.does(&["status"])));
    azureen.writes(&format!("blog/outbox/{THIRD}.txt"), b"three\n");
    assert!(brando.has(&format!("harbour/inbox/{FIRST}.txt")), "an author's box that is gone deletes nothing");
}

#[test]
fn a_watch_and_a_server_make_no_channel_anew() {
    for (command, is_fast) in [("watch", true), ("serve", false)] {
        let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n");
        azureen.key("blog");
        let rest = ["--offline", "--listen", "127.0.0.1:0", "--rescan", "1s"];
        let args = if is_fast { vec!["watch", "blog"] } else { vec!["serve", "--port", "0", "--json"] };
        let working = Working(azureen.begins(&[&args[..], &rest].concat()));
        let is_ready = || if is_fast { azureen.has("blog/site/index.html") } else { true };
        until(&[&azureen], "it runs", || is_ready() && azureen.status()["running"] == true);
        goes_away_and_comes_back(&azureen, "blog", || ());
        if is_fast {
            azureen.writes(&format!("blog/outbox/{SECOND}.txt"), b"two\n");
            until(&[&azureen], "the site goes on", || azureen.has(&format!("blog/site/{SECOND}.html")));
        }
        assert!(azureen.has(&format!("blog/outbox/{FIRST}.txt")), "{command}");
        working.ends_well();
    }
}

#[test]
fn a_data_folder_that_is_moved_away_is_not_made_anew() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n");
    azureen.key("blog");
    let rest = ["--offline", "--listen", "127.0.0.1:0"];
    for args in [&["sync"][..], &["watch", "blog", "--rescan", "1s"], &["serve", "--port", "0", "--rescan", "1s"]] {
        let working = Working(azureen.begins(&[args, &rest].concat()));
        // A program whose folder goes away while it begins may end with an error.
        until(&[&azureen], "it follows the channel", || {
            let status = azureen.status();
            status["running"] == true && status["documents"] != serde_json::json!([])
        });
        let away = azureen.root().join("away");
        fs::rename(azureen.path(""), &away).unwrap();
        let begun = Instant::now();
        until(&[], "time passes", || {
            assert!(!azureen.path("").exists(), "{args:?} made it anew");
            begun.elapsed() > Duration::from_millis(2500)
        });
        working.ends_well();
        assert!(!azureen.path("").exists(), "{args:?} made it anew at its end");
        fs::rename(&away, azureen.path("")).unwrap();
        assert_eq!(azureen.does(&["keys"]), "blog (outbox): reads and writes\n");
    }
}

#[test]
fn a_new_channel_gets_no_keys_of_one_that_is_gone() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "one\n");
    let key = Person::author("Cooper", "blog").key("blog");
    azureen.key("blog");
    fs::rename(azureen.path("blog"), azureen.root().join("away")).unwrap();
    let words = "error: the folder `blog` is gone, but its keys are still here; a new folder of that name would be shared with the old channel's readers\n  \
                 hint: move the folder back, choose another name, or delete the keys: missive keys forget blog\n";
    assert_eq!(azureen.refused(&["new", "blog"]), words);
    assert_eq!(azureen.refused(&["invite", "blog"]), words);
    assert_eq!(azureen.refused_by_others(&["subscribe", &key, "blog", "--no-wait"]), words);
    assert!(!azureen.has("blog"));
    // A name that nobody chose is another one.
    azureen.reaches(&["subscribe", &key, "--no-wait"]);
    assert!(!azureen.has("blog") && azureen.has("the-harbour/inbox"), "{:?}", top(&azureen));
    azureen.does(&["keys", "forget", "blog"]);
    azureen.does(&["new", "blog"]);
    assert!(azureen.has("blog/outbox"));
}

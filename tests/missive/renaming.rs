//! `missive rename` where nothing is shared: the folder, and all that goes by its name.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use snapbox::str;

use crate::test_environment::{Environment, assert_says, words};

const FIRST: &str = "2026-01-01T10-00-00Z";

/// A data folder with a blog and a subscription, and what runs the program in it.
struct Data {
    dir: tempfile::TempDir,
    environment: Environment,
}

impl Data {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [("films/outbox", "mine"), ("news/inbox", "theirs")] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
            fs::write(dir.path().join(path).join(format!("{FIRST}.txt")), text).unwrap();
        }
        let environment = Environment::new(dir.path());
        Self { dir, environment }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    #[track_caller]
    fn does(&self, args: &[&str]) -> String {
        let output = self.environment.run(args);
        let (out, talk) = words(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {out}{talk}");
        out
    }

    fn session(&self, args: &[&str]) -> String {
        self.environment.session(&[args])
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.does(&[args, &["--json"]].concat())).unwrap()
    }
}

#[test]
fn a_channel_is_renamed_with_all_that_is_in_it() {
    let data = Data::new();
    fs::create_dir_all(data.path("films/drafts")).unwrap();
    fs::write(data.path("films/missive.toml"), "[site]\npage_size = 5\n").unwrap();
    assert_says(
        data.session(&["rename", "films/", "my cinema"]),
        str![[r#"
$ missive rename films/ 'my cinema'
[ROOT]/my cinema
Renamed `films` to `my cinema`.
The feeds keep their ids: these followed from the old name, and stand in [ROOT]/my cinema/outbox/.channel.toml now.
"#]],
    );
    assert!(!data.path("films").exists() && data.path("my cinema/drafts").is_dir());
    assert!(data.path("my cinema/missive.toml").is_file());
    let said = data.does(&["read", "my cinema"]);
    assert!(said.contains("mine"), "{said}");
    assert!(!data.path(".missive").exists(), "nothing is shared, so there are no keys");
}

#[test]
fn the_feeds_of_a_blog_keep_their_ids() {
    let data = Data::new();
    let ids = |channel: &str| {
        data.does(&["build", channel, "--base-url", "https://example.org/"]);
        let feed = fs::read_to_string(data.path(channel).join("site/atom.xml")).unwrap();
        let ids = feed.split("<id>").skip(1).map(|rest| rest.split("</id>").next().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let before = ids("films");
    assert_eq!(before.len(), 2);
    data.does(&["rename", "films", "cinema"]);
    assert_eq!(ids("cinema"), before);
    let profile = fs::read_to_string(data.path("cinema/outbox/.channel.toml")).unwrap();
    assert_eq!(profile, format!("id = \"{}\"\n", before[0]));
    data.does(&["rename", "cinema", "films"]);
    assert_eq!(fs::read_to_string(data.path("films/outbox/.channel.toml")).unwrap(), profile, "it has an id now");
}

#[test]
fn what_was_read_stays_read() {
    let data = Data::new();
    let unread = |channel: &str| {
        let channels = data.json(&["channels"])["channels"].as_array().unwrap().clone();
        channels.into_iter().find(|line| line["name"] == channel).unwrap()["unread"].clone()
    };
    assert_eq!(unread("news"), 1);
    data.does(&["mark", "news", "--read", FIRST]);
    data.does(&["rename", "news", "the news"]);
    assert_eq!(unread("the news"), 0);
}

#[test]
fn the_limits_of_a_channel_go_by_its_new_name() {
    let data = Data::new();
    let settings = data.path("home/.config/missive/config.toml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let text =
        |name: &str| format!("[sync]  # mine\nfiles_limit = 9\n\n[sync.channels.{name}] # theirs\nfiles_limit = 7\n");
    fs::write(&settings, text("news")).unwrap();
    data.does(&["rename", "films", "cinema"]);
    assert_eq!(fs::read_to_string(&settings).unwrap(), text("news"));
    let said = data.does(&["rename", "news", "the paper"]);
    assert!(
        said.contains("/config.toml go by the new name; what runs already takes note when it starts again."),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&settings).unwrap(), text("\"the paper\""));
}

#[test]
fn a_name_that_cannot_be_had_is_refused_and_nothing_changes() {
    let data = Data::new();
    for args in [
        &["rename", "films", "news"][..],
        &["rename", "films", "films"],
        &["rename", "films", ".hidden"],
        &["rename", "films", "a/b"],
        &["rename", "film", "cinema"],
        &["rename", "news/inbox", "cinema"],
    ] {
        let output = data.environment.run(args);
        let (out, talk) = words(&output);
        assert!(!output.status.success() && out.is_empty() && talk.contains("hint: "), "{args:?}: {out}{talk}");
        assert!(data.path("films/outbox").is_dir() && data.path("news/inbox").is_dir(), "{args:?}");
        assert!(!data.path("cinema").exists() && !data.path("films/outbox/.channel.toml").exists(), "{args:?}");
    }
    assert_says(
        data.session(&["rename", "film", "cinema"]),
        str![[r#"
$ missive rename film cinema
--- messages
error: no channel `film` in [ROOT]
  hint: did you mean `films`?
--- exit 1
"#]],
    );
    assert_says(
        data.session(&["rename", "films", "news"]),
        str![[r#"
$ missive rename films news
--- messages
error: [ROOT]/news already exists
  hint: choose another name; nothing was changed
--- exit 1
"#]],
    );
}

#[test]
fn a_draft_in_an_editor_keeps_its_channel() {
    let data = Data::new();
    let renames = "missive rename films cinema 2>\"$HOME\"-said; echo 'A text.' >\"$1\"\n";
    fs::create_dir_all(data.path("home")).unwrap();
    let output = data.environment.clone().editor(renames).run(&["compose", "films"]);
    let (out, talk) = words(&output);
    assert_eq!(output.status.code(), Some(0), "{out}{talk}");
    let said = fs::read_to_string(data.path("home-said")).unwrap();
    assert_eq!(
        said,
        "error: a draft of `films` is open in an editor, which could not save it any more\n  hint: close the editor, and try again\n"
    );
    assert_eq!(fs::read_dir(data.path("films/outbox")).unwrap().count(), 2, "the message is there");
    data.does(&["rename", "films", "cinema"]);
}

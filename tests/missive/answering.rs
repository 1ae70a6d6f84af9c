//! Answers: what is written as one, and that both ends of a conversation know which message it answers.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::test_environment::{Environment, words};

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const AZUREEN: &str = "id = \"urn:uuid:8f4b2c46-3a55-4a0e-9a6b-6c2f0d4e1b7a\"\nauthor = \"Azureen\"\n";
const BRANDO: &str = "id = \"urn:uuid:5f3c1e6a-9b39-4a57-8d7a-0c7a3e6b1a11\"\nauthor = \"Brando\"\n";

/// Two people and their conversation, which each calls by the other's name.
struct Both {
    dir: tempfile::TempDir,
}

/// One of them.
#[derive(Clone, Copy)]
struct End {
    name: &'static str,
    other: &'static str,
}

const AT_AZUREENS: End = End { name: "azureen", other: "brando" };
const AT_BRANDOS: End = End { name: "brando", other: "azureen" };

impl Both {
    /// A conversation in which Azureen has written at `FIRST` and Brando at the same second and at `SECOND`.
    fn new(profiles: bool) -> Self {
        let both = Self { dir: tempfile::tempdir().unwrap() };
        for end in [AT_AZUREENS, AT_BRANDOS] {
            for folder in ["inbox", "outbox"] {
                fs::create_dir_all(both.talk(end).join(folder)).unwrap();
            }
        }
        both.put(AT_AZUREENS, FIRST, "# The harbour");
        both.put(AT_BRANDOS, FIRST, "# The mill");
        both.put(AT_BRANDOS, SECOND, "Shall we go?");
        if profiles {
            fs::write(both.talk(AT_AZUREENS).join("outbox/.channel.toml"), AZUREEN).unwrap();
            fs::write(both.talk(AT_BRANDOS).join("outbox/.channel.toml"), BRANDO).unwrap();
        }
        both.travel();
        both
    }

    fn data(&self, end: End) -> PathBuf {
        self.dir.path().join(end.name)
    }

    fn talk(&self, end: End) -> PathBuf {
        self.data(end).join(end.other)
    }

    fn put(&self, end: End, stem: &str, text: &str) {
        fs::write(self.talk(end).join(format!("outbox/{stem}.txt")), text).unwrap();
    }

    /// Copies each outbox to the other's inbox, as whatever carries folders does.
    fn travel(&self) {
        for (from, to) in [(AT_AZUREENS, AT_BRANDOS), (AT_BRANDOS, AT_AZUREENS)] {
            for entry in fs::read_dir(self.talk(from).join("outbox")).unwrap().flatten() {
                fs::copy(entry.path(), self.talk(to).join("inbox").join(entry.file_name())).unwrap();
            }
        }
    }

    #[track_caller]
    fn run(&self, end: End, args: &[&str]) -> String {
        let output = Environment::new(self.dir.path()).data(&self.data(end)).run(args);
        let (out, talk) = words(&output);
        assert!(output.status.success(), "{args:?}: {talk}");
        out
    }

    /// Answers a message, lets the answer travel, and gives its id and the line of its header.
    #[track_caller]
    fn answer(&self, end: End, to: &str) -> (String, String) {
        let sent = self.run(end, &["compose", end.other, "-m", "Yes.", "--reply-to", to, "--json"]);
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let text = fs::read_to_string(sent["path"].as_str().unwrap()).unwrap();
        self.travel();
        (sent["id"].as_str().unwrap().to_owned(), text.lines().nth(1).unwrap().to_owned())
    }

    /// What is told of the message that a message of one's own box, or of the other's, answers.
    #[track_caller]
    fn told(&self, end: End, message: &str) -> Value {
        let read = self.run(end, &["read", end.other, message, "--json"]);
        serde_json::from_str::<Value>(&read).unwrap()["messages"][0]["in_reply_to"].clone()
    }
}

#[test]
fn both_ends_know_what_is_answered_by_its_entrys_id() {
    let both = Both::new(true);
    for (to, at_home, away, title) in [
        (format!("inbox/{FIRST}"), "inbox", "outbox", "The mill"),
        (format!("outbox/{FIRST}"), "outbox", "inbox", "The harbour"),
        (SECOND.to_owned(), "inbox", "outbox", "Shall we go?"),
    ] {
        let id = to.rsplit('/').next().unwrap();
        let (answer, said) = both.answer(AT_AZUREENS, &to);
        let entry = said.strip_prefix("in-reply-to: ").unwrap();
        assert!(entry.starts_with("urn:uuid:"), "{said}");
        let told = |side: &str| json!({"said": entry, "here": true, "box": side, "id": id, "title": title});
        assert_eq!(both.told(AT_AZUREENS, &format!("outbox/{answer}")), told(at_home));
        assert_eq!(both.told(AT_BRANDOS, &format!("inbox/{answer}")), told(away));
    }
}

#[test]
fn the_entrys_id_is_the_one_in_the_authors_feed() {
    let both = Both::new(true);
    let (_, said) = both.answer(AT_AZUREENS, SECOND);
    for end in [AT_AZUREENS, AT_BRANDOS] {
        both.run(end, &["build", end.other]);
        let feed = fs::read_to_string(both.talk(end).join("site/atom.xml")).unwrap();
        assert!(feed.contains(said.strip_prefix("in-reply-to: ").unwrap()), "{}: {feed}", end.name);
    }
}

#[test]
fn without_profiles_a_box_is_named_from_its_authors_side() {
    let both = Both::new(false);
    for (to, said, at_home, away, title) in [
        (format!("inbox/{FIRST}"), format!("inbox/{FIRST}"), "inbox", "outbox", "The mill"),
        (format!("outbox/{FIRST}"), FIRST.to_owned(), "outbox", "inbox", "The harbour"),
        (SECOND.to_owned(), format!("inbox/{SECOND}"), "inbox", "outbox", "Shall we go?"),
    ] {
        let id = to.rsplit('/').next().unwrap();
        let (answer, line) = both.answer(AT_AZUREENS, &to);
        assert_eq!(line, format!("in-reply-to: {said}"));
        let told = |side: &str| json!({"said": said, "here": true, "box": side, "id": id, "title": title});
        assert_eq!(both.told(AT_AZUREENS, &format!("outbox/{answer}")), told(at_home));
        assert_eq!(both.told(AT_BRANDOS, &format!("inbox/{answer}")), told(away));
    }
}

#[test]
fn what_was_written_before_is_understood_at_both_ends() {
    let both = Both::new(true);
    let third = "2026-01-03T10-00-00Z";
    for (said, at_home, away, title) in [
        (format!("inbox/{FIRST}"), "inbox", "outbox", "The mill"),
        (format!("outbox/{FIRST}"), "outbox", "inbox", "The harbour"),
        (FIRST.to_owned(), "outbox", "inbox", "The harbour"),
        // Older versions wrote no box for a message that only the other one has.
        (SECOND.to_owned(), "inbox", "outbox", "Shall we go?"),
    ] {
        both.put(AT_AZUREENS, third, &format!("---\nin-reply-to: {said}\n---\nYes."));
        both.travel();
        for (end, message, side) in [(AT_AZUREENS, "outbox", at_home), (AT_BRANDOS, "inbox", away)] {
            let told = both.told(end, &format!("{message}/{third}"));
            assert_eq!((told["box"].as_str(), told["title"].as_str()), (Some(side), Some(title)), "{said}");
        }
    }
}

#[test]
fn a_person_is_told_what_a_message_answers_and_calmly_when_it_is_not_here() {
    let both = Both::new(true);
    let (answer, _) = both.answer(AT_AZUREENS, SECOND);
    let read = both.run(AT_BRANDOS, &["read", "azureen", &answer]);
    let line = format!("azureen inbox/{answer}\nIn reply to outbox/{SECOND} “Shall we go?”\n");
    assert!(read.contains(&line), "{read}");
    let third = "2026-01-03T10-00-00Z";
    let entry = "urn:uuid:11111111-2222-3333-4444-555555555555";
    for (said, shown) in [("inbox/2020-01-01T00-00-00Z", "outbox/2020-01-01T00-00-00Z"), (entry, entry)] {
        both.put(AT_AZUREENS, third, &format!("---\nin-reply-to: {said}\n---\nYes."));
        both.travel();
        let read = both.run(AT_BRANDOS, &["read", "azureen", third]);
        assert!(read.contains(&format!("\nIn reply to {shown} (not here)\n\n  Yes.\n")), "{read}");
        both.run(AT_BRANDOS, &["build", "azureen"]);
        let page = fs::read_to_string(both.talk(AT_BRANDOS).join(format!("site/inbox/{third}.html"))).unwrap();
        assert!(page.contains("<p class=\"reply\">In reply to a message that is not here</p>"), "{page}");
    }
}

#[test]
fn a_page_links_to_what_a_message_answers() {
    let both = Both::new(true);
    let (answer, _) = both.answer(AT_AZUREENS, &format!("inbox/{FIRST}"));
    for (end, page, to) in [(AT_AZUREENS, "outbox", "inbox"), (AT_BRANDOS, "inbox", "outbox")] {
        both.run(end, &["build", end.other]);
        let page = fs::read_to_string(both.talk(end).join(format!("site/{page}/{answer}.html"))).unwrap();
        let link =
            format!("In reply to <a class=\"u-in-reply-to\" href=\"../{to}/{FIRST}.html\" dir=\"auto\">The mill</a>");
        assert!(page.contains(&link), "{page}");
    }
}

#[test]
fn a_link_in_a_text_names_boxes_from_its_authors_side_too() {
    let both = Both::new(true);
    both.put(
        AT_AZUREENS,
        "2026-01-03T10-00-00Z",
        &format!("As [you wrote](../inbox/{FIRST}.txt), [I](../outbox/{FIRST}.txt)."),
    );
    both.travel();
    for (end, page, mine, theirs) in
        [(AT_AZUREENS, "outbox", "outbox", "inbox"), (AT_BRANDOS, "inbox", "inbox", "outbox")]
    {
        both.run(end, &["build", end.other]);
        let page = fs::read_to_string(both.talk(end).join(format!("site/{page}/2026-01-03T10-00-00Z.html"))).unwrap();
        for link in [format!("../{theirs}/{FIRST}.html\">you wrote"), format!("../{mine}/{FIRST}.html\">I<")] {
            assert!(page.contains(&link), "{link}: {page}");
        }
    }
}

#[test]
fn who_copies_the_others_id_takes_nothing_of_theirs() {
    let both = Both::new(true);
    fs::write(both.talk(AT_BRANDOS).join("outbox/.channel.toml"), AZUREEN).unwrap();
    both.travel();
    let (answer, said) = both.answer(AT_AZUREENS, &format!("inbox/{FIRST}"));
    assert_eq!(said, format!("in-reply-to: inbox/{FIRST}"));
    assert_eq!(both.told(AT_AZUREENS, &format!("outbox/{answer}"))["title"], "The mill");
    assert_eq!(both.told(AT_BRANDOS, &format!("inbox/{answer}"))["title"], "The mill");
}

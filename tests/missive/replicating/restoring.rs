//! Keys come back from a file, and a stranger's file takes nothing.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use missive::sync::keys::backup;
use missive::sync::keys::book::{Book, Secret};
use serde_json::json;

use super::people::{Person, refused};
use super::{FIRST, SECOND};

const PASSPHRASE: &str = "correct horse\n";

/// A file of all keys of somebody.
fn exported(person: &Person) -> String {
    let file = person.root().join("keys.age").to_string_lossy().into_owned();
    let said = person.does_with(&["keys", "export", &file], PASSPHRASE);
    assert!(said.ends_with("Without the passphrase nobody can open this file, including you.\n"), "{said}");
    file
}

/// A file of keys with this text.
fn sealed(person: &Person, text: &str) -> String {
    let file = person.root().join("made.age");
    std::fs::write(&file, backup::seal(text.as_bytes(), PASSPHRASE.trim()).unwrap()).unwrap();
    file.to_string_lossy().into_owned()
}

/// A document as a book has it.
fn document(channel: &str, side: &str, number: u8) -> String {
    let secret = Secret([number; 32]);
    let id = missive::sync::hex::encode(&missive::sync::node::document_id(&secret));
    let secret = missive::sync::hex::encode(&secret.0);
    format!("[[document]]\nchannel = \"{channel}\"\nbox = \"{side}\"\nid = \"{id}\"\nsecret = \"{secret}\"\n")
}

/// Everything in a data folder, with what each file holds.
fn all(person: &Person) -> Vec<(String, Option<String>)> {
    person.everything("").into_iter().map(|name| (name.clone(), person.holds(&name))).collect()
}

#[test]
fn a_strangers_file_takes_no_channel_that_is_here() {
    let stranger = Person::author("Cooper", "diary");
    stranger.key("diary");
    let file = exported(&stranger);
    let brando = Person::author("Brando", "diary").message(&format!("diary/outbox/{FIRST}.txt"), "private\n");
    let before = all(&brando);
    let args = ["keys", "restore", &file, "--yes"];
    let said = refused("Brando", &args, &brando.run_with(&args, PASSPHRASE));
    assert_eq!(
        said,
        "The file holds 1 key:\n  diary (outbox), reads and writes: left out: the folder `diary` exists but does not have this key; \
         to share its contents with this key, add --into=diary\n\
         error: no key could be restored\n  hint: see the reasons above; nothing was changed\n"
    );
    assert_eq!(all(&brando), before, "nothing was changed");
    assert_eq!(
        brando.does(&["keys"]),
        "No keys yet: missive share CHANNEL, missive subscribe KEY, missive invite NAME\n"
    );
    // An empty box of one's own is no less private: it is filled later.
    let empty = Person::author("Azureen", "diary");
    let said = refused("Azureen", &args, &empty.run_with(&args, PASSPHRASE));
    assert!(said.contains("add --into=diary"), "{said}");
    // Whoever names the folder means it.
    let said = brando.does_with(&["keys", "restore", &file, "--yes", "--into", "diary"], PASSPHRASE);
    assert!(said.starts_with("diary (outbox): reads and writes\n"), "{said}");
    assert_eq!(brando.does(&["keys"]), "diary (outbox): reads and writes\n");
    assert!(brando.has(&format!("diary/outbox/{FIRST}.txt")));
}

#[test]
fn a_strangers_key_for_writing_takes_no_channel_that_is_here() {
    let stranger = Person::author("Cooper", "team");
    let key = stranger.write_key("team");
    let brando = Person::author("Brando", "diary").message(&format!("diary/outbox/{FIRST}.txt"), "private\n");
    let before = all(&brando);
    let said = brando.refused_by_others(&["join", &key, "diary", "--no-wait"]);
    assert_eq!(
        said,
        "error: the folder `diary` contains messages that are not shared; joining would share all of them with this key\n  \
         hint: choose another name: missive join KEY NAME\n"
    );
    let kept = all(&brando).into_iter().filter(|(name, _)| name != ".missive/keys.lock").collect::<Vec<_>>();
    assert_eq!(kept, before);
    brando.joins(&key, "team", "Brando");
    assert_eq!(brando.does(&["keys"]), "team (outbox): reads and writes\n");
}

#[test]
fn nothing_is_written_before_somebody_has_said_yes() {
    let azureen = Person::author("Azureen", "blog");
    azureen.key("blog");
    let file = exported(&azureen);
    let anew = Person::new("anew");
    let args = ["keys", "restore", &file];
    let said = refused("anew", &args, &anew.run_with(&args, PASSPHRASE));
    let place = anew.path("blog").display().to_string();
    assert_eq!(
        said,
        format!(
            "The file holds 1 key:\n  blog (outbox), reads and writes: a new folder, {place}\n\
             The device and the author will also be taken from the file. Whoever made the file may know these secrets too. \
             If another computer still uses them, run `missive keys new-device` here before `missive sync`.\n\
             error: there is no terminal to ask for confirmation, so nothing was changed\n  hint: to confirm, run it again with `--yes`\n"
        )
    );
    assert_eq!(all(&anew), []);
    assert!(!anew.has(".missive"));
    // A person is asked, and may say no.
    for (answer, is_done) in [("\n", false), ("yes\n", true)] {
        let shown = at_a_terminal(&anew, &args, &[PASSPHRASE, answer]);
        assert!(shown.contains("Restore 1 key? [y/N]") && !shown.contains("horse"), "{answer:?}: {shown}");
        assert_eq!((anew.has(".missive"), anew.has("blog/outbox")), (is_done, is_done), "{answer:?}: {shown}");
    }
    let said = anew.does_with(&["keys", "restore", &file], PASSPHRASE);
    assert_eq!(said, "Every key of the file is here already; nothing was changed.\n", "once more");
}

/// Runs the program at a terminal of its own, answering one question after the other; gives all that it showed.
fn at_a_terminal(person: &Person, args: &[&str], answers: &[&str]) -> String {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut master = std::fs::File::from(master);
    let stream = || Stdio::from(terminal.try_clone().unwrap());
    let mut command = person.under(&["setsid", "--ctty", "--wait"], args);
    let mut child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
    drop((command, terminal));
    let mut shown = String::new();
    let mut answers = answers.iter().peekable();
    let mut bytes = [0; 4096];
    // A terminal that nobody has open any more is an error.
    while let Ok(len) = master.read(&mut bytes) {
        shown.push_str(&String::from_utf8_lossy(&bytes[..len]));
        let is_asked = shown.ends_with("file: ") || shown.ends_with("[y/N] ");
        // What is typed before the terminal was told to hide it is shown.
        let echoes =
            || rustix::termios::tcgetattr(&master).unwrap().local_modes.contains(rustix::termios::LocalModes::ECHO);
        crate::scene::until("the terminal hides a passphrase", || !shown.ends_with("file: ") || !echoes());
        if let Some(answer) = answers.next_if(|_| is_asked) {
            master.write_all(answer.as_bytes()).unwrap();
        }
    }
    child.wait().unwrap();
    shown
}

#[test]
fn what_is_here_is_never_replaced() {
    let person = Person::author("Azureen", "mine").message(&format!("mine/outbox/{FIRST}.txt"), "mine\n");
    person.key("mine");
    person.reaches(&["sync", "--once"]);
    let reads = Person::author("Cooper", "news").key("news");
    person.subscribes(&reads, "news");
    let book = || Book::read(&person.path("")).unwrap();
    let before = book();
    let news = missive::sync::hex::encode(&before.documents[1].id);
    let text = [
        document("mine", "outbox", 1),
        document("elsewhere", "outbox", 2)
            .replace(&missive::sync::hex::encode(&missive::sync::node::document_id(&Secret([2; 32]))), &news),
        document("new", "outbox", 3),
        document("new", "outbox", 4),
        document("other", "outbox", 3),
        document("../../out", "outbox", 5),
        document(".missive", "outbox", 6),
        document("talk", "outbox", 7).replace("[[document]]\n", "[[document]]\ndelete_all = true\n"),
        document("talk", "inbox", 8),
        format!("[[document]]\nchannel = \"news\"\nbox = \"inbox\"\nid = \"{news}\"\n"),
    ];
    let identity = format!("device = \"{0}\"\nauthor = \"{0}\"\n", "09".repeat(32));
    let file = sealed(&person, &(identity + &text.concat()));
    let said = person.does_with(&["keys", "restore", &file, "--yes", "--json"], PASSPHRASE);
    let mut report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["identity"], json!(false), "the device and the author stay");
    for restored in report["restored"].as_array_mut().unwrap() {
        restored.as_object_mut().unwrap().remove("path");
    }
    assert_eq!(
        report["restored"],
        json!([
            { "channel": "new", "box": "outbox", "writes": true },
            { "channel": "talk", "box": "outbox", "writes": true },
            { "channel": "talk", "box": "inbox", "writes": true },
        ])
    );
    assert_eq!(
        report["left_out"],
        json!([
            { "channel": "mine", "why": "`mine` already has another key; to delete that one: missive keys forget mine" },
            { "channel": "elsewhere", "why": "its write key belongs to another channel" },
            { "channel": "new", "why": "the file contains it twice; the first one was used" },
            { "channel": "other", "why": "the file contains it twice; the first one was used" },
            { "channel": "../../out", "why": "no channel can have that name" },
            { "channel": ".missive", "why": "no channel can have that name" },
        ])
    );
    let after = book();
    assert_eq!(
        (after.device, after.author, &after.documents[..2]),
        (before.device, before.author, &before.documents[..])
    );
    assert_eq!(after.documents.len(), 5);
    assert!(after.documents.iter().all(|document| !document.delete_all), "nobody asked for that here");
    assert!(person.has("talk/inbox") && person.has("talk/outbox") && person.has("new/outbox") && !person.has("other"));
    assert!(!person.root().join("out").exists());
}

#[test]
fn a_book_with_one_bad_name_keeps_the_others() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n");
    azureen.key("blog");
    let book = azureen.holds(".missive/keys.toml").unwrap();
    let book = book + "\n" + &document("../outside", "outbox", 7);
    azureen.writes(".missive/keys.toml", book.as_bytes());
    std::fs::create_dir_all(azureen.root().join("outside/outbox")).unwrap();
    std::fs::write(azureen.root().join(format!("outside/outbox/{SECOND}.txt")), "outside").unwrap();
    assert_eq!(
        azureen.does(&["keys"]),
        "blog (outbox): reads and writes\n`../outside`: left out: a channel cannot have that name\n"
    );
    let azureen = azureen.running();
    let status = azureen.status();
    assert_eq!(status["documents"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        status["warnings"],
        json!(["the key of `../outside` is left out: a channel cannot have that name; `missive keys` lists the keys"])
    );
    let brando = Person::new("Brando");
    brando.reaches(&["subscribe", &azureen.key("blog"), "harbour"]);
    assert!(brando.has(&format!("harbour/inbox/{FIRST}.txt")));
    let kept = azureen.holds(".missive/keys.toml").unwrap();
    assert!(kept.contains("../outside"), "nothing is lost: {kept}");
    azureen.does(&["keys", "forget", "../outside"]);
    assert_eq!(azureen.does(&["keys"]), "blog (outbox): reads and writes\n");
}

#[test]
fn an_export_is_closed_to_others_and_replaces_nothing() {
    let azureen = Person::author("Azureen", "blog");
    azureen.key("blog");
    let file = exported(&azureen);
    let mode = |path: &str| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    let sealed = std::fs::read(&file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let args = ["keys", "export", &file];
    let said = refused("Azureen", &args, &azureen.run_with(&args, PASSPHRASE));
    assert!(said.contains("keys.age") && said.contains("exists"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), sealed);
}

#[test]
fn keys_that_others_may_write_are_not_used() {
    let azureen = Person::author("Azureen", "blog").message(&format!("blog/outbox/{FIRST}.txt"), "hello\n");
    azureen.key("blog");
    azureen.reaches(&["sync", "--once"]);
    let folder = azureen.path(".missive");
    for path in [folder.clone(), folder.join("keys.toml"), folder.join("sync")] {
        let closed = std::fs::metadata(&path).unwrap().permissions();
        for mode in [0o772, 0o720] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let words = format!(
                "error: other users of this machine may write to {0}, so missive does not use it\n  hint: close it, and try again: chmod go-w {0}\n",
                path.display()
            );
            for args in [&["keys"][..], &["share", "blog"], &["status"], &["invite", "brando"]] {
                assert_eq!(azureen.refused(args), words, "{args:?}");
            }
            assert_eq!(azureen.refused_by_others(&["sync"]), words);
            // What has nothing to do with keys goes on.
            azureen.does(&["read", "blog"]);
            azureen.does(&["build", "blog"]);
        }
        std::fs::set_permissions(&path, closed).unwrap();
    }
    // The command that is named mends it.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(std::process::Command::new("chmod").arg("go-w").arg(&folder).status().unwrap().success());
    azureen.does(&["share", "blog"]);
    assert!(!azureen.has("brando"), "what was refused has made nothing");
}

#[test]
#[ignore = "needs root, who gives folders away"]
fn keys_of_another_user_are_not_used() {
    let azureen = Person::author("Azureen", "blog");
    azureen.key("blog");
    let folder = azureen.path(".missive");
    std::os::unix::fs::chown(&folder, Some(65_534), None).unwrap();
    let said = azureen.refused(&["keys"]);
    assert_eq!(
        said,
        format!(
            "error: {0} belongs to another user (id 65534), so missive does not use it\n  hint: close it, and try again: sudo chown -R 0 {0}\n",
            folder.display()
        )
    );
    std::os::unix::fs::chown(&folder, Some(0), None).unwrap();
    azureen.does(&["keys"]);
}

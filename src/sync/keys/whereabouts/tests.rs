//! Where the folders of channels are found, by what was noted of them and by what lies there.

use super::*;
use crate::channel::protocol::layout::FOLDER_ID_FILE;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::{Change, Reach, State};
use crate::fs::private;
use crate::sync::replica::baseline::{BaselineFile, StatFingerprint};
use crate::sync::replica::item::Item;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const FIRST: &str = "2026-01-01T10-00-00Z.txt";

fn name(name: &str) -> ChannelName {
    name.parse().unwrap()
}

/// A data folder with channels that are shared, each with a message and a profile that went to readers.
struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn new(channels: &[&str]) -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(scene.path("")).unwrap();
        for (number, channel) in (1..).zip(channels) {
            scene.holds(&format!("{channel}/outbox/{FIRST}"), channel);
            scene.shares(channel, number);
        }
        scene
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join("data").join(relative)
    }

    fn holds(&self, relative: &str, text: &str) {
        std::fs::create_dir_all(self.path(relative).parent().unwrap()).unwrap();
        std::fs::write(self.path(relative), text).unwrap();
    }

    /// Notes a channel in the book, and that its readers have its message.
    fn shares(&self, channel: &str, number: u8) {
        Book::change(&self.path(""), |book| {
            book.documents.push(Document::new(name(channel), Side::Outbox, [number; 32]));
            Ok::<_, Error>(())
        })
        .unwrap();
        let mut baseline = Baseline::decode(&[]);
        let stat = Folder::open(&self.path(channel).join("outbox")).unwrap().stat(Path::new(FIRST)).unwrap();
        let agreed = BaselineFile { hash: [number; 32], stat: StatFingerprint::from(&stat), ours: true };
        baseline.set(Item::parse(FIRST.as_bytes()).unwrap(), agreed);
        let folder = self.path(".missive/sync");
        private::folder(&folder).unwrap();
        let write = baseline.unsaved().unwrap().unwrap();
        item_log_file::write(&folder.join(BASELINES).join(hex::encode(&[number; 32])), &write).unwrap();
    }

    fn moves(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn copies(&self, from: &str, to: &str) {
        let copied = std::process::Command::new("cp").arg("-a").arg(self.path(from)).arg(self.path(to)).status();
        assert!(copied.unwrap().success());
    }

    fn removes(&self, relative: &str) {
        std::fs::remove_dir_all(self.path(relative)).unwrap();
    }

    fn follow(&self) -> Followed {
        let followed = follow(&self.path("")).unwrap();
        assert_eq!(followed.book, Book::read(&self.path("")).unwrap());
        followed
    }

    /// Where the channels are, by the number of their keys: each has the name that the book has now.
    fn found(&self) -> Vec<(u8, String, Whereabouts)> {
        let followed = self.follow();
        let of = |document: &Document| {
            let place = followed.found[&document.channel].clone();
            (document.id[0], document.channel.to_string(), place)
        };
        followed.book.documents.iter().map(of).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.follow().warnings
    }
}

fn at(number: u8, channel: &str, place: Whereabouts) -> (u8, String, Whereabouts) {
    (number, channel.to_owned(), place)
}

#[test]
fn a_folder_that_was_renamed_is_followed() {
    let scene = Scene::new(&["films", "walks"]);
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here), at(2, "walks", Whereabouts::Here)]);
    scene.moves("films", "cinema");
    let followed = scene.follow();
    assert_eq!(followed.renamed, BTreeMap::from([(name("films"), name("cinema"))]));
    assert_eq!(scene.found(), [at(1, "cinema", Whereabouts::Here), at(2, "walks", Whereabouts::Here)]);
    assert_eq!((scene.follow().renamed, scene.warnings()), (BTreeMap::new(), Vec::new()));
}

#[test]
fn two_that_were_exchanged_keep_their_keys() {
    let scene = Scene::new(&["films", "walks"]);
    scene.moves("films", "aside");
    scene.moves("walks", "films");
    scene.moves("aside", "walks");
    assert_eq!(scene.found(), [at(1, "walks", Whereabouts::Here), at(2, "films", Whereabouts::Here)]);
}

#[test]
fn a_conversation_keeps_both_boxes() {
    let scene = Scene::new(&["talk"]);
    std::fs::create_dir(scene.path("talk/inbox")).unwrap();
    Book::change(&scene.path(""), |book| {
        book.documents.push(Document::new(name("talk"), Side::Inbox, [9; 32]));
        Ok::<_, Error>(())
    })
    .unwrap();
    scene.moves("talk", "brando");
    assert_eq!(scene.found(), [at(1, "brando", Whereabouts::Here), at(9, "brando", Whereabouts::Here)]);
}

#[test]
fn of_a_channel_and_its_copy_the_one_is_it_that_has_the_name() {
    let scene = Scene::new(&["films"]);
    scene.copies("films", "films-old");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)]);
    let words = "`films-old` is a copy of the channel `films`, and is not synced; to share it as a channel of its own: missive share films-old";
    assert_eq!(scene.warnings(), [words]);
    // Put back in the place of the original, it is the channel.
    scene.moves("films", "films-older");
    scene.moves("films-old", "films");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)]);
    // And whoever renames it now renames that one.
    scene.moves("films", "cinema");
    assert_eq!(scene.found(), [at(1, "cinema", Whereabouts::Here)]);
    scene.shares("films-older", 2);
    assert_eq!(scene.warnings(), [""; 0]);
    assert_ne!(folder_id::read(&scene.path("cinema")), folder_id::read(&scene.path("films-older")));
}

#[test]
fn a_copy_whose_original_is_gone_is_asked_about() {
    let scene = Scene::new(&["films"]);
    scene.copies("films", "private");
    scene.removes("films");
    let unclear = Whereabouts::Unclear(vec![name("private")]);
    assert_eq!(scene.found(), [at(1, "films", unclear)]);
    let words = "there is no folder `films` any more, and `private` may be that channel, so nothing of it is synced; if so: missive rename films private";
    assert_eq!(scene.warnings(), [words]);
}

#[test]
fn another_folder_of_that_name_is_never_taken_for_the_channel() {
    let scene = Scene::new(&["films"]);
    scene.moves("films", "cinema");
    scene.holds("films/outbox/2026-05-05T10-00-00Z.txt", "private");
    assert_eq!(scene.found(), [at(1, "cinema", Whereabouts::Here)], "the channel is the one that was moved");
    scene.removes("cinema");
    scene.moves("films", "cinema");
    assert_eq!(scene.found(), [at(1, "cinema", Whereabouts::Replaced)]);
    assert!(!scene.path("cinema").join(FOLDER_ID_FILE).exists(), "and nothing was changed in it");
    let words = "the folder `cinema` is not the one that was shared, so nothing in it is synced; put the right one there, or sync this one in its place: missive rename cinema cinema";
    assert_eq!(scene.warnings(), [words]);
}

#[test]
fn the_folder_of_another_channel_is_never_taken_for_the_channel() {
    let scene = Scene::new(&["films", "walks"]);
    scene.removes("films");
    scene.moves("walks", "films");
    let unclear = Whereabouts::Unclear(vec![name("films")]);
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Replaced), at(2, "walks", unclear)]);
    scene.moves("films", "walks");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Gone), at(2, "walks", Whereabouts::Here)]);
    assert_eq!(scene.warnings(), [""; 0], "the channel itself says that it is gone");
}

#[test]
fn what_comes_back_from_a_backup_is_the_channel() {
    let scene = Scene::new(&["films"]);
    let id = folder_id::read(&scene.path("films"));
    scene.copies("films", "../backup");
    scene.removes("films");
    scene.copies("../backup", "films");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)], "with its id");
    std::fs::remove_file(scene.path("films").join(FOLDER_ID_FILE)).unwrap();
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)], "it is the very folder");
    scene.removes("films");
    scene.holds(&format!("films/outbox/{FIRST}"), "films");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)], "without its id, with its messages");
    assert_eq!(folder_id::read(&scene.path("films")), id, "which it gets again");
}

#[test]
fn a_channel_of_which_nothing_was_noted_goes_by_its_name() {
    let scene = Scene::new(&["films"]);
    std::fs::remove_file(scene.path("films").join(FOLDER_ID_FILE)).unwrap();
    let book = std::fs::read_to_string(scene.path(".missive/keys.toml")).unwrap();
    let (before, after) = book.split_once("[document.folder]").unwrap();
    assert!(after.lines().all(|line| line.is_empty() || line.starts_with("id =") || line.starts_with("inode =")));
    private::replace(&scene.path(".missive/keys.toml"), before.as_bytes()).unwrap();
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)]);
    assert!(scene.follow().book.documents[0].folder.is_some());
    // Renamed before this version ran: its messages say what it may be.
    private::replace(&scene.path(".missive/keys.toml"), before.as_bytes()).unwrap();
    std::fs::remove_file(scene.path("films").join(FOLDER_ID_FILE)).unwrap();
    scene.moves("films", "cinema");
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Unclear(vec![name("cinema")]))]);
    std::fs::remove_file(scene.path("cinema/outbox").join(FIRST)).unwrap();
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Gone)]);
}

#[test]
fn a_folder_that_cannot_be_written_goes_by_its_name() {
    let scene = Scene::new(&[]);
    scene.holds(&format!("films/outbox/{FIRST}"), "x");
    // A folder in the place of the id can't be replaced by a file, even by root.
    std::fs::create_dir_all(scene.path("films").join(FOLDER_ID_FILE).join("x")).unwrap();
    scene.shares("films", 1);
    assert_eq!(scene.found(), [at(1, "films", Whereabouts::Here)]);
    assert_eq!(scene.follow().book.documents[0].folder, None);
}

#[test]
fn what_was_read_stays_read() {
    let scene = Scene::new(&["films"]);
    let store = MarkStore::below(&scene.path(""));
    let second = Stamp::from_seconds(5).unwrap();
    let is_read = |channel: &str| {
        let marks = store.load().unwrap();
        marks.of(&ChannelKey::named(&name(channel))).is_some_and(|marked| marked.is_read(Side::Inbox, second))
    };
    let change = Change {
        channel: ChannelKey::named(&name("films")),
        side: Side::Inbox,
        reach: Reach::One(second),
        state: State::Read(true),
    };
    store.add(&store.load().unwrap(), &[change], 60, "laptop").unwrap();
    scene.moves("films", "100% cinema");
    scene.follow();
    assert!(is_read("100% cinema"));
    let size = || std::fs::metadata(scene.path(".missive/marks/laptop.txt")).unwrap().len();
    let before = size();
    keep_marks(&scene.path(""), &BTreeMap::from([(name("films"), name("100% cinema"))]));
    assert_eq!(size(), before, "nothing is said twice");
    assert_eq!(std::fs::metadata(scene.path(".missive/marks")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_data_folder_that_is_not_there_has_no_channels_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join("gone");
    assert!(follow(&gone).unwrap().book.is_empty() && !gone.exists());
}

//! Large attachments reach new readers wherever they were moved: with the whole data folder, with their channel, alone.

use std::fs;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

/// Three megabytes, of which no two with another number are alike.
fn film(number: u8) -> Vec<u8> {
    (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0] ^ number).collect()
}

/// Azureen, whose channel has a message with a film.
fn azureen() -> Person {
    let azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n");
    azureen.writes(&format!("{OUTBOX}/{SECOND}/film"), &film(0));
    azureen.message(&format!("{OUTBOX}/{SECOND}.txt"), "a film\n").running()
}

/// A reader who has everything.
fn reader(name: &'static str, author: &Person) -> Person {
    let reader = Person::new(name).subscribed(&author.key("blog"), "harbour").running();
    until_same((author, OUTBOX), (&reader, INBOX), "all arrives");
    reader
}

#[test]
fn a_data_folder_that_was_moved_still_serves_large_attachments() {
    let mut azureen = azureen();
    azureen.writes(&format!("{OUTBOX}/{SECOND}/second film"), &film(1));
    drop(reader("Brando", &azureen));
    azureen.stops();
    azureen.moves_house("another place");
    azureen.starts();
    let cooper = reader("Cooper", &azureen);
    // What was mended stays so, and takes no more room than before.
    azureen.stops();
    azureen.moves_house("a third place");
    azureen.starts();
    drop(reader("Dora", &azureen));
    assert!(room_of(&azureen) < 8_000_000 && room_of(&cooper) < 8_000_000, "each film lies on the disk once");
}

/// What a person's files take on the disk, in bytes, each counted once by however many names it goes.
fn room_of(person: &Person) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let files = walkdir::WalkDir::new(person.path("")).into_iter().filter_map(Result::ok);
    let metadata = files.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file);
    let rooms: std::collections::BTreeMap<u64, u64> = metadata.map(|meta| (meta.ino(), meta.blocks() * 512)).collect();
    rooms.values().sum()
}

#[test]
fn a_channel_that_was_moved_still_serves_large_attachments() {
    let mut azureen = azureen();
    drop(reader("Brando", &azureen));
    azureen.stops();
    fs::rename(azureen.path("blog"), azureen.path("logbook")).unwrap();
    let book = azureen.holds(".missive/keys.toml").unwrap();
    azureen.writes(".missive/keys.toml", book.replace("channel = \"blog\"", "channel = \"logbook\"").as_bytes());
    azureen.starts();
    let cooper = Person::new("Cooper").subscribed(&azureen.key("logbook"), "harbour").running();
    until_same((&azureen, "logbook/outbox"), (&cooper, INBOX), "all arrives");
}

#[test]
fn a_large_attachment_that_gets_another_name_still_reaches_new_readers() {
    let azureen = azureen();
    let brando = reader("Brando", &azureen);
    // Later in the alphabet, so that the store would look for the old name first.
    fs::rename(azureen.path(&format!("{OUTBOX}/{SECOND}/film")), azureen.path(&format!("{OUTBOX}/{SECOND}/movie")))
        .unwrap();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the new name arrives");
    drop(brando);
    drop(reader("Cooper", &azureen));
}

#[test]
fn a_copied_data_folder_does_not_live_on_what_it_was_copied_from() {
    let mut azureen = azureen();
    drop(reader("Brando", &azureen));
    azureen.stops();
    let mut moved = azureen.second_computer("Azureen at her new computer");
    drop(azureen);
    moved.starts();
    drop(reader("Cooper", &moved));
}

#[test]
fn a_reader_whose_data_folder_was_moved_still_serves_large_attachments() {
    let mut azureen = azureen();
    let mut brando = reader("Brando", &azureen);
    brando.stops();
    azureen.stops();
    brando.moves_house("another place");
    brando.starts();
    let cooper = Person::new("Cooper").subscribed(&brando.key("harbour"), "harbour").running();
    until_same((&azureen, OUTBOX), (&cooper, INBOX), "all arrives from Brando alone");
}

#[test]
fn a_large_attachment_that_is_deleted_in_an_inbox_comes_back() {
    let azureen = azureen();
    let brando = reader("Brando", &azureen);
    brando.removes(&format!("{INBOX}/{SECOND}/film"));
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it is back");
    // And again, after it was spoilt before it was deleted.
    let path = brando.path(&format!("{INBOX}/{SECOND}/film"));
    let mut spoilt = fs::read(&path).unwrap();
    spoilt[1_000_000] ^= 1;
    fs::write(&path, spoilt).unwrap();
    until(&[&brando], "the change is seen", || {
        brando.document("harbour", "inbox")["changed_here"].as_array().is_some_and(|changed| changed.len() == 1)
    });
    fs::remove_file(&path).unwrap();
    until(&[&brando], "a damaged copy is not passed off as the film, and that is said", || {
        brando.does(&["status"]).contains("missive's own copy of it is damaged")
    });
    assert!(!brando.has(&format!("{INBOX}/{SECOND}/film")));
}

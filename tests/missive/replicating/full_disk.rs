//! A disk that is full at the reader: it is said, nothing is half there, and all arrives when there is room again.

use std::io::Write;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND};
use crate::disk::Disk;

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

#[test]
#[ignore = "needs root, who mounts small disks"]
fn a_reader_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() {
    let azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n").running();
    let mut brando = Person::new("Brando");
    let disk = Disk::on(&brando.path(""), "48m");
    brando.subscribes(&azureen.key("blog"), "harbour");
    brando.starts();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "there is room for the first");
    for number in 0..8_u8 {
        azureen.writes(&format!("{OUTBOX}/{SECOND}/photo-{number}"), &vec![number; 3_000_000]);
    }
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"with many photos\n");
    until(&[&azureen, &brando], "it is said", || {
        brando.does(&["status"]).contains("not downloaded yet: 3 MB, and the disk is too full")
    });
    until(&[&azureen, &brando], "and what fits is here", || {
        !brando.channel(INBOX).is_empty() && brando.document("harbour", "inbox")["arriving"].as_u64() < Some(8)
    });
    assert!(!brando.does(&["status"]).contains("--fetch PATH"), "nobody can ask for room");
    for (name, bytes) in brando.channel(INBOX) {
        assert_eq!(azureen.channel(OUTBOX).get(&name), Some(&bytes), "{name} is half there");
    }
    disk.grow("200m");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "all arrives when there is room");
    let left = brando.everything(INBOX).into_iter().filter(|name| name.contains(".missive-tmp"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0], "nothing is left lying about");
    brando.is_killed();
}

#[test]
#[ignore = "needs root, who mounts small disks"]
fn a_disk_that_others_fill_breaks_nothing_for_good() {
    let azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n").running();
    let mut brando = Person::new("Brando");
    let _disk = Disk::on(&brando.path(""), "64m");
    brando.subscribes(&azureen.key("blog"), "harbour");
    brando.starts();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "there is room for the first");
    let filler = brando.path("harbour/filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    for number in 10..40 {
        azureen.writes(&format!("{OUTBOX}/2026-03-01T10-00-{number}Z.txt"), &[b'x'; 2000]);
        azureen.writes(&format!("{OUTBOX}/2026-03-01T10-00-{number}Z/file"), &vec![number; 40_000]);
    }
    until(&[&azureen, &brando], "it is said", || {
        let status = brando.does(&["status"]);
        ["not downloaded yet", "No space left", "started anew"].iter().any(|words| status.contains(words))
    });
    for (name, bytes) in brando.channel(INBOX) {
        assert_eq!(azureen.channel(OUTBOX).get(&name), Some(&bytes), "{name} is half there");
    }
    drop(file);
    std::fs::remove_file(filler).unwrap();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "all arrives when there is room");
    until(&[&brando], "and nothing is wrong any more", || brando.status()["warnings"] == serde_json::json!([]));
    brando.is_killed();
}

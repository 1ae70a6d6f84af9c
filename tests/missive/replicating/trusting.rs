//! Whose texts in a channel count as one's own, and how much room co-writers have.

use std::collections::BTreeSet;

use missive::channel::authorship::authors::Authors;
use missive::fs::confined::Folder;
use serde_json::Value;

use super::people::{Person, until, until_same};
use super::stranger::{Manner, Stranger};
use super::{FIRST, SECOND, THIRD};

const BOX: &str = "team/outbox";

/// Azureen, who owns a channel, and Brando, who writes it too.
fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n").running();
    let brando = Person::new("Brando");
    brando.joins(&azureen.write_key("team"), "team", "Brando");
    let brando = brando.running();
    brando.writes(&format!("{BOX}/{SECOND}.txt"), b"by Brando\n");
    until_same((&azureen, BOX), (&brando, BOX), "both have both");
    (azureen, brando)
}

/// The keys that count as one's own, in hexadecimal digits.
fn own(person: &Person) -> Vec<String> {
    let read = Folder::open(&person.path(BOX)).ok().and_then(|folder| Authors::read(&folder).ok().flatten());
    read.unwrap_or_default().own.iter().map(ToString::to_string).collect()
}

fn listed(person: &Person) -> Vec<Value> {
    let report: Value = serde_json::from_str(&person.does(&["keys", "trust", "team", "--json"])).unwrap();
    report["authors"].as_array().unwrap().clone()
}

/// The beginning of the key of whoever has this name.
fn short(person: &Person, name: &str) -> String {
    let line = listed(person).into_iter().find(|line| line["name"] == name).unwrap();
    line["key"].as_str().unwrap()[..8].to_owned()
}

#[test]
fn an_author_is_trusted_and_not_any_more() {
    let (mut azureen, brando) = both();
    let is_bound = |person: &Person| listed(person).iter().filter(|line| line["bound"] == true).count() == 2;
    until(&[&azureen, &brando], "the names are bound", || is_bound(&azureen) && is_bound(&brando));
    let (hers, his) = (short(&azureen, "Azureen"), short(&azureen, "Brando"));
    let mut lines: Vec<String> = azureen.does(&["keys", "trust", "team"]).lines().map(str::to_owned).collect();
    lines.sort();
    let expected =
        [format!("Azureen (key {hers}) · owner · you · 1 message"), format!("Brando (key {his}) · 1 message")];
    assert_eq!(lines, expected);
    let said = azureen.does(&["keys", "trust", "team", "brando"]);
    let expected = format!(
        "Messages of Brando (key {his}) in team now count as your own: their HTML and their attachments are published as they are.\nTo undo this: missive keys trust --remove team {his}\n"
    );
    assert_eq!(said, expected);
    let is_own = |person: &Person, keys: &[&String]| {
        let own = own(person);
        own.len() == keys.len() && own.iter().zip(keys).all(|(own, key)| own.starts_with(*key))
    };
    assert!(is_own(&azureen, &[&hers, &his]), "at once: {:?}", own(&azureen));
    assert!(azureen.does(&["keys", "trust", "team"]).contains(&format!("Brando (key {his}) · trusted · 1 message\n")));
    azureen.stops();
    azureen.starts();
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"by Azureen too\n");
    until_same((&azureen, BOX), (&brando, BOX), "it goes on");
    assert!(is_own(&azureen, &[&hers, &his]), "and it stays: {:?}", own(&azureen));
    assert!(is_own(&brando, &[&his]), "which is nobody else's business: {:?}", own(&brando));
    let said = azureen.does(&["keys", "trust", "team", &his, "--remove"]);
    assert_eq!(said, format!("Messages of Brando (key {his}) in team are treated as somebody else's again.\n"));
    assert!(is_own(&azureen, &[&hers]), "{:?}", own(&azureen));
}

#[test]
fn who_cannot_be_trusted_is_refused_in_words() {
    let (azureen, brando) = both();
    let eve = Stranger::writing(&azureen.write_key("team"));
    eve.notes(b'a', "name = \"Azureen\"\n");
    eve.signs(&format!("{THIRD}.txt"), b"by Eve\n", 0);
    eve.compares();
    until(&[&azureen, &brando], "Eve's message arrives, with her name", || {
        listed(&azureen).iter().filter(|line| line["name"] == "Azureen").count() == 2
    });
    let before = azureen.holds(".missive/keys.toml");
    let eves = &eve.signs_with()[..8];
    let list = "`missive keys trust team` lists the authors with their keys";
    for (author, why) in [
        ("Azureen", "that is your own key: its messages are yours already"),
        ("Cooper", "no author of `team` has the name or the key “Cooper”"),
        (&eves[..7], list),
        ("00000000", list),
    ] {
        let said = azureen.refused(&["keys", "trust", "team", author]);
        assert!(said.contains(why), "{author}: {said}");
    }
    assert!(
        azureen.does(&["keys", "trust", "team"]).contains(&format!("key {eves} · calls itself Azureen · 1 message\n"))
    );
    assert_eq!(azureen.holds(".missive/keys.toml"), before);
    let cooper = Person::new("Cooper").subscribed(&azureen.key("team"), "team");
    let said = cooper.refused(&["keys", "trust", "team", eves]);
    assert!(said.contains("`team` is a subscription: messages in an inbox never count as yours"), "{said}");
    let said = Person::author("Delilah", "team").refused(&["keys", "trust", "team"]);
    assert!(said.contains("`team` is not shared, so it has no other authors"), "{said}");
}

#[test]
fn co_writers_have_the_room_that_others_have_and_take_none_of_ones_own() {
    let mut azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n");
    for number in 0..30 {
        azureen.writes(&format!("{BOX}/{FIRST}/{number:02}"), b"hers");
    }
    azureen.prefers("[sync]\nfiles_limit = 20\n");
    azureen.starts();
    let key = azureen.write_key("team");
    until(&[&azureen], "it is shared", || azureen.document("team", "outbox")["messages"] == 1);
    let eve = Stranger::writing(&key);
    eve.has(&[&azureen], 33);
    let tiny = eve.gives(b".", Manner::Well);
    for number in 0..100 {
        eve.says(format!("{SECOND}/{number:03}").as_bytes(), tiny, 1);
    }
    eve.compares();
    let hers = || azureen.names(BOX).iter().filter(|name| name.starts_with(SECOND)).count();
    until(&[&azureen], "what fits is here", || hers() >= 20 && azureen.document("team", "outbox")["arriving"] == 0);
    assert_eq!(hers(), 20);
    assert!(azureen.does(&["status"]).contains("beyond the first 20 files"));
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"by Azureen too\n");
    eve.compares();
    eve.has(&[&azureen], 134);
}

#[test]
fn a_channel_that_co_writers_fill_without_end_is_left() {
    let mut azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n");
    azureen.prefers("[sync]\nfiles_limit = 100\n");
    azureen.starts();
    let key = azureen.write_key("team");
    until(&[&azureen], "it is shared", || azureen.document("team", "outbox")["messages"] == 1);
    let eve = Stranger::writing(&key);
    eve.has(&[&azureen], 3);
    let tiny = eve.gives(b".", Manner::Well);
    for number in 0..12_000 {
        eve.says(format!("{SECOND}/{number}").as_bytes(), tiny, 1);
    }
    eve.compares();
    let words = "others have put more than 10200 entries into it, so missive has stopped syncing it";
    until(&[&azureen], "it is said", || {
        azureen.document("team", "outbox")["question"].as_str().is_some_and(|said| said.contains(words))
    });
    azureen.does(&["keys", "rotate", "team"]);
    azureen.writes(&format!("{BOX}/{THIRD}.txt"), b"by the new key\n");
    let cooper = Person::new("Cooper").subscribed(&azureen.key("team"), "team").running();
    until(&[&azureen, &cooper], "it goes on without them", || cooper.has(&format!("team/inbox/{THIRD}.txt")));
}

#[test]
fn what_co_writers_take_back_fills_no_disk_and_pushes_out_nothing() {
    let (mut azureen, brando) = both();
    azureen.stops();
    azureen.prefers("[sync]\nchannel_limit = \"200 kB\"\n");
    for mine in ["2020-01-01T00-00-00Z", "2020-01-01T00-00-00Z-outbox"] {
        azureen.writes(&format!("team/trash/{mine}/2019-01-01T00-00-00Z.txt"), b"deleted by herself\n");
    }
    azureen.starts();
    let path = format!("{BOX}/{SECOND}/file");
    let others = || -> BTreeSet<String> {
        let trash = azureen.everything("team/trash");
        trash.iter().filter_map(|name| Some(name.split_once("Z-others/")?.0.to_owned())).collect()
    };
    let mut first = None;
    for turn in 0..5_u8 {
        // Each deletion has a second of its own.
        let second = second();
        until(&[], "the next second has begun", || self::second() > second);
        brando.writes(&path, &vec![turn; 10_000]);
        until_same((&azureen, BOX), (&brando, BOX), "it arrives");
        if turn % 2 == 0 {
            brando.removes(&path);
            until_same((&azureen, BOX), (&brando, BOX), "it is taken back");
        }
        first = first.or_else(|| others().first().cloned());
    }
    let first = first.unwrap();
    until(&[&azureen, &brando], "what was taken back first makes room", || !others().contains(&first));
    assert!((1..=3).contains(&others().len()), "{:?}", others());
    assert_eq!(azureen.everything("team/trash").iter().filter(|name| name.starts_with("2020")).count(), 2);
}

/// The second that it is, counted from 1970.
fn second() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

//! What a reader makes of an inbox: it stays, is told, and never travels.

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";

fn both() -> (Person, Person) {
    let azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "as it was\n").running();
    let brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    (azureen, brando)
}

#[test]
fn a_changed_file_is_left_until_its_author_changes_it() {
    let (azureen, mut brando) = both();
    let file = format!("{INBOX}/{FIRST}.txt");
    brando.writes(&file, b"as Brando likes it\n");
    until(&[&brando], "the change is told", || {
        brando.document("harbour", "inbox")["changed_here"] == serde_json::json!([format!("{FIRST}.txt")])
    });
    assert!(
        brando
            .does(&["status"])
            .contains(&format!("{FIRST}.txt: changed here; it stays so until its author changes it too"))
    );
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"another\n");
    until(&[&brando], "another message arrives", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    brando.stops();
    brando.starts();
    until(&[&brando], "the change is told after a new start", || {
        brando.document("harbour", "inbox")["changed_here"][0].is_string()
    });
    assert_eq!(brando.holds(&file).as_deref(), Some("as Brando likes it\n"));
    azureen.writes(&format!("{OUTBOX}/{FIRST}.txt"), b"as it is now\n");
    until(&[&azureen, &brando], "the author's change arrives", || {
        brando.holds(&file).as_deref() == Some("as it is now\n")
    });
    let kept = brando.everything(INBOX).into_iter().find(|name| name.starts_with(".kept-")).expect("Brando's is kept");
    assert_eq!(brando.holds(&format!("{INBOX}/{kept}")).as_deref(), Some("as Brando likes it\n"));
    until(&[&brando], "nothing is told any more", || {
        brando.document("harbour", "inbox")["changed_here"] == serde_json::json!([])
    });
    assert_eq!(azureen.holds(&format!("{OUTBOX}/{FIRST}.txt")).as_deref(), Some("as it is now\n"));
}

#[test]
fn a_changed_file_outlives_its_deletion_by_the_author() {
    let (azureen, brando) = both();
    brando.writes(&format!("{INBOX}/{FIRST}.txt"), b"as Brando likes it\n");
    until(&[&brando], "the change is told", || brando.document("harbour", "inbox")["changed_here"][0].is_string());
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"another\n");
    azureen.removes(&format!("{OUTBOX}/{FIRST}.txt"));
    until(&[&azureen, &brando], "the deletion is known", || brando.document("harbour", "inbox")["messages"] == 1);
    until(&[&brando], "another message arrives", || brando.has(&format!("{INBOX}/{SECOND}.txt")));
    assert_eq!(brando.holds(&format!("{INBOX}/{FIRST}.txt")).as_deref(), Some("as Brando likes it\n"));
}

#[test]
fn a_file_that_a_reader_adds_stays_and_never_travels() {
    let (azureen, brando) = both();
    brando.writes(&format!("{INBOX}/{SECOND}.txt"), b"Brando's own\n");
    brando.writes(&format!("{INBOX}/{FIRST}/note.txt"), b"Brando's own\n");
    azureen.writes(&format!("{OUTBOX}/{THIRD}.txt"), b"the third\n");
    until(&[&azureen, &brando], "the third arrives", || brando.has(&format!("{INBOX}/{THIRD}.txt")));
    let cooper = Person::new("Cooper");
    cooper.reaches(&["subscribe", &brando.key("harbour"), "harbour"]);
    assert_eq!(cooper.channel(INBOX), azureen.channel(OUTBOX));
    assert_eq!(azureen.names(OUTBOX), [".channel.toml", &format!("{FIRST}.txt"), &format!("{THIRD}.txt")]);
    assert_eq!(brando.holds(&format!("{INBOX}/{SECOND}.txt")).as_deref(), Some("Brando's own\n"));
    assert_eq!(brando.document("harbour", "inbox")["messages"], 2);
    // The author writes in the very second: hers is shown, his is kept.
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"Azureen's\n");
    until(&[&azureen, &brando], "hers arrives", || {
        brando.holds(&format!("{INBOX}/{SECOND}.txt")).as_deref() == Some("Azureen's\n")
    });
    let kept = brando.everything(INBOX).into_iter().find(|name| name.starts_with(".kept-")).expect("Brando's is kept");
    assert_eq!(brando.holds(&format!("{INBOX}/{kept}")).as_deref(), Some("Brando's own\n"));
}

#[test]
fn a_file_that_a_reader_deletes_comes_back() {
    let (azureen, brando) = both();
    brando.removes(&format!("{INBOX}/{FIRST}.txt"));
    until_same((&azureen, OUTBOX), (&brando, INBOX), "it is taken again");
}

#[test]
fn files_that_another_tool_brought_are_passed_on_to_other_readers() {
    let noise: Vec<u8> = (0..750_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let files = [
        (format!("{FIRST}.txt"), b"with a photo and a film\n".to_vec()),
        (format!("{FIRST}/photo"), noise[..20_000].to_vec()),
        (format!("{FIRST}/film"), noise),
        (format!("{SECOND}/nothing"), Vec::new()),
        (format!("{SECOND}.txt"), b"another\n".to_vec()),
    ];
    let mut azureen = Person::author("Azureen", "blog");
    let brando = Person::new("Brando");
    for (name, bytes) in &files {
        azureen.writes(&format!("{OUTBOX}/{name}"), bytes);
        brando.writes(&format!("{INBOX}/{name}"), bytes);
    }
    azureen.starts();
    let brando = brando.subscribed(&azureen.key("blog"), "harbour").running();
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the profile arrives");
    until(&[&azureen, &brando], "nothing is left to do", || brando.is_up_to_date("harbour", "inbox"));
    let fetched = brando.document("harbour", "inbox")["fetched"].as_u64().unwrap();
    assert!(fetched < 10_000, "what is there already is not fetched: {fetched} bytes");
    azureen.stops();
    let cooper = Person::new("Cooper").subscribed(&brando.key("harbour"), "harbour").running();
    until_same((&brando, INBOX), (&cooper, INBOX), "the other reader has it all from the first one");
}

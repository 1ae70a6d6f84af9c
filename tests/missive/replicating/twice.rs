//! The same data folder on two computers: it is said at both, and the way out that is named delivers everything.

use super::FIRST;
use super::people::{Person, until, until_same};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";
const WAY_OUT: &str = "missive keys new-device";

#[test]
fn the_same_data_folder_on_two_computers_is_said_at_both() {
    let mut desktop = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "before\n").running();
    let reader = Person::new("Brando").subscribed(&desktop.key("blog"), "harbour").running();
    until_same((&desktop, OUTBOX), (&reader, INBOX), "all arrives");
    desktop.stops();
    let mut laptop = desktop.second_computer("Azureen's laptop");
    desktop.starts();
    laptop.starts();
    desktop.writes(&format!("{OUTBOX}/2026-02-01T10-00-00Z.txt"), b"from the desktop\n");
    laptop.writes(&format!("{OUTBOX}/2026-02-02T10-00-00Z.txt"), b"from the laptop\n");
    let people = [&desktop, &laptop, &reader];
    until(&people, "it is said at the desktop", || desktop.does(&["status"]).contains(WAY_OUT));
    until(&people, "it is said at the laptop", || laptop.does(&["status"]).contains(WAY_OUT));
    laptop.stops();
    laptop.does(&["keys", "new-device"]);
    laptop.starts();
    until_same((&desktop, OUTBOX), (&laptop, OUTBOX), "both computers have everything");
    until_same((&desktop, OUTBOX), (&reader, INBOX), "the reader has everything");
    assert_eq!(reader.names(INBOX).len(), 4, "three messages and the profile");
}

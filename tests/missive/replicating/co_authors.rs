//! Those who write a channel together, while its owner is away.

use std::time::{Duration, Instant};

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const BOX: &str = "team/outbox";

/// News takes no longer than this: one who is gone without a farewell is waited for for two seconds.
const SOON: Duration = Duration::from_secs(15);

/// Azureen, who owns a channel, and Brando and Cooper, who write it with her, all in step.
fn three() -> [Person; 3] {
    let azureen = Person::author("Azureen", "team").message(&format!("{BOX}/{FIRST}.txt"), "by Azureen\n").running();
    let [brando, cooper] = ["Brando", "Cooper"].map(|name| {
        let person = Person::new(name);
        person.joins(&azureen.write_key("team"), "team", name);
        person.running()
    });
    until_same((&azureen, BOX), (&brando, BOX), "the first message arrives at Brando");
    until_same((&azureen, BOX), (&cooper, BOX), "the first message arrives at Cooper");
    until(&[&azureen, &brando, &cooper], "the two have met", || {
        [&brando, &cooper].iter().all(|person| connected(person) == 2)
    });
    [azureen, brando, cooper]
}

/// With how many a person is connected.
fn connected(person: &Person) -> usize {
    let document = person.document("team", "outbox");
    document["peers"].as_array().into_iter().flatten().filter(|peer| peer["connected"] == true).count()
}

/// Each of two writes, and the other one has it soon.
#[track_caller]
fn both_hear(brando: &Person, cooper: &Person) {
    for (writer, reader, stem) in [(brando, cooper, SECOND), (cooper, brando, THIRD)] {
        let begun = Instant::now();
        writer.writes(&format!("{BOX}/{stem}.txt"), b"without Azureen\n");
        until_same((writer, BOX), (reader, BOX), "the other one has it");
        assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    }
}

#[test]
fn news_of_a_co_author_comes_without_the_owner() {
    let [mut azureen, brando, cooper] = three();
    azureen.stops();
    both_hear(&brando, &cooper);
}

#[test]
fn news_of_a_co_author_comes_although_the_owner_vanished() {
    let [mut azureen, brando, cooper] = three();
    azureen.is_killed();
    both_hear(&brando, &cooper);
}

#[test]
fn co_authors_find_each_other_again_without_the_owner() {
    let [mut azureen, mut brando, mut cooper] = three();
    azureen.stops();
    brando.stops();
    cooper.stops();
    brando.starts();
    cooper.starts();
    both_hear(&brando, &cooper);
}

//! Which name is shown for the author of a message where several people write one box.
//!
//! A name stands alone only where the channel's owner has bound it to a key; any other one is shown with the beginning of
//! its key. No two authors look the same, and nobody looks like the owner or like the reader: names are strangers' words.

use std::collections::{BTreeMap, HashMap};

use crate::channel::authorship::author_name::{ME, look, sane};
use crate::channel::authorship::authors::Authors;
use crate::channel::authorship::signers::Key;
use crate::channel::protocol::stamp::Stamp;

/// So many of a message's signers are named; more are counted.
const MAX_SIGNERS: usize = 2;

/// What is said of the authors of one box's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bylines {
    names: BTreeMap<Key, String>,
    /// How messages of several signers are shown.
    disputed: BTreeMap<Stamp, String>,
    messages: BTreeMap<Stamp, Key>,
}

/// Names that belong to somebody: who bears one by right is shown by it alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReservedNames<'a> {
    /// The name of the channel's owner, by the channel's own profile: the owner's key may bear it.
    pub owner: Option<&'a str>,
    /// The name of whoever reads, where that is somebody else: nobody in the box may bear it.
    pub reader: Option<&'a str>,
}

impl Bylines {
    /// Decides how each author is shown.
    pub fn new(authors: &Authors, reserved: ReservedNames<'_>) -> Self {
        let rule = Rule::new(authors, reserved);
        let shown = authors.signers().into_iter().map(|key| (key, rule.shown(key))).collect();
        let (mut messages, mut disputed) = (BTreeMap::new(), BTreeMap::new());
        for (stamp, signers) in &authors.messages {
            match signers.keys() {
                [key] => drop(messages.insert(*stamp, *key)),
                keys => drop(disputed.insert(*stamp, rule.shown_together(keys))),
            }
        }
        Self { names: shown, disputed, messages }
    }

    /// Who wrote a message, if that is known.
    pub fn author_of(&self, stamp: Stamp) -> Option<&str> {
        let known = || self.names.get(self.messages.get(&stamp)?);
        self.disputed.get(&stamp).or_else(known).map(String::as_str)
    }
}

/// Whether a name looks like another one, or like the word by which everybody calls themselves.
pub fn looks_like(name: &str, other: Option<&str>) -> bool {
    let name = look(name);
    name == ME || other.is_some_and(|other| look(other) == name)
}

/// What somebody else who calls themselves this is called in a channel of this name: never as whoever reads is.
pub fn others_name(name: &str, reader: Option<&str>, channel: &str) -> String {
    let seen = look(name);
    match () {
        () if seen == ME => channel.to_owned(),
        () if reader.is_some_and(|reader| look(reader) == seen) => format!("{name} ({channel})"),
        () => name.to_owned(),
    }
}

/// What tells the authors of a box apart.
struct Rule<'a> {
    authors: &'a Authors,
    names: BTreeMap<Key, String>,
    /// How often a name is taken, by what it looks like.
    taken: HashMap<String, usize>,
    /// How many keys begin with the same digits.
    alike: HashMap<String, usize>,
    owner: Option<String>,
    reader: Option<String>,
}

impl<'a> Rule<'a> {
    fn new(authors: &'a Authors, reserved: ReservedNames<'_>) -> Self {
        // What the owner has bound counts more than what a key says of itself.
        let all = authors.claimed.iter().chain(&authors.names);
        let names: BTreeMap<Key, String> = all.filter_map(|(key, name)| Some((*key, sane(name)?))).collect();
        let mut taken = HashMap::new();
        // What a key says of itself is never shown alone, and takes nobody's name.
        for name in authors.names.values().filter_map(|name| sane(name)) {
            *taken.entry(look(&name)).or_default() += 1;
        }
        let mut alike = HashMap::new();
        for key in authors.keys() {
            *alike.entry(key.short()).or_default() += 1;
        }
        Self { authors, names, taken, alike, owner: reserved.owner.map(look), reader: reserved.reader.map(look) }
    }

    fn shown(&self, key: Key) -> String {
        match self.names.get(&key) {
            Some(name) if self.is_plain(key, name) => name.clone(),
            _ => self.shown_with_key(key),
        }
    }

    fn shown_with_key(&self, key: Key) -> String {
        match self.names.get(&key) {
            None => format!("key {}", self.digits(key)),
            Some(name) => format!("{name} ({})", self.digits(key)),
        }
    }

    /// Signers of one message between whom nobody has decided: each with its key.
    fn shown_together(&self, keys: &[Key]) -> String {
        let mut shown: Vec<String> = keys.iter().take(MAX_SIGNERS).map(|key| self.shown_with_key(*key)).collect();
        let more = keys.len().saturating_sub(MAX_SIGNERS);
        if more > 0 {
            shown.push(format!("{more} more"));
        }
        shown.join(" or ")
    }

    /// Whether a name alone says who is meant.
    fn is_plain(&self, key: Key, name: &str) -> bool {
        let look = look(name);
        let is_owners = self.owner.as_ref() == Some(&look) && self.authors.owner != Some(key);
        let is_readers = look == ME || self.reader.as_ref() == Some(&look);
        let is_taken = self.taken.get(&look).is_some_and(|times| *times > 1);
        self.authors.names.contains_key(&key) && !is_taken && !is_owners && !is_readers && !names_a_key(&look)
    }

    /// The beginning of a key, long enough to tell it from the others. A beginning of eight digits can be sought for.
    fn digits(&self, key: Key) -> String {
        let short = key.short();
        if self.alike.get(&short).is_some_and(|times| *times > 1) { key.beginning(16) } else { short }
    }
}

/// Whether a name says what only the digits of a key should say.
fn names_a_key(look: &str) -> bool {
    look.split(|c: char| !c.is_alphanumeric())
        .any(|word| word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::authorship::signers::Signers;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn key(byte: u8) -> Key {
        Key::new([byte; 32])
    }

    fn stamp(second: u8) -> Stamp {
        Stamp::from_seconds(second.into()).unwrap()
    }

    /// Authors with these names, bound by the owner, each of whom has written a message; no name is none that is bound.
    fn bound(names: &[&str], owner: Option<u8>) -> Authors {
        let keys = || (1..).zip(names);
        Authors {
            owner: owner.map(key),
            names: keys()
                .filter(|(_, name)| !name.is_empty())
                .map(|(at, name)| (key(at), (*name).to_owned()))
                .collect(),
            messages: keys().map(|(at, _)| (stamp(at), key(at).into())).collect(),
            ..Authors::default()
        }
    }

    /// What is shown of the authors of the first messages.
    fn all_shown(authors: &Authors, reserved: ReservedNames<'_>) -> Vec<String> {
        let bylines = Bylines::new(authors, reserved);
        authors.messages.keys().map(|stamp| bylines.author_of(*stamp).unwrap().to_owned()).collect()
    }

    /// What is shown of authors with these bound names beside a profile's name.
    fn shown(names: &[&str], own: Option<&str>, owner: Option<u8>) -> Vec<String> {
        all_shown(&bound(names, owner), ReservedNames { owner: own, reader: None })
    }

    #[test]
    fn a_name_that_nobody_else_has_stands_alone() {
        assert_eq!(shown(&["Azureen", "Brando"], None, None), ["Azureen", "Brando"]);
        assert_eq!(shown(&["Azureen", ""], None, None), ["Azureen", "key 02020202"]);
        assert_eq!(Bylines::default().author_of(stamp(1)), None);
    }

    #[test]
    fn a_name_that_the_owner_has_not_bound_brings_its_key() {
        let bound = bound(&["Azureen", "Brando"], Some(9));
        let claimed = Authors { names: BTreeMap::new(), claimed: bound.names.clone(), ..bound.clone() };
        let reserved = ReservedNames::default();
        assert_eq!(all_shown(&claimed, reserved), ["Azureen (01010101)", "Brando (02020202)"]);
        let mut both = Authors { names: BTreeMap::from([(key(2), "Bran".to_owned())]), ..claimed };
        assert_eq!(all_shown(&both, reserved), ["Azureen (01010101)", "Bran"]);
        both.names.insert(key(1), "bran".to_owned());
        assert_eq!(all_shown(&both, reserved), ["bran (01010101)", "Bran (02020202)"]);
        // A claim takes nobody's name away.
        both.names.remove(&key(1));
        both.claimed.insert(key(1), "Bran".to_owned());
        assert_eq!(all_shown(&both, reserved), ["Bran (01010101)", "Bran"]);
    }

    #[test]
    fn signers_that_met_at_once_are_all_shown_with_their_keys() {
        let mut authors = bound(&["Azureen", ""], Some(1));
        authors.messages.insert(stamp(1), Signers::new([key(2), key(1)]).unwrap());
        authors.messages.insert(stamp(3), Signers::new([4, 3, 2, 1].map(key)).unwrap());
        let shown = all_shown(&authors, ReservedNames::default());
        let expected =
            ["Azureen (01010101) or key 02020202", "key 02020202", "Azureen (01010101) or key 02020202 or 2 more"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn nobody_passes_for_whoever_reads() {
        let authors = bound(&["Azureen", "Brando"], Some(1));
        for reader in ["Azureen", "AZUREEN", "Azúreen"] {
            let reserved = ReservedNames { owner: Some("Azureen"), reader: Some(reader) };
            assert_eq!(all_shown(&authors, reserved), ["Azureen (01010101)", "Brando"], "the owner itself neither");
        }
        for (name, expected) in
            [("Brando", "Brando"), ("azuréen", "azuréen (pen-friend)"), ("\u{200b}ME", "pen-friend")]
        {
            assert_eq!(others_name(name, Some("Azureen"), "pen-friend"), expected);
        }
        assert_eq!(others_name("Azureen", None, "pen-friend"), "Azureen");
    }

    #[test]
    fn what_looks_the_same_is_the_same_name() {
        for (name, other, expected) in
            [("azúreen", Some("Azureen"), true), ("\u{200b}ME", None, true), ("Azur", Some("Azureen"), false)]
        {
            assert_eq!(looks_like(name, other), expected, "{name}");
        }
    }

    #[test]
    fn names_that_look_the_same_bring_their_keys() {
        for other in [
            "Azureen",
            "AZUREEN ",
            "\u{a0}azureen",
            "Azu\u{200b}reen",
            "Az\u{fe0f}ureen",
            "A\u{202e}zureen",
            "Azureen\u{3164}",
            "Azúreen",
            "Ａｚｕｒｅｅｎ",
            "\u{200d}Azureen\u{e0041}",
        ] {
            let both = shown(&["Azureen", other], None, None);
            assert_eq!(both[0], "Azureen (01010101)", "{other:?}");
            assert!(both[1].ends_with(" (02020202)"), "{other:?}: {both:?}");
        }
        let apart = shown(&["e\u{301}a", "éb"], None, None);
        assert_eq!(apart, ["e\u{301}a", "éb"]);
    }

    #[test]
    fn nobody_passes_for_the_owner_of_the_channel() {
        assert_eq!(shown(&["Azureen", "Brando"], Some("azureen"), None), ["Azureen (01010101)", "Brando"]);
        assert_eq!(shown(&["Azureen", "Brando"], Some("azureen"), Some(2)), ["Azureen (01010101)", "Brando"]);
        assert_eq!(shown(&["Azureen", "Brando"], Some("azureen"), Some(1)), ["Azureen", "Brando"]);
        let both = shown(&["Azureen", "Azureen"], Some("Azureen"), Some(1));
        assert_eq!(both, ["Azureen (01010101)", "Azureen (02020202)"]);
    }

    #[test]
    fn nobody_passes_for_a_key_or_for_whoever_reads() {
        let names = ["Me", "key 02020202", "Azureen (02020202)", "deadbeef", "Bead"];
        let all = shown(&names, None, None);
        let expected = [
            "Me (01010101)",
            "key 02020202 (02020202)",
            "Azureen (02020202) (03030303)",
            "deadbeef (04040404)",
            "Bead",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn keys_of_the_same_beginning_are_told_apart() {
        let (mut a, mut b) = ([7; 32], [7; 32]);
        (a[5], b[5]) = (1, 2);
        let messages = BTreeMap::from([(stamp(1), Key::new(a).into()), (stamp(2), Key::new(b).into())]);
        let bylines = Bylines::new(&Authors { messages, ..Authors::default() }, ReservedNames::default());
        assert_eq!(
            [1, 2].map(|at| bylines.author_of(stamp(at)).unwrap()),
            ["key 0707070707010707", "key 0707070707020707"]
        );
    }

    proptest! {
        #[test]
        fn no_two_authors_look_the_same(names in proptest::collection::vec("[aAbá \u{200b}(0-2)]{0,10}", 1..6), own in proptest::option::of("[ab]{1,2}")) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let looks: BTreeSet<String> = shown(&names, own.as_deref(), None).iter().map(|name| look(name)).collect();
            prop_assert_eq!(looks.len(), names.len());
            prop_assert!(own.is_none_or(|own| !looks.contains(&look(&own))));
        }
    }
}

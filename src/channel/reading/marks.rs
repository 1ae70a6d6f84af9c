//! What was read and what was starred, on all of a person's devices.
//!
//! A mark is a line of text. Marks merge in any order: of two about the same message the newer one counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::channel::folder::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::stamp::Stamp;

pub mod store;

/// A channel as marks name it: by its name in the data folder, else by its absolute path; percent-encoded, so that it
/// has no spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelKey(String);

impl ChannelKey {
    /// The key of a channel, given the data folder.
    pub fn for_channel(channel: &Channel, data: &std::path::Path) -> Self {
        // However it was found, through links or not, it is the same channel.
        let path = channel.path.canonicalize().unwrap_or_else(|_| channel.path.clone());
        let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let inside = path.parent().filter(|parent| *parent == data).and_then(|_| path.file_name());
        Self::encoded(inside.unwrap_or(path.as_os_str()))
    }

    /// The key of the channel of this name in the data folder.
    pub fn named(name: &ChannelName) -> Self {
        Self::encoded(name.as_os_str())
    }

    fn encoded(name: &OsStr) -> Self {
        const SPACED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');
        Self(percent_encode(name.as_bytes(), SPACED).to_string())
    }

    /// Whether it is the name of a channel in the data folder.
    pub fn is_name(&self) -> bool {
        !self.0.starts_with('/')
    }
}

/// What is said of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It was read, or not.
    Read(bool),
    /// It has a star, or not.
    Starred(bool),
}

impl State {
    const WORDS: [(Self, &str); 4] = [
        (Self::Read(true), "read"),
        (Self::Read(false), "unread"),
        (Self::Starred(true), "star"),
        (Self::Starred(false), "unstar"),
    ];

    fn parse(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(_, known)| *known == word).map(|(state, _)| state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.into_iter().find(|(state, _)| state == self);
        f.write_str(word.map_or("", |(_, word)| word))
    }
}

/// Which messages of a box are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// All up to this one and with it.
    UpTo(Stamp),
    /// This one.
    One(Stamp),
}

/// What is to be said of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Their channel.
    pub channel: ChannelKey,
    /// Their box.
    pub side: Side,
    /// Which of them.
    pub reach: Reach,
    /// What they are from now on.
    pub state: State,
}

/// The time of a mark in seconds since 1970, and what it says. The greater one counts.
type Said = (i64, bool);

/// What is said last of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    read: Option<Said>,
    starred: Option<Said>,
}

impl Flags {
    fn of(state: State, at: i64) -> Self {
        match state {
            State::Read(is) => Self { read: Some((at, is)), starred: None },
            State::Starred(is) => Self { read: None, starred: Some((at, is)) },
        }
    }

    /// Each the greater of both.
    fn max(self, other: Self) -> Self {
        Self { read: self.read.max(other.read), starred: self.starred.max(other.starred) }
    }

    fn states(self) -> impl Iterator<Item = (i64, State)> {
        let read = self.read.map(|(at, is)| (at, State::Read(is)));
        read.into_iter().chain(self.starred.map(|(at, is)| (at, State::Starred(is))))
    }
}

/// What is said of one channel's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    one: HashMap<(Side, Stamp), Flags>,
    up_to: BTreeMap<(Side, Stamp), Flags>,
}

impl Marked {
    /// Whether a message was read. What is in the outbox counts as read always.
    pub fn is_read(&self, side: Side, stamp: Stamp) -> bool {
        side == Side::Outbox || self.flags(side, stamp).read.is_some_and(|(_, is)| is)
    }

    /// Whether a message has a star.
    pub fn is_starred(&self, side: Side, stamp: Stamp) -> bool {
        self.flags(side, stamp).starred.is_some_and(|(_, is)| is)
    }

    fn flags(&self, side: Side, stamp: Stamp) -> Flags {
        let one = self.one.get(&(side, stamp)).copied().unwrap_or_default();
        self.covering(side, stamp).map(|(_, flags)| flags).fold(one, Flags::max)
    }

    /// What is said of all up to a message or one behind it, the least far first.
    fn covering(&self, side: Side, stamp: Stamp) -> impl Iterator<Item = (Stamp, Flags)> {
        let behind = self.up_to.range((side, stamp)..).take_while(move |((at, _), _)| *at == side);
        behind.map(|((_, stamp), flags)| (*stamp, *flags))
    }

    fn say(&mut self, side: Side, reach: Reach, flags: Flags) {
        let said = match reach {
            Reach::One(stamp) => self.one.entry((side, stamp)).or_default(),
            Reach::UpTo(stamp) => self.up_to.entry((side, stamp)).or_default(),
        };
        *said = said.max(flags);
    }

    /// All that counts, in order: without what something newer says of at least as many messages.
    fn counting(&self) -> Vec<(Side, Reach, i64, State)> {
        let mut all = Vec::with_capacity(self.one.len());
        let newer = |flags: Flags, over: Flags| Flags {
            read: flags.read.filter(|said| Some(*said) > over.read),
            starred: flags.starred.filter(|said| Some(*said) > over.starred),
        };
        for ((side, stamp), flags) in &self.up_to {
            let farther = self.covering(*side, *stamp).skip(1).map(|(_, flags)| flags);
            let left = newer(*flags, farther.fold(Flags::default(), Flags::max));
            all.extend(left.states().map(|(at, state)| (*side, Reach::UpTo(*stamp), at, state)));
        }
        for ((side, stamp), flags) in &self.one {
            let over = self.covering(*side, *stamp).map(|(_, flags)| flags).fold(Flags::default(), Flags::max);
            all.extend(newer(*flags, over).states().map(|(at, state)| (*side, Reach::One(*stamp), at, state)));
        }
        all.sort_unstable_by_key(|(side, reach, at, state)| (*side, *reach, *at, matches!(state, State::Starred(_))));
        all
    }
}

/// What is said of all messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    channels: HashMap<String, Marked>,
}

impl Marks {
    /// What is said of a channel's messages.
    pub fn of(&self, channel: &ChannelKey) -> Option<&Marked> {
        self.channels.get(&channel.0)
    }

    /// Takes in a file's lines; gives how many there were. One that is no mark says nothing.
    pub fn take(&mut self, text: &str) -> usize {
        let mut lines = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            lines += 1;
            self.take_line(line);
        }
        lines
    }

    fn take_line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let (at, channel, place, state) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || channel.is_empty() {
            return None;
        }
        let at = Stamp::parse(at.as_bytes()).ok()?.seconds();
        let (side, stem) = place.split_once('/')?;
        let side = Side::from_name(side)?;
        let reach = match stem.strip_prefix("..") {
            Some(stem) => Reach::UpTo(Stamp::parse(stem.as_bytes()).ok()?),
            None => Reach::One(Stamp::parse(stem.as_bytes()).ok()?),
        };
        let flags = Flags::of(State::parse(state)?, at);
        match self.channels.get_mut(channel) {
            Some(marked) => marked.say(side, reach, flags),
            None => self.channels.entry(channel.to_owned()).or_default().say(side, reach, flags),
        }
        Some(())
    }

    /// The lines that say all that counts here, and how many they are.
    pub fn compact(&self) -> (String, usize) {
        let (mut text, mut lines) = (String::new(), 0);
        let mut channels: Vec<_> = self.channels.iter().collect();
        channels.sort_unstable_by_key(|(name, _)| *name);
        for (name, marked) in channels {
            for (side, reach, at, state) in marked.counting() {
                push_line(&mut text, at, name, side, reach, state);
                lines += 1;
            }
        }
        (text, lines)
    }

    /// The lines that say of channels under their new names what is said of them under the old ones, as far as it is not said yet.
    pub fn renamed(&self, names: &[(ChannelKey, ChannelKey)]) -> String {
        let mut text = String::new();
        for (old, new) in names {
            let said: HashSet<_> = self.of(new).map(Marked::counting).unwrap_or_default().into_iter().collect();
            let marks = self.of(old).map(Marked::counting).unwrap_or_default();
            for mark in marks.into_iter().filter(|mark| !said.contains(mark)) {
                let (side, reach, at, state) = mark;
                push_line(&mut text, at, &new.0, side, reach, state);
            }
        }
        text
    }

    /// The lines that say these changes at a time, in seconds since 1970. A mark that is newer than that, since some
    /// device's clock is ahead, does not outlive them.
    pub fn lines(&self, changes: &[Change], now: i64) -> String {
        let mut text = String::new();
        for Change { channel, side, reach, state } in changes {
            let newest = self.of(channel).and_then(|marked| marked.newest(*side, *reach, *state));
            let at = newest.map_or(now, |newest| now.max(newest.saturating_add(1)));
            push_line(&mut text, at, &channel.0, *side, *reach, *state);
        }
        text
    }
}

impl Marked {
    /// When the newest mark was made that says something of these messages.
    fn newest(&self, side: Side, reach: Reach, state: State) -> Option<i64> {
        let at = |flags: Flags| match state {
            State::Read(_) => flags.read.map(|(at, _)| at),
            State::Starred(_) => flags.starred.map(|(at, _)| at),
        };
        match reach {
            Reach::One(stamp) => at(self.flags(side, stamp)),
            Reach::UpTo(last) => {
                let one = self.one.iter().filter(|((of, stamp), _)| *of == side && *stamp <= last);
                let up_to = self.up_to.iter().filter(|((of, _), _)| *of == side);
                one.chain(up_to).filter_map(|(_, flags)| at(*flags)).max()
            }
        }
    }
}

fn push_line(text: &mut String, at: i64, channel: &str, side: Side, reach: Reach, state: State) {
    let Some(at) = Stamp::from_seconds(at) else {
        return;
    };
    // Writing to a String cannot fail.
    let _ = match reach {
        Reach::One(stamp) => writeln!(text, "{at} {channel} {side}/{stamp} {state}"),
        Reach::UpTo(stamp) => writeln!(text, "{at} {channel} {side}/..{stamp} {state}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::kind::Kind;
    use proptest::prelude::*;

    const BLOG: &str = "blog";

    fn stamp(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds).unwrap()
    }

    fn marks(text: &str) -> Marks {
        let mut marks = Marks::default();
        marks.take(text);
        marks
    }

    fn change(reach: Reach, state: State) -> Change {
        Change { channel: ChannelKey(BLOG.to_owned()), side: Side::Inbox, reach, state }
    }

    fn is_read(marks: &Marks, seconds: i64) -> bool {
        marks.of(&ChannelKey(BLOG.to_owned())).is_some_and(|marked| marked.is_read(Side::Inbox, stamp(seconds)))
    }

    #[test]
    fn a_line_says_it_in_plain_words() {
        let text = Marks::default().lines(&[change(Reach::One(stamp(5)), State::Read(true))], 60);
        assert_eq!(text, "1970-01-01T00-01-00Z blog inbox/1970-01-01T00-00-05Z read\n");
        let text = Marks::default().lines(&[change(Reach::UpTo(stamp(5)), State::Starred(false))], 60);
        assert_eq!(text, "1970-01-01T00-01-00Z blog inbox/..1970-01-01T00-00-05Z unstar\n");
    }

    #[test]
    fn the_newer_counts() {
        let mut all = marks("1970-01-01T00-01-00Z blog inbox/1970-01-01T00-00-05Z read\n");
        assert!(is_read(&all, 5) && !is_read(&all, 6));
        all.take("1970-01-01T00-02-00Z blog inbox/..1970-01-01T00-00-09Z unread\n");
        assert!(!is_read(&all, 5));
        all.take("1970-01-01T00-03-00Z blog inbox/..1970-01-01T00-00-07Z read\n");
        assert!(is_read(&all, 5) && is_read(&all, 7) && !is_read(&all, 8));
        assert_eq!(all.compact().1, 2, "{}", all.compact().0);
    }

    #[test]
    fn bad_lines_say_nothing() {
        let text = "\0\u{1b}[31m\n\nread\n1970-01-01T00-01-00Z blog inbox/1970-01-01T00-00-05Z eaten\n\
            1970-01-01T00-01-00Z blog inbox/../../etc read\n1970-01-01T00-01-00Z  inbox/1970-01-01T00-00-05Z read\n\
            1970-01-01T00-01-00Z blog both/1970-01-01T00-00-05Z read\n\
            1970-01-01T00-01-00Z blog inbox/1970-01-01T00-00-05Z read more\n";
        let mut all = Marks::default();
        assert_eq!(all.take(text), 7);
        assert_eq!(all.compact(), (String::new(), 0));
    }

    #[test]
    fn a_clock_that_is_behind_is_heard_all_the_same() {
        let mut all = marks("1970-01-02T00-00-00Z blog inbox/1970-01-01T00-00-05Z read\n");
        for (reach, state) in
            [(Reach::One(stamp(5)), false), (Reach::UpTo(stamp(6)), true), (Reach::One(stamp(5)), false)]
        {
            let text = all.lines(&[change(reach, State::Read(state))], 60);
            all.take(&text);
            assert_eq!(is_read(&all, 5), state);
        }
    }

    #[test]
    fn keys_hold_no_space() {
        let channel = |path: &str| Channel {
            name: crate::channel::protocol::name::ChannelName::parse("x".as_ref()).unwrap(),
            path: path.into(),
            kind: Kind::Message,
        };
        let data = std::path::Path::new("/no/such data");
        assert_eq!(
            ChannelKey::for_channel(&channel("/no/such data/Azureen & 100%"), data),
            ChannelKey("Azureen%20&%20100%25".to_owned())
        );
        assert_eq!(
            ChannelKey::for_channel(&channel("/else where/a\n"), data),
            ChannelKey("/else%20where/a%0A".to_owned())
        );
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_nothing_counting_is_lost(
            said in proptest::collection::vec((0i64..6, 0i64..6, any::<bool>(), 0usize..4), 0..20),
            middle in 0usize..20,
        ) {
            let lines: Vec<String> = said.iter().map(|(at, of, up_to, state)| {
                let reach = if *up_to { Reach::UpTo(stamp(*of)) } else { Reach::One(stamp(*of)) };
                let mut line = String::new();
                push_line(&mut line, *at, BLOG, Side::Inbox, reach, State::WORDS[*state].0);
                line
            }).collect();
            let all = marks(&lines.concat());
            let (left, right) = lines.split_at(middle.min(lines.len()));
            prop_assert_eq!(&marks(&[right, left].concat().concat()), &all);
            // Two devices that each compacted their own say the same.
            let compacted = marks(&(marks(&right.concat()).compact().0 + &marks(&left.concat()).compact().0));
            let said = |marks: &Marks, at: i64| marks.of(&ChannelKey(BLOG.to_owned())).map(|marked| {
                (marked.is_read(Side::Inbox, stamp(at)), marked.is_starred(Side::Inbox, stamp(at)))
            }).unwrap_or_default();
            for at in 0..7 {
                prop_assert_eq!(said(&all, at), said(&compacted, at));
            }
        }

        #[test]
        fn no_line_is_too_strange(text in any::<String>()) {
            Marks::default().take(&text);
        }
    }
}

//! Which files of a box count as one's own and which as somebody else's.
//!
//! Every reader of a box asks here. What counts is who wrote a file, not in which folder it lies; a file whose author cannot
//! be known is somebody else's.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::entry::{RelativePath, Side};
use crate::channel::protocol::profile::Problem;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Folder;
use crate::markdown::Trust;

/// Whose the files of one box are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxTrust {
    /// What a message is that is not among `foreign`.
    rest: Trust,
    /// Whose the channel's profile and the icon are.
    profile: Trust,
    foreign: BTreeSet<Stamp>,
    /// Attachments that are not their message's signer's.
    attachments: BTreeMap<Stamp, BTreeMap<RelativePath, Trust>>,
}

impl BoxTrust {
    /// A box where all is of one hand.
    pub fn for_side(side: Side) -> Self {
        Self::all(match side {
            Side::Inbox => Trust::Theirs,
            Side::Outbox => Trust::Own,
        })
    }

    /// Decides by what a box's `.authors.toml` says; an inbox is somebody else's whatever it says.
    ///
    /// In an outbox, a message that is not listed was written here and is not signed yet. Says too, in words, what is
    /// wrong where everything in an outbox has to count as somebody else's.
    pub fn new(side: Side, authors: Result<Option<&Authors>, &Problem>) -> (Self, Option<String>) {
        const SO: &str = "so every message in this box is treated as somebody else's";
        let theirs = |why: String| (Self::all(Trust::Theirs), Some(why));
        match authors {
            Ok(None) => (Self::for_side(side), None),
            Ok(_) if side == Side::Inbox => (Self::for_side(side), None),
            Err(problem) if side == Side::Inbox => (Self::for_side(side), Some(problem.to_string())),
            Err(problem) => theirs(format!("{problem}; {SO} until `missive sync` writes the file again")),
            Ok(Some(authors)) if authors.own.is_empty() => {
                theirs(format!("it does not say which keys are yours (`own`), {SO} until `missive sync` runs"))
            }
            Ok(Some(authors)) => (Self::shared(authors), None),
        }
    }

    /// Whose the files of a box are at this moment. Whoever finds that a file is not the one that was looked at asks this: that
    /// it is another one's is written down before it takes its place.
    pub fn now(folder: &Folder, side: Side) -> Self {
        let read = Authors::read(folder);
        Self::new(side, read.as_ref().map(Option::as_ref)).0
    }

    fn all(rest: Trust) -> Self {
        Self { rest, profile: rest, foreign: BTreeSet::new(), attachments: BTreeMap::new() }
    }

    /// An outbox that several write.
    fn shared(authors: &Authors) -> Self {
        let trust = |is_own: bool| if is_own { Trust::Own } else { Trust::Theirs };
        let foreign = authors.messages.iter().filter(|(_, signers)| !authors.is_own(signers));
        let mut attachments: BTreeMap<Stamp, BTreeMap<RelativePath, Trust>> = BTreeMap::new();
        for (file, signers) in &authors.attachments {
            attachments.entry(file.0).or_default().insert(file.1.clone(), trust(authors.is_own(signers)));
        }
        Self {
            rest: Trust::Own,
            profile: trust(authors.owner.is_some_and(|owner| authors.own.contains(&owner))),
            foreign: foreign.map(|(stamp, _)| *stamp).collect(),
            attachments,
        }
    }

    /// Whose a message's text is.
    pub fn of_message(&self, stamp: Stamp) -> Trust {
        if self.foreign.contains(&stamp) { Trust::Theirs } else { self.rest }
    }

    /// Whose an attachment is: its signer's, else its message's.
    pub fn of_attachment(&self, stamp: Stamp, path: &RelativePath) -> Trust {
        let listed = self.attachments.get(&stamp).and_then(|files| files.get(path)).copied();
        listed.unwrap_or_else(|| self.of_message(stamp))
    }

    /// Whose the channel's profile is.
    pub fn of_profile(&self) -> Trust {
        self.profile
    }

    /// Whether everything in the box is one's own.
    pub fn is_all_own(&self) -> bool {
        self.rest == Trust::Own && self.foreign.is_empty() && self.attachments.is_empty()
    }

    /// Whether somebody else's channel is written here as well: what nobody has signed is one's own, the profile is not.
    pub fn is_of_anothers_channel(&self) -> bool {
        self.rest == Trust::Own && self.profile == Trust::Theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::authorship::authors::AttachmentId;
    use crate::channel::authorship::signers::{Key, Signers};

    fn key(byte: u8) -> Key {
        Key::new([byte; 32])
    }

    fn stamp(second: u8) -> Stamp {
        Stamp::from_seconds(second.into()).unwrap()
    }

    fn path(name: &str) -> RelativePath {
        RelativePath::parse(name.as_bytes()).unwrap()
    }

    /// An outbox of mine (key 1), of somebody whom I trust (2) and of others.
    fn authors() -> Authors {
        let file = |second, name: &str, by| (AttachmentId(stamp(second), path(name)), Signers::from(key(by)));
        Authors {
            owner: Some(key(1)),
            own: vec![key(1), key(2)],
            messages: BTreeMap::from([
                (stamp(1), key(1).into()),
                (stamp(2), key(2).into()),
                (stamp(3), key(3).into()),
                (stamp(4), Signers::new([key(1), key(2)]).unwrap()),
                (stamp(5), Signers::new([key(1), key(3)]).unwrap()),
            ]),
            attachments: BTreeMap::from([file(1, "a/theirs.html", 3), file(3, "mine.html", 2), file(9, "x", 3)]),
            ..Authors::default()
        }
    }

    fn outbox(authors: &Authors) -> BoxTrust {
        BoxTrust::new(Side::Outbox, Ok(Some(authors))).0
    }

    #[test]
    fn trust_follows_the_hand_that_wrote() {
        let trust = outbox(&authors());
        let of = |second| trust.of_message(stamp(second));
        let (own, theirs) = (Trust::Own, Trust::Theirs);
        assert_eq!([1, 2, 3, 4, 5, 9].map(of), [own, own, theirs, own, theirs, own]);
        for (second, name, expected) in [
            (1, "mine.html", own),
            (1, "a/theirs.html", theirs),
            (1, "theirs.html", own),
            (3, "theirs.html", theirs),
            (3, "mine.html", own),
            (5, "any", theirs),
            (9, "x", theirs),
            (9, "y", own),
        ] {
            assert_eq!(trust.of_attachment(stamp(second), &path(name)), expected, "{second}/{name}");
        }
        assert_eq!(trust.of_profile(), own);
        assert_eq!(outbox(&Authors { owner: Some(key(3)), ..authors() }).of_profile(), theirs);
        assert_eq!(outbox(&Authors { owner: None, ..authors() }).of_profile(), theirs);
    }

    #[test]
    fn a_box_of_one_hand_is_the_sides() {
        for (side, expected) in [(Side::Inbox, Trust::Theirs), (Side::Outbox, Trust::Own)] {
            let (trust, problem) = BoxTrust::new(side, Ok(None));
            assert_eq!((trust.of_message(stamp(1)), trust.of_profile(), problem), (expected, expected, None));
        }
    }

    #[test]
    fn what_cannot_be_known_is_somebody_elses() {
        let unreadable = Problem::Form("line 1: odd".to_owned());
        let without = Authors { own: Vec::new(), ..authors() };
        for (authors, words) in [
            (Err(&unreadable), "line 1: odd; so every message in this box is treated as somebody else's until"),
            (Ok(Some(&without)), "it does not say which keys are yours (`own`), so every message in this box is"),
            (Ok(Some(&Authors::default())), "it does not say which keys are yours"),
        ] {
            let (trust, problem) = BoxTrust::new(Side::Outbox, authors);
            assert!(problem.unwrap().starts_with(words));
            assert!((1..9).all(|second| trust.of_message(stamp(second)) == Trust::Theirs));
            assert_eq!(trust.of_attachment(stamp(3), &path("mine.html")), Trust::Theirs);
            assert_eq!(trust.of_profile(), Trust::Theirs);
        }
    }

    #[test]
    fn nothing_in_an_inbox_is_ones_own() {
        let (trust, problem) = BoxTrust::new(Side::Inbox, Ok(Some(&authors())));
        assert!((1..9).all(|second| trust.of_message(stamp(second)) == Trust::Theirs) && problem.is_none());
        assert_eq!(trust.of_attachment(stamp(3), &path("mine.html")), Trust::Theirs);
    }
}

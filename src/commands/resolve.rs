//! From CHANNEL and ID on the command line to a channel and a message.
//!
//! A channel is a path if it contains a separator or is `.`, else a name in the data folder, else a folder of that name here.
//! A message is its time, with its box before it where both boxes may have one.

use std::ffi::OsStr;
use std::path::{MAIN_SEPARATOR, Path};
use std::str::FromStr;
use std::sync::Arc;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::Snapshot;
use crate::channel::snapshot::card::Card;
use crate::channel::{Channel, folder};
use crate::commands::{Environment, Failure};
use crate::console::Console;

/// Finds the channel that a person means.
///
/// # Errors
/// [`Failure`] with the nearest name.
pub(super) fn channel(environment: &Environment, wanted: &OsStr) -> Result<Channel, Failure> {
    let path = environment.folders.here.join(wanted);
    let text = wanted.to_string_lossy();
    if text.contains(MAIN_SEPARATOR) || text == "." || text == ".." {
        return open(&path, &text);
    }
    let Some(name) = ChannelName::parse(wanted) else {
        return Err(crate::channel::Error::Name { name: text.into_owned() }.into());
    };
    if !environment.folders.data.join(name.as_os_str()).is_dir() && path.is_dir() {
        return open(&path, &text);
    }
    Ok(folder::named(&environment.folders.data, &name)?)
}

/// Every channel of the data folder. Those that cannot be opened, since what should be a box is none, are spoken of.
///
/// # Errors
/// [`Failure`] when the data folder cannot be listed.
pub(super) fn all(environment: &Environment, console: Console) -> Result<Vec<Channel>, Failure> {
    mention_no_boxes(environment, console);
    Ok(folder::discover(&environment.folders.data)?)
}

/// Speaks of the channels of the data folder that cannot be opened, since what should be a box is none.
pub(super) fn mention_no_boxes(environment: &Environment, console: Console) {
    for error in folder::with_no_box(&environment.folders.data) {
        console.say(&format!("note: {}", Failure::from(error).words()));
    }
}

fn open(path: &Path, wanted: &str) -> Result<Channel, Failure> {
    if !path.exists() {
        return Err(Failure::new(
            format!("there is no folder `{wanted}`"),
            "`missive channels` lists the channels of the data folder",
        ));
    }
    Ok(Channel::open(path)?)
}

/// A message's id: `2013-08-11T14-34-37Z`, or `inbox/2013-08-11T14-34-37Z`. The file's name will do too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageId {
    side: Option<Side>,
    stamp: Stamp,
}

impl FromStr for MessageId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (side, stem) = match text.split_once('/') {
            Some((name, stem)) => (Side::from_name(name).map(Some), stem),
            None => (Some(None), text),
        };
        let stamp = Stamp::parse(stem.strip_suffix(".txt").unwrap_or(stem).as_bytes()).ok();
        let id = side.zip(stamp).map(|(side, stamp)| Self { side, stamp });
        id.ok_or_else(|| {
            "a message's id is its time, such as `2013-08-11T14-34-37Z` or `inbox/2013-08-11T14-34-37Z`".to_owned()
        })
    }
}

impl MessageId {
    /// The messages of this id: one, or two where both boxes have one of that second and none is named.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or it is held.
    pub(super) fn find(self, snapshot: &Snapshot) -> Result<Vec<Arc<Card>>, Failure> {
        let is = |card: &Card| card.stamp == self.stamp && self.side.is_none_or(|side| side == card.side);
        let found: Vec<_> = snapshot.cards.iter().filter(|card| is(card)).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let name = &snapshot.channel.name;
        if let Some(held) = snapshot.held.iter().find(|held| is(&held.card)) {
            let message = format!("the message {} in `{name}` is not shown: {}", self.stamp, held.reason);
            let file = format!("{}/{}.txt", held.card.side, self.stamp);
            return Err(Failure::new(message, format!("`missive why` explains its file, {file}")));
        }
        let message = format!("no message {} in `{name}`", self.stamp);
        Err(Failure::new(message, "`missive read` and `missive search` show the id of every message"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_time_and_perhaps_a_box() {
        let stamp = Stamp::parse(b"2013-08-11T14-34-37Z").unwrap();
        for (text, side) in [
            ("2013-08-11T14-34-37Z", None),
            ("2013-08-11T14-34-37Z.txt", None),
            ("inbox/2013-08-11T14-34-37Z", Some(Side::Inbox)),
            ("outbox/2013-08-11T14-34-37Z.txt", Some(Side::Outbox)),
        ] {
            assert_eq!(text.parse(), Ok(MessageId { side, stamp }), "{text}");
        }
        for text in
            ["", "latest", "both/2013-08-11T14-34-37Z", "inbox/", "../2013-08-11T14-34-37Z", "2013-02-30T00-00-00Z"]
        {
            assert!(text.parse::<MessageId>().is_err(), "{text}");
        }
    }
}

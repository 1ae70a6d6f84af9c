//! Marking what was read and what has a star, for the app and the API alike.
//!
//! Owns which changes that comes to. What is marked already is the library's to know.

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::{Change, Reach, State as Mark};

use super::Server;
use crate::web::channel_view::Seen;
use crate::web::http::refusal::Refusal;

impl Server {
    /// Marks a message.
    pub(super) fn mark(
        &self,
        seen: &Seen,
        side: Side,
        stamp: Stamp,
        said: impl Iterator<Item = Mark>,
    ) -> Result<(), Refusal> {
        let change = |state| Change { channel: seen.key.clone(), side, reach: Reach::One(stamp), state };
        self.library.mark(said.map(change).collect(), self.seconds())
    }

    /// Marks all that is shown of a channel as read; what arrives later with an older date is unread all the same.
    pub(super) fn mark_all_read(&self, seen: &Seen) -> Result<(), Refusal> {
        let unread = seen.cards.iter().filter(|card| !seen.is_read(card));
        let change = |stamp| Change {
            channel: seen.key.clone(),
            side: Side::Inbox,
            reach: Reach::One(stamp),
            state: Mark::Read(true),
        };
        self.library.mark(unread.map(|card| change(card.stamp)).collect(), self.seconds())
    }
}

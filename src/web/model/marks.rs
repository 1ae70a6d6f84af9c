//! Marking messages as read or starred, for the app and the API alike.

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::{Change, Reach, State as Mark};

use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;
use crate::web::server::Server;

impl Server {
    /// Marks a message.
    pub(crate) fn mark(
        &self,
        state: &ChannelState,
        side: Side,
        stamp: Stamp,
        said: impl Iterator<Item = Mark>,
    ) -> Result<(), Refusal> {
        let change = |mark| Change { channel: state.key.clone(), side, reach: Reach::One(stamp), state: mark };
        self.library.mark(said.map(change).collect(), self.seconds())
    }

    /// Marks all that is shown of a channel as read; what arrives later with an older date is unread all the same.
    pub(crate) fn mark_all_read(&self, state: &ChannelState) -> Result<(), Refusal> {
        let unread = state.cards.iter().filter(|card| !state.is_read(card));
        let change = |stamp| Change {
            channel: state.key.clone(),
            side: Side::Inbox,
            reach: Reach::One(stamp),
            state: Mark::Read(true),
        };
        self.library.mark(unread.map(|card| change(card.stamp)).collect(), self.seconds())
    }
}

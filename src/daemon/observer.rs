//! How a command learns what the daemon does: it implements [`Observer`], and is told of each look, build, failure and sent
//! message.

use std::sync::Arc;
use std::time::Duration;

use crate::channel;
use crate::channel::Channel;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::send::Sent;
use crate::channel::snapshot::Snapshot;
use crate::daemon::Error;
use crate::site::{OutputReport, SiteSettings};

/// Whoever wants to know what the turns of the channels come to.
pub(crate) trait Observer {
    /// What ends the schedule when the observer gives it.
    type Stop;

    /// A look was taken that may differ from the one before; it comes before the build that follows from it.
    fn looked(&mut self, _channel: &Channel, _snapshot: &Snapshot) {}

    /// The site was built. It is news if something was written or removed, or if there was no site before or a failure.
    ///
    /// # Errors
    /// What ends the schedule.
    fn built(&mut self, _channel: &Channel, _site: &BuiltSite<'_>, _is_news: bool) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// The turn came to nothing; told once for each way in which it does.
    ///
    /// # Errors
    /// What ends the schedule.
    fn failed(&mut self, _channel: &Channel, _error: &Arc<Error>) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// Something happened on the way.
    fn happened(&mut self, _channel: &Channel, _event: &CycleEvent<'_>) {}

    /// The turn is over, and whatever was to be told of it was told.
    fn turn_ended(&mut self, _channel: &Channel) {}

    /// The channel has left the data folder.
    fn gone(&mut self, _channel: &Channel) {}
}

/// What happens on the way, and is worth a line.
#[derive(Debug)]
pub(crate) enum CycleEvent<'a> {
    /// A scheduled message was sent.
    Sent(&'a Sent),
    /// A scheduled message is due and could not be sent; told in every turn while that is so.
    NotSent {
        /// The draft that it still is.
        draft: DraftName,
        /// Why.
        error: &'a channel::Error,
    },
    /// The drafts cannot be listed, so none of them is sent.
    NoneSent(&'a channel::Error),
    /// Another build is at work in the same place, and is waited for.
    WaitsForOtherBuild,
}

/// A site that was just built, and what it was built from.
pub(crate) struct BuiltSite<'a> {
    /// The look at the channel.
    pub(crate) snapshot: &'a Snapshot,
    /// The settings.
    pub(crate) settings: &'a SiteSettings,
    /// What was written.
    pub(crate) output: &'a OutputReport,
    /// How long it took, the look included.
    pub(crate) took: Duration,
}

//! What the app's first page does: the same as `new`, `subscribe`, `invite` and `accept`.
//!
//! What another node has to be met for is noted; the node beside the server goes on with it.

use std::path::Path;

use crate::channel::Channel;
use crate::channel::protocol::name::ChannelName;
use crate::commands::{Clock, Failure, Surroundings, invite, new, subscribe};
use crate::console::Console;
use crate::daemon::schedule::Desk;
use crate::web;
use crate::web::CreateError;

use super::keeper::look;

/// Begins channels in the data folder.
pub(super) struct Beginner {
    pub(super) around: Surroundings,
    pub(super) desk: Desk,
    pub(super) console: Console,
    pub(super) clock: Clock,
}

impl web::ChannelCreator for Beginner {
    fn create(&self, name: &str) -> Result<ChannelName, CreateError> {
        self.with_now(|around| {
            new::make(name.as_ref(), crate::channel::Kind::Broadcast, around).map(|channel| channel.name)
        })
    }

    fn subscribe(&self, key: &str) -> Result<ChannelName, CreateError> {
        self.with_now(|around| subscribe::note(key, None, around).map(|(channel, _)| channel))
    }

    fn invite(&self, name: &str) -> Result<String, CreateError> {
        let mut code = String::new();
        self.with_now(|around| {
            let (channel, made) = invite::code(name, around, self.console)?;
            code = made;
            Ok(channel)
        })?;
        Ok(code)
    }

    fn accept(&self, code: &str) -> Result<ChannelName, CreateError> {
        self.with_now(|around| invite::note(code, around))
    }

    fn can_sync(&self) -> bool {
        cfg!(feature = "sync")
    }
}

impl Beginner {
    /// Does it at this moment, and waits until the server knows the channel.
    fn with_now(
        &self,
        work: impl FnOnce(&Surroundings) -> Result<ChannelName, Failure>,
    ) -> Result<ChannelName, CreateError> {
        let around = Surroundings { now: (self.clock)(), ..self.around.clone() };
        let name = work(&around).map_err(reason)?;
        if let Ok(channel) = Channel::open(&around.data.join(name.as_os_str())) {
            look(&self.desk, &channel.name, Path::new(""));
        }
        Ok(name)
    }
}

fn reason(failure: Failure) -> CreateError {
    CreateError { what: failure.message, hint: failure.hint }
}

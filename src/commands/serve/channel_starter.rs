//! What the app's first page does: the same as `new`, `subscribe`, `invite` and `accept`.
//!
//! What needs another device is noted; sync goes on with it in the background.

use std::path::Path;

use crate::channel::Channel;
use crate::channel::Kind;
use crate::channel::protocol::name::ChannelName;
use crate::commands::serve::served_sites::rescan;
use crate::commands::{Environment, Failure, invite, new, subscribe};
use crate::console::Console;
use crate::daemon::engine::IS_BUILT_IN;
use crate::daemon::schedule::RequestQueue;
use crate::web;
use crate::web::CreateError;

/// Starts channels in the data folder.
pub(super) struct ChannelStarter {
    pub(super) environment: Environment,
    pub(super) requests: RequestQueue,
    pub(super) console: Console,
}

impl web::ChannelCreator for ChannelStarter {
    fn create(&self, name: &str) -> Result<ChannelName, CreateError> {
        self.shown(new::make(name.as_ref(), Kind::Broadcast, &self.environment).map(|channel| channel.name))
    }

    fn subscribe(&self, key: &str) -> Result<ChannelName, CreateError> {
        self.shown(subscribe::note(key, None, &self.environment).map(|(channel, _)| channel))
    }

    fn invite(&self, name: &str) -> Result<String, CreateError> {
        let (channel, code) = invite::code(name, &self.environment, self.console).map_err(create_error)?;
        self.shown(Ok(channel)).map(|_| code)
    }

    fn accept(&self, code: &str) -> Result<ChannelName, CreateError> {
        self.shown(invite::note(code, &self.environment))
    }

    fn can_sync(&self) -> bool {
        IS_BUILT_IN
    }
}

impl ChannelStarter {
    /// Waits until the server knows the channel that was started.
    fn shown(&self, started: Result<ChannelName, Failure>) -> Result<ChannelName, CreateError> {
        let name = started.map_err(create_error)?;
        if let Ok(channel) = Channel::open(&self.environment.folders.data.join(name.as_os_str())) {
            rescan(&self.requests, &channel.name, Path::new(""));
        }
        Ok(name)
    }
}

fn create_error(failure: Failure) -> CreateError {
    CreateError { what: failure.message, hint: failure.hint }
}

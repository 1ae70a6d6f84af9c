//! What the commands that write a message hand around: the channel, how it was typed, and whether the text is to be sent,
//! scheduled, kept as a draft or only shown.

use std::ffi::OsString;

use crate::channel::Channel;
use crate::channel::protocol::stamp::Stamp;
use crate::commands::Environment;
use crate::console::Console;

/// What becomes of a text.
#[derive(Clone, Copy)]
pub(in crate::commands) struct SendPlan {
    pub(in crate::commands) due: Option<Stamp>,
    pub(in crate::commands) draft: bool,
    pub(in crate::commands) dry_run: bool,
}

/// Where messages of a channel are written.
pub(in crate::commands) struct ComposeContext<'a> {
    pub(in crate::commands) channel: &'a Channel,
    /// The channel as it was typed, for hints.
    pub(in crate::commands) typed: OsString,
    pub(in crate::commands) environment: &'a Environment,
    pub(in crate::commands) console: Console,
}

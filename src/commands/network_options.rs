//! How a command reaches others: the user's settings, and the options that change them.

use std::net::SocketAddr;

use clap::Args;

use crate::commands::{Environment, Failure};
use crate::console::Console;
use crate::daemon;
use crate::daemon::background_node::BackgroundNode;
use crate::sync::options::Options;

/// Options of every command that may reach others.
#[derive(Clone, Debug, Default, Args)]
pub struct NetworkArgs {
    /// Do not look up devices and use no relay: try known addresses only
    #[arg(long, help_heading = "NetworkArgs")]
    offline: bool,
    /// Listen for other devices only at this address and port, such as 127.0.0.1:0 [default: all addresses, and the same port as last time]
    #[arg(long, value_name = "ADDRESS", help_heading = "NetworkArgs")]
    listen: Option<SocketAddr>,
}

impl NetworkArgs {
    /// What the settings and these options come to.
    pub(crate) fn options(&self, environment: &Environment) -> Options {
        let settings = environment.sync.options.clone();
        let options = if self.offline { settings.offline() } else { settings };
        Options { listen: self.listen.or(options.listen), ..options }
    }
}

/// Whether and how channels are synced while another command runs.
#[derive(Debug, Args)]
pub struct BackgroundSyncArgs {
    /// Do not sync while it runs
    #[arg(long, help_heading = "Network")]
    no_sync: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

impl BackgroundSyncArgs {
    /// Starts to sync in the background, unless told not to.
    pub(super) fn start(&self, environment: &Environment, console: Console) -> Option<BackgroundNode> {
        if self.no_sync {
            return None;
        }
        let complain = move |error: daemon::Error| {
            console.say(&format!("note: not syncing: {}", Failure::from(error).words()));
        };
        let options = self.network.options(environment);
        BackgroundNode::start(environment.folders.data.clone(), options, environment.clock, complain)
    }
}

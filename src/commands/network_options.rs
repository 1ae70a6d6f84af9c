//! How a command reaches others: the user's settings, and the two options that change them.

use std::net::SocketAddr;

use clap::Args;

use crate::commands::Surroundings;
use crate::sync::options::Options;

/// Options of every command that may reach others.
#[derive(Clone, Debug, Default, Args)]
pub struct Network {
    /// Do not look up devices and use no relay: try known addresses only
    #[arg(long, help_heading = "Network")]
    offline: bool,
    /// Listen for other devices only at this address and port, such as 127.0.0.1:0 [default: all addresses, and the same port as last time]
    #[arg(long, value_name = "ADDRESS", help_heading = "Network")]
    listen: Option<SocketAddr>,
}

impl Network {
    /// What the settings and these options come to.
    pub(crate) fn options(&self, around: &Surroundings) -> Options {
        let options = if self.offline { around.sync.options.clone().offline() } else { around.sync.options.clone() };
        Options { listen: self.listen.or(options.listen), ..options }
    }
}

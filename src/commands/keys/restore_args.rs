//! The arguments of `missive keys restore`, which are there without replication too.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `missive keys restore`.
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "sync"), allow(dead_code, reason = "without replication nothing is restored"))]
pub(super) struct Restore {
    /// The file
    pub(super) file: PathBuf,
    /// Use this channel's existing folder; its contents will be shared
    #[arg(long, value_name = "CHANNEL")]
    pub(super) into: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

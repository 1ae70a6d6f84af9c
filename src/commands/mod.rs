//! One file per command: its arguments become calls of the rooms below and a report.
//!
//! The words of reports, hints and help texts are here; `cli` prints them.

mod box_arg;
pub mod build;
mod channel_view;
pub mod channels;
pub mod check;
pub mod complete;
pub mod completions;
pub mod compose;
mod daemon_events;
pub mod delete;
mod documents;
pub mod drafts;
pub mod edit;
pub mod editor;
mod environment;
pub mod failure;
mod free_values;
mod freshness;
pub mod invite;
pub mod keys;
pub mod man;
pub mod mark;
pub mod message_view;
mod metadata_warning;
pub mod network_options;
pub mod new;
mod open_attachment;
mod qr_code;
pub mod read;
mod relative_time;
pub mod rename;
mod resolve;
mod resolve_conflicts;
pub mod schema;
pub mod search;
pub mod serve;
pub mod service;
pub mod share;
pub mod site_options;
pub mod status;
pub mod subscribe;
pub mod sync;
mod sync_settings;
pub mod syncthing;
pub mod text_input;
mod time_zone;
mod wait_for_sync;
pub mod watch;
mod watch_options;
pub mod why;
mod wording;

pub use crate::commands::environment::Environment;
pub use crate::commands::failure::{Failure, FailureKind};
pub use crate::commands::sync_settings::SyncSettings;
pub use crate::commands::time_zone::Zone;
pub use crate::daemon::{Clock, Folders};

use crate::commands::wording::spoken;
use crate::text::quantity::{count, grouped};

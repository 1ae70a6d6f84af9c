//! The web server: the browser app, the JSON API and each channel's site, over a folder of channels.
//!
//! Requests are answered from the library, which holds what the last scan of each channel found. Whoever runs the server keeps the
//! library true, and builds the sites when the server asks for them ([`ChannelService`]).
//!
//! One thread looks at all channels, and a request that writes waits for that thread's next look. So a page costs what it shows,
//! and what was written is there for the next request. `http::guard` says who may write: a program that sends no `Origin` may, a
//! page of another site may not.

mod address;
mod api;
mod app;
pub mod http;
mod listen;
mod model;
mod preview;
mod router;
mod server;
mod service;

pub use crate::web::app::templates::TemplateError;
pub use crate::web::http::guard::Guard;
pub use crate::web::http::peer::can_identify_users;
pub use crate::web::listen::{ServeError, serve};
pub use crate::web::model::library::{KnownChannel, Library};
pub use crate::web::server::ServerParts;
pub use crate::web::service::{ChannelCreator, ChannelService, CreateError, SiteBuildError, SyncedBox};

use crate::channel::protocol::name::ChannelName;
use crate::web::model::channel_state::name_of;

/// The address of a channel's site on a server at this address, which ends with `/`.
pub fn site_address(server: &str, channel: &ChannelName) -> String {
    format!("{}{}", server.trim_end_matches('/'), address::site(&name_of(channel)))
}

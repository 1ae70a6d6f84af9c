//! A message as an article on a page: of a site, or of the app in the browser.
//!
//! Owns what all pages say of a message alike: its dates, its attachments by what they are, its view for the templates.
//! Refuses to know which pages there are and where they lie.

mod attachment;
mod dates;
mod message;
mod reply;

pub use attachment::{Attached, inert_suffix, readable_size};
pub use dates::{Moment, month};
pub use message::{Date, File, Link, Message, MessagePlacement, Picture, Tag, brief, label, picture, tags_in_header};
pub use reply::InReplyTo;

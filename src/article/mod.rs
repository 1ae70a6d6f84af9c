//! A message as an article on a page: of a site, or of the app in the browser.
//!
//! What all pages say of a message alike is here: its dates, its attachments by what they are, and its view for the templates.
//! Which pages there are, and where they lie, is the business of the rooms above.
//!
//! It lies between `channel` and the rooms that make pages, because a site and the app show a message alike.

mod attachment;
mod dates;
mod message;
mod reply;

pub use attachment::{Attached, inert_suffix, readable_size};
pub use dates::{Moment, month};
pub use message::{Date, File, Link, Message, MessagePlacement, Picture, Tag, brief, label, picture, tags_in_header};
pub use reply::InReplyTo;

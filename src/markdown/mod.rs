//! A message's text as safe HTML, as lines for a terminal, and what it says of itself: title, excerpt, tags.
//!
//! `CommonMark` with tables, footnotes, strikethrough and task lists. The user's own text passes as it is; somebody else's
//! is an adversary's. Where a link leads is asked of the caller ([`LinkContext`]).
//!
//! It lies below `channel`, because a message's card contains what its text says: title, excerpt, tags and links.

mod balance;
mod bounds;
mod code_blocks;
mod console_session;
mod events;
mod footnotes;
mod grammars;
#[cfg(test)]
mod growth;
mod heading;
mod highlight;
mod html_parts;
mod html_text;
mod images;
mod link;
mod media;
mod raw;
mod recent_blocks;
mod references;
mod rules;
mod sanitize;
mod scope_classes;
mod summary;
mod table;
mod tags;
pub mod terminal;
mod write;

pub use heading::slug as anchor_name;
pub use highlight::coloured;
pub use html_text::{ROOT, escaped, harmless};
pub use link::{LinkContext, Media, Target};
pub use rules::{Rules, Trust};
pub use sanitize::{for_feed, is_affordable_for_feed};
pub use summary::{Summary, first_words, summarise};
pub use tags::normal_tag;
pub use write::{Rendered, render};

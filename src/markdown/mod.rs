//! A message's text as safe HTML, as lines for a terminal, and what it says of itself: title, excerpt, tags.
//!
//! `CommonMark` with what most people know from GitHub, and what a channel's profile adds ([`Dialect`]). Of HTML passes in the
//! user's own text what its page can show ([`RawHtml`]); somebody else's text is an adversary's. Where a link leads is asked of
//! the caller ([`LinkContext`]). Page, feed, summary and terminal are made of the same events (`events.rs`).
//!
//! It lies below `channel`, because a message's card contains what its text says: title, excerpt, tags and links.

mod alerts;
mod anchors;
mod bare_links;
mod bounds;
mod code_blocks;
mod console_session;
mod demand;
mod dialect;
mod events;
mod finding;
mod footnotes;
mod grammars;
#[cfg(test)]
mod growth;
mod heading;
mod highlight;
mod html_balance;
mod html_parts;
mod html_text;
mod html_tokens;
mod html_words;
mod images;
mod link;
mod math;
mod media;
mod plain_text;
mod raw_html;
mod reading;
mod recent_blocks;
mod references;
mod rules;
mod running_text;
mod sanitize;
mod scope_classes;
mod scripts;
mod srcset;
mod summary;
mod table;
mod tags;
pub mod terminal;
mod write;

pub use anchors::slug as anchor_name;
pub use bounds::Limit;
pub use demand::Demand;
pub use dialect::Dialect;
pub use finding::{Finding, What};
pub use highlight::coloured;
pub use html_text::{ROOT, escaped, harmless};
pub use link::{LinkContext, Media, Target, frame_host};
pub use plain_text::plain_text;
pub use raw_html::Needs;
pub use rules::{RawHtml, Rules, Trust};
pub use sanitize::{for_feed, is_affordable_for_feed};
pub use summary::{Summary, first_words, summarise};
pub use tags::normal_tag;
pub use write::{Rendered, render};

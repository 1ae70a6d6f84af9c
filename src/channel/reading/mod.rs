//! What readers ask of messages: which one is meant, which ones match, which are read or starred, and what a message answers.

pub mod date_phrase;
pub mod marks;
pub mod query;
pub mod reply;
pub mod resolve_id;
pub mod search;

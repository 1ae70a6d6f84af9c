//! What carries files between one outbox and many inboxes.
//!
//! Owns the ways by which whole files travel. Refuses to know Markdown and HTML.

pub mod syncthing;

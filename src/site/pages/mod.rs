//! The pages of one channel: what each of them shows, and how it is rendered.

pub(crate) mod archive;
pub(crate) mod attachments;
pub(crate) mod code_colours;
pub(crate) mod contents;
pub(crate) mod converted_message;
pub(crate) mod facts;
pub(crate) mod file_name;
pub(crate) mod icon;
pub(crate) mod mentions;
mod message_context;
pub(crate) mod message_digest;
pub(crate) mod message_view;
pub(crate) mod page;
pub(crate) mod page_fingerprint;
pub(crate) mod paths;
pub(crate) mod plan;
pub(crate) mod references;
pub(crate) mod render;
pub(crate) mod sitemap;
pub(crate) mod tags;
pub(crate) mod template_context;
mod titles;

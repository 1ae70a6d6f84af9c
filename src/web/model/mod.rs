//! What the app and the API share: the channels as they were seen last, and what is read from them and done to them.

pub(crate) mod channel_state;
pub(crate) mod drafts;
pub(crate) mod events;
pub(crate) mod library;
pub(crate) mod marks;
pub(crate) mod search;
pub(crate) mod timeline;

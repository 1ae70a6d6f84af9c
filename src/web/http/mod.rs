//! What every answer passes through: connections, who may ask, bodies, ranges and files.

pub(crate) mod connections;
pub(crate) mod etag;
pub(crate) mod file;
pub(crate) mod guard;
pub(crate) mod idempotency;
pub(crate) mod peer;
pub(crate) mod range;
pub(crate) mod redirect;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod set_header;
pub(crate) mod upload;

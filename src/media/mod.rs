//! Pictures as bytes: which format they are in, how large a browser will show them, and a copy of them without metadata.
//!
//! Owns the containers (JPEG segments, PNG chunks, WebP's RIFF) and the one EXIF tag that changes how a picture looks.
//! Refuses to know pixels (nothing here decodes or encodes an image), paths, messages and pages.
//!
//! It lies below `channel` and `site`: cards need a picture's displayed size, and published copies need its metadata removed.

mod content;
mod exif;
mod format;
mod head;
mod marker;
mod metadata;
mod remove_metadata;
mod size;
mod svg;

#[cfg(test)]
mod fixture;

pub use crate::media::metadata::{Tells, tells, tells_at_once};
pub use crate::media::remove_metadata::{published, without_metadata};
pub use content::{BEGINNING, Metadata};
pub use format::Format;
pub use size::{MAX_PIXELS, Size, displayed_size};
pub use svg::svg_size;

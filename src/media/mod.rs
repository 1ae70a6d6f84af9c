//! Pictures and other attachments as files: what kind a name says they are, which format a picture is in, how large a
//! browser will show it, and a copy of it without metadata. No image is decoded or encoded here.
//!
//! It lies below `channel` and `site`: cards need a picture's displayed size, and published copies need its metadata removed.

pub mod attachment_kind;
mod byte_order;
mod content;
mod dimensions;
mod erase_metadata;
mod exif;
mod format;
mod head;
mod marker;
mod metadata;
mod metadata_kind;
mod remove_metadata;
mod size;
mod svg;

#[cfg(test)]
mod fixture;

pub use crate::media::erase_metadata::{ErasedReader, Erasures, Layout, erasures};
pub use crate::media::metadata::{
    SensitiveMetadata, lasting_metadata, sensitive_metadata, sensitive_metadata_at_start,
};
pub use crate::media::remove_metadata::{published, without_metadata};
pub use content::{Content, SNIFFED};
pub use dimensions::{MAX_PIXELS, Size};
pub use format::Format;
pub use metadata_kind::{BEGINNING, Metadata};
pub use size::displayed_size;
pub use svg::svg_size;

//! What is decided about one box and its document, without network and clock.

pub mod baseline;
pub mod item;
pub mod item_log;
pub mod limits;
pub mod merge;
pub mod retention;
pub mod signers;
pub mod tree;

//! What the owner writes: drafts, sending, changing, the trash, and conflict copies put right.

pub mod conflict_comparison;
pub mod conflict_copy;
pub mod dead_links;
pub mod draft;
pub mod metadata_check;
pub mod missing_attachment;
pub mod new_message;
pub mod revise;
pub mod send;
pub mod trash;

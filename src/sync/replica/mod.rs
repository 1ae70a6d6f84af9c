//! What is decided about one box and its document, without network, disk, clock and runtime.
//!
//! The parts of a replica's state, each in a file of its own (`shared_box`, `records`, `local` with `tree` and `baseline`, `wanted`,
//! `exchange` with `peers` and `announcements`, `todo`, `condition`, `authorship`, `trash`), and the decisions (`merge`, `space`,
//! `limits`, `ownership`, `fetch_queue`). `sync/node` carries them out.

pub mod action;
pub mod announcements;
pub mod author_names;
pub mod author_note;
pub mod authorship;
pub mod baseline;
pub mod condition;
pub mod deciding;
pub mod deletion;
pub mod event;
pub mod exchange;
pub mod fetch_queue;
pub mod flips;
pub mod item;
pub mod item_log;
pub mod lasting;
pub mod limits;
pub mod local;
pub mod machine;
pub mod meeting;
pub mod merge;
pub mod note_kind;
pub mod noting;
pub mod now;
pub mod own_key;
pub mod ownership;
pub mod peers;
pub mod placing;
pub mod publishing;
pub mod records;
pub mod returned;
pub mod shared_box;
pub mod signers;
#[cfg(test)]
mod simulation;
pub mod space;
pub mod todo;
pub mod trash;
pub mod tree;
pub mod turn;
pub mod wanted;
pub mod work;

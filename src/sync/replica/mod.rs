//! What is decided about one box and its document, without network, disk, clock and runtime.
//!
//! `machine` is the state, in parts that each have a file of their own: `shared_box`, `records`, `local` with `tree` and `baseline`,
//! `wanted`, `exchange` with `peers`, `announcements` and `own_key`, `todo`, `condition` with `flips`, `authorship`, `trash`, `work`.
//! `turn` is the only way in: an `event`, and `action`s out. Where what is decided: about one file in `deciding` (with `merge` and
//! `returned`), towards the document in `publishing`, towards the box in `placing` (with `space` and `limits`), about peers in
//! `meeting`, about what authors say in `noting`, about what is remembered in `lasting`. `report` tells how it stands.
//! `sync/node` carries the actions out over iroh and disk, `simulation` over memory.

pub mod action;
pub mod announcements;
pub mod author_names;
pub mod author_note;
pub mod authorship;
pub mod baseline;
pub mod condition;
pub mod copies;
pub mod deciding;
pub mod deletion;
pub mod event;
pub mod exchange;
pub mod fetch_queue;
pub mod few;
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
pub mod packed;
pub mod peers;
pub mod placing;
pub mod providers;
pub mod publishing;
pub mod reader_questions;
pub mod records;
pub mod report;
pub mod returned;
#[cfg(test)]
mod scale;
pub mod shared_box;
pub mod signers;
#[cfg(test)]
mod simulation;
pub mod space;
pub mod todo;
pub mod totals;
pub mod trash;
pub mod tree;
pub mod turn;
pub mod wanted;
pub mod work;

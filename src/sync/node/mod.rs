//! The node: documents, contents and peers over iroh.
//!
//! The engine's documents reconcile sets of signed entries. Everything else that makes it dependable is done here: dialling again,
//! fetching, comparing with the folders, remembering addresses. What is decided about a box and its document is decided in
//! `sync/replica`; `round.rs` is where the two meet.
//!
//! An engine that breaks (its store cannot be written, or its parts are blocked) is started again in the same program.
//! While entries come in, nobody is dialled: the engine's queues would block each other for ever.

mod apply;
mod author_names;
mod authorship;
mod book_changes;
mod box_watch;
mod clocks;
mod comparison_failure;
mod connection_pool;
mod dial;
mod engine;
mod engine_panics;
mod events;
mod fetch;
mod give_way;
mod hands;
mod home;
mod identity;
mod incoming_entries;
mod invitation;
mod large_contents;
mod lifecycle;
#[cfg(test)]
mod log_secrecy;
mod network;
mod note_content;
mod notes;
mod peer_file;
mod place_large;
mod publish;
mod references;
mod replica;
mod replica_status;
mod round;
mod scan;
mod shared_status;
mod status_socket;
mod supervisor;

pub use home::Clock;
pub use identity::{author_id, device_id, document_id, new_secret};
pub use lifecycle::Node;

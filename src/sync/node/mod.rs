//! The node: documents, contents and peers over iroh.
//!
//! The engine's documents reconcile sets of signed entries. Everything else that makes it dependable is done here: dialling,
//! fetching, reading and changing the boxes, remembering. What is decided about a box and its document is decided in `sync/replica`:
//! `replica_task.rs` tells it what happens, and `act.rs` has carried out what it wants done, each kind by a file of its own
//! (`list_box`, `read_files`, `place_files`, `move_files`, `publish`, `entries`, `want`, `dial`, `memory`, `book_changes`).
//! What waits for the disk does so on threads of its own (`blocking`).
//!
//! An engine that breaks (its store cannot be written, or its parts are blocked) is started again in the same program.
//! While entries come in, nobody is dialled: the engine's queues would block each other for ever.

mod act;
mod ask_peers;
mod blocking;
mod book_changes;
mod box_watch;
mod clocks;
mod comparison_failure;
mod connection_pool;
mod dial;
mod engine;
mod engine_events;
mod engine_panics;
mod entries;
mod fetch;
mod fetch_job;
mod gossip_watch;
mod hands;
mod home;
mod identity;
mod import;
mod in_turn;
mod incoming_entries;
mod invitation;
mod large_contents;
mod lifecycle;
mod list_box;
#[cfg(test)]
mod log_secrecy;
mod memory;
mod move_files;
mod network;
mod offers;
mod place_files;
mod place_large;
mod publish;
mod read_files;
mod reader_reports;
mod replica_task;
mod serving;
mod shared_status;
mod side_by_side;
mod status_socket;
mod store_check;
mod supervisor;
mod surroundings;
mod touched;
mod want;

pub use home::Clock;
pub use identity::{author_id, device_id, document_id, new_secret};
pub use lifecycle::Node;

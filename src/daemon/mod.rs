//! Channels kept looked at, built, published and replicated, for as long as a program runs: what `build`, `watch`, `serve` and
//! `sync` have in common.
//!
//! `cycle` is one channel's turn (send what is due, lock, look, build), `schedule` whose turn it is. The settings come in as
//! plain values, and an `observer` is told what happens.
//!
//! What is remembered between two turns only saves looking at what nobody touched, and a tick never says what a change means. No
//! folder is kept open between two looks, so a disk can be removed.

pub(crate) mod background_node;
pub(crate) mod box_origins;
mod clock;
pub(crate) mod cycle;
pub(crate) mod documents;
pub(crate) mod engine;
mod error;
mod folders;
pub(crate) mod hooks;
pub(crate) mod node_handle;
pub(crate) mod observer;
pub(crate) mod schedule;
pub(crate) mod site_settings;
#[cfg(test)]
pub(crate) mod test_clock;

pub use clock::Clock;
pub use error::Error;
pub use folders::Folders;

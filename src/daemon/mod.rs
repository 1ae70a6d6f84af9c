//! Channels kept looked at, built, published and in step, for as long as a program runs: what `watch`, `serve` and `sync` have in common.
//!
//! `watch` builds with the same functions as `build`. What is remembered between two builds only saves looking at what nobody
//! touched, and a tick never says what a change means. No folder is kept open between two looks, so a disk can be removed.

pub(crate) mod cycle;
pub(crate) mod hooks;
pub mod node;
pub(crate) mod schedule;
pub(crate) mod session;

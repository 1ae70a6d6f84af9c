//! Channels kept looked at, built, published and in step, for as long as a program runs: what `watch`, `serve` and `sync` have in common.

pub(crate) mod cycle;
pub(crate) mod hooks;
pub mod node;
pub(crate) mod schedule;
pub(crate) mod session;

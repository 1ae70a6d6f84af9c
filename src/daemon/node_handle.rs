//! The node of a data folder, whoever runs it: another program that is running already, or this one.
//!
//! What either is told is in the file of keys, and both answer with the same status.

use std::path::Path;

use crate::daemon::engine;
use crate::daemon::engine::Node;
use crate::daemon::{Clock, Error};
use crate::sync::options::Options;
use crate::sync::socket;
use crate::sync::status::NodeState;

/// A node that is running.
pub(crate) struct NodeHandle {
    /// The node, if this program runs it.
    own: Option<Node>,
}

impl NodeHandle {
    /// Starts a node for a data folder, or finds the one that runs. A start is given up when `is_over`.
    ///
    /// # Errors
    /// [`Error`] when it cannot start, or when this program was built without it.
    pub(crate) fn open(data: &Path, options: Options, clock: Clock, is_over: &dyn Fn() -> bool) -> Result<Self, Error> {
        Ok(Self { own: engine::start(data, options, clock, is_over)? })
    }

    /// Ends the node, if this program runs it.
    ///
    /// # Errors
    /// What it ended with.
    pub(crate) fn end(self) -> Result<(), Error> {
        if let Some(node) = self.own {
            node.stop()?;
        }
        Ok(())
    }

    /// Whether this program runs it.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// How it stands; `None` when the other program has ended, or does not answer and `is_over`.
    pub(crate) fn state(&self, data: &Path, is_over: &dyn Fn() -> bool) -> Option<NodeState> {
        match &self.own {
            Some(node) => Some(node.state()),
            None => socket::ask_until(data, is_over),
        }
    }
}

//! The node of a data folder, whoever runs it: another program that is running already, or this one.
//!
//! What either is told is in the file of keys, and both answer with the same status.

use std::path::Path;

use crate::daemon::{Clock, Error};
use crate::sync::options::Options;
use crate::sync::socket;
use crate::sync::status::NodeState;

#[cfg(feature = "sync")]
use crate::sync::node::Node;

/// A node that is running.
pub(crate) struct NodeHandle {
    #[cfg(feature = "sync")]
    own: Option<Node>,
}

impl NodeHandle {
    /// Starts a node for a data folder, or finds the one that runs. A start is given up when `is_over`.
    ///
    /// # Errors
    /// [`Error`] when it cannot start, or when this program was built without it.
    #[cfg(feature = "sync")]
    pub(crate) fn open(data: &Path, options: Options, clock: Clock, is_over: &dyn Fn() -> bool) -> Result<Self, Error> {
        match Node::start(data, options, clock.as_function(), is_over) {
            Ok(node) => Ok(Self { own: Some(node) }),
            Err(crate::sync::Error::Busy { .. }) => Ok(Self { own: None }),
            Err(error) => Err(error.into()),
        }
    }

    /// Says that this program was built without it.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "sync"))]
    pub(crate) fn open(
        _data: &Path,
        _options: Options,
        _clock: Clock,
        _is_over: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        Err(Error::WithoutSync)
    }

    /// Ends the node, if this program runs it.
    ///
    /// # Errors
    /// What it ended with.
    pub(crate) fn end(self) -> Result<(), Error> {
        #[cfg(feature = "sync")]
        if let Some(node) = self.own {
            node.stop()?;
        }
        Ok(())
    }

    /// Whether this program runs it.
    #[cfg(feature = "sync")]
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Whether this program runs it.
    #[cfg(not(feature = "sync"))]
    pub(crate) fn is_own(&self) -> bool {
        false
    }

    /// How it stands; `None` when the other program has ended, or does not answer and `is_over`.
    pub(crate) fn state(&self, data: &Path, is_over: &dyn Fn() -> bool) -> Option<NodeState> {
        #[cfg(feature = "sync")]
        if let Some(node) = &self.own {
            return Some(node.state());
        }
        socket::ask_until(data, is_over)
    }
}

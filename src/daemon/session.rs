//! The node of a data folder, whoever runs it: another program that is running already, or this one.
//!
//! Owns that choice. What both are told is in the book, and how both stand is asked for in the same words.

use crate::commands::{Clock, Failure, Surroundings};
use crate::sync::options::Options;
use crate::sync::socket;
use crate::sync::status::NodeState;

#[cfg(feature = "sync")]
use crate::sync::node::Node;

/// A node that is running.
pub(crate) struct Session {
    #[cfg(feature = "sync")]
    own: Option<Node>,
}

impl Session {
    /// Starts a node, or finds the one that runs. A start is given up when `is_over`.
    ///
    /// # Errors
    /// [`Failure`] when it cannot start, or when this program was built without it.
    #[cfg(feature = "sync")]
    pub(crate) fn open(
        around: &Surroundings,
        options: Options,
        clock: Clock,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Self, Failure> {
        match Node::start(&around.data, options, clock, is_over) {
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
        _around: &Surroundings,
        _options: Options,
        _clock: Clock,
        _is_over: &dyn Fn() -> bool,
    ) -> Result<Self, Failure> {
        Err(left_out())
    }

    /// Ends the node, if this program runs it.
    ///
    /// # Errors
    /// What it ended with.
    pub(crate) fn end(self) -> Result<(), Failure> {
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
    pub(crate) fn state(&self, around: &Surroundings, is_over: &dyn Fn() -> bool) -> Option<NodeState> {
        #[cfg(feature = "sync")]
        if let Some(node) = &self.own {
            return Some(node.state());
        }
        socket::ask_until(&around.data, is_over)
    }
}

/// What is said where the engine was left out.
#[cfg(not(feature = "sync"))]
pub(crate) fn left_out() -> Failure {
    Failure::new(
        "this missive was built without sync",
        "build it with the feature `sync` (`cargo install --path .` does), or let another tool carry the folders: `missive share --via syncthing`",
    )
}

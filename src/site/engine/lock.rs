//! One build at a time in one place.
//!
//! The lock is taken before the channel is looked at, so that a build which waited does not put back what it saw before. It
//! ends with the process, however that ends, and leaves nothing behind.

use std::fs::File;
use std::path::Path;

use crate::channel::Channel;
use crate::fs::create_folders::folders_below;

use crate::site::engine::refusal;
use crate::site::error::SiteError;

/// Keeps other builds of outputs in the same folder waiting.
#[derive(Debug)]
pub struct Lock {
    /// Where the folder above is closed to us there is nothing to lock; the output itself may be open all the same.
    _folder: Option<File>,
}

impl Lock {
    /// Takes the lock for building a channel into `output`; calls `waiting` if it has to wait.
    ///
    /// # Errors
    /// [`SiteError::OutputIsBox`]; [`SiteError::Io`] when the channel is gone, or the folder above the output cannot be made.
    pub fn take(channel: &Channel, output: &Path, waiting: impl FnOnce()) -> Result<Self, SiteError> {
        refusal::a_channel(channel, output)?;
        // A channel that was moved away may come back: its folder is never made anew for its site, wherever the site lies.
        fs_err::metadata(&channel.path)?;
        let parent = output.parent().unwrap_or(output);
        match parent.strip_prefix(&channel.path) {
            Ok(below) => drop(folders_below(&channel.path, below)?),
            Err(_) => fs_err::create_dir_all(parent)?,
        }
        Self::beside(parent, waiting)
    }

    /// Takes the lock for building a reading room of these channels into `output`; calls `waiting` if it has to wait.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn take_room(channels: &[Channel], output: &Path, waiting: impl FnOnce()) -> Result<Self, SiteError> {
        refusal::elsewhere(output)?;
        channels.iter().try_for_each(|channel| refusal::a_channel(channel, output))?;
        let parent = output.parent().unwrap_or(output);
        fs_err::create_dir_all(parent)?;
        Self::beside(parent, waiting)
    }

    fn beside(parent: &Path, waiting: impl FnOnce()) -> Result<Self, SiteError> {
        let Ok(folder) = File::open(parent) else {
            return Ok(Self { _folder: None });
        };
        if folder.try_lock().is_err() {
            waiting();
            folder.lock()?;
        }
        Ok(Self { _folder: Some(folder) })
    }
}

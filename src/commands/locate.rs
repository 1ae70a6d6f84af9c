//! From CHANNEL on the command line to a channel.
//!
//! Owns the rule: a path if it contains a separator or is `.`, else a name in the data folder, else a folder of that
//! name here.

use std::ffi::OsStr;
use std::path::{MAIN_SEPARATOR, Path};

use super::{Failure, Surroundings};
use crate::channel::name::ChannelName;
use crate::channel::{Channel, folder};

/// Finds the channel that a person means.
///
/// # Errors
/// [`Failure`] with the nearest name.
pub(super) fn channel(around: &Surroundings, wanted: &OsStr) -> Result<Channel, Failure> {
    let path = around.here.join(wanted);
    let text = wanted.to_string_lossy();
    if text.contains(MAIN_SEPARATOR) || text == "." || text == ".." {
        return open(&path, &text);
    }
    let Some(name) = ChannelName::parse(wanted) else {
        return Err(crate::channel::Error::Name { name: text.into_owned() }.into());
    };
    if !around.data.join(name.as_os_str()).is_dir() && path.is_dir() {
        return open(&path, &text);
    }
    Ok(folder::named(&around.data, &name)?)
}

fn open(path: &Path, wanted: &str) -> Result<Channel, Failure> {
    if !path.exists() {
        return Err(Failure::new(
            format!("there is no folder `{wanted}`"),
            "`missive channels` lists the channels of the data folder",
        ));
    }
    Ok(Channel::open(path)?)
}

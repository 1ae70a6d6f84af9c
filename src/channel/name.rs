//! A channel's name: its folder's name.
//!
//! Owns what may be one. Refuses to make names friendly: whatever the system allows is allowed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// A file name that does not begin with `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(OsString);

impl ChannelName {
    /// Takes a file name; `None` for an empty or hidden one, or one that is a path.
    pub fn parse(name: &OsStr) -> Option<Self> {
        let bytes = name.as_bytes();
        let plain = !bytes.is_empty() && !bytes.starts_with(b".") && !bytes.contains(&b'/') && !bytes.contains(&0);
        plain.then(|| Self(name.to_owned()))
    }

    /// The name as the system takes it.
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_names_and_paths_are_no_channels() {
        for name in ["", ".missive", "..", "a/b", "/"] {
            assert_eq!(ChannelName::parse(OsStr::new(name)), None, "{name}");
        }
        for name in ["azureens-blog", "Brando & Cooper 100%", "東京"] {
            assert!(ChannelName::parse(OsStr::new(name)).is_some(), "{name}");
        }
    }
}

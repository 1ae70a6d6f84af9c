//! The only way from strings to paths inside a box.
//!
//! A path is made from a `Stamp` and a `RelativePath`, both parsed before, so nothing else can be joined to a box.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::protocol::stamp::Stamp;

/// How deep attachments may lie below their stem folder.
pub const MAX_DEPTH: usize = 8;

/// One of the two boxes of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What they write.
    Inbox,
    /// What I write.
    Outbox,
}

impl Side {
    /// Both, in their order.
    pub const BOTH: [Self; 2] = [Self::Inbox, Self::Outbox];

    /// The folder's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
        }
    }

    /// The box whose folder has this name.
    pub fn from_name(name: impl AsRef<OsStr>) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| name.as_ref() == side.name())
    }

    /// The other box.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Inbox => Self::Outbox,
            Self::Outbox => Self::Inbox,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A downward path of one to eight plain names, as bytes with `/` between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelativePath(Box<[u8]>);

impl RelativePath {
    /// Takes the bytes of a path; `None` when it is empty, absolute, climbs, holds a NUL or is too deep.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let plain = |name: &[u8]| !name.is_empty() && name != b"." && name != b".." && !name.contains(&0);
        let mut depth = 0;
        for name in bytes.split(|&byte| byte == b'/') {
            depth += 1;
            if !plain(name) || depth > MAX_DEPTH {
                return None;
            }
        }
        Some(Self(bytes.into()))
    }

    /// This path with one more name below it.
    pub fn join(&self, name: &OsStr) -> Option<Self> {
        let mut bytes = self.0.to_vec();
        bytes.push(b'/');
        bytes.extend_from_slice(name.as_bytes());
        Self::parse(&bytes)
    }

    /// The first name as the system takes it.
    pub fn first(&self) -> &OsStr {
        OsStr::from_bytes(self.0.split(|&byte| byte == b'/').next().unwrap_or_default())
    }

    /// The bytes, exactly as on disk.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text; bytes that are no UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The last name as text.
    pub fn name(&self) -> Cow<'_, str> {
        let last = self.0.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        String::from_utf8_lossy(last)
    }

    /// The path as the system takes it.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }
}

/// Something in a box that is part of the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A message's text.
    Text(Stamp),
    /// One of its attachments.
    Attachment(Stamp, RelativePath),
}

impl Entry {
    /// The entry's path relative to its box.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Text(stamp) => format!("{stamp}.txt").into(),
            Self::Attachment(stamp, relative) => Path::new(&stamp.to_string()).join(relative.as_path()),
        }
    }

    /// Reads a path relative to a box, with `/` between names.
    pub fn parse(path: &[u8]) -> Option<Self> {
        if let Some(stem) = path.strip_suffix(b".txt")
            && let Ok(stamp) = Stamp::parse(stem)
        {
            return Some(Self::Text(stamp));
        }
        let slash = path.iter().position(|&byte| byte == b'/')?;
        let stamp = Stamp::parse(path.get(..slash)?).ok()?;
        let relative = RelativePath::parse(path.get(slash + 1..)?)?;
        Some(Self::Attachment(stamp, relative))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Component;

    proptest! {
        #[test]
        fn no_string_becomes_a_path_outside_its_box(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(path) = RelativePath::parse(&bytes) {
                prop_assert!(path.as_path().components().all(|c| matches!(c, Component::Normal(_))));
            }
        }

        #[test]
        fn entries_round_trip(
            stem in "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]-[0-5][0-9]-[0-5][0-9]Z",
            tail in "(\\.txt|/[a-z ./\\\\~%:]{1,30})",
        ) {
            let path = format!("{stem}{tail}");
            if let Some(entry) = Entry::parse(path.as_bytes()) {
                let printed = entry.path();
                prop_assert_eq!(printed.to_str(), Some(path.as_str()));
                prop_assert!(entry.path().components().all(|c| matches!(c, Component::Normal(_))));
            }
        }
    }

    #[test]
    fn refuses_every_way_out() {
        for path in ["..", "a/../b", "/etc/passwd", "a//b", "", ".", "a/", "a\0b", "1/2/3/4/5/6/7/8/9"] {
            assert_eq!(RelativePath::parse(path.as_bytes()), None, "{path:?}");
        }
    }
}

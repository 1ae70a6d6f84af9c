//! A channel's name, which is its folder's name: whatever the system allows and does not begin with `.`.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// What is said of a text that is no channel's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a channel's name: a name is not empty, does not begin with `.`, and contains no `/`")]
pub struct NotAName(String);

impl FromStr for ChannelName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::parse(text.as_ref()).ok_or_else(|| NotAName(text.to_owned()))
    }
}

/// A name is written as text; one that is no UTF-8 cannot be.
impl Serialize for ChannelName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_str().ok_or_else(|| serde::ser::Error::custom(format!("the name `{self}` is not UTF-8")));
        serializer.serialize_str(text?)
    }
}

impl<'de> Deserialize<'de> for ChannelName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ChannelName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ChannelName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl AsRef<OsStr> for ChannelName {
    fn as_ref(&self) -> &OsStr {
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

    #[test]
    fn what_is_read_from_a_file_is_a_name_too() {
        let read = |json: &str| serde_json::from_str::<ChannelName>(json);
        assert_eq!(serde_json::to_string(&read("\"my blog\"").unwrap()).unwrap(), "\"my blog\"");
        for json in ["\"\"", "\"../../etc\"", "\"/etc\"", "\".missive\"", "\"a\\u0000b\"", "\"..\"", "7"] {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(serde_json::to_string(&ChannelName::parse(OsStr::from_bytes(b"\xff")).unwrap()).is_err());
    }
}

//! A Syncthing key, the line that is handed out: which folder, at which device.
//!
//! Its form is `DEVICE-ID:FOLDER-ID` or `DEVICE-ID@ADDRESS,ADDRESS:FOLDER-ID`. A key comes from anywhere: whatever it holds becomes a
//! type here or is refused.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use url::Url;

use super::device::DeviceId;
use super::error::{Error, shown};

const MAX_FOLDER: usize = 64;
const MAX_ADDRESS: usize = 300;
const MAX_ADDRESSES: usize = 8;
const SCHEMES: [&str; 7] = ["tcp", "tcp4", "tcp6", "quic", "quic4", "quic6", "relay"];

/// The id of a folder, the same on every device that has it.
///
/// Syncthing itself takes any text; a key takes one to 64 letters, digits, `-`, `_` and `.`, not beginning with `.`,
/// which is safe in a path and in an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct FolderId(String);

impl FolderId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`Error::Folder`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let why = match text {
            "" => "it is empty",
            _ if text.len() > MAX_FOLDER => "it is longer than 64 letters",
            _ if text.starts_with('.') => "it begins with a dot",
            _ if !text.chars().all(allowed) => "only letters, digits, `-`, `_` and `.` are allowed",
            _ => return Ok(Self(text.to_owned())),
        };
        Err(Error::Folder { text: shown(text), why })
    }

    /// The id as Syncthing writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a device can be reached, for a device that no discovery finds: `tcp://192.0.2.7:22000`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// Reads an address: `tcp`, `quic` or `relay`, a host and a port.
    ///
    /// # Errors
    /// [`Error::Address`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let why = match Url::parse(text) {
            _ if text.len() > MAX_ADDRESS => "it is too long",
            _ if text.chars().any(|c| !c.is_ascii_graphic() || c == ',') => {
                "it contains a character that is not allowed"
            }
            Err(_) => "it has the form tcp://HOST:PORT",
            Ok(url) if !SCHEMES.contains(&url.scheme()) => "it begins with tcp://, quic:// or relay://",
            Ok(url) if url.host_str().is_none_or(str::is_empty) || url.port().is_none() => {
                "the host or the port is missing"
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => "it may not contain a user name",
            Ok(_) => return Ok(Self(text.to_owned())),
        };
        Err(Error::Address { text: shown(text), why })
    }

    /// The address as Syncthing writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which folder, at which device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The device of whoever shares.
    pub device: DeviceId,
    /// Where it can be reached; empty leaves that to Syncthing's discovery.
    pub addresses: Vec<Address>,
    /// The folder's id.
    pub folder: FolderId,
}

impl Key {
    /// Reads a key, with or without space around it.
    ///
    /// # Errors
    /// [`Error::Key`], [`Error::Device`], [`Error::Address`] or [`Error::Folder`]: the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        // No folder's id holds a colon, so an address may.
        let (place, folder) = text.rsplit_once(':').ok_or_else(|| Error::Key { text: shown(text) })?;
        let (device, addresses) = match place.split_once('@') {
            Some((device, addresses)) => (device, addresses.split(',').map(Address::parse).collect::<Result<_, _>>()?),
            None => (place, Vec::new()),
        };
        if addresses.len() > MAX_ADDRESSES {
            return Err(Error::Key { text: shown(text) });
        }
        Ok(Self { device: DeviceId::parse(device)?, addresses, folder: FolderId::parse(folder)? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.device)?;
        for (at, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { '@' } else { ',' }, address.as_str())?;
        }
        write!(f, ":{}", self.folder)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Key {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SyncthingKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A Syncthing key: DEVICE-ID:FOLDER-ID." })
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::EXAMPLE;
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for rest in [
            ":missive-0123456789abcdef",
            "@tcp://127.0.0.1:22000:abcde-fghij",
            "@tcp://[::1]:22000,quic://host.example:1:default",
            "@relay://192.0.2.1:443/?id=ABC:x_y.z",
        ] {
            let text = format!("{EXAMPLE}{rest}");
            let key = Key::parse(&format!(" {text}\n")).unwrap();
            assert_eq!(key.to_string(), text);
            assert_eq!(serde_json::to_string(&key).unwrap(), format!("\"{text}\""));
        }
        let key = Key::parse(&format!("{EXAMPLE}@tcp://[::1]:22000,quic://host.example:1:default")).unwrap();
        assert_eq!((key.addresses.len(), key.folder.as_str()), (2, "default"));
    }

    #[test]
    fn a_hostile_key_is_refused_with_the_part_that_is_wrong() {
        for (rest, words) in [
            ("", "a key has the form DEVICE-ID:FOLDER-ID"),
            (":", "it is empty"),
            (":..", "begins with a dot"),
            (":a/b", "only letters"),
            (":a?b", "only letters"),
            (":a\0", "only letters"),
            (":é", "only letters"),
            ("@:x", "it has the form tcp://HOST:PORT"),
            ("@file:///etc/passwd:x", "it begins with tcp://"),
            ("@http://127.0.0.1:80:x", "it begins with tcp://"),
            ("@tcp://127.0.0.1:x", "the host or the port is missing"),
            ("@tcp://a b:1:x", "a character that is not allowed"),
            ("@tcp://u:p@a:1:x", "may not contain a user name"),
            ("@tcp://a:99999:x", "it has the form tcp://HOST:PORT"),
        ] {
            let said = Key::parse(&format!("{EXAMPLE}{rest}")).unwrap_err().to_string();
            assert!(said.contains(words), "{rest}: {said}");
        }
        assert!(
            Key::parse(&format!("{EXAMPLE}:{}", "x".repeat(65))).unwrap_err().to_string().contains("longer than 64")
        );
        assert!(Key::parse("ABC:x").unwrap_err().to_string().contains("is not a Syncthing device id"));
        let many = ["tcp://a:1"; 9].join(",");
        assert!(Key::parse(&format!("{EXAMPLE}@{many}:x")).is_err());
    }
}

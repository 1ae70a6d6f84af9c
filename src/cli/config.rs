//! The user's own configuration: `missive/config.toml` in the system's configuration folder.
//!
//! It is as strict as a channel's settings: an unknown key is an error that names its line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::unless_empty;
use crate::channel::protocol::toml_keys::{Mistake, TableKeys, explain};
use crate::commands::{Failure, SyncSettings};
use crate::fs::regular_file;
use crate::sync::options::{Lookup, Options, Relays};
use crate::sync::replica::limits::Limits;
use crate::sync::syncthing;

/// What the file can say.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    /// The data folder; `~/` at its beginning is the home folder.
    #[serde(deserialize_with = "unless_empty")]
    pub(super) data: Option<PathBuf>,
    /// How others are reached, and what is taken from them.
    sync: Sync,
    /// The Syncthing of this machine.
    syncthing: Syncthing,
}

/// The `[sync]` table.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sync {
    lookup: Option<Vec<Lookup>>,
    relays: Option<Vec<Relay>>,
    #[serde(deserialize_with = "unless_empty")]
    listen: Option<SocketAddr>,
    #[serde(deserialize_with = "unless_empty")]
    message_limit: Option<Size>,
    #[serde(deserialize_with = "unless_empty")]
    attachment_limit: Option<Size>,
    #[serde(deserialize_with = "unless_empty")]
    channel_limit: Option<Size>,
    files_limit: Option<usize>,
    /// The limits of single channels, by their names.
    channels: BTreeMap<ChannelName, ChannelLimits>,
}

/// A `[sync.channels.NAME]` table: what holds for this channel instead.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the fields are the settings' names")]
struct ChannelLimits {
    #[serde(deserialize_with = "unless_empty")]
    message_limit: Option<Size>,
    #[serde(deserialize_with = "unless_empty")]
    attachment_limit: Option<Size>,
    #[serde(deserialize_with = "unless_empty")]
    channel_limit: Option<Size>,
    files_limit: Option<usize>,
}

impl ChannelLimits {
    /// These limits, and for what is not said the others.
    fn over(&self, others: Limits) -> Limits {
        Limits {
            message: self.message_limit.map_or(others.message, |size| size.0),
            attachment: self.attachment_limit.map_or(others.attachment, |size| size.0),
            channel: self.channel_limit.map_or(others.channel, |size| size.0),
            files: self.files_limit.unwrap_or(others.files),
        }
    }
}

/// The `[syncthing]` table.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Syncthing {
    #[serde(deserialize_with = "unless_empty")]
    address: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    api_key: Option<String>,
}

/// The address of a relay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Relay(Url);

impl TryFrom<String> for Relay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.map(Self).ok_or_else(|| format!("`{text}` is not a relay's address such as `https://relay.example.org/`"))
    }
}

/// Bytes, as a number or in words such as `4.2 GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
struct Size(u64);

impl TryFrom<toml::Value> for Size {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let bytes = match &value {
            toml::Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            toml::Value::String(words) => in_bytes(words),
            _ => None,
        };
        bytes.map(Self).ok_or_else(|| format!("`{value}` is not a size such as \"500 MB\" or 1000000"))
    }
}

/// `1.5 GB` in bytes, with decimal units.
fn in_bytes(words: &str) -> Option<u64> {
    let words = words.trim();
    let (number, unit) = words.split_at(words.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(words.len()));
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    };
    let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
    let whole: u64 = whole.parse().ok()?;
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    whole.checked_mul(factor)?.checked_add(part.checked_mul(factor)? / scale)
}

impl Config {
    /// What it says of replication.
    pub(super) fn sync(&self) -> SyncSettings {
        let (said, otherwise) = (&self.sync, Options::default());
        let urls = |urls: &Vec<Relay>| Relays::Own(urls.iter().map(|relay| relay.0.to_string()).collect());
        let limits = ChannelLimits {
            message_limit: said.message_limit,
            attachment_limit: said.attachment_limit,
            channel_limit: said.channel_limit,
            files_limit: said.files_limit,
        }
        .over(otherwise.limits);
        let options = Options {
            lookup: said.lookup.clone().unwrap_or(otherwise.lookup),
            relays: said.relays.as_ref().map_or(otherwise.relays, urls),
            listen: said.listen,
            limits,
            channel_limits: said.channels.iter().map(|(name, own)| (name.clone(), own.over(limits))).collect(),
        };
        let (address, api_key) = (self.syncthing.address.clone(), self.syncthing.api_key.clone());
        SyncSettings { options, syncthing: syncthing::Settings { address, api_key } }
    }
}

/// A longer file is not read, in bytes: nobody has so much to set.
const MAX_FILE: u64 = 1 << 20;

/// What is said of a mistake in the file.
const KEYS: &str = "it knows `data`, the data folder; in [sync] `lookup`, `relays`, `listen`, `message_limit`, `attachment_limit`, \
                    `channel_limit` and `files_limit`; the four limits also in [sync.channels.NAME], for one channel; in [syncthing] `address` and `api_key`";

fn tables() -> [TableKeys; 4] {
    [
        TableKeys::new::<Config>(""),
        TableKeys::new::<Sync>("sync"),
        TableKeys::new::<Syncthing>("syncthing"),
        TableKeys::new::<ChannelLimits>("sync.channels.NAME"),
    ]
}

/// Reads the configuration below the system's configuration folder; without the file it says nothing.
pub(super) fn read(folder: &Path) -> Result<Config, Failure> {
    let path = folder.join("missive/config.toml");
    let text = match regular_file::read_text(&path, MAX_FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => return Err(error.into()),
    };
    toml::from_str(&text).map_err(|error| {
        let Mistake { line, what, hint } = explain(&text, &error, &tables());
        Failure::new(format!("{}, line {line}: {what}", path.display()), hint.as_deref().unwrap_or(KEYS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_may_lie_at_home() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), Config::default());
        std::fs::create_dir(dir.path().join("missive")).unwrap();
        std::fs::write(dir.path().join("missive/config.toml"), "data = \"~/letters\"\n").unwrap();
        assert_eq!(read(dir.path()).unwrap().data, Some("~/letters".into()));
        std::fs::write(dir.path().join("missive/config.toml"), "\ndaat = \"x\"\n").unwrap();
        assert!(
            read(dir.path())
                .unwrap_err()
                .message
                .contains("config.toml, line 2: unknown key `daat`; did you mean `data`?")
        );
    }

    #[test]
    fn what_is_empty_is_not_set() {
        let empty =
            "data = \"\"\n[sync]\nlisten = \"\"\nmessage_limit = \"\"\n[syncthing]\naddress = \"\"\napi_key = \"\"\n";
        assert_eq!(toml::from_str::<Config>(empty).unwrap(), Config::default());
        let error = toml::from_str::<Config>("[sync]\nlisten = \"x\"\n").unwrap_err();
        assert!(error.span().is_some_and(|span| span.start > 6), "the line is still known: {error}");
    }

    #[test]
    fn replication_can_be_set() {
        let said = |text: &str| toml::from_str::<Config>(text).map(|config| config.sync().options);
        assert_eq!(said("").unwrap(), Options::default());
        let options = said("[sync]\nlookup = [\"dht\"]\nrelays = []\nlisten = \"127.0.0.1:0\"\nattachment_limit = \"1.5 GB\"\nmessage_limit = 9\n").unwrap();
        assert_eq!((options.lookup, options.relays), (vec![Lookup::Dht], Relays::Own(Vec::new())));
        assert_eq!((options.limits.attachment, options.limits.message), (1_500_000_000, 9));
        for wrong in
            ["lookup = [\"x\"]", "relays = [\"x\"]", "attachment_limit = \"much\"", "limit = 1", "message_limit = -1"]
        {
            assert!(said(&format!("[sync]\n{wrong}\n")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_channel_may_have_limits_of_its_own() {
        let text = "[sync]\nmessage_limit = 9\n[sync.channels.harbour]\nattachment_limit = \"5 GB\"\n[sync.channels.\"a b\"]\nfiles_limit = 3\n";
        let options = toml::from_str::<Config>(text).unwrap().sync().options;
        let limits = |name: &str| options.limits_for(&name.parse().unwrap());
        let all = Limits { message: 9, ..Limits::default() };
        assert_eq!(limits("harbour"), Limits { attachment: 5_000_000_000, ..all });
        assert_eq!(limits("a b"), Limits { files: 3, ..all });
        assert_eq!(limits("another"), all);
    }

    #[test]
    fn a_key_in_the_wrong_table_is_told_where_it_belongs() {
        for (text, hint) in [
            ("relays = []\n", "it belongs under [sync]"),
            ("[sync]\ndata = \"x\"\n", "it belongs at the top of the file, above the first `[table]`"),
            ("[sync]\napi_key = \"x\"\n", "it belongs under [syncthing]"),
            ("[sync.channels.x]\nlisten = \"x\"\n", "it belongs under [sync]"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("missive")).unwrap();
            std::fs::write(dir.path().join("missive/config.toml"), text).unwrap();
            assert_eq!(read(dir.path()).unwrap_err().hint.as_deref(), Some(hint), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_channels_limits_is_said_with_its_line() {
        for (text, said) in [
            ("[sync.channels.harbour]\nlimit = 1\n", "line 2: unknown key `limit`"),
            (
                "[sync.channels.harbour]\nfiles_limit = 1\nattachment_limit = \"much\"\n",
                "line 3: `attachment_limit`: `\"much\"` is not a size",
            ),
            ("[sync]\nfiles_limit = -3\n", "line 2: `files_limit` takes a whole number, not -3"),
            (
                "[sync]\nlisten = \"127.0.0.1\"\n",
                "line 2: `listen` takes an address with a port such as `127.0.0.1:4000`, not \"127.0.0.1\"",
            ),
            (
                "[sync]\nrelays = [\n  \"ftp://example.org\"\n]\n",
                "line 2: `relays`: `ftp://example.org` is not a relay's address",
            ),
            ("[sync]\nlookup = [\"mdsn\"]\n", "line 2: `lookup`: unknown word `mdsn`; did you mean `mdns`?"),
            ("[sync]\nlookup = \"dns\"\n", "line 2: `lookup` takes a list in brackets, not \"dns\""),
            ("data = 7\n", "line 1: `data` takes a text in quotes, not 7"),
            ("listne = \"x\"\n", "line 1: unknown key `listne`; did you mean `listen` under [sync]?"),
            ("[sync]\n\n[sync.channels.\".x\"]\nfiles_limit = 1\n", "`.x` cannot be a channel's name"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("missive")).unwrap();
            std::fs::write(dir.path().join("missive/config.toml"), text).unwrap();
            let failure = read(dir.path()).unwrap_err();
            assert!(failure.message.contains(said), "{}", failure.message);
        }
    }
}

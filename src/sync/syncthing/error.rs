//! What can go wrong between missive and Syncthing: each error names the thing, the place and the way out, and none an API key.

use std::io;
use std::path::PathBuf;

use super::folder_type::Type;
use crate::channel::protocol::entry::Side;
use crate::text::invisible::field;

/// What could not be done with Syncthing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a device's id.
    #[error("`{text}` is not a Syncthing device id: {why}")]
    Device {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a folder's id.
    #[error("`{text}` is not a Syncthing folder id that a key can contain: {why}")]
    Folder {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not an address at which a device can be reached.
    #[error("`{text}` is not an address of a Syncthing device: {why}")]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a key.
    #[error("`{text}` is not a Syncthing key: a key has the form DEVICE-ID:FOLDER-ID")]
    Key {
        /// What was given.
        text: String,
    },
    /// No Syncthing was ever started by this user.
    #[error(
        "no Syncthing is set up here: no `config.xml` in {}; start Syncthing once, or name its address and API key",
        list(places)
    )]
    NoConfig {
        /// Where it was looked for.
        places: Vec<PathBuf>,
    },
    /// Syncthing's own settings do not say what is needed.
    #[error("{}: {what}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the way out.
        what: String,
    },
    /// Syncthing's interface speaks HTTPS.
    #[error(
        "Syncthing at `{address}` wants https, but missive only uses http to it, on this machine: switch off \
         `Use HTTPS for GUI` in its settings, or name an http address of it"
    )]
    Https {
        /// Its address.
        address: String,
    },
    /// The address is none of this machine's, or no address at all.
    #[error(
        "`{address}` is not an address of this machine in the form HOST:PORT. Syncthing must run on the machine that has the channel, for example at `127.0.0.1:8384`"
    )]
    NotHere {
        /// What was given.
        address: String,
    },
    /// Nobody answers.
    #[error("no Syncthing answers at `{address}` ({source}): start it, or name the address of its interface")]
    NoAnswer {
        /// Its address.
        address: String,
        /// What the system said.
        source: Box<ureq::Error>,
    },
    /// The API key is not Syncthing's.
    #[error("Syncthing at `{address}` refused the API key: find the right one in its settings, under `GUI`")]
    ApiKey {
        /// Its address.
        address: String,
    },
    /// Syncthing says no.
    #[error("Syncthing refuses `{request}` with status {status}: {said}")]
    Refused {
        /// What was asked.
        request: String,
        /// The status of its answer.
        status: u16,
        /// Its own words.
        said: String,
    },
    /// Syncthing's answer is not of the known form.
    #[error("Syncthing's answer to `{request}` is not understood ({source}): this needs Syncthing 1.12 or newer")]
    Answer {
        /// What was asked.
        request: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The channel lacks the box.
    #[error("{} has no `{side}`: {}", path.display(), match side {
        Side::Inbox => "nothing can be received into it",
        Side::Outbox => "nothing of it can be shared",
    })]
    NoBox {
        /// The channel's folder.
        path: PathBuf,
        /// The box.
        side: Side,
    },
    /// The path cannot be told to Syncthing.
    #[error("{} is not UTF-8, and Syncthing accepts no other path: rename it", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// Syncthing carries the box already, in another manner.
    #[error(
        "Syncthing carries {} already, as the folder `{folder}` of type {found}, where {wanted} is needed: change the type in \
         Syncthing, or remove the folder there", path.display()
    )]
    OtherType {
        /// The box.
        path: PathBuf,
        /// The folder's id.
        folder: String,
        /// Its type in Syncthing.
        found: Type,
        /// The type needed.
        wanted: Type,
    },
    /// Syncthing carries the box already, under another id.
    #[error(
        "Syncthing fills {} already from the folder `{folder}`: subscribe in another channel, or remove that folder in \
         Syncthing", path.display()
    )]
    BoxTaken {
        /// The box.
        path: PathBuf,
        /// The folder that it belongs to.
        folder: String,
    },
    /// Syncthing has a folder of this id elsewhere.
    #[error(
        "Syncthing has a folder `{folder}` already, at {place}: to use this one, first remove that one in Syncthing"
    )]
    IdTaken {
        /// The id.
        folder: String,
        /// Where the other one is, as Syncthing says it.
        place: String,
    },
    /// The device is this one.
    #[error("`{device}` is this device: use the key or the device id of the other side")]
    OwnDevice {
        /// The device's id.
        device: String,
    },
    /// There is nothing to accept a reader for.
    #[error("{} is not shared by Syncthing yet: share the channel first", path.display())]
    NotShared {
        /// The outbox.
        path: PathBuf,
    },
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A text of unknown origin as an error shows it: one line of sane length.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 100;
    let cut: String = text.chars().take(MOST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", field(&cut))
}

fn list(places: &[PathBuf]) -> String {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    if places.is_empty() { "no folder at all".into() } else { places.join(", ") }
}

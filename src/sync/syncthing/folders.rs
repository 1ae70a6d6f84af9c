//! The folders and devices in Syncthing's settings: a folder for each box, and a device for each other side.
//!
//! Whatever else stands in Syncthing's settings is left as it is.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::device::DeviceId;
use super::error::Error;
use super::folder_type::Type;
use super::ignore;
use super::key::{Address, FolderId};
use super::rest::Rest;

/// How long Syncthing gathers changes before it looks at them, in seconds.
const WATCH_DELAY: u32 = 1;
/// How often it looks at a whole box, in seconds: a notice may get lost, and on some disks there is none.
const RESCAN: u32 = 600;

/// A folder in Syncthing's settings.
#[derive(Debug, Deserialize)]
pub(super) struct Folder {
    pub(super) id: String,
    #[serde(default)]
    pub(super) label: String,
    #[serde(default)]
    pub(super) path: String,
    #[serde(rename = "type")]
    pub(super) kind: Type,
    #[serde(default)]
    pub(super) paused: bool,
    /// Whole, so that they can be written back with one more.
    #[serde(default)]
    devices: Vec<Value>,
}

impl Folder {
    /// The devices that it is shared with, this one among them.
    pub(super) fn devices(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().filter_map(|device| device.get("deviceID")?.as_str())
    }
}

/// A device in Syncthing's settings.
#[derive(Debug, Deserialize)]
pub(super) struct Device {
    #[serde(rename = "deviceID")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    addresses: Vec<String>,
}

/// What a box should be in Syncthing's settings.
pub(super) struct Wanted<'a> {
    pub(super) id: FolderId,
    pub(super) label: String,
    pub(super) path: &'a Path,
    pub(super) kind: Type,
}

/// What Syncthing says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Myself {
    #[serde(rename = "myID")]
    pub(super) id: String,
    /// What `~` means in a path.
    #[serde(default)]
    pub(super) tilde: PathBuf,
}

/// Syncthing's settings, read and written through its interface.
pub(super) struct Folders<'a> {
    pub(super) rest: &'a Rest,
    pub(super) tilde: &'a Path,
}

impl Folders<'_> {
    /// All folders.
    pub(super) fn all(&self) -> Result<Vec<Folder>, Error> {
        self.rest.get("/rest/config/folders", &[])
    }

    /// All devices, this one among them.
    pub(super) fn devices(&self) -> Result<Vec<Device>, Error> {
        self.rest.get("/rest/config/devices", &[])
    }

    /// The folder that lies at this path.
    pub(super) fn at(&self, path: &Path) -> Result<Option<Folder>, Error> {
        Ok(self.all()?.into_iter().find(|folder| self.is_at(folder, path)))
    }

    fn is_at(&self, folder: &Folder, path: &Path) -> bool {
        let theirs = match folder.path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => self.tilde.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(&folder.path),
        };
        theirs == path || fs_err::canonicalize(theirs).is_ok_and(|theirs| theirs == path)
    }

    /// The folder that carries a box already, if it is as the box needs it.
    pub(super) fn check(&self, wanted: &Wanted<'_>) -> Result<Option<Folder>, Error> {
        let mut all = self.all()?;
        let Some(at) = all.iter().position(|folder| self.is_at(folder, wanted.path)) else {
            return is_free(&all, wanted).map(|()| None);
        };
        let folder = all.swap_remove(at);
        fits(&folder, wanted).map(|()| Some(folder))
    }

    /// Lets Syncthing carry a box, with these devices. Says whether anything had to be changed.
    ///
    /// A new folder is paused until it has its patterns: nothing is looked at before Syncthing knows what to leave alone.
    /// Cut off in between, the next call finishes it.
    pub(super) fn carry(&self, wanted: &Wanted<'_>, with: &[&DeviceId]) -> Result<bool, Error> {
        let folder = self.check(wanted)?;
        let mut changed = folder.is_none();
        if folder.is_none() {
            self.add(wanted)?;
        }
        changed |= self.ignore(&wanted.id)?;
        let mut steps = Map::new();
        if folder.as_ref().is_none_or(|folder| folder.paused) {
            steps.insert("paused".into(), false.into());
        }
        let devices = folder.map(|folder| folder.devices).unwrap_or_default();
        if let Some(devices) = joined(&devices, with) {
            steps.insert("devices".into(), devices.into());
        }
        if !steps.is_empty() {
            self.rest.patch(&format!("/rest/config/folders/{}", wanted.id), &steps.into())?;
            changed = true;
        }
        Ok(changed)
    }

    fn add(&self, wanted: &Wanted<'_>) -> Result<(), Error> {
        let path = wanted.path.to_str().ok_or_else(|| Error::Path { path: wanted.path.to_owned() })?;
        let folder = json!({
            "id": wanted.id,
            "label": wanted.label,
            "path": path,
            "type": wanted.kind,
            "paused": true,
            "rescanIntervalS": RESCAN,
            "fsWatcherEnabled": true,
            "fsWatcherDelayS": WATCH_DELAY,
            // A changed mode is no changed message.
            "ignorePerms": true,
            "order": "newestFirst",
        });
        self.rest.post("/rest/config/folders", &[], &folder)
    }

    /// Sees to the patterns of a folder; says whether they had to be written.
    fn ignore(&self, folder: &FolderId) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Patterns {
            ignore: Option<Vec<String>>,
        }
        let query = [("folder", folder.as_str())];
        let there: Patterns = self.rest.get("/rest/db/ignores", &query)?;
        let Some(wanted) = ignore::wanted(&there.ignore.unwrap_or_default()) else {
            return Ok(false);
        };
        self.rest.post("/rest/db/ignores", &query, &json!({ "ignore": wanted }))?;
        Ok(true)
    }

    /// Makes a device known, or gives a known one the addresses that it lacks. Says whether anything had to be changed.
    ///
    /// A new device is paused until [`Self::greet`]: Syncthing dials at every change of its settings, and who is turned
    /// away three times in a row, as by an author who has not accepted yet, waits for minutes.
    pub(super) fn know(&self, device: &DeviceId, addresses: &[Address]) -> Result<bool, Error> {
        let named = addresses.iter().map(Address::as_str);
        let Some(there) = self.devices()?.into_iter().find(|there| there.id == device.as_str()) else {
            let addresses: Vec<&str> = named.chain(["dynamic"]).collect();
            // A stranger brings in neither further devices nor folders, whatever the defaults are here.
            let new = json!({
                "deviceID": device,
                "addresses": addresses,
                "introducer": false,
                "autoAcceptFolders": false,
                "paused": true,
            });
            self.rest.post("/rest/config/devices", &[], &new)?;
            return Ok(true);
        };
        let missing: Vec<&str> =
            named.filter(|address| !there.addresses.iter().any(|known| known == address)).collect();
        if missing.is_empty() {
            return Ok(false);
        }
        let all: Vec<&str> = missing.into_iter().chain(there.addresses.iter().map(String::as_str)).collect();
        self.rest.patch(&format!("/rest/config/devices/{device}"), &json!({ "addresses": all }))?;
        Ok(true)
    }

    /// Lets Syncthing speak to a known device. Says whether anything had to be changed.
    pub(super) fn greet(&self, device: &DeviceId) -> Result<bool, Error> {
        let is_paused = self.devices()?.iter().any(|there| there.id == device.as_str() && there.paused);
        if is_paused {
            self.rest.patch(&format!("/rest/config/devices/{device}"), &json!({ "paused": false }))?;
        }
        Ok(is_paused)
    }
}

/// Whether the folder at a box's place is what the box needs.
fn fits(folder: &Folder, wanted: &Wanted<'_>) -> Result<(), Error> {
    let path = || wanted.path.to_owned();
    if folder.id != wanted.id.as_str() {
        return Err(Error::BoxTaken { path: path(), folder: folder.id.clone() });
    }
    if folder.kind != wanted.kind {
        let folder_id = folder.id.clone();
        return Err(Error::OtherType { path: path(), folder: folder_id, found: folder.kind, wanted: wanted.kind });
    }
    Ok(())
}

/// Whether no other folder has the id. A key from a stranger must not reach a folder that is there for something else.
fn is_free(there: &[Folder], wanted: &Wanted<'_>) -> Result<(), Error> {
    match there.iter().find(|folder| folder.id == wanted.id.as_str()) {
        Some(other) => Err(Error::IdTaken { folder: other.id.clone(), place: other.path.clone() }),
        None => Ok(()),
    }
}

/// The devices of a folder with these among them; `None` when they are.
fn joined(there: &[Value], with: &[&DeviceId]) -> Option<Vec<Value>> {
    let is_there =
        |device: &DeviceId| there.iter().any(|one| one.get("deviceID").is_some_and(|id| id == device.as_str()));
    let new: Vec<Value> = with.iter().filter(|id| !is_there(id)).map(|id| json!({ "deviceID": id })).collect();
    (!new.is_empty()).then(|| there.iter().cloned().chain(new).collect())
}

#[cfg(test)]
mod tests {
    use super::super::device::EXAMPLE;
    use super::*;

    fn folder(id: &str, kind: &str) -> Folder {
        serde_json::from_value(json!({ "id": id, "path": "/c/inbox", "type": kind })).unwrap()
    }

    #[test]
    fn a_folder_with_other_plans_is_left_alone() {
        let path = Path::new("/c/inbox");
        let id = FolderId::parse("abc").unwrap();
        let wanted = Wanted { id, label: "c (inbox)".into(), path, kind: Type::ReceiveOnly };
        assert!(fits(&folder("abc", "receiveonly"), &wanted).is_ok());
        let said = fits(&folder("abc", "sendreceive"), &wanted).unwrap_err().to_string();
        assert!(said.contains("of type send & receive, where receive only is needed"), "{said}");
        assert!(matches!(fits(&folder("abc", "later"), &wanted), Err(Error::OtherType { found: Type::Unknown, .. })));
        assert!(matches!(fits(&folder("x", "receiveonly"), &wanted), Err(Error::BoxTaken { .. })));
        assert!(matches!(is_free(&[folder("abc", "sendonly")], &wanted), Err(Error::IdTaken { .. })));
        assert!(is_free(&[folder("x", "sendonly")], &wanted).is_ok());
    }

    #[test]
    fn what_stands_beside_a_device_is_written_back() {
        let device = DeviceId::parse(EXAMPLE).unwrap();
        let there = json!({ "deviceID": "X", "encryptionPassword": "p", "later": 1 });
        let all = joined(std::slice::from_ref(&there), &[&device]).unwrap();
        assert_eq!(all, [there, json!({ "deviceID": EXAMPLE })]);
        assert_eq!(joined(&all, &[&device]), None);
    }
}

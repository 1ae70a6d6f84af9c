//! Where Syncthing's interface is, and the key to it, as Syncthing's own `config.xml` says.
//!
//! Only an address of this machine is spoken to, by plain http. The caller says where to look.

use std::fmt;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

use super::error::{Error, shown};

const FILE_NAME: &str = "config.xml";
const MAX_FILE: u64 = 16 << 20;

/// What the user says of Syncthing's interface. What is missing is taken from Syncthing's own settings.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The address of its interface: `127.0.0.1:8384`, with or without `http://`.
    pub address: Option<String>,
    /// Its API key.
    pub api_key: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.api_key.as_ref().map(|_| "…");
        f.debug_struct("Settings").field("address", &self.address).field("api_key", &key).finish()
    }
}

/// The folders that may hold Syncthing's settings, in the order in which Syncthing itself looks
/// (<https://docs.syncthing.net/users/config.html>).
///
/// `config` and `state` are the user's folders for settings and for state, where they are not the usual ones.
pub fn candidates(home: &Path, config: Option<&Path>, state: Option<&Path>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let named = [(config, ".config"), (state, ".local/state")];
    let all =
        named.into_iter().flat_map(|(named, usual)| named.map(Path::to_owned).into_iter().chain([home.join(usual)]));
    for place in all.map(|folder| folder.join("syncthing")).chain([home.join("Library/Application Support/Syncthing")])
    {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// How Syncthing is spoken to.
#[derive(Clone)]
pub(super) struct Access {
    /// `HOST:PORT`.
    pub(super) address: String,
    pub(super) api_key: String,
}

impl Access {
    /// What the settings say, and for the rest the first `config.xml` in these folders.
    pub(super) fn find(settings: &Settings, places: &[PathBuf]) -> Result<Self, Error> {
        if let (Some(address), Some(api_key)) = (&settings.address, &settings.api_key) {
            return Ok(Self { address: here(address)?, api_key: api_key.clone() });
        }
        let (path, text) = read(places)?;
        let of_file = |what: String| Error::Config { path: path.clone(), what };
        let gui = Gui::parse(&text).map_err(of_file)?;
        let address = match &settings.address {
            Some(address) => here(address)?,
            None => gui.reached().map_err(of_file)??,
        };
        let api_key = settings.api_key.clone().or(Some(gui.api_key).filter(|key| !key.is_empty()));
        let api_key =
            api_key.ok_or_else(|| of_file("it contains no API key: make one in Syncthing's settings".into()))?;
        Ok(Self { address, api_key })
    }
}

/// The first `config.xml` in these folders.
fn read(places: &[PathBuf]) -> Result<(PathBuf, String), Error> {
    for place in places {
        let path = place.join(FILE_NAME);
        let mut text = String::new();
        match crate::fs::regular_file::open(&path) {
            Ok(file) => file.take(MAX_FILE).read_to_string(&mut text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        return Ok((path, text));
    }
    Err(Error::NoConfig { places: places.to_owned() })
}

/// What `config.xml` says of the interface.
#[derive(Debug, PartialEq, Eq)]
struct Gui {
    is_enabled: bool,
    has_tls: bool,
    address: String,
    api_key: String,
}

impl Gui {
    /// Reads `configuration/gui` and nothing else.
    fn parse(text: &str) -> Result<Self, String> {
        let broken = |error: quick_xml::Error| format!("it is not XML ({error})");
        let mut reader = Reader::from_str(text);
        let mut within: Vec<Vec<u8>> = Vec::new();
        let mut gui: Option<Self> = None;
        loop {
            match reader.read_event().map_err(broken)? {
                Event::Start(start) => {
                    within.push(start.name().as_ref().to_vec());
                    if is_at(&within, &[b"gui"]) {
                        gui = Some(Self::begun(&start));
                    }
                }
                Event::End(_) => _ = within.pop(),
                Event::Text(words) => {
                    if let Some(part) = gui.as_mut().and_then(|gui| gui.part(&within)) {
                        part.push_str(&words.decode().map_err(|error| broken(error.into()))?);
                    }
                }
                Event::GeneralRef(name) => {
                    if let Some(part) = gui.as_mut().and_then(|gui| gui.part(&within)) {
                        let letter = name.resolve_char_ref().map_err(broken)?;
                        let name = name.decode().map_err(|error| broken(error.into()))?;
                        part.extend(letter);
                        part.push_str(resolve_xml_entity(&name).unwrap_or_default());
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        gui.ok_or_else(|| "it contains no settings of Syncthing's interface".into())
    }

    fn begun(start: &BytesStart<'_>) -> Self {
        let is = |name: &str, value: &[u8]| {
            start.try_get_attribute(name).ok().flatten().is_some_and(|attribute| attribute.value.as_ref() == value)
        };
        Self {
            is_enabled: !is("enabled", b"false"),
            has_tls: is("tls", b"true"),
            address: String::new(),
            api_key: String::new(),
        }
    }

    /// The value that text at this place belongs to.
    fn part(&mut self, within: &[Vec<u8>]) -> Option<&mut String> {
        if is_at(within, &[b"gui", b"address"]) {
            Some(&mut self.address)
        } else if is_at(within, &[b"gui", b"apikey"]) {
            Some(&mut self.api_key)
        } else {
            None
        }
    }

    /// The address at which the interface is reached; the outer error is one of the file, in words.
    fn reached(&self) -> Result<Result<String, Error>, String> {
        match () {
            () if !self.is_enabled => {
                Err("Syncthing's interface is switched off: set `enabled=\"true\"` at `<gui>` and restart Syncthing"
                    .into())
            }
            () if self.has_tls => Ok(Err(Error::Https { address: self.address.clone() })),
            () => Ok(here(&self.address)),
        }
    }
}

/// Whether a place in the file is this one below `configuration`.
fn is_at(within: &[Vec<u8>], path: &[&[u8]]) -> bool {
    within.split_first().is_some_and(|(root, rest)| {
        root == b"configuration" && rest.len() == path.len() && rest.iter().zip(path).all(|(a, b)| a == b)
    })
}

/// `HOST:PORT` of an address on this machine.
fn here(text: &str) -> Result<String, Error> {
    let address = text.trim().trim_end_matches('/');
    if address.starts_with("https://") {
        return Err(Error::Https { address: shown(address) });
    }
    let address = address.strip_prefix("http://").unwrap_or(address);
    let no = || Error::NotHere { address: shown(text) };
    let (host, port) = address.rsplit_once(':').ok_or_else(no)?;
    let port: u16 = port.parse().map_err(|_| no())?;
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(format!("localhost:{port}"));
    }
    let ip = match host.trim_start_matches('[').trim_end_matches(']') {
        "" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        ip => ip.parse().map_err(|_| no())?,
    };
    // Who listens at every address listens at this one.
    let ip = if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip };
    if ip.is_loopback() || is_own(ip) { Ok(SocketAddr::new(ip, port).to_string()) } else { Err(no()) }
}

/// Whether an address is one of this machine's: only those can be bound.
fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"<configuration version="36">
        <device id="X" name="gui"><address>dynamic</address></device>
        <gui enabled="true" tls="false" debugging="false">
            <address>127.0.0.1:8384</address>
            <user>me</user>
            <apikey>a&amp;b&#x41;</apikey>
        </gui>
        <options><gui><address>10.0.0.1:1</address></gui></options>
    </configuration>"#;

    fn placed(text: &str) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let places = vec![dir.path().join("none"), dir.path().to_owned()];
        std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
        (dir, places)
    }

    fn found(settings: &Settings, text: &str) -> Result<(String, String), String> {
        let (_dir, places) = placed(text);
        let access = Access::find(settings, &places).map_err(|error| error.to_string())?;
        Ok((access.address, access.api_key))
    }

    #[test]
    fn address_and_key_come_from_the_file() {
        let wanted = Ok(("127.0.0.1:8384".into(), "a&bA".into()));
        assert_eq!(found(&Settings::default(), FILE), wanted);
    }

    #[test]
    fn what_the_user_says_wins() {
        let settings = Settings { address: Some("http://localhost:99/".into()), api_key: None };
        assert_eq!(found(&settings, &FILE.replace("tls=\"false\"", "tls=\"true\"")).unwrap().0, "localhost:99");
        let settings = Settings { address: None, api_key: Some("mine".into()) };
        assert_eq!(found(&settings, FILE).unwrap().1, "mine");
        let settings = Settings { address: Some("[::1]:99".into()), api_key: Some("mine".into()) };
        assert_eq!(Access::find(&settings, &[]).unwrap().address, "[::1]:99");
        assert!(!format!("{settings:?}").contains("mine"));
    }

    #[test]
    fn errors_say_the_way_out() {
        for (from, to, words) in [
            ("tls=\"false\"", "tls=\"true\"", "switch off `Use HTTPS for GUI`"),
            ("enabled=\"true\"", "enabled=\"false\"", "config.xml: Syncthing's interface is switched off"),
            ("<apikey>a&amp;b&#x41;</apikey>", "<apikey></apikey>", "it contains no API key"),
            (
                "<address>127.0.0.1:8384</address>",
                "<address>/run/st.sock</address>",
                "is not an address of this machine",
            ),
            (
                "<address>127.0.0.1:8384</address>",
                "<address>192.0.2.1:8384</address>",
                "is not an address of this machine",
            ),
            ("</gui>", "</gu>", "it is not XML"),
            ("configuration", "x", "it contains no settings of Syncthing's interface"),
        ] {
            let said = found(&Settings::default(), &FILE.replace(from, to)).unwrap_err();
            assert!(said.contains(words), "{to}: {said}");
        }
        let none = Access::find(&Settings::default(), &["/nowhere/st".into()]).err().unwrap().to_string();
        assert!(none.contains("no `config.xml` in /nowhere/st; start Syncthing once"), "{none}");
    }

    #[test]
    fn every_address_is_one_of_this_machine() {
        for (text, wanted) in [
            ("0.0.0.0:8384", Some("127.0.0.1:8384")),
            ("[::]:8384", Some("127.0.0.1:8384")),
            (":8384", Some("127.0.0.1:8384")),
            ("127.0.0.2:1", Some("127.0.0.2:1")),
            ("syncthing.example:8384", None),
            ("8.8.8.8:8384", None),
            ("127.0.0.1", None),
            ("127.0.0.1:99999", None),
            ("127.0.0.1:80/x", None),
            ("user@127.0.0.1:80", None),
        ] {
            assert_eq!(here(text).ok().as_deref(), wanted, "{text}");
        }
        assert!(matches!(here("https://127.0.0.1:8384"), Err(Error::Https { .. })));
    }

    #[test]
    fn the_folders_are_looked_through_as_syncthing_does() {
        let places = candidates(Path::new("/h"), Some(Path::new("/h/.config")), Some(Path::new("/s")));
        let wanted = [
            "/h/.config/syncthing",
            "/s/syncthing",
            "/h/.local/state/syncthing",
            "/h/Library/Application Support/Syncthing",
        ];
        assert_eq!(places, wanted.map(PathBuf::from));
    }
}

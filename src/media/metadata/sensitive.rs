//! What metadata reveal, and how that is said.

use serde::{Deserialize, Serialize};

/// A longer name is cut off, in characters.
const MAX_NAME: usize = 80;

/// What the metadata in a file reveal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveMetadata {
    /// Where it was made.
    pub place: bool,
    /// With which device: a serial number, or the maker's own notes, which usually hold one.
    pub device: bool,
    /// By whom.
    pub person: bool,
    /// The place, as far as it is told by numbers: `48.9, -123.4`.
    pub coordinates: Option<String>,
    /// A name that stands there.
    pub author: Option<String>,
}

impl SensitiveMetadata {
    /// Whether they reveal anything of these.
    pub fn anything(&self) -> bool {
        self.place || self.device || self.person
    }

    /// `place (48.9, -123.4), device, person (Azureen)`
    pub fn words(&self) -> String {
        let with = |word: &str, value: &Option<String>| match value {
            Some(value) => format!("{word} ({value})"),
            None => word.to_owned(),
        };
        let place = self.place.then(|| with("place", &self.coordinates));
        let device = self.device.then(|| "device".to_owned());
        let person = self.person.then(|| with("person", &self.author));
        [place, device, person].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// `holds a place: 48.9, -123.4; names an author: Azureen`, of metadata that stay where they are. Where nothing can be
    /// known it says that.
    pub fn sentence(&self) -> String {
        if !self.anything() {
            return "may reveal where, with which device and by whom it was made".to_owned();
        }
        let place = self.place.then(|| match &self.coordinates {
            Some(coordinates) => format!("holds a place: {coordinates}"),
            None => "holds a place".to_owned(),
        });
        let device = self.device.then(|| "names a device".to_owned());
        let person = self.person.then(|| match &self.author {
            Some(author) => format!("names an author: {author}"),
            None => "names an author".to_owned(),
        });
        [place, device, person].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    pub(super) fn place(coordinates: Option<String>) -> Self {
        Self { place: true, coordinates, ..Self::default() }
    }

    pub(super) fn device() -> Self {
        Self { device: true, ..Self::default() }
    }

    /// A person of this name, if it is one.
    pub(super) fn person(name: &str) -> Self {
        let is_meant = |c: &char| !c.is_control();
        let name: String = name
            .trim_matches(|c: char| c.is_whitespace() || c == '\0')
            .chars()
            .filter(is_meant)
            .take(MAX_NAME)
            .collect();
        if name.is_empty() { Self::default() } else { Self { person: true, author: Some(name), ..Self::default() } }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            place: self.place || other.place,
            device: self.device || other.device,
            person: self.person || other.person,
            coordinates: self.coordinates.or(other.coordinates),
            author: self.author.or(other.author),
        }
    }
}

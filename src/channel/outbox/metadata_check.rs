//! Finds attachments whose metadata reveal where, with which device and by whom they were made.
//!
//! A site's copies lose what can be removed (`media::published`); whoever receives the folder receives the files as they
//! are. So people are told before they send.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::outbox::new_message::NewMessage;
use crate::channel::protocol::classify::{Found, classify};
use crate::channel::protocol::entry::{Entry, RelativePath};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachments;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::fs::confined::Folder;
use crate::media::{SensitiveMetadata, sensitive_metadata, sensitive_metadata_at_start};
use crate::text::invisible::field;

/// The most attachments that [`sample`] looks into.
const SAMPLE: usize = 500;

/// An attachment whose metadata reveal something.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the file")]
pub struct RevealingAttachment {
    /// Its path within the channel.
    pub path: String,
    /// Whether they reveal where it was made.
    place: bool,
    /// Whether they reveal with which device.
    device: bool,
    /// Whether they reveal by whom.
    person: bool,
    /// The place, as far as it is told by numbers: `48.9, -123.4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coordinates: Option<String>,
    /// A name that stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// The same in words.
    #[serde(skip)]
    pub tells: String,
    /// Whether its copy on a site reveals it too.
    pub published: bool,
}

/// How many attachments reveal something, as far as was looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevealingCount {
    /// Those that do.
    pub found: usize,
    /// Whether all were looked into.
    pub is_all: bool,
}

/// Looks into the attachments of a message whose metadata may reveal something.
pub fn for_card(folder: &Folder, card: &Card) -> Vec<RevealingAttachment> {
    let suspects = card.attachments.iter().filter(|file| file.metadata.is_some());
    suspects.filter_map(|file| revealing(folder, card, file)).collect()
}

/// An attachment with what it reveals, if it reveals anything.
fn revealing(folder: &Folder, card: &Card, file: &Attachment) -> Option<RevealingAttachment> {
    let tells = look(folder, card.stamp, &file.path)?;
    let path = PathBuf::from(card.side.name()).join(Entry::Attachment(card.stamp, file.path.clone()).path());
    Some(RevealingAttachment {
        path: path.to_string_lossy().into_owned(),
        tells: tells.words(),
        place: tells.place,
        device: tells.device,
        person: tells.person,
        coordinates: tells.coordinates,
        author: tells.author,
        published: !file.loses_metadata(),
    })
}

/// Counts the revealing attachments of a box, newest messages first, and stops after some hundred: for a word of warning that
/// costs no time. In a box that cannot be listed none is found.
pub fn sample(folder: &Folder) -> RevealingCount {
    let listed = folder.list();
    // Of a box that cannot be listed nothing is known.
    let is_all = listed.is_ok();
    let names = listed.unwrap_or_default().into_iter();
    let mut stamps: Vec<Stamp> = names
        .filter_map(|(name, kind)| match classify(&name, kind) {
            Found::Folder(stamp) => Some(stamp),
            _ => None,
        })
        .collect();
    stamps.sort_unstable();
    let files = stamps.into_iter().rev().flat_map(|stamp| {
        let listed = attachments::list(folder, stamp).files.into_iter();
        listed.map(move |(path, _)| (stamp, path))
    });
    let mut count = RevealingCount { found: 0, is_all };
    for (number, (stamp, path)) in files.enumerate() {
        if number >= SAMPLE {
            return RevealingCount { is_all: false, ..count };
        }
        let file = folder.file(&Entry::Attachment(stamp, path).path());
        count.found += usize::from(file.is_ok_and(|(file, _)| sensitive_metadata_at_start(file).anything()));
    }
    count
}

/// What a file tells, if anything; one that cannot be read tells nothing.
fn look(folder: &Folder, stamp: Stamp, path: &RelativePath) -> Option<SensitiveMetadata> {
    let (file, stat) = folder.file(&Entry::Attachment(stamp, path.clone()).path()).ok()?;
    Some(sensitive_metadata(file, stat.len)).filter(SensitiveMetadata::anything)
}

/// A word about each file of a new message whose notes nobody here removes from the copies on a site.
pub fn warnings(message: &NewMessage) -> Vec<String> {
    let lasting = message.attachments.iter().filter_map(|file| Some((file, file.lasting_metadata()?)));
    lasting.map(|(file, told)| warning(&file.name.text(), &told)).collect()
}

/// A word about a file of this name that is published with what it reveals.
pub fn warning(name: &str, told: &SensitiveMetadata) -> String {
    format!("{} {}; missive cannot remove that from this file", field(name), told.sentence())
}

/// The attachments whose notes stay in the copies on a site, because nobody here can remove them, with what they reveal.
pub fn lasting(card: &Card) -> impl Iterator<Item = (&Attachment, &SensitiveMetadata)> {
    card.attachments.iter().filter_map(|file| Some((file, file.reveals.as_deref()?)))
}

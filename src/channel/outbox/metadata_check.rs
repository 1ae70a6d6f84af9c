//! Attachments that tell more than they show: where they were made, with which device, by whom.
//!
//! A site's copies lose what can be removed (`picture::published`); whoever receives the folder receives the files as they
//! are. This looks into them, for people who want to know before.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::protocol::classify::{Found, classify};
use crate::channel::protocol::entry::{Entry, RelativePath};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachments;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::fs::confined::Folder;
use crate::media::{Metadata, Tells, tells, tells_at_once};

/// Endings of films, whose notes tell as much as a photograph's.
const FILMS: [&str; 8] = ["mp4", "mov", "m4v", "3gp", "3g2", "avi", "mts", "insv"];
/// The most attachments that [`sample`] looks into.
const SAMPLE: usize = 500;

/// An attachment that tells something.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Telling {
    /// Its path within the channel.
    pub path: String,
    /// What it tells.
    #[serde(flatten)]
    pub tells: Tells,
    /// Whether its copy on a site tells it too.
    pub published: bool,
}

/// How many attachments tell something, as far as was looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that do.
    pub found: usize,
    /// Whether all were looked into.
    pub is_all: bool,
}

/// Looks into the attachments of a message that may tell something.
pub fn of_card(folder: &Folder, card: &Card) -> Vec<Telling> {
    let telling = |file: &Attachment| {
        let tells = look(folder, card.stamp, &file.path)?;
        let path = PathBuf::from(card.side.name()).join(Entry::Attachment(card.stamp, file.path.clone()).path());
        Some(Telling { path: path.to_string_lossy().into_owned(), tells, published: !file.loses_metadata() })
    };
    card.attachments.iter().filter(|file| file.metadata.is_some() || is_film(&file.path)).filter_map(telling).collect()
}

/// Counts the telling attachments of a box, newest messages first, and stops after some hundred: for a word of warning that
/// costs no time. A box that cannot be listed has none.
pub fn sample(folder: &Folder) -> Count {
    let listed = folder.list().unwrap_or_default().into_iter();
    let mut stamps: Vec<Stamp> = listed
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
    let mut count = Count { found: 0, is_all: true };
    for (number, (stamp, path)) in files.enumerate() {
        if number >= SAMPLE {
            return Count { is_all: false, ..count };
        }
        let file = folder.file(&Entry::Attachment(stamp, path).path());
        count.found += usize::from(file.is_ok_and(|(file, _)| tells_at_once(file).anything()));
    }
    count
}

fn is_film(path: &RelativePath) -> bool {
    let name = path.name();
    name.rsplit_once('.').is_some_and(|(_, ending)| FILMS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// What a file tells, if anything; one that cannot be read tells nothing.
fn look(folder: &Folder, stamp: Stamp, path: &RelativePath) -> Option<Tells> {
    let (file, stat) = folder.file(&Entry::Attachment(stamp, path.clone()).path()).ok()?;
    Some(tells(file, stat.len)).filter(|tells| tells.anything())
}

/// The attachments whose notes stay in the copies on a site, because nobody here can remove them.
pub fn lasting(card: &Card) -> impl Iterator<Item = &Attachment> {
    card.attachments.iter().filter(|file| file.metadata == Some(Metadata::Lasting))
}

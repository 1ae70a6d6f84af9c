//! A message's attachments as the site has them: where each is written, and the inert name of what a browser or a web server
//! could run.

use crate::article::{Attached, inert_suffix};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::markdown::Trust;

use crate::site::engine::out_path::{OutPath, address};
use crate::site::pages::file_name::{Taken, safe, with_one_ending};

/// An attachment as the site has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// Where it is written.
    pub path: OutPath,
    /// What pages make of it.
    pub attached: Attached,
}

/// Names and sorts a message's attachments; `prefix` is what its pages begin with, `""` or `inbox/`.
///
/// The result has the order of the card's attachments. Names are given to one's own files first: nobody else's file takes the
/// address of one of them.
pub(crate) fn publish(card: &Card, prefix: &str, whose: &BoxTrust) -> Vec<Published> {
    if card.attachments.is_empty() {
        return Vec::new();
    }
    let folder = format!("{prefix}{}", card.stamp);
    let mut taken = Taken::default();
    let mut files: Vec<(usize, &Attachment, Trust)> =
        card.attachments_with_trust(whose).enumerate().map(|(at, (file, trust))| (at, file, trust)).collect();
    files.sort_by_key(|(at, _, trust)| (*trust == Trust::Theirs, *at));
    let named = files.into_iter().map(|(at, file, trust)| (at, published(file, &folder, trust, &mut taken)));
    let mut named: Vec<(usize, Published)> = named.collect();
    named.sort_by_key(|(at, _)| *at);
    named.into_iter().map(|(_, published)| published).collect()
}

fn published(file: &Attachment, folder: &str, trust: Trust, taken: &mut Taken) -> Published {
    let original = file.path.as_bytes();
    let mut safe_path = original.split(|byte| *byte == b'/').map(safe).collect::<Vec<_>>().join("/");
    let inert = inert_suffix(file, trust);
    safe_path.push_str(inert.unwrap_or_default());
    if trust == Trust::Theirs {
        safe_path = with_one_ending(&safe_path);
    }
    let path = format!("{folder}/{}", taken.unique(safe_path, original));
    let mut attached = Attached::new(file, trust, address(&path));
    if inert.is_some() && attached.note.is_none() {
        attached.note = Some("published under a name that no browser runs");
    }
    Published { path: OutPath::fixed(path), attached }
}

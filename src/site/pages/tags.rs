//! The tags of a site's messages, and the page of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::channel::snapshot::card::Card;
use crate::site::engine::out_path::OutPath;
use crate::site::pages::file_name::{Taken, safe, with_one_ending};
use crate::text::caseless::casefold;

/// A tag and the messages that bear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The tag in its normal form.
    pub name: String,
    /// The tag as it was first written.
    pub label: String,
    /// Its page.
    pub path: OutPath,
    /// Whether another tag has the name that its page would have alone.
    pub moved: bool,
    /// Positions from the oldest message.
    pub messages: Vec<usize>,
}

/// The tags of these messages by name. Where others write, their pages bear no name that a server might run.
pub(crate) fn tags(cards: &[Arc<Card>], others_write: bool) -> BTreeMap<String, Tag> {
    let mut members: BTreeMap<&str, (&str, Vec<usize>)> = BTreeMap::new();
    for (at, card) in cards.iter().enumerate() {
        for (tag, label) in card.tags.iter().zip(&card.tag_names) {
            members.entry(tag).or_insert_with(|| (label, Vec::new())).1.push(at);
        }
    }
    let mut files: Vec<(&str, String)> = members.keys().map(|name| (*name, tag_file(name, others_write))).collect();
    // A plain name keeps its page whatever other tags there are; `ß` gives way to `ss`, and `a.b` to `a_b`.
    let is_plain = |name: &str, file: &str| file.strip_suffix(".html") == Some(name) && casefold(name) == name;
    files.sort_by_cached_key(|(name, file)| (!is_plain(name, file), *name));
    let mut taken = Taken::default();
    let mut tags = BTreeMap::new();
    for (name, file) in files {
        let unique = taken.unique(file.clone(), name.as_bytes());
        let (moved, path) = (unique != file, OutPath::fixed(format!("tag/{unique}")));
        let (label, messages) = members.remove(name).unwrap_or_default();
        let label = label.to_owned();
        tags.insert(name.to_owned(), Tag { name: name.to_owned(), label, path, moved, messages });
    }
    tags
}

/// The name of a tag's page where no other tag has it. Where others write, a name holds no ending that a server might run.
fn tag_file(name: &str, others_write: bool) -> String {
    // The list of tags has this name.
    let file = if name == "index" { safe(b"index/") } else { safe(name.as_bytes()) };
    let file = format!("{file}.html");
    if others_write { with_one_ending(&file) } else { file }
}

//! What a build did to its output, as values; the commands put it into words.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;

use crate::site::engine::compare::CHANGED;
use crate::site::engine::out_path::OutPath;

/// A file that was written, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WrittenFile {
    /// Its path relative to the output.
    pub path: OutPath,
    /// `new`, or the parts of its view that changed.
    pub reasons: Vec<&'static str>,
}

impl WrittenFile {
    /// Whether somebody else had written to the file since the last build.
    pub fn was_changed_by_hand(&self) -> bool {
        self.reasons.contains(&CHANGED)
    }
}

/// What a build did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutputReport {
    /// The output folder.
    #[serde(serialize_with = "lossy")]
    #[schemars(with = "String")]
    pub output: PathBuf,
    /// How many messages the site shows.
    pub messages: usize,
    /// The messages among them that are shown although a part of them has not arrived, because they were before.
    #[serde(skip)]
    pub incomplete: Vec<(Side, Stamp)>,
    /// How many files the site has.
    pub files: usize,
    /// The files that were written.
    pub written: Vec<WrittenFile>,
    /// The files that were removed.
    pub removed: Vec<OutPath>,
    /// How many messages of others show their code without colours, because all of them together have too much of it.
    pub colourless: usize,
    /// Texts that could not be read, whose pages were kept as they are.
    pub kept: Vec<String>,
    /// In a reading room: channels that claim the feed id of another one, each with what is said of it.
    #[serde(skip)]
    pub same_ids: Vec<(String, String)>,
    /// What was wrong with the record of the last build, for those who ask.
    pub damage: Option<String>,
}

/// A path as text: not every path is, and a report must not fail over that.
fn lossy<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

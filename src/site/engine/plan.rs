//! What the engine is given: every file that should exist, with its fingerprint and with what makes it.

use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::made::Made;
use crate::site::engine::out_path::OutPath;
use crate::site::error::SiteError;

/// A file that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned<P> {
    /// Where it is written.
    pub(crate) path: OutPath,
    /// All that it depends on; while it equals the one of the last build, the file is up to date.
    pub(crate) fingerprint: Fingerprint,
    /// What makes it.
    pub(crate) page: P,
}

/// What becomes of a file that the last build wrote and that is not planned any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unplanned {
    /// It is removed.
    Remove,
    /// It stays, and stays ours.
    Keep,
    /// It stays, and is none of ours any more.
    Forget,
}

/// What an output should hold, and how it is made.
pub(crate) trait Plan: Sync {
    /// What makes a file.
    type Page: Sync;
    /// What all files are made with, such as parsed templates: made once, and only if a file is due.
    type Tools: Sync;

    /// Every file that should exist, in the order of the paths.
    fn files(&self) -> &[Planned<Self::Page>];

    /// How many messages the inbox and the outbox have, for the next build to know whether one lost all of them.
    fn messages(&self) -> [usize; 2];

    /// What becomes of a file that is not planned any more.
    fn unplanned(&self, path: &OutPath) -> Unplanned;

    /// The order in which files appear: what is linked comes before what links to it.
    fn rank(&self, page: &Self::Page) -> u8;

    /// What a file will say, if that is known before it is made.
    fn known_bytes(&self, page: &Self::Page) -> Option<&[u8]>;

    /// Whether a fingerprint can be believed that was made at this time, in nanoseconds since 1970.
    fn is_settled(&self, page: &Self::Page, made_at: i64) -> bool;

    /// Makes the tools.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    fn tools(&self) -> Result<Self::Tools, SiteError>;

    /// Cuts the files that are due into batches. A batch is made in one go, by one processor.
    fn batches<'p>(&self, due: &[&'p Planned<Self::Page>]) -> Vec<Vec<&'p Planned<Self::Page>>>;

    /// Makes a batch.
    ///
    /// # Errors
    /// [`SiteError`]; none for a text that cannot be read now, see [`Made::put`].
    fn make(&self, tools: &Self::Tools, batch: &[&Planned<Self::Page>], made: &mut Made<'_>) -> Result<(), SiteError>;
}

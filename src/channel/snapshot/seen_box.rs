//! What a look sees of one box besides its messages: its folder, what its profile says, who wrote its messages and whose its
//! files are.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::channel::authorship::authors::Authors;
use crate::channel::authorship::bylines::{Bylines, ReservedNames};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::profile;
use crate::channel::protocol::profile::{Problem, Profile};
use crate::channel::snapshot::file_mark::FileMark;
use crate::channel::snapshot::findings::BoxState;
use crate::channel::snapshot::listing::HiddenName;
use crate::fs::confined::Folder;
use crate::markdown::Trust;

/// A box at one look, without its messages.
#[derive(Debug)]
pub struct SeenBox {
    /// Which box it is.
    pub side: Side,
    /// Its folder.
    pub state: BoxState,
    /// What its owner says of the channel.
    pub profile: Profile,
    /// Why the profile says nothing although it is there.
    pub profile_problem: Option<Problem>,
    /// Who wrote its messages, as far as somebody has signed them.
    pub bylines: Arc<Bylines>,
    /// Whose its files are.
    pub trust: Arc<BoxTrust>,
    icon: Option<FileMark>,
}

impl SeenBox {
    /// A box of which only its folder is known.
    pub(super) fn new(side: Side, state: BoxState) -> Self {
        Self {
            side,
            state,
            profile: Profile::default(),
            profile_problem: None,
            bylines: Arc::default(),
            trust: Arc::new(BoxTrust::for_side(side)),
            icon: None,
        }
    }

    /// Whether there is such a box, readable or not.
    pub fn exists(&self) -> bool {
        !matches!(self.state, BoxState::Missing)
    }

    /// Its open folder.
    pub fn folder(&self) -> Option<&Folder> {
        match &self.state {
            BoxState::Open(folder) => Some(folder),
            _ => None,
        }
    }

    /// Whether two looks read the same words in it. Their folders are not compared.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        self.profile == other.profile
            && self.profile_problem == other.profile_problem
            && self.bylines == other.bylines
            && self.trust == other.trust
            && self.icon == other.icon
    }

    /// Reads who wrote its messages, whose its files are, and what its profile says. `known` is the last readable profile,
    /// and `reader` the name that nobody in this box may pass for. Returns the files that cannot be read.
    pub(super) fn read_words(&mut self, known: &Profile, reader: Option<&str>) -> Vec<HiddenName> {
        let Some(folder) = self.folder() else {
            return Vec::new();
        };
        let (authors, profile) = (Authors::read(folder), profile::read(folder));
        let (trust, problem) = BoxTrust::new(self.side, authors.as_ref().map(Option::as_ref));
        self.trust = Arc::new(trust);
        let mut hidden: Vec<HiddenName> =
            problem.map(|problem| unreadable(layout::AUTHORS_FILE, problem)).into_iter().collect();
        hidden.extend(self.take_profile(profile, known));
        let reserved = ReservedNames { owner: self.profile.author.as_deref(), reader };
        let bylines = authors.ok().flatten().map(|authors| Bylines::new(&authors, reserved));
        self.bylines = Arc::new(bylines.unwrap_or_default());
        hidden
    }

    fn take_profile(&mut self, read: Result<Profile, Problem>, known: &Profile) -> Vec<HiddenName> {
        let is_theirs = self.trust.of_profile() == Trust::Theirs;
        (self.profile, self.profile_problem) = match read {
            Ok(profile) => (profile, None),
            // Every id in the feeds follows from it, and somebody else's mistake must not change them.
            Err(problem) if is_theirs => (known.clone(), Some(problem)),
            Err(problem) => (Profile::default(), Some(problem)),
        };
        let mut hidden = Vec::new();
        let icon = self.profile.icon.as_deref().zip(self.folder());
        let icon = icon.map(|(name, folder)| (name.to_owned(), folder.file(Path::new(name)).map(|(_, stat)| stat)));
        if let Some((name, Err(error))) = &icon
            && error.kind() != io::ErrorKind::NotFound
        {
            hidden.push(unreadable(name, error.to_string()));
        }
        self.icon = icon.and_then(|(_, stat)| stat.ok()).map(FileMark::from);
        if let Some(problem) = &self.profile_problem {
            let is_empty = self.profile == Profile::default();
            let until = if is_empty { "" } else { "; its last readable content is used until you fix it" };
            hidden.push(unreadable(layout::PROFILE_FILE, format!("{problem}{until}")));
        }
        hidden
    }
}

fn unreadable(name: impl Into<PathBuf>, why: String) -> HiddenName {
    (name.into(), Reason::Unreadable(why), true)
}

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
use crate::channel::protocol::profile::{MAX_ICON, Problem, Profile};
use crate::channel::snapshot::file_mark::FileMark;
use crate::channel::snapshot::findings::BoxState;
use crate::channel::snapshot::listing::HiddenName;
use crate::fs::confined::Folder;
use crate::markdown::Trust;
use crate::media::Format;

/// So much of an icon tells what it is, in bytes.
const ICON_HEAD: u64 = 64;

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
    /// What in the profile does not count, each with its line.
    profile_mistakes: Vec<String>,
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
            profile_mistakes: Vec::new(),
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
            && self.profile_mistakes == other.profile_mistakes
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
        let (authors, profile) = (Authors::read(folder), profile::read_with_mistakes(folder));
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

    fn take_profile(&mut self, read: Result<(Profile, Vec<String>), Problem>, known: &Profile) -> Vec<HiddenName> {
        let is_theirs = self.trust.of_profile() == Trust::Theirs;
        (self.profile, self.profile_mistakes, self.profile_problem) = match read {
            Ok((profile, mistakes)) => (profile, mistakes, None),
            // Every id in the feeds follows from it, and somebody else's mistake must not change them.
            Err(problem) if is_theirs => (known.clone(), Vec::new(), Some(problem)),
            Err(problem) => (Profile::default(), Vec::new(), Some(problem)),
        };
        let mut hidden = self.take_icon(is_theirs);
        if let Some(problem) = &self.profile_problem {
            let is_empty = self.profile == Profile::default();
            let until = if is_empty { "" } else { "; its last readable content is used until you fix it" };
            hidden.push(unreadable(layout::PROFILE_FILE, format!("{problem}{until}")));
        }
        hidden.extend(self.profile_mistakes.iter().map(|what| mistake(what.clone(), !is_theirs)));
        hidden
    }

    /// Notes which file the icon is. One's own that cannot be shown is told.
    fn take_icon(&mut self, is_theirs: bool) -> Vec<HiddenName> {
        self.icon = None;
        let Some((name, folder)) = self.profile.icon.as_deref().zip(self.folder()) else {
            return Vec::new();
        };
        let told = match folder.read(Path::new(name), ICON_HEAD) {
            Ok((head, stat)) => {
                self.icon = Some(FileMark::from(stat));
                match Format::sniff(&head) {
                    Some(Format::Png | Format::Jpeg | Format::WebP | Format::Gif) if stat.len <= MAX_ICON => None,
                    Some(Format::Png | Format::Jpeg | Format::WebP | Format::Gif) => Some("it is larger than 1 MiB"),
                    _ => Some("it is not a PNG, JPEG, WebP or GIF picture"),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some("there is no such file beside the profile"),
            Err(error) => return vec![unreadable(name, error.to_string())],
        };
        // What somebody else forgot is nothing that this side could mend.
        let told = told.filter(|_| !is_theirs).map(|why| format!("`icon = \"{name}\"` is not shown: {why}"));
        told.map(|what| mistake(what, true)).into_iter().collect()
    }
}

/// What is wrong with a value of the profile.
fn mistake(what: String, is_warning: bool) -> HiddenName {
    (layout::PROFILE_FILE.into(), Reason::Mistake(what), is_warning)
}

fn unreadable(name: impl Into<PathBuf>, why: String) -> HiddenName {
    (name.into(), Reason::Unreadable(why), true)
}

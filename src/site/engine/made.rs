//! Where the files of a plan go when they are made: onto the stage, or nowhere if an older one must stay.
//!
//! A text that cannot be read now never takes a page down. A page that shows it stays as it is; one that is not there yet
//! is made without it, and looked at again by the next build.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;

use crate::media::Erasures;
use crate::site::engine::manifest::Content;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::stage::Stage;
use crate::site::error::SiteError;

/// What came of making files.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The files that are staged.
    pub(crate) staged: HashSet<OutPath>,
    /// The files that stay as they are, because a text they show cannot be read now.
    pub(crate) kept: HashSet<OutPath>,
    /// The files that were made without such a text, because there was no old one to keep.
    pub(crate) partial: HashSet<OutPath>,
    /// What the files hold that are staged, or are in place already with the same bytes.
    pub(crate) contents: HashMap<OutPath, Content>,
    /// Those texts.
    pub(crate) unreadable: BTreeSet<String>,
}

impl Outcome {
    /// Adds what came of other files.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.staged.extend(other.staged);
        self.kept.extend(other.kept);
        self.partial.extend(other.partial);
        self.contents.extend(other.contents);
        self.unreadable.extend(other.unreadable);
        self
    }
}

/// Takes the files of one batch.
pub(crate) struct Made<'a> {
    stage: &'a Stage<'a>,
    outcome: Outcome,
}

impl<'a> Made<'a> {
    /// Nothing is made yet.
    pub(crate) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage, outcome: Outcome::default() }
    }

    /// What came of it.
    pub(crate) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Stages a file, or keeps the old one if its text cannot be read now.
    ///
    /// # Errors
    /// [`SiteError::Io`], and any other that the file could not be made by.
    pub(crate) fn put(&mut self, path: &OutPath, bytes: Result<Vec<u8>, SiteError>) -> Result<(), SiteError> {
        match bytes {
            Ok(bytes) => {
                let is_new = self.stage.put(path, &bytes)?;
                self.staged(path, is_new, Content::from_bytes(&bytes));
                Ok(())
            }
            Err(SiteError::Unreadable(text)) => {
                self.keep(path, text);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Stages a page of several texts. One that lacks some of them is staged only where there is no older one to keep.
    ///
    /// # Errors
    /// As [`Made::put`].
    pub(crate) fn put_without(
        &mut self,
        unreadable: &[String],
        path: &OutPath,
        bytes: Result<Vec<u8>, SiteError>,
    ) -> Result<(), SiteError> {
        self.outcome.unreadable.extend(unreadable.iter().cloned());
        if !unreadable.is_empty() {
            if self.stage.is_there(path) {
                self.outcome.kept.insert(path.clone());
                return Ok(());
            }
            self.outcome.partial.insert(path.clone());
        }
        self.put(path, bytes)
    }

    /// Stages a copy of an open file.
    ///
    /// # Errors
    /// [`SiteError::Io`].
    pub(crate) fn copy(&mut self, path: &OutPath, file: &File) -> Result<(), SiteError> {
        let is_new = self.stage.copy(path, file)?;
        let len = file.metadata()?.len();
        self.staged(path, is_new, Content { len, hash: None });
        Ok(())
    }

    /// Stages a copy of an open file in which this is overwritten.
    ///
    /// # Errors
    /// [`SiteError::Io`].
    pub(crate) fn copy_erased(&mut self, path: &OutPath, file: &File, erasures: &Erasures) -> Result<(), SiteError> {
        let is_new = self.stage.copy_erased(path, file, erasures)?;
        let len = file.metadata()?.len();
        self.staged(path, is_new, Content { len, hash: None });
        Ok(())
    }

    /// Keeps a file as it is, because this text cannot be read now.
    pub(crate) fn keep(&mut self, path: &OutPath, unreadable: String) {
        self.outcome.kept.insert(path.clone());
        self.outcome.unreadable.insert(unreadable);
    }

    fn staged(&mut self, path: &OutPath, is_new: bool, content: Content) {
        self.outcome.contents.insert(path.clone(), content);
        if is_new {
            self.outcome.staged.insert(path.clone());
        }
    }
}

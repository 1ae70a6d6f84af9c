//! The walk of a build, the same for a site and for a reading room: compare, refuse, make, stage, commit.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::site::engine::compare::{CUT_OFF, Due, Todo, compare};
use crate::site::engine::lock::Lock;
use crate::site::engine::made::{Made, Outcome};
use crate::site::engine::manifest;
use crate::site::engine::manifest::{Manifest, Written};
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::plan::{Plan, Planned};
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::refusal;
use crate::site::engine::report::{OutputReport, WrittenFile};
use crate::site::engine::stage::{Change, Gate, Stage};
use crate::site::error::SiteError;

/// Told how many of how many files are ready.
pub(crate) type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// An output that is open for a build.
pub(crate) struct OpenOutput<'a> {
    folder: OutputFolder<'a>,
    /// What the last build left in it.
    pub(crate) previous: PreviousOutput,
    /// Whether it is known already what became of its files.
    is_looked_at: bool,
}

impl<'a> OpenOutput<'a> {
    /// Opens an output. What is remembered of it counts only while nobody else has been at it since.
    ///
    /// # Errors
    /// As [`OutputFolder::open`] and [`PreviousOutput::read`].
    pub(crate) fn open(path: &'a Path, remembered: Option<PreviousOutput>) -> Result<Self, SiteError> {
        let folder = OutputFolder::open(path)?;
        match remembered.filter(|previous| previous.is_current(&folder)) {
            Some(previous) => Ok(Self { folder, previous, is_looked_at: true }),
            None => Ok(Self { previous: PreviousOutput::read(&folder)?, folder, is_looked_at: false }),
        }
    }

    /// Opens an output once more in the same build: what lies in it may have changed, its manifest has not.
    ///
    /// # Errors
    /// As [`OutputFolder::open`].
    pub(crate) fn again(path: &'a Path, previous: PreviousOutput) -> Result<Self, SiteError> {
        Ok(Self { folder: OutputFolder::open(path)?, previous, is_looked_at: false })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &OutputFolder<'a> {
        &self.folder
    }

    /// Notes in the manifest that these files are about to be written by others: a build that is cut off leaves none that
    /// nobody knows of.
    ///
    /// # Errors
    /// As [`Manifest::intend`].
    pub(crate) fn intend(&mut self, files: &[OutPath], gate: Gate<'_>) -> Result<(), SiteError> {
        let entries = &mut self.previous.manifest.entries;
        let new: Vec<&OutPath> = files.iter().filter(|path| !entries.contains_key(*path)).collect();
        if new.is_empty() {
            return Ok(());
        }
        gate()?;
        if let Some(folder) = self.folder.folder() {
            let manifest = Path::new(manifest::FILE_NAME);
            Manifest::intend(folder, &new).map_err(|error| self.folder.blame(manifest, error))?;
        }
        entries.extend(new.into_iter().map(|path| (path.clone(), None)));
        Ok(())
    }

    /// Takes files for ours that another manifest in the output names.
    pub(crate) fn adopt(&mut self, files: Vec<OutPath>) {
        self.previous.manifest.entries.extend(files.into_iter().map(|path| (path, None)));
    }

    /// Looks what became of the files of the last build.
    pub(crate) fn look(&mut self) {
        self.previous.found = self.previous.look(&self.folder);
    }
}

/// How plans are carried out.
#[derive(Clone, Copy)]
pub(crate) struct Engine<'a> {
    /// Takes over a folder that holds other files, and writes every file anew.
    pub(crate) force: bool,
    /// Told how many of how many files are ready.
    pub(crate) progress: Progress<'a>,
    /// Asked before each disk operation.
    pub(crate) gate: Gate<'a>,
}

impl Engine<'_> {
    /// Makes an output what a plan says. Gives what was done, and what the next build may remember.
    ///
    /// The lock is the one on this output: it was taken before anything was looked at.
    ///
    /// # Errors
    /// [`SiteError`]; whatever it is, each file is its old or its new self, and the next build mends the rest.
    pub(crate) fn run<P: Plan + Send>(
        &self,
        _lock: &Lock,
        output: OpenOutput<'_>,
        plan: impl FnOnce() -> P + Send,
    ) -> Result<(OutputReport, PreviousOutput), SiteError> {
        let OpenOutput { folder, mut previous, is_looked_at } = output;
        let path = folder.path();
        // What is still there and what should be have nothing to do with each other until they are compared.
        let look = || if is_looked_at { std::mem::take(&mut previous.found) } else { previous.look(&folder) };
        let (found, plan) = rayon::join(look, plan);
        previous.found = found;
        let mut todo = compare(&plan, &previous, self.force);
        if todo.is_nothing() && previous.damage().is_none() {
            previous.settle(&folder);
            todo = compare(&plan, &previous, self.force);
        }
        let at_stake = todo.write.iter().map(|due| (&due.planned.path, plan.known_bytes(&due.planned.page)));
        refusal::overwriting(&folder, self.force, &previous, at_stake)?;
        let mut report = OutputReport {
            output: path.to_owned(),
            files: plan.files().len(),
            damage: previous.damage().cloned(),
            ..OutputReport::default()
        };
        if todo.is_nothing() && previous.has_manifest && previous.damage().is_none() {
            return Ok((report, previous));
        }
        let stage = Stage::open(folder, previous.is_fresh, self.gate)?;
        let outcome = match self.make(&plan, &todo, &stage) {
            Ok(outcome) => outcome,
            Err(error) => {
                stage.abandon();
                return Err(error);
            }
        };
        let manifest = manifest_after(previous.manifest, plan.messages(), &todo, &outcome);
        let change = Change { written: staged(&plan, &todo, &outcome), removed: &todo.remove, manifest: &manifest };
        if let Err(error) = stage.commit(&change) {
            // What was not put in place is named by the manifest's intent, so the next build makes it again.
            stage.abandon();
            return Err(error.into());
        }
        report.written = written(&todo, &outcome);
        report.kept = outcome.unreadable.into_iter().collect();
        report.removed = todo.remove;
        Ok((report, PreviousOutput::after(manifest, path)))
    }

    /// Makes what is due, on all processors.
    fn make<P: Plan>(&self, plan: &P, todo: &Todo<'_, P::Page>, stage: &Stage<'_>) -> Result<Outcome, SiteError> {
        stage.folders(todo.write.iter().map(|due| &due.planned.path))?;
        let tools = plan.tools()?;
        let due: Vec<&Planned<P::Page>> = todo.write.iter().map(|due| due.planned).collect();
        let done = AtomicUsize::new(0);
        let make = |batch: &Vec<&Planned<P::Page>>| -> Result<Outcome, SiteError> {
            let mut made = Made::new(stage);
            plan.make(&tools, batch, &mut made)?;
            let ready = done.fetch_add(batch.len(), Ordering::Relaxed) + batch.len();
            (self.progress)(ready, due.len());
            Ok(made.into_outcome())
        };
        let outcomes: Result<Vec<Outcome>, SiteError> =
            plan.batches(&due).par_iter().with_max_len(1).map(make).collect();
        Ok(outcomes?.into_iter().fold(Outcome::default(), Outcome::merge))
    }
}

/// What the output holds after the change.
///
/// A page that could not be made anew keeps its old fingerprint, and one made in part gets one that nothing has: both are
/// looked at again next time.
fn manifest_after<P>(mut manifest: Manifest, messages: [usize; 2], todo: &Todo<'_, P>, outcome: &Outcome) -> Manifest {
    for path in todo.remove.iter().chain(&todo.forget) {
        manifest.entries.remove(path);
    }
    for Due { planned: Planned { path, fingerprint, .. }, .. } in &todo.write {
        match () {
            () if outcome.kept.contains(path) => {}
            () if outcome.partial.contains(path) => drop(manifest.entries.insert(path.clone(), None)),
            () => {
                let content = outcome.contents.get(path).copied();
                manifest.entries.insert(path.clone(), Some(Written { fingerprint: *fingerprint, content }));
            }
        }
    }
    manifest.settled(messages)
}

/// The staged files, in the order in which they appear.
fn staged<'p, P: Plan>(plan: &P, todo: &Todo<'p, P::Page>, outcome: &Outcome) -> Vec<&'p OutPath> {
    let planned = todo.write.iter().map(|due| due.planned);
    let mut staged: Vec<&Planned<P::Page>> = planned.filter(|planned| outcome.staged.contains(&planned.path)).collect();
    staged.sort_by_key(|planned| plan.rank(&planned.page));
    staged.into_iter().map(|planned| &planned.path).collect()
}

/// The files that are other than after the last build that was finished. What one that was cut off put in place already is
/// not staged again, and yet nobody was told of it.
fn written<P>(todo: &Todo<'_, P>, outcome: &Outcome) -> Vec<WrittenFile> {
    let is_other = |due: &&Due<'_, P>| {
        let path = &due.planned.path;
        outcome.staged.contains(path) || due.reasons.contains(&CUT_OFF) && !outcome.kept.contains(path)
    };
    let written = todo.write.iter().filter(is_other);
    written.map(|due| WrittenFile { path: due.planned.path.clone(), reasons: due.reasons.clone() }).collect()
}

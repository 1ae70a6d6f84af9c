//! The walk of a build: plan, compare, render what differs, publish.
//!
//! Owns the order of the steps, and what is remembered from one build to the next of the same output. Each step is another
//! file's.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::channel::Kind;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::file_mark::is_settled;
use crate::channel::snapshot::{Held, Snapshot};
use crate::difference::{Difference, difference};

use crate::site::build_options::{Overrides, SiteOptions};
use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::lock::Lock;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::refusal;
use crate::site::engine::report::{OutputReport, WrittenFile};
use crate::site::engine::stage::{Change, Gate, Stage};
use crate::site::error::SiteError;
use crate::site::pages::contents::{Contents, page_at};
use crate::site::pages::make::{Outcome, Work};
use crate::site::pages::message_digest::Digests;
use crate::site::pages::plan::{Page, Planned, fingerprint, plan};
use crate::site::pages::render::Renderer;
use crate::site::theme::Theme;

/// What to build, where and how.
pub struct SiteRequest<'a> {
    /// The lock on the output, taken before the look.
    pub lock: &'a Lock,
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// What the site says.
    pub options: &'a SiteOptions,
    /// How what is there already is treated.
    pub overrides: Overrides,
    /// The theme.
    pub theme: &'a Theme,
    /// The output folder, absolute.
    pub output: &'a Path,
    /// Told how many of how many files are ready.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Asked before each disk operation.
    pub gate: Gate<'a>,
}

/// What one build of an output remembers for the next.
#[derive(Debug, Default)]
pub struct BuildMemory {
    before: Option<PreviousOutput>,
    digests: Digests,
}

impl BuildMemory {
    /// Compares the output with what is remembered. Tells whether it is as it was left; what is not is made again by the
    /// next build.
    pub fn is_true(&mut self, output: &Path) -> bool {
        let Ok(target) = OutputFolder::open(output) else {
            self.before = None;
            return false;
        };
        self.before.take_if(|before| !before.is_current(&target));
        let Some(before) = &mut self.before else {
            return false;
        };
        before.gone = before.find_gone(&target);
        before.gone.is_empty()
    }

    /// The messages that the last build showed, with their digests.
    pub(crate) fn digests(&self) -> &Digests {
        &self.digests
    }
}

/// A planned file with its fingerprint.
struct Wanted {
    planned: Planned,
    print: Fingerprint,
}

/// Why a file is written of which nobody knows what it says.
pub(crate) const CUT_OFF: &str = "the last build was interrupted";

/// What must be done.
struct Todo<'p> {
    write: Vec<(&'p Wanted, Vec<&'static str>)>,
    remove: Vec<OutPath>,
}

/// Builds a channel's site: plans it, and lets the engine make what differs from what an earlier build wrote.
///
/// `memory` is what an earlier build of the same output remembers; nothing for the first one of a process.
///
/// # Errors
/// [`SiteError`]; whatever it is, the site that was there before is whole.
pub fn build(request: &SiteRequest<'_>, memory: &mut BuildMemory) -> Result<OutputReport, SiteError> {
    refusal::a_lost_profile(request.snapshot)?;
    let target = OutputFolder::open(request.output)?;
    let remembered = memory.before.take().filter(|before| before.is_current(&target));
    let is_new = remembered.is_none();
    let mut before = remembered.map_or_else(|| PreviousOutput::read(&target), Ok)?;
    refusal::emptying(request, &before.manifest)?;
    let cards = shown(request.snapshot, &before.manifest);
    memory.digests = std::mem::take(&mut memory.digests).of(&cards);
    let contents = Contents::new(request.snapshot, request.options, &cards, memory.digests.all());
    // What is still there and what should be have nothing to do with each other until they are compared.
    let find_gone = || if is_new { before.find_gone(&target) } else { std::mem::take(&mut before.gone) };
    let (gone, wanted) = rayon::join(find_gone, || wanted(&contents, request.theme));
    before.gone = gone;
    let todo = compare(request, &contents, &wanted, &before);
    let at_stake =
        todo.write.iter().map(|(wanted, _)| (&wanted.planned.path, known(request.theme, &wanted.planned.page)));
    refusal::overwriting(&target, request.overrides.force, &before, at_stake)?;
    let mut report = OutputReport {
        output: request.output.to_owned(),
        messages: cards.len(),
        incomplete: incomplete(request.snapshot, &cards),
        files: wanted.len(),
        colourless: contents.colourless(),
        damage: before.manifest.damage.clone(),
        ..OutputReport::default()
    };
    if todo.write.is_empty() && todo.remove.is_empty() && before.ours && before.manifest.damage.is_none() {
        memory.before = Some(before);
        return Ok(report);
    }
    let stage = Stage::open(target, before.fresh, request.gate)?;
    let outcome = match make(request, &contents, &todo, &stage) {
        Ok(outcome) => outcome,
        Err(error) => {
            stage.abandon();
            return Err(error);
        }
    };
    report.late = contents.late();
    report.kept = outcome.unreadable.iter().cloned().collect();
    report.written = written(&todo, &outcome);
    let manifest = after(&contents, before.manifest, &todo, &outcome);
    let change = Change { written: staged(&todo, &outcome), removed: &todo.remove, manifest: &manifest };
    if let Err(error) = stage.commit(&change) {
        // What was not put in place is named by the manifest's intent, so the next build makes it again.
        stage.abandon();
        return Err(error.into());
    }
    report.removed = todo.remove;
    memory.before = Some(PreviousOutput::after(manifest, request.output));
    Ok(report)
}

/// What a file will say, if that is known before it is made.
fn known<'t>(theme: &'t Theme, page: &Page) -> Option<&'t [u8]> {
    match page {
        Page::Asset(name) => theme.asset(name),
        _ => None,
    }
}

/// The messages that the site shows: those that are not held, and those of the held ones that it shows already. Nothing is
/// taken down because a new part of it has not arrived.
fn shown<'s>(snapshot: &'s Snapshot, manifest: &Manifest) -> Cow<'s, [Arc<Card>]> {
    // Its page may lie elsewhere since a box came or went.
    let has_page = |card: &Card| {
        [Kind::Broadcast, Kind::Message]
            .iter()
            .any(|kind| manifest.entries.contains_key(&page_at(*kind, card.side, card.stamp)))
    };
    let stays = |held: &&Held| matches!(held.reason, Reason::Lacks(_)) && has_page(&held.card);
    let mut staying = snapshot.held.iter().filter(stays).map(|held| Arc::clone(&held.card)).peekable();
    if staying.peek().is_none() {
        return Cow::Borrowed(&snapshot.cards);
    }
    let mut cards: Vec<Arc<Card>> = snapshot.cards.iter().cloned().chain(staying).collect();
    cards.sort_by_key(|card| (card.stamp, card.side));
    Cow::Owned(cards)
}

/// The messages among those shown that are held where they are not shown yet.
fn incomplete(snapshot: &Snapshot, shown: &[Arc<Card>]) -> Vec<(Side, Stamp)> {
    if shown.len() == snapshot.cards.len() {
        return Vec::new();
    }
    let held = snapshot.held.iter().map(|held| &held.card);
    let is_shown = |card: &&Arc<Card>| {
        shown.binary_search_by_key(&(card.stamp, card.side), |card| (card.stamp, card.side)).is_ok()
    };
    held.filter(is_shown).map(|card| (card.side, card.stamp)).collect()
}

/// Every file that should exist, with its fingerprint, in the order of the paths.
fn wanted(contents: &Contents<'_>, theme: &Theme) -> Vec<Wanted> {
    let print = |planned: Planned| Wanted { print: fingerprint(contents, theme, &planned.page), planned };
    plan(contents, theme).into_par_iter().with_min_len(256).map(print).collect()
}

fn compare<'p>(
    request: &SiteRequest<'_>,
    contents: &Contents<'_>,
    wanted: &'p [Wanted],
    before: &PreviousOutput,
) -> Todo<'p> {
    let mut todo = Todo { write: Vec::new(), remove: Vec::new() };
    let wanted = wanted.iter().map(|wanted| (&wanted.planned.path, wanted));
    let there = before.manifest.entries.iter().map(|(path, print)| (path, *print));
    let same = |wanted: &&Wanted, old: &Option<Fingerprint>| {
        !request.overrides.force
            && *old == Some(wanted.print)
            && !before.gone.contains(&wanted.planned.path)
            && !unsettled(contents, &wanted.planned.page, before.saved())
    };
    for step in difference(wanted, there, same) {
        match step {
            Difference::Missing(_, wanted) => todo.write.push((wanted, vec!["new"])),
            Difference::Differing(_, wanted, old) => todo.write.push((wanted, reasons(request, before, wanted, old))),
            Difference::Surplus(path, _) if belongs_to_unreadable(contents, path) => {}
            Difference::Surplus(path, _) => todo.remove.push(path.clone()),
        }
    }
    todo
}

fn reasons(
    request: &SiteRequest<'_>,
    before: &PreviousOutput,
    wanted: &Wanted,
    old: Option<Fingerprint>,
) -> Vec<&'static str> {
    if before.gone.contains(&wanted.planned.path) {
        return vec!["the file was gone"];
    }
    let Some(old) = old else {
        return vec![CUT_OFF];
    };
    let reasons = wanted.print.reasons(&old);
    match () {
        () if !reasons.is_empty() => reasons,
        () if request.overrides.force => vec!["forced"],
        () => vec!["attachments"],
    }
}

/// Whether an attachment was modified so shortly before the last build that its time may not tell.
fn unsettled(contents: &Contents<'_>, page: &Page, saved: i64) -> bool {
    let Page::Attachment(at, number) = page else {
        return false;
    };
    let file = contents.cards.get(*at).and_then(|card| card.attachments.get(*number));
    file.is_some_and(|file| !is_settled(file.mark.modified, saved))
}

/// Whether a file of the last build shows a message that cannot be read now: it stays until the message is gone.
fn belongs_to_unreadable(contents: &Contents<'_>, path: &OutPath) -> bool {
    contents.snapshot.unreadable.iter().any(|(side, stamp)| {
        let stem = format!("{}{stamp}", contents.prefix(*side));
        path.as_str().strip_prefix(&stem).is_some_and(|rest| rest.starts_with(['.', '/']))
    })
}

fn make(
    request: &SiteRequest<'_>,
    contents: &Contents<'_>,
    todo: &Todo<'_>,
    stage: &Stage<'_>,
) -> Result<Outcome, SiteError> {
    stage.folders(todo.write.iter().map(|(wanted, _)| &wanted.planned.path))?;
    let renderer = Renderer::new(contents, request.theme)?;
    let outcome = Mutex::new(Outcome::default());
    let planned: Vec<&Planned> = todo.write.iter().map(|(wanted, _)| &wanted.planned).collect();
    let work = Work {
        contents,
        renderer: &renderer,
        theme: request.theme,
        stage,
        outcome: &outcome,
        progress: request.progress,
    };
    work.run(&planned)?;
    Ok(outcome.into_inner().unwrap_or_default())
}

/// What the site holds after the change.
///
/// A page that could not be made anew keeps its old fingerprint, and one made in part gets one that nothing has: both are
/// looked at again next time.
fn after(contents: &Contents<'_>, mut manifest: Manifest, todo: &Todo<'_>, outcome: &Outcome) -> Manifest {
    for path in &todo.remove {
        manifest.entries.remove(path);
    }
    for (wanted, _) in &todo.write {
        let path = &wanted.planned.path;
        match () {
            () if outcome.skipped.contains(path) => {}
            () if outcome.partial.contains(path) => drop(manifest.entries.insert(path.clone(), None)),
            () => drop(manifest.entries.insert(path.clone(), Some(wanted.print))),
        }
    }
    let count = |side: Side| contents.digests.iter().filter(|digest| digest.side == side).count();
    manifest.settled(Side::BOTH.map(count))
}

/// The staged files, in the order in which they appear.
fn staged<'p>(todo: &Todo<'p>, outcome: &Outcome) -> Vec<&'p OutPath> {
    let planned = todo.write.iter().map(|(wanted, _)| &wanted.planned);
    let mut staged: Vec<&Planned> = planned.filter(|planned| outcome.staged.contains(&planned.path)).collect();
    staged.sort_by_key(|planned| planned.page.rank());
    staged.into_iter().map(|planned| &planned.path).collect()
}

/// The files that are other than after the last build that was finished. What one that was cut off put in place already is
/// not staged again, and yet nobody was told of it.
fn written(todo: &Todo<'_>, outcome: &Outcome) -> Vec<WrittenFile> {
    let written = todo.write.iter().map(|(wanted, reasons)| (&wanted.planned.path, reasons));
    let other = written.filter(|(path, reasons)| {
        outcome.staged.contains(*path) || reasons.contains(&CUT_OFF) && !outcome.skipped.contains(*path)
    });
    other.map(|(path, reasons)| WrittenFile { path: path.clone(), reasons: reasons.clone() }).collect()
}

/// The place where a channel's site is built unless said otherwise.
pub fn default_output(channel: &Path) -> PathBuf {
    channel.join(layout::SITE_FOLDER)
}

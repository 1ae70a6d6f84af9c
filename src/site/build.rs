//! The walk of a build: plan, compare, render what differs, publish.
//!
//! Owns the order of the steps and which work is done together: a text is read and converted once for its own page and
//! its list page. Each step is another file's.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use crate::channel::entry::Side;
use crate::channel::snapshot::{BoxState, Snapshot};
use crate::difference::{Difference, difference};

use super::Error;
use super::contents::Contents;
use super::fingerprint::Fingerprint;
use super::manifest::{FILE_NAME, Manifest};
use super::options::{Manner, Options};
use super::out_path::OutPath;
use super::plan::{Page, Planned, fingerprint, plan};
use super::publish::{Change, Gate, Stage, is_same};
use super::render::Renderer;
use super::report::{Report, Written};
use super::theme::Theme;
use super::work::{Outcome, Work};

/// A file modified so shortly before the last build may have changed again within the same tick of the clock.
const UNSETTLED: i64 = 2_000_000_000;

/// What to build, where and how.
pub struct Request<'a> {
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// What the site says.
    pub options: &'a Options,
    /// How what is there already is treated.
    pub manner: Manner,
    /// The theme.
    pub theme: &'a Theme,
    /// The output folder, absolute.
    pub output: &'a Path,
    /// Told how many of how many files are ready.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Asked before each disk operation.
    pub gate: Gate<'a>,
}

/// What the last build left.
struct Before {
    manifest: Manifest,
    /// Whether there is a manifest at all.
    ours: bool,
    /// Whether the output is not there yet, or empty.
    fresh: bool,
    /// When the manifest was saved, in nanoseconds since 1970.
    saved: i64,
    /// Files that the manifest names and that are gone.
    gone: HashSet<OutPath>,
}

/// What must be done.
struct Todo<'p> {
    write: Vec<(&'p Planned, Vec<&'static str>)>,
    remove: Vec<OutPath>,
}

/// Builds a site.
///
/// # Errors
/// [`Error`]; whatever it is, the site that was there before is whole.
pub fn build(request: &Request<'_>) -> Result<Report, Error> {
    refuse_box(request)?;
    let before = look_at(request.output)?;
    refuse_emptying(request, &before.manifest)?;
    let contents = Contents::new(request.snapshot, request.options);
    let plan = plan(&contents, request.theme);
    let prints: Vec<Fingerprint> =
        plan.par_iter().with_min_len(256).map(|planned| fingerprint(&contents, request.theme, &planned.page)).collect();
    let todo = compare(request, &contents, &plan, &prints, &before);
    refuse_overwriting(request, &before, &todo)?;
    let mut report = Report {
        output: request.output.to_owned(),
        files: plan.len(),
        damage: before.manifest.damage.clone(),
        ..Report::default()
    };
    if todo.write.is_empty() && todo.remove.is_empty() && before.ours && before.manifest.damage.is_none() {
        return Ok(report);
    }
    let stage = Stage::open(request.output, before.fresh, request.gate)?;
    let outcome = match make(request, &contents, &todo, &stage) {
        Ok(outcome) => outcome,
        Err(error) => {
            stage.abandon();
            return Err(error);
        }
    };
    report.kept = outcome.unreadable.iter().cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let change = change(request, &contents, &plan, &prints, &before, &todo, &outcome);
    report.written = written(&todo, &outcome);
    stage.commit(change)?;
    report.removed = todo.remove;
    Ok(report)
}

/// Refuses an output that is a box or holds one, or lies in one.
fn refuse_box(request: &Request<'_>) -> Result<(), Error> {
    let channel = &request.snapshot.channel.path;
    let clash = request.output == channel
        || channel.starts_with(request.output)
        || Side::BOTH.iter().any(|side| request.output.starts_with(channel.join(side.name())));
    if clash { Err(Error::OutputIsBox { path: request.output.to_owned() }) } else { Ok(()) }
}

/// A box that had messages and has none now is a mistake until somebody says otherwise.
fn refuse_emptying(request: &Request<'_>, manifest: &Manifest) -> Result<(), Error> {
    if request.manner.allow_empty {
        return Ok(());
    }
    for (side, had) in Side::BOTH.into_iter().zip(manifest.messages) {
        let looked_at = request.options.only.is_none_or(|only| only == side);
        let has = request.snapshot.all.iter().any(|card| card.side == side);
        if had == 0 || has || !looked_at {
            continue;
        }
        let state = match request.snapshot.side(side) {
            BoxState::Open(_) => "is empty".to_owned(),
            BoxState::Missing => "is not there".to_owned(),
            BoxState::Unreadable(error) => format!("cannot be read ({error})"),
        };
        return Err(Error::BoxIsEmpty { side, messages: had, state });
    }
    Ok(())
}

fn look_at(output: &Path) -> io::Result<Before> {
    let manifest = Manifest::read(output)?.map(Manifest::sane);
    let ours = manifest.is_some();
    let manifest = manifest.unwrap_or_default();
    let gone = gone(output, manifest.entries.keys());
    Ok(Before { fresh: !ours && is_empty(output)?, saved: modified(&output.join(FILE_NAME)), ours, manifest, gone })
}

fn is_empty(output: &Path) -> io::Result<bool> {
    match fs_err::read_dir(output) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn modified(path: &Path) -> i64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path)
        .map_or(0, |meta| meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec()))
}

/// Which of these files are gone from the output, by one listing of each folder.
fn gone<'p>(output: &Path, paths: impl Iterator<Item = &'p OutPath>) -> HashSet<OutPath> {
    let mut folders: HashMap<&str, Vec<(&str, &OutPath)>> = HashMap::new();
    for path in paths {
        let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        folders.entry(folder).or_default().push((name, path));
    }
    let folders: Vec<_> = folders.into_iter().collect();
    let missing = folders.par_iter().with_min_len(16).flat_map_iter(|(folder, files)| {
        let there: HashSet<std::ffi::OsString> = std::fs::read_dir(output.join(folder))
            .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
            .unwrap_or_default();
        files
            .iter()
            .filter(move |(name, _)| !there.contains(std::ffi::OsStr::new(name)))
            .map(|(_, path)| (*path).clone())
    });
    missing.collect()
}

fn compare<'p>(
    request: &Request<'_>,
    contents: &Contents<'_>,
    plan: &'p [Planned],
    prints: &[Fingerprint],
    before: &Before,
) -> Todo<'p> {
    let mut todo = Todo { write: Vec::new(), remove: Vec::new() };
    let wanted = plan.iter().zip(prints).map(|(planned, print)| (&planned.path, (planned, *print)));
    let there = before.manifest.entries.iter().map(|(path, print)| (path, *print));
    let same = |(planned, print): &(&Planned, Fingerprint), old: &Option<Fingerprint>| {
        !request.manner.force
            && *old == Some(*print)
            && !before.gone.contains(&planned.path)
            && !unsettled(contents, &planned.page, before.saved)
    };
    for step in difference(wanted, there, same) {
        match step {
            Difference::Missing(_, (planned, _)) => todo.write.push((planned, vec!["new"])),
            Difference::Differing(_, (planned, print), old) => {
                todo.write.push((planned, reasons(request, before, planned, print, old)));
            }
            Difference::Surplus(path, _) if belongs_to_unreadable(contents, path) => {}
            Difference::Surplus(path, _) => todo.remove.push(path.clone()),
        }
    }
    todo
}

fn reasons(
    request: &Request<'_>,
    before: &Before,
    planned: &Planned,
    print: Fingerprint,
    old: Option<Fingerprint>,
) -> Vec<&'static str> {
    if before.gone.contains(&planned.path) {
        return vec!["it was gone"];
    }
    let Some(old) = old else {
        return vec!["the last build was cut off"];
    };
    let reasons = print.reasons(&old);
    match () {
        () if !reasons.is_empty() => reasons,
        () if request.manner.force => vec!["forced"],
        () => vec!["attachments"],
    }
}

/// Whether an attachment was modified so shortly before the last build that its time may not tell.
fn unsettled(contents: &Contents<'_>, page: &Page, saved: i64) -> bool {
    let Page::Attachment(at, number) = page else {
        return false;
    };
    let file = contents.cards.get(*at).and_then(|card| card.attachments.get(*number));
    file.is_some_and(|file| file.mark.modified >= saved - UNSETTLED)
}

/// Whether a file of the last build shows a message that cannot be read now: it stays until the message is gone.
fn belongs_to_unreadable(contents: &Contents<'_>, path: &OutPath) -> bool {
    contents.snapshot.unreadable.iter().any(|(side, stamp)| {
        let stem = format!("{}{stamp}", contents.prefix(*side));
        path.as_str().strip_prefix(&stem).is_some_and(|rest| rest.starts_with(['.', '/']))
    })
}

/// Nothing that somebody else put into the output is overwritten.
fn refuse_overwriting(request: &Request<'_>, before: &Before, todo: &Todo<'_>) -> Result<(), Error> {
    if request.manner.force || before.fresh {
        return Ok(());
    }
    let foreign = todo.write.iter().filter(|(planned, _)| !before.manifest.entries.contains_key(&planned.path));
    for (planned, _) in foreign {
        let path = request.output.join(planned.path.as_path());
        let damaged = before.manifest.damage.is_some();
        if !damaged && path.symlink_metadata().is_ok() && !is_same_asset(request, planned, &path) {
            return Err(Error::InTheWay { path });
        }
    }
    Ok(())
}

/// An asset that is there already with the same bytes is nobody's loss.
fn is_same_asset(request: &Request<'_>, planned: &Planned, path: &Path) -> bool {
    matches!(&planned.page, Page::Asset(name) if request.theme.asset(name).is_some_and(|bytes| is_same(path, bytes)))
}

fn make(request: &Request<'_>, contents: &Contents<'_>, todo: &Todo<'_>, stage: &Stage<'_>) -> Result<Outcome, Error> {
    stage.folders(todo.write.iter().map(|(planned, _)| &planned.path))?;
    let renderer = Renderer::new(contents, request.theme)?;
    let outcome = Mutex::new(Outcome::default());
    let planned: Vec<&Planned> = todo.write.iter().map(|(planned, _)| *planned).collect();
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

/// What becomes of the site, after some pages may have turned out unreadable or unchanged.
fn change<'a>(
    request: &Request<'_>,
    contents: &Contents<'_>,
    plan: &[Planned],
    prints: &[Fingerprint],
    before: &Before,
    todo: &'a Todo<'_>,
    outcome: &Outcome,
) -> Change<'a> {
    let mut written: Vec<&Planned> = todo
        .write
        .iter()
        .map(|(planned, _)| *planned)
        .filter(|planned| outcome.staged.contains(&planned.path))
        .collect();
    written.sort_by_key(|planned| planned.page.rank());
    let mut entries: BTreeMap<&OutPath, Fingerprint> =
        plan.iter().zip(prints).map(|(planned, print)| (&planned.path, *print)).collect();
    for (path, old) in &before.manifest.entries {
        let kept =
            outcome.skipped.contains(path) || (!entries.contains_key(path) && belongs_to_unreadable(contents, path));
        if kept {
            // A fingerprint that nothing has makes the page be looked at again next time.
            entries.insert(path, old.unwrap_or_default());
        }
    }
    for path in &outcome.skipped {
        if !before.manifest.entries.contains_key(path) {
            entries.remove(path);
        }
    }
    Change {
        written: written.into_iter().map(|planned| &planned.path).collect(),
        removed: todo.remove.iter().collect(),
        messages: Side::BOTH.map(|side| request.snapshot.count(side)),
        entries: entries.into_iter().map(|(path, print)| (path.clone(), print)).collect(),
    }
}

fn written(todo: &Todo<'_>, outcome: &Outcome) -> Vec<Written> {
    todo.write
        .iter()
        .filter(|(planned, _)| outcome.staged.contains(&planned.path))
        .map(|(planned, reasons)| Written { path: planned.path.clone(), reasons: reasons.clone() })
        .collect()
}

/// The place where a channel's site is built unless said otherwise.
pub fn default_output(channel: &Path) -> PathBuf {
    channel.join("site")
}

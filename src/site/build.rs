//! The walk of a build: plan, compare, render what differs, publish.
//!
//! Owns the order of the steps and which work is done together: a text is read and converted once for its own page and
//! its list page. Each step is another file's.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::channel::Channel;
use crate::channel::card::is_settled;
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

/// A planned file with its fingerprint.
struct Wanted {
    planned: Planned,
    print: Fingerprint,
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
    let _lock = lock(request.output)?;
    let contents = Contents::new(request.snapshot, request.options);
    // What was written last time and what should exist now have nothing to do with each other until they are compared.
    let (before, wanted) = rayon::join(|| look_at(request.output), || wanted(&contents, request.theme));
    let before = before?;
    refuse_emptying(request, &before.manifest)?;
    let todo = compare(request, &contents, &wanted, &before);
    refuse_overwriting(request, &before, &todo)?;
    let mut report = Report {
        output: request.output.to_owned(),
        files: wanted.len(),
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
    report.kept = outcome.unreadable.iter().cloned().collect();
    let change = Change {
        written: staged(&todo, &outcome),
        removed: todo.remove.iter().collect(),
        messages: Side::BOTH.map(|side| request.snapshot.count(side)),
        entries: entries(&contents, &wanted, &before, &outcome),
    };
    report.written = written(&todo, &outcome);
    if let Err(error) = stage.commit(&change) {
        // What was not put in place is named by the manifest's intent, so the next build makes it again.
        stage.abandon();
        return Err(error.into());
    }
    report.removed = todo.remove;
    Ok(report)
}

/// Every file that should exist, with its fingerprint, in the order of the paths.
fn wanted(contents: &Contents<'_>, theme: &Theme) -> Vec<Wanted> {
    let print = |planned: Planned| Wanted { print: fingerprint(contents, theme, &planned.page), planned };
    plan(contents, theme).into_par_iter().with_min_len(256).map(print).collect()
}

/// Keeps other builds of outputs in the same folder waiting until this one is done. It ends with the process, however
/// that ends, and leaves nothing behind.
fn lock(output: &Path) -> io::Result<Option<std::fs::File>> {
    let parent = output.parent().unwrap_or(output);
    fs_err::create_dir_all(parent)?;
    // Where the folder above is closed to us there is nothing to lock; the output itself may be open all the same.
    let Ok(folder) = std::fs::File::open(parent) else {
        return Ok(None);
    };
    folder.lock()?;
    Ok(Some(folder))
}

/// Refuses an output that is a box, holds one or lies in one, of this channel or any other.
fn refuse_box(request: &Request<'_>) -> Result<(), Error> {
    let is_box = |path: &Path| {
        Side::BOTH.iter().any(|side| path.file_name() == Some(side.name().as_ref()))
            && path.parent().is_some_and(|parent| Channel::open(parent).is_ok())
    };
    if request.snapshot.channel.path.starts_with(request.output) || request.output.ancestors().any(is_box) {
        return Err(Error::OutputIsBox { path: request.output.to_owned() });
    }
    Ok(())
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
    Ok(Before { fresh: !ours && !output.exists(), saved: modified(&output.join(FILE_NAME)), ours, manifest, gone })
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

fn compare<'p>(request: &Request<'_>, contents: &Contents<'_>, wanted: &'p [Wanted], before: &Before) -> Todo<'p> {
    let mut todo = Todo { write: Vec::new(), remove: Vec::new() };
    let wanted = wanted.iter().map(|wanted| (&wanted.planned.path, (&wanted.planned, wanted.print)));
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
    file.is_some_and(|file| !is_settled(file.mark.modified, saved))
}

/// Whether a file of the last build shows a message that cannot be read now: it stays until the message is gone.
fn belongs_to_unreadable(contents: &Contents<'_>, path: &OutPath) -> bool {
    contents.snapshot.unreadable.iter().any(|(side, stamp)| {
        let stem = format!("{}{stamp}", contents.prefix(*side));
        path.as_str().strip_prefix(&stem).is_some_and(|rest| rest.starts_with(['.', '/']))
    })
}

/// Nothing that somebody else put into the output is overwritten: only what the manifest names is ours.
fn refuse_overwriting(request: &Request<'_>, before: &Before, todo: &Todo<'_>) -> Result<(), Error> {
    let adopt = request.manner.force || before.manifest.lossy;
    if adopt || before.fresh {
        return Ok(());
    }
    let ours = |path: &Path| {
        path.to_str().and_then(OutPath::new).is_some_and(|path| before.manifest.entries.contains_key(&path))
    };
    let mut looked_at = HashSet::new();
    for (planned, _) in todo.write.iter().filter(|(planned, _)| !ours(planned.path.as_path())) {
        for (depth, path) in planned.path.as_path().ancestors().enumerate() {
            if path.as_os_str().is_empty() || ours(path) || !looked_at.insert(path.to_owned()) {
                continue;
            }
            let there = request.output.join(path);
            let Ok(meta) = there.symlink_metadata() else {
                continue;
            };
            let folder = meta.is_dir();
            let harmless = if depth > 0 { folder } else { folder && holds_only_ours(&there, path, &ours) };
            if !harmless && !is_same_asset(request, planned, &there) {
                return Err(Error::InTheWay { path: there });
            }
        }
    }
    Ok(())
}

/// Whether everything in a folder that gives way to a file is ours.
fn holds_only_ours(folder: &Path, relative: &Path, ours: &dyn Fn(&Path) -> bool) -> bool {
    WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| !entry.file_type().is_dir())
        .all(|entry| entry.path().strip_prefix(folder).is_ok_and(|inside| ours(&relative.join(inside))))
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

/// Every file of the site after the change, with the fingerprint that is true of it.
///
/// A page that could not be made anew keeps its old fingerprint, and one made in part gets one that nothing has: both are
/// looked at again next time.
fn entries(
    contents: &Contents<'_>,
    wanted: &[Wanted],
    before: &Before,
    outcome: &Outcome,
) -> Vec<(OutPath, Fingerprint)> {
    let old = |path: &OutPath| before.manifest.entries.get(path).map(|print| print.unwrap_or_default());
    let print = |wanted: &Wanted| {
        let path = &wanted.planned.path;
        match () {
            () if outcome.skipped.contains(path) => old(path),
            () if outcome.partial.contains(path) => Some(Fingerprint::default()),
            () => Some(wanted.print),
        }
    };
    let mut entries: BTreeMap<&OutPath, Fingerprint> =
        wanted.iter().filter_map(|wanted| Some((&wanted.planned.path, print(wanted)?))).collect();
    for path in before.manifest.entries.keys().filter(|path| belongs_to_unreadable(contents, path)) {
        entries.entry(path).or_insert_with(|| old(path).unwrap_or_default());
    }
    entries.into_iter().map(|(path, print)| (path.clone(), print)).collect()
}

/// The staged files, in the order in which they appear.
fn staged<'p>(todo: &Todo<'p>, outcome: &Outcome) -> Vec<&'p OutPath> {
    let staged =
        todo.write.iter().map(|(planned, _)| *planned).filter(|planned| outcome.staged.contains(&planned.path));
    let mut staged: Vec<&Planned> = staged.collect();
    staged.sort_by_key(|planned| planned.page.rank());
    staged.into_iter().map(|planned| &planned.path).collect()
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

//! A reading room: the sites of several channels in one folder, and the files that they have in common.
//!
//! Owns which folder is whose, and what becomes of the site of a channel that is gone. The room's manifest names each of
//! its sites by the site's own, so what nobody named is never removed. How the files are made is others' business.

pub(crate) mod front_page;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::channel::feed_ids::Origins;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::snapshot::Snapshot;
use crate::difference::{Difference, difference};
use crate::text::caseless::casefold;

use crate::site::build::{BuildMemory, CUT_OFF};
use crate::site::build_options::{Overrides, SiteOptions};
use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::lock::Lock;
use crate::site::engine::manifest;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::refusal;
use crate::site::engine::report::{OutputReport, WrittenFile};
use crate::site::engine::stage::{Change, Gate, Stage};
use crate::site::error::SiteError;
use crate::site::feeds::combined_feed::{MemberChannel, settle_ids};
use crate::site::pages::contents::Contents;
use crate::site::pages::file_name::{Taken, safe};
use crate::site::pages::make::Outcome;
use crate::site::room::front_page::{FrontPage, Page, plan};
use crate::site::theme::Theme;

/// The room's own names, and those that would make it a channel.
const RESERVED: [&str; 10] = [
    "404.html",
    "assets",
    "atom.xml",
    "feed.json",
    "inbox",
    "index.html",
    "outbox",
    "robots.txt",
    "sitemap.xml",
    "subscriptions.opml",
];

/// The folder of each channel's site in a reading room: its name, or one like it where that is no safe or no free one.
pub fn site_folders<'n>(names: impl Iterator<Item = &'n ChannelName>) -> Vec<OutPath> {
    let mut taken = Taken::default();
    for name in RESERVED {
        taken.unique(name.to_owned(), name.as_bytes());
    }
    let folder = |name: &ChannelName| {
        let bytes = name.as_os_str().as_encoded_bytes();
        OutPath::fixed(taken.unique(safe(bytes), bytes))
    };
    names.map(folder).collect()
}

/// What a reading room is like.
pub struct ReadingRoomRequest<'a> {
    /// The lock on the output.
    pub lock: &'a Lock,
    /// Its title.
    pub title: &'a str,
    /// Where it will be found.
    pub base_url: Option<&'a BaseUrl>,
    /// The theme of its own pages.
    pub theme: &'a Theme,
    /// How what is there already is treated.
    pub overrides: Overrides,
    /// The output folder, absolute.
    pub output: &'a Path,
    /// Asked before each disk operation.
    pub gate: Gate<'a>,
}

/// A channel whose site was just built.
pub struct ReadingRoomChannel<'a> {
    /// The folder of its site.
    pub folder: &'a OutPath,
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// What its site says.
    pub options: &'a SiteOptions,
    /// What the build of its site remembers.
    pub memory: &'a BuildMemory,
    /// Where its boxes come from, which decides who bears an id that two of them claim.
    pub origins: Origins,
}

/// A reading room whose sites are being built.
pub struct ReadingRoom<'a> {
    request: ReadingRoomRequest<'a>,
    /// The folders that are sites of it.
    folders: &'a [OutPath],
    /// The folders of sites that are not built, and stay.
    lost: Vec<OutPath>,
    before: PreviousOutput,
}

/// A file of the room's own with its fingerprint.
struct Wanted {
    path: OutPath,
    page: Page,
    print: Fingerprint,
}

/// What must be done.
struct Todo<'w> {
    write: Vec<(&'w Wanted, Vec<&'static str>)>,
    remove: Vec<OutPath>,
}

impl<'a> ReadingRoom<'a> {
    /// Opens a room before the sites in these folders are built, and makes it if it is not there. The sites in the `lost`
    /// folders stay as they are: what they are made from may come back.
    ///
    /// # Errors
    /// [`SiteError::InTheWay`] when it would overwrite what is not its own; [`SiteError::Io`].
    pub fn open(request: ReadingRoomRequest<'a>, folders: &'a [OutPath], lost: &[OutPath]) -> Result<Self, SiteError> {
        if request.output.symlink_metadata().is_err() {
            fs_err::create_dir_all(request.output)?;
        }
        let target = OutputFolder::open(request.output)?;
        let mut before = PreviousOutput::read(&target)?;
        before.gone = before.find_gone(&target);
        let files = plan(request.theme);
        let known = |page: &Page| match page {
            Page::Asset(name) => request.theme.asset(name),
            _ => None,
        };
        let written = files.iter().map(|(path, page)| (path, known(page)));
        refusal::overwriting(&target, request.overrides.force, &before, written)?;
        let sites: Vec<OutPath> = folders.iter().map(record).collect();
        let new: Vec<&OutPath> = sites.iter().filter(|site| !before.manifest.entries.contains_key(*site)).collect();
        if !new.is_empty() {
            // A build that is cut off leaves no site that the room does not know of.
            (request.gate)()?;
            if let Some(folder) = target.folder() {
                let record = Path::new(manifest::FILE_NAME);
                Manifest::intend(folder, &new).map_err(|error| target.blame(record, &error))?;
            }
            before.manifest.entries.extend(new.into_iter().map(|site| (site.clone(), None)));
        }
        let is_site = |folder: &&OutPath| before.manifest.entries.contains_key(&record(folder));
        let lost = lost.iter().filter(is_site).filter(|folder| !folders.contains(folder)).cloned().collect();
        Ok(Self { request, folders, lost, before })
    }

    /// The folders of sites that are not built, and stay.
    pub fn lost(&self) -> &[OutPath] {
        &self.lost
    }

    /// Where the site in a folder is written.
    pub fn site(&self, folder: &OutPath) -> PathBuf {
        self.request.output.join(folder.as_path())
    }

    /// Makes the room's own files from the channels whose sites could be built. A site that could not be built stays as it
    /// was; one whose channel is not among the room's any more goes.
    ///
    /// # Errors
    /// [`SiteError`]; whatever it is, each file is its old or its new self.
    pub fn publish(mut self, channels: &[ReadingRoomChannel<'_>]) -> Result<OutputReport, SiteError> {
        let base = self.request.base_url.map(BaseUrl::as_str);
        let mut members: Vec<MemberChannel<'_>> = channels.iter().map(|channel| member(channel, base)).collect();
        let same_ids = settle_ids(&mut members);
        let river = FrontPage::new(self.request.title, base, &members, self.request.theme);
        let wanted = wanted(&river, self.request.theme);
        let target = OutputFolder::open(self.request.output)?;
        let (sites, gone) = (self.sites(&target), self.gone(&target)?);
        self.before.gone = self.before.find_gone(&target);
        let mut todo = self.compare(&wanted, &sites);
        todo.remove.retain(|path| !gone.contains(path));
        todo.remove.extend(gone);
        let mut report = OutputReport {
            output: self.request.output.to_owned(),
            messages: members.iter().map(|member| member.contents.cards.len()).sum(),
            files: wanted.len(),
            damage: self.before.manifest.damage.clone(),
            same_ids,
            ..OutputReport::default()
        };
        let known = |site: &OutPath| self.before.manifest.entries.get(site).is_some_and(Option::is_some);
        let named = self.before.manifest.entries.len() == wanted.len() + sites.len() && sites.iter().all(known);
        let is_done = todo.write.is_empty() && todo.remove.is_empty() && named;
        if is_done && self.before.ours && self.before.manifest.damage.is_none() {
            return Ok(report);
        }
        let stage = Stage::open(target, false, self.request.gate)?;
        let outcome = match make(&river, &todo, &stage) {
            Ok(outcome) => outcome,
            Err(error) => {
                stage.abandon();
                return Err(error);
            }
        };
        report.kept = outcome.unreadable.iter().cloned().collect();
        report.written = written(&todo, &outcome);
        let manifest = after(self.before.manifest, &wanted, sites, &outcome);
        let change = Change { written: staged(&todo, &outcome), removed: &todo.remove, manifest: &manifest };
        if let Err(error) = stage.commit(&change) {
            stage.abandon();
            return Err(error.into());
        }
        report.removed = todo.remove;
        Ok(report)
    }

    /// The manifests of the sites that there are: one that could not be built may have none yet.
    fn sites(&self, target: &OutputFolder<'_>) -> BTreeSet<OutPath> {
        let is_gone = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
        let there =
            |site: &OutPath| target.folder().is_some_and(|folder| !folder.stat(site.as_path()).is_err_and(is_gone));
        self.folders.iter().chain(&self.lost).map(record).filter(there).collect()
    }

    /// The files of sites whose channels are gone: what their manifests name, and those last.
    fn gone(&self, target: &OutputFolder<'_>) -> Result<Vec<OutPath>, SiteError> {
        // One system's other folder is the same one to another.
        let staying = self.folders.iter().chain(&self.lost);
        let taken: Vec<String> = staying.map(|folder| casefold(folder.as_str())).collect();
        let named = self.before.manifest.entries.keys().filter_map(|path| path.as_str().split_once('/'));
        let gone = named.filter(|(folder, name)| *name == manifest::FILE_NAME && !taken.contains(&casefold(folder)));
        let mut files = Vec::new();
        for (folder, _) in gone {
            let site = left_in(target, folder)?;
            files.extend(site.entries.keys().map(|path| OutPath::fixed(format!("{folder}/{path}"))));
            files.push(OutPath::fixed(format!("{folder}/{}", manifest::FILE_NAME)));
        }
        Ok(files)
    }

    fn compare<'w>(&self, wanted: &'w [Wanted], sites: &BTreeSet<OutPath>) -> Todo<'w> {
        let mut todo = Todo { write: Vec::new(), remove: Vec::new() };
        let wanted = wanted.iter().map(|wanted| (&wanted.path, wanted));
        let there = self.before.manifest.entries.iter().map(|(path, print)| (path, *print));
        let is_gone = |path: &OutPath| self.before.gone.contains(path);
        let same = |wanted: &&Wanted, old: &Option<Fingerprint>| {
            !self.request.overrides.force && *old == Some(wanted.print) && !is_gone(&wanted.path)
        };
        for step in difference(wanted, there, same) {
            match step {
                Difference::Missing(_, wanted) => todo.write.push((wanted, vec!["new"])),
                Difference::Differing(_, wanted, _) if is_gone(&wanted.path) => {
                    todo.write.push((wanted, vec!["the file was gone"]));
                }
                Difference::Differing(_, wanted, old) => todo.write.push((wanted, reasons(wanted, old))),
                // What lies in a site is its own business, and that of one whose channel is gone is looked up there.
                Difference::Surplus(path, _) if self.is_in_a_site(path, sites) => {}
                Difference::Surplus(path, _) => todo.remove.push(path.clone()),
            }
        }
        todo
    }

    fn is_in_a_site(&self, path: &OutPath, sites: &BTreeSet<OutPath>) -> bool {
        let Some((folder, name)) = path.as_str().split_once('/') else {
            return false;
        };
        name == manifest::FILE_NAME && !sites.contains(path)
            || self.folders.iter().chain(&self.lost).any(|site| casefold(site.as_str()) == casefold(folder))
    }
}

/// What the site in a folder of the output left; nothing where there is no such folder any more.
fn left_in(target: &OutputFolder<'_>, folder: &str) -> Result<Manifest, SiteError> {
    let Some(site) = target.folder().map(|output| output.child(Path::new(folder))) else {
        return Ok(Manifest::default());
    };
    let read = match site {
        Ok(site) => Manifest::read(&site),
        // What took its place is none of ours.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    };
    let record = Path::new(folder).join(manifest::FILE_NAME);
    read.map(Option::unwrap_or_default).map_err(|error| target.blame(&record, &error))
}

/// Every file of the room's own, with its fingerprint, in the order of the paths.
fn wanted(river: &FrontPage<'_>, theme: &Theme) -> Vec<Wanted> {
    let print = |(path, page)| Wanted { print: river.fingerprint(&page), path, page };
    plan(theme).into_iter().map(print).collect()
}

fn reasons(wanted: &Wanted, old: Option<Fingerprint>) -> Vec<&'static str> {
    match old.map(|old| wanted.print.reasons(&old)) {
        None => vec![CUT_OFF],
        Some(reasons) if reasons.is_empty() => vec!["forced"],
        Some(reasons) => reasons,
    }
}

/// Makes what must be written. A page that lacks a text is staged only where there is no older one to keep.
fn make(river: &FrontPage<'_>, todo: &Todo<'_>, stage: &Stage<'_>) -> Result<Outcome, SiteError> {
    let mut outcome = Outcome::default();
    stage.folders(todo.write.iter().map(|(wanted, _)| &wanted.path))?;
    for (Wanted { path, page, .. }, _) in &todo.write {
        let (bytes, unreadable) = river.make(page)?;
        let is_whole = unreadable.is_empty();
        outcome.unreadable.extend(unreadable);
        if !is_whole && stage.is_there(path) {
            outcome.skipped.insert(path.clone());
            continue;
        }
        if !is_whole {
            outcome.partial.insert(path.clone());
        }
        if stage.put(path, &bytes)? {
            outcome.staged.insert(path.clone());
        }
    }
    Ok(outcome)
}

/// What the room holds after the change: its files, and its sites by their manifests, which have no fingerprint.
fn after(mut manifest: Manifest, wanted: &[Wanted], sites: BTreeSet<OutPath>, outcome: &Outcome) -> Manifest {
    let mut print = |Wanted { path, print, .. }: &Wanted| match () {
        () if outcome.skipped.contains(path) => manifest.entries.remove(path).flatten(),
        () if outcome.partial.contains(path) => None,
        () => Some(*print),
    };
    let files: Vec<_> = wanted.iter().map(|wanted| (wanted.path.clone(), print(wanted))).collect();
    manifest.entries = files.into_iter().chain(sites.into_iter().map(|site| (site, None))).collect();
    manifest.settled([0, 0])
}

/// The staged files, in the order in which they appear.
fn staged<'w>(todo: &Todo<'w>, outcome: &Outcome) -> Vec<&'w OutPath> {
    let mut staged: Vec<&Wanted> =
        todo.write.iter().map(|(wanted, _)| *wanted).filter(|wanted| outcome.staged.contains(&wanted.path)).collect();
    staged.sort_by_key(|wanted| wanted.page.rank());
    staged.into_iter().map(|wanted| &wanted.path).collect()
}

/// The files that are other than after the last build that was finished.
fn written(todo: &Todo<'_>, outcome: &Outcome) -> Vec<WrittenFile> {
    let other = todo.write.iter().filter(|(wanted, reasons)| {
        outcome.staged.contains(&wanted.path) || reasons.contains(&CUT_OFF) && !outcome.skipped.contains(&wanted.path)
    });
    other.map(|(wanted, reasons)| WrittenFile { path: wanted.path.clone(), reasons: reasons.clone() }).collect()
}

/// The manifest of the site in a folder.
fn record(folder: &OutPath) -> OutPath {
    OutPath::fixed(format!("{folder}/{}", manifest::FILE_NAME))
}

fn member<'a>(channel: &ReadingRoomChannel<'a>, base: Option<&str>) -> MemberChannel<'a> {
    let digests = channel.memory.digests();
    let root = format!("{}/", channel.folder.address());
    MemberChannel {
        contents: Contents::new(channel.snapshot, channel.options, digests.cards(), digests.all()),
        site: format!("{}{root}", base.unwrap_or_default()),
        root,
        origins: channel.origins.clone(),
        copied: [None; 2],
    }
}

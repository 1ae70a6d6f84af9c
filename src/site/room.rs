//! A reading room: the sites of several channels in one folder, and the files that they have in common.
//!
//! The room's manifest names its own files, and each of its sites by the site's manifest. So what nobody named is never
//! removed, and when a channel is gone, the files of its site go with it.

pub(crate) mod front_page;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::channel::feed_ids::Origins;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::snapshot::Snapshot;
use crate::site::build::BuildMemory;
use crate::site::build_options::{Overrides, SiteOptions};
use crate::site::engine::lock::Lock;
use crate::site::engine::made::Made;
use crate::site::engine::manifest;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::plan::{Plan, Planned, Unplanned};
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::refusal;
use crate::site::engine::report::OutputReport;
use crate::site::engine::run::{Engine, OpenOutput};
use crate::site::engine::stage::Gate;
use crate::site::error::SiteError;
use crate::site::feeds::combined_feed::{MemberChannel, settle_ids};
use crate::site::pages::contents::Contents;
use crate::site::pages::file_name::{Taken, safe};
use crate::site::room::front_page::{FrontPage, Page, files, known_bytes};
use crate::site::theme::Theme;
use crate::text::caseless::casefold;

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
    previous: PreviousOutput,
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
        let mut output = OpenOutput::open(request.output, None)?;
        output.look();
        // Before the sites are built, which takes long, and which would be left behind.
        let files = files(request.theme);
        let at_stake = files.iter().map(|(path, page)| (path, known_bytes(request.theme, page)));
        refusal::overwriting(output.folder(), request.overrides.force, &output.previous, at_stake)?;
        let sites: Vec<OutPath> = folders.iter().map(manifest_of).collect();
        output.intend(&sites, request.gate)?;
        let is_site = |folder: &&OutPath| output.previous.manifest.entries.contains_key(&manifest_of(folder));
        let lost = lost.iter().filter(is_site).filter(|folder| !folders.contains(folder)).cloned().collect();
        Ok(Self { request, folders, lost, previous: output.previous })
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
    pub fn publish(self, channels: &[ReadingRoomChannel<'_>]) -> Result<OutputReport, SiteError> {
        let Self { request, folders, lost, previous } = self;
        let base = request.base_url.map(BaseUrl::as_str);
        let mut members: Vec<MemberChannel<'_>> = channels.iter().map(|channel| member(channel, base)).collect();
        let same_ids = settle_ids(&mut members);
        let front_page = FrontPage::new(request.title, base, &members, request.theme);
        let mut output = OpenOutput::again(request.output, previous)?;
        let sites = Sites::look(output.folder(), folders.iter().chain(&lost));
        output.adopt(sites.files_of_others(&output)?);
        let engine = Engine { force: request.overrides.force, progress: &|_, _| {}, gate: request.gate };
        let plan = || RoomPlan { files: front_page.plan(), front_page: &front_page, sites };
        let (report, _) = engine.run(request.lock, output, plan)?;
        let messages = members.iter().map(|member| member.contents.cards.len()).sum();
        Ok(OutputReport { messages, same_ids, ..report })
    }
}

/// The sites of a room.
struct Sites {
    /// Their folders, compared as a system does that knows no case: one system's other folder is the same one to another.
    folders: HashSet<String>,
    /// The manifests of those that are there: one that could not be built may have none yet.
    manifests: HashSet<OutPath>,
}

impl Sites {
    fn look<'f>(output: &OutputFolder<'_>, folders: impl Iterator<Item = &'f OutPath>) -> Self {
        let mut sites = Self { folders: HashSet::new(), manifests: HashSet::new() };
        for folder in folders {
            sites.folders.insert(casefold(folder.as_str()));
            let manifest = manifest_of(folder);
            // What cannot be looked at now is taken for there.
            let is_gone = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
            let there = output.folder().map(|output| output.stat(manifest.as_path()));
            if there.is_some_and(|there| !there.is_err_and(is_gone)) {
                sites.manifests.insert(manifest);
            }
        }
        sites
    }

    fn has(&self, folder: &str) -> bool {
        self.folders.contains(&casefold(folder))
    }

    /// The files of sites whose channels are gone: what their manifests name.
    fn files_of_others(&self, output: &OpenOutput<'_>) -> Result<Vec<OutPath>, SiteError> {
        let named = output.previous.manifest.entries.keys().filter_map(|path| path.as_str().split_once('/'));
        let others = named.filter(|(folder, name)| *name == manifest::FILE_NAME && !self.has(folder));
        let mut files = Vec::new();
        for (folder, _) in others {
            let site = left_in(output.folder(), folder)?;
            files.extend(site.entries.keys().map(|path| OutPath::fixed(format!("{folder}/{path}"))));
        }
        Ok(files)
    }
}

/// What the site in a folder of the output left; nothing where there is no such folder any more.
fn left_in(output: &OutputFolder<'_>, folder: &str) -> Result<Manifest, SiteError> {
    let Some(site) = output.folder().map(|output| output.child(Path::new(folder))) else {
        return Ok(Manifest::default());
    };
    let read = match site {
        Ok(site) => Manifest::read(&site),
        // What took its place is none of ours.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    };
    let path = Path::new(folder).join(manifest::FILE_NAME);
    // A site without a manifest left nothing that is known to be ours.
    read.map(Option::unwrap_or_default).map_err(|error| output.blame(&path, error))
}

/// A room's own files as a plan for the engine.
struct RoomPlan<'a> {
    front_page: &'a FrontPage<'a>,
    files: Vec<Planned<Page>>,
    sites: Sites,
}

impl Plan for RoomPlan<'_> {
    type Page = Page;
    type Tools = ();

    fn files(&self) -> &[Planned<Page>] {
        &self.files
    }

    /// A room has no boxes; each of its sites counts its own.
    fn messages(&self) -> [usize; 2] {
        [0, 0]
    }

    /// What lies in a site is its own business; the room names each of its sites by the site's manifest.
    fn unplanned(&self, path: &OutPath) -> Unplanned {
        match path.as_str().split_once('/') {
            Some(_) if self.sites.manifests.contains(path) => Unplanned::Keep,
            Some((folder, _)) if self.sites.has(folder) => Unplanned::Forget,
            _ => Unplanned::Remove,
        }
    }

    fn rank(&self, page: &Page) -> u8 {
        page.rank()
    }

    fn known_bytes(&self, page: &Page) -> Option<&[u8]> {
        known_bytes(self.front_page.theme(), page)
    }

    fn is_settled(&self, _page: &Page, _made_at: i64) -> bool {
        true
    }

    fn tools(&self) -> Result<(), SiteError> {
        Ok(())
    }

    fn batches<'p>(&self, due: &[&'p Planned<Page>]) -> Vec<Vec<&'p Planned<Page>>> {
        due.iter().map(|planned| vec![*planned]).collect()
    }

    fn make(&self, (): &(), batch: &[&Planned<Page>], made: &mut Made<'_>) -> Result<(), SiteError> {
        for planned in batch {
            let (bytes, unreadable) = self.front_page.make(&planned.page)?;
            made.put_without(&unreadable, &planned.path, Ok(bytes))?;
        }
        Ok(())
    }
}

/// The manifest of the site in a folder.
fn manifest_of(folder: &OutPath) -> OutPath {
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

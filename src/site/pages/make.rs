//! Making the files that differ, on all processors.
//!
//! Owns how the work is cut: one list page's worth of messages at a time, so that memory stays flat however long the
//! channel is. Refuses to decide what must be made.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::channel::Kind;
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::snapshot::attachments::MAX_PICTURE_BYTES;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::channel::snapshot::file_mark::FileMark;
use crate::fs::confined::Stat;
use crate::markdown::Trust;
use crate::media::published;

use crate::site::engine::out_path::OutPath;
use crate::site::engine::stage::Stage;
use crate::site::error::SiteError;
use crate::site::feeds::channel_feed;
use crate::site::pages::contents::{Contents, MAX_OWN_TEXT};
use crate::site::pages::converted_message::ConvertedMessage;
use crate::site::pages::plan::{Page, Planned};
use crate::site::pages::render::Renderer;
use crate::site::pages::sitemap;
use crate::site::theme::Theme;

/// What came of the work.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The files that are staged.
    pub(crate) staged: HashSet<OutPath>,
    /// The files that stay as they are, because a text they show cannot be read now.
    pub(crate) skipped: HashSet<OutPath>,
    /// The files that were made without such a text, because there was no old one to keep.
    pub(crate) partial: HashSet<OutPath>,
    /// Those texts.
    pub(crate) unreadable: BTreeSet<String>,
}

/// The means of the work.
pub(crate) struct Work<'a> {
    pub(crate) contents: &'a Contents<'a>,
    pub(crate) renderer: &'a Renderer<'a>,
    pub(crate) theme: &'a Theme,
    pub(crate) stage: &'a Stage<'a>,
    pub(crate) outcome: &'a Mutex<Outcome>,
    pub(crate) progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Work that is done in one go.
enum Job<'p> {
    /// The messages of one list page, and that page.
    Chunk { messages: Vec<(usize, &'p Planned)>, list: Option<(usize, &'p Planned)> },
    /// Both feeds.
    Feeds(Vec<&'p Planned>),
    /// Any other file.
    Single(&'p Planned),
}

impl Work<'_> {
    /// Makes these files.
    pub(crate) fn run(&self, planned: &[&Planned]) -> Result<(), SiteError> {
        let jobs = self.jobs(planned);
        let done = AtomicUsize::new(0);
        jobs.par_iter().with_max_len(1).try_for_each(|job| {
            self.job(job)?;
            let count = done.fetch_add(job.len(), Ordering::Relaxed) + job.len();
            (self.progress)(count, planned.len());
            Ok(())
        })
    }

    fn jobs<'p>(&self, planned: &[&'p Planned]) -> Vec<Job<'p>> {
        let size = self.contents.lists.size;
        let mut chunks: HashMap<usize, Job<'p>> = HashMap::new();
        let mut feeds = Vec::new();
        let mut jobs = Vec::new();
        for planned in planned {
            let number = match planned.page {
                Page::Message(at) => at / size + 1,
                Page::List(number) => number,
                Page::Atom | Page::Json => {
                    feeds.push(*planned);
                    continue;
                }
                _ => {
                    jobs.push(Job::Single(planned));
                    continue;
                }
            };
            let chunk = chunks.entry(number).or_insert_with(|| Job::Chunk { messages: Vec::new(), list: None });
            if let Job::Chunk { messages, list } = chunk {
                match planned.page {
                    Page::Message(at) => messages.push((at, planned)),
                    _ => *list = Some((number, planned)),
                }
            }
        }
        if !feeds.is_empty() {
            jobs.push(Job::Feeds(feeds));
        }
        jobs.extend(chunks.into_values());
        jobs
    }

    fn job(&self, job: &Job<'_>) -> Result<(), SiteError> {
        match job {
            Job::Chunk { messages, list: None } => {
                for (at, planned) in messages {
                    let ready = ConvertedMessage::read(self.contents, *at, None).map_err(SiteError::Unreadable);
                    let made = ready.and_then(|ready| self.renderer.message(&ready));
                    self.put(planned, made)?;
                }
                Ok(())
            }
            Job::Chunk { messages, list: Some((number, planned)) } => self.chunk(messages, *number, planned),
            Job::Feeds(planned) => self.feeds(planned),
            Job::Single(planned) => self.single(planned),
        }
    }

    /// A list page and those of its messages whose own pages are due.
    fn chunk(&self, messages: &[(usize, &Planned)], number: usize, list: &Planned) -> Result<(), SiteError> {
        let all = self.all(self.contents.lists.range(number));
        for (at, planned) in messages {
            match all.ready.iter().find(|ready| ready.at == *at) {
                Some(ready) => self.put(planned, self.renderer.message(ready))?,
                None => self.put(planned, Err(all.unreadable_text()))?,
            }
        }
        self.put_all(list, &all, self.renderer.list(number, &newest_first(&all.ready)))
    }

    fn feeds(&self, planned: &[&Planned]) -> Result<(), SiteError> {
        let total = self.contents.cards.len();
        let all = self.all(total.saturating_sub(self.contents.options.feed_size)..total);
        let entries = channel_feed::entries(self.contents, &newest_first(&all.ready));
        for planned in planned {
            let bytes = match planned.page {
                Page::Atom => channel_feed::atom(self.contents, &entries),
                _ => channel_feed::json(self.contents, &entries),
            };
            self.put_all(planned, &all, Ok(bytes))?;
        }
        Ok(())
    }

    /// Reads the texts of several messages, as far as they can be read.
    fn all(&self, range: std::ops::Range<usize>) -> All {
        let mut all = All::default();
        for at in range {
            match ConvertedMessage::read(self.contents, at, None) {
                Ok(ready) => all.ready.push(ready),
                Err(text) => all.unreadable = Some(text),
            }
        }
        all
    }

    /// Stages a page of several messages. One that lacks a text is staged only where there is no older one to keep.
    fn put_all(&self, planned: &Planned, all: &All, made: Result<Vec<u8>, SiteError>) -> Result<(), SiteError> {
        if all.unreadable.is_none() {
            return self.put(planned, made);
        }
        if self.stage.is_there(&planned.path) {
            return self.put(planned, Err(all.unreadable_text()));
        }
        if let Ok(mut outcome) = self.outcome.lock() {
            outcome.partial.insert(planned.path.clone());
        }
        self.put(planned, made)
    }

    fn single(&self, planned: &Planned) -> Result<(), SiteError> {
        let renderer = self.renderer;
        let made = match &planned.page {
            Page::Index => {
                let all = self.all(self.contents.lists.front());
                return self.put_all(planned, &all, renderer.index(&newest_first(&all.ready)));
            }
            Page::Month(at) => renderer.month(*at),
            Page::Year(year) => renderer.year(*year),
            Page::Tag(name) => renderer.tag(name),
            Page::Tags => renderer.tags(&planned.path),
            Page::Missing => renderer.missing(),
            Page::Sitemap(part) => Ok(sitemap::render(self.contents, *part).into_bytes()),
            Page::Robots => Ok(self.robots()),
            Page::Asset(name) => Ok(self.theme.asset(name).unwrap_or_default().to_vec()),
            Page::Icon => {
                Ok(self.contents.icon.as_ref().map(|icon| stripped(icon.bytes.clone(), "")).unwrap_or_default())
            }
            Page::Attachment(at, number) => return self.attachment(planned, *at, *number),
            Page::Text(at) => return self.text(planned, *at),
            Page::Message(_) | Page::List(_) | Page::Atom | Page::Json => return Ok(()),
        };
        self.put(planned, made)
    }

    fn robots(&self) -> Vec<u8> {
        let facts = &self.contents.facts;
        match &facts.base {
            _ if facts.kind == Kind::Message => "User-agent: *\nDisallow: /\n".to_owned(),
            Some(base) => format!("User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"),
            None => "User-agent: *\nAllow: /\n".to_owned(),
        }
        .into_bytes()
    }

    fn attachment(&self, planned: &Planned, at: usize, number: usize) -> Result<(), SiteError> {
        let Some((card, file)) =
            self.contents.cards.get(at).and_then(|card| Some((card, card.attachments.get(number)?)))
        else {
            return Ok(());
        };
        let path = Entry::Attachment(card.stamp, file.path.clone()).path();
        if file.loses_metadata() && !self.contents.options.keep_metadata {
            let made = self.read(card, &path);
            let now = self.contents.snapshot.folder(card.side).and_then(|folder| folder.stat(&path).ok());
            if now.is_some_and(|stat| self.is_foreign_by_now(card, file, stat)) {
                return self.skip(planned, unreadable(card, &path));
            }
            return self.put(planned, made.map(|bytes| stripped(bytes, &file.path.name())));
        }
        self.copy(planned, card, &path, |stat| self.is_foreign_by_now(card, file, stat))
    }

    /// Whether somebody else has written over an attachment of one's own since the look: it would be published as one's own.
    fn is_foreign_by_now(&self, card: &Card, file: &Attachment, now: Stat) -> bool {
        let snapshot = self.contents.snapshot;
        let trust = |whose: &BoxTrust| whose.of_attachment(card.stamp, &file.path);
        FileMark::from(now) != file.mark
            && trust(snapshot.box_trust(card.side)) == Trust::Own
            && snapshot.folder(card.side).is_some_and(|it| trust(&BoxTrust::now(it, card.side)) == Trust::Theirs)
    }

    fn text(&self, planned: &Planned, at: usize) -> Result<(), SiteError> {
        let Some(card) = self.contents.cards.get(at) else {
            return Ok(());
        };
        let path = Entry::Text(card.stamp).path();
        if self.contents.publishes_whole_text(card) {
            // What is longer by now was put there since the look.
            return self.copy(planned, card, &path, |stat| stat.len > MAX_OWN_TEXT);
        }
        let folder = self.contents.snapshot.folder(card.side);
        let beginning = folder.and_then(|folder| folder.read(&path, MAX_READ).ok()).map(|(bytes, _)| bytes);
        self.put(planned, beginning.ok_or_else(|| unreadable(card, &path)))
    }

    fn read(&self, card: &Card, path: &Path) -> Result<Vec<u8>, SiteError> {
        let folder = self.contents.snapshot.folder(card.side).ok_or_else(|| unreadable(card, path))?;
        folder.read(path, MAX_PICTURE_BYTES).map(|(bytes, _)| bytes).map_err(|_| unreadable(card, path))
    }

    fn copy(
        &self,
        planned: &Planned,
        card: &Card,
        path: &Path,
        is_refused: impl Fn(Stat) -> bool,
    ) -> Result<(), SiteError> {
        let opened = self.contents.snapshot.folder(card.side).and_then(|folder| folder.file(path).ok());
        let Some((file, _)) = opened.filter(|(_, stat)| !is_refused(*stat)) else {
            return self.skip(planned, unreadable(card, path));
        };
        if self.stage.copy(&planned.path, &file)? {
            self.staged(&planned.path);
        }
        Ok(())
    }

    /// Stages a page, or notes that it must stay as it is.
    fn put(&self, planned: &Planned, made: Result<Vec<u8>, SiteError>) -> Result<(), SiteError> {
        match made {
            Ok(bytes) => {
                if self.stage.put(&planned.path, &bytes)? {
                    self.staged(&planned.path);
                }
                Ok(())
            }
            Err(error) => self.skip(planned, error),
        }
    }

    fn staged(&self, path: &OutPath) {
        if let Ok(mut outcome) = self.outcome.lock() {
            outcome.staged.insert(path.clone());
        }
    }

    /// Notes an unreadable text; any other error goes on up.
    fn skip(&self, planned: &Planned, error: SiteError) -> Result<(), SiteError> {
        let SiteError::Unreadable(text) = error else {
            return Err(error);
        };
        if let Ok(mut outcome) = self.outcome.lock() {
            outcome.skipped.insert(planned.path.clone());
            outcome.unreadable.insert(text);
        }
        Ok(())
    }
}

/// Several messages that are shown together.
#[derive(Default)]
struct All {
    ready: Vec<ConvertedMessage>,
    /// One that cannot be read, if there is any.
    unreadable: Option<String>,
}

impl All {
    fn unreadable_text(&self) -> SiteError {
        SiteError::Unreadable(self.unreadable.clone().unwrap_or_default())
    }
}

impl Job<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Chunk { messages, list } => messages.len() + usize::from(list.is_some()),
            Self::Feeds(planned) => planned.len(),
            Self::Single(_) => 1,
        }
    }
}

/// The picture without its metadata; most have none to lose, and those are not copied.
fn stripped(bytes: Vec<u8>, name: &str) -> Vec<u8> {
    match published(&bytes, name) {
        Cow::Borrowed(_) => bytes,
        Cow::Owned(stripped) => stripped,
    }
}

fn unreadable(card: &Card, path: &Path) -> SiteError {
    SiteError::Unreadable(Path::new(card.side.name()).join(path).display().to_string())
}

fn newest_first(ready: &[ConvertedMessage]) -> Vec<&ConvertedMessage> {
    ready.iter().rev().collect()
}

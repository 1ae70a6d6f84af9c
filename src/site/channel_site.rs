//! A channel's site as a plan for the engine: its files, and how each of them is made.
//!
//! The work is cut into one list page's worth of messages at a time, so that a text is converted once for all that shows
//! it, and memory stays flat however long the channel is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use crate::channel::Kind;
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::snapshot::attachments::MAX_PICTURE_BYTES;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::channel::snapshot::file_mark::{FileMark, is_settled};
use crate::fs::confined::Stat;
use crate::markdown::Trust;
use crate::media::{Layout, Metadata, erasures, published};
use crate::site::engine::made::Made;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::plan::{Plan, Planned, Unplanned};
use crate::site::error::SiteError;
use crate::site::feeds::channel_feed;
use crate::site::pages::contents::{Contents, MAX_OWN_TEXT};
use crate::site::pages::converted_message::ConvertedMessage;
use crate::site::pages::page::Page;
use crate::site::pages::plan::plan;
use crate::site::pages::render::Renderer;
use crate::site::pages::sitemap;
use crate::site::theme::Theme;

/// How much of a film is read at a time while it is looked through for its metadata, which lie far apart, in bytes.
const PIECE: usize = 4 << 10;

/// A channel's site.
pub(crate) struct ChannelSite<'a> {
    contents: &'a Contents<'a>,
    theme: &'a Theme,
    files: Vec<Planned<Page>>,
}

impl<'a> ChannelSite<'a> {
    /// Plans the site.
    pub(crate) fn new(contents: &'a Contents<'a>, theme: &'a Theme) -> Self {
        Self { contents, theme, files: plan(contents, theme) }
    }
}

impl<'a> Plan for ChannelSite<'a> {
    type Page = Page;
    type Tools = Renderer<'a>;

    fn files(&self) -> &[Planned<Page>] {
        &self.files
    }

    fn messages(&self) -> [usize; 2] {
        Side::BOTH.map(|side| self.contents.digests.iter().filter(|digest| digest.side == side).count())
    }

    /// A file that shows a message which cannot be read now stays until the message is gone.
    fn unplanned(&self, path: &OutPath) -> Unplanned {
        let belongs_to = |(side, stamp): &(Side, _)| {
            let stem = format!("{}{stamp}", self.contents.prefix(*side));
            path.as_str().strip_prefix(&stem).is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        let is_unreadable = self.contents.snapshot.findings.unreadable.iter().any(belongs_to);
        if is_unreadable { Unplanned::Keep } else { Unplanned::Remove }
    }

    fn rank(&self, page: &Page) -> u8 {
        page.rank()
    }

    fn known_bytes(&self, page: &Page) -> Option<&[u8]> {
        if let Page::Asset(name) = page { self.theme.asset(name) } else { None }
    }

    /// An attachment may have been modified so shortly before that its time does not tell.
    fn is_settled(&self, page: &Page, made_at: i64) -> bool {
        let Page::Attachment(at, number) = page else {
            return true;
        };
        let file = self.contents.cards.get(*at).and_then(|card| card.attachments.get(*number));
        file.is_none_or(|file| is_settled(file.mark.modified, made_at))
    }

    fn tools(&self) -> Result<Renderer<'a>, SiteError> {
        Renderer::new(self.contents, self.theme)
    }

    fn batches<'p>(&self, due: &[&'p Planned<Page>]) -> Vec<Vec<&'p Planned<Page>>> {
        let size = self.contents.lists.size;
        let mut lists: HashMap<usize, Vec<&'p Planned<Page>>> = HashMap::new();
        let (mut feeds, mut batches) = (Vec::new(), Vec::new());
        for &planned in due {
            match planned.page {
                Page::Message(at) => lists.entry(at / size + 1).or_default().push(planned),
                Page::List(number) => lists.entry(number).or_default().push(planned),
                // Both show the same texts.
                Page::Atom | Page::Json => feeds.push(planned),
                _ => batches.push(vec![planned]),
            }
        }
        if !feeds.is_empty() {
            batches.push(feeds);
        }
        batches.extend(lists.into_values());
        batches
    }

    fn make(&self, renderer: &Renderer<'a>, batch: &[&Planned<Page>], made: &mut Made<'_>) -> Result<(), SiteError> {
        let mut maker = Maker { contents: self.contents, theme: self.theme, renderer, made };
        let list = batch.iter().find_map(|planned| match planned.page {
            Page::List(number) => Some((planned, number)),
            _ => None,
        });
        match (list, batch) {
            (Some((list, number)), _) => maker.list_and_messages(list, number, batch),
            (None, [Planned { page: Page::Atom | Page::Json, .. }, ..]) => maker.feeds(batch),
            (None, batch) => batch.iter().try_for_each(|planned| maker.single(planned)),
        }
    }
}

/// What the files of one batch are made with.
struct Maker<'m, 'a, 's> {
    contents: &'a Contents<'a>,
    theme: &'a Theme,
    renderer: &'m Renderer<'a>,
    made: &'m mut Made<'s>,
}

impl Maker<'_, '_, '_> {
    /// A list page and those of its messages whose own pages are due.
    fn list_and_messages(
        &mut self,
        list: &Planned<Page>,
        number: usize,
        batch: &[&Planned<Page>],
    ) -> Result<(), SiteError> {
        let converted = Converted::read(self.contents, self.contents.lists.range(number));
        for planned in batch {
            if let Page::Message(at) = planned.page {
                let message = converted.message(at).and_then(|message| self.renderer.message(message));
                self.made.put(&planned.path, message)?;
            }
        }
        let page = self.renderer.list(number, &converted.newest_first());
        self.made.put_without(&converted.unreadable_texts(), &list.path, page)
    }

    fn feeds(&mut self, feeds: &[&Planned<Page>]) -> Result<(), SiteError> {
        let total = self.contents.cards.len();
        let newest = total.saturating_sub(self.contents.options.feed_size)..total;
        let converted = Converted::read(self.contents, newest);
        let entries = channel_feed::entries(self.contents, &converted.newest_first());
        for planned in feeds {
            let bytes = match planned.page {
                Page::Atom => channel_feed::atom(self.contents, &entries),
                _ => channel_feed::json(self.contents, &entries),
            };
            self.made.put_without(&converted.unreadable_texts(), &planned.path, Ok(bytes))?;
        }
        Ok(())
    }

    fn single(&mut self, planned: &Planned<Page>) -> Result<(), SiteError> {
        let renderer = self.renderer;
        let bytes = match &planned.page {
            Page::Message(at) => {
                let message = ConvertedMessage::read(self.contents, *at, None).map_err(SiteError::Unreadable);
                message.and_then(|message| renderer.message(&message))
            }
            Page::Index => {
                let converted = Converted::read(self.contents, self.contents.lists.front());
                let page = renderer.index(&converted.newest_first());
                return self.made.put_without(&converted.unreadable_texts(), &planned.path, page);
            }
            Page::Month(at) => renderer.month(*at),
            Page::Year(year) => renderer.year(*year),
            Page::Tag(name) => renderer.tag(name),
            Page::Tags => renderer.tags(&planned.path),
            Page::Missing => renderer.missing(),
            Page::Sitemap(part) => Ok(sitemap::render(self.contents, *part).into_bytes()),
            Page::Robots => Ok(self.robots()),
            // An asset that is planned is in the theme.
            Page::Asset(name) => Ok(self.theme.asset(name).unwrap_or_default().to_vec()),
            Page::Icon => {
                let icon = self.contents.icon.as_ref();
                Ok(icon.map(|icon| without_metadata(icon.bytes.clone(), "")).unwrap_or_default())
            }
            Page::Attachment(at, number) => return self.attachment(&planned.path, *at, *number),
            Page::Text(at) => return self.text(&planned.path, *at),
            // Both are in batches of their own.
            Page::List(_) | Page::Atom | Page::Json => return Ok(()),
        };
        self.made.put(&planned.path, bytes)
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

    fn attachment(&mut self, to: &OutPath, at: usize, number: usize) -> Result<(), SiteError> {
        let contents = self.contents;
        let Some((card, file)) = contents.cards.get(at).and_then(|card| Some((card, card.attachments.get(number)?)))
        else {
            return Ok(());
        };
        let path = Entry::Attachment(card.stamp, file.path.clone()).path();
        if let Some(Metadata::Erasable(layout)) = file.metadata
            && !contents.options.keep_metadata
        {
            return self.copy_erased(to, card, (file, &path), layout);
        }
        if file.loses_metadata() && !contents.options.keep_metadata {
            let bytes = read(contents, card, &path);
            let now = contents.snapshot.folder(card.side).and_then(|folder| folder.stat(&path).ok());
            if now.is_some_and(|stat| is_foreign_by_now(contents, card, file, stat)) {
                self.made.keep(to, named(card, &path));
                return Ok(());
            }
            return self.made.put(to, bytes.map(|bytes| without_metadata(bytes, &file.path.name())));
        }
        self.copy(to, card, &path, |stat| is_foreign_by_now(contents, card, file, stat))
    }

    /// A copy in which the metadata are overwritten. A file that was understood when it was looked at and is not now has
    /// changed since, and is looked at again by the next build.
    fn copy_erased(
        &mut self,
        to: &OutPath,
        card: &Card,
        (file, path): (&Attachment, &Path),
        layout: Layout,
    ) -> Result<(), SiteError> {
        let opened = self.contents.snapshot.folder(card.side).and_then(|folder| folder.file(path).ok());
        let same = opened.filter(|(_, stat)| !is_foreign_by_now(self.contents, card, file, *stat));
        let looked_through = same.and_then(|(open, stat)| {
            let erasures = erasures(BufReader::with_capacity(PIECE, &open), stat.len, layout)?;
            Some((open, erasures))
        });
        if let Some((open, erasures)) = looked_through {
            return self.made.copy_erased(to, &open, &erasures);
        }
        self.made.keep(to, named(card, path));
        Ok(())
    }

    /// The file of a text that is too long for its page.
    fn text(&mut self, to: &OutPath, at: usize) -> Result<(), SiteError> {
        let Some(card) = self.contents.cards.get(at) else {
            return Ok(());
        };
        let path = Entry::Text(card.stamp).path();
        if self.contents.publishes_whole_text(card) {
            // What is longer by now was put there since the look.
            return self.copy(to, card, &path, |stat| stat.len > MAX_OWN_TEXT);
        }
        let folder = self.contents.snapshot.folder(card.side);
        let beginning = folder.and_then(|folder| folder.read(&path, MAX_READ).ok()).map(|(bytes, _)| bytes);
        self.made.put(to, beginning.ok_or_else(|| SiteError::Unreadable(named(card, &path))))
    }

    fn copy(
        &mut self,
        to: &OutPath,
        card: &Card,
        path: &Path,
        is_refused: impl Fn(Stat) -> bool,
    ) -> Result<(), SiteError> {
        let opened = self.contents.snapshot.folder(card.side).and_then(|folder| folder.file(path).ok());
        if let Some((file, _)) = opened.filter(|(_, stat)| !is_refused(*stat)) {
            return self.made.copy(to, &file);
        }
        self.made.keep(to, named(card, path));
        Ok(())
    }
}

/// Several messages that are shown together, as far as their texts can be read.
struct Converted {
    messages: Vec<ConvertedMessage>,
    /// The texts that cannot be read now, by the positions of their messages.
    unreadable: Vec<(usize, String)>,
}

impl Converted {
    fn read(contents: &Contents<'_>, range: Range<usize>) -> Self {
        let mut converted = Self { messages: Vec::with_capacity(range.len()), unreadable: Vec::new() };
        for at in range {
            match ConvertedMessage::read(contents, at, None) {
                Ok(message) => converted.messages.push(message),
                Err(text) => converted.unreadable.push((at, text)),
            }
        }
        converted
    }

    /// The message at a position.
    fn message(&self, at: usize) -> Result<&ConvertedMessage, SiteError> {
        let text = || self.unreadable.iter().find(|(position, _)| *position == at).map(|(_, text)| text.clone());
        let found = self.messages.iter().find(|message| message.at == at);
        found.ok_or_else(|| SiteError::Unreadable(text().unwrap_or_default()))
    }

    fn newest_first(&self) -> Vec<&ConvertedMessage> {
        self.messages.iter().rev().collect()
    }

    fn unreadable_texts(&self) -> Vec<String> {
        self.unreadable.iter().map(|(_, text)| text.clone()).collect()
    }
}

/// Whether somebody else has written over an attachment of one's own since the look: it would be published as one's own.
fn is_foreign_by_now(contents: &Contents<'_>, card: &Card, file: &Attachment, now: Stat) -> bool {
    let snapshot = contents.snapshot;
    let trust = |whose: &BoxTrust| whose.of_attachment(card.stamp, &file.path);
    FileMark::from(now) != file.mark
        && trust(snapshot.box_trust(card.side)) == Trust::Own
        && snapshot.folder(card.side).is_some_and(|it| trust(&BoxTrust::now(it, card.side)) == Trust::Theirs)
}

fn read(contents: &Contents<'_>, card: &Card, path: &Path) -> Result<Vec<u8>, SiteError> {
    let folder = contents.snapshot.folder(card.side);
    let read = folder.and_then(|folder| folder.read(path, MAX_PICTURE_BYTES).ok());
    read.map(|(bytes, _)| bytes).ok_or_else(|| SiteError::Unreadable(named(card, path)))
}

/// A file of a box as messages name it: `outbox/2026-11-22T13-35-04Z.txt`.
fn named(card: &Card, path: &Path) -> String {
    Path::new(card.side.name()).join(path).display().to_string()
}

/// The picture without its metadata; most have none to lose, and those are not copied.
fn without_metadata(bytes: Vec<u8>, name: &str) -> Vec<u8> {
    match published(&bytes, name) {
        Cow::Borrowed(_) => bytes,
        Cow::Owned(without) => without,
    }
}

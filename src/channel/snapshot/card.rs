//! A card: all that lists, feeds and archives need to know of a message.
//!
//! Making one reads a message once. A build then reads the texts of only those messages whose pages it renders.
//! `card_cache.rs` keeps cards between runs.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::channel::authorship::trust::BoxTrust;
use crate::channel::protocol::classify::{FoundAttachment, Reason};
use crate::channel::protocol::entry::{Entry, RelativePath, Side};
use crate::channel::protocol::header;
use crate::channel::protocol::header::Header;
use crate::channel::protocol::message_file;
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachments;
use crate::channel::snapshot::attachments::{FolderListing, MAX_PICTURE_BYTES, SkippedFile};
use crate::channel::snapshot::file_mark::{FileMark, is_settled};
use crate::channel::snapshot::text_problem;
use crate::fs::confined::Folder;
use crate::markdown::{self, Dialect, Finding, RawHtml, Trust, normal_tag};
use crate::media::attachment_kind::{AttachmentKind, Use};
use crate::media::{Content, Metadata, SensitiveMetadata, Size, displayed_size, lasting_metadata, svg_size};

/// An attachment as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its path below the stem folder.
    pub path: RelativePath,
    /// What tells that it is still the same file.
    pub mark: FileMark,
    /// What it is by its first bytes.
    pub content: Content,
    /// The size at which a picture is displayed, or which an SVG drawing asks for, in pixels; `None` of a picture if it is not
    /// sane.
    pub size: Option<Size>,
    /// The notes on place, device and person that it may carry, by its content and its name.
    pub metadata: Option<Metadata>,
    /// What those notes reveal that stay in its published copy.
    pub reveals: Option<Box<SensitiveMetadata>>,
}

impl Attachment {
    /// A file of which nothing is known but that it is there.
    fn unseen(path: RelativePath, mark: FileMark) -> Self {
        Self { path, mark, content: Content::Unknown, size: None, metadata: None, reveals: None }
    }

    /// What kind of file it is.
    pub fn kind(&self) -> AttachmentKind {
        AttachmentKind::new(&self.path.name(), self.content)
    }

    /// Whether its published copy lacks the notes that the file has.
    pub fn loses_metadata(&self) -> bool {
        matches!(self.metadata, Some(Metadata::Removable { .. } | Metadata::Erasable(_)))
    }
}

/// All that lists, feeds and archives need to know of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the text")]
pub struct Card {
    /// Which box it is in.
    pub side: Side,
    /// When it was written; its name.
    pub stamp: Stamp,
    /// What tells that its text is still the same file.
    pub mark: FileMark,
    /// A hash of its bytes.
    pub hash: [u8; 16],
    /// Its header.
    pub header: Header,
    /// Its title: the header's, else that of a first-line heading.
    pub title: Option<String>,
    /// Whether the text's first line is that title, so that a page does not show it twice.
    pub title_in_text: bool,
    /// Its first words, enough for a description.
    pub excerpt: String,
    /// Fewer of them, which stand for a title where there is none.
    pub first_words: String,
    /// Its tags in their normal form: the header's, then those in the text.
    pub tags: Vec<String>,
    /// The same tags as they are first written, in the same order.
    pub tag_names: Vec<String>,
    /// Those of them that stand in the text.
    pub tags_in_text: Vec<String>,
    /// The relative addresses in its text.
    pub links: Vec<String>,
    /// What the author of its text should know of, with the lines of the file.
    pub findings: Vec<Finding>,
    /// The Markdown that its text is written in.
    pub dialect: Dialect,
    /// Whether its text asks for pictures from elsewhere.
    pub shows_remote: bool,
    /// Whether its page shows only the beginning of its text.
    pub is_cut: bool,
    /// How much of its text is code in a named language, in bytes.
    pub code: u32,
    /// What was wrong with it whoever wrote it, in words.
    pub problems: Vec<String>,
    /// Its attachments, in name order.
    pub attachments: Vec<Attachment>,
    /// The stem folder's mark, if it held these attachments and nothing else.
    pub folder: Option<FileMark>,
}

impl Card {
    /// The attachments in their order, and whose each of them is.
    pub fn attachments_with_trust<'a>(&'a self, whose: &'a BoxTrust) -> impl Iterator<Item = (&'a Attachment, Trust)> {
        self.attachments.iter().map(|file| (file, whose.of_attachment(self.stamp, &file.path)))
    }

    /// The moment of the last change that the author speaks of, in seconds since 1970.
    pub fn updated(&self) -> i64 {
        self.header.updated.unwrap_or_else(|| self.stamp.seconds())
    }

    /// What is wrong with it, in words: of one's own also what would not have any effect in somebody else's.
    pub fn problems_as(&self, trust: Trust) -> impl Iterator<Item = String> {
        let is_own = trust == Trust::Own;
        let remote = (is_own && self.shows_remote)
            .then_some("it shows a picture from another server, which can see who reads it");
        let findings = self.findings.iter().filter(move |_| is_own).filter_map(text_problem::of_text);
        self.problems.iter().cloned().chain(remote.map(str::to_owned)).chain(findings)
    }

    /// What HTML in its text asks for and a site does not give that passes so much HTML and frames from these hosts, in words.
    pub fn refused_html(&self, passes: RawHtml, embeds: &[String]) -> impl Iterator<Item = String> {
        self.findings.iter().filter_map(move |finding| text_problem::of_html(finding, passes, embeds))
    }

    /// Whether its text and attachments were certain to be settled at a time, in nanoseconds since 1970.
    pub fn is_settled_at(&self, time: i64) -> bool {
        let files = self.attachments.iter().map(|file| &file.mark);
        let marks = std::iter::once(&self.mark).chain(&self.folder).chain(files);
        marks.into_iter().all(|mark| is_settled(mark.modified, time))
    }
}

fn body_of(mut text: String) -> String {
    let start = text.len() - header::part(&text).body.len();
    text.drain(..start);
    text
}

/// The texts of a box: which box, and the Markdown that they are written in.
#[derive(Clone, Copy, Debug)]
pub struct BoxTexts {
    /// The box.
    pub side: Side,
    /// The Markdown.
    pub dialect: Dialect,
}

/// What looking at a message gave.
#[derive(Debug)]
pub struct MadeCard {
    /// Its card.
    pub card: Arc<Card>,
    /// What lies in its stem folder and is not shown.
    pub oddities: Vec<SkippedFile>,
    /// Its text behind the header, if it had to be read.
    pub body: Option<String>,
}

/// A message's text as it is now: the body behind the header.
///
/// # Errors
/// As the system says.
pub fn read_body(folder: &Folder, stamp: Stamp) -> io::Result<String> {
    let (bytes, _) = folder.read(&Entry::Text(stamp).path(), MAX_READ)?;
    Ok(body_of(message_file::decode(bytes).text))
}

/// A message's text as it is now: the body behind the header, and whether it is the one that a card was made of.
///
/// # Errors
/// As the system says.
pub fn read_body_of(folder: &Folder, card: &Card) -> io::Result<(String, bool)> {
    let (bytes, stat) = folder.read(&Entry::Text(card.stamp).path(), MAX_READ)?;
    let is_same = hash_of(&bytes, stat.into()) == card.hash;
    Ok((body_of(message_file::decode(bytes).text), is_same))
}

/// Makes a message's card, from what an older card already knows where that is certain to be still true.
///
/// `known` is the older card, whose text and pictures may be trusted; `folder_is_there` tells whether the box holds a
/// stem folder for it.
///
/// # Errors
/// As the system says, when the text can't be read.
pub fn make(
    folder: &Folder,
    texts: BoxTexts,
    stamp: Stamp,
    folder_is_there: bool,
    known: Option<&Arc<Card>>,
) -> io::Result<MadeCard> {
    let BoxTexts { side, dialect } = texts;
    let known = known.filter(|card| card.dialect == in_language_of(dialect, &card.header));
    let mark = folder_is_there.then(|| folder.stat(Path::new(&stamp.to_string())).map(FileMark::from)).transpose()?;
    if let Some(card) = known
        && is_same(folder, card, mark)
    {
        return Ok(MadeCard { card: Arc::clone(card), oddities: Vec::new(), body: None });
    }
    let mut listed = if folder_is_there { attachments::list(folder, stamp) } else { FolderListing::default() };
    let mark = mark.filter(|_| listed.is_plain());
    if let Some(card) = known
        && card.mark == folder.stat(&Entry::Text(stamp).path())?.into()
    {
        let same_files = card.attachments.iter().map(|file| (&file.path, &file.mark));
        if card.folder == mark && same_files.eq(listed.files.iter().map(|(path, mark)| (path, mark))) {
            return Ok(MadeCard { card: Arc::clone(card), oddities: listed.oddities, body: None });
        }
        let attachments = look_at(folder, stamp, &mut listed, known);
        let card = Arc::new(Card { attachments, folder: mark, ..Card::clone(card) });
        return Ok(MadeCard { card, oddities: listed.oddities, body: None });
    }
    let attachments = look_at(folder, stamp, &mut listed, known);
    let (bytes, stat) = folder.read(&Entry::Text(stamp).path(), MAX_READ)?;
    let (card, body) = of_text(side, stamp, dialect, (bytes, stat.into()), attachments);
    Ok(MadeCard { card: Arc::new(Card { folder: mark, ..card }), oddities: listed.oddities, body: Some(body) })
}

/// The card that a text would have in the outbox, with its attachments from the folder of this name; gives the text behind
/// its header too.
pub fn would_be(text: Vec<u8>, stamp: Stamp, dialect: Dialect, folder: Option<(&Folder, &str)>) -> (Card, String) {
    let mark = FileMark { len: text.len() as u64, modified: i64::MAX, inode: 0 };
    let attachments = folder.map(|(folder, stem)| {
        let listed = attachments::list_named(folder, Path::new(stem)).files.into_iter();
        let look = |(path, mark): (RelativePath, FileMark)| {
            let at = Path::new(stem).join(path.as_path());
            looked_at(folder, &at, path.clone(), mark).unwrap_or_else(|_| Attachment::unseen(path, mark))
        };
        listed.map(look).collect()
    });
    of_text(Side::Outbox, stamp, dialect, (text, mark), attachments.unwrap_or_default())
}

/// Whether text, stem folder and attachments are as an older card has them, without a listing: in a folder that is as it
/// was there are the same names.
fn is_same(folder: &Folder, card: &Card, mark: Option<FileMark>) -> bool {
    let is =
        |folder: &Folder, path: &Path, mark: FileMark| folder.stat(path).is_ok_and(|stat| FileMark::from(stat) == mark);
    let stem = PathBuf::from(card.stamp.to_string());
    let are = |files: &Folder| card.attachments.iter().all(|file| is(files, file.path.as_path(), file.mark));
    card.folder == mark
        && (mark.is_some() || card.attachments.is_empty())
        && is(folder, &stem.with_extension("txt"), card.mark)
        && (card.attachments.is_empty() || folder.child(&stem).is_ok_and(|files| are(&files)))
}

fn of_text(
    side: Side,
    stamp: Stamp,
    dialect: Dialect,
    (bytes, mark): (Vec<u8>, FileMark),
    attachments: Vec<Attachment>,
) -> (Card, String) {
    let hash = hash_of(&bytes, mark);
    let text = message_file::decode(bytes);
    let parted = header::part(&text.text);
    let dialect = in_language_of(dialect, &parted.header);
    let summary = markdown::summarise(parted.body, dialect);
    let mut problems = parted.problems;
    // The cut of a long text may part a character, which is no fault of its author's.
    if text.mended && mark.len < MAX_READ {
        problems.push("it contains bytes that are not UTF-8; they are shown as U+FFFD".to_owned());
    }
    let header = parted.header;
    let body_start = text.text.len() - parted.body.len();
    let title_in_text =
        summary.title.is_some() && header.title.as_ref().is_none_or(|title| Some(title) == summary.title.as_ref());
    let (tags, tag_names) = tags_of(&header, &summary.tags);
    let header_lines = memchr::memchr_iter(b'\n', text.text.as_bytes().get(..body_start).unwrap_or_default()).count();
    let mut findings = summary.findings;
    for finding in &mut findings {
        finding.line += header_lines;
    }
    let excerpt = header.summary.clone().unwrap_or(summary.excerpt);
    let title = header.title.clone().or(summary.title);
    let card = Card {
        side,
        stamp,
        mark,
        hash,
        first_words: if title.is_none() { markdown::first_words(&excerpt) } else { String::new() },
        title,
        title_in_text,
        excerpt,
        header,
        tags,
        tag_names,
        tags_in_text: summary.tags.iter().filter_map(|tag| normal_tag(tag)).collect(),
        links: summary.links,
        is_cut: summary.is_cut,
        code: summary.code,
        findings,
        dialect,
        shows_remote: summary.shows_remote,
        problems,
        attachments,
        folder: None,
    };
    let mut body = text.text;
    body.drain(..body_start);
    (card, body)
}

/// All tags of a message in their normal form, and as they are first written.
fn tags_of(header: &Header, in_text: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut tags, mut names) = (Vec::new(), Vec::new());
    for name in header.tags.iter().chain(in_text) {
        if let Some(tag) = normal_tag(name).filter(|tag| !tags.contains(tag)) {
            tags.push(tag);
            names.push(name.trim().trim_start_matches('#').trim().to_owned());
        }
    }
    (tags, names)
}

/// A box's Markdown in the language of a message, whose quotation marks are that language's.
fn in_language_of(dialect: Dialect, header: &Header) -> Dialect {
    header.lang.as_deref().map_or(dialect, |language| dialect.in_language(language))
}

/// The hash of a text; of one that is not read whole, its length and time count too.
fn hash_of(bytes: &[u8], mark: FileMark) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytes);
    if mark.len >= MAX_READ {
        hasher.update(&mark.len.to_le_bytes());
        hasher.update(&mark.modified.to_le_bytes());
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

/// Looks into attachments for what they are, unless an older card knows. One that cannot be opened is odd, too, and so is
/// a picture that is too long to lose its metadata.
fn look_at(folder: &Folder, stamp: Stamp, listed: &mut FolderListing, known: Option<&Arc<Card>>) -> Vec<Attachment> {
    // Both are in name order.
    let known = known.map(|card| card.attachments.as_slice()).unwrap_or_default();
    let mut attachments = Vec::with_capacity(listed.files.len());
    for (path, mark) in std::mem::take(&mut listed.files) {
        let old = known.binary_search_by(|old| old.path.cmp(&path)).ok().and_then(|at| known.get(at));
        if let Some(old) = old.filter(|old| old.mark == mark) {
            attachments.push(old.clone());
            continue;
        }
        let at = Entry::Attachment(stamp, path.clone()).path();
        let reason = match looked_at(folder, &at, path.clone(), mark) {
            Ok(Attachment { metadata: Some(Metadata::Removable { .. }), mark, .. }) if mark.len > MAX_PICTURE_BYTES => {
                listed.oddities.push(SkippedFile { path: at, found: FoundAttachment::Foreign(Reason::TooLarge) });
                continue;
            }
            Ok(attachment) => {
                attachments.push(attachment);
                continue;
            }
            Err(error) => Reason::Unreadable(error.to_string()),
        };
        listed.oddities.push(SkippedFile { path: at, found: FoundAttachment::Foreign(reason) });
        attachments.push(Attachment { mark: mark.unknown(), ..Attachment::unseen(path, mark) });
    }
    attachments
}

fn looked_at(folder: &Folder, at: &Path, path: RelativePath, mark: FileMark) -> io::Result<Attachment> {
    let name = path.name();
    let (file, _) = folder.file(at)?;
    let mut reader = BufReader::with_capacity(4 << 10, file);
    let content = Content::sniff(io::BufRead::fill_buf(&mut reader)?);
    let metadata = Metadata::in_whole_file(&mut reader, mark.len, &name);
    let lasts = metadata == Some(Metadata::Lasting);
    let reveals = if lasts { lasting_metadata(&mut reader, mark.len).map(Box::new) } else { None };
    let size = match AttachmentKind::new(&name, content) {
        kind if kind.picture_format().is_some() => displayed_size(reader),
        kind if kind.used() == Use::Drawing => drawing(folder, at)?,
        _ => None,
    };
    Ok(Attachment { path, mark, content, size, metadata, reveals })
}

/// How much of a drawing is read for its size, in bytes.
const DRAWING_HEAD: u64 = 2 << 10;

fn drawing(folder: &Folder, at: &Path) -> io::Result<Option<Size>> {
    let (head, _) = folder.read(at, DRAWING_HEAD)?;
    Ok(svg_size(&String::from_utf8_lossy(&head)))
}

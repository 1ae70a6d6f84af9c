//! Who wrote what in a box that several people write.
//!
//! Owns what is remembered of the first signers, and `.authors.toml`, which says it to whoever shows the box. That file is on disk
//! before another's file is put into the box or changes there, so nobody ever takes that for one's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::authorship::authors::{AttachmentId, Authors, Key, Signers};
use crate::channel::authorship::bylines::looks_like;
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::profile;
use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::Folder;
use crate::sync::keys::book::PRIVATE;
use crate::sync::node::author_names::Names;
use crate::sync::node::records::{Record, content};
use crate::sync::node::replica::{Keeper, is_own};
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::signers::{Author, FirstSigners, Signed, remember};

/// The folder of what is remembered, within the program's own: it can't be made again.
const FOLDER: &str = "signers";

/// What is known of a document's authors.
pub(super) struct Authorship {
    first: FirstSigners,
    /// Everybody who is remembered.
    signers: BTreeSet<Author>,
    /// Contents that came in the comparison that goes on: whoever else signs one of them in it was met at once.
    fresh: BTreeSet<(Item, Hash)>,
    /// What the owner says of the authors.
    pub(super) names: Names,
    /// The note that it says so in.
    pub(super) names_of: Option<Hash>,
    /// What `.authors.toml` says.
    written: Option<Authors>,
    /// Whether it surely says that.
    pub(super) is_written: bool,
}

impl Authorship {
    /// Reads what is remembered of a document.
    pub(super) fn read(data: &std::path::Path, folder: &std::path::Path, id: &[u8; 32]) -> Self {
        let first = FirstSigners::read(data.join(PRIVATE).join(FOLDER).join(crate::sync::hex::encode(id)));
        let signers = first.files().values().flatten().flat_map(|signed| &signed.by).copied().collect();
        // A file that can't be read says nothing, and is written anew or taken away.
        let read = |folder: Folder| Authors::read(&folder).unwrap_or_else(|_| Some(Authors::default()));
        let written = Folder::open(folder).ok().and_then(read);
        Self {
            first,
            signers,
            fresh: BTreeSet::new(),
            names: Names::default(),
            names_of: None,
            written,
            is_written: false,
        }
    }

    /// The names that the box's file says the owner has bound.
    pub(super) fn bound_before(&self) -> BTreeMap<Author, String> {
        let names = self.written.iter().flat_map(|written| &written.names);
        names.map(|(key, name)| (key.bytes(), name.clone())).collect()
    }

    /// Whether somebody else than this author is remembered for anything.
    pub(super) fn knows_others_than(&self, author: Author) -> bool {
        self.signers.iter().any(|other| *other != author)
    }

    /// Who signed a content of a file first.
    pub(super) fn of_content(&self, item: &Item, content: Hash) -> Option<&Signed> {
        self.first.get(item)?.iter().find(|signed| signed.content == content)
    }

    /// Who signed a content of a file first, where that is one, and nobody is being met still who may have done so too.
    pub(super) fn only_author(&self, item: &Item, content: Hash) -> Option<Author> {
        let signed = self.of_content(item, content).filter(|signed| signed.by.len() == 1)?;
        let is_fresh = self.fresh.contains(&(item.clone(), content));
        signed.by.first().copied().filter(|_| !is_fresh)
    }

    /// The authors among whom a content's is: one, unless several were met at once and the owner has not decided. What the owner
    /// signed anew, under new keys, may be said to be somebody else's: that takes nothing from anybody but the owner.
    fn authors(&self, owner: Option<Author>, item: &Item, content: Hash) -> Vec<Author> {
        let Some(signed) = self.of_content(item, content) else {
            return Vec::new();
        };
        let is_owners = signed.by.iter().all(|author| Some(*author) == owner);
        let decided = self.names.decided(item, content).filter(|author| is_owners || signed.by.contains(author));
        decided.map_or_else(|| signed.by.clone(), |author| vec![author])
    }

    /// Who has written a file by what the box's `.authors.toml` says.
    fn said_before(&self, item: &Item) -> Option<Vec<Author>> {
        let said = self.written.as_ref()?;
        let attachment = match Entry::parse(item.as_bytes())? {
            Entry::Attachment(stamp, path) => said.attachments.get(&AttachmentId(stamp, path)),
            Entry::Text(_) => None,
        };
        let signers = attachment.or_else(|| said.messages.get(&item.stamp()?))?;
        Some(signers.keys().iter().map(Key::bytes).collect())
    }

    fn remember(&mut self, item: &Item, all: Vec<Signed>, is_open: bool) {
        for signed in &all {
            if is_open && self.of_content(item, signed.content).is_none() {
                self.fresh.insert((item.clone(), signed.content));
            }
            self.signers.extend(&signed.by);
        }
        self.first.set(item.clone(), all);
    }
}

impl Keeper {
    /// Remembers who signs these files now, where nobody was seen to sign the same before.
    pub(super) fn note_signers(&mut self, items: &BTreeSet<Item>) {
        let is_open = self.is_open();
        for item in items {
            let signatures = self.records.signatures(item);
            if signatures.is_empty() {
                continue;
            }
            let here = self.agreed.get(item).map(|agreed| agreed.hash);
            let known = self.authorship.first.get(item).map_or(&[][..], Vec::as_slice);
            let is_fresh = |content: &Hash| self.authorship.fresh.contains(&(item.clone(), *content));
            if let Some(mut all) = remember(known, &signatures, here, is_fresh) {
                // What began here was signed here first.
                let began_here = self.agreed.get(item).filter(|agreed| agreed.ours && known.is_empty());
                for signed in all.iter_mut().filter(|signed| began_here.is_some_and(|ours| ours.hash == signed.content))
                {
                    signed.by = vec![self.me];
                }
                self.authorship.remember(item, all, is_open);
            }
        }
        if !is_open {
            self.authorship.fresh.clear();
        }
        self.save_signers();
    }

    /// Remembers that this device signs a content of a file now.
    pub(super) fn signed_here(&mut self, item: &Item, content: Hash) {
        if self.authorship.of_content(item, content).is_some() {
            return;
        }
        let known = self.authorship.first.get(item);
        // Another's message that is shared anew, by new keys, is still theirs.
        let by = if known.is_none() { self.authorship.said_before(item) } else { None };
        let mut all = known.map_or_else(Vec::new, Clone::clone);
        all.push(Signed { content, by: by.unwrap_or_else(|| vec![self.me]) });
        self.authorship.remember(item, all, false);
    }

    fn save_signers(&mut self) {
        if let Err(error) = self.authorship.first.save() {
            self.problem(format!("who wrote what can't be noted: {error}"));
        }
    }

    /// Whether something is decided when documents were compared.
    pub(super) fn awaits_comparison(&self) -> bool {
        let binds = self.is_owner() && self.records.signers.len() > 1;
        self.document.owner.is_none() || binds || !self.authorship.fresh.is_empty()
    }

    /// Writes down who wrote what, where that is not all one's own or all the owner's; whether files may be put in place now. In
    /// an inbox nothing is one's own, whatever is written down.
    pub(super) async fn write_authors(&mut self) -> bool {
        if !self.has_several_authors() && self.authorship.written.is_none() {
            return true;
        }
        let authors = self.authors();
        if self.authorship.is_written && self.authorship.written.as_ref() == Some(&authors) {
            return true;
        }
        let (folder, text) = (self.folder.clone(), authors.clone());
        let written = tokio::task::spawn_blocking(move || text.write(&folder)).await;
        self.authorship.is_written = matches!(written, Ok(Ok(_)));
        match written {
            Ok(Ok(_)) => self.authorship.written = Some(authors),
            Ok(Err(error)) => {
                self.problem(format!("who wrote the messages can't be noted, so none is put into the outbox: {error}"));
            }
            Err(_) => {}
        }
        self.authorship.is_written || !is_own(self.document.side)
    }

    /// Whether somebody else signs than who is taken for the author where nothing is said.
    fn has_several_authors(&self) -> bool {
        let one = if is_own(self.document.side) { Some(self.me) } else { self.owner() };
        let signers = || self.authorship.signers.iter().chain(self.records.signers.keys());
        let is_owner_elsewhere = is_own(self.document.side) && self.owner().is_some_and(|owner| owner != self.me);
        is_owner_elsewhere
            || self.authorship.names.decides()
            || match one {
                Some(one) => signers().any(|author| *author != one),
                None => signers().collect::<BTreeSet<_>>().len() > 1,
            }
    }

    /// Who wrote what, as `.authors.toml` says it.
    fn authors(&self) -> Authors {
        let mut authors = Authors { owner: self.owner().map(Key::new), ..Authors::default() };
        if is_own(self.document.side) {
            let trusted = self.document.trusted.iter().map(|key| key.0);
            authors.own = [self.me].into_iter().chain(trusted.filter(|key| *key != self.me)).map(Key::new).collect();
        }
        let files = || self.authorship.first.files().keys();
        for item in files().filter(|item| item.is_text()) {
            if let Some((stamp, signers)) = item.stamp().zip(self.signers(item)) {
                authors.messages.insert(stamp, signers);
            }
        }
        for item in files().filter(|item| item.is_attachment()) {
            if let (Some(Entry::Attachment(stamp, path)), Some(signers)) =
                (Entry::parse(item.as_bytes()), self.signers(item))
                && authors.messages.get(&stamp) != Some(&signers)
            {
                authors.attachments.insert(AttachmentId(stamp, path), signers);
            }
        }
        self.keep_what_was_said(&mut authors);
        self.name(&mut authors);
        authors
    }

    /// Everybody who may have written what lies in the box, or what is about to.
    fn signers(&self, item: &Item) -> Option<Signers> {
        let wanted = self.records.latest(item).filter(|record| !Record::is_deletion(record)).map(content);
        let here = self.agreed.get(item).map(|agreed| agreed.hash);
        let contents: BTreeSet<Hash> = wanted.into_iter().chain(here).collect();
        let authors = contents.into_iter().flat_map(|content| self.authorship.authors(self.owner(), item, content));
        Signers::new(authors.map(Key::new))
    }

    /// Takes nothing back that was said of a file of which nothing is known now.
    fn keep_what_was_said(&self, authors: &mut Authors) {
        let Some(before) = &self.authorship.written else {
            return;
        };
        let is_there = |stamp: Stamp| self.tree.files.contains_key(&Item::text(stamp));
        for (stamp, signers) in before.messages.iter().filter(|(stamp, _)| is_there(**stamp)) {
            authors.messages.entry(*stamp).or_insert_with(|| signers.clone());
        }
        for (file, signers) in &before.attachments {
            let item = Item::parse(&[file.0.to_string().as_bytes(), b"/", file.1.as_bytes()].concat());
            let is_unknown =
                item.is_some_and(|item| self.tree.files.contains_key(&item) && self.signers(&item).is_none());
            if is_unknown {
                authors.attachments.entry(file.clone()).or_insert_with(|| signers.clone());
            }
        }
    }

    /// Names the authors: as the owner does, else as they call themselves.
    fn name(&self, authors: &mut Authors) {
        let mine = self.my_name();
        let signers = authors.signers();
        for (author, note) in
            self.names.iter().filter(|(author, note)| !note.name.is_empty() && signers.contains(&Key::new(**author)))
        {
            let is_owner =
                Some(*author) == self.owner() && !mine.as_ref().is_some_and(|mine| looks_like(&note.name, Some(mine)));
            let names = if is_owner { &mut authors.names } else { &mut authors.claimed };
            names.insert(Key::new(*author), note.name.clone());
        }
        for (author, name) in &self.authorship.names.bound {
            let key = Key::new(*author);
            if signers.contains(&key) {
                authors.claimed.remove(&key);
                authors.names.insert(key, name.clone());
            }
        }
    }

    /// The name that whoever reads here gives in a conversation: the other side can't have it.
    fn my_name(&self) -> Option<String> {
        if is_own(self.document.side) {
            return None;
        }
        let outbox = Folder::open(&self.channel.join(Side::Outbox.name())).ok()?;
        profile::read(&outbox).ok()?.author
    }
}

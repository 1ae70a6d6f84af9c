//! Who wrote what in a box that several people write: the first signers of each content, what the owner says of the authors, and
//! what `.authors.toml` is to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::channel::authorship::authors::{AttachmentId, Authors};
use crate::channel::authorship::bylines::looks_like;
use crate::channel::authorship::signers::{Key, Signers};
use crate::channel::protocol::entry::Entry;
use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::author_names::OwnerNames;
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::baseline::Baseline;
use crate::sync::replica::item::Item;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::Hash;
use crate::sync::replica::records::{Records, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::signers::{Author, FirstSigners, Signed, remember};
use crate::sync::replica::tree::Tree;

/// What else of a replica says who wrote what.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The box and this device's part in it.
    pub shared: &'a SharedBox,
    /// What the document says.
    pub records: &'a Records,
    /// What lies in the box.
    pub tree: &'a Tree,
    /// What box and document agreed on.
    pub baseline: &'a Baseline,
}

impl<'a> View<'a> {
    /// What these sub-states say.
    pub fn new(shared: &'a SharedBox, records: &'a Records, local: &'a LocalBox) -> Self {
        Self { shared, records, tree: &local.tree, baseline: &local.baseline }
    }
}

/// Which notes of a document were read.
#[derive(Debug, Default)]
pub struct ReadNotes {
    /// Those of authors about themselves.
    pub authors: BTreeMap<Author, Hash>,
    /// That of the owner about all authors.
    pub names: Option<Hash>,
    /// That of the owner about where the document has moved.
    pub moved: Option<Hash>,
}

/// What is known of a document's authors.
#[derive(Debug)]
pub struct Authorship {
    /// Who signed each content first.
    pub first: FirstSigners,
    /// Everybody who is remembered.
    signers: BTreeSet<Author>,
    /// Contents that came in the comparison that goes on: whoever else signs one of them in it was met at once.
    fresh: BTreeSet<(Item, Hash)>,
    /// What the owner says of the authors.
    pub names: OwnerNames,
    /// What the owner is about to say of them.
    pub said_names: Option<OwnerNames>,
    /// The notes that were read.
    pub read: ReadNotes,
    /// What the authors say of themselves.
    pub notes: BTreeMap<Author, AuthorNote>,
    /// What `.authors.toml` says.
    pub written: Option<Authors>,
    /// Whether it surely says that.
    pub is_written: bool,
}

impl Authorship {
    /// What is remembered of a document, and what the box's `.authors.toml` says.
    pub fn new(first: FirstSigners, written: Option<Authors>) -> Self {
        let signers = first.files().values().flatten().flat_map(|signed| &signed.by).copied().collect();
        Self {
            first,
            signers,
            fresh: BTreeSet::new(),
            names: OwnerNames::default(),
            said_names: None,
            read: ReadNotes::default(),
            notes: BTreeMap::new(),
            written,
            is_written: false,
        }
    }

    /// The names that the box's file says the owner has bound.
    pub fn bound_before(&self) -> BTreeMap<Author, String> {
        let names = self.written.iter().flat_map(|written| &written.names);
        names.map(|(key, name)| (key.bytes(), name.clone())).collect()
    }

    /// Whether somebody else than this author is remembered for anything.
    pub fn knows_others_than(&self, author: Author) -> bool {
        self.signers.iter().any(|other| *other != author)
    }

    /// Who signed a content of a file first.
    pub fn of_content(&self, item: &Item, content: Hash) -> Option<&Signed> {
        self.first.get(item)?.iter().find(|signed| signed.content == content)
    }

    /// Who signed a content of a file first, where that is one, and nobody is being met still who may have done so too.
    pub fn only_author(&self, item: &Item, content: Hash) -> Option<Author> {
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

    /// Remembers who signs these files now, where nobody was seen to sign the same before. While a comparison goes on (`is_open`),
    /// other signers of what came in it may follow.
    pub fn note_signers<'a>(&mut self, items: impl Iterator<Item = &'a Item>, view: View, is_open: bool) {
        for item in items {
            let signatures = view.records.signatures(item);
            if signatures.is_empty() {
                continue;
            }
            let here = view.baseline.get(item);
            let known = self.first.get(item).map_or(&[][..], Vec::as_slice);
            let is_fresh = |content: &Hash| self.fresh.contains(&(item.clone(), *content));
            if let Some(mut all) = remember(known, &signatures, here.map(|agreed| agreed.hash), is_fresh) {
                // What began here was signed here first.
                let began_here = here.filter(|agreed| agreed.ours && known.is_empty());
                for signed in all.iter_mut().filter(|signed| began_here.is_some_and(|ours| ours.hash == signed.content))
                {
                    signed.by = vec![view.shared.me];
                }
                self.remember(item, all, is_open);
            }
        }
    }

    /// No comparison goes on: what came in the last one has all its signers. Whether that is news.
    pub fn settle(&mut self) -> bool {
        !std::mem::take(&mut self.fresh).is_empty()
    }

    /// Remembers that this device, who is `me`, signs a content of a file now.
    pub fn signed_here(&mut self, item: &Item, content: Hash, me: Author) {
        if self.of_content(item, content).is_some() {
            return;
        }
        let known = self.first.get(item);
        // Another's message that is shared anew, by new keys, is still theirs.
        let by = if known.is_none() { self.said_before(item) } else { None };
        let mut all = known.map_or_else(Vec::new, Clone::clone);
        all.push(Signed { content, by: by.unwrap_or_else(|| vec![me]) });
        self.remember(item, all, false);
    }

    /// Whether something is decided when documents were compared.
    pub fn awaits_comparison(&self, view: View) -> bool {
        let binds = view.shared.is_owner() && view.records.signers.len() > 1;
        view.shared.document.owner.is_none() || binds || !self.fresh.is_empty()
    }

    /// Whether somebody else signs than who is taken for the author where nothing is said.
    pub fn has_several_authors(&self, View { shared, records, .. }: View) -> bool {
        let one = if shared.is_own_box() { Some(shared.me) } else { shared.owner() };
        let signers = || self.signers.iter().chain(records.signers.keys());
        let is_owner_elsewhere = shared.is_own_box() && shared.owner().is_some_and(|owner| owner != shared.me);
        is_owner_elsewhere
            || self.names.decides()
            || match one {
                Some(one) => signers().any(|author| *author != one),
                None => signers().collect::<BTreeSet<_>>().len() > 1,
            }
    }

    /// Who wrote what, as `.authors.toml` says it. `my_name` is the name that whoever reads here gives in a conversation.
    pub fn authors_file(&self, view: View, my_name: Option<&str>) -> Authors {
        let shared = view.shared;
        let mut authors = Authors { owner: shared.owner().map(Key::new), ..Authors::default() };
        if shared.is_own_box() {
            let trusted = shared.document.trusted.iter().map(|key| key.0);
            authors.own =
                [shared.me].into_iter().chain(trusted.filter(|key| *key != shared.me)).map(Key::new).collect();
        }
        let files = || self.first.files().keys();
        for item in files().filter(|item| item.is_text()) {
            if let Some((stamp, signers)) = item.stamp().zip(self.signers(item, view)) {
                authors.messages.insert(stamp, signers);
            }
        }
        for item in files().filter(|item| item.is_attachment()) {
            if let (Some(Entry::Attachment(stamp, path)), Some(signers)) =
                (Entry::parse(item.as_bytes()), self.signers(item, view))
                && authors.messages.get(&stamp) != Some(&signers)
            {
                authors.attachments.insert(AttachmentId(stamp, path), signers);
            }
        }
        self.keep_what_was_said(&mut authors, view);
        self.name(&mut authors, shared.owner(), my_name);
        authors
    }

    /// Everybody who may have written what lies in the box, or what is about to.
    fn signers(&self, item: &Item, View { shared, records, baseline, .. }: View) -> Option<Signers> {
        let wanted = records.latest(item).filter(|record| !record.is_deletion()).map(content);
        let here = baseline.get(item).map(|agreed| agreed.hash);
        let contents: BTreeSet<Hash> = wanted.into_iter().chain(here).collect();
        let authors = contents.into_iter().flat_map(|content| self.authors(shared.owner(), item, content));
        Signers::new(authors.map(Key::new))
    }

    /// Takes nothing back that was said of a file of which nothing is known now.
    fn keep_what_was_said(&self, authors: &mut Authors, view: View) {
        let Some(before) = &self.written else {
            return;
        };
        let is_there = |stamp: Stamp| view.tree.files.contains_key(&Item::text(stamp));
        for (stamp, signers) in before.messages.iter().filter(|(stamp, _)| is_there(**stamp)) {
            authors.messages.entry(*stamp).or_insert_with(|| signers.clone());
        }
        for (file, signers) in &before.attachments {
            let item = Item::parse(&[file.0.to_string().as_bytes(), b"/", file.1.as_bytes()].concat());
            let is_unknown =
                item.is_some_and(|item| view.tree.files.contains_key(&item) && self.signers(&item, view).is_none());
            if is_unknown {
                authors.attachments.entry(file.clone()).or_insert_with(|| signers.clone());
            }
        }
    }

    /// Names the authors: as the owner does, else as they call themselves. The other side of a conversation can't have the name of
    /// whoever reads here.
    fn name(&self, authors: &mut Authors, owner: Option<Author>, my_name: Option<&str>) {
        let signers = authors.signers();
        for (author, note) in
            self.notes.iter().filter(|(author, note)| !note.name.is_empty() && signers.contains(&Key::new(**author)))
        {
            let is_owner = Some(*author) == owner && !my_name.is_some_and(|mine| looks_like(&note.name, Some(mine)));
            let names = if is_owner { &mut authors.names } else { &mut authors.claimed };
            names.insert(Key::new(*author), note.name.clone());
        }
        for (author, name) in &self.names.bound {
            let key = Key::new(*author);
            if signers.contains(&key) {
                authors.claimed.remove(&key);
                authors.names.insert(key, name.clone());
            }
        }
    }
}

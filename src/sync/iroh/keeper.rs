//! One box and its document, kept the same.
//!
//! Owns the round: hear what may have changed, look again at that, decide what is to be done about each file, and have it done
//! (`publish.rs` towards the document, `take.rs` towards the box). An event never carries meaning: it only says what to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use iroh_docs::api::Doc;
use iroh_docs::engine::LiveEvent;
use iroh_docs::store::{DownloadPolicy, Query};
use iroh_docs::{Capability, NamespaceId, NamespaceSecret};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt;

use super::engine::Engine;
use super::fetch::{Done, Fetcher};
use super::network::{endpoint_addr, engine, peer};
use super::peers::Peers;
use super::records::{About, Records};
use super::take::AuthorNote;
use super::{Home, publish, take};
use crate::channel::entry::Side;
use crate::disk::beneath::{Folder, Stat};
use crate::sync::Error;
use crate::sync::agreed::{Agreed, Agreement, Looks};
use crate::sync::book::{Book, Document};
use crate::sync::item::Item;
use crate::sync::limits::Refusal;
use crate::sync::mirror::{Hash, Role, Step, There, Wanted, step};
use crate::sync::state::{DocumentState, NotFetched, PeerState};
use crate::sync::tree::Tree;
use crate::watch::Touched;

/// How often peers are dialled and records saved.
const TICK: Duration = Duration::from_secs(1);

/// How often everything is looked at, whatever was told.
const RESCAN: Duration = Duration::from_mins(1);

/// So many problems are told at once.
const MOST_PROBLEMS: usize = 20;

/// What a keeper is told.
pub(super) enum Word {
    /// Something changed on disk.
    Touched(Touched),
    /// The book says something else of the document.
    Book(Box<Document>),
    /// It is over.
    Stop,
}

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Todo {
    everything: bool,
    paths: BTreeSet<PathBuf>,
    items: BTreeSet<Item>,
    /// What the authors say of themselves.
    notes: bool,
    /// All that the document says, anew.
    doubt: bool,
    /// What was changed by somebody while it was being seen to: in the next round, after a moment.
    later: BTreeSet<Item>,
}

impl Todo {
    fn is_empty(&self) -> bool {
        !self.notes && !self.everything && self.paths.is_empty() && self.items.is_empty()
    }
}

/// What the document was told that peers have not heard of yet.
#[derive(Debug, Default)]
struct News {
    /// Whether there is something.
    telling: bool,
    /// Whether peers were asked to compare since.
    asked_again: bool,
    /// Whether one did that may not have had the time.
    unsure: bool,
}

/// A box and its document.
pub(super) struct Keeper {
    pub(super) home: Home,
    pub(super) engine: Arc<Engine>,
    pub(super) fetcher: Fetcher,
    pub(super) document: Document,
    pub(super) doc: Doc,
    /// The channel's folder.
    pub(super) channel: PathBuf,
    /// The box.
    pub(super) folder: PathBuf,
    pub(super) role: Role,
    pub(super) me: [u8; 32],
    pub(super) records: Records,
    pub(super) agreed: Agreed,
    pub(super) tree: Tree,
    /// What was read of files that box and document do not agree on.
    pub(super) read: BTreeMap<Item, (Looks, Hash)>,
    /// Contents that were asked for, with the files that wait for them.
    pub(super) wanted: BTreeMap<Hash, BTreeSet<Item>>,
    pub(super) fetched: Arc<AtomicU64>,
    pub(super) done: mpsc::UnboundedSender<Done>,
    pub(super) refused: BTreeMap<Item, Refusal>,
    /// Contents with lengths that entries say of them and that are not theirs.
    pub(super) unsound: BTreeSet<(Hash, u64)>,
    pub(super) left: BTreeSet<Item>,
    pub(super) peers: Peers,
    pub(super) todo: Todo,
    pub(super) question: Option<String>,
    pub(super) problems: BTreeSet<String>,
    compared: Option<i64>,
    news: News,
    /// Contents that the store had when the node started: it may have been killed before they were written down.
    present: Option<BTreeSet<Hash>>,
    looked: Instant,
    is_told: bool,
    /// What the authors say of themselves.
    pub(super) names: BTreeMap<[u8; 32], AuthorNote>,
    /// Notes that were asked for.
    pub(super) asked: BTreeSet<Hash>,
    /// The profile whose title is known.
    pub(super) profile: Option<Hash>,
    pub(super) title: Option<String>,
}

/// Starts keeping a document.
pub(super) async fn start(
    home: Home,
    engine: Arc<Engine>,
    fetcher: Fetcher,
    document: Document,
    words: mpsc::UnboundedReceiver<Word>,
) -> Result<(), Error> {
    let capability = match &document.secret {
        Some(secret) => Capability::Write(NamespaceSecret::from_bytes(&secret.0)),
        None => Capability::Read(NamespaceId::from(&document.id)),
    };
    let doc = engine.docs.import_namespace(capability).await.map_err(network_error)?;
    doc.set_download_policy(DownloadPolicy::NothingExcept(Vec::new())).await.map_err(network_error)?;
    let events = doc.subscribe().await.map_err(network_error)?;
    let (done, dones) = mpsc::unbounded_channel();
    let channel = home.data.join(&document.channel);
    let name = crate::sync::hex::show(&document.id);
    let me = *engine.author.as_bytes();
    let mut peers = Peers::read(home.folder().join("peers").join(&name), *engine.endpoint.id().as_bytes());
    document.peers.iter().cloned().for_each(|peer| peers.add(peer));
    // The engine remembers peers without their addresses, and fails to dial them unless it is told all at once.
    let known = peers.due(Instant::now(), false);
    doc.start_sync(known.iter().filter_map(endpoint_addr).collect()).await.map_err(network_error)?;
    let mut keeper = Keeper {
        folder: channel.join(document.side.name()),
        role: if document.secret.is_some() { Role::Writer } else { Role::Reader },
        agreed: Agreed::read(home.folder().join("agreed").join(&name)),
        home,
        engine,
        fetcher,
        document,
        doc,
        channel,
        me,
        records: Records::default(),
        tree: Tree::default(),
        read: BTreeMap::new(),
        wanted: BTreeMap::new(),
        fetched: Arc::default(),
        done,
        refused: BTreeMap::new(),
        unsound: BTreeSet::new(),
        left: BTreeSet::new(),
        peers,
        todo: Todo { everything: true, ..Todo::default() },
        question: None,
        problems: BTreeSet::new(),
        compared: None,
        news: News::default(),
        present: None,
        looked: Instant::now(),
        is_told: false,
        names: BTreeMap::new(),
        asked: BTreeSet::new(),
        profile: None,
        title: None,
    };
    crate::disk::whole::sweep(&keeper.folder);
    keeper.load().await?;
    let done = keeper.run(words, drained(events), dones).await;
    let _ = keeper.agreed.save();
    keeper.peers.save();
    keeper.fetcher.forget(keeper.document.id);
    let _ = keeper.doc.leave().await;
    done
}

fn network_error(error: impl std::fmt::Display) -> Error {
    engine(error)
}

/// Takes events as they come: the engine's queue of them is short, and waits for nobody.
fn drained(
    mut events: impl tokio_stream::Stream<Item = Result<LiveEvent, impl Send + 'static>> + Send + Unpin + 'static,
) -> mpsc::UnboundedReceiver<LiveEvent> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if event.is_ok_and(|event| sender.send(event).is_err()) {
                return;
            }
        }
    });
    receiver
}

impl Keeper {
    async fn run(
        &mut self,
        mut words: mpsc::UnboundedReceiver<Word>,
        mut events: mpsc::UnboundedReceiver<LiveEvent>,
        mut dones: mpsc::UnboundedReceiver<Done>,
    ) -> Result<(), Error> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if !self.todo.is_empty() {
                self.round().await?;
            }
            self.tell();
            tokio::select! {
                word = words.recv() => match word {
                    Some(word) if !matches!(word, Word::Stop) => self.hear(word),
                    _ => return Ok(()),
                },
                Some(event) = events.recv() => self.event(event).await,
                Some(done) = dones.recv() => self.fetched(&done),
                _ = tick.tick() => self.tick().await,
            }
            // What has come together is done together.
            while let Ok(event) = events.try_recv() {
                self.event(event).await;
            }
            while let Ok(done) = dones.try_recv() {
                self.fetched(&done);
            }
        }
    }

    /// Reads all that the document says.
    async fn load(&mut self) -> Result<(), Error> {
        let mut records = Records::default();
        let entries = self.doc.get_many(Query::all().include_empty().build()).await.map_err(network_error)?;
        tokio::pin!(entries);
        while let Some(entry) = entries.next().await {
            records.put(&entry.map_err(network_error)?);
        }
        self.records = records;
        Ok(())
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Touched(Touched::Everything) => self.todo.everything = true,
            Word::Touched(Touched::Paths(paths)) => {
                let folder = &self.folder;
                for path in paths {
                    match path.strip_prefix(folder) {
                        Ok(below) if below.as_os_str().is_empty() => self.todo.everything = true,
                        Ok(below) => drop(self.todo.paths.insert(below.to_owned())),
                        // The channel or a folder above it.
                        Err(_) => self.todo.everything |= folder.starts_with(&path),
                    }
                }
            }
            Word::Book(document) => {
                document.peers.iter().cloned().for_each(|peer| self.peers.add(peer));
                self.document = *document;
                self.todo.everything = true;
            }
            Word::Stop => {}
        }
    }

    async fn event(&mut self, event: LiveEvent) {
        self.is_told = false;
        match event {
            LiveEvent::InsertLocal { entry } | LiveEvent::InsertRemote { entry, .. } => {
                match self.records.put(&entry) {
                    About::File(item) => drop(self.todo.items.insert(item)),
                    About::Author | About::Moved => self.todo.notes = true,
                    About::Nothing => {}
                }
            }
            LiveEvent::NeighborUp(device) => self.meet(device, true).await,
            LiveEvent::NeighborDown(device) => {
                self.peers.connected(device.as_bytes(), false);
                self.share_peers();
            }
            LiveEvent::SyncFinished(event) => {
                if is_compared(&event.result) {
                    // The word that it is over may overtake the words about what it brought.
                    let brought_nothing = event.result.as_ref().is_ok_and(|details| details.entries_received == 0);
                    self.todo.doubt |= !brought_nothing;
                    self.todo.everything |= !brought_nothing;
                    self.compared_with_peer(event.result.is_ok());
                    self.meet(event.peer, false).await;
                }
            }
            LiveEvent::ContentReady { .. } | LiveEvent::PendingContentReady => {}
        }
    }

    /// Notes that documents were compared. A connection that failed to close may hide that the peer had no time: that counts only
    /// where something is known of the document, and for what is to be told only the second time.
    fn compared_with_peer(&mut self, is_sure: bool) {
        if is_sure || self.records.newest > 0 {
            self.compared = Some(self.home.seconds());
        }
        if is_sure || self.news.unsure {
            self.news.telling &= !self.news.asked_again;
        } else {
            self.news.asked_again = false;
        }
        self.news.unsure = !is_sure && self.news.telling;
    }

    /// Notes that a device is there, and where.
    async fn meet(&mut self, device: iroh::EndpointId, is_neighbour: bool) {
        let addresses = self.engine.endpoint.remote_info(device).await;
        let addresses = addresses
            .into_iter()
            .flat_map(iroh::endpoint::RemoteInfo::into_addrs)
            .map(iroh::endpoint::TransportAddrInfo::into_addr);
        self.peers.add(peer(&iroh::EndpointAddr::from_parts(device, addresses)));
        self.peers.seen(device.as_bytes(), self.home.seconds());
        if is_neighbour {
            self.peers.connected(device.as_bytes(), true);
        }
        self.share_peers();
    }

    /// Tells the scheduler whom to ask: those who are connected first.
    fn share_peers(&self) {
        let mut peers: Vec<_> = self.peers.all().filter(|(_, connected, seen)| *connected || seen.is_some()).collect();
        peers.sort_by_key(|(_, connected, seen)| (!connected, seen.map(|seen| -seen)));
        let ids = peers.iter().filter_map(|(peer, ..)| Some(endpoint_addr(peer)?.id)).take(16).collect();
        self.fetcher.peers(self.document.id, ids);
    }

    async fn tick(&mut self) {
        let is_news = self.news.telling && !self.news.asked_again;
        self.news.asked_again |= is_news;
        let due = self.peers.due(Instant::now(), self.compared.is_some() && !is_news);
        let addresses: Vec<_> = due.iter().filter_map(endpoint_addr).collect();
        if !addresses.is_empty() {
            self.is_told = false;
            // Dialling goes on in the background; who does not answer is dialled again.
            let _ = self.doc.start_sync(addresses).await;
        }
        self.peers.save();
        if let Err(error) = self.agreed.save() {
            self.problem(error.to_string());
        }
        let later = std::mem::take(&mut self.todo.later);
        self.todo.items.extend(later);
        if self.looked.elapsed() > RESCAN {
            self.todo.everything = true;
        }
    }

    fn fetched(&mut self, done: &Done) {
        self.is_told = false;
        let items = self.wanted.remove(&done.hash).unwrap_or_default();
        if !done.sound {
            self.unsound.insert((done.hash, done.len));
        }
        self.todo.notes |= self.asked.remove(&done.hash);
        self.todo.items.extend(items);
    }

    /// Notes something that went wrong.
    pub(super) fn problem(&mut self, what: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.insert(what);
        }
    }

    /// Looks again at what there is to do, decides, and does it.
    async fn round(&mut self) -> Result<(), Error> {
        self.is_told = false;
        let later = std::mem::take(&mut self.todo.later);
        let todo = std::mem::replace(&mut self.todo, Todo { later, ..Todo::default() });
        if todo.doubt {
            self.load().await?;
            if self.compared.is_none() && self.records.newest > 0 {
                self.compared = Some(self.home.seconds());
            }
        }
        if todo.everything {
            self.looked = Instant::now();
            self.problems.clear();
            self.refused.clear();
        }
        if self.document.moved.is_some() && self.role == Role::Writer {
            return publish::point_on(self).await;
        }
        let Some(items) = self.look(todo).await else {
            return Ok(());
        };
        self.question = publish::question(self);
        let is_first = self.present.is_none() && self.role == Role::Writer;
        if is_first {
            let listed = self.engine.store.blobs().list().hashes().await.unwrap_or_default();
            self.present = Some(listed.iter().map(|hash| *hash.as_bytes()).collect());
        }
        if publish::give_way(self, &items).await? {
            self.todo.items.extend(items);
            return Ok(());
        }
        let mut steps = BTreeMap::new();
        for item in items {
            let step = self.step(&item).await;
            self.left.remove(&item);
            match step {
                Step::Rest if is_first && self.is_lost(&item) => drop(steps.insert(item, Step::Publish)),
                Step::Rest => {}
                Step::Leave => drop(self.left.insert(item)),
                step => drop(steps.insert(item, step)),
            }
        }
        publish::apply(self, &steps).await?;
        take::apply(self, &steps).await;
        take::notes(self).await;
        Ok(())
    }

    /// Lists the box again as far as there is something to do, and gives the files concerned; `None` when there is no box.
    async fn look(&mut self, todo: Todo) -> Option<BTreeSet<Item>> {
        let (folder, mut tree) = (self.folder.clone(), std::mem::take(&mut self.tree));
        let (everything, paths) = (todo.everything, todo.paths);
        let mut items = todo.items;
        let looked = tokio::task::spawn_blocking(move || {
            let open = Folder::open(&folder)?;
            if everything {
                return Ok((Tree::of(&open)?, BTreeSet::new()));
            }
            let mut touched = BTreeSet::new();
            // All of one message are seen at one look.
            let firsts: BTreeSet<PathBuf> =
                paths.iter().filter_map(|path| path.iter().next()).map(PathBuf::from).collect();
            for path in firsts {
                touched.extend(below(&tree, &path));
                tree.look_again(&open, &path);
                touched.extend(below(&tree, &path));
            }
            Ok::<_, std::io::Error>((tree, touched))
        });
        match looked.await {
            Ok(Ok((tree, touched))) => {
                self.tree = tree;
                items.extend(touched);
            }
            Ok(Err(error)) => {
                self.question = Some(format!("{} can't be looked at: {error}", self.folder.display()));
                self.todo = Todo::default();
                return None;
            }
            Err(_) => return None,
        }
        if everything {
            items.extend(self.tree.files.keys().chain(self.records.items()).chain(self.agreed.files().keys()).cloned());
        } else {
            // What the records say of may have come since the box was listed.
            for item in items.iter().filter(|item| !self.tree.files.contains_key(*item)).cloned().collect::<Vec<_>>() {
                self.restat(&item);
            }
        }
        Some(items)
    }

    /// Looks again at one file.
    pub(super) fn restat(&mut self, item: &Item) {
        match Folder::open(&self.folder).and_then(|folder| folder.stat(item.path())) {
            Ok(stat) if stat.kind == crate::disk::beneath::Kind::File => {
                self.tree.files.insert(item.clone(), stat);
            }
            _ => {
                self.tree.files.remove(item);
            }
        }
    }

    /// Decides about one file, reading it if that is needed.
    pub(super) async fn step(&mut self, item: &Item) -> Step {
        if self.tree.hides(item) {
            return Step::Rest;
        }
        let agreed = self.agreed.get(item).copied();
        let wanted = self.records.wanted(item);
        let there = self.there(item, agreed.as_ref());
        let hash = agreed.map(|agreed| agreed.hash);
        if there == There::Unread && self.role == Role::Writer && wanted == Wanted::Unknown && agreed.is_none() {
            // It is read when it is published.
            return Step::Publish;
        }
        match step(self.role, hash, there, wanted) {
            Step::Read => match self.read_file(item).await {
                Some(read) => step(self.role, hash, There::Content(read), wanted),
                None => Step::Rest,
            },
            step => step,
        }
    }

    /// Whether the content of a file that is shared is not in the store.
    fn is_lost(&self, item: &Item) -> bool {
        let shared =
            self.agreed.get(item).filter(|agreed| !agreed.looks.is_empty() && self.tree.files.contains_key(item));
        shared.is_some_and(|agreed| self.present.as_ref().is_some_and(|present| !present.contains(&agreed.hash)))
    }

    fn there(&self, item: &Item, agreed: Option<&Agreement>) -> There {
        let Some(looks) = self.tree.files.get(item).map(Looks::from) else {
            return There::Missing;
        };
        match (agreed, self.read.get(item)) {
            (Some(agreed), _) if agreed.looks == looks => There::Content(agreed.hash),
            (_, Some((then, hash))) if *then == looks => There::Content(*hash),
            _ => There::Unread,
        }
    }

    /// Reads what a file holds now.
    async fn read_file(&mut self, item: &Item) -> Option<Hash> {
        let (folder, path) = (self.folder.clone(), item.clone());
        let read = tokio::task::spawn_blocking(move || hash_of(&folder, &path)).await.ok()?;
        match read {
            Ok((stat, hash)) => {
                self.read.insert(item.clone(), (Looks::from(&stat), hash));
                self.tree.files.insert(item.clone(), stat);
                Some(hash)
            }
            Err(error) => {
                self.problem(format!("{item} can't be read: {error}"));
                None
            }
        }
    }

    /// Notes that box and document agree on a file.
    pub(super) fn agree(&mut self, item: &Item, hash: Hash, stat: &Stat, ours: bool) {
        self.read.remove(item);
        self.refused.remove(item);
        self.tree.files.insert(item.clone(), *stat);
        self.agreed.set(item.clone(), Agreement { hash, looks: stat.into(), ours });
    }

    /// Notes that the document was told something that peers are to hear.
    pub(super) fn told(&mut self) {
        (self.news.telling, self.news.asked_again, self.news.unsure) = (true, false, false);
    }

    /// Uses up the leave to delete everything.
    pub(super) fn used_leave(&mut self) {
        self.document.delete_all = false;
        let (channel, side) = (self.document.channel.clone(), self.document.side);
        let _ = Book::change(&self.home.data, |book| {
            if let Some(document) = book.document_mut(&channel, side) {
                document.delete_all = false;
            }
            Ok::<_, Error>(())
        });
    }

    /// Tells how it stands.
    fn tell(&mut self) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.home.shared.put(self.document.id, self.state());
        }
    }

    /// Looks at a file again in this state of things.
    pub(super) fn again(&mut self, item: Item) {
        self.todo.items.insert(item);
    }

    /// Looks at a file again after a moment.
    pub(super) fn again_later(&mut self, item: Item) {
        self.todo.later.insert(item);
    }

    /// Looks again at what lies at some paths of the box.
    pub(super) fn look_again(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.todo.paths.extend(paths);
    }

    fn state(&self) -> DocumentState {
        let mut state =
            DocumentState::new(self.document.channel.clone(), self.document.side, self.role == Role::Writer);
        for (item, record) in self.records.contents() {
            state.messages += usize::from(item.is_text());
            state.bytes = state.bytes.saturating_add(record.file_len());
        }
        for items in self.wanted.values() {
            state.arriving += items.len();
            let len = items.iter().next().and_then(|item| self.records.latest(item)).map_or(0, |record| record.len);
            state.arriving_bytes = state.arriving_bytes.saturating_add(len);
        }
        state.fetched = self.fetched.load(Ordering::Relaxed);
        state.not_fetched = self
            .refused
            .iter()
            .take(100)
            .map(|(item, why)| NotFetched { path: item.to_string(), why: why.clone() })
            .collect();
        state.changed_here = self.left.iter().take(100).map(ToString::to_string).collect();
        state.refused = self.records.refused() + self.unsound.len();
        state.question.clone_from(&self.question);
        state.problems = self.problems.iter().cloned().collect();
        state.telling = self.news.telling;
        state.compared = self.compared;
        state.phrase.clone_from(&self.document.phrase);
        state.moved.clone_from(&self.document.moved);
        let authors = take::author_devices(self);
        state.peers = self
            .peers
            .all()
            .map(|(peer, connected, seen)| PeerState {
                device: crate::sync::hex::show(&peer.device),
                connected,
                author: authors.contains(&peer.device),
                seen,
            })
            .collect();
        state.title.clone_from(&self.title);
        state
    }
}

/// Whether documents were compared: a connection that could not be closed in good order was good until then.
fn is_compared<T>(result: &Result<T, String>) -> bool {
    result.as_ref().err().is_none_or(|error| error.starts_with("Failed to close"))
}

/// The files of a box at or below a path.
fn below(tree: &Tree, path: &std::path::Path) -> Vec<Item> {
    use std::os::unix::ffi::OsStrExt;
    let first = path.iter().next().map(OsStrExt::as_bytes).unwrap_or_default();
    let is_there = |item: &&Item| {
        item.as_bytes().strip_prefix(first).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    tree.files.keys().filter(is_there).cloned().collect()
}

/// Hashes a file, whatever its length, and gives the `stat` of the very file.
fn hash_of(folder: &std::path::Path, item: &Item) -> std::io::Result<(Stat, Hash)> {
    let folder = Folder::open(folder)?;
    for _ in 0..2 {
        let (file, before) = folder.file(item.path())?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&file)?;
        if folder.stat(item.path()).ok() == Some(before) {
            return Ok((before, *hasher.finalize().as_bytes()));
        }
    }
    Err(std::io::Error::new(std::io::ErrorKind::Interrupted, "it keeps changing while it is read"))
}

/// Whether a box is one's own.
pub(super) fn is_own(side: Side) -> bool {
    side == Side::Outbox
}

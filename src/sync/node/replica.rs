//! One box and its document, kept the same.
//!
//! Owns the round: hear what may have changed, look again at that, decide what is to be done about each file, and have it done
//! (`publish.rs` towards the document, `take.rs` towards the box). An event never carries meaning: it only says what to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use iroh_docs::api::Doc;
use iroh_docs::engine::LiveEvent;
use iroh_docs::store::{DownloadPolicy, Query};
use iroh_docs::{Capability, NamespaceId, NamespaceSecret};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt;

use crate::channel::protocol::entry::Side;
use crate::fs::confined::Stat;
use crate::sync::error::Error;
use crate::sync::keys::book::{Book, Document};
use crate::sync::node::authorship::Authorship;
use crate::sync::node::engine::Engine;
use crate::sync::node::fetch::{Done, Fetcher, Progress};
use crate::sync::node::incoming::Inflow;
use crate::sync::node::network::{endpoint_addr, failed};
use crate::sync::node::notes::AuthorNote;
use crate::sync::node::peers::Peers;
use crate::sync::node::records::Records;
use crate::sync::node::unannounced::News;
use crate::sync::node::{Home, apply, notes, publish};
use crate::sync::replica::baseline::{Agreed, Agreement, Looks};
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::Refusal;
use crate::sync::replica::merge::{Hash, Role, Step};
use crate::sync::replica::tree::Tree;
use crate::watch::Touched;

/// How often peers are dialled and records saved.
const TICK: Duration = Duration::from_secs(1);

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
    pub(super) everything: bool,
    pub(super) paths: BTreeSet<PathBuf>,
    pub(super) items: BTreeSet<Item>,
    /// What the authors say of themselves.
    pub(super) notes: bool,
    /// All that the document says, anew.
    pub(super) doubt: bool,
    /// What was changed by somebody while it was being seen to: in the next round, after a moment.
    pub(super) later: BTreeSet<Item>,
}

impl Todo {
    fn is_empty(&self) -> bool {
        !self.notes && !self.everything && self.paths.is_empty() && self.items.is_empty()
    }
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
    pub(super) progress: Arc<Progress>,
    pub(super) done: mpsc::UnboundedSender<Done>,
    pub(super) refused: BTreeMap<Item, Refusal>,
    /// Contents with lengths that entries say of them and that are not theirs, and what the store has of them at most, in bytes.
    pub(super) unsound: BTreeMap<(Hash, u64), u64>,
    pub(super) left: BTreeSet<Item>,
    pub(super) peers: Peers,
    pub(super) todo: Todo,
    pub(super) question: Option<String>,
    pub(super) problems: BTreeSet<String>,
    pub(super) compared: Option<i64>,
    /// Whether the last comparison may have been none.
    pub(super) is_unsure: bool,
    /// When a peer was met with whom documents are not compared yet.
    pub(super) met: Option<Instant>,
    pub(super) news: News,
    /// Whether the store was asked for all that was shared: a node may be killed before contents are written down.
    is_checked: bool,
    /// When somebody was dialled last.
    pub(super) dialled: Instant,
    /// Whether how it stands was told since something happened.
    pub(super) is_told: bool,
    /// What the authors say of themselves.
    pub(super) names: BTreeMap<[u8; 32], AuthorNote>,
    pub(super) authorship: Authorship,
    /// Notes that were asked for.
    pub(super) asked: BTreeSet<Hash>,
    /// A profile that can't be read, and why.
    pub(super) unreadable: Option<(Hash, String)>,
    /// The profile whose title is known.
    pub(super) profile: Option<Hash>,
    pub(super) title: Option<String>,
    /// When the trash was tidied last.
    pub(super) expired: Option<Instant>,
    /// What authors have taken back since, in bytes.
    pub(super) taken_back: u64,
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
    let doc = engine.docs.import_namespace(capability).await.map_err(failed)?;
    doc.set_download_policy(DownloadPolicy::NothingExcept(Vec::new())).await.map_err(failed)?;
    let events = doc.subscribe().await.map_err(failed)?;
    let (done, dones) = mpsc::unbounded_channel();
    let channel = home.data.join(document.channel.as_os_str());
    let name = crate::sync::hex::encode(&document.id);
    let me = *engine.author.as_bytes();
    let mut peers = Peers::read(home.folder().join("peers").join(&name), *engine.endpoint.id().as_bytes());
    document.peers.iter().cloned().for_each(|peer| peers.add(peer));
    // The engine remembers peers without their addresses, and fails to dial them unless it is told all at once.
    let known = peers.due(Instant::now(), true).iter().filter_map(endpoint_addr).collect();
    let mut keeper = Keeper {
        folder: channel.join(document.side.name()),
        authorship: Authorship::read(&home.data, &channel.join(document.side.name()), &document.id),
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
        progress: Arc::default(),
        done,
        refused: BTreeMap::new(),
        unsound: BTreeMap::new(),
        left: BTreeSet::new(),
        peers,
        todo: Todo { everything: true, ..Todo::default() },
        question: None,
        problems: BTreeSet::new(),
        compared: None,
        news: News::default(),
        is_checked: false,
        is_unsure: false,
        met: None,
        dialled: Instant::now(),
        is_told: false,
        names: BTreeMap::new(),
        asked: BTreeSet::new(),
        unreadable: None,
        profile: None,
        title: None,
        expired: None,
        taken_back: 0,
    };
    crate::fs::atomic_write::sweep(&keeper.folder);
    keeper.load().await?;
    if !keeper.has_too_many() {
        keeper.engine.inflow.is_over().await;
        keeper.doc.start_sync(known).await.map_err(failed)?;
    }
    let done = keeper.run(words, drained(events, keeper.engine.inflow.clone()), dones).await;
    let _ = keeper.agreed.save();
    keeper.peers.save();
    keeper.fetcher.forget(keeper.document.id);
    let _ = keeper.doc.leave().await;
    done
}

/// Takes events as they come: the engine's queue of them is short, and waits for nobody.
fn drained(
    mut events: impl tokio_stream::Stream<Item = Result<LiveEvent, impl Send + 'static>> + Send + Unpin + 'static,
    inflow: Inflow,
) -> mpsc::UnboundedReceiver<LiveEvent> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Ok(LiveEvent::InsertRemote { .. }) = &event {
                inflow.came();
            }
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
        let mut records = Records::new(self.owner());
        let entries = self.doc.get_many(Query::all().include_empty().build()).await.map_err(failed)?;
        tokio::pin!(entries);
        let most = self.most_entries();
        while let Some(entry) = entries.next().await
            && self.counted(&records) <= most
        {
            records.put(&entry.map_err(failed)?);
        }
        self.records = records;
        Ok(())
    }

    async fn tick(&mut self) {
        self.listen_or_leave().await;
        self.peers.save();
        self.save();
        let later = std::mem::take(&mut self.todo.later);
        self.todo.items.extend(later);
        self.todo.items.extend(apply::with_room(self));
        // What is on its way grows without a word.
        self.is_told &= self.wanted.is_empty();
    }

    /// Saves what was agreed on: soon, for a node that is killed knows no more than that.
    pub(super) fn save(&mut self) {
        if let Err(error) = self.agreed.save() {
            self.problem(error.to_string());
        }
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
        let is_open = self.is_open();
        let later = std::mem::take(&mut self.todo.later);
        let todo = std::mem::replace(&mut self.todo, Todo { later, ..Todo::default() });
        if todo.doubt {
            self.load().await?;
            if self.compared.is_none() && self.records.newest > 0 {
                self.compared = Some(self.home.seconds());
            }
        }
        if todo.everything {
            self.problems.clear();
            self.refused.clear();
        }
        // Only the owner moves readers: what anybody else said of it would be told as an attempt.
        if self.document.moved.is_some() && self.role == Role::Writer && self.is_owner() {
            return publish::point_on(self).await;
        }
        if self.has_too_many() {
            return Ok(());
        }
        self.authorship.is_written &= !todo.everything;
        let Some(mut items) = self.look(todo).await else {
            return Ok(());
        };
        self.note_signers(&items);
        if self.pin_owner() {
            items.extend(self.records.hidden().cloned());
        }
        self.question = publish::question(self);
        let is_first = !std::mem::replace(&mut self.is_checked, true);
        if publish::give_way(self, &items).await? {
            self.todo.items.extend(items);
            return Ok(());
        }
        let mut steps = BTreeMap::new();
        for item in items {
            let step = self.step(&item).await;
            self.left.remove(&item);
            match step {
                Step::Rest if !is_first => {}
                Step::Rest | Step::Adopt if self.is_lost(&item).await => drop(steps.insert(item, Step::Publish)),
                Step::Rest => {}
                Step::Leave => drop(self.left.insert(item)),
                step => drop(steps.insert(item, step)),
            }
        }
        publish::apply(self, &steps).await?;
        notes::learn(self).await;
        // Before anything of others appears, so that nobody takes it for one's own.
        if self.write_authors().await {
            apply::apply(self, &steps, is_open).await;
        } else {
            for item in steps.into_keys() {
                self.again_later(item);
            }
        }
        notes::read(self).await;
        Ok(())
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
        self.news.told();
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
            self.home.shared.tell(&self.document.id, self.state());
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
}

/// Whether a box is one's own.
pub(super) fn is_own(side: Side) -> bool {
    side == Side::Outbox
}

//! The life of a replica: what happens is told to the state machine of `sync/replica`, and what it wants done is carried out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use iroh_docs::engine::LiveEvent;
use iroh_docs::store::DownloadPolicy;
use iroh_docs::{Capability, NamespaceId, NamespaceSecret};
use tokio::sync::{mpsc, watch};
use tracing::{debug, info, warn};

use crate::fs::atomic_write;
use crate::sync::error::Error;
use crate::sync::keys::book::Document;
use crate::sync::node::act::Acts;
use crate::sync::node::blocking::blocking;
use crate::sync::node::engine::Engine;
use crate::sync::node::engine_events;
use crate::sync::node::fetch::Fetcher;
use crate::sync::node::fetch_job::{Done, Progress};
use crate::sync::node::hands::{Answer, Hands, Place};
use crate::sync::node::home::Home;
use crate::sync::node::memory::MemoryFiles;
use crate::sync::node::network::failed;
use crate::sync::node::surroundings::FreeSpace;
use crate::sync::node::touched::touched;
use crate::sync::redacted::redacted;
use crate::sync::replica::action::Action;
use crate::sync::replica::event::{Event, Log};
use crate::sync::replica::item_log::Write;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::Role;
use crate::sync::replica::now::Now;
use crate::sync::replica::report::Fetched;
use crate::sync::replica::shared_box::SharedBox;
use crate::watch::Touched;

/// How often a replica is told that time has passed.
const TICK: Duration = Duration::from_secs(1);

/// So much of one kind is told to a replica at once: between such portions it is reported how it stands.
const MAX_AT_ONCE: usize = 4096;

/// An engine that ends what it says of a document again within this time has failed.
const MAX_SILENCE: Duration = Duration::from_secs(10);

/// What a replica is told by the node.
pub(super) enum Command {
    /// Something changed on disk.
    Touched(Touched),
    /// The book says something else of the document.
    Book(Box<Document>),
    /// It is over.
    Stop,
}

/// Where a replica hears what happens.
struct Heard {
    commands: mpsc::UnboundedReceiver<Command>,
    engine: mpsc::UnboundedReceiver<LiveEvent>,
    dones: mpsc::UnboundedReceiver<Done>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

/// A replica, and who acts for it.
struct ReplicaTask {
    replica: Replica,
    acts: Acts,
    heard: Heard,
    free: FreeSpace,
    /// Whether something happened since the last tick.
    is_busy: bool,
    /// When the engine was listened to anew, because it had ended what it said.
    listened_again: Option<Instant>,
    ending: watch::Sender<bool>,
}

/// How a turn ended.
enum Turn {
    GoesOn,
    Stopped,
}

/// Keeps a document and its box the same, until it is told to stop.
///
/// # Errors
/// When the engine fails.
pub(super) async fn start(
    home: Home,
    engine: Arc<Engine>,
    fetcher: Fetcher,
    document: Document,
    commands: mpsc::UnboundedReceiver<Command>,
) -> Result<(), Error> {
    let mut task = open(home, engine, fetcher, document, commands).await?;
    let peers = task.replica.exchange.peers.all().count();
    info!(peers, "the channel is being synced");
    let ended = task.run().await;
    task.end().await;
    debug!("the channel is not synced any more");
    ended
}

/// What is known of a document and its box before anything is looked at.
async fn open(
    home: Home,
    engine: Arc<Engine>,
    fetcher: Fetcher,
    document: Document,
    commands: mpsc::UnboundedReceiver<Command>,
) -> Result<ReplicaTask, Error> {
    let capability = match &document.secret {
        Some(secret) => Capability::Write(NamespaceSecret::from_bytes(&secret.0)),
        None => Capability::Read(NamespaceId::from(&document.id)),
    };
    let doc = engine.docs.import_namespace(capability).await.map_err(failed)?;
    doc.set_download_policy(DownloadPolicy::NothingExcept(Vec::new())).await.map_err(failed)?;
    // Nothing is missed between the reading of all entries and this.
    let said = engine_events::listen(&doc, engine.incoming.clone()).await?;
    let shared = shared_box(&home, &engine, document);
    let place = Place {
        document: shared.document.id,
        channel: shared.channel.clone(),
        folder: shared.folder.clone(),
        side: shared.document.side,
    };
    let (files, folder, device) = (MemoryFiles::of(&home, &place.document), place.folder.clone(), shared.device);
    let memory = blocking(move || {
        atomic_write::sweep(&folder);
        files.read(&folder, device)
    });
    let memory = memory.await.ok_or_else(|| failed("what is remembered could not be read"))?;
    let (done, dones) = mpsc::unbounded_channel();
    let (answer, answers) = mpsc::unbounded_channel();
    let (ending, is_ending) = watch::channel(false);
    let progress = Arc::<Progress>::default();
    let replica = Replica::new(shared, memory, now(&home));
    let hands = Hands { home, engine, fetcher, doc, place, done, progress, answers: answer, ending: is_ending };
    Ok(ReplicaTask {
        replica,
        acts: Acts::new(Arc::new(hands)),
        heard: Heard { commands, engine: said, dones, answers },
        free: FreeSpace::default(),
        is_busy: true,
        listened_again: None,
        ending,
    })
}

fn shared_box(home: &Home, engine: &Engine, document: Document) -> SharedBox {
    let channel = home.data.join(document.channel.as_os_str());
    SharedBox {
        folder: channel.join(document.side.name()),
        channel,
        role: if document.secret.is_some() { Role::Writer } else { Role::Reader },
        me: *engine.author.as_bytes(),
        device: *engine.endpoint.id().as_bytes(),
        limits: home.options.limits_for(&document.channel),
        document,
    }
}

/// The time now.
fn now(home: &Home) -> Now {
    Now { monotonic: Instant::now(), wall: home.micros() }
}

impl ReplicaTask {
    async fn run(&mut self) -> Result<(), Error> {
        let surroundings = self.free.look(&self.acts.hands).await;
        let began = now(&self.acts.hands.home);
        let mut first = self.replica.on(surroundings, began);
        first.extend(self.replica.start(began));
        self.acts.act(first, &self.replica.shared);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.report();
            let mut turn = Vec::new();
            tokio::select! {
                command = self.heard.commands.recv() => if let Turn::Stopped = self.told(&mut turn, command) {
                    return Ok(());
                },
                said = self.heard.engine.recv() => match said {
                    Some(said) => self.said(&mut turn, said).await,
                    None => self.listen_again().await?,
                },
                Some(answer) = self.heard.answers.recv() => turn.push(answer?),
                Some(done) = self.heard.dones.recv() => self.fetched(&mut turn, done),
                _ = tick.tick() => self.free.tick(&self.acts.hands, std::mem::take(&mut self.is_busy)),
            }
            // What has come together is told together.
            if let Turn::Stopped = self.gather(&mut turn).await? {
                return Ok(());
            }
            if turn.is_empty() {
                continue;
            }
            self.is_busy |= turn.iter().any(|event| !matches!(event, Event::Tick(_)));
            let actions = self.replica.on_all(turn, now(&self.acts.hands.home));
            self.acts.act(actions, &self.replica.shared);
        }
    }

    /// Takes whatever else has come already.
    async fn gather(&mut self, turn: &mut Vec<Event>) -> Result<Turn, Error> {
        while let Ok(command) = self.heard.commands.try_recv() {
            if let Turn::Stopped = self.told(turn, Some(command)) {
                return Ok(Turn::Stopped);
            }
        }
        if let Ok(said) = self.heard.engine.try_recv() {
            self.said(turn, said).await;
        }
        while turn.len() < MAX_AT_ONCE
            && let Ok(done) = self.heard.dones.try_recv()
        {
            self.fetched(turn, done);
        }
        while turn.len() < MAX_AT_ONCE
            && let Ok(answer) = self.heard.answers.try_recv()
        {
            turn.push(answer?);
        }
        Ok(Turn::GoesOn)
    }

    /// The node says something.
    fn told(&mut self, turn: &mut Vec<Event>, command: Option<Command>) -> Turn {
        match command {
            None | Some(Command::Stop) => return Turn::Stopped,
            Some(Command::Touched(of)) => turn.extend(touched(&self.acts.hands.place, of).map(Event::Touched)),
            Some(Command::Book(document)) => {
                debug!("the book of keys says something else of the document");
                turn.push(Event::Book(document));
            }
        }
        Turn::GoesOn
    }

    /// The engine says something, and perhaps more that has come already.
    async fn said(&mut self, turn: &mut Vec<Event>, first: LiveEvent) {
        let mut said = vec![first];
        while said.len() < MAX_AT_ONCE
            && let Ok(more) = self.heard.engine.try_recv()
        {
            said.push(more);
        }
        turn.extend(engine_events::events(&self.acts.hands, said).await);
    }

    fn fetched(&mut self, turn: &mut Vec<Event>, Done { hash, fetched }: Done) {
        if fetched.is_ok() {
            self.acts.hands.engine.large.came(hash);
        }
        turn.push(Event::Fetched(hash, fetched));
    }

    /// Listens to the engine anew, which has ended what it said of the document, and reads what may have been missed.
    async fn listen_again(&mut self) -> Result<(), Error> {
        if self.listened_again.replace(Instant::now()).is_some_and(|last| last.elapsed() < MAX_SILENCE) {
            return Err(failed("it says nothing more of the channel"));
        }
        warn!("the engine has ended what it says of the channel, and is listened to anew");
        let hands = &self.acts.hands;
        self.heard.engine = engine_events::listen(&hands.doc, hands.engine.incoming.clone()).await?;
        self.acts.reload(&self.replica.shared);
        Ok(())
    }

    /// Reports how it stands, if something happened since.
    fn report(&mut self) {
        let hands = &self.acts.hands;
        let fetched = Fetched {
            total: hands.progress.fetched.load(Ordering::Relaxed),
            partial: hands.progress.partial.load(Ordering::Relaxed),
        };
        if let Some(state) = self.replica.report(fetched) {
            hands.home.status.report(&hands.place.document, state, hands.home.seconds());
        }
    }

    /// Finishes what is under way, and saves what became of it; nothing else is begun.
    async fn end(self) {
        let Self { mut replica, acts, mut heard, ending, .. } = self;
        let hands = &acts.hands;
        let (home, document, doc) = (hands.home.clone(), hands.place.document, hands.doc.clone());
        ending.send_replace(true);
        hands.fetcher.forget(document);
        // With the last who acts the answers end.
        drop(acts);
        let mut saves = Vec::new();
        while let Some(answer) = heard.answers.recv().await {
            if let Ok(event) = answer {
                saves.extend(replica.on(event, now(&home)).into_iter().filter_map(save));
            }
        }
        let files = MemoryFiles::of(&home, &document);
        // What can't be saved is found out again at the next start.
        drop(blocking(move || files.save(&saves)).await);
        // An engine that can't be told so any more has ended.
        if let Err(error) = doc.leave().await {
            debug!(error = %redacted(&error), "the document could not be left");
        }
    }
}

fn save(action: Action) -> Option<(Log, Write)> {
    if let Action::Save(log, write) = action { Some((log, write)) } else { None }
}

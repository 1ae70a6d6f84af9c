//! The life of a replica: take in what may have changed, look again at that, decide what is to be done about each file, and have it
//! done (`publish.rs` towards the document, `apply.rs` towards the box).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use iroh_docs::engine::LiveEvent;
use iroh_docs::store::{DownloadPolicy, Query};
use iroh_docs::{Capability, NamespaceId, NamespaceSecret};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tracing::{debug, info, trace};

use crate::sync::error::Error;
use crate::sync::item_log_file;
use crate::sync::keys::book::Document;
use crate::sync::node::engine::{Engine, entry_of};
use crate::sync::node::fetch::{Done, Fetcher};
use crate::sync::node::hands::Hands;
use crate::sync::node::home::Home;
use crate::sync::node::incoming_entries::IncomingEntries;
use crate::sync::node::network::failed;
use crate::sync::node::references::References;
use crate::sync::node::replica::{Command, Replica};
use crate::sync::node::{apply, authorship, book_changes, dial, give_way, notes, peer_file, publish, references};
use crate::sync::replica::authorship::View;
use crate::sync::replica::condition::Condition;
use crate::sync::replica::exchange::Exchange;
use crate::sync::replica::item::Item;
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::{Role, Step};
use crate::sync::replica::ownership;
use crate::sync::replica::records::Records;
use crate::sync::replica::shared_box::SharedBox;
use crate::sync::replica::todo::Todo;
use crate::sync::replica::trash::TrashUse;
use crate::sync::replica::wanted::Wanted;

/// How often peers are dialled and records saved.
const TICK: Duration = Duration::from_secs(1);

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
    let capability = match &document.secret {
        Some(secret) => Capability::Write(NamespaceSecret::from_bytes(&secret.0)),
        None => Capability::Read(NamespaceId::from(&document.id)),
    };
    let doc = engine.docs.import_namespace(capability).await.map_err(failed)?;
    doc.set_download_policy(DownloadPolicy::NothingExcept(Vec::new())).await.map_err(failed)?;
    let events = doc.subscribe().await.map_err(failed)?;
    let (done, dones) = mpsc::unbounded_channel();
    let (progress, references) = (Arc::default(), References::default());
    let hands = Hands { home, engine, fetcher, doc, done, progress, references };
    let mut replica = open(hands, document);
    crate::fs::atomic_write::sweep(&replica.shared.folder);
    replica.load().await?;
    info!(
        entries = replica.records.entry_count(),
        peers = replica.exchange.peers.all().count(),
        "the channel is being synced"
    );
    // The engine remembers peers without their addresses, and fails to dial them unless it is told all at once.
    let known = dial::addresses(&replica.exchange.peers.due(Instant::now(), true));
    if !replica.has_too_many_entries() {
        replica.hands.engine.incoming.wait_until_quiet().await;
        replica.hands.doc.start_sync(known).await.map_err(failed)?;
    }
    let incoming = replica.hands.engine.incoming.clone();
    let ended = replica.run(commands, drained(events, incoming), dones).await;
    replica.save_baseline();
    replica.save_peers();
    replica.hands.fetcher.forget(replica.shared.document.id);
    replica.hands.leave().await;
    debug!("the channel is not synced any more");
    ended
}

/// What is known of a document and its box before anything is looked at.
fn open(hands: Hands, document: Document) -> Replica {
    let channel = hands.home.data.join(document.channel.as_os_str());
    let shared = SharedBox {
        folder: channel.join(document.side.name()),
        channel,
        role: if document.secret.is_some() { Role::Writer } else { Role::Reader },
        me: *hands.engine.author.as_bytes(),
        document,
    };
    let mut peers = peer_file::read(&hands.peer_file(&shared.document.id), *hands.engine.endpoint.id().as_bytes());
    shared.document.peers.iter().cloned().for_each(|peer| peers.add(peer));
    Replica {
        authorship: authorship::read(&hands.home.data, &shared),
        local: LocalBox::new(item_log_file::read(&hands.baseline_file(&shared.document.id))),
        records: Records::default(),
        wanted: Wanted::default(),
        exchange: Exchange::new(peers, Instant::now()),
        todo: Todo { everything: true, ..Todo::default() },
        condition: Condition::default(),
        trash: TrashUse::default(),
        shared,
        hands,
    }
}

/// Takes events as they come: the engine's queue of them is short, and waits for nobody.
fn drained(
    mut events: impl tokio_stream::Stream<Item = Result<LiveEvent, impl Send + 'static>> + Send + Unpin + 'static,
    incoming: IncomingEntries,
) -> mpsc::UnboundedReceiver<LiveEvent> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Ok(LiveEvent::InsertRemote { .. }) = &event {
                incoming.note();
            }
            if event.is_ok_and(|event| sender.send(event).is_err()) {
                return;
            }
        }
    });
    receiver
}

impl Replica {
    async fn run(
        &mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut events: mpsc::UnboundedReceiver<LiveEvent>,
        mut dones: mpsc::UnboundedReceiver<Done>,
    ) -> Result<(), Error> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if !self.todo.is_empty() {
                self.round().await?;
            }
            self.report_status();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) if !matches!(command, Command::Stop) => self.on_command(command),
                    _ => return Ok(()),
                },
                Some(event) = events.recv() => self.on_engine_event(event).await,
                Some(done) = dones.recv() => self.on_fetched(&done),
                _ = tick.tick() => self.tick().await,
            }
            // What has come together is done together.
            while let Ok(event) = events.try_recv() {
                self.on_engine_event(event).await;
            }
            while let Ok(done) = dones.try_recv() {
                self.on_fetched(&done);
            }
        }
    }

    /// Reads all that the document says.
    async fn load(&mut self) -> Result<(), Error> {
        let mut records = Records::new(self.shared.owner());
        let entries = self.hands.doc.get_many(Query::all().include_empty().build()).await.map_err(failed)?;
        tokio::pin!(entries);
        let most = self.max_entries();
        while let Some(entry) = entries.next().await
            && self.counted_entries(&records) <= most
        {
            records.put(&entry_of(&entry.map_err(failed)?));
        }
        self.records = records;
        Ok(())
    }

    async fn tick(&mut self) {
        self.dial_or_leave().await;
        self.save_peers();
        self.save_baseline();
        self.todo.wake();
        let with_room = apply::with_room(&self.hands, &self.shared, &self.wanted);
        self.todo.items.extend(with_room);
        // What is on its way grows without an event.
        let is_mended = references::take_in(self);
        self.condition.is_reported &= self.wanted.files.is_empty() && !is_mended;
    }

    /// Looks again at what there is to do, decides, and does it.
    async fn round(&mut self) -> Result<(), Error> {
        self.condition.is_reported = false;
        let is_open = self.is_open();
        let todo = self.todo.take();
        if todo.reload {
            self.load().await?;
            if self.exchange.compared.is_none() && self.records.newest > 0 {
                self.exchange.compared = Some(self.hands.home.seconds());
            }
        }
        if todo.everything {
            self.condition.clear_problems();
            self.wanted.refused.clear();
        }
        // Only the owner moves readers: what anybody else said of it would be told as an attempt.
        if self.shared.document.moved.is_some() && self.shared.role == Role::Writer && self.shared.is_owner() {
            return publish::point_on(&self.hands, &self.shared, &self.records).await;
        }
        if self.has_too_many_entries() {
            return Ok(());
        }
        self.authorship.is_written &= !todo.everything;
        let is_everything = todo.everything;
        let Some(mut items) = self.scan(todo).await else {
            return Ok(());
        };
        self.note_signers(&items);
        if self.pin_owner() {
            items.extend(self.records.hidden().cloned());
        }
        self.condition.question = publish::question(&self.shared, &self.local);
        if give_way::give_way(self, &items).await? {
            self.todo.items.extend(items);
            return Ok(());
        }
        let steps = self.decide(items).await;
        if is_everything {
            references::look(self);
        }
        trace!(steps = steps.len(), "a round");
        publish::publish(self, &steps).await?;
        notes::learn(self).await;
        // Before anything of others appears, so that nobody takes it for one's own.
        if authorship::write_authors(self).await {
            apply::apply(self, &steps, is_open).await;
        } else {
            for item in steps.into_keys() {
                self.todo.again_later(item);
            }
        }
        notes::read(self).await;
        Ok(())
    }

    /// Decides about each of these files; gives those about which there is something to do.
    async fn decide(&mut self, items: BTreeSet<Item>) -> BTreeMap<Item, Step> {
        let is_first = !std::mem::replace(&mut self.local.is_store_checked, true);
        let mut steps = BTreeMap::new();
        for item in items {
            let step = self.step(&item).await;
            self.condition.changed_here.remove(&item);
            match step {
                Step::Nothing if !is_first => {}
                Step::Nothing | Step::Adopt if self.is_lost(&item).await => drop(steps.insert(item, Step::Publish)),
                Step::Nothing => {}
                Step::Leave => drop(self.condition.changed_here.insert(item)),
                step => drop(steps.insert(item, step)),
            }
        }
        steps
    }

    fn note_signers(&mut self, items: &BTreeSet<Item>) {
        let is_open = self.is_open();
        let view = View::new(&self.shared, &self.records, &self.local);
        self.authorship.note_signers(items, view, is_open);
        authorship::save_signers(self);
    }

    /// Finds out whose the document is, where nobody has said so; whether that is known now and was not before.
    fn pin_owner(&mut self) -> bool {
        if self.shared.document.owner.is_some() {
            return false;
        }
        let is_compared = self.exchange.compared.is_some();
        let baseline = &self.local.baseline;
        let Some(owner) = ownership::first_owner(&self.shared, &self.records, baseline, is_compared) else {
            return false;
        };
        info!(owner = %crate::sync::hex::short(&owner), "the channel's owner is known now");
        self.records.owner = Some(owner);
        if let Err(error) = book_changes::pin_owner(&self.hands.home, &mut self.shared.document, owner) {
            self.condition.problem(error.to_string());
        }
        true
    }

    /// Reports how it stands, if something happened since.
    fn report_status(&mut self) {
        if !std::mem::replace(&mut self.condition.is_reported, true) {
            self.hands.home.status.report(&self.shared.document.id, self.status());
        }
    }
}

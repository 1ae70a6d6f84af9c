//! Supervising: which documents are synced at the moment, by the book of keys; the invitations that were accepted; and whether the
//! engine still works.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iroh::Endpoint;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{Instrument, debug, error_span, info, warn};

use crate::channel::protocol::layout::STATE_FOLDER;
use crate::channel::protocol::name::ChannelName;
use crate::sync::error::Error;
use crate::sync::keys::book::{Acceptance, Book, Document, FILE_NAME};
use crate::sync::keys::whereabouts;
use crate::sync::node::blocking::blocking;
use crate::sync::node::box_watch::BoxWatch;
use crate::sync::node::engine::Engine;
use crate::sync::node::fetch::Fetcher;
use crate::sync::node::home::Home;
use crate::sync::node::invitation::InvitationProtocol;
use crate::sync::node::network::peer;
use crate::sync::node::replica_task::Command;
use crate::sync::node::{engine_panics, invitation, replica_task, status_socket};
use crate::sync::redacted::redacted;
use crate::sync::status::DocumentState;
use crate::sync::{own_addresses, socket};
use crate::text::invisible::field;
use crate::text::shell;
use crate::watch::{Scope, Touched, WatchedPlace};

/// How often the node looks after itself.
const TICK: Duration = Duration::from_secs(2);

/// So long after something came into the data folder or left it the channels' folders are looked for: whoever exchanges two folders
/// moves three times, and whoever puts back a backup moves twice.
const MOVING: Duration = Duration::from_secs(2);

/// How often it is saved how the node stands.
const SAVE_INTERVAL: Duration = Duration::from_mins(1);

/// An engine with which all documents failed within this time is broken itself.
const MAX_APART: Duration = Duration::from_secs(10);

/// How long documents may take to end, and the engine after them.
const MAX_ENDING: Duration = Duration::from_secs(5);

/// How often it is looked whether the engine answers, and how long that may take.
const WATCHDOG: Duration = Duration::from_mins(1);

struct RunningReplica {
    document: Document,
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<Result<(), Error>>,
}

impl RunningReplica {
    /// Tells it something. One that has ended hears nothing, and is started anew.
    fn send(&self, command: Command) {
        drop(self.commands.send(command));
    }
}

/// When something was done last, or is to be done.
struct Times {
    /// When the state was saved last.
    saved: Instant,
    /// When the channels' folders are looked for, because one may have been renamed.
    look: Option<Instant>,
}

struct Supervisor {
    home: Home,
    engine: Arc<Engine>,
    fetcher: Fetcher,
    replicas: BTreeMap<[u8; 32], RunningReplica>,
    boxes: BoxWatch,
    /// The book as it was read last.
    book: Book,
    /// Acceptances that are being answered.
    accepting: BTreeMap<ChannelName, JoinHandle<()>>,
    times: Times,
    /// When documents failed last.
    failed: BTreeMap<[u8; 32], Instant>,
    /// Ends when the engine does not answer any more.
    watchdog: JoinHandle<()>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The node is to stop.
    Stopped,
    /// The engine broke, for this reason.
    Broken(String),
}

/// Runs a node until it is stopped, or its engine breaks because the disk was full or its parts are blocked.
///
/// # Errors
/// When the engine cannot start.
pub(super) async fn run(
    home: &Home,
    mut stopped: watch::Receiver<bool>,
    started: &std::sync::mpsc::Sender<()>,
) -> Result<Ended, Error> {
    let engine = tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => return Ok(Ended::Stopped),
        engine = Engine::start(home, InvitationProtocol { home: home.clone() }) => engine?,
    };
    let (boxes, mut changes) = BoxWatch::open()?;
    let answering = tokio::spawn(status_socket::serve(status_socket::bind(home).await?, home.status.clone()));
    // Whatever was wrong with the engine before is over.
    home.status.set_warnings(Vec::new());
    let mut supervisor = Supervisor::begin(home, engine, boxes).await;
    // Whoever waited for it may have given up; a later engine is waited for by nobody.
    let _ = started.send(());
    let ended = supervisor.supervise(&mut stopped, &mut changes).await;
    answering.abort();
    supervisor.end().await;
    Ok(ended)
}

/// Ends when what is asked for now and then does not answer within that time, or not well.
async fn watch_over<F: Future<Output = bool>>(patience: Duration, ask: impl Fn() -> F) {
    loop {
        tokio::time::sleep(patience).await;
        if !tokio::time::timeout(patience, ask()).await.unwrap_or(false) {
            return;
        }
    }
}

impl Supervisor {
    async fn begin(home: &Home, engine: Engine, boxes: BoxWatch) -> Self {
        let (docs, author) = (engine.docs.clone(), engine.author);
        let watchdog = tokio::spawn(watch_over(WATCHDOG, move || {
            let docs = docs.clone();
            async move { docs.author_export(author).await.is_ok() }
        }));
        let engine = Arc::new(engine);
        let fetcher = Fetcher::start(engine.endpoint.clone(), (*engine.store).clone(), &engine.giving);
        let mut supervisor = Self {
            home: home.clone(),
            engine,
            fetcher,
            replicas: BTreeMap::new(),
            boxes,
            book: Book::default(),
            accepting: BTreeMap::new(),
            times: Times { saved: Instant::now(), look: None },
            failed: BTreeMap::new(),
            watchdog,
        };
        supervisor.save_address().await;
        supervisor.follow_book().await;
        supervisor
    }

    /// Goes on until the node is stopped, or the engine breaks.
    async fn supervise(
        &mut self,
        stopped: &mut watch::Receiver<bool>,
        changes: &mut mpsc::UnboundedReceiver<Touched>,
    ) -> Ended {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ended::Stopped,
                touched = changes.recv() => match touched {
                    Some(touched) => self.touched(&touched).await,
                    None => return Ended::Stopped,
                },
                _ = tick.tick() => if let Some(why) = self.tick().await {
                    return Ended::Broken(why);
                },
            }
        }
    }

    /// Passes on what a tick of the disk is about.
    async fn touched(&mut self, touched: &Touched) {
        let book = self.home.data.join(STATE_FOLDER).join(FILE_NAME);
        if touched.names(&book) || *touched == Touched::Everything {
            self.follow_book().await;
        } else if self.may_have_moved(touched) {
            self.times.look.get_or_insert_with(|| Instant::now() + MOVING);
        }
        for running in self.replicas.values() {
            running.send(Command::Touched(touched.clone()));
        }
    }

    /// Whether something came into the data folder or left it.
    fn may_have_moved(&self, touched: &Touched) -> bool {
        let data = &*self.home.real_data;
        matches!(touched, Touched::Paths(paths) if paths.iter().any(|path| path.parent() == Some(data)))
    }

    /// Syncs the documents that the book has now, in the folders where they are now.
    async fn follow_book(&mut self) {
        self.times.look = None;
        let data = self.home.data.clone();
        let Some(followed) = blocking(move || whereabouts::follow(&data)).await else {
            return;
        };
        let (book, of_folders) = match followed {
            Ok(followed) => {
                for (old, new) in &followed.renamed {
                    let [from, to] = [old, new].map(|name| field(&name.to_string()));
                    info!(%from, %to, "a channel was renamed");
                }
                (followed.book, followed.warnings)
            }
            Err(error) => {
                warn!(error = %redacted(&error), "the book of keys can't be read, so nothing changes");
                self.home.status.set_warnings(vec![error.to_string()]);
                return;
            }
        };
        self.replicas.retain(|id, running| {
            let stays = book.by_id(id).is_some();
            if !stays {
                info!(channel = %field(&running.document.channel.to_string()), "its key is gone: the channel is left");
                running.send(Command::Stop);
                self.home.status.forget(id);
            }
            stays
        });
        for document in book.all() {
            match self.replicas.get_mut(&document.id) {
                // A key for writing that came later makes another role.
                Some(running) if has_same_role_and_place(&running.document, document) => {
                    if running.document != *document {
                        running.document = document.clone();
                        running.send(Command::Book(Box::new(document.clone())));
                    }
                }
                // It begins when the old one has ended.
                Some(running) => {
                    running.document = document.clone();
                    running.send(Command::Stop);
                }
                None => self.start_replica(document),
            }
        }
        self.boxes.set_places(self.places(&book));
        self.home.status.set_warnings(warnings(&book).into_iter().chain(of_folders).collect());
        self.book = book;
        self.answer();
    }

    fn start_replica(&mut self, document: &Document) {
        let (commands, received) = mpsc::unbounded_channel();
        let state = DocumentState::new(document.channel.clone(), document.side, document.secret.is_some());
        self.home.status.add(document.id, state);
        let (home, engine, fetcher) = (self.home.clone(), Arc::clone(&self.engine), self.fetcher.clone());
        // At the highest level, so that whatever is logged of a channel says which one it is.
        let channel = field(&document.channel.to_string());
        let span = error_span!("channel", name = %channel, side = document.side.name());
        let replica = replica_task::start(home, engine, fetcher, document.clone(), received);
        let task = tokio::spawn(replica.instrument(span));
        self.replicas.insert(document.id, RunningReplica { document: document.clone(), commands, task });
    }

    fn places(&self, book: &Book) -> Vec<WatchedPlace> {
        let channel = |document: &Document| self.home.data.join(document.channel.as_os_str());
        let boxes = book.documents.iter().map(|document| channel(document).join(document.side.name()));
        let channels = book
            .documents
            .iter()
            .map(|document| WatchedPlace { path: channel(document), scope: Scope::Names(&["inbox", "outbox"]) });
        let own = WatchedPlace { path: self.home.data.join(STATE_FOLDER), scope: Scope::Names(&[FILE_NAME]) };
        let all = WatchedPlace { path: self.home.real_data.clone(), scope: Scope::Children };
        boxes.map(|path| WatchedPlace { path, scope: Scope::Tree }).chain(channels).chain([own, all]).collect()
    }

    /// Answers the invitations that were accepted here.
    fn answer(&mut self) {
        self.accepting.retain(|_, task| !task.is_finished());
        let waiting: Vec<_> = self.book.acceptances.iter().filter(|acceptance| acceptance.refused.is_none()).collect();
        self.home.status.set_accepting(waiting.iter().map(|acceptance| acceptance.channel.clone()).collect());
        for acceptance in waiting {
            if self.accepting.contains_key(&acceptance.channel) {
                continue;
            }
            let (home, endpoint, acceptance) = (self.home.clone(), self.engine.endpoint.clone(), acceptance.clone());
            let channel = acceptance.channel.clone();
            let span = error_span!("invitation", channel = %field(&channel.to_string()));
            let task = tokio::spawn(accept(home, endpoint, acceptance).instrument(span));
            self.accepting.insert(channel, task);
        }
    }

    /// Looks after itself; tells why the engine is broken, if it is.
    async fn tick(&mut self) -> Option<String> {
        self.save_address().await;
        if self.times.saved.elapsed() > SAVE_INTERVAL {
            self.times.saved = Instant::now();
            let (data, state) = (self.home.data.clone(), self.home.status.node_state());
            if let Some(Err(error)) = blocking(move || socket::save_last_state(&data, &state)).await {
                debug!(error = %redacted(&error), "the state could not be saved");
            }
        }
        let why = self.restart_failed().await;
        if self.times.look.is_some_and(|at| at <= Instant::now()) {
            self.follow_book().await;
        }
        self.answer();
        let hangs = self.watchdog.is_finished().then(|| "it does not answer any more".to_owned());
        why.or(hangs).or_else(|| self.fetcher.broken()).or_else(engine_panics::take)
    }

    /// Starts the replicas anew with which the engine failed; tells why if it failed with all of them.
    async fn restart_failed(&mut self) -> Option<String> {
        let ended: Vec<[u8; 32]> =
            self.replicas.iter().filter(|(_, running)| running.task.is_finished()).map(|(id, _)| *id).collect();
        let mut why = None;
        for id in ended {
            let Some(running) = self.replicas.remove(&id) else { continue };
            let failure = match running.task.await {
                Ok(done) => done.err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(reason) = failure {
                let channel = field(&running.document.channel.to_string());
                warn!(%channel, reason = %redacted(&reason), "the engine failed with the channel, which is started anew");
                self.failed.insert(id, Instant::now());
                why = Some(reason);
            }
            self.start_replica(&running.document);
        }
        let is_failing = |id: &[u8; 32]| self.failed.get(id).is_some_and(|at| at.elapsed() < MAX_APART);
        why.filter(|_| self.replicas.keys().all(is_failing))
    }

    async fn save_address(&self) {
        let me = peer(&self.engine.endpoint.addr());
        if self.home.status.set_address(&me) {
            // Whoever hands out a key while no node runs says where one was.
            let data = self.home.data.clone();
            if let Some(Err(error)) = blocking(move || own_addresses::write(&data, &me)).await {
                debug!(error = %redacted(&error), "the own addresses could not be saved");
            }
        }
    }

    /// Ends what goes on, as far as it can be waited for: what hangs ends with its runtime.
    async fn end(self) {
        self.boxes.close();
        self.watchdog.abort();
        for task in self.accepting.into_values() {
            task.abort();
        }
        for running in self.replicas.values() {
            running.send(Command::Stop);
        }
        let all = async move {
            // How a task ended that was told to is of no use to anybody.
            drop(self.watchdog.await);
            for running in self.replicas.into_values() {
                drop(running.task.await);
            }
        };
        if tokio::time::timeout(MAX_ENDING, all).await.is_err() {
            warn!("some channels did not end in time");
        }
        drop(self.fetcher);
        if let Some(engine) = Arc::into_inner(self.engine)
            && tokio::time::timeout(MAX_ENDING, engine.stop()).await.is_err()
        {
            warn!("the engine did not end in time");
        }
    }
}

/// Answers an invitation once, and notes that it was refused, if it was.
async fn accept(home: Home, endpoint: Endpoint, acceptance: Acceptance) {
    let why = match invitation::answer(&home, &endpoint, &acceptance.channel, &acceptance.code).await {
        Ok(Ok(())) => {
            info!("the invitation is accepted");
            return;
        }
        Ok(Err(why)) => why,
        // Nobody there is no answer: it is tried again.
        Err(error) => {
            debug!(error = %redacted(&error), "the other side did not answer");
            return;
        }
    };
    warn!(reason = %redacted(&why), "the invitation was refused");
    let noted = blocking(move || {
        Book::change(&home.data, |book| {
            let mine = book.acceptances.iter_mut().filter(|other| other.channel == acceptance.channel);
            mine.for_each(|mine| mine.refused = Some(why.clone()));
            Ok::<_, Error>(())
        })
    });
    if let Some(Err(error)) = noted.await {
        warn!(error = %redacted(&error), "that it was refused can't be noted, so it is tried again");
    }
}

/// Whether a replica of one goes on as one of the other: it has the same role, and the same folder.
fn has_same_role_and_place(one: &Document, other: &Document) -> bool {
    (one.secret, &one.channel, &one.folder) == (other.secret, &other.channel, &other.folder)
}

/// What of the book somebody has to see to.
fn warnings(book: &Book) -> Vec<String> {
    let left_out = book.left_out.iter().map(|left| {
        format!(
            "the key of `{}` is left out: a channel cannot have that name; `missive keys` lists the keys",
            field(&left.name)
        )
    });
    let refused = book.acceptances.iter().filter_map(|acceptance| {
        let why = acceptance.refused.as_ref()?;
        let channel = &acceptance.channel;
        Some(format!(
            "the invitation to `{}` was refused: {why}; to delete it: {}",
            field(&channel.to_string()),
            shell::missive("keys forget", &[channel])
        ))
    });
    left_out.chain(refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn whoever_does_not_answer_is_noticed() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let asked = AtomicU32::new(0);
            watch_over(Duration::from_millis(5), || async {
                if asked.fetch_add(1, Ordering::Relaxed) == 3 {
                    std::future::pending::<()>().await;
                }
                true
            })
            .await;
            assert_eq!(asked.into_inner(), 4, "it was well three times");
        });
    }
}

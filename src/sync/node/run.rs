//! The life of a node: start, follow the book and the folders, end.
//!
//! Owns which documents are kept at the moment, the watch over their boxes, and the socket on which others ask. Refuses to know
//! what is done about a document.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::channel::protocol::name::ChannelName;
use crate::sync::error::Error;
use crate::sync::keys::book::{Book, Document, FILE_NAME, PRIVATE};
use crate::sync::node::engine::Engine;
use crate::sync::node::fetch::Fetcher;
use crate::sync::node::invitation;
use crate::sync::node::invitation::Meet;
use crate::sync::node::network::peer;
use crate::sync::node::panics;
use crate::sync::node::replica;
use crate::sync::node::replica::Word;
use crate::sync::node::{Home, Shared};
use crate::sync::own_addresses;
use crate::sync::socket::{self, Address};
use crate::sync::status::DocumentState;
use crate::text::invisible::field;
use crate::text::shell;
use crate::watch::{Detection, Scope, Touched, WakeReason, Waker, Watch, WatchedPlace};

/// How often the node looks after itself.
const TICK: Duration = Duration::from_secs(2);

/// How often word is left of how the node stands.
const WORD: Duration = Duration::from_mins(1);

/// How often everything is looked at, whatever the system tells of changes.
const RESCAN: Duration = Duration::from_mins(3);

/// An engine with which all documents failed within this time is broken itself.
const TOGETHER: Duration = Duration::from_secs(10);

/// How long documents may take to end, and the engine after them.
const ENDING: Duration = Duration::from_secs(5);

/// How often it is looked whether the engine answers, and how long that may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The longest line that is listened to, in bytes.
const LONGEST: u64 = 1024;

struct Kept {
    document: Document,
    words: mpsc::UnboundedSender<Word>,
    task: JoinHandle<Result<(), Error>>,
}

struct Run {
    home: Home,
    engine: Arc<Engine>,
    fetcher: Fetcher,
    kept: BTreeMap<[u8; 32], Kept>,
    eye: Eye,
    /// The book as it was read last.
    book: Book,
    /// Acceptances that are being answered.
    meeting: BTreeMap<ChannelName, JoinHandle<()>>,
    /// When word was left of how it stands.
    word: Instant,
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

/// Runs a node until it is stopped, or its engine breaks because the disk was full or its parts wait for each other.
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
        engine = Engine::start(home, Meet { home: home.clone() }) => engine?,
    };
    let (eye, mut ticks) = Eye::open()?;
    let ears = tokio::spawn(listen(listener(home)?, home.shared.clone()));
    // Whatever was wrong with the engine before is over.
    home.shared.warn(Vec::new());
    let mut run = Run::begin(home, engine, eye);
    let _ = started.send(());
    let ended = run.go_on(&mut stopped, &mut ticks).await;
    ears.abort();
    run.end().await;
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

impl Run {
    fn begin(home: &Home, engine: Engine, eye: Eye) -> Self {
        let (docs, author) = (engine.docs.clone(), engine.author);
        let watchdog = tokio::spawn(watch_over(PATIENCE, move || {
            let docs = docs.clone();
            async move { docs.author_export(author).await.is_ok() }
        }));
        let engine = Arc::new(engine);
        let fetcher = Fetcher::start(engine.endpoint.clone(), (*engine.store).clone());
        let mut run = Self {
            home: home.clone(),
            engine,
            fetcher,
            kept: BTreeMap::new(),
            eye,
            book: Book::default(),
            meeting: BTreeMap::new(),
            word: Instant::now(),
            failed: BTreeMap::new(),
            watchdog,
        };
        run.tell_addresses();
        run.follow_book();
        run
    }

    /// Goes on until the node is stopped, or the engine breaks.
    async fn go_on(
        &mut self,
        stopped: &mut watch::Receiver<bool>,
        ticks: &mut mpsc::UnboundedReceiver<Touched>,
    ) -> Ended {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Ended::Stopped,
                touched = ticks.recv() => match touched {
                    Some(touched) => self.touched(&touched),
                    None => return Ended::Stopped,
                },
                _ = tick.tick() => if let Some(why) = self.tick().await {
                    return Ended::Broken(why);
                },
            }
        }
    }

    /// Passes on what a tick of the disk is about.
    fn touched(&mut self, touched: &Touched) {
        let book = self.home.data.join(PRIVATE).join(FILE_NAME);
        if touched.names(&book) || *touched == Touched::Everything {
            self.follow_book();
        }
        for kept in self.kept.values() {
            let _ = kept.words.send(Word::Touched(touched.clone()));
        }
    }

    /// Keeps the documents that the book has now.
    fn follow_book(&mut self) {
        let book = match Book::read(&self.home.data) {
            Ok(book) => book,
            Err(error) => {
                self.home.shared.warn(vec![error.to_string()]);
                return;
            }
        };
        self.kept.retain(|id, kept| {
            let stays = book.by_id(id).is_some();
            if !stays {
                let _ = kept.words.send(Word::Stop);
                self.home.shared.forget(id);
            }
            stays
        });
        for document in book.all() {
            match self.kept.get_mut(&document.id) {
                // A key for writing that came later makes another role.
                Some(kept) if kept.document.secret == document.secret => {
                    if kept.document != *document {
                        kept.document = document.clone();
                        let _ = kept.words.send(Word::Book(Box::new(document.clone())));
                    }
                }
                // It begins when the old one has ended.
                Some(kept) => {
                    kept.document = document.clone();
                    let _ = kept.words.send(Word::Stop);
                }
                None => self.keep(document),
            }
        }
        self.eye.over(self.places(&book));
        self.home.shared.warn(warnings(&book));
        self.book = book;
        self.answer();
    }

    fn keep(&mut self, document: &Document) {
        let (words, hears) = mpsc::unbounded_channel();
        let state = DocumentState::new(document.channel.clone(), document.side, document.secret.is_some());
        self.home.shared.put(document.id, state);
        let (home, engine, fetcher) = (self.home.clone(), Arc::clone(&self.engine), self.fetcher.clone());
        let task = tokio::spawn(replica::start(home, engine, fetcher, document.clone(), hears));
        self.kept.insert(document.id, Kept { document: document.clone(), words, task });
    }

    fn places(&self, book: &Book) -> Vec<WatchedPlace> {
        let channel = |document: &Document| self.home.data.join(document.channel.as_os_str());
        let boxes = book.documents.iter().map(|document| channel(document).join(document.side.name()));
        let channels = book
            .documents
            .iter()
            .map(|document| WatchedPlace { path: channel(document), scope: Scope::Names(&["inbox", "outbox"]) });
        let own = WatchedPlace { path: self.home.data.join(PRIVATE), scope: Scope::Names(&[FILE_NAME]) };
        boxes.map(|path| WatchedPlace { path, scope: Scope::Tree }).chain(channels).chain([own]).collect()
    }

    /// Answers the invitations that were accepted here.
    fn answer(&mut self) {
        self.meeting.retain(|_, task| !task.is_finished());
        let waiting: Vec<_> = self.book.acceptances.iter().filter(|acceptance| acceptance.refused.is_none()).collect();
        self.home.shared.accepting(waiting.iter().map(|acceptance| acceptance.channel.clone()).collect());
        for acceptance in waiting {
            if self.meeting.contains_key(&acceptance.channel) {
                continue;
            }
            let (home, endpoint, acceptance) = (self.home.clone(), self.engine.endpoint.clone(), acceptance.clone());
            let channel = acceptance.channel.clone();
            let task = tokio::spawn(async move {
                // Nobody there is no answer: it is tried again.
                if let Ok(Err(why)) = invitation::answer(&home, &endpoint, &acceptance.channel, &acceptance.code).await
                {
                    let _ = Book::change(&home.data, |book| {
                        let mine = book.acceptances.iter_mut().filter(|other| other.channel == acceptance.channel);
                        mine.for_each(|mine| mine.refused = Some(why.clone()));
                        Ok::<_, Error>(())
                    });
                }
            });
            self.meeting.insert(channel, task);
        }
    }

    /// Looks after itself; tells why the engine is broken, if it is.
    async fn tick(&mut self) -> Option<String> {
        self.tell_addresses();
        if self.word.elapsed() > WORD {
            self.word = Instant::now();
            let _ = socket::save_last_state(&self.home.data, &self.home.shared.state());
        }
        let why = self.begin_again().await;
        self.answer();
        let hangs = self.watchdog.is_finished().then(|| "its parts wait for each other".to_owned());
        why.or(hangs).or_else(|| self.fetcher.broken()).or_else(panics::take)
    }

    /// Keeps the documents again with which the engine failed; tells why if it failed with all of them.
    async fn begin_again(&mut self) -> Option<String> {
        let ended: Vec<[u8; 32]> =
            self.kept.iter().filter(|(_, kept)| kept.task.is_finished()).map(|(id, _)| *id).collect();
        let mut why = None;
        for id in ended {
            let Some(kept) = self.kept.remove(&id) else { continue };
            let failure = match kept.task.await {
                Ok(done) => done.err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if failure.is_some() {
                self.failed.insert(id, Instant::now());
                why = failure;
            }
            self.keep(&kept.document);
        }
        let is_failing = |id: &[u8; 32]| self.failed.get(id).is_some_and(|at| at.elapsed() < TOGETHER);
        why.filter(|_| self.kept.keys().all(is_failing))
    }

    fn tell_addresses(&self) {
        let me = peer(&self.engine.endpoint.addr());
        if self.home.shared.at(&me) {
            // Whoever hands out a key while no node runs says where one was.
            let _ = own_addresses::write(&self.home.data, &me);
        }
    }

    /// Ends what goes on, as far as it can be waited for: what hangs ends with its runtime.
    async fn end(self) {
        self.eye.close();
        self.watchdog.abort();
        for task in self.meeting.into_values() {
            task.abort();
        }
        for kept in self.kept.values() {
            let _ = kept.words.send(Word::Stop);
        }
        let all = async move {
            let _ = self.watchdog.await;
            for kept in self.kept.into_values() {
                let _ = kept.task.await;
            }
        };
        let _ = tokio::time::timeout(ENDING, all).await;
        drop(self.fetcher);
        if let Some(engine) = Arc::into_inner(self.engine) {
            let _ = tokio::time::timeout(ENDING, engine.stop()).await;
        }
    }
}

/// What of the book somebody has to see to.
fn warnings(book: &Book) -> Vec<String> {
    let left_out = book.left_out.iter().map(|left| {
        format!(
            "the key of `{}` is left out, because no channel can have that name; `missive keys` lists the keys",
            field(&left.name)
        )
    });
    let refused = book.acceptances.iter().filter_map(|acceptance| {
        let why = acceptance.refused.as_ref()?;
        let channel = &acceptance.channel;
        Some(format!(
            "the invitation to `{}` was refused: {why}; to let go of it: {}",
            field(&channel.to_string()),
            shell::missive("keys forget", &[channel])
        ))
    });
    left_out.chain(refused).collect()
}

/// The watch over the boxes, on a thread of its own.
struct Eye {
    waker: Waker,
    places: Arc<Mutex<Vec<WatchedPlace>>>,
}

impl Eye {
    fn open() -> Result<(Self, mpsc::UnboundedReceiver<Touched>), Error> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut watch = Watch::new(Detection::Auto, RESCAN);
        let eye = Self { waker: watch.waker(), places: Arc::default() };
        let places = Arc::clone(&eye.places);
        std::thread::Builder::new().name("sync watch".into()).spawn(move || {
            loop {
                match watch.wait(None) {
                    WakeReason::Called => {
                        watch.set_places(places.lock().unwrap_or_else(PoisonError::into_inner).clone())
                    }
                    WakeReason::Tick(touched) => {
                        if sender.send(touched).is_err() {
                            return;
                        }
                    }
                    WakeReason::Due => {}
                    WakeReason::Stop => return,
                }
            }
        })?;
        Ok((eye, receiver))
    }

    fn over(&self, places: Vec<WatchedPlace>) {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places;
        self.waker.call();
    }

    fn close(&self) {
        self.waker.stop();
    }
}

/// The socket on which others ask how the node stands.
fn listener(home: &Home) -> Result<UnixListener, Error> {
    let address = Address::in_data_folder(&home.data)?;
    // The lock says that nobody else listens on it.
    let _ = std::fs::remove_file(&address.path);
    let listener = std::os::unix::net::UnixListener::bind(&address.path)?;
    listener.set_nonblocking(true)?;
    Ok(UnixListener::from_std(listener)?)
}

async fn listen(listener: UnixListener, shared: Shared) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(reply(stream, shared.clone()))),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn reply(stream: UnixStream, shared: Shared) -> Option<()> {
    let (reads, mut writes) = stream.into_split();
    let mut reads = BufReader::new(reads);
    loop {
        let mut line = Vec::new();
        (&mut reads).take(LONGEST).read_until(b'\n', &mut line).await.ok()?;
        if line.last() != Some(&b'\n') {
            return None;
        }
        let mut answer = serde_json::to_vec(&shared.state()).ok()?;
        answer.push(b'\n');
        writes.write_all(&answer).await.ok()?;
    }
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

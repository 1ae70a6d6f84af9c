//! Towards the document: what changed in one's own box is told, attachments before texts.
//!
//! A box that is empty or gone is not taken for deletions. An inbox is never changed.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use iroh_blobs::api::{Store, TempTag};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::fs::confined::{Folder, Stat};
use crate::sync::error::{Cause, Error};
use crate::sync::hex;
use crate::sync::node::engine::entry_of;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::hands::Hands;
use crate::sync::node::large_contents::LargeContents;
use crate::sync::node::network::failed;
use crate::sync::node::replica::Replica;
use crate::sync::node::scan::restat;
use crate::sync::node::{authorship, book_changes};
use crate::sync::redacted::redacted;
use crate::sync::replica::author_note::AuthorNote;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::local::LocalBox;
use crate::sync::replica::merge::{Role, Step};
use crate::sync::replica::records::{Record, Records, content};
use crate::sync::replica::shared_box::SharedBox;
use crate::text::invisible::field;
use crate::text::shell;

/// So many files are read into the store at once.
const MAX_IMPORTS: usize = 32;

/// Why nothing is told of one's own box, if so: an empty or missing one is a disk that is not there far more often than it is
/// somebody's wish.
pub(super) fn question(shared: &SharedBox, local: &LocalBox) -> Option<String> {
    let has = || local.tree.files.keys().any(Item::is_text);
    if shared.role == Role::Reader || shared.document.delete_all || has() {
        return None;
    }
    let had = local.baseline.files().keys().filter(|item| item.is_text()).count();
    if had == 0 {
        return None;
    }
    let messages = if had == 1 { "1 message".to_owned() } else { format!("{had} messages") };
    Some(format!(
        "{} is empty, but readers have {messages} from it; nothing is deleted for them unless you say so: `{}`",
        field(&shared.folder.to_string_lossy()),
        shell::missive("sync --yes-delete-all", &[&shared.document.channel])
    ))
}

/// Tells the document what is to be told.
pub(super) async fn publish(replica: &mut Replica, steps: &BTreeMap<Item, Step>) -> Result<(), Error> {
    let of = |wanted: Step| steps.iter().filter(move |(_, step)| **step == wanted).map(|(item, _)| item.clone());
    let (texts, others): (Vec<Item>, Vec<Item>) = of(Step::Publish).partition(Item::is_text);
    for items in [others, texts] {
        publish_files(replica, items).await?;
    }
    for item in of(Step::Adopt).collect::<Vec<_>>() {
        adopt(replica, &item);
    }
    for item in of(Step::Forget) {
        replica.local.baseline.forget(&item);
    }
    let gone: Vec<Item> = of(Step::Retract).collect();
    if replica.condition.question.is_none() && !gone.is_empty() {
        for item in &gone {
            retract(replica, item).await?;
        }
        if replica.shared.document.delete_all
            && let Err(error) = book_changes::use_up_delete_all(&replica.hands.home, &mut replica.shared.document)
        {
            replica.condition.problem(error.to_string());
        }
    }
    if replica.shared.role == Role::Writer {
        introduce(replica).await?;
    }
    Ok(())
}

fn adopt(replica: &mut Replica, item: &Item) {
    let stat = replica.local.tree.files.get(item).copied();
    if let (Some(stat), Some(record)) = (stat, replica.records.latest(item).copied()) {
        let first = replica.authorship.of_content(item, content(&record));
        let ours = first.is_some_and(|signed| signed.by == [replica.shared.me]);
        replica.agree(item, content(&record), &stat, ours);
    }
}

/// A file in the store, held there until its entry is made.
struct Imported {
    item: Item,
    stat: Stat,
    tag: Option<TempTag>,
}

/// Imports files and makes their entries.
async fn publish_files(replica: &mut Replica, items: Vec<Item>) -> Result<(), Error> {
    let mut running = JoinSet::new();
    let mut waiting = items.into_iter();
    loop {
        while running.len() < MAX_IMPORTS
            && let Some(item) = waiting.next()
        {
            let (store, large) = ((*replica.hands.engine.store).clone(), replica.hands.engine.large.clone());
            let folder = replica.shared.folder.clone();
            running.spawn(async move {
                let done = import(&store, &large, folder, item.clone()).await;
                (item, done)
            });
        }
        match running.join_next().await {
            Some(Ok((_, Ok(imported)))) => enter(replica, imported).await?,
            Some(Ok((item, Err(error)))) if error.kind() == io::ErrorKind::NotFound => {
                restat(&replica.shared, &mut replica.local, &item);
            }
            Some(Ok((item, Err(error)))) => {
                debug!(?item, error = %redacted(&error), "not published yet");
                replica.condition.problem(format!("{item} can't be shared yet: {error}"));
            }
            // The runtime ends.
            Some(Err(_)) => {}
            None => {
                replica.save_baseline();
                return Ok(());
            }
        }
    }
}

/// Brings a file into the store: a copy of what is small, a reference to what is large.
async fn import(store: &Store, large: &LargeContents, folder: PathBuf, item: Item) -> io::Result<Imported> {
    let root = folder.clone();
    let read = tokio::task::spawn_blocking(move || {
        let open = Folder::open(&folder)?;
        let stat = open.stat(item.path())?;
        let bytes = if stat.len <= LARGE { Some(open.read(item.path(), u64::MAX)?) } else { None };
        Ok::<_, io::Error>((item, stat, bytes))
    });
    let (item, stat, bytes) = read.await.map_err(io::Error::other)??;
    if let Some((bytes, stat)) = bytes {
        let tag = if bytes.is_empty() {
            None
        } else {
            Some(store.blobs().add_bytes(bytes).temp_tag().await.map_err(io::Error::other)?)
        };
        return Ok(Imported { item, stat, tag });
    }
    let (tag, stat) = large.refer(&root, &item, &stat).await?;
    Ok(Imported { item, stat, tag: Some(tag) })
}

/// What an entry for an empty file holds, since one without content is a deletion.
const EMPTY: &[u8] = b"\0";

/// Makes the entry of a file, and notes that box and document agree.
async fn enter(replica: &mut Replica, imported: Imported) -> Result<(), Error> {
    let Imported { item, stat, tag } = imported;
    let empty = tag.is_none();
    // The clock says when it was before the entry is made.
    let began = u64::try_from((replica.hands.home.clock)() / 1000).unwrap_or(0);
    let before = replica.records.latest(&item).map(|record| record.time);
    let hash = tag.as_ref().map_or_else(|| iroh_blobs::Hash::new(EMPTY), TempTag::hash);
    if let Err(error) = make_entry(replica, &item, hash, (!empty).then_some(stat.len)).await {
        let now = replica.hands.home.seconds();
        let is_late = before.is_some_and(|time| i64::try_from(time / 1_000_000).unwrap_or(i64::MAX) >= now);
        let why = if is_late {
            "this computer's clock is behind the one that wrote it last; set the clock".to_owned()
        } else {
            error.to_string()
        };
        warn!(?item, reason = %redacted(&why), "not published");
        replica.condition.problem(format!("{item} can't be shared: {why}"));
        return Ok(());
    }
    debug!(?item, len = stat.len, "published");
    let ours = replica.local.baseline.get(&item).map_or(before.is_none(), |agreed| agreed.ours);
    let record = Record { author: replica.shared.me, hash: *hash.as_bytes(), len: stat.len.max(1), time: began, empty };
    replica.records.put_own(&item, record);
    replica.authorship.signed_here(&item, content(&record), replica.shared.me);
    replica.agree(&item, content(&record), &stat, ours);
    replica.exchange.announcements.changed();
    Ok(())
}

/// Makes the entry of a file that has this content and length; of one without length, that it is empty.
async fn make_entry(replica: &Replica, item: &Item, hash: iroh_blobs::Hash, len: Option<u64>) -> Result<(), Cause> {
    let (doc, author) = (&replica.hands.doc, replica.hands.engine.author);
    let own = replica.records.own(item, &replica.shared.me);
    // An empty file has another key, and only one of the two may speak of the file.
    for other in own.filter(|record| record.empty != len.is_none()) {
        doc.del(author, item.key(other.empty)).await?;
    }
    match len {
        Some(len) => doc.set_hash(author, item.key(false), hash, len).await?,
        None => drop(doc.set_bytes(author, item.key(true), EMPTY).await?),
    }
    Ok(())
}

/// Tells that a file was deleted.
async fn retract(replica: &mut Replica, item: &Item) -> Result<(), Error> {
    let Some(record) = replica.records.latest(item).copied() else {
        return Ok(());
    };
    if let Err(error) = replica.hands.doc.del(replica.hands.engine.author, item.key(record.empty)).await {
        warn!(?item, error = %redacted(&error), "the deletion is not published");
        replica.condition.problem(format!("{item} was deleted here, but its readers can't be told: {error}"));
        return Ok(());
    }
    debug!(?item, "the deletion is published");
    replica.local.baseline.forget(item);
    replica.exchange.announcements.changed();
    reread(&replica.hands, &mut replica.records, item).await
}

/// Takes in what the document says of a file after this side has told it something.
pub(super) async fn reread(hands: &Hands, records: &mut Records, item: &Item) -> Result<(), Error> {
    for empty in [false, true] {
        let entry = hands.doc.get_exact(hands.engine.author, item.key(empty), true).await.map_err(failed)?;
        if let Some(entry) = entry {
            records.put(&entry_of(&entry));
        }
    }
    Ok(())
}

/// Says where the document's writers have gone, and does nothing else about it any more.
pub(super) async fn point_on(hands: &Hands, shared: &SharedBox, records: &Records) -> Result<(), Error> {
    let Some(key) = &shared.document.moved else {
        return Ok(());
    };
    let known = records.moved.get(&shared.me).map(|note| note.hash);
    if known != Some(*blake3::hash(key.as_bytes()).as_bytes()) {
        info!("readers are told by which key the channel was replaced");
        hands.doc.set_bytes(hands.engine.author, Key::Moved.bytes(), key.clone()).await.map_err(failed)?;
    }
    Ok(())
}

/// Says who signs here, and on which device, if the document does not say so already.
async fn introduce(replica: &mut Replica) -> Result<(), Error> {
    // Whoever has no name says which device it is.
    let name = authorship::own_name(&replica.shared).unwrap_or_default();
    let note = AuthorNote { name, device: hex::encode(replica.hands.engine.endpoint.id().as_bytes()) };
    let text = toml::to_string(&note).map_err(failed)?;
    let known = replica.records.authors.get(&replica.shared.me).map(|note| note.hash);
    if known != Some(*blake3::hash(text.as_bytes()).as_bytes())
        && let Err(error) = replica.hands.doc.set_bytes(replica.hands.engine.author, Key::Author.bytes(), text).await
    {
        replica.condition.problem(format!("the name that you sign with can't be published: {error}"));
    }
    Ok(())
}

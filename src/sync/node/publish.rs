//! Towards the document: what changed in one's own box is told.
//!
//! Owns the order (attachments before texts), the refusal to take a vanished box for deletions, and giving way to whoever wrote
//! in the same second earlier. Refuses to change an inbox.

use std::collections::{BTreeMap, BTreeSet};

use iroh_blobs::BlobFormat;
use iroh_blobs::api::TempTag;
use iroh_blobs::api::blobs::{AddPathOptions, ImportMode};
use tokio::task::JoinSet;

use crate::channel::protocol::stamp::Stamp;
use crate::fs::confined::{Folder, Stat};
use crate::sync::box_files;
use crate::sync::error::Error;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::network::failed;
use crate::sync::node::records::{Record, content};
use crate::sync::node::replica::Keeper;
use crate::sync::replica::item::{Item, Key};
use crate::sync::replica::merge::{Role, Step};
use crate::text::invisible::field;
use crate::text::shell;

/// So many files are read into the store at once.
const PARALLEL: usize = 32;

/// Why nothing is told of one's own box, if so: an empty or missing one is a disk that is not there far more often than it is
/// somebody's wish.
pub(super) fn question(keeper: &Keeper) -> Option<String> {
    let has = || keeper.tree.files.keys().any(Item::is_text);
    if keeper.role == Role::Reader || keeper.document.delete_all || has() {
        return None;
    }
    let had = keeper.agreed.files().keys().filter(|item| item.is_text()).count();
    if had == 0 {
        return None;
    }
    let messages = if had == 1 { "1 message".to_owned() } else { format!("{had} messages") };
    Some(format!(
        "{} is empty, but {messages} of it are shared; nothing is deleted elsewhere unless you say so: `{}`",
        field(&keeper.folder.to_string_lossy()),
        shell::missive("sync --yes-delete-all", &[&keeper.document.channel])
    ))
}

/// Tells the document what is to be told.
pub(super) async fn apply(keeper: &mut Keeper, steps: &BTreeMap<Item, Step>) -> Result<(), Error> {
    let of = |wanted: Step| steps.iter().filter(move |(_, step)| **step == wanted).map(|(item, _)| item.clone());
    let (texts, others): (Vec<Item>, Vec<Item>) = of(Step::Publish).partition(Item::is_text);
    for items in [others, texts] {
        tell(keeper, items).await?;
    }
    for item in of(Step::Adopt).collect::<Vec<_>>() {
        adopt(keeper, &item);
    }
    for item in of(Step::Forget) {
        keeper.agreed.forget(&item);
    }
    let gone: Vec<Item> = of(Step::Retract).collect();
    if keeper.question.is_none() && !gone.is_empty() {
        for item in &gone {
            retract(keeper, item).await?;
        }
        if keeper.document.delete_all {
            keeper.used_leave();
        }
    }
    if keeper.role == Role::Writer {
        introduce(keeper).await?;
    }
    Ok(())
}

fn adopt(keeper: &mut Keeper, item: &Item) {
    if let (Some(stat), Some(record)) = (keeper.tree.files.get(item).copied(), keeper.records.latest(item).copied()) {
        let first = keeper.authorship.of_content(item, content(&record));
        let ours = first.is_some_and(|signed| signed.by == [keeper.me]);
        keeper.agree(item, content(&record), &stat, ours);
    }
}

/// A file in the store, held there until its entry is made.
struct Imported {
    item: Item,
    stat: Stat,
    tag: Option<TempTag>,
}

/// Imports files and makes their entries.
async fn tell(keeper: &mut Keeper, items: Vec<Item>) -> Result<(), Error> {
    let mut running = JoinSet::new();
    let mut waiting = items.into_iter();
    loop {
        while running.len() < PARALLEL
            && let Some(item) = waiting.next()
        {
            let (store, folder) = ((*keeper.engine.store).clone(), keeper.folder.clone());
            running.spawn(async move {
                let done = import(store, folder, item.clone()).await;
                (item, done)
            });
        }
        match running.join_next().await {
            Some(Ok((_, Ok(imported)))) => enter(keeper, imported).await?,
            Some(Ok((item, Err(error)))) if error.kind() == std::io::ErrorKind::NotFound => keeper.restat(&item),
            Some(Ok((item, Err(error)))) => keeper.problem(format!("{item} can't be shared yet: {error}")),
            Some(Err(_)) => {}
            None => {
                keeper.save();
                return Ok(());
            }
        }
    }
}

/// Brings a file into the store: a copy of what is small, a reference to what is large.
async fn import(store: iroh_blobs::api::Store, folder: std::path::PathBuf, item: Item) -> std::io::Result<Imported> {
    let path = folder.join(item.path());
    let read = tokio::task::spawn_blocking(move || {
        let open = Folder::open(&folder)?;
        let stat = open.stat(item.path())?;
        let bytes = if stat.len <= LARGE { Some(open.read(item.path(), u64::MAX)?) } else { None };
        Ok::<_, std::io::Error>((open, item, stat, bytes))
    });
    let (open, item, stat, bytes) = read.await.map_err(std::io::Error::other)??;
    if let Some((bytes, stat)) = bytes {
        let tag = if bytes.is_empty() {
            None
        } else {
            Some(store.blobs().add_bytes(bytes).temp_tag().await.map_err(std::io::Error::other)?)
        };
        return Ok(Imported { item, stat, tag });
    }
    let options = AddPathOptions { path, format: BlobFormat::Raw, mode: ImportMode::TryReference };
    let tag = store.blobs().add_path_with_opts(options).temp_tag().await.map_err(std::io::Error::other)?;
    if open.stat(item.path())? != stat {
        return Err(std::io::Error::new(std::io::ErrorKind::Interrupted, "it keeps changing while it is read"));
    }
    Ok(Imported { item, stat, tag: Some(tag) })
}

/// Makes the entry of a file, and notes that box and document agree.
async fn enter(keeper: &mut Keeper, imported: Imported) -> Result<(), Error> {
    let Imported { item, stat, tag } = imported;
    let (author, empty) = (keeper.engine.author, tag.is_none());
    let began = u64::try_from((keeper.home.clock)() / 1000).unwrap_or(0);
    let before = keeper.records.latest(&item).map(|record| record.time);
    let other: Vec<Vec<u8>> = keeper
        .records
        .own(&item, &keeper.me)
        .filter(|record| record.empty != empty)
        .map(|record| item.key(record.empty))
        .collect();
    for key in other {
        if let Err(error) = keeper.doc.del(author, key).await {
            keeper.problem(format!("{item} can't be shared: {error}"));
            return Ok(());
        }
    }
    let hash = match &tag {
        Some(tag) => tag.hash(),
        None => iroh_blobs::Hash::new(EMPTY),
    };
    let done = match &tag {
        Some(_) => keeper.doc.set_hash(author, item.key(false), hash, stat.len).await,
        None => keeper.doc.set_bytes(author, item.key(true), EMPTY).await.map(drop),
    };
    if let Err(error) = done {
        let late =
            before.is_some_and(|time| i64::try_from(time / 1_000_000).unwrap_or(i64::MAX) >= keeper.home.seconds());
        let why = if late {
            "this clock is behind the one that wrote it last; set the clock".to_owned()
        } else {
            error.to_string()
        };
        keeper.problem(format!("{item} can't be shared: {why}"));
        return Ok(());
    }
    let ours = keeper.agreed.get(&item).map_or(before.is_none(), |agreed| agreed.ours);
    let record = Record { author: keeper.me, hash: *hash.as_bytes(), len: stat.len.max(1), time: began, empty };
    keeper.records.told(&item, record);
    keeper.signed_here(&item, content(&record));
    keeper.agree(&item, content(&record), &stat, ours);
    keeper.told();
    Ok(())
}

/// What an entry for an empty file holds, since one without content is a deletion.
const EMPTY: &[u8] = b"\0";

/// Tells that a file was deleted.
async fn retract(keeper: &mut Keeper, item: &Item) -> Result<(), Error> {
    let Some(record) = keeper.records.latest(item).copied() else {
        return Ok(());
    };
    if let Err(error) = keeper.doc.del(keeper.engine.author, item.key(record.empty)).await {
        keeper.problem(format!("{item} was deleted here, and that can't be told: {error}"));
        return Ok(());
    }
    keeper.agreed.forget(item);
    keeper.told();
    reread(keeper, item).await
}

/// Says where the document's writers have gone, and does nothing else about it any more.
pub(super) async fn point_on(keeper: &Keeper) -> Result<(), Error> {
    let Some(key) = &keeper.document.moved else {
        return Ok(());
    };
    let known = keeper.records.moved.get(&keeper.me).map(|note| note.hash);
    if known != Some(*blake3::hash(key.as_bytes()).as_bytes()) {
        keeper.doc.set_bytes(keeper.engine.author, Key::Moved.bytes(), key.clone()).await.map_err(failed)?;
    }
    Ok(())
}

/// Says who signs here, and on which device, if the document does not say so already.
async fn introduce(keeper: &mut Keeper) -> Result<(), Error> {
    let name = own_name(keeper).unwrap_or_default();
    let note = crate::sync::node::notes::AuthorNote {
        name,
        device: crate::sync::hex::encode(keeper.engine.endpoint.id().as_bytes()),
    };
    let text = toml::to_string(&note).map_err(failed)?;
    let known = keeper.records.authors.get(&keeper.me).map(|note| note.hash);
    if known != Some(*blake3::hash(text.as_bytes()).as_bytes())
        && let Err(error) = keeper.doc.set_bytes(keeper.engine.author, Key::Author.bytes(), text).await
    {
        keeper.problem(format!("who signs here can't be told: {error}"));
    }
    Ok(())
}

/// The name by which this side signs: what was said when it joined, else the one in the profile of a channel of its own.
pub(super) fn own_name(keeper: &Keeper) -> Option<String> {
    if keeper.document.author.is_some() {
        return keeper.document.author.clone();
    }
    let is_ours = keeper.is_owner();
    let folder = Folder::open(&keeper.folder).ok()?;
    crate::channel::protocol::profile::read(&folder).ok()?.author.filter(|_| is_ours)
}

/// Gives the next free second to each message of ours that is another's too, who wrote it earlier.
pub(super) async fn give_way(keeper: &mut Keeper, items: &BTreeSet<Item>) -> Result<bool, Error> {
    if keeper.role == Role::Reader {
        return Ok(false);
    }
    let mut stamps = BTreeSet::new();
    for item in items.iter().filter(|item| item.is_text()) {
        let agreed = keeper.agreed.get(item);
        let published = agreed.is_some_and(|agreed| agreed.ours)
            && keeper.tree.files.contains_key(item)
            && keeper.records.earlier(item, &keeper.me).is_some();
        let is_new = agreed.is_none() && keeper.tree.files.contains_key(item) && collides(keeper, item).await;
        stamps.extend((published || is_new).then(|| item.stamp()).flatten());
    }
    let any = !stamps.is_empty();
    for stamp in stamps {
        move_on(keeper, stamp).await?;
    }
    Ok(any)
}

/// Takes in what the document says of a file after this side has told it something.
async fn reread(keeper: &mut Keeper, item: &Item) -> Result<(), Error> {
    for empty in [false, true] {
        let entry = keeper.doc.get_exact(keeper.engine.author, item.key(empty), true).await.map_err(failed)?;
        if let Some(entry) = entry {
            keeper.records.put(&entry);
        }
    }
    Ok(())
}

/// Whether a text that was not told yet is another one than the document has.
async fn collides(keeper: &mut Keeper, item: &Item) -> bool {
    let wanted = keeper.records.wanted(item);
    matches!(wanted, crate::sync::replica::merge::Wanted::Content(_)) && keeper.step(item).await == Step::GiveWay
}

async fn move_on(keeper: &mut Keeper, stamp: Stamp) -> Result<(), Error> {
    let text = Item::text(stamp);
    let folder = keeper.folder.clone();
    let moved = tokio::task::spawn_blocking(move || box_files::give_way(&folder, stamp)).await.map_err(failed)?;
    let next = match moved {
        Ok(next) => next,
        Err(error) => {
            keeper.problem(format!("{text} is another's message too, and can't be given the next second: {error}"));
            return Ok(());
        }
    };
    // The entries that were made for it say again what they said before: who was first.
    for item in keeper.records.of_message(&text).cloned().collect::<Vec<_>>() {
        let Some(ours) = keeper.records.own(&item, &keeper.me).next().copied() else {
            continue;
        };
        match keeper.records.earlier(&item, &keeper.me).copied() {
            Some(other) if !other.empty && !ours.empty => {
                keeper
                    .doc
                    .set_hash(keeper.engine.author, item.key(false), other.hash.into(), other.len)
                    .await
                    .map_err(failed)?;
            }
            _ => drop(keeper.doc.del(keeper.engine.author, item.key(ours.empty)).await.map_err(failed)?),
        }
        keeper.agreed.forget(&item);
        reread(keeper, &item).await?;
    }
    keeper.told();
    keeper.look_again([
        stamp.to_string().into(),
        format!("{stamp}.txt").into(),
        next.to_string().into(),
        format!("{next}.txt").into(),
    ]);
    Ok(())
}

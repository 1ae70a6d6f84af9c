//! Giving way: two people wrote in the same second, and the message of whoever did so later gets the next free second.

use std::collections::BTreeSet;

use tracing::info;

use crate::channel::protocol::stamp::Stamp;
use crate::sync::box_files;
use crate::sync::error::Error;
use crate::sync::node::network::failed;
use crate::sync::node::publish::reread;
use crate::sync::node::replica::Replica;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Remote, Role, Step};

/// Gives the next free second to each message of ours that is another's too, who wrote it earlier; whether there was one.
pub(super) async fn give_way(replica: &mut Replica, items: &BTreeSet<Item>) -> Result<bool, Error> {
    if replica.shared.role == Role::Reader {
        return Ok(false);
    }
    let mut stamps = BTreeSet::new();
    for item in items.iter().filter(|item| item.is_text()) {
        let agreed = replica.local.baseline.get(item).copied();
        let is_there = replica.local.tree.files.contains_key(item);
        let is_published = agreed.is_some_and(|agreed| agreed.ours)
            && is_there
            && replica.records.earlier(item, &replica.shared.me).is_some();
        let is_new = agreed.is_none() && is_there && collides(replica, item).await;
        stamps.extend((is_published || is_new).then(|| item.stamp()).flatten());
    }
    let any = !stamps.is_empty();
    for stamp in stamps {
        move_on(replica, stamp).await?;
    }
    Ok(any)
}

/// Whether a text that was not told yet is another one than the document has.
async fn collides(replica: &mut Replica, item: &Item) -> bool {
    matches!(replica.records.remote(item), Remote::Content(_)) && replica.step(item).await == Step::GiveWay
}

async fn move_on(replica: &mut Replica, stamp: Stamp) -> Result<(), Error> {
    let text = Item::text(stamp);
    let folder = replica.shared.folder.clone();
    let moved = tokio::task::spawn_blocking(move || box_files::give_way(&folder, stamp)).await.map_err(failed)?;
    let next = match moved {
        Ok(next) => next,
        Err(error) => {
            let what =
                format!("somebody else wrote {text} first, and yours can't be renamed to the next second: {error}");
            replica.condition.problem(what);
            return Ok(());
        }
    };
    info!(from = %stamp, to = %next, "the message of another was earlier: the own one gets the next second");
    // The entries that were made for it say again what they said before: who was first.
    for item in replica.records.of_message(&text).cloned().collect::<Vec<_>>() {
        let Some(ours) = replica.records.own(&item, &replica.shared.me).next().copied() else {
            continue;
        };
        let (doc, author) = (&replica.hands.doc, replica.hands.engine.author);
        match replica.records.earlier(&item, &replica.shared.me).copied() {
            Some(other) if !other.empty && !ours.empty => {
                doc.set_hash(author, item.key(false), other.hash.into(), other.len).await.map_err(failed)?;
            }
            _ => drop(doc.del(author, item.key(ours.empty)).await.map_err(failed)?),
        }
        replica.local.baseline.forget(&item);
        reread(&replica.hands, &mut replica.records, &item).await?;
    }
    replica.exchange.announcements.changed();
    let paths = [stamp, next].into_iter().flat_map(|stamp| [stamp.to_string().into(), format!("{stamp}.txt").into()]);
    replica.todo.paths.extend(paths);
    Ok(())
}

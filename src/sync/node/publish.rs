//! Making the entries of a box's files, attachments before texts.

use std::io;
use std::sync::Arc;

use iroh_blobs::api::TempTag;
use tracing::{debug, warn};

use crate::sync::error::Cause;
use crate::sync::node::entries::time_of;
use crate::sync::node::hands::Hands;
use crate::sync::node::import::{Imported, Large, import};
use crate::sync::node::side_by_side::side_by_side;
use crate::sync::redacted::redacted;
use crate::sync::replica::action::Publication;
use crate::sync::replica::deletion::{MARK, is_deletion};
use crate::sync::replica::event::{Event, NotPublished, Published};

/// So many files are read into the store at once.
const MAX_IMPORTS: usize = 32;

/// What an entry for an empty file holds, since one without content is a deletion.
const EMPTY: &[u8] = b"\0";

/// Brings files into the store and makes their entries.
pub(super) async fn publish(hands: Arc<Hands>, publications: Vec<Publication>) {
    let (texts, others): (Vec<_>, Vec<_>) =
        publications.into_iter().partition(|publication| publication.item.is_text());
    for publications in [others, texts] {
        side_by_side(&hands, publications, MAX_IMPORTS, publish_file).await;
    }
}

async fn publish_file(hands: Arc<Hands>, publication: Publication) {
    let item = &publication.item;
    let published = match import(&hands, item, Large::Referred).await {
        Ok(imported) => enter(&hands, &publication, imported).await,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NotPublished::Gone),
        Err(error) => {
            debug!(?item, error = %redacted(&error), "not published yet");
            Err(NotPublished::Unread(error.to_string()))
        }
    };
    hands.answer(Event::Published(publication.item, published));
}

/// Makes the entry of a file.
async fn enter(hands: &Hands, publication: &Publication, imported: Imported) -> Result<Published, NotPublished> {
    let (item, Imported { stat, tag }) = (&publication.item, imported);
    let empty = tag.is_none();
    let hash = tag.as_ref().map_or_else(|| iroh_blobs::Hash::new(EMPTY), TempTag::hash);
    if !empty && is_deletion(hash.as_bytes(), stat.len) {
        return Err(NotPublished::Unread("it holds nothing but the mark of a deletion".to_owned()));
    }
    let time = make_entry(hands, publication, hash, (!empty).then_some(stat.len)).await.map_err(|error| {
        warn!(?item, error = %redacted(&error), "not published");
        NotPublished::Refused(error.to_string())
    })?;
    debug!(?item, len = stat.len, "published");
    Ok(Published { stat: Some(stat), hash: *hash.as_bytes(), len: stat.len.max(1), empty, time })
}

/// Makes the entry of a file that has this content and length; of one without length, that it is empty. Gives its time, in microseconds
/// since 1970.
async fn make_entry(
    hands: &Hands,
    publication: &Publication,
    hash: iroh_blobs::Hash,
    len: Option<u64>,
) -> Result<u64, Cause> {
    let (doc, author, item) = (&hands.doc, hands.engine.author, &publication.item);
    // An empty file has another key, and only one of the two may speak of the file.
    if len.is_some() && publication.has_empty_entry {
        doc.set_bytes(author, item.key(true), MARK).await?;
    }
    if len.is_none() && publication.has_content_entry {
        doc.set_bytes(author, item.key(false), MARK).await?;
    }
    let key = item.key(len.is_none());
    match len {
        Some(len) => doc.set_hash(author, key.clone(), hash, len).await?,
        None => {
            doc.set_bytes(author, key.clone(), EMPTY).await?;
        }
    }
    time_of(hands, key).await
}

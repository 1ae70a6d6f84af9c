//! The files that say who wrote what in a box: what is remembered of the first signers, and `.authors.toml`.
//!
//! `.authors.toml` is on disk before another's file is put into the box or changes there, so nobody ever takes that for one's own.

use std::path::PathBuf;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout::STATE_FOLDER;
use crate::channel::protocol::profile;
use crate::fs::confined::Folder;
use crate::sync::hex;
use crate::sync::item_log_file;
use crate::sync::node::replica::Replica;
use crate::sync::replica::authorship::{Authorship, View};
use crate::sync::replica::shared_box::SharedBox;

/// The folder of what is remembered, within the program's own: it can't be made again.
const FOLDER: &str = "signers";

fn log_path(data: &std::path::Path, document: &[u8; 32]) -> PathBuf {
    data.join(STATE_FOLDER).join(FOLDER).join(hex::encode(document))
}

/// Reads what is known of a document's authors.
pub(super) fn read(data: &std::path::Path, shared: &SharedBox) -> Authorship {
    // A file that can't be read says nothing, and is written anew or taken away.
    let read = |folder: Folder| Authors::read(&folder).unwrap_or_else(|_| Some(Authors::default()));
    let written = Folder::open(&shared.folder).ok().and_then(read);
    Authorship::new(item_log_file::read(&log_path(data, &shared.document.id)), written)
}

/// Saves what is remembered of the first signers.
pub(super) fn save_signers(replica: &mut Replica) {
    let path = log_path(&replica.hands.home.data, &replica.shared.document.id);
    if let Err(error) = item_log_file::save(&path, &mut replica.authorship.first) {
        replica.condition.problem(format!("who wrote which message can't be saved: {error}"));
    }
}

/// Writes down who wrote what, where that is not all one's own or all the owner's; whether files may be put in place now. In an
/// inbox nothing is one's own, whatever is written down.
pub(super) async fn write_authors(replica: &mut Replica) -> bool {
    let view = View::new(&replica.shared, &replica.records, &replica.local);
    if !replica.authorship.has_several_authors(view) && replica.authorship.written.is_none() {
        return true;
    }
    let my_name = my_name(&replica.shared);
    let authors = replica.authorship.authors_file(view, my_name.as_deref());
    if replica.authorship.is_written && replica.authorship.written.as_ref() == Some(&authors) {
        return true;
    }
    let (folder, text) = (replica.shared.folder.clone(), authors.clone());
    let written = tokio::task::spawn_blocking(move || text.write(&folder)).await;
    replica.authorship.is_written = matches!(written, Ok(Ok(_)));
    match written {
        Ok(Ok(_)) => replica.authorship.written = Some(authors),
        Ok(Err(error)) => {
            let what = format!(
                "the file `.authors.toml` can't be written, so no messages of others are put into the outbox: {error}"
            );
            replica.condition.problem(what);
        }
        // The runtime ends.
        Err(_) => {}
    }
    replica.authorship.is_written || !replica.shared.is_own_box()
}

/// The name that whoever reads here gives in a conversation: the other side can't have it.
fn my_name(shared: &SharedBox) -> Option<String> {
    if shared.is_own_box() {
        return None;
    }
    let outbox = Folder::open(&shared.channel.join(Side::Outbox.name())).ok()?;
    profile::read(&outbox).ok()?.author
}

/// The name by which this side signs: what was said when it joined, else the one in the profile of a channel of its own.
pub(super) fn own_name(shared: &SharedBox) -> Option<String> {
    if shared.document.author.is_some() {
        return shared.document.author.clone();
    }
    let folder = Folder::open(&shared.folder).ok()?;
    profile::read(&folder).ok()?.author.filter(|_| shared.is_owner())
}

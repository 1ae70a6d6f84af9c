//! Reading what the owner of a document says of its authors, and saying it where this is the owner.
//!
//! The owner's node writes the note when it says something else than before; others read the owner's, and nobody else's.

use tracing::debug;

use crate::sync::node::replica::Replica;
use crate::sync::node::{authorship, note_content};
use crate::sync::replica::author_names::{MAX_NOTE, OwnerNames, claims, decide};
use crate::sync::replica::item::Key;
use crate::sync::replica::merge::Role;
use crate::sync::replica::records::Note;

fn note(replica: &Replica) -> Option<Note> {
    replica.shared.owner().and_then(|owner| replica.records.names.get(&owner)).copied()
}

/// Reads what the owner says.
pub(super) async fn learn(replica: &mut Replica) {
    let Some(note) = note(replica).filter(|note| replica.authorship.names_of != Some(note.hash)) else {
        return;
    };
    let document = replica.shared.document.id;
    let read = note_content::read(&replica.hands, &mut replica.wanted, document, &note, MAX_NOTE).await;
    if let Some(bytes) = read {
        replica.authorship.names_of = Some(note.hash);
        // What can't be read was never said.
        if let Ok(names) = postcard::from_bytes(&bytes) {
            replica.authorship.names = names;
        }
    }
}

/// Says who the authors are, if this is the owner and there is something else to say than before.
pub(super) async fn write(replica: &mut Replica) {
    let known = note(replica).map(|note| note.hash);
    let Some(names) = new_names(replica, known.is_some()) else {
        return;
    };
    let Some(bytes) = names.to_bytes().filter(|bytes| known != Some(*blake3::hash(bytes).as_bytes())) else {
        return;
    };
    match replica.hands.doc.set_bytes(replica.hands.engine.author, Key::Names.bytes(), bytes).await {
        Ok(_) => {
            debug!(names = names.bound.len(), "the owner's names of the authors are written");
            replica.authorship.names = names;
            replica.exchange.announcements.changed();
        }
        Err(error) => replica.condition.problem(format!("the authors' names can't be published: {error}")),
    }
}

/// What the owner has to say of the authors now, if this is the owner and that is not what was said before (`is_said`).
fn new_names(replica: &Replica, is_said: bool) -> Option<OwnerNames> {
    let (shared, records, known) = (&replica.shared, &replica.records, &replica.authorship);
    // Somebody may have the note that this device wrote before, and it says who came first.
    let is_known = replica.exchange.compared.is_some() && known.names_of == note(replica).map(|note| note.hash);
    let is_alone = records.signers.len() < 2 && !known.knows_others_than(shared.me);
    if !is_known || !shared.is_owner() || shared.role == Role::Reader || is_alone {
        return None;
    }
    let mut names = known.names.clone();
    if !is_said {
        names.bound = known.bound_before();
        names.bound.remove(&shared.me);
    }
    let own_name = authorship::own_name(shared);
    names.bind(own_name.as_deref(), &claims(&known.notes, records, shared.me));
    decide(&mut names, records, |item, content| known.only_author(item, content));
    let is_old = names == known.names && is_said || names == OwnerNames::default();
    (!is_old).then_some(names)
}

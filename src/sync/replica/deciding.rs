//! Deciding what is done about one file: what lies in the box, what the document says and on what the two agreed are compared, and a
//! file whose content is not known is read first.

use crate::sync::keys::document::Returned;
use crate::sync::replica::action::Action;
use crate::sync::replica::item::Item;
use crate::sync::replica::machine::Replica;
use crate::sync::replica::merge::{Hash, Local, Remote, Role, Step, step};
use crate::sync::replica::now::Now;
use crate::sync::replica::records::{Record, content};
use crate::sync::replica::returned::{self, Seen};
use crate::text::invisible::field;
use crate::text::shell;

/// What is to be done about a file; `None` if nothing is, or it is read first.
pub fn decide(replica: &mut Replica, item: &Item, now: Now) -> Option<Step> {
    if replica.local.tree.hides(item) {
        return None;
    }
    let role = replica.shared.role_for(item);
    let remote = replica.records.remote(item);
    let noted = replica.local.baseline.get(item).map(|agreed| agreed.hash);
    let local = match replica.local.content(item) {
        Some(local) => local,
        // It is read when it is published.
        None if role == Role::Writer && remote == Remote::Unknown && noted.is_none() => return Some(Step::Publish),
        None => {
            replica.work.begin(item, None);
            replica.ask(Action::Read(item.clone()));
            return None;
        }
    };
    let baseline = baseline_of(replica, item, noted, local);
    replica.condition.changed_here.remove(item);
    replica.wanted.refused.remove(item);
    replica.condition.returned.remove(item);
    let step = match step(role, baseline, local, remote) {
        Step::Publish if came_back(replica, item, now) => answered(replica, item, remote)?,
        // Box and document agree, but that is not noted: of a file that is not in the baseline the store is never asked.
        Step::Nothing if is_unnoted(replica, item, local, remote) => Step::Adopt,
        step => step,
    };
    if step != Step::Place {
        replica.wanted.let_go(item, None);
    }
    match step {
        // A node that was killed knew that the two agree, and did not note it: the file would be read again at each start.
        Step::Nothing if matches!(local, Local::Content(content) if noted != Some(content) && remote == Remote::Content(content)) => {
            Some(Step::Adopt)
        }
        Step::Nothing => None,
        Step::Leave => {
            replica.condition.changed_here.insert(item.clone());
            None
        }
        step if is_restless(replica, item, step, local, now) => None,
        step => Some(step),
    }
}

/// On which content box and document agreed last: what was `noted`, unless the `local` content shows something else. A node that is
/// killed may not have noted that, but it shows: an entry that this device signed was the box's content once, and what a reader's
/// store has was the author's.
fn baseline_of(replica: &Replica, item: &Item, noted: Option<Hash>, local: Local) -> Option<Hash> {
    let Local::Content(local) = local else {
        return noted;
    };
    if noted == Some(local) {
        return noted;
    }
    let known = match replica.shared.role_for(item) {
        Role::Writer => {
            let latest = replica.records.latest(item);
            latest.filter(|record| record.author == replica.shared.me && !record.is_deletion()).map(content)
        }
        // No store has nothing: but where a file was deleted that was empty once, an empty one is that.
        Role::Reader => {
            let is_empty = |record: &Record| record.empty && content(record) == local;
            let was_empty =
                replica.records.remote(item) == Remote::Deleted && replica.records.all(item).iter().any(is_empty);
            (replica.local.is_stored(item) || was_empty).then_some(local)
        }
    };
    known.or(noted)
}

/// Whether box and document have the same content of a file, and the baseline does not say so, or of another file than this one.
fn is_unnoted(replica: &Replica, item: &Item, local: Local, remote: Remote) -> bool {
    let (Local::Content(here), Remote::Content(there)) = (local, remote) else {
        return false;
    };
    let noted = replica.local.baseline.get(item);
    here == there && noted.is_none_or(|noted| noted.hash != here || Some(noted.stat) != replica.local.fingerprint(item))
}

/// Whether a file that is to be published is older than what the document says of it.
fn came_back(replica: &Replica, item: &Item, now: Now) -> bool {
    let (Some(stat), Some(record)) = (replica.local.tree.files.get(item), replica.records.latest(item)) else {
        return false;
    };
    let remote = replica.records.remote(item);
    let baseline = replica.local.baseline.get(item).map(|agreed| (agreed.hash, agreed.stat.modified()));
    returned::came_back(Seen { modified: stat.modified, baseline, remote, record }, now)
}

/// What was answered about a file that came back; without an answer it is asked for.
fn answered(replica: &mut Replica, item: &Item, remote: Remote) -> Option<Step> {
    match (replica.shared.document.returned, remote) {
        (Some(Returned::Publish), _) => Some(Step::Publish),
        (Some(Returned::Discard), Remote::Content(_)) => Some(Step::Place),
        (Some(Returned::Discard), _) => Some(Step::Remove),
        (None, _) => {
            replica.condition.returned.insert(item.clone());
            None
        }
    }
}

/// Whether a file has changed its mind too often to be seen to now.
fn is_restless(replica: &mut Replica, item: &Item, step: Step, local: Local, now: Now) -> bool {
    let change = change(replica, item, step, Some(local));
    change.is_some_and(|state| !replica.condition.flips.may(item, state, now.monotonic))
}

/// Notes that this is done about a file now, where that is a change of something that was known: only what is done counts, for a step
/// is decided again and again while what it needs is on its way.
pub fn note_change(replica: &mut Replica, item: &Item, step: Step, now: Now) {
    let local = replica.local.content(item);
    if let Some(state) = change(replica, item, step, local) {
        replica.condition.flips.note(item, state, now.monotonic);
    }
}

/// To which state a step brings a file, where that changes something that was known: a content, or nothing.
fn change(replica: &Replica, item: &Item, step: Step, local: Option<Local>) -> Option<Local> {
    let is_known = replica.local.baseline.get(item).is_some() || replica.records.latest(item).is_some();
    match (step, local) {
        (Step::Retract | Step::Remove, _) => Some(Local::Missing),
        (Step::Publish, Some(Local::Content(content))) if is_known => Some(Local::Content(content)),
        (Step::Place, _) if local != Some(Local::Missing) || replica.local.baseline.get(item).is_some() => {
            replica.records.latest(item).map(|record| Local::Content(content(record)))
        }
        _ => None,
    }
}

/// The question about files that came back, if some did.
pub fn question(replica: &Replica) -> Option<String> {
    if replica.condition.returned.is_empty() {
        return None;
    }
    let shared = &replica.shared;
    let folder = field(&shared.folder.to_string_lossy());
    let answer = |flag: &str| shell::missive(flag, &[&shared.document.channel]);
    let answers = [answer("sync --yes-publish-returned"), answer("sync --yes-discard-returned")];
    returned::question(replica.condition.returned.iter(), &folder, &answers)
}

//! Looking after the large contents that the store has by a reference only: whether each can still be read, and is the file of this
//! box and not of another one that this was copied from. What is not right is made the store's own, from the box.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tracing::{debug, warn};

use crate::fs::confined::Stat;
use crate::fs::{atomic_write, private};
use crate::lock::lock;
use crate::sync::hex;
use crate::sync::node::fetch::LARGE;
use crate::sync::node::large_contents::LargeContents;
use crate::sync::node::replica::Replica;
use crate::sync::redacted::redacted;
use crate::sync::replica::baseline::StatFingerprint;
use crate::sync::replica::item::Item;
use crate::sync::replica::merge::{Hash, Local};
use crate::sync::replica::records::content;
use crate::text::shell;

/// The last look at a box's references, and the one that goes on.
#[derive(Clone, Default)]
pub(super) struct References(Arc<Mutex<Look>>);

#[derive(Default)]
struct Look {
    is_running: bool,
    has_ended: bool,
    /// Files that are the store's own now, and how each looks.
    taken_over: Vec<(Item, Hash, Stat)>,
    problems: BTreeMap<Item, String>,
}

/// A large file of a box on which box and document agree.
struct Large {
    item: Item,
    hash: Hash,
    stat: Stat,
}

/// Where a box is, and the note of where it was when its references were last right.
struct Place {
    folder: PathBuf,
    note: PathBuf,
}

impl Place {
    fn is_noted(&self) -> Option<bool> {
        let noted = std::fs::read(&self.note).ok()?;
        Some(noted == self.folder.as_os_str().as_bytes())
    }

    fn save(&self) -> io::Result<()> {
        self.note.parent().map_or(Ok(()), private::folder)?;
        atomic_write::replace(&self.note, self.folder.as_os_str().as_bytes())
    }
}

/// Looks at all references of a box, beside everything else; what comes of it is taken in later.
pub(super) fn look(replica: &mut Replica) {
    let problems: Vec<String> = lock(&replica.hands.references.0).problems.values().cloned().collect();
    problems.into_iter().for_each(|problem| replica.condition.problem(problem));
    let files = large(replica);
    let place = Place {
        folder: replica.shared.folder.clone(),
        note: replica.hands.home.folder().join("places").join(hex::encode(&replica.shared.document.id)),
    };
    let (contents, references) = (replica.hands.engine.large.clone(), replica.hands.references.clone());
    if !std::mem::replace(&mut lock(&references.0).is_running, true) {
        tokio::spawn(async move {
            mend(&contents, &place, files, &references).await;
            let mut look = lock(&references.0);
            (look.is_running, look.has_ended) = (false, true);
        });
    }
}

/// The large files of a box on which box and document agree.
fn large(replica: &Replica) -> Vec<Large> {
    let local = &replica.local;
    let wanted = replica.records.contents().filter(|(_, record)| record.file_len() > LARGE);
    let agreed = wanted.filter_map(|(item, record)| {
        let (hash, stat) = (content(record), *local.tree.files.get(item)?);
        let is_agreed = local.baseline.get(item)?.hash == hash && local.content(item) == Some(Local::Content(hash));
        is_agreed.then(|| Large { item: item.clone(), hash, stat })
    });
    agreed.collect()
}

/// Takes in what came of a look; whether there was something.
pub(super) fn take_in(replica: &mut Replica) -> bool {
    let references = replica.hands.references.clone();
    let mut look = lock(&references.0);
    if !std::mem::take(&mut look.has_ended) && look.taken_over.is_empty() {
        return false;
    }
    for (item, hash, stat) in std::mem::take(&mut look.taken_over) {
        // One more name of a file is a change of the file, though not of its content.
        let (new, then) = (StatFingerprint::from(&stat), replica.local.fingerprint(&item));
        let known = replica.local.baseline.get(&item).filter(|known| known.hash == hash).copied();
        if let Some(known) = known.filter(|_| then.is_some_and(|then| then.is_same_file(&new))) {
            replica.agree(&item, hash, &stat, known.ours);
        }
    }
    look.problems.values().cloned().for_each(|problem| replica.condition.problem(problem));
    true
}

async fn mend(contents: &LargeContents, place: &Place, files: Vec<Large>, references: &References) {
    // A reference may lead to the place from which the whole folder was copied, for as long as that exists.
    let is_elsewhere = place.is_noted() == Some(false);
    let mut problems = BTreeMap::new();
    for file in files {
        if !contents.is_doubtful(file.hash, is_elsewhere).await {
            continue;
        }
        debug!(item = ?file.item, "a reference leads nowhere, or elsewhere");
        match take_over(contents, &place.folder, &file).await {
            Ok(stat) => lock(&references.0).taken_over.push((file.item, file.hash, stat)),
            Err(why) => {
                warn!(item = ?file.item, reason = %redacted(&why), "a large file can't be given to others");
                problems.insert(file.item, why);
            }
        }
    }
    if problems.is_empty()
        && place.is_noted() != Some(true)
        && let Err(error) = place.save()
    {
        debug!(error = %redacted(&error), "the place of a box can't be noted");
    }
    lock(&references.0).problems = problems;
}

/// Makes a content the store's own; else says what to do.
async fn take_over(contents: &LargeContents, folder: &Path, file: &Large) -> Result<Stat, String> {
    let item = &file.item;
    match contents.take_over(folder, item, &file.stat).await {
        Ok((tag, stat)) if *tag.hash().as_bytes() == file.hash => Ok(stat),
        Ok(_) => Err(format!(
            "{item} can't be sent to new readers: it no longer holds what was shared; to share what it holds now: touch {}",
            shell::operand(folder.join(item.path()))
        )),
        Err(error) => Err(format!(
            "{item} can't be sent to new readers: it was moved, and can't be read at its new place: {error}; \
             missive tries again every three minutes"
        )),
    }
}

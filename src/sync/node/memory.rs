//! What is remembered of a box and its document from one run to the next: the files that keep it, read at the start and saved as the
//! replica says.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::debug;

use crate::channel::authorship::authors::Authors;
use crate::channel::protocol::layout::STATE_FOLDER;
use crate::fs::confined::Folder;
use crate::sync::hex;
use crate::sync::item_log_file;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::node::home::Home;
use crate::sync::redacted::redacted;
use crate::sync::replica::event::{Event, Log};
use crate::sync::replica::item_log::Write;
use crate::sync::replica::machine::Memory;
use crate::sync::replica::peers::Peers;

/// The folder of who signed what first, within the program's own: it can't be made again.
const SIGNERS_FOLDER: &str = "signers";

/// The files that keep what is remembered of one document.
#[derive(Clone, Debug)]
pub(super) struct MemoryFiles {
    baseline: PathBuf,
    signers: PathBuf,
    peers: PathBuf,
}

impl MemoryFiles {
    /// Those of a document.
    pub(super) fn of(home: &Home, document: &[u8; 32]) -> Self {
        let (node, name) = (home.folder(), hex::encode(document));
        Self {
            baseline: node.join("agreed").join(&name),
            signers: home.data.join(STATE_FOLDER).join(SIGNERS_FOLDER).join(&name),
            peers: node.join("peers").join(&name),
        }
    }

    fn path(&self, log: Log) -> &Path {
        match log {
            Log::Baseline => &self.baseline,
            Log::Signers => &self.signers,
            Log::Peers => &self.peers,
        }
    }

    /// Reads all that is remembered, and what the box's `.authors.toml` says, on the device with this key.
    pub(super) fn read(&self, folder: &Path, device: [u8; 32]) -> Memory {
        // A file that can't be read says nothing, and is written anew or taken away.
        let authors = |folder: Folder| Authors::read(&folder).unwrap_or_else(|_| Some(Authors::default()));
        Memory {
            baseline: item_log_file::read(&self.baseline),
            signers: item_log_file::read(&self.signers),
            peers: Peers::from_json(&read_peers(&self.peers), device),
            authors: Folder::open(folder).ok().and_then(authors),
        }
    }

    /// Saves all this, in this order; gives what could not be saved.
    pub(super) fn save(&self, saves: &[(Log, Write)]) -> Vec<(Log, io::Error)> {
        saves.iter().filter_map(|(log, write)| Some((*log, self.save_one(*log, write)?))).collect()
    }

    /// Saves this; gives why it could not be saved.
    fn save_one(&self, log: Log, write: &Write) -> Option<io::Error> {
        let error = item_log_file::write(self.path(log), write).err()?;
        debug!(?log, error = %redacted(&error), "what is remembered could not be saved");
        Some(error)
    }
}

/// The peers as they were saved; without a file there are none.
fn read_peers(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, "the addresses of peers could not be read");
        }
        Vec::new()
    })
}

/// Saves all this, in this order.
pub(super) async fn save(hands: Arc<Hands>, saves: Vec<(Log, Write)>) {
    let files = MemoryFiles::of(&hands.home, &hands.place.document);
    for (log, error) in blocking(move || files.save(&saves)).await.unwrap_or_default() {
        hands.answer(Event::NotSaved(log, error.to_string()));
    }
}

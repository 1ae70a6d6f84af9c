//! A log on disk: what is flushed, and what a crash may take.

use crate::sync::replica::item_log::Write;
use crate::sync::replica::simulation::random::Random;

/// A log on disk.
#[derive(Debug, Default)]
pub(super) struct LogFile {
    flushed: Vec<u8>,
    pending: Vec<Write>,
}

impl Clone for LogFile {
    /// A copy has what is written, flushed or not.
    fn clone(&self) -> Self {
        Self { flushed: self.bytes(), pending: Vec::new() }
    }
}

impl LogFile {
    /// What is written, flushed or not.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.flushed.clone();
        for write in &self.pending {
            apply(&mut bytes, write);
        }
        bytes
    }

    pub(super) fn write(&mut self, write: Write) {
        self.pending.push(write);
    }

    pub(super) fn flush(&mut self) {
        for write in self.pending.drain(..) {
            apply(&mut self.flushed, &write);
        }
    }

    /// A crash: what was written last is not there, or a part of it.
    pub(super) fn crash(&mut self, random: &mut Random) {
        let stays = random.below(self.pending.len() + 1);
        for (at, write) in self.pending.drain(..).enumerate() {
            match write {
                write if at < stays => apply(&mut self.flushed, &write),
                Write::Append(bytes) if at == stays && random.percent(30) => {
                    self.flushed.extend(&bytes[..random.below(bytes.len() + 1)]);
                }
                _ => {}
            }
        }
    }
}

fn apply(bytes: &mut Vec<u8>, write: &Write) {
    match write {
        Write::Append(more) => bytes.extend(more),
        Write::Replace(all) => bytes.clone_from(all),
    }
}

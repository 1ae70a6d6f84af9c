//! How it looks around a replica: the free space, and whether entries come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fs::free_space;
use crate::sync::node::blocking::blocking;
use crate::sync::node::hands::Hands;
use crate::sync::replica::event::{Event, Surroundings};

/// While nothing happens, the disks are looked at with every so many ticks.
const QUIET_TICKS: u32 = 5;

/// What is known of the disks.
#[derive(Debug, Default)]
pub(super) struct FreeSpace {
    /// What of the disks of box and store was free when they were looked at last, in bytes.
    bytes: Arc<AtomicU64>,
    ticks: u32,
}

impl FreeSpace {
    /// Looks at the disks; gives how it looks around the replica then.
    pub(super) async fn look(&self, hands: &Hands) -> Event {
        look(hands, &self.bytes).await;
        tick(hands, &self.bytes)
    }

    /// Tells the replica that a second has passed, and how it looks; `is_busy` tells whether something happened in it.
    pub(super) fn tick(&mut self, hands: &Arc<Hands>, is_busy: bool) {
        let is_due = is_busy || self.ticks.is_multiple_of(QUIET_TICKS);
        self.ticks = if is_busy { 1 } else { self.ticks.wrapping_add(1) };
        if !is_due {
            return hands.answer(tick(hands, &self.bytes));
        }
        let (hands, bytes) = (Arc::clone(hands), Arc::clone(&self.bytes));
        tokio::spawn(async move {
            look(&hands, &bytes).await;
            hands.answer(tick(&hands, &bytes));
        });
    }
}

async fn look(hands: &Hands, bytes: &AtomicU64) {
    let (folder, store) = (hands.place.folder.clone(), hands.home.folder());
    if let Some(free) = blocking(move || free_space::free(&folder).min(free_space::free(&store))).await {
        bytes.store(free, Ordering::Relaxed);
    }
}

/// That a second has passed. What is on its way for any document has its place already.
fn tick(hands: &Hands, bytes: &AtomicU64) -> Event {
    let free = bytes.load(Ordering::Relaxed).saturating_sub(hands.fetcher.awaited());
    Event::Tick(Surroundings { free, is_incoming: hands.engine.incoming.is_on() })
}

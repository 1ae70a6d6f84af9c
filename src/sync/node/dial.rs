//! When documents are compared with others.
//!
//! Owns when somebody is dialled, what is known of a comparison that goes on, and when a document is not listened to any more. Refuses
//! to know files.

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::node::network::endpoint_addr;
use crate::sync::node::records::Records;
use crate::sync::node::replica::Keeper;
use crate::sync::replica::merge::Role;
use crate::text::shell;

/// So long a comparison may take before somebody is dialled all the same.
const LONG: Duration = Duration::from_secs(20);

/// So long entries may come in before somebody is dialled all the same.
const FLOOD: Duration = Duration::from_mins(2);

impl Keeper {
    /// Dials whom it is time to dial, or leaves a document that has too many entries.
    pub(super) async fn listen_or_leave(&mut self) {
        if self.has_too_many() {
            if self.question.is_none() {
                self.leave().await;
            }
        } else if !self.is_comparing() || self.dialled.elapsed() > FLOOD {
            self.dial().await;
        }
    }

    /// So many entries of others are taken in.
    pub(super) fn most_entries(&self) -> usize {
        self.home.options.limits.entries()
    }

    /// How many entries there are, without those that this device made itself.
    pub(super) fn counted(&self, records: &Records) -> usize {
        records.of_others(&self.me)
    }

    /// Whether the document has more entries than anybody means to read.
    pub(super) fn has_too_many(&self) -> bool {
        self.counted(&self.records) > self.most_entries()
    }

    /// Listens no more to a document that has too many. The engine is told so when nothing comes in, or when that takes too long:
    /// if it hangs on that it is started anew, without this document.
    async fn leave(&mut self) {
        if self.engine.inflow.is_on() && self.dialled.elapsed() < FLOOD {
            return;
        }
        let most = self.most_entries();
        let question = if self.role == Role::Reader {
            format!("its author has put more than {most} entries into it, so missive has stopped syncing it")
        } else {
            let who = format!("others have put more than {most} entries into it, so missive has stopped syncing it");
            let way_out =
                format!("; to give it new keys: {}", shell::missive("keys rotate", &[&self.document.channel]));
            if self.is_owner() { who + &way_out } else { who }
        };
        self.question = Some(question);
        self.is_told = false;
        let _ = self.doc.leave().await;
    }

    /// Whether it is not known yet what there is: a comparison goes on, or none has been made.
    pub(super) fn is_open(&self) -> bool {
        self.met.is_some_and(|at| at.elapsed() < LONG) || (self.compared.is_none() && self.dialled.elapsed() < FLOOD)
    }

    /// Whether entries are coming in, or are about to.
    fn is_comparing(&self) -> bool {
        self.engine.inflow.is_on() || self.met.is_some_and(|at| at.elapsed() < LONG)
    }

    /// Dials whom it is time to dial; that goes on in the background, and who does not answer is dialled again.
    async fn dial(&mut self) {
        let again = self.news.ask() || std::mem::take(&mut self.is_unsure);
        let due = self.peers.due(Instant::now(), again);
        let addresses: Vec<_> = due.iter().filter_map(endpoint_addr).collect();
        if !addresses.is_empty() {
            (self.is_told, self.dialled) = (false, Instant::now());
            let _ = self.doc.start_sync(addresses).await;
        }
    }
}

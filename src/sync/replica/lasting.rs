//! What is remembered from one run to the next, and when it is saved: at the end of each turn that changed it, for a node that is
//! killed knows no more than that. What could not be saved is tried again with the next tick.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sync::replica::action::Action;
use crate::sync::replica::event::Log;
use crate::sync::replica::item_log::{ItemLog, Write};
use crate::sync::replica::machine::Replica;

/// Asks to save what changed.
pub fn save(replica: &mut Replica) {
    for log in [Log::Baseline, Log::Signers, Log::Peers] {
        if replica.work.not_saved.contains(&log) {
            continue;
        }
        match unsaved(replica, log) {
            Ok(Some(write)) => replica.ask(Action::Save(log, write)),
            Ok(None) => {}
            Err(error) => replica.condition.problem(format!("what is known of the channel can't be saved: {error}")),
        }
    }
}

/// What is to be written of a log; it counts as written then.
fn unsaved(replica: &mut Replica, log: Log) -> Result<Option<Write>, String> {
    match log {
        Log::Baseline => rows(&mut replica.local.baseline),
        Log::Signers => rows(&mut replica.authorship.first),
        Log::Peers if replica.exchange.peers.is_saved() => Ok(None),
        Log::Peers => {
            replica.exchange.peers.set_saved(true);
            replica.exchange.peers.to_json().map(|json| Some(Write::Replace(json))).map_err(|error| error.to_string())
        }
    }
}

fn rows<V: Clone + PartialEq + Serialize + DeserializeOwned>(log: &mut ItemLog<V>) -> Result<Option<Write>, String> {
    let write = log.unsaved().map_err(|error| error.to_string())?;
    if let Some(write) = &write {
        log.saved(write);
    }
    Ok(write)
}

/// Notes that something could not be saved: all of it is, the next time.
pub fn not_saved(replica: &mut Replica, log: Log, why: String) {
    replica.work.not_saved.insert(log);
    match log {
        Log::Baseline => replica.local.baseline.rewrite(),
        Log::Signers => replica.authorship.first.rewrite(),
        Log::Peers => replica.exchange.peers.set_saved(false),
    }
    replica.condition.problem(why);
}

//! What the clocks of others say: each device is asked now and then what time it is, and is answered.
//!
//! An entry from the future is refused by everybody until that
//! time has come, without a word: whoever has a wrong clock is to hear of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use iroh::endpoint::Connection;
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh::{Endpoint, EndpointAddr};
use tokio::time::{Instant, timeout};
use tracing::{Instrument, debug, trace, warn};

use crate::lock::lock;
use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::node::home::Home;
use crate::sync::node::network::failed;
use crate::sync::redacted::redacted;

/// The protocol's name: whoever is asked says the nanoseconds since 1970 in eight bytes, the highest first.
pub(super) const ALPN: &[u8] = b"missive/time/1";

/// By so much clocks may differ, in seconds. What is ten minutes ahead is refused.
const MAX_DIFFERENCE: i64 = 5 * 60;

/// How soon a device is asked again, when its clock is like the one here and when it is not.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_hours(1), Duration::from_secs(1));

/// So long an answer counts.
const MAX_AGE: Duration = Duration::from_hours(2);

/// How long an answer may take.
const MAX_ANSWER_TIME: Duration = Duration::from_secs(10);

/// So many devices are asked.
const MAX_DEVICES: usize = 100;

/// A device that was asked.
#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    /// By how much its clock is ahead of the one here, in seconds.
    ahead: Option<i64>,
}

/// What the clocks of others say.
#[derive(Clone, Debug, Default)]
pub(super) struct Clocks(Arc<Mutex<BTreeMap<[u8; 32], Asked>>>);

impl Clocks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Asked>> {
        lock(&self.0)
    }

    /// Asks a device, if it is time for that; the answer comes by and by.
    pub(super) fn ask(&self, home: &Home, endpoint: &Endpoint, peer: EndpointAddr) {
        if !self.is_due(peer.id.as_bytes()) {
            return;
        }
        let (clocks, home, endpoint) = (self.clone(), home.clone(), endpoint.clone());
        let asking = async move {
            let device = *peer.id.as_bytes();
            let answer = timeout(MAX_ANSWER_TIME, ask_device(&home, &endpoint, peer)).await;
            let ahead = answer.map_err(failed).and_then(|answer| answer);
            let peer = hex::short(&device);
            match &ahead {
                Ok(ahead) if ahead.abs() > MAX_DIFFERENCE => warn!(%peer, ahead, "the peer's clock is another one"),
                Ok(ahead) => trace!(%peer, ahead, "the peer's clock is like the one here"),
                Err(error) => debug!(%peer, error = %redacted(&error), "the peer did not say what time it is"),
            }
            clocks.lock().insert(device, Asked { at: Instant::now(), ahead: ahead.ok() });
            home.status.set_clock(clocks.ahead());
        };
        tokio::spawn(asking.in_current_span());
    }

    fn is_due(&self, device: &[u8; 32]) -> bool {
        let mut all = self.lock();
        if let Some(asked) = all.get(device) {
            let is_like_this = asked.ahead.is_none_or(|ahead| ahead.abs() <= MAX_DIFFERENCE);
            if asked.at.elapsed() < if is_like_this { ASK_AGAIN.0 } else { ASK_AGAIN.1 } {
                return false;
            }
        } else if all.len() >= MAX_DEVICES {
            return false;
        }
        all.entry(*device).or_insert(Asked { at: Instant::now(), ahead: None }).at = Instant::now();
        true
    }

    /// By how much the clocks of others are ahead of the one here, in seconds, if that is much: what most of them say.
    fn ahead(&self) -> Option<i64> {
        let all = self.lock();
        let said = all.values().filter(|asked| asked.at.elapsed() < MAX_AGE).filter_map(|asked| asked.ahead).collect();
        middle(said).filter(|ahead| ahead.abs() > MAX_DIFFERENCE)
    }
}

/// The one in the middle, which no minority can move far; of two in the middle the one that is less far.
fn middle(mut said: Vec<i64>) -> Option<i64> {
    said.sort_unstable();
    let upper = said.len() / 2;
    let lower = said.len().checked_sub(1)? / 2;
    [lower, upper].into_iter().filter_map(|at| said.get(at).copied()).min_by_key(|ahead| ahead.unsigned_abs())
}

async fn ask_device(home: &Home, endpoint: &Endpoint, peer: EndpointAddr) -> Result<i64, Error> {
    let connection = endpoint.connect(peer, ALPN).await.map_err(failed)?;
    let mut receive = connection.accept_uni().await.map_err(failed)?;
    let mut bytes = [0; 8];
    receive.read_exact(&mut bytes).await.map_err(failed)?;
    connection.close(0_u32.into(), b"thanks");
    Ok(i64::from_be_bytes(bytes).saturating_sub((home.clock)()) / 1_000_000_000)
}

/// Tells others what time it is here.
#[derive(Clone)]
pub(super) struct ClockProtocol {
    pub(super) home: Home,
}

impl std::fmt::Debug for ClockProtocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClockProtocol")
    }
}

impl ProtocolHandler for ClockProtocol {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let mut send = connection.open_uni().await?;
        let now = (self.home.clock)();
        if send.write_all(&now.to_be_bytes()).await.is_ok() && send.finish().is_ok() {
            // Whoever asked closes the connection; who does not is not waited for longer.
            drop(timeout(MAX_ANSWER_TIME, connection.closed()).await);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_who_lie_move_nothing() {
        assert_eq!(middle(vec![]), None);
        assert_eq!(middle(vec![-3600]), Some(-3600));
        assert_eq!((middle(vec![0, i64::MAX]), middle(vec![-3600, 0])), (Some(0), Some(0)));
        assert_eq!(middle(vec![i64::MIN, 1, 0, i64::MAX, 2]), Some(1));
    }

    #[test]
    fn a_device_is_asked_now_and_then() {
        let (clocks, device) = (Clocks::default(), [1; 32]);
        assert!(clocks.is_due(&device) && !clocks.is_due(&device));
        let before = |minutes| Instant::now().checked_sub(Duration::from_mins(minutes));
        let (two, long) = before(2).zip(before(61)).expect("this machine has run for an hour");
        for (at, ahead, due) in [(two, Some(0), false), (two, Some(3600), true), (two, None, false), (long, None, true)]
        {
            clocks.lock().insert(device, Asked { at, ahead });
            assert_eq!(clocks.is_due(&device), due, "{ahead:?}");
        }
    }
}

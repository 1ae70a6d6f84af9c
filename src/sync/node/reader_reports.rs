//! What readers say that they have: whoever writes a channel asks the connected ones, and "1 reader has everything" is true.
//!
//! Whoever asks shows that it has the document's id, without telling it: only the two devices of this connection can make or read the
//! proof. The answer tells how many files and bytes are missing on the device that answers, and a fingerprint of what it knows of.
//! Whoever has the id could find out as much by asking for the contents one by one.
//!
//! Where something is missing, whoever asked gives contents over that connection for as long as it is open (`offers.rs`).

use std::time::Duration;

use iroh::endpoint::{Connection, RemoteInfo, TransportAddrInfo};
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh::{Endpoint, EndpointAddr, EndpointId};
use iroh_blobs::BlobsProtocol;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, debug, trace};

use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::node::home::Home;
use crate::sync::node::network::failed;
use crate::sync::node::offers::Offers;
use crate::sync::node::shared_status::Holdings;
use crate::sync::redacted::redacted;
use crate::sync::replica::reader_questions::{Reader, ReaderQuestions};
use crate::sync::status::PeerHas;

/// The protocol's name. Whoever asks sends the proof (32 bytes). The answer is the fingerprint of all entries that are known (16
/// bytes), and the files and the bytes that are missing of them (8 bytes each, the highest first); nothing, if the proof is of no
/// document here.
pub(super) const ALPN: &[u8] = b"missive/have/1";

/// What a proof is made for.
const CONTEXT: &str = "missive/have/1 the sender has this document";

/// How long contents are offered after an answer.
const MAX_OFFER_TIME: Duration = Duration::from_mins(10);

/// How long an answer may take.
const MAX_ANSWER_TIME: Duration = Duration::from_secs(10);

/// The length of an answer.
const ANSWER_LEN: usize = 32;

/// Shows that the device that asks has a document, to the device that is asked.
fn proof(document: &[u8; 32], asks: &EndpointId, asked: &EndpointId) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(document).update(asks.as_bytes()).update(asked.as_bytes());
    *hasher.finalize().as_bytes()
}

/// Asks connected readers whether they have everything, for as long as the node runs.
pub(super) async fn ask_readers(home: Home, endpoint: Endpoint, contents: BlobsProtocol) {
    let mut questions = ReaderQuestions::default();
    let mut asking = JoinSet::new();
    loop {
        let now = Instant::now();
        for reader in questions.due(home.status.open_readers(), now.into_std()) {
            let asked = ask_and_give(home.clone(), endpoint.clone(), contents.clone(), reader);
            asking.spawn(asked.in_current_span());
        }
        let due = questions.next_due();
        let pause = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = home.status.readers_changed() => {}
            () = pause => {}
            Some(_) = asking.join_next(), if !asking.is_empty() => {}
        }
    }
}

/// Asks a reader, and gives it what it lacks, as far as it is here.
async fn ask_and_give(home: Home, endpoint: Endpoint, contents: BlobsProtocol, reader: Reader) {
    let peer = hex::short(&reader.device);
    match timeout(MAX_ANSWER_TIME, ask(&home, &endpoint, &reader)).await.map_err(failed).and_then(|answer| answer) {
        Ok((has, connection)) => {
            trace!(%peer, files = has.missing_files, bytes = has.missing_bytes, "the reader says what it lacks");
            let lacks_something = has.missing_files > 0;
            home.status.note_reader(&reader.document, &reader.device, has);
            if lacks_something {
                // The reader takes what it wants, and closes the connection.
                drop(timeout(MAX_OFFER_TIME, contents.accept(connection.clone())).await);
            }
            connection.close(0_u32.into(), b"thanks");
        }
        Err(error) => debug!(%peer, error = %redacted(&error), "the reader did not say what it has"),
    }
}

async fn ask(home: &Home, endpoint: &Endpoint, reader: &Reader) -> Result<(PeerHas, Connection), Error> {
    let device = EndpointId::from_bytes(&reader.device).map_err(failed)?;
    let known = endpoint.remote_info(device).await;
    let addresses = known.into_iter().flat_map(RemoteInfo::into_addrs).map(TransportAddrInfo::into_addr);
    let address = EndpointAddr::from_parts(device, addresses);
    let connection = endpoint.connect(address, ALPN).await.map_err(failed)?;
    let (mut send, mut receive) = connection.open_bi().await.map_err(failed)?;
    send.write_all(&proof(&reader.document, &endpoint.id(), &device)).await.map_err(failed)?;
    send.finish().map_err(failed)?;
    let mut answer = [0; ANSWER_LEN];
    receive.read_exact(&mut answer).await.map_err(failed)?;
    Ok((parse(&answer, home.seconds()), connection))
}

/// The answer's bytes.
fn compose(version: &str, files: u64, bytes: u64) -> [u8; ANSWER_LEN] {
    let mut answer = [0; ANSWER_LEN];
    // Before anything was reported of a document there is no fingerprint, and something is missing.
    let version = u128::from_str_radix(version, 16).unwrap_or(0);
    let parts = version.to_be_bytes().into_iter().chain(files.to_be_bytes()).chain(bytes.to_be_bytes());
    answer.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    answer
}

/// Reads an answer that came at this time, in seconds since 1970. Whether it is everything depends on what is known here.
fn parse(answer: &[u8; ANSWER_LEN], told: i64) -> PeerHas {
    let (version, missing) = answer.split_at(16);
    let (files, bytes) = missing.split_at(8);
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let version = version.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    PeerHas {
        everything: false,
        missing_files: number(files),
        missing_bytes: number(bytes),
        version: format!("{version:032x}"),
        told,
    }
}

/// Tells those who have a document what is missing of it here.
#[derive(Clone)]
pub(super) struct ReaderProtocol {
    pub(super) home: Home,
    pub(super) me: EndpointId,
    pub(super) offers: Offers,
}

impl std::fmt::Debug for ReaderProtocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReaderProtocol")
    }
}

impl ProtocolHandler for ReaderProtocol {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let asks = connection.remote_id();
        let answering = async {
            let (mut send, mut receive) = connection.accept_bi().await?;
            let mut shown = [0; 32];
            // Who sends less asks nothing.
            if receive.read_exact(&mut shown).await.is_err() {
                return Ok(());
            }
            let holdings = self.home.status.holdings(|document| proof(document, &asks, &self.me) == shown);
            if let Some(Holdings { document, version, missing_files, missing_bytes }) = holdings
                && send.write_all(&compose(&version, missing_files, missing_bytes)).await.is_ok()
                && send.finish().is_ok()
            {
                if missing_files > 0 {
                    self.offers.make(document, connection.clone());
                } else {
                    // Whoever asked closes the connection.
                    connection.closed().await;
                }
            }
            Ok(())
        };
        // Who does not ask, or does not close, is not waited for longer.
        timeout(MAX_ANSWER_TIME, answering).await.unwrap_or(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_was_meant() {
        let version = "000102030405060708090a0b0c0d0e0f";
        let has = parse(&compose(version, 3, u64::MAX - 1), 7);
        let expected = PeerHas {
            everything: false,
            missing_files: 3,
            missing_bytes: u64::MAX - 1,
            version: version.into(),
            told: 7,
        };
        assert_eq!(has, expected);
    }

    #[test]
    fn a_proof_is_of_use_to_no_third_device() {
        let device = || iroh::SecretKey::generate().public();
        let (one, other, third) = (device(), device(), device());
        let shown = proof(&[1; 32], &one, &other);
        assert_eq!(shown, proof(&[1; 32], &one, &other));
        for wrong in [proof(&[2; 32], &one, &other), proof(&[1; 32], &one, &third), proof(&[1; 32], &other, &one)] {
            assert_ne!(shown, wrong);
        }
    }
}

//! What iroh-docs says of a comparison of documents that failed, where it matters.
//!
//! Its event has the failure's text and not its type (`SyncEvent::result` is a `Result<_, String>`), so the text is matched, here and
//! nowhere else. The version is pinned in `Cargo.toml`, and a test below makes iroh-docs fail in this way.

/// How iroh-docs 0.101.0 begins its words for a connection that could not be closed in good order, whichever side dialled:
/// `ConnectError::Close` and `AcceptError::Close`.
const UNCLOSED: &str = "Failed to close";

/// Whether a comparison failed only where its connection was closed: that was good until then, and documents are compared.
pub(super) fn is_only_unclosed(reason: &str) -> bool {
    reason.starts_with(UNCLOSED)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use iroh::endpoint::{Connection, presets};
    use iroh::protocol::{AcceptError, ProtocolHandler, Router};
    use iroh::{Endpoint, RelayMode};
    use iroh_blobs::store::mem::MemStore;
    use iroh_docs::engine::LiveEvent;
    use iroh_docs::protocol::Docs;
    use iroh_gossip::net::Gossip;
    use tokio_stream::StreamExt;

    /// A peer that takes a comparison's connection and closes it before anything is compared.
    #[derive(Clone, Debug)]
    struct HangsUp;

    impl ProtocolHandler for HangsUp {
        async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
            let (_send, mut receive) = connection.accept_bi().await?;
            drop(receive.read_exact(&mut [0]).await);
            connection.close(1_u8.into(), b"");
            Ok(())
        }
    }

    async fn endpoint() -> Endpoint {
        let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
        builder.bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap()
    }

    /// What iroh-docs says of a comparison with a peer that hangs up.
    async fn failure() -> String {
        let other = endpoint().await;
        let address = other.addr();
        let _router = Router::builder(other).accept(iroh_docs::ALPN, HangsUp).spawn();
        let mine = endpoint().await;
        let (store, gossip) = (MemStore::new(), Gossip::builder().spawn(mine.clone()));
        let docs = Docs::memory().spawn(mine.clone(), (*store).clone(), gossip.clone()).await.unwrap();
        let _mine =
            Router::builder(mine).accept(iroh_docs::ALPN, docs.clone()).accept(iroh_gossip::ALPN, gossip).spawn();
        let doc = docs.create().await.unwrap();
        let mut events = doc.subscribe().await.unwrap();
        doc.start_sync(vec![address]).await.unwrap();
        while let Some(event) = events.next().await {
            if let LiveEvent::SyncFinished(event) = event.unwrap() {
                return event.result.unwrap_err();
            }
        }
        panic!("the comparison never ended");
    }

    #[test]
    fn the_engine_still_says_it_in_these_words() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let said = runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), failure()).await.unwrap() });
        assert_eq!(said, "Failed to close connection1");
        assert!(is_only_unclosed(&said));
    }

    #[test]
    fn the_side_that_was_dialled_says_it_in_these_words() {
        let peer = iroh::SecretKey::from_bytes(&[1; 32]).public();
        let error = || std::io::Error::other("gone").into();
        let unclosed = iroh_docs::net::AcceptError::Close { peer, namespace: None, error: error() }.to_string();
        assert!(is_only_unclosed(&unclosed), "{unclosed}");
        let failed = iroh_docs::net::AcceptError::Sync { peer, namespace: None, error: error() }.to_string();
        assert!(!is_only_unclosed(&failed), "{failed}");
    }
}

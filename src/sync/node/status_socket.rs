//! The socket on which others ask how the node stands.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tracing::debug;

use crate::sync::error::Error;
use crate::sync::node::blocking::blocking;
use crate::sync::node::home::Home;
use crate::sync::node::network::failed;
use crate::sync::node::shared_status::SharedStatus;
use crate::sync::redacted::redacted;
use crate::sync::socket::Address;

/// The longest question that is listened to, in bytes.
const MAX_QUESTION: u64 = 1024;

/// How soon connections are taken again when one could not be.
const RETRY: Duration = Duration::from_millis(100);

/// Binds the socket.
pub(super) async fn bind(home: &Home) -> Result<UnixListener, Error> {
    let data = home.data.clone();
    let bound = blocking(move || {
        let address = Address::in_data_folder(&data)?;
        // The lock says that nobody else listens on it. If it can't be removed, it can't be bound either, and that is told.
        drop(std::fs::remove_file(&address.path));
        let listener = std::os::unix::net::UnixListener::bind(&address.path)?;
        listener.set_nonblocking(true)?;
        Ok::<_, io::Error>(listener)
    });
    let listener = bound.await.ok_or_else(|| failed("its socket could not be made"))??;
    Ok(UnixListener::from_std(listener)?)
}

pub(super) async fn serve(listener: UnixListener, status: SharedStatus) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(reply(stream, status.clone()))),
            Err(error) => {
                debug!(error = %redacted(&error), "nobody can ask for the status at the moment");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn reply(stream: UnixStream, status: SharedStatus) -> Option<()> {
    let (reads, mut writes) = stream.into_split();
    let mut reads = BufReader::new(reads);
    loop {
        let mut line = Vec::new();
        (&mut reads).take(MAX_QUESTION).read_until(b'\n', &mut line).await.ok()?;
        if line.last() != Some(&b'\n') {
            return None;
        }
        let mut answer = serde_json::to_vec(&status.node_state()).ok()?;
        answer.push(b'\n');
        writes.write_all(&answer).await.ok()?;
    }
}

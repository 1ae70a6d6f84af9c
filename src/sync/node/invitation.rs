//! Two who meet: an invitation and its answer make a conversation, in one exchange over the wire.
//!
//! The code proves who may answer: who answers shows that it knows the secret, bound to
//! both devices, and hands over the key for reading its own outbox; it gets the other's for that. Each says by which key it signs,
//! so nobody else is ever taken for the other. Both see the same six words.
//! An invitation is good for one device.

use iroh::endpoint::{Connection, RecvStream, SendStream};
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh::{Endpoint, EndpointId};
use serde::{Deserialize, Serialize};
use tracing::{debug, info, warn};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::sync::error::Error;
use crate::sync::hex;
use crate::sync::keys::book::{AuthorKey, Book, Document, Secret};
use crate::sync::keys::phrase::for_conversation;
use crate::sync::keys::ticket::{Opens, Peer, Ticket};
use crate::sync::node::blocking::blocking;
use crate::sync::node::home::Home;
use crate::sync::node::network::{endpoint_addr, failed, peer};
use crate::sync::redacted::redacted;

/// The protocol's name.
pub(super) const ALPN: &[u8] = b"missive/meet/1";

/// The longest message, in bytes.
const MAX_MESSAGE: usize = 16 << 10;

/// How long one exchange may take.
const MAX_EXCHANGE: std::time::Duration = std::time::Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
struct Answer {
    proof: [u8; 32],
    key: String,
}

#[derive(Serialize, Deserialize)]
enum Reply {
    Welcome { key: String },
    Refused { why: String },
}

/// Answers those who accept an invitation.
#[derive(Clone)]
pub(super) struct InvitationProtocol {
    pub(super) home: Home,
}

impl std::fmt::Debug for InvitationProtocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationProtocol")
    }
}

impl ProtocolHandler for InvitationProtocol {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let peer = hex::short(connection.remote_id().as_bytes());
        match tokio::time::timeout(MAX_EXCHANGE, self.serve(&connection)).await {
            // The guest closes the connection; one that does not is not waited for longer.
            Ok(Ok(())) => drop(tokio::time::timeout(MAX_EXCHANGE, connection.closed()).await),
            Ok(Err(error)) => {
                debug!(%peer, error = %redacted(&error), "the answer to an invitation could not be served");
            }
            Err(_) => debug!(%peer, "the answer to an invitation took too long"),
        }
        Ok(())
    }
}

impl InvitationProtocol {
    async fn serve(&self, connection: &Connection) -> Result<(), Error> {
        let (mut send_stream, mut receive_stream) = connection.accept_bi().await.map_err(failed)?;
        let (answer, signs): (Answer, _) = receive(&mut receive_stream).await?;
        let guest = *connection.remote_id().as_bytes();
        let host = self.clone();
        let welcomed =
            blocking(move || host.welcome(&guest, &answer, signs)).await.ok_or_else(|| failed("stopping"))?;
        let (reply, me) = match welcomed {
            Ok((key, me)) => {
                info!(peer = %hex::short(&guest), "an invitation was answered");
                (Reply::Welcome { key }, Some(me))
            }
            Err(why) => {
                info!(peer = %hex::short(&guest), reason = %redacted(&why), "an answer to an invitation was refused");
                (Reply::Refused { why }, None)
            }
        };
        send(&mut send_stream, &reply, me).await
    }

    /// Checks an answer, and makes the conversation's other half; gives the key for it and that by which it is signed, or why not.
    fn welcome(&self, guest: &[u8; 32], answer: &Answer, signs: Signs) -> Result<(String, AuthorKey), String> {
        let theirs = Ticket::parse(&answer.key).map_err(|error| error.to_string())?;
        let Opens::Read(id) = theirs.opens else {
            return Err("that is not a read key".to_owned());
        };
        let now = self.home.seconds();
        let done = Book::change(&self.home.data, |book| {
            let me = crate::sync::node::identity::device_id(&book.device.ok_or_else(|| failed("no device key"))?);
            let author = own_author(book)?;
            let by = |secret: &Secret| proof(&secret.0, guest, &me) == answer.proof;
            let Some(invitation) = book.invitations.iter_mut().find(|invitation| by(&invitation.secret)) else {
                return Ok(Err("this code was not made here, or was withdrawn".to_owned()));
            };
            if invitation.used_by.is_some_and(|by| by.0 != *guest) {
                return Ok(Err(USED.to_owned()));
            }
            if invitation.until < now {
                return Ok(Err("this code has expired".to_owned()));
            }
            let (channel, secret) = (invitation.channel.clone(), invitation.secret);
            // Whoever did not hear the answer asks again, with the same key.
            let is_other = |inbox: &Document| inbox.channel == channel && inbox.side == Side::Inbox && inbox.id != id;
            if book.documents.iter().any(is_other) {
                return Ok(Err(USED.to_owned()));
            }
            if !is_free(&book.documents, &book.retired, &channel, &id) {
                return Ok(Err(TAKEN.to_owned()));
            }
            invitation.used_by = Some(Secret(*guest));
            let Some(own) = book.document(&channel, Side::Outbox).cloned() else {
                return Ok(Err("the channel of this code is gone".to_owned()));
            };
            let words = for_conversation(&secret.0, &own.id, &id);
            join(book, &channel, &Theirs { id, peers: &theirs.peers, signs }, &words);
            Ok::<_, Error>(Ok((own.id, author)))
        });
        match done {
            Ok(Ok((own, author))) => {
                let peers = self.home.status.own_address();
                let key = Ticket { opens: Opens::Read(own), peers, name: String::new(), owner: None };
                Ok((key.to_string(), author))
            }
            Ok(Err(why)) => Err(why),
            // The guest is not told what is wrong here.
            Err(error) => {
                warn!(error = %redacted(&error), "an answer to an invitation could not be noted");
                Err("the other side has a problem; try again later".to_owned())
            }
        }
    }
}

/// Answers an invitation. `Ok(Err(why))` when the other side refused.
pub(super) async fn answer(
    home: &Home,
    endpoint: &Endpoint,
    channel: &ChannelName,
    code: &str,
) -> Result<Result<(), String>, Error> {
    let ticket = Ticket::parse(code)?;
    let (Opens::Invitation { secret, until }, Some(host)) = (ticket.opens, ticket.peers.first()) else {
        return Ok(Err("that is not an invitation code".to_owned()));
    };
    if until < home.seconds() {
        return Ok(Err("this code has expired".to_owned()));
    }
    let data = home.data.clone();
    let book = blocking(move || Book::read(&data)).await.ok_or_else(|| failed("stopping"))??;
    let Some(own) = book.document(channel, Side::Outbox).cloned() else {
        return Ok(Err("the channel is gone".to_owned()));
    };
    let address = endpoint_addr(host).ok_or_else(|| failed("the code contains no device"))?;
    let said = exchange(home, endpoint, address, &secret, (&own, own_author(&book)?));
    let (reply, signs) = tokio::time::timeout(MAX_EXCHANGE, said).await.map_err(failed)??;
    let key = match reply {
        Reply::Welcome { key } => key,
        Reply::Refused { why } => return Ok(Err(why)),
    };
    let theirs = Ticket::parse(&key)?;
    let Opens::Read(id) = theirs.opens else {
        return Ok(Err("the other side sent no read key".to_owned()));
    };
    let (data, channel) = (home.data.clone(), channel.clone());
    let joined = blocking(move || {
        Book::change(&data, |book| {
            if !is_free(&book.documents, &book.retired, &channel, &id) {
                return Ok(Err(TAKEN.to_owned()));
            }
            let peers = [theirs.peers, ticket.peers].concat();
            join(book, &channel, &Theirs { id, peers: &peers, signs }, &for_conversation(&secret, &id, &own.id));
            book.acceptances.retain(|acceptance| acceptance.channel != channel);
            Ok::<_, Error>(Ok(()))
        })
    });
    joined.await.ok_or_else(|| failed("stopping"))?
}

/// What is said of a code that made a conversation before.
const USED: &str = "this code has been used already";

/// What is said of a key that opens something which is known already.
const TAKEN: &str = "the other side's key belongs to another channel";

/// Whether a document may become this channel's inbox: one document can't be two boxes.
fn is_free(documents: &[Document], retired: &[Document], channel: &ChannelName, id: &[u8; 32]) -> bool {
    let is_it = |document: &Document| document.channel == *channel && document.side == Side::Inbox;
    documents.iter().chain(retired).all(|document| document.id != *id || is_it(document))
}

async fn exchange(
    home: &Home,
    endpoint: &Endpoint,
    address: iroh::EndpointAddr,
    secret: &[u8; 32],
    (own, me): (&Document, AuthorKey),
) -> Result<(Reply, Signs), Error> {
    let host: EndpointId = address.id;
    let connection = endpoint.connect(address, ALPN).await.map_err(failed)?;
    let (mut send_stream, mut receive_stream) = connection.open_bi().await.map_err(failed)?;
    let mut peers = home.status.own_address();
    if peers.is_empty() {
        peers.push(peer(&endpoint.addr()));
    }
    let key = Ticket { opens: Opens::Read(own.id), peers, name: String::new(), owner: None }.to_string();
    let proof = proof(secret, endpoint.id().as_bytes(), host.as_bytes());
    send(&mut send_stream, &Answer { proof, key }, Some(me)).await?;
    let reply = receive(&mut receive_stream).await;
    connection.close(0_u32.into(), b"met");
    reply
}

/// The key by which this side signs.
fn own_author(book: &Book) -> Result<AuthorKey, Error> {
    Ok(AuthorKey(crate::sync::node::identity::author_id(&book.author.ok_or_else(|| failed("no key of an author"))?)))
}

/// The other side's outbox.
struct Theirs<'a> {
    id: [u8; 32],
    peers: &'a [Peer],
    signs: Signs,
}

/// Notes the other's outbox as this channel's inbox.
fn join(book: &mut Book, channel: &ChannelName, theirs: &Theirs, words: &str) {
    if let Some(own) = book.document_mut(channel, Side::Outbox) {
        own.phrase = Some(words.to_owned());
        own.peers.extend(theirs.peers.iter().filter(|peer| !own.peers.contains(peer)).cloned().collect::<Vec<_>>());
    }
    if let Some(inbox) = book.document_mut(channel, Side::Inbox) {
        inbox.owner = inbox.owner.or(theirs.signs);
    } else {
        let mut document = Document::new(channel.clone(), Side::Inbox, theirs.id);
        (document.phrase, document.owner) = (Some(words.to_owned()), theirs.signs);
        document.peers = theirs.peers.to_vec();
        book.documents.push(document);
    }
}

/// What shows that a device knows a secret, to this one and no other.
fn proof(secret: &[u8; 32], guest: &[u8; 32], host: &[u8; 32]) -> [u8; 32] {
    *blake3::keyed_hash(secret, &[b"missive meet 1".as_slice(), guest, host].concat()).as_bytes()
}

/// The key by which the other side signs. Older programs do not say it.
type Signs = Option<AuthorKey>;

/// Says something, and behind it by which key this side signs: older programs read no further than they know.
async fn send<T: Serialize>(stream: &mut SendStream, value: &T, signs: Signs) -> Result<(), Error> {
    let mut bytes = postcard::to_allocvec(value).map_err(failed)?;
    bytes.extend(signs.map(|key| key.0).into_iter().flatten());
    stream.write_all(&bytes).await.map_err(failed)?;
    stream.finish().map_err(failed)
}

async fn receive<T: for<'de> Deserialize<'de>>(stream: &mut RecvStream) -> Result<(T, Signs), Error> {
    let bytes = stream.read_to_end(MAX_MESSAGE).await.map_err(failed)?;
    let (value, rest) = postcard::take_from_bytes(&bytes).map_err(failed)?;
    Ok((value, rest.first_chunk().map(|key| AuthorKey(*key))))
}

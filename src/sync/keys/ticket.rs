//! Keys as people hand them on: one line of text, alone or behind the `#` of a link.
//!
//! A key is a word for its kind, then letters and digits (base 32, RFC 4648 section 6, without padding, lower case) of a postcard
//! record and four bytes of checksum.

use std::fmt;
use std::net::SocketAddr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

/// A longer text is no key, in bytes: it would fit no QR code and no patience.
const MAX_LEN: usize = 4096;

/// Addresses of one peer that are taken from a key.
const MAX_ADDRESSES: usize = 16;

/// A device that may have a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peer {
    /// Its public key (Ed25519), which is its name in the network.
    pub device: [u8; 32],
    /// Where it was last.
    pub addresses: Vec<SocketAddr>,
    /// The relay through which it can be reached.
    pub relay: Option<String>,
}

/// What a key opens, whose it is, and who is asked first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// What it opens.
    pub opens: Opens,
    /// Who has it.
    pub peers: Vec<Peer>,
    /// What the one who handed it out calls the channel: a proposal, and untrusted.
    pub name: String,
    /// The author key of the channel's owner, who alone changes its profile, names its authors and gives it new keys. Keys of
    /// the first version do not say it.
    pub owner: Option<[u8; 32]>,
}

/// A record of the first version, which does not say whose the channel is.
#[derive(Serialize, Deserialize)]
struct First {
    opens: Opens,
    peers: Vec<Peer>,
    name: String,
}

impl From<First> for Ticket {
    fn from(First { opens, peers, name }: First) -> Self {
        Self { opens, peers, name, owner: None }
    }
}

/// What a key opens.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opens {
    /// Reading the document of this id.
    Read([u8; 32]),
    /// Writing the document of this secret key.
    Write([u8; 32]),
    /// One conversation.
    Invitation {
        /// What only the two know, 32 bytes.
        secret: [u8; 32],
        /// When it expires, in seconds since 1970.
        until: i64,
    },
}

impl fmt::Debug for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A secret in a log is a secret no more.
        f.write_str(self.word())
    }
}

impl Opens {
    /// The word that a key of this kind begins with.
    fn word(&self) -> &'static str {
        match self {
            Self::Read(_) => "missive-read-",
            Self::Write(_) => "missive-write-",
            Self::Invitation { .. } => "missive-invite-",
        }
    }
}

const WORDS: [&str; 3] = ["missive-read-", "missive-write-", "missive-invite-"];

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATicket {
    /// It is something else.
    #[error("that is not a missive key: a key begins with `missive-read-`, `missive-write-` or `missive-invite-`")]
    Form,
    /// It belongs to another program.
    #[error("that is a key of another program (`{0}…`), not of missive")]
    Foreign(&'static str),
    /// Something is missing or mistyped.
    #[error("the key is damaged: a part of it is missing or mistyped; copy the whole key")]
    Damaged,
    /// A newer program made it.
    #[error("the key was made by a newer missive")]
    Newer,
}

impl Ticket {
    /// Reads a key, or a link with one behind its `#`. Case and surrounding white space do not matter.
    ///
    /// # Errors
    /// [`NotATicket`], with the reason.
    pub fn parse(text: &str) -> Result<Self, NotATicket> {
        let text = text.trim();
        let text = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        if text.len() > MAX_LEN {
            return Err(NotATicket::Form);
        }
        let lower = text.to_ascii_lowercase();
        let Some(word) = WORDS.iter().find(|word| lower.starts_with(**word)) else {
            let known = ["doc", "blob", "endpoint", "node"].into_iter().find(|kind| is_ticket(&lower, kind));
            return Err(known.map_or(NotATicket::Form, NotATicket::Foreign));
        };
        let code = lower.strip_prefix(word).unwrap_or_default().to_ascii_uppercase();
        let bytes = BASE32_NOPAD.decode(code.as_bytes()).map_err(|_| NotATicket::Damaged)?;
        let (record, sum) = bytes.split_last_chunk::<4>().ok_or(NotATicket::Damaged)?;
        if checksum(word, record) != *sum {
            return Err(NotATicket::Damaged);
        }
        let (version, record) = record.split_first().ok_or(NotATicket::Damaged)?;
        let read = match *version {
            FIRST => postcard::from_bytes(record).map(First::into),
            VERSION => postcard::from_bytes(record),
            _ => return Err(NotATicket::Newer),
        };
        let mut ticket: Self = read.map_err(|_| NotATicket::Damaged)?;
        if ticket.opens.word() != *word {
            return Err(NotATicket::Damaged);
        }
        ticket.peers.iter_mut().for_each(|peer| peer.addresses.truncate(MAX_ADDRESSES));
        Ok(ticket)
    }

    /// The key as a link to a page; without one, the bare key.
    pub fn link(&self, page: Option<&str>) -> String {
        page.map_or_else(|| self.to_string(), |page| format!("{page}#{self}"))
    }
}

/// The form of the record with the owner.
const VERSION: u8 = 2;

/// The form without one, which older programs read too.
const FIRST: u8 = 1;

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, record) = match self.owner {
            Some(_) => (VERSION, postcard::to_allocvec(self)),
            None => (FIRST, postcard::to_allocvec(&(self.opens, &self.peers, &self.name))),
        };
        let mut bytes = vec![version];
        bytes.extend(record.map_err(|_| fmt::Error)?);
        let sum = checksum(self.opens.word(), &bytes);
        bytes.extend_from_slice(&sum);
        write!(f, "{}{}", self.opens.word(), BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }
}

fn is_ticket(lower: &str, kind: &str) -> bool {
    let rest = lower.strip_prefix(kind).unwrap_or_default();
    rest.len() > 40 && rest.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
}

fn checksum(word: &str, bytes: &[u8]) -> [u8; 4] {
    let mut sum = [0; 4];
    blake3::Hasher::new().update(word.as_bytes()).update(bytes).finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticket(opens: Opens) -> Ticket {
        let addresses = vec!["127.0.0.1:4711".parse().unwrap(), "[::1]:4711".parse().unwrap()];
        let peers = vec![Peer { device: [7; 32], addresses, relay: Some("https://relay.example/".into()) }];
        Ticket { opens, peers, name: "Azureen’s blog".into(), owner: Some([4; 32]) }
    }

    /// A key of a program that knew no owners: that of `ticket` without one.
    const OF_THE_FIRST_VERSION: &str = "missive-read-aeaacaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqead7aaaadzzeaeaaaaaaaaaaaaaaaaaaaaaaaaa6ojabczuhi5dqom5c6l3smvwgc6jomv4gc3lqnrss6ecbpj2xezlfn3ribgltebrgy33hsc7msmy";

    #[test]
    fn keys_come_back_from_text_and_links() {
        for opens in [Opens::Read([1; 32]), Opens::Write([2; 32]), Opens::Invitation { secret: [3; 32], until: 9 }] {
            let ticket = ticket(opens);
            for text in [
                ticket.to_string(),
                ticket.link(Some("https://example.org/blog/")),
                format!("  {}\n", ticket.to_string().to_uppercase()),
            ] {
                assert_eq!(Ticket::parse(&text), Ok(ticket.clone()), "{text}");
            }
        }
    }

    #[test]
    fn keys_of_the_first_version_are_read_and_written_as_they_were() {
        let ticket = Ticket { owner: None, ..ticket(Opens::Read([1; 32])) };
        assert_eq!(Ticket::parse(OF_THE_FIRST_VERSION), Ok(ticket.clone()));
        assert_eq!(ticket.to_string(), OF_THE_FIRST_VERSION);
    }

    #[test]
    fn a_key_of_a_later_version_is_a_newer_programs() {
        let word = "missive-read-";
        let bytes = [3, 0, 0];
        let whole = [&bytes[..], &checksum(word, &bytes)].concat();
        let text = format!("{word}{}", BASE32_NOPAD.encode(&whole).to_ascii_lowercase());
        assert_eq!(Ticket::parse(&text), Err(NotATicket::Newer));
    }

    #[test]
    fn a_key_cut_anywhere_is_damaged() {
        let text = ticket(Opens::Read([1; 32])).to_string();
        for end in "missive-read-".len()..text.len() {
            assert_eq!(Ticket::parse(&text[..end]), Err(NotATicket::Damaged), "{end}");
        }
    }

    #[test]
    fn other_kinds_are_told_apart() {
        let foreign = format!("doc{}", "a2".repeat(40));
        assert_eq!(Ticket::parse(&foreign), Err(NotATicket::Foreign("doc")));
        for text in ["", "hello", "https://example.org/", "missive-read", &"x".repeat(10_000)] {
            assert_eq!(Ticket::parse(text), Err(NotATicket::Form), "{text:.20}");
        }
        let as_write = ticket(Opens::Read([1; 32])).to_string().replace("-read-", "-write-");
        assert_eq!(Ticket::parse(&as_write), Err(NotATicket::Damaged));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(missive-(read|write|invite)-)?[a-z2-7]{0,200}") {
            let _ = Ticket::parse(&text);
        }

        #[test]
        fn a_mistyped_letter_is_noticed(at in 13usize..100, letter in "[a-z2-7]") {
            let text = ticket(Opens::Read([1; 32])).to_string();
            let mut other = text.clone();
            other.replace_range(at..=at, &letter);
            prop_assume!(other != text);
            prop_assert_eq!(Ticket::parse(&other), Err(NotATicket::Damaged));
        }
    }
}

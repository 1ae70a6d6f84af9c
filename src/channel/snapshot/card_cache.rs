//! Cards kept between runs.
//!
//! The file holds the profiles and blocks of cards, each with its own checksum, so that a damaged block costs only its own
//! cards. It is only a shortcut: deleting it costs time and nothing else, except for what a profile said before somebody
//! else damaged it. A file of another version counts as absent.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::profile::{Profile, Profiles};
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::fs::{atomic_write, records};

/// The number is to be raised whenever a card, or what is read into one, changes.
const HEAD: &str = concat!("missive cards ", env!("CARGO_PKG_VERSION"), " 7\n");
const BLOCK: usize = 512;

/// The cards of an earlier run.
#[derive(Debug, Default)]
pub struct CardCache {
    path: Option<PathBuf>,
    cached_at: i64,
    /// In their order in time.
    cards: Vec<Arc<Card>>,
    /// The keys of the cards, one for each, so that a search need not look into cards all over the memory.
    keys: Vec<(Stamp, Side)>,
    /// What the boxes said of the channel when that could last be read.
    profiles: Profiles,
    /// What was wrong with the file, for those who ask.
    pub damage: Option<String>,
}

impl CardCache {
    /// A cache that is kept nowhere.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// The cache of the channel at this path, below the user's cache folder if there is one.
    pub fn below(folder: Option<&Path>, channel: &Path) -> Self {
        folder.map_or_else(Self::nowhere, |folder| Self::read(path_below(folder, channel)))
    }

    /// The cards and profiles of a look at this time, in nanoseconds since 1970, as if they had been kept.
    pub fn from_cards(cards: &[Arc<Card>], profiles: Profiles, looked_at: i64) -> Self {
        let mut cache = Self { cached_at: looked_at, profiles, ..Self::default() };
        cache.put(cards.to_vec());
        cache
    }

    /// Reads the cache at `path`. Whatever is wrong with it is remembered in `damage` and otherwise as if it were empty.
    pub fn read(path: PathBuf) -> Self {
        let mut cache = Self::default();
        match std::fs::read(&path) {
            Ok(bytes) => cache.fill(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => cache.damage = Some(error.to_string()),
        }
        cache.path = Some(path);
        cache
    }

    /// The card of a message, if it was certain to be settled when it was kept.
    pub fn get(&self, side: Side, stamp: Stamp) -> Option<&Arc<Card>> {
        self.last_known(side, stamp).filter(|card| card.is_settled_at(self.cached_at))
    }

    /// The last card that is known of a message, however old.
    pub fn last_known(&self, side: Side, stamp: Stamp) -> Option<&Arc<Card>> {
        self.cards.get(self.keys.binary_search(&(stamp, side)).ok()?)
    }

    /// What a box said of the channel when that could last be read.
    pub fn profile(&self, side: Side) -> &Profile {
        let [inbox, outbox] = &*self.profiles;
        if side == Side::Inbox { inbox } else { outbox }
    }

    /// Keeps these cards and profiles for the next run, if they differ from those of the last. `now` is in nanoseconds since 1970.
    ///
    /// # Errors
    /// The failing operation with its path.
    pub fn keep(&self, cards: &[Arc<Card>], profiles: &Profiles, now: i64) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let is_same = |(old, new): (&Arc<Card>, &Arc<Card>)| Arc::ptr_eq(old, new) && old.is_settled_at(self.cached_at);
        let same = cards.len() == self.cards.len() && self.cards.iter().zip(cards).all(is_same);
        if same && *profiles == self.profiles {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
            atomic_write::sweep(folder);
        }
        atomic_write::through_temporary(path, |temporary| {
            write(&fs_err::File::create(temporary)?, cards, profiles, now)
        })
    }

    fn fill(&mut self, bytes: &[u8]) {
        let Some(parts) = bytes.strip_prefix(HEAD.as_bytes()) else {
            self.damage = Some("it is of another version".to_owned());
            return;
        };
        let mut parts = records::parts(parts);
        let Some(cached_at) = parts.next().flatten().and_then(|bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?)))
        else {
            self.damage = Some("its beginning is damaged".to_owned());
            return;
        };
        match parts.next().flatten().and_then(|bytes| serde_json::from_slice(bytes).ok()) {
            Some(profiles) => self.profiles = Arc::new(profiles),
            None => self.damage = Some("its part about the profiles is damaged".to_owned()),
        }
        let blocks: Vec<Option<&[u8]>> = parts.collect();
        let decoded: Vec<Option<Vec<Arc<Card>>>> =
            blocks.par_iter().map(|block| block.and_then(decode_block)).collect();
        if decoded.iter().any(Option::is_none) {
            self.damage = Some("a part of it is damaged".to_owned());
        }
        self.cached_at = cached_at;
        self.put(decoded.into_iter().flatten().flatten().collect());
    }

    fn put(&mut self, mut cards: Vec<Arc<Card>>) {
        // They are kept in this order, which sorting notices.
        cards.sort_by_key(|card| (card.stamp, card.side));
        self.keys = cards.iter().map(|card| (card.stamp, card.side)).collect();
        self.cards = cards;
    }
}

/// Writes the cards some blocks at a time, so that a long channel's are never all in memory twice.
fn write(mut file: &fs_err::File, cards: &[Arc<Card>], profiles: &Profiles, now: i64) -> io::Result<()> {
    file.write_all(HEAD.as_bytes())?;
    let mut part = Vec::new();
    records::push(&mut part, &now.to_le_bytes());
    records::push(&mut part, &serde_json::to_vec(&**profiles)?);
    file.write_all(&part)?;
    for some in cards.chunks(BLOCK * 16) {
        let blocks: Vec<Vec<u8>> = some.par_chunks(BLOCK).map(encode_block).collect();
        for block in blocks {
            part.clear();
            records::push(&mut part, &block);
            file.write_all(&part)?;
        }
    }
    Ok(())
}

fn encode_block(cards: &[Arc<Card>]) -> Vec<u8> {
    let mut block = Vec::with_capacity(cards.len() * 256);
    for card in cards {
        // A card holds nothing that could fail to be written; if one ever did, it would only be read anew.
        if let Ok(bytes) = postcard::to_stdvec(card.as_ref()) {
            block.extend_from_slice(&bytes);
        }
    }
    block
}

fn decode_block(mut rest: &[u8]) -> Option<Vec<Arc<Card>>> {
    let mut cards = Vec::with_capacity(BLOCK);
    while !rest.is_empty() {
        let (card, after) = postcard::take_from_bytes(rest).ok()?;
        cards.push(Arc::new(card));
        rest = after;
    }
    Some(cards)
}

/// Where a channel's cards are kept below the user's cache folder.
pub fn path_below(folder: &Path, channel: &Path) -> PathBuf {
    folder.join("cards").join(name_of(channel))
}

/// What a channel is called in the user's cache folder: its name, for people, and a hash of its path.
pub fn name_of(channel: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let hash = blake3::hash(channel.as_os_str().as_bytes()).to_hex();
    let name = channel.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || *c == '-').take(40).collect();
    format!("{name}-{:.16}", hash.as_str())
}

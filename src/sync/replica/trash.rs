//! What the trash keeps of what others deleted or replaced, and for how long.
//!
//! It is kept for a while in case it was a mistake, and never so much of it that somebody could fill the disk by writing and
//! deleting. What a person deleted in a box of their own, here or on another device, is theirs, and never removed.

use std::time::{Duration, Instant};

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;

/// So long it is kept, in seconds: thirty days.
const MAX_AGE: i64 = 30 * 24 * 3600;

/// The least that a file takes of a disk, in bytes: many tiny ones are no little.
const MIN_DISK_USE: u64 = 4096;

/// Of the room that a channel may take, its trash may take this part once more.
const SHARE_OF_CHANNEL: u64 = 10;

/// How often it is looked for what has lain in the trash for too long.
const TIDY_INTERVAL: Duration = Duration::from_hours(1);

/// Who deleted or replaced something, and in which box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedBy {
    /// Whoever writes an inbox.
    Inbox,
    /// Somebody who writes an outbox with this side.
    Others,
    /// This side, on another device of its own.
    Own,
}

impl DeletedBy {
    /// The end of the names of its folders in the trash.
    fn name(self) -> &'static str {
        match self {
            Self::Inbox => Side::Inbox.name(),
            Self::Others => "others",
            Self::Own => Side::Outbox.name(),
        }
    }

    /// The name of the folder for what is deleted at this time.
    pub fn folder_name(self, now: Stamp) -> String {
        format!("{now}-{}", self.name())
    }

    /// When a folder of this name was made for it, if it was.
    pub fn made(self, folder_name: &str) -> Option<Stamp> {
        let time = folder_name.strip_suffix(self.name())?.strip_suffix('-')?;
        Stamp::parse(time.as_bytes()).ok()
    }
}

/// What a file of this length takes of a disk, in bytes.
pub fn disk_use(len: u64) -> u64 {
    len.max(MIN_DISK_USE)
}

/// How many bytes the trash of a channel may keep, if the channel itself may have so many.
pub fn max_bytes(channel: u64) -> u64 {
    channel / SHARE_OF_CHANNEL
}

/// Which folders of the trash are removed, given when each was made and how many bytes it has, the oldest first: those that are too
/// old, and the oldest of the rest until `most` bytes are left. What was deleted last stays, whatever its length.
pub fn expired(folders: &[(Stamp, u64)], now: Stamp, most: u64) -> Vec<bool> {
    let mut bytes = 0_u64;
    let is_expired = |(nth, (made, len)): (usize, &(Stamp, u64))| {
        bytes = bytes.saturating_add(*len);
        (nth > 0 && bytes > most) || made.seconds() < now.seconds() - MAX_AGE
    };
    let mut newest_first: Vec<bool> = folders.iter().rev().enumerate().map(is_expired).collect();
    newest_first.reverse();
    newest_first
}

/// When the trash of a channel is tidied.
#[derive(Debug, Default)]
pub struct TrashUse {
    /// When it was tidied last.
    tidied: Option<Instant>,
    /// What others deleted or replaced since, in bytes.
    added: u64,
}

impl TrashUse {
    /// Notes that a file of this length was put into the trash.
    pub fn add(&mut self, len: u64) {
        self.added = self.added.saturating_add(disk_use(len));
    }

    /// Whether it is to be tidied now: now and then, and whenever much of the `most` bytes that it may keep has come together.
    pub fn is_due(&self, now: Instant, most: u64) -> bool {
        self.tidied.is_none_or(|at| now.saturating_duration_since(at) > TIDY_INTERVAL) || self.added > most / 4
    }

    /// Notes that it is tidied now.
    pub fn tidied(&mut self, now: Instant) {
        *self = Self { tidied: Some(now), added: 0 };
    }
}

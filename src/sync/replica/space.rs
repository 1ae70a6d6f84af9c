//! The room that a box has for files of others: which of them are admitted, in the order in which they are asked for.

use std::cmp::Reverse;

use crate::channel::protocol::stamp::Stamp;
use crate::sync::replica::baseline::BaselineFile;
use crate::sync::replica::item::Item;
use crate::sync::replica::limits::{Limits, Refusal};

/// The room in a box.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// What the box holds or waits for, in bytes.
    pub bytes: u64,
    /// What the box holds or waits for, in files.
    pub files: usize,
    /// What of the disks is free and not spoken for, in bytes.
    pub free: u64,
    /// Whether more may be coming that is worth more.
    pub is_open: bool,
}

/// A file that is to be fetched or put in place.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Which.
    pub item: &'a Item,
    /// Its length in bytes.
    pub len: u64,
    /// The length of the file that it replaces, where that counts.
    pub replaces: Option<u64>,
    /// Whether it is this side's own: its own files take no room.
    pub is_own: bool,
    /// Whether somebody asked for it in spite of the limits.
    pub is_asked_for: bool,
    /// Whether its content is in the store already: it takes no more of that disk.
    pub is_stored: bool,
}

/// Whether a file has room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It has it, and the room is taken.
    Admitted,
    /// It may have it once all is known that there is.
    Later,
    /// It is left out.
    Refused(Refusal),
}

impl Space {
    /// Decides about a file.
    pub fn admit(&mut self, limits: &Limits, file: Candidate) -> Admission {
        let bytes = self.bytes.saturating_sub(file.replaces.unwrap_or(0));
        let files = self.files.saturating_sub(usize::from(file.replaces.is_some()));
        if !file.is_own && !file.is_asked_for {
            if let Err(why) = limits.admit(file.item, file.len, bytes, files) {
                return Admission::Refused(why);
            }
            if self.is_open && !limits.has_plenty(bytes, files) {
                return Admission::Later;
            }
        }
        if !file.is_stored
            && let Err(why) = Limits::fits(file.len, self.free)
        {
            return Admission::Refused(why);
        }
        if !file.is_own {
            (self.bytes, self.files) = (bytes.saturating_add(file.len), files + 1);
        }
        self.free = self.free.saturating_sub(file.len);
        Admission::Admitted
    }
}

/// Whether a file in a box counts against the room of others there: what began in one's own outbox does not.
pub fn is_counted(is_own_box: bool, file: &BaselineFile) -> bool {
    !(file.ours && is_own_box)
}

/// Which files get the room there is: messages before attachments, the newest first. Less comes first.
pub fn rank(item: &Item) -> (bool, Reverse<i64>) {
    (item.is_attachment(), newest_first(item))
}

/// The order of files by their messages, the newest first; what belongs to no message comes before all.
pub fn newest_first(item: &Item) -> Reverse<i64> {
    Reverse(item.stamp().map_or(i64::MAX, Stamp::seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_less_waits_until_all_is_known() {
        let item = Item::parse(b"2013-08-11T14-34-37Z.txt").unwrap();
        let file =
            |len| Candidate { item: &item, len, replaces: None, is_own: false, is_asked_for: false, is_stored: false };
        let limits = Limits { channel: 100, ..Limits::default() };
        let mut space = Space { bytes: 0, files: 0, free: 1 << 40, is_open: true };
        assert_eq!(space.admit(&limits, file(50)), Admission::Admitted);
        assert_eq!(space.admit(&limits, file(10)), Admission::Later, "half of the room is given away");
        space.is_open = false;
        assert_eq!(space.admit(&limits, file(10)), Admission::Admitted);
        assert_eq!(space.admit(&limits, file(41)), Admission::Refused(Refusal::Full { bytes: 41, limit: 100 }));
        assert_eq!(space.admit(&limits, Candidate { replaces: Some(50), ..file(41) }), Admission::Admitted);
        assert_eq!(space.admit(&limits, Candidate { is_own: true, ..file(1000) }), Admission::Admitted);
        assert_eq!((space.bytes, space.files, space.free), (51, 2, (1 << 40) - 1101));
        space.free = 0;
        assert_eq!(space.admit(&limits, file(1)), Admission::Refused(Refusal::Disk { bytes: 1 }));
        assert_eq!(space.admit(&limits, Candidate { is_stored: true, ..file(1) }), Admission::Admitted);
    }
}

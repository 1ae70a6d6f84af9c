//! Entries that carry this device's own key and that it did not write: another computer writes with the same keys, or this one's
//! folder was restored from a backup that is older than what its readers have.

use crate::sync::replica::item::Key;
use crate::sync::replica::merge::Role;
use crate::sync::replica::records::{ReceivedEntry, Records};
use crate::sync::replica::shared_box::SharedBox;

/// What was noticed since the node began.
#[derive(Debug)]
pub struct OwnKey {
    /// When it began, in microseconds since 1970.
    began: u64,
    /// Entries that were made since then elsewhere.
    elsewhere: usize,
    /// Entries that were made before.
    forgotten: usize,
    /// Entries of files for which something is being entered: whether it is this is known after that.
    pub unsure: Vec<ReceivedEntry>,
}

impl OwnKey {
    /// Nothing was noticed before this time, in microseconds since 1970.
    pub fn new(began: u64) -> Self {
        Self { began, elsewhere: 0, forgotten: 0, unsure: Vec::new() }
    }

    /// Looks at an entry that a peer sent and the document took. It never takes what it had before, nor what is older than that: a
    /// later one that is known was made here since.
    pub fn notice(&mut self, received: &ReceivedEntry, shared: &SharedBox, records: &Records) {
        if shared.role == Role::Reader || received.author != shared.me {
            return;
        }
        let Some(Key::File { item, empty }) = Key::parse(&received.key) else {
            return;
        };
        let mut own = records.of(&item, shared.me).filter(|record| record.empty == empty);
        if own.any(|own| own.hash == received.hash && own.len == received.len) {
            return;
        }
        if received.time > self.began {
            self.elsewhere += 1;
        } else {
            self.forgotten += 1;
        }
    }

    /// Whether another computer writes with the same keys.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere > 0
    }

    /// What a person is told.
    pub fn problem(&self) -> Option<String> {
        if self.elsewhere > 0 {
            return Some("another computer writes with this one's keys (is this folder a copy, or were the keys restored on a second computer?): readers may hear of only one of the two. Give one of them keys of its own: stop missive there and run `missive keys new-device`; nothing is lost".to_owned());
        }
        let files = match self.forgotten {
            0 => return None,
            1 => "1 file".to_owned(),
            many => format!("{many} files"),
        };
        Some(format!(
            "this folder is older than what it has published before (was it restored from a backup?): readers had newer versions of {files}, which are here again; the older ones are in the trash"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::keys::document::Document;
    use crate::sync::replica::item::Item;

    const ME: [u8; 32] = [7; 32];

    fn entry(author: [u8; 32], hash: u8, time: u64) -> ReceivedEntry {
        let key = Item::parse(b"2013-08-11T14-34-37Z.txt").unwrap().key(false);
        ReceivedEntry { author, key, hash: [hash; 32], len: 1, time, is_remote: true }
    }

    fn shared(role: Role) -> SharedBox {
        SharedBox {
            document: Document::new(
                crate::channel::protocol::name::ChannelName::parse("c".as_ref()).unwrap(),
                crate::channel::protocol::entry::Side::Outbox,
                [1; 32],
            ),
            channel: "c".into(),
            folder: "c/outbox".into(),
            role,
            me: ME,
            device: [8; 32],
            limits: crate::sync::replica::limits::Limits::default(),
        }
    }

    #[test]
    fn what_others_write_with_the_same_key_is_noticed_and_ones_own_echo_is_not() {
        let (mut records, shared) = (Records::default(), shared(Role::Writer));
        records.put(&entry(ME, 1, 60).entry());
        let mut own = OwnKey::new(50);
        for known in [entry(ME, 1, 61), entry([9; 32], 3, 99)] {
            own.notice(&known, &shared, &records);
        }
        assert_eq!(own.problem(), None);
        own.notice(&entry(ME, 2, 61), &shared, &records);
        assert!(own.is_elsewhere() && own.problem().unwrap().contains("`missive keys new-device`"));
    }

    #[test]
    fn what_was_made_here_before_the_news_came_hides_nothing() {
        let (mut records, mut own) = (Records::default(), OwnKey::new(50));
        records.put(&entry(ME, 1, 70).entry());
        own.notice(&entry(ME, 2, 60), &shared(Role::Writer), &records);
        assert!(own.is_elsewhere());
    }

    #[test]
    fn what_was_written_before_the_node_began_is_a_backup() {
        let mut own = OwnKey::new(100);
        own.notice(&entry(ME, 1, 60), &shared(Role::Writer), &Records::default());
        assert!(!own.is_elsewhere() && own.problem().unwrap().contains("newer versions of 1 file,"));
        let mut reader = OwnKey::new(100);
        reader.notice(&entry(ME, 1, 160), &shared(Role::Reader), &Records::default());
        assert_eq!(reader.problem(), None);
    }
}

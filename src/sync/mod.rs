//! Moving whole files between one outbox and many inboxes.
//!
//! `keys` are what people hand on, `replica` decides what is done about a box and its shared document, `node` does it over iroh (with
//! the feature `sync`), and `syncthing` leaves the moving to a Syncthing that runs beside. Other rooms see only the folder.
//!
//! Keys and wishes are lines of one file, the book (`keys::book`). A running node watches it, so commands need no node, and the
//! socket answers one question only: what is your state? The engine's store can be deleted: it is made again from the book and
//! the boxes. Syncthing and our own node have no common trait, because they share nothing but the folder.
//!
//! # How it grows
//!
//! A swarm has no centre: each peer has five neighbours, whatever its size. With the real rules, `replica/scale.rs` prints for one way of
//! 50 ms and an uplink of 1 MB a second at everybody:
//!
//! | readers | news has come to all | author gives of 2 kB, all have it | of 1 MB | of 100 MB | by the author alone |
//! | ---: | ---: | ---: | ---: | ---: | ---: |
//! | 10 | 2 hops, 0.1 s | 9 times, 1 s | once, 5 s | once, 5 min | 16 min |
//! | 50 | 4 hops, 0.2 s | 9 times, 2 s | once, 6 s | once, 7 min | 1.4 h |
//! | 1,000 | 7 hops, 0.4 s | 9 times, 3 s | once, 8 s | once, 7 min | 28 h |
//! | 10,000 | 9 hops, 0.5 s | 9 times, 4 s | once, 9 s | once, 7 min | 12 days |
//!
//! No reader gives a small content more than seven times, nor a large one more than four times, and a peer dials once a minute, in a
//! swarm of any size.
//!
//! What grows with what, and where the next wall is:
//!
//! - **Messages in a channel.** About half a kilobyte of memory for each file, as much again for the engine's pages, 1.4 kB of the engine's
//!   file. Each comparison reads all entries, in some 20 µs each, although nearly all are the same: the wall is near a million messages.
//!   Next: neighbours tell each other `Records::version` first, and compare only if it differs.
//! - **Channels in a node.** Each has its topic, its task, a tick a second and its five neighbours. Next: a channel in which nothing
//!   happens sleeps, and one tick serves all.
//! - **Readers.** Each key names the device that handed it out, and everybody begins there: the wall is how many newcomers one device
//!   greets at once, with a handshake and a comparison each. Readers who hand on the key take a part of that. Next: keys that name
//!   several devices, and somebody who greets too many sends newcomers on to those who came before.
//! - **Readers behind routers** that let nobody in pass nothing on without a relay. The author gives again to whoever finds nobody for
//!   ten seconds, so then its uplink is the wall, as without a swarm.
//! - **Writers.** After a comparison a peer tells its neighbours each writer's latest time, in one message of 4 kB: of more than about a
//!   hundred writers the news of those who wrote last fits in. Each writer's note and name are read by everybody.

pub mod box_files;
pub mod box_listing;
pub mod error;
pub mod hex;
pub mod item_log_file;
pub mod keys;
#[cfg(feature = "sync")]
pub mod node;
pub mod options;
pub mod own_addresses;
pub mod redacted;
pub mod replica;
pub mod socket;
pub mod status;
pub mod sync_state;
pub mod syncthing;
pub mod trash_files;

pub use error::Error;

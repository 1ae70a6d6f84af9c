//! missive: publish, read and talk through plain folders of text files.
//!
//! A message is one text file, named by the UTC time of writing: `2013-08-11T14-34-37Z.txt`. Its attachments lie in a
//! folder of the same name without `.txt`. A channel is a folder with an `inbox/` (what others write), an `outbox/` (what
//! the user writes) or both. Anything that copies folders can carry a channel. This crate builds websites and feeds from
//! channels, shows and writes messages in the terminal and in the browser, and syncs channels between devices.
//!
//! # Four ideas
//!
//! 1. **The folder is the bus.** [`site`], [`web`] and [`sync`] never call each other. Sync puts a file into a box,
//!    [`watch`] reports that something changed, and the site is built again.
//! 2. **Look, compare, act.** What should exist and what was written last time are two ordered maps. One pure function,
//!    [`difference::difference`], compares them, and only the difference is written. An event never says what to do: it
//!    only causes another look.
//! 3. **The view is the dependency list.** A page is rendered from a small value, its view. The hash of the view and of
//!    the templates is the page's fingerprint. A template can read nothing else, so no dependency can be forgotten.
//!    That is why no view contains a clock, the environment or a total over the whole site.
//! 4. **Think without hands.** What to build, what to fetch and what a peer's entry means is decided by functions from
//!    values to values, without disk, network or clock. Thin code around them carries the decisions out.
//!
//! Ideas 2 and 3 give the property that the tests check: after any sequence of edits, an incremental build writes the same
//! bytes as a build from nothing. There is one exception, and it comes with a warning: a damaged profile of somebody else's
//! channel keeps its last readable values.
//!
//! # Floors
//!
//! ```text
//! 6  main.rs  cli/       arguments, settings file, exit code
//! 5  commands/           one file for each command: arguments in, a report out
//! 4  daemon/             keeps channels up to date while `watch`, `serve` or `sync` runs
//! 3  site/  web/  sync/  three rooms that do not know each other
//! 2  article/            a message as pages show it, on a site and in the app alike
//! 1  channel/            the format on disk
//!    watch/  console/    "something changed below"; the only place that prints
//! 0  markdown/  media/  fs/  text/  difference.rs  lock.rs
//! ```
//!
//! Imports go down only, and no files import each other in a circle. `tests/missive/floors/` checks both, and says which
//! rooms may use which external crate.
//!
//! # One build, step by step
//!
//! 1. [`cli`] parses the arguments of `missive build my-blog`. [`commands::build`] opens the channel
//!    ([`channel::folder`]) and reads its settings ([`channel::protocol::settings`]) and its theme ([`site::Theme`]).
//! 2. The build takes the lock on the output ([`site::Lock`]) before it looks at the channel. So a build that had to wait
//!    never writes an older state.
//! 3. [`channel::snapshot`] lists the boxes. [`channel::protocol::classify`] says what each file is, and why. Each message
//!    becomes a card: its title, first words, tags and attachments. A file that has not changed is not read again, because
//!    its card is in the cache.
//! 4. [`site::pages`] plans the site: every file that should exist, with its view and fingerprint.
//! 5. [`site::engine`] compares the plan with the manifest of the last build, and asks each file of the output whether somebody
//!    else has written to it since. It stops where going on would do harm, for example when a box has lost all its messages.
//! 6. Only the files that differ are made. [`markdown`] converts texts, [`article`] turns messages into the values that
//!    templates see, and [`media`] removes the metadata of pictures.
//! 7. Every new file is first written under a hidden name. Then each one is renamed into place, surplus files are removed,
//!    and the manifest is saved. After a crash at any point the next build repairs the rest.
//! 8. The command returns a report, and [`console`] prints it.
//!
//! `missive watch` and `missive serve` repeat steps 2 to 7 for each channel that changed, and [`daemon`] decides which
//! channel is next. What they remember from one build to the next only saves time: the result is the same.
//!
//! # One sync, step by step
//!
//! A box is synced as one document: a set of signed entries, one for each file. The library below (iroh) exchanges entries
//! and contents; everything else happens here. What is decided about a box is decided by a state machine without disk, network and
//! clock ([`sync::replica`]); `sync/node/` tells it what happens and does what it asks for. The files without a link are there.
//!
//! 1. [`sync::keys::book`] reads keys and documents from `.missive/keys.toml`. `missive share`, `subscribe` and `invite`
//!    only write this file. A running node watches it, so no command needs a running node.
//! 2. `lifecycle.rs` starts the node. `supervisor.rs` keeps a replica for each document in the book, and `box_watch.rs`
//!    watches their boxes. `replica_task.rs` is the life of one of them: an event in, actions out ([`sync::replica::turn`]), and
//!    `act.rs` has them carried out.
//! 3. When a file changes in a box, the box is listed again ([`sync::replica::tree`]), and what changed is read.
//! 4. [`sync::replica::deciding`] compares three states of the file: in the box, in the document, and when the two last agreed
//!    ([`sync::replica::baseline`], [`sync::replica::merge`]): publish, take, remove, keep both, ask a person, or nothing.
//! 5. [`sync::replica::publishing`] has the file brought into the store and its entry signed, or its deletion entered.
//! 6. [`sync::replica::meeting`] knows who has the document and whom to dial. Two nodes that are connected exchange
//!    entries; a new one reaches everybody who listens within milliseconds.
//! 7. At the other end, [`sync::replica::records`] parses the entries. [`sync::replica::limits`] decides how much of a stranger's
//!    data is accepted. `fetch.rs` downloads the contents, small and new ones first ([`sync::replica::fetch_queue`]).
//! 8. [`sync::replica::placing`] has each file put into the box ([`sync::box_files`]), attachments before the text that shows them.
//!
//! Two rules are not what one would write first. *A deletion has a content* ([`sync::replica::deletion`]): the engine lets an older
//! content take the place of a newer entry without content, and two sides would swap the two for ever. *A file that is older than
//! what the document says of it is a question* ([`sync::replica::returned`]): it came out of a backup, and only a person knows which
//! of the two is meant.
//!
//! All this is tried in a simulated world, with crashes between any two actions, lost and doubled messages, restored backups and
//! strangers who lie (`sync/replica/simulation/`): ten thousand schedules in every test run.
//!
//! How a box stands is one state of a closed list ([`sync::sync_state`]), made from sums that the replica keeps
//! ([`sync::replica::report`]). `reader_reports.rs` asks readers what they have.
//!
//! A channel can also travel through Syncthing ([`sync::syncthing`]). Then missive only sets up Syncthing and reads its
//! state. The two ways share the folder and no common interface.
//!
//! # Decisions that may surprise a reader of a built site
//!
//! - **A list page is full when the next one has begun**, not when it has its last message. Only then is its link to the
//!   newer page final. No page is ever empty.
//! - **The parts of a split sitemap lie at the root** (`sitemap-2013.xml`). A sitemap may only list pages below its folder.
//! - **The stylesheet is a separate file**, and works from disk under a strict policy: Chromium and Firefox accept
//!   `'self' file:`.
//! - **An existing output folder is changed in place**, even an empty one: it may be a mount point or have permissions of
//!   its own. Only a new output folder is built beside its place and renamed.
//! - **A message with missing parts is held from the moment when its text arrived on this disk** (its `ctime`), not from the
//!   time in its name. Its text may be a year old and its attachments still to come. This needs no stored state, so a build
//!   from nothing holds the same messages. A message that the site already shows is never taken down for it.
//! - **The total cost of others' messages is counted over the channel, in its order**, never over what one build has to
//!   make. Otherwise an incremental build could differ from a build from nothing.
//! - **A read key on a page contains no network addresses.** They change, and they are private.
//!
//! # Decisions that may surprise a reader of a channel's folder
//!
//! - **Every text is a draft before it is a message.** Sending moves the file from `drafts/` to `outbox/`. All its parts are
//!   there under hidden names before the first one gets its real name.
//! - **A channel's folder has a hidden file `.missive-id`** once it is shared, so that it is found again when it is renamed, and
//!   another folder of its name is never taken for it: publishing a private folder cannot be undone.
//! - **Read and starred messages are lines of one small file for each device**, and the newest line counts. So any tool that
//!   copies folders also merges them.
//! - **A text waits for its attachments up to 8 MiB each.** Larger ones arrive after it: a text can be read without its film.
//! - **What an author deletes stays in the reader's `trash/` for thirty days**, up to a tenth of the channel's limit.
//!   Without that bound, writing and deleting could fill a reader's disk.
//! - **A channel with several authors has one owner.** Only the owner's profile, new keys and names for authors count.
//!   `outbox/.authors.toml` says who signed each message first; later signatures change nothing.

pub mod article;
pub mod channel;
pub mod cli;
pub mod commands;
pub mod console;
pub mod daemon;
pub mod difference;
pub mod fs;
mod lock;
pub mod markdown;
pub mod media;
pub mod site;
pub mod sync;
pub mod text;
pub mod watch;
pub mod web;

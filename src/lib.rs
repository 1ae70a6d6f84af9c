//! missive: publish, read and talk through plain folders of text files.
//!
//! A message is one text file named by its UTC time, `2013-08-11T14-34-37Z.txt`; its attachments lie in a folder of the
//! same stem. A channel is a folder with an `inbox/` (theirs), an `outbox/` (mine) or both. Whatever copies folders
//! replicates channels. This crate turns them into websites and feeds, and reads and writes them in a terminal.
//!
//! # Three ideas
//!
//! 1. **The folder is the bus.** Parts that do different things with a channel never call each other: one puts a file
//!    into a box, another looks into the box again.
//! 2. **Look, compare, act.** What should exist is planned as an ordered map and compared with what was written last time;
//!    only the difference is made. One small pure function, [`difference::difference`], decides.
//! 3. **The view is the dependency list.** A page is made from a small value, and its fingerprint is the hash of that
//!    value and of the templates. A template cannot read what is not in it, so no dependency is registered by hand.
//!    Hence no clock, no environment and no site-wide totals in views; archives are cut by month, and list pages are
//!    numbered from the oldest.
//!
//! The property that proves all three: after any sequence of edits, an incremental build equals a clean build, byte for
//! byte. The manifest that lies in the output takes part in it. Two inputs are not in the folder, and each comes with a warning: the
//! clock that ends colours which take seconds, and what somebody else's profile said while it could still be read.
//!
//! # The floors
//!
//! ```text
//! 5  main.rs  cli/        speaks to the person: arguments, exit code
//! 4  commands/            one file per command: arguments -> calls below -> a report value
//! 3  site/                snapshot -> planned files -> what differs -> rendered -> published
//!    web/                 the browser app and the JSON API over a folder of channels
//!    sync/                whole files between one outbox and many inboxes
//! 2  article/             a message as pages show it, on a site and in the app alike
//! 1  channel/             the protocol on disk
//!    watch/               ticks: "something below these folders changed"
//!    console/             the only place that prints
//! 0  disk/  markdown/  picture/  difference.rs
//!    shell.rs             how a word and a command are written so that a shell takes them
//!    unseen.rs            below all: which characters show nothing, and what is shown for them
//!    casefold.rs          below all: which names are one where case does not count
//!    lock.rs              below all: locks, and what is done with one that a panic left poisoned
//! ```
//!
//! Imports go down only, and a test holds every `use` to that. External crates have a home too: `clap` in `cli` and
//! `commands`, `tera` in `site` and `web`, `atom_syndication` in `site`, `pulldown-cmark`, `ammonia` and `syntect` in
//! `markdown`, `rustix` in `disk`, `watch`, `web` and `cli`, `notify` in `watch`, `indicatif` and `rpassword` in `console`, `age`,
//! `bip39`, `data-encoding`, `quick-xml` and `ureq` in `sync`, `unicase` in `casefold.rs`, the crates of `iroh` in `sync/iroh`,
//! `ctrlc` in `cli`, `tikv-jemallocator` in `main.rs`, `similar` in `channel`, `axum`, `hyper` and `flate2` in `web`, `tokio` there,
//! in `sync/iroh` and in `commands/serve.rs`, `qrcode`, `open`, `jiff`, `clap_complete` and `clap_mangen` in `commands`.
//! `schemars` stands wherever `serde` does: a report's schema, and the API's, follow from their types.
//!
//! Four walls stand where building showed that they should:
//!
//! - **`article` lies between `channel` and the rooms that make pages.** A message looks the same on a site and in the app, so
//!   its view, its dates and what becomes of an attachment are neither's own.
//! - **`disk` lies below `channel`.** Reading beneath a folder without following links, and writing whole files, is needed
//!   by everything that touches disk, in a box or in an output.
//! - **`markdown` lies below `channel`.** A card holds what Markdown says of a text (title, excerpt, tags, links), so the
//!   channel asks it directly instead of being handed a function and a mirror of its result type.
//! - **`picture` is a room of its own** on the ground: cards need a picture's displayed size, published copies need its
//!   metadata gone, and neither has to do with the other's room.
//!
//! `missive watch` builds with the same function as `missive build`, and so equals it: what it keeps between its rounds
//! ([`site::Memory`], [`channel::snapshot::rescan::Rest`]) only saves it from looking at what nobody touched, and a tick never says what
//! a change means. It holds no folder open between rounds, so a disk can be taken out.
//!
//! Seven decisions that a reader of the output may wonder about:
//!
//! - **A list page is full when its successor has begun**, not when it has its last message: only then is its link to the
//!   newer page true for good, and no page ever has to be empty.
//! - **The parts of a split sitemap lie at the root** (`sitemap-2013.xml`), where a sitemap may list every page below it.
//! - **The stylesheet is a file of its own**, although a page with a strict policy is opened from disk: `'self' file:` lets
//!   Chromium and Firefox load it, and a short page stays a fraction of the size.
//! - **An output that exists is changed in place, even an empty one**: it may be a mount point or have rights of its own. Only
//!   an output that does not exist yet grows beside its place and is renamed into it.
//! - **A message is held from the moment when its text arrived on this disk** (its `ctime`), not from the time in its name:
//!   a letter of last year may arrive today, its attachments after it. No state is needed for that, so a build from nothing
//!   holds the same messages. The one exception is a message that the site shows already: it is never taken down for a part
//!   that has not arrived, and the manifest is what knows.
//! - **The lock on an output is taken before the look at the channel**, so that a build which had to wait does not put back
//!   what it saw before.
//! - **What others' messages cost together is counted over the channel, in its order**, never over what a build has to make anew:
//!   only so does a build that follows many equal one from nothing. So a budget is a function of a text, of the messages of a
//!   page, or of all messages before; the one clock ([`markdown`]'s net for colours) is below all of them and says so when it holds.
//!
//! And of the server:
//!
//! - **Requests are answered from what was seen last**, never by looking: one thread goes round all channels, and whoever writes
//!   asks it for a look and waits for that. So a page costs what it shows, and what is written is there for the next request.
//! - **The sites that are shown lie in the cache folder**, and each is built when somebody first asks for it: serving changes nothing
//!   in a channel but what is written there, and a hundred subscriptions cost nothing at the start.
//! - **A program may write without a token, a page of another site may not.** Every browser says where a write comes from
//!   (`Origin`, `Sec-Fetch-Site`); what says nothing is no browser's, and a program of this user could write the files itself.
//! - **Loopback is not a person.** Whose program connects is looked up once for each connection; the user who runs the server needs
//!   nothing, and everybody else the key. Where the system does not tell, everybody needs it.
//! - **No connection waits for another one to end.** When there are as many as there may be, whoever has most of them loses the most
//!   silent one; what may last, streams and bodies, has places of its own for each peer.
//!
//! Of replication:
//!
//! - **One folder, one document.** A box is replicated by a document of signed entries, one for each file; what differs between the
//!   two is the difference of three states (box, document, what both agreed on last), decided by [`sync::replica::merge::step`], a pure
//!   function that serves authors and readers alike. The engine below reconciles entries; everything that makes it dependable
//!   (dialling, fetching, addresses, putting files in place) is ours.
//! - **The book is the command.** Keys and wishes are lines of one file, `.missive/keys.toml`; a running node watches it. So commands
//!   need no node, and the socket answers one question only: how do you stand? The engine's store can be removed: it is made again
//!   from book and boxes.
//! - **There is no common trait over the two ways of travelling.** Ours is told through the book and carries entries; Syncthing is told
//!   through its interface and carries folders, and keeps its own state. What both share is the folder, and the words of `status`.
//! - **An engine that broke is started anew**, in the same program: one whose store could not be written, or whose parts wait for each
//!   other. A disk is never filled so far that this comes about by itself.
//! - **While entries come in nobody is dialled, and only half of the room that a channel may have is given away**: the engine's parts
//!   would wait for each other for ever, and the rest of the room is for what is worth most of all there is.
//! - **What an author takes back is kept by readers for thirty days**, and never more than a tenth of what the channel may have: else
//!   writing and deleting would fill their disks.
//! - **A channel that several write has one owner**, whose key is part of the key that is handed out. Only the owner's profile, new keys
//!   and names for the authors count. Who wrote a message is who signed it first as this replica saw it, never who claims the older
//!   time; who was met at once is shown with all keys until the owner's note about the authors decides.
//! - **A text waits for its attachments up to 8 MiB each**; longer ones come after it, and a text without its film can be read.
//! - **A key on a web page has no addresses**: they change, and are nobody's business there.
//!
//! And two that a reader of a channel's folder may:
//!
//! - **Every text is a draft before it is a message**, and sending moves it: its name says which of the two it is, at every
//!   moment, and nothing that was written is ever in no file. All parts are staged under hidden names before the first is named.
//! - **What was read is remembered as lines of one small file for each device**, the newest line of all of them counts, and so
//!   any tool that copies folders merges them.
//!
//! # Where to find what
//!
//! - Is this file a message? [`channel::classify`]. What is in this box? [`channel::snapshot`].
//! - Is a message whole? [`channel::arrival`]. What of a channel is looked at again? [`channel::again`].
//! - What does a text say of itself? [`markdown::summarise`]. How is it shown? [`markdown::render`] for pages,
//!   [`markdown::terminal`] for a terminal.
//! - What may a text cost, and what do all texts of a page or a channel? `markdown/bounds.rs` for its conversion,
//!   `markdown/highlight.rs` for its colours, `site/ready.rs` for a page, `site/contents.rs` for a channel.
//! - What does a picture tell, and what does its copy on a site? `picture/tells.rs`, `picture/content.rs`; of a channel's
//!   attachments [`channel::telling`].
//! - Who wrote a message where several people write one box? [`channel::authors`] is the file that says it,
//!   [`channel::bylines`] how a name is shown. Is a file one's own or somebody else's? [`channel::trust`].
//! - Who bears an id that two channels claim? [`channel::feed_ids`].
//! - What becomes of a conflict copy? [`channel::conflict`] knows the ways, [`commands::check`] takes one.
//! - What is done to a channel again and again, and in which order? `commands/live.rs`. And whose turn is it of several?
//!   `commands/rounds.rs`.
//! - What does a command print for scripts? [`commands::schema`]. What does Tab offer? [`commands::complete`].
//! - What was read, and on which device? [`channel::marks`]. Who may speak to the terminal? [`console::Laid`].
//! - In which order does a letter reach the outbox? [`channel::send`]. And before it is sent? [`channel::draft`].
//! - What becomes of a message that is changed or deleted? [`channel::revise`], [`channel::trash`].
//! - Which messages does a search find? [`channel::query`]. Which moment is `3d`? [`channel::when`].
//! - What keeps many channels looked at and built? `commands/rounds.rs`, and `commands/live.rs` for one of them.
//! - What answers a request? [`web`]: `web/guard.rs` who may ask, `web/peer.rs` whose program asks, `web/library.rs` what it is
//!   answered from, `web/api` for programs, `web/app` for people, `web/preview.rs` for sites.
//! - What is done about a file that differs? [`sync::mirror`]. Who does it? `sync/iroh/keeper.rs`, with `publish.rs` towards the
//!   document and `take.rs` towards the box; [`sync::place`] puts files in place. What may a document's key be? [`sync::item`].
//! - What is fetched next, and from whom? `sync/iroh/fetch.rs`. Who is dialled, and when? `sync/iroh/peers.rs`,
//!   `sync/iroh/dial.rs`. How much is taken of what
//!   strangers offer? [`sync::limits`]. Whose clock is wrong? `sync/iroh/clocks.rs`. What is kept of what was deleted? [`sync::bygone`].
//! - Whose is a channel that several write, and what did others try? `sync/iroh/owner.rs`. Who wrote what in it?
//!   `sync/iroh/authorship.rs`, by [`sync::signers`]; `sync/iroh/names.rs` is the owner's word on it.
//! - What does a key look like? [`sync::ticket`]. Where are they kept? [`sync::book`]. How does one exchange make a conversation?
//!   `sync/iroh/meet.rs`. How does Syncthing carry a channel? [`sync::syncthing`].
//! - How is a site's folder reached, so that no link in it leads out? `site/target.rs` and [`crate::fs::beneath`].
//! - Which files does a site have, and why was one written? `site/plan.rs`, `site/fingerprint.rs`.
//! - In which order do they reach the disk? `site/publish.rs`.
//! - What does a template get to see? `site/context.rs`.
//! - How are keys sealed with a passphrase? `sync/backup.rs`. How do they come back? `commands/keys/restore.rs`. Who may write where
//!   they lie? [`crate::fs::private`]. How are folders made without bringing back one that vanished? [`crate::fs::make`]. Which words do two
//!   people compare? `sync/phrase.rs`. What makes the system run all this by itself? `commands/service.rs`. What happens when a part
//!   of the engine panics? `sync/iroh/panics.rs`.
//! - What do several channels have in common? A feed and a list of feeds, [`site::planet_feed`] and [`site::opml`]; a reading
//!   room is `site/room.rs`, its front page `site/river.rs`.

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

//! The channels and their sites, as the server asks for them.
//!
//! The sites that are shown lie in the user's cache folder, so serving changes nothing in a channel but what is written there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::channel::Channel;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::snapshot::card_cache;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::rescan::LastLook;
use crate::channel::snapshot::{self, LookOptions, Snapshot};
use crate::commands::Failure;
use crate::commands::serve::synced_boxes;
use crate::daemon::box_origins::BoxOrigins;
use crate::daemon::schedule::RequestQueue;
use crate::daemon::site_settings::read_settings;
use crate::daemon::{Clock, Folders};
use crate::lock::lock;
use crate::site::{BuildOptions, CombinedFeed, FeedChannel, SiteSettings, combined_feed, opml};
use crate::watch::Touched;
use crate::web;
use crate::web::{KnownChannel, Library, SiteBuildError, SyncedBox};

/// What all channels together are called.
const TITLE: &str = "missive";

/// How long a look is waited for.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Where the sites lie, and where they are found.
#[derive(Clone)]
pub(super) struct ServedSites {
    /// The folder of all of them.
    folder: PathBuf,
    /// The server's address, ending with `/`.
    url: String,
    folders: Folders,
}

impl ServedSites {
    /// The sites of a server at this address.
    pub(super) fn new(folders: &Folders, url: &str) -> Self {
        let private = folders.data.join(layout::STATE_FOLDER);
        let folder = folders.cache.as_ref().unwrap_or(&private).join("sites");
        let url = url.split('?').next().unwrap_or(url).to_owned();
        Self { folder, url, folders: folders.clone() }
    }

    fn site_folder(&self, channel: &Path) -> PathBuf {
        self.folder.join(card_cache::name_of(channel)).join(layout::SITE_FOLDER)
    }

    /// How a channel's site is built.
    pub(super) fn options(&self, channel: &Channel) -> BuildOptions {
        BuildOptions {
            output: Some(self.site_folder(&channel.path)),
            fallback_base_url: BaseUrl::try_from(web::site_address(&self.url, &channel.name)).ok(),
            ..BuildOptions::default()
        }
    }
}

/// The channels that are served.
pub(super) struct ServedChannels {
    sites: ServedSites,
    requests: RequestQueue,
    library: Arc<Library>,
    clock: Clock,
    /// When the server started, in nanoseconds since 1970: no channel was looked at before.
    start: i64,
    /// The last look at each channel for a feed, from which the next one starts.
    looks: Mutex<BTreeMap<PathBuf, LastLook>>,
}

impl web::ChannelService for ServedChannels {
    fn rescan(&self, channel: &Channel, written: &Path) {
        rescan(&self.requests, &channel.name, written);
    }

    fn build_site(&self, channel: &Channel) -> Result<(), SiteBuildError> {
        match self.requests.site(channel.name.clone()).recv() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SiteBuildError::Failed(Failure::from(error).words())),
            Err(_) => Err(SiteBuildError::Stopping),
        }
    }

    fn site_folder(&self, channel: &Channel) -> PathBuf {
        self.sites.site_folder(&channel.path)
    }

    fn combined_feed(&self, origin: &str) -> Vec<u8> {
        let (feed, front) = (format!("{origin}/planet.atom"), format!("{origin}/"));
        let about = CombinedFeed { title: TITLE, feed: Some(&feed), front: &front };
        self.with_channels(origin, |channels| combined_feed(&about, channels))
    }

    fn opml(&self, origin: &str) -> Vec<u8> {
        self.with_channels(origin, |channels| opml(TITLE, channels))
    }

    fn sync(&self) -> Vec<SyncedBox> {
        synced_boxes::ask(&self.sites.folders.data, self.clock.seconds())
    }
}

/// Has a channel scanned in which something was written, and waits for that.
pub(super) fn rescan(requests: &RequestQueue, channel: &ChannelName, written: &Path) {
    let answer = requests.look(channel.clone(), Touched::from(written.to_owned()));
    // What was written is on the disk. A long build of another channel keeps nobody waiting, and no answer comes when the
    // schedule has ended.
    drop(answer.recv_timeout(MAX_WAIT));
}

impl ServedChannels {
    /// The channels of this library.
    pub(super) fn new(sites: ServedSites, requests: RequestQueue, library: Arc<Library>, clock: Clock) -> Self {
        Self { sites, requests, library, clock, start: clock.nanoseconds(), looks: Mutex::default() }
    }

    /// Looks at all channels once more, at the cost of a `stat` for each message, and hands them on.
    fn with_channels<T>(&self, origin: &str, make: impl FnOnce(&[FeedChannel<'_>]) -> T) -> T {
        // Whoever asks meanwhile makes a first look of its own.
        let mut before = std::mem::take(&mut *lock(&self.looks));
        let channels = self.library.channels().into_iter();
        let looked: Vec<(Snapshot, SiteSettings)> =
            channels.filter_map(|known| self.look_again(known, &mut before)).collect();
        let origins = BoxOrigins::read(self.sites.folders.data.clone());
        let channels = looked.iter().map(|(snapshot, settings)| feed_channel(snapshot, settings, origin, &origins));
        let result = make(&channels.collect::<Vec<_>>());
        let looks =
            looked.into_iter().map(|(snapshot, _)| (snapshot.channel.path.clone(), LastLook::from_snapshot(snapshot)));
        *lock(&self.looks) = looks.collect();
        result
    }

    /// A look that reads only the texts which have changed since the last one. `None` for a channel whose settings are wrong, or
    /// which is gone: it has no feed until that is mended.
    fn look_again(
        &self,
        known: KnownChannel,
        before: &mut BTreeMap<PathBuf, LastLook>,
    ) -> Option<(Snapshot, SiteSettings)> {
        let KnownChannel { channel, cards, profiles } = known;
        let settings = read_settings(&self.sites.options(&channel), &channel, &self.sites.folders).ok()?;
        let look = LookOptions::at(self.clock.seconds());
        let snapshot = match before.remove(&channel.path) {
            Some(last) => last.everything(look).ok()?.0,
            None => snapshot::take(channel, &CardCache::from_cards(&cards, profiles, self.start), look),
        };
        Some((snapshot, settings))
    }
}

fn feed_channel<'a>(
    snapshot: &'a Snapshot,
    settings: &'a SiteSettings,
    server: &str,
    origins: &BoxOrigins,
) -> FeedChannel<'a> {
    let site = web::site_address(server, &snapshot.channel.name);
    FeedChannel { snapshot, options: &settings.options, site, origins: origins.for_channel(&snapshot.channel) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::console::Console;
    use crate::daemon::schedule::Schedule;
    use crate::daemon::test_clock;
    use crate::watch::Detection;

    /// When the server starts, in seconds since 1970.
    const START: i64 = 1_800_000_000;

    /// A served channel of one text, which was last written at `seconds`.
    struct Served {
        _dir: tempfile::TempDir,
        text: PathBuf,
        channels: ServedChannels,
    }

    impl Served {
        fn new(words: &str, seconds: i64) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().canonicalize().unwrap();
            let data = root.join("data");
            fs::create_dir_all(data.join("blog/outbox")).unwrap();
            let text = data.join("blog/outbox/2026-01-01T10-00-00Z.txt");
            let folders = Folders { data: data.clone(), here: root, cache: None, home: None, config: None };
            test_clock::set(START);
            let library = Arc::new(Library::new(&data, START, "device".to_owned()));
            let schedule = Schedule::new(Detection::Polling, Duration::ZERO, Console::default(), test_clock::clock());
            let sites = ServedSites::new(&folders, "http://localhost:3000/");
            let channels = ServedChannels::new(sites, schedule.requests(), Arc::clone(&library), test_clock::clock());
            let served = Self { _dir: dir, text, channels };
            served.write(words, seconds);
            let channel = Channel::open(&data.join("blog")).unwrap();
            library.channel_scanned(&snapshot::take(channel, &CardCache::nowhere(), LookOptions::at(START + 60)));
            served
        }

        /// Writes the text in place, and says that it was written at this time.
        fn write(&self, words: &str, seconds: i64) {
            fs::write(&self.text, words).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
            fs::File::options().write(true).open(&self.text).unwrap().set_modified(time).unwrap();
        }

        fn feed(&self, seconds: i64) -> String {
            test_clock::set(seconds);
            String::from_utf8(web::ChannelService::combined_feed(&self.channels, "http://localhost:3000")).unwrap()
        }
    }

    #[test]
    fn a_combined_feed_that_is_asked_for_again_reads_no_text_anew() {
        let served = Served::new("# Old\n", START + 30);
        assert!(served.feed(START + 120).contains(">Old</title>"));
        // Nobody writes like this; it shows whether the text was read again.
        served.write("# New\n", START + 30);
        assert!(served.feed(START + 180).contains(">Old</title>"));
        served.write("# New\n", START + 150);
        assert!(served.feed(START + 240).contains(">New</title>"));
    }

    #[test]
    fn a_server_that_runs_over_midnight_shows_what_was_dated_in_the_future() {
        let served = Served::new("# Old\n", START + 30);
        // 2027-01-16T00:00:01Z, some hours after the start.
        let midnight = 1_800_057_601;
        let tomorrow = served.text.with_file_name("2027-01-16T00-00-00Z.txt");
        fs::write(&tomorrow, "# Tomorrow\n").unwrap();
        assert!(!served.feed(midnight - 1_200).contains(">Tomorrow</title>"));
        let after = served.feed(midnight);
        assert!(after.contains(">Tomorrow</title>") && after.contains("2027-01-16T00:00:00+00:00"), "{after}");
    }
}

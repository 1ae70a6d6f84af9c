//! What the server asks of the rounds.
//!
//! Owns where the sites that are shown are built: in the user's cache folder, so that serving changes nothing in a channel but
//! what is written there. Refuses to know requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::channel::Channel;
use crate::channel::protocol::layout;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::settings::BaseUrl;
use crate::channel::snapshot::card_cache;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::{self, LookOptions, Snapshot};
use crate::commands::box_origins::KnownOrigins;
use crate::commands::site_options::{Asked, Choice};
use crate::commands::{Clock, Surroundings};
use crate::daemon::schedule::Desk;
use crate::site::{CombinedFeed, FeedChannel, combined_feed, opml};
use crate::watch::Touched;
use crate::web::{self, KnownChannel, Library, SiteBuildError};

/// What all channels together are called.
const TITLE: &str = "missive";

/// How long a look is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How sites are asked for.
#[derive(Clone)]
pub(super) struct Keeping {
    sites: PathBuf,
    /// The server's address, ending with `/`.
    url: String,
    around: Surroundings,
}

impl Keeping {
    pub(super) fn new(around: &Surroundings, url: &str) -> Self {
        let private = around.data.join(layout::STATE_FOLDER);
        let sites = around.cache.as_ref().unwrap_or(&private).join("sites");
        let url = url.split('?').next().unwrap_or(url).to_owned();
        Self { sites, url, around: around.clone() }
    }

    fn folder(&self, channel: &Path) -> PathBuf {
        self.sites.join(card_cache::name_of(channel)).join(layout::SITE_FOLDER)
    }

    /// What is asked of a channel's site.
    pub(super) fn asked(&self, channel: &Channel) -> Asked {
        Asked::at(self.folder(&channel.path), base_url(&self.url, channel))
    }

    pub(super) fn keeper(&self, desk: Desk, library: Arc<Library>, clock: Clock) -> Keeper {
        Keeper { keeping: self.clone(), desk, library, clock }
    }
}

/// Where a channel's site is, for a server at this address.
fn base_url(server: &str, channel: &Channel) -> Option<BaseUrl> {
    BaseUrl::try_from(web::site_address(server, &channel.name)).ok()
}

/// What the server asks of the rounds.
pub(super) struct Keeper {
    keeping: Keeping,
    desk: Desk,
    library: Arc<Library>,
    clock: Clock,
}

impl web::ChannelService for Keeper {
    fn rescan(&self, channel: &Channel, written: &Path) {
        look(&self.desk, &channel.name, written);
    }

    fn build_site(&self, channel: &Channel) -> Result<(), SiteBuildError> {
        match self.desk.site(channel.name.clone()).recv() {
            Ok(answer) => answer.map_err(|failure| SiteBuildError::Failed(failure.words())),
            Err(_) => Err(SiteBuildError::Stopping),
        }
    }

    fn site_folder(&self, channel: &Channel) -> PathBuf {
        self.keeping.folder(&channel.path)
    }

    fn combined_feed(&self, origin: &str) -> Vec<u8> {
        let (feed, front) = (format!("{origin}/planet.atom"), format!("{origin}/"));
        let planet = CombinedFeed { title: TITLE, feed: Some(&feed), front: &front };
        self.with_channels(origin, |channels| combined_feed(&planet, channels))
    }

    fn opml(&self, origin: &str) -> Vec<u8> {
        self.with_channels(origin, |channels| opml(TITLE, channels))
    }
}

/// Has a channel looked at in which something was written, and waits for that.
pub(super) fn look(desk: &Desk, channel: &ChannelName, written: &Path) {
    // What was written is on the disk. A long build of another channel keeps nobody waiting, and no answer comes when the
    // rounds have ended.
    let _ = desk.look(channel.clone(), Touched::from(written.to_owned())).recv_timeout(PATIENCE);
}

impl Keeper {
    /// Looks at all channels once more, at the cost of a `stat` for each message, and hands them on.
    fn with_channels<T>(&self, origin: &str, make: impl FnOnce(&[FeedChannel<'_>]) -> T) -> T {
        let now = (self.clock)().div_euclid(1_000_000_000);
        let channels = self.library.channels().into_iter();
        let looked: Vec<(Snapshot, Choice)> = channels
            .filter_map(|KnownChannel { channel, cards, profiles }| {
                // One whose settings are wrong has no feed until they are mended.
                let choice = self.keeping.asked(&channel).choose(&channel, &self.keeping.around).ok()?;
                let cache = CardCache::from_cards(&cards, profiles, self.keeping.around.now);
                Some((snapshot::take(channel, &cache, LookOptions::at(now)), choice))
            })
            .collect();
        let origins = KnownOrigins::read(&self.keeping.around);
        let channels = looked.iter().map(|(snapshot, choice)| planet_channel(snapshot, choice, origin, &origins));
        make(&channels.collect::<Vec<_>>())
    }
}

fn planet_channel<'a>(
    snapshot: &'a Snapshot,
    choice: &'a Choice,
    server: &str,
    origins: &KnownOrigins<'_>,
) -> FeedChannel<'a> {
    let site = web::site_address(server, &snapshot.channel.name);
    FeedChannel { snapshot, options: &choice.options, site, origins: origins.of(&snapshot.channel) }
}

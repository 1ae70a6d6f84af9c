//! What the server asks of the rounds.
//!
//! Owns where the sites that are shown are built: in the user's cache folder, so that serving changes nothing in a channel but
//! what is written there. Refuses to know requests.

use std::path::{Path, PathBuf};

use crate::channel::Channel;
use crate::channel::cache;
use crate::channel::settings::BaseUrl;
use crate::commands::Surroundings;
use crate::commands::rounds::Desk;
use crate::commands::site::Asked;
use crate::watch::Touched;
use crate::web;

/// How sites are asked for.
#[derive(Clone)]
pub(super) struct Keeping {
    sites: PathBuf,
    /// The server's address, ending with `/`.
    url: String,
}

impl Keeping {
    pub(super) fn new(around: &Surroundings, url: &str) -> Self {
        let private = around.data.join(".missive");
        let sites = around.cache.as_ref().unwrap_or(&private).join("sites");
        let url = url.split('?').next().unwrap_or(url).to_owned();
        Self { sites, url }
    }

    fn folder(&self, channel: &Path) -> PathBuf {
        self.sites.join(cache::name_of(channel)).join("site")
    }

    /// What is asked of a channel's site.
    pub(super) fn asked(&self, channel: &Channel) -> Asked {
        Asked::at(self.folder(&channel.path), base_url(&self.url, channel))
    }

    pub(super) fn keeper(&self, desk: Desk) -> Keeper {
        Keeper { keeping: self.clone(), desk }
    }
}

/// Where a channel's site is, for a server at this address.
fn base_url(server: &str, channel: &Channel) -> Option<BaseUrl> {
    BaseUrl::try_from(web::site_address(server, &channel.name.to_string())).ok()
}

/// What the server asks of the rounds.
pub(super) struct Keeper {
    keeping: Keeping,
    desk: Desk,
}

impl web::Keeper for Keeper {
    fn look(&self, channel: &Channel, written: &Path) {
        // No answer comes when the rounds have ended, and nothing is to be waited for then.
        let _ = self.desk.look(channel.name.clone(), Touched::from(written.to_owned())).recv();
    }

    fn site(&self, channel: &Channel) -> Result<(), String> {
        match self.desk.site(channel.name.clone()).recv() {
            Ok(answer) => answer.map_err(|failure| failure.words()),
            Err(_) => Err("the server is stopping".to_owned()),
        }
    }

    fn site_folder(&self, channel: &Channel) -> PathBuf {
        self.keeping.folder(&channel.path)
    }

    fn planet(&self, _origin: &str) -> Result<Vec<u8>, String> {
        Err("not yet".to_owned())
    }

    fn opml(&self, _origin: &str) -> Result<Vec<u8>, String> {
        Err("not yet".to_owned())
    }
}

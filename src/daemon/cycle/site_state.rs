//! What is known of a channel's site from turn to turn: its options and settings, and what the last build remembers.

use std::path::PathBuf;
use std::sync::Arc;

use crate::channel::Channel;
use crate::channel::protocol::settings::BaseUrl;
use crate::daemon::site_settings::{read_settings, without_links};
use crate::daemon::{Error, Folders};
use crate::site;
use crate::site::{BuildMemory, BuildOptions, Overrides, SiteSettings};

/// What says at which address a channel's site will be found.
enum FoundAt {
    /// The channel's settings, and the options of the build.
    Settings,
    /// The reading room that it lies in, whatever the settings say: below its address, or nobody knows where.
    ReadingRoom(Option<BaseUrl>),
}

/// What is known of a channel's site.
pub(super) struct SiteState {
    pub(super) options: BuildOptions,
    /// Where it is built, absolute.
    pub(super) output: PathBuf,
    found_at: FoundAt,
    pub(super) settings: Option<Arc<SiteSettings>>,
    pub(super) memory: BuildMemory,
    /// Whether turns build.
    pub(super) is_wanted: bool,
    /// Whether it was built in this process.
    pub(super) is_reported: bool,
}

impl SiteState {
    /// A site that was not built yet.
    pub(super) fn new(options: BuildOptions, channel: &Channel) -> Self {
        let in_channel = || without_links(&site::default_output(&channel.path));
        Self {
            output: options.output.clone().unwrap_or_else(in_channel),
            options,
            found_at: FoundAt::Settings,
            settings: None,
            memory: BuildMemory::default(),
            is_wanted: false,
            is_reported: false,
        }
    }

    /// Notes that it lies in a reading room: it will be found below the room's address, or nobody knows where.
    pub(super) fn lies_in_reading_room(&mut self, base_url: Option<BaseUrl>) {
        self.found_at = FoundAt::ReadingRoom(base_url);
    }

    /// Reads settings and theme, if they may differ from those that are known. Tells whether they are as they were.
    ///
    /// # Errors
    /// [`Error`] when one of them cannot be read or has a mistake.
    pub(super) fn settings(
        &mut self,
        channel: &Channel,
        folders: &Folders,
        may_differ: bool,
    ) -> Result<(Arc<SiteSettings>, bool), Error> {
        if let Some(settings) = self.settings.as_ref().filter(|_| !may_differ) {
            return Ok((Arc::clone(settings), true));
        }
        let mut settings = read_settings(&self.options, channel, folders)?;
        if let FoundAt::ReadingRoom(base_url) = &self.found_at {
            settings.options.base_url.clone_from(base_url);
        }
        let same = self.settings.as_deref() == Some(&settings);
        let settings = self.settings.insert(Arc::new(settings));
        Ok((Arc::clone(settings), same))
    }

    /// What the next build may overwrite. What was taken over and written anew once is ours.
    pub(super) fn overrides(&self) -> Overrides {
        let Overrides { force, allow_empty } = self.options.overrides;
        Overrides { force: force && !self.is_reported, allow_empty }
    }
}

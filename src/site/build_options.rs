//! What a build may be told, as plain data.
//!
//! [`BuildOptions`] is what was asked for, whichever channel it is about: made from a command line, or by a program that
//! serves. With a channel's own settings it becomes [`SiteSettings`], all that a site is made from besides the channel.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::settings::{BaseUrl, Settings};
use crate::channel::snapshot::LookOptions;
use crate::channel::snapshot::completeness;
use crate::markdown::RawHtml;
use crate::site::error::SiteError;
use crate::site::theme::{Theme, ThemeSource};

/// What is asked of a build, whichever channel's it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one thing that may be asked for")]
pub struct BuildOptions {
    /// The output folder, absolute; in the channel's folder if it is not said.
    pub output: Option<PathBuf>,
    /// Where the site will be found, before the channel's settings are asked.
    pub base_url: Option<BaseUrl>,
    /// Where the site will be found if nobody else says.
    pub fallback_base_url: Option<BaseUrl>,
    /// The theme, before the channel's settings are asked.
    pub theme: Option<ThemeSource>,
    /// Builds from one box only.
    pub only: Option<Side>,
    /// Shows messages dated in the future too.
    pub future: bool,
    /// How long to hold back a message whose attachments have not arrived.
    pub hold: Duration,
    /// Publishes attachments with their metadata.
    pub keep_metadata: bool,
    /// Which refusals are overridden.
    pub overrides: Overrides,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            output: None,
            base_url: None,
            fallback_base_url: None,
            theme: None,
            only: None,
            future: false,
            hold: Duration::from_secs(completeness::DEFAULT_HOLD.unsigned_abs()),
            keep_metadata: false,
            overrides: Overrides::default(),
        }
    }
}

/// Which refusals of a build are overridden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Takes over a folder that holds other files, and writes every file anew.
    pub force: bool,
    /// Accepts that a box which had messages has none.
    pub allow_empty: bool,
}

/// What passes of the HTML in one's own messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct OwnHtml {
    /// How much of it.
    pub passes: RawHtml,
    /// The hosts whose frames pages show.
    pub embeds: Vec<String>,
}

/// Choices that change what the site says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteOptions {
    /// Where the site will be found.
    pub base_url: Option<BaseUrl>,
    /// Instead of the profile's title.
    pub title: Option<String>,
    /// Messages on a list page, at least 1.
    pub page_size: usize,
    /// Entries in a feed, at least 1.
    pub feed_size: usize,
    /// Colours code blocks.
    pub highlight: bool,
    /// What passes of the HTML in one's own messages.
    pub html: OwnHtml,
    /// Lists on each message's page which others link to it.
    pub backlinks: bool,
    /// Publishes attachments with their metadata.
    pub keep_metadata: bool,
    /// The key by which the channel is read, if the site is to hand it out.
    pub read_key: Option<String>,
    /// Builds from one box only.
    pub only: Option<Side>,
}

/// All that a channel's site is made from besides the channel: what was asked for, and what the channel's settings say.
#[derive(Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// What the site says.
    pub options: SiteOptions,
    /// Its theme.
    pub theme: Theme,
    /// The folders that the theme comes from, whether they are there or not; links are followed.
    pub theme_folders: Vec<PathBuf>,
    /// Whether the settings ask for the read key on the site, and there is none.
    pub lacks_read_key: bool,
}

impl BuildOptions {
    /// How a channel is looked at, at this time in seconds since 1970.
    pub fn look(&self, now: i64) -> LookOptions {
        let hold = i64::try_from(self.hold.as_secs()).unwrap_or(i64::MAX);
        LookOptions { now, future: self.future, only: self.only, hold }
    }

    /// What the site of the channel in this folder is made from. `home` is what `~/` in its settings means; `read_key` is
    /// asked for the channel's key if the settings want it on the site.
    ///
    /// # Errors
    /// [`SiteError::NoTheme`]; as [`Theme::load`].
    pub fn for_channel(
        &self,
        channel: &Path,
        settings: &Settings,
        home: Option<&Path>,
        read_key: impl FnOnce() -> Option<String>,
    ) -> Result<SiteSettings, SiteError> {
        let mut sources: Vec<ThemeSource> = self.theme_below(channel, settings, home)?.into_iter().collect();
        let own = channel.join(layout::THEME_FOLDER);
        let mut theme_folders: Vec<PathBuf> = sources.iter().filter_map(folder_of).collect();
        theme_folders.push(own.canonicalize().unwrap_or_else(|_| own.clone()));
        theme_folders.dedup();
        if own.is_dir() {
            sources.push(ThemeSource::Folder(own));
        }
        let shares = settings.site.share_on_site;
        let read_key = if shares { read_key() } else { None };
        Ok(SiteSettings {
            lacks_read_key: shares && read_key.is_none(),
            options: self.site_options(settings, read_key),
            theme: Theme::load(&sources)?,
            theme_folders,
        })
    }

    /// The theme that was chosen. It is laid over the built-in one, and the channel's own `theme/` over both.
    fn theme_below(
        &self,
        channel: &Path,
        settings: &Settings,
        home: Option<&Path>,
    ) -> Result<Option<ThemeSource>, SiteError> {
        if self.theme.is_some() {
            return Ok(self.theme.clone());
        }
        let named = settings.site.theme.as_deref();
        named.map(|name| ThemeSource::find(&from_home(name, home), channel)).transpose()
    }

    fn site_options(&self, settings: &Settings, read_key: Option<String>) -> SiteOptions {
        let site = &settings.site;
        let base_url = [&self.base_url, &site.base_url, &self.fallback_base_url].into_iter().flatten().next();
        SiteOptions {
            base_url: base_url.cloned(),
            title: site.title.clone(),
            page_size: site.page_size,
            feed_size: site.feed_size,
            highlight: site.highlight,
            html: OwnHtml { passes: site.raw_html, embeds: site.embeds.clone() },
            backlinks: site.backlinks,
            keep_metadata: self.keep_metadata,
            read_key,
            only: self.only,
        }
    }
}

/// A path of the settings, where no shell has seen to `~/`.
fn from_home(path: &str, home: Option<&Path>) -> PathBuf {
    let below = path.strip_prefix("~/").zip(home);
    below.map_or_else(|| PathBuf::from(path), |(below, home)| home.join(below))
}

fn folder_of(source: &ThemeSource) -> Option<PathBuf> {
    match source {
        // A link is followed here, for it is not when the folder is watched.
        ThemeSource::Folder(folder) => Some(folder.canonicalize().unwrap_or_else(|_| folder.clone())),
        ThemeSource::BuiltIn => None,
    }
}

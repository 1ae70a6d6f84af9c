//! The options of a site, which `build`, `watch` and `serve` share.
//!
//! Owns their way from the command line and the channel's settings into what a build is asked. Refuses to build.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::settings;
use crate::channel::protocol::settings::{BaseUrl, Settings};
use crate::channel::snapshot::LookOptions;
use crate::channel::snapshot::card_cache;
use crate::channel::snapshot::card_cache::CardCache;
use crate::channel::snapshot::completeness;
use crate::commands::{Failure, Surroundings, documents, free_values, resolve};
use crate::console::Console;
use crate::site;
use crate::site::{BUILT_IN_THEMES, Overrides, SiteOptions, Theme, ThemeSource};

/// A channel, and what is asked of its site.
#[derive(Debug, Args)]
pub struct Site {
    /// A channel's name or folder
    #[arg(required = true, num_args = 1, action = ArgAction::Set)]
    channel: Vec<OsString>,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

/// What is asked of a site, whichever channel's it is.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these comments are the program's help, which is no Markdown"
)]
pub struct Asked {
    /// The output folder [default: CHANNEL/site]
    #[arg(short, long, value_name = "DIR", allow_hyphen_values = true, value_parser = free_values::path())]
    output: Option<PathBuf>,
    /// The address of the published site, such as https://example.org/blog/
    #[arg(long, value_name = "URL", value_parser = |url: &str| BaseUrl::try_from(url.to_owned()))]
    base_url: Option<BaseUrl>,
    /// A theme: `letter`, or a folder whose files replace those of `letter`
    #[arg(long, value_name = "NAME-or-DIR", allow_hyphen_values = true, value_parser = free_values::name())]
    theme: Option<OsString>,
    /// Use the messages of one box only
    #[arg(long, value_name = "BOX", value_parser = ["inbox", "outbox"])]
    r#box: Option<String>,
    /// Show messages dated in the future too
    #[arg(long)]
    future: bool,
    /// How long to hold back a message whose attachments have not arrived
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    hold: Duration,
    /// Use an output folder that contains other files, and write every file again
    #[arg(long)]
    force: bool,
    /// Publish an empty site although there were messages before
    #[arg(long)]
    allow_empty: bool,
    /// Publish pictures with their metadata: place, camera, time
    #[arg(long)]
    keep_metadata: bool,
    /// Where the site will be found if neither the command line nor the channel's settings say.
    #[arg(skip)]
    otherwise: Option<BaseUrl>,
}

/// What the options and the channel's settings come to.
#[derive(Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) options: SiteOptions,
    pub(crate) theme: Theme,
    /// The folders that the theme comes from, whether they are there or not.
    pub(crate) theme_folders: Vec<PathBuf>,
    /// Whether the settings ask for the read key on the site, and there is none.
    pub(crate) shares_nothing: bool,
}

impl Site {
    /// The channel.
    pub(crate) fn channel(&self, around: &Surroundings) -> Result<Channel, Failure> {
        resolve::channel(around, self.channel.first().map_or(OsStr::new(""), OsString::as_os_str))
    }

    /// The channels that are named.
    pub(crate) fn named(&self) -> &[OsString] {
        &self.channel
    }
}

impl Asked {
    /// Asks for nothing but where the site is written, and where it will be found if the channel's settings do not say.
    pub(crate) fn at(output: PathBuf, otherwise: Option<BaseUrl>) -> Self {
        let hold = Duration::from_secs(u64::try_from(completeness::DEFAULT_HOLD).unwrap_or_default());
        Self {
            output: Some(output),
            base_url: None,
            theme: None,
            r#box: None,
            future: false,
            hold,
            force: false,
            allow_empty: false,
            keep_metadata: false,
            otherwise,
        }
    }

    /// Where the site will be found, as the command line has it.
    pub(crate) fn base_url(&self) -> Option<&BaseUrl> {
        self.base_url.as_ref()
    }

    /// The theme of pages that are no channel's.
    pub(crate) fn theme(&self, around: &Surroundings) -> Result<Theme, Failure> {
        let chosen = self.theme.as_ref().map(|theme| source(Path::new(theme), &around.here));
        Ok(Theme::load(&chosen.into_iter().collect::<Result<Vec<_>, _>>()?)?)
    }

    /// What is looked for, at this time in seconds since 1970.
    pub(crate) fn look(&self, now: i64) -> LookOptions {
        let hold = i64::try_from(self.hold.as_secs()).unwrap_or(i64::MAX);
        LookOptions { now, future: self.future, only: self.only(), hold }
    }

    /// How what is there already is treated.
    pub(crate) fn manner(&self) -> Overrides {
        Overrides { force: self.force, allow_empty: self.allow_empty }
    }

    /// Reads the channel's settings and theme.
    pub(crate) fn choose(&self, channel: &Channel, around: &Surroundings) -> Result<Choice, Failure> {
        let settings = settings::read(&channel.path)?;
        let mut sources = self.chosen_theme(&settings, channel, around)?;
        let own = channel.path.join(layout::THEME_FOLDER);
        let mut theme_folders: Vec<PathBuf> =
            sources.iter().filter_map(folder_of).chain([own.canonicalize().unwrap_or_else(|_| own.clone())]).collect();
        theme_folders.dedup();
        if own.is_dir() {
            sources.push(ThemeSource::Folder(own));
        }
        let theme = Theme::load(&sources)?;
        let mut options = self.options(&settings);
        if settings.site.share_on_site {
            options.read_key = documents::public_key(around, channel);
        }
        let shares_nothing = settings.site.share_on_site && options.read_key.is_none();
        Ok(Choice { options, theme, theme_folders, shares_nothing })
    }

    fn only(&self) -> Option<Side> {
        match self.r#box.as_deref() {
            Some("inbox") => Some(Side::Inbox),
            Some(_) => Some(Side::Outbox),
            None => None,
        }
    }

    fn options(&self, settings: &Settings) -> SiteOptions {
        let site = &settings.site;
        SiteOptions {
            base_url: [&self.base_url, &site.base_url, &self.otherwise].into_iter().flatten().next().cloned(),
            title: site.title.clone(),
            page_size: site.page_size,
            feed_size: site.feed_size,
            highlight: site.highlight,
            raw_html: site.raw_html,
            keep_metadata: self.keep_metadata,
            read_key: None,
            only: self.only(),
        }
    }

    /// The theme that was chosen; it is laid over the built-in one, and the channel's own `theme/` over both.
    fn chosen_theme(
        &self,
        settings: &Settings,
        channel: &Channel,
        around: &Surroundings,
    ) -> Result<Vec<ThemeSource>, Failure> {
        let chosen = match (&self.theme, &settings.site.theme) {
            (Some(theme), _) => Some((PathBuf::from(theme), &around.here)),
            (None, Some(theme)) => Some((from_home(theme, around), &channel.path)),
            (None, None) => None,
        };
        chosen.map(|(theme, base)| source(&theme, base)).into_iter().collect()
    }

    /// The output as an absolute path without links and `..`, as far as it exists.
    pub(crate) fn output(&self, channel: &Channel, around: &Surroundings) -> PathBuf {
        self.chosen_output(around).unwrap_or_else(|| plain(&site::default_output(&channel.path)))
    }

    /// The output that was chosen, likewise.
    pub(crate) fn chosen_output(&self, around: &Surroundings) -> Option<PathBuf> {
        self.output.as_ref().map(|output| plain(&around.here.join(output)))
    }
}

/// An absolute path without links and `..`, as far as it exists.
fn plain(output: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in output.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
        // A link must be followed before a `..` behind it is.
        plain = plain.canonicalize().unwrap_or(plain);
    }
    plain
}

/// The channel's card cache; what is wrong with it is said to those who ask for more.
pub(crate) fn cache(channel: &Channel, around: &Surroundings, console: Console) -> CardCache {
    let cache = match &around.cache {
        Some(folder) => CardCache::read(card_cache::path_below(folder, &channel.path)),
        None => CardCache::nowhere(),
    };
    if let Some(damage) = &cache.damage {
        console.say_if_verbose(&format!("the card cache is made again: {damage}"));
    }
    cache
}

/// A path of the settings, where no shell has seen to `~/`.
fn from_home(path: &str, around: &Surroundings) -> PathBuf {
    let below = path.strip_prefix("~/").zip(around.home.as_ref());
    below.map_or_else(|| PathBuf::from(path), |(below, home)| home.join(below))
}

fn folder_of(source: &ThemeSource) -> Option<PathBuf> {
    match source {
        // A link is followed here, for it is not when the folder is watched.
        ThemeSource::Folder(folder) => Some(folder.canonicalize().unwrap_or_else(|_| folder.clone())),
        ThemeSource::BuiltIn => None,
    }
}

fn source(theme: &Path, base: &Path) -> Result<ThemeSource, Failure> {
    if BUILT_IN_THEMES.iter().any(|name| theme == Path::new(name)) {
        return Ok(ThemeSource::BuiltIn);
    }
    let folder = base.join(theme);
    if folder.is_dir() {
        return Ok(ThemeSource::Folder(folder));
    }
    let message = format!("no theme named `{}`", theme.display());
    Err(Failure::new(
        message,
        format!("the built-in theme is `{}`; for your own, name a folder of templates", BUILT_IN_THEMES.join("`, `")),
    ))
}

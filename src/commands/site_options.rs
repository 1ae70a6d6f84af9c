//! The options of a site, which `build` and `watch` share: from the command line into a plain [`BuildOptions`].

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::settings::BaseUrl;
use crate::commands::{Environment, Failure, box_arg, free_values, resolve};
use crate::daemon::site_settings::without_links;
use crate::site::{BuildOptions, Overrides, ThemeSource};

/// A channel, and what is asked of its site.
#[derive(Debug, Args)]
pub struct ChannelSiteArgs {
    /// A channel's name or folder
    #[arg(required = true, num_args = 1, action = ArgAction::Set)]
    channel: Vec<OsString>,
    #[command(flatten)]
    pub(crate) asked: SiteArgs,
}

/// What is asked of a site, whichever channel's it is.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these comments are the program's help, which is no Markdown"
)]
pub struct SiteArgs {
    /// The output folder [default: CHANNEL/site]
    #[arg(short, long, value_name = "DIR", allow_hyphen_values = true, value_parser = free_values::path())]
    output: Option<PathBuf>,
    /// The address of the published site, such as https://example.org/blog/
    #[arg(long, value_name = "URL", value_parser = |url: &str| BaseUrl::try_from(url.to_owned()))]
    base_url: Option<BaseUrl>,
    /// A theme: `letter`, or a folder whose files replace those of `letter`
    #[arg(long, value_name = "NAME-or-DIR", allow_hyphen_values = true, value_parser = free_values::name())]
    theme: Option<OsString>,
    /// Build from one box only
    #[arg(long, value_name = "BOX", value_parser = box_arg::side())]
    r#box: Option<Side>,
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
    /// Publish attachments with their metadata: place, device, time
    #[arg(long)]
    keep_metadata: bool,
}

impl ChannelSiteArgs {
    /// The channel.
    pub(crate) fn channel(&self, environment: &Environment) -> Result<Channel, Failure> {
        resolve::channel(environment, self.channel.first().map_or(OsStr::new(""), OsString::as_os_str))
    }

    /// The channels that are named.
    pub(crate) fn named(&self) -> &[OsString] {
        &self.channel
    }
}

impl SiteArgs {
    /// What a build is asked.
    ///
    /// # Errors
    /// [`Failure`] when there is no such theme.
    pub(crate) fn options(&self, environment: &Environment) -> Result<BuildOptions, Failure> {
        let here = &environment.folders.here;
        let theme = self.theme.as_ref().map(|theme| ThemeSource::find(Path::new(theme), here)).transpose()?;
        Ok(BuildOptions {
            output: self.output.as_ref().map(|output| without_links(&here.join(output))),
            base_url: self.base_url.clone(),
            fallback_base_url: None,
            theme,
            only: self.r#box,
            future: self.future,
            hold: self.hold,
            keep_metadata: self.keep_metadata,
            overrides: Overrides { force: self.force, allow_empty: self.allow_empty },
        })
    }
}

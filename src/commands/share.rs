//! `missive share`: gives the key by which others read a channel, or write it.
//!
//! Nobody is reached here: sync does that.

use std::ffi::OsString;
use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::settings;
use crate::channel::protocol::settings::BaseUrl;
use crate::commands::Environment;
use crate::commands::metadata_warning::MetadataWarning;
use crate::commands::qr_code::qr;
use crate::commands::{documents, resolve};
use crate::console::Console;
use crate::sync::keys::book::Book;
use crate::sync::keys::ticket::{Opens, Ticket};
use crate::sync::socket::Lock;
use crate::text::invisible::field;

/// Print the read key of a channel, for others
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive share my-blog
  missive share my-blog --write    # for people who write in it with you")]
pub struct Share {
    /// The channel's name
    channel: OsString,
    /// Print the write key instead
    #[arg(long)]
    write: bool,
    /// Print only the key
    #[arg(long)]
    key_only: bool,
    #[command(flatten)]
    via: crate::commands::syncthing::ShareViaArgs,
}

/// A key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ShareReport {
    /// A key of our own engine.
    Key(KeyReport),
    /// What Syncthing says.
    Via(crate::commands::syncthing::SyncthingReport),
}

/// A key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyReport {
    /// The key, alone.
    key: String,
    /// The key as it is handed on: a link if the channel has a site.
    link: String,
    /// Whether who has it may write.
    writes: bool,
    channel: String,
    /// A line of HTML for a page.
    html: Option<String>,
    /// Whether a node is running, so that it can be used now.
    running: bool,
    /// How many attachments tell readers a place, a device or a person, of those that were looked into.
    telling: usize,
    #[serde(skip)]
    original: MetadataWarning,
    #[serde(skip)]
    qr: Option<String>,
    #[serde(skip)]
    only: bool,
}

/// Gives a channel's key, made when it is first asked for.
///
/// # Errors
/// [`Failure`] when there is no such channel in the data folder, or it is somebody else's and a key for writing is wanted.
pub fn run(args: &Share, environment: &Environment, console: Console) -> Result<ShareReport, Failure> {
    let channel = resolve::channel(environment, &args.channel)?;
    if let Some(report) = args.via.share(&channel, environment)? {
        return Ok(ShareReport::Via(report));
    }
    let name = documents::name(&environment.folders.data, &channel)?;
    documents::refuse_unclear(&documents::follow_renamed(environment)?, &name)?;
    let side = documents::shared_side(&channel);
    let document = if side == Side::Outbox {
        Book::change(&environment.folders.data, |book| documents::own_document(book, &name))?
    } else {
        documents::document(environment, &name, side)?
    };
    let opens = match (args.write, document.secret) {
        (false, _) => Opens::Read(document.id),
        (true, Some(secret)) => Opens::Write(secret.0),
        (true, None) => {
            return Err(Failure::new(
                format!("you only read `{name}`, so you have no write key"),
                "ask one of its authors for it: they run `missive share CHANNEL --write`",
            ));
        }
    };
    let profile = documents::profile(&channel, side);
    let ticket = Ticket {
        opens,
        peers: documents::peers(&environment.folders.data, &document)?,
        name: profile.title.unwrap_or_else(|| name.to_string()),
        owner: documents::owner(&environment.folders.data, &document)?.map(|owner| owner.0),
    };
    // A profile may be a stranger's, so its link is an address or nothing.
    let of_profile = || profile.link.and_then(|link| BaseUrl::try_from(link).ok());
    let page = settings::read(&channel.path)?.site.base_url.or_else(of_profile).filter(|_| !args.write);
    let link = ticket.link(page.as_ref().map(BaseUrl::as_str));
    let target = if page.is_some() { link.clone() } else { format!("#{ticket}") };
    let html = (!args.write).then(|| format!("<a href=\"{target}\">Follow this with missive</a>"));
    let screen = console.shows_results() && !console.json;
    let original = MetadataWarning::in_box(&channel, side, &args.channel);
    Ok(ShareReport::Key(KeyReport {
        key: ticket.to_string(),
        qr: if screen && !args.key_only { qr(&link, console.screen.width) } else { None },
        link,
        writes: args.write,
        channel: name.to_string(),
        html,
        running: Lock::is_taken(&environment.folders.data),
        telling: original.count.found,
        original,
        only: args.key_only,
    }))
}

impl fmt::Display for ShareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(report) => report.fmt(f),
            Self::Via(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.only {
            return writeln!(f, "{}", self.link);
        }
        if let Some(qr) = &self.qr {
            writeln!(f, "{qr}")?;
        }
        writeln!(f, "{}\n", self.link)?;
        if self.writes {
            writeln!(
                f,
                "Anyone with this write key can write in {}, and all readers see it. You can only stop them",
                field(&self.channel)
            )?;
            writeln!(f, "by making new keys (missive keys rotate). To use it: missive join KEY")?;
        } else {
            writeln!(f, "Anyone with this read key can read {}: missive subscribe KEY", field(&self.channel))?;
        }
        write!(f, "{}", self.original)?;
        if let Some(html) = &self.html {
            writeln!(f, "For a web page: {html}")?;
        }
        if !self.running {
            writeln!(
                f,
                "Readers can connect while `missive sync` runs here, or through anyone who already has the channel."
            )?;
        }
        Ok(())
    }
}

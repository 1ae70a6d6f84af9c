//! The facts that every page of a site shows or depends on: its title, who writes, its language, its settings.

use serde::Serialize;

use crate::channel::Kind;
use crate::channel::authorship::author_name::ME;
use crate::channel::protocol::entry::Side;
use crate::channel::snapshot::Snapshot;
use crate::markdown::harmless;
use crate::site::build_options::{OwnHtml, SiteOptions};
use crate::site::pages::icon::Icon;

/// To be raised whenever the same text, settings and theme become other bytes than before, so that sites are built anew.
pub(crate) const RENDERING: u32 = 4;

/// The program's name and version.
pub(crate) const GENERATOR: &str = concat!("missive ", env!("CARGO_PKG_VERSION"));

/// The facts that every page of a site shows or depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Facts {
    /// The site's title.
    pub title: String,
    /// What the channel says of itself.
    pub description: Option<String>,
    /// Who writes it.
    pub author: Option<String>,
    /// Who writes in the inbox and in the outbox.
    pub authors: [Option<String>; 2],
    /// A BCP 47 tag.
    pub language: String,
    /// Another place where the site is found, by its profile.
    pub link: Option<String>,
    /// The address of the icon relative to the site's root.
    pub icon: Option<String>,
    /// The kind of channel.
    pub kind: Kind,
    /// The channel's name.
    pub channel: String,
    /// Whether there is anything to list in an archive.
    pub archive: bool,
    /// Whether there is a tag index.
    pub tags: bool,
    /// Whether somebody else writes any of it: the addresses of some tags' pages follow from that.
    pub others_write: bool,
    /// The key for reading the channel.
    pub read_key: Option<String>,
    /// The base URL.
    pub base: Option<String>,
    /// How much raw HTML passes, which frames pages show, and whether code is coloured.
    pub rules: (OwnHtml, bool),
    /// The program's name and version.
    pub generator: &'static str,
    /// Counts the changes to what the same input becomes.
    pub rendering: u32,
}

/// The side that a site of this kind of channel speaks for.
pub(crate) fn speaker(kind: Kind) -> Side {
    if kind == Kind::Subscription { Side::Inbox } else { Side::Outbox }
}

fn author(snapshot: &Snapshot, kind: Kind, side: Side) -> Option<String> {
    let named = snapshot.writer(side).map(|name| harmless(&name).into_owned());
    let titled =
        || snapshot.profile(side).title.as_deref().map(|title| harmless(&snapshot.their_name(title)).into_owned());
    match (kind, side) {
        (Kind::Message, Side::Outbox) => named.or_else(|| Some(ME.to_owned())),
        (Kind::Message, Side::Inbox) => named.or_else(titled).or_else(|| Some(name(snapshot))),
        _ => named,
    }
}

/// The channel's name, as far as a page can show it.
fn name(snapshot: &Snapshot) -> String {
    harmless(&snapshot.channel.name.to_string()).into_owned()
}

/// What is known of a channel without a look at its messages.
pub(crate) fn brief(snapshot: &Snapshot, options: &SiteOptions) -> Facts {
    facts(snapshot, options, (false, false), None)
}

/// The facts of a site, with whether it has an archive and a list of tags.
pub(crate) fn facts(
    snapshot: &Snapshot,
    options: &SiteOptions,
    (archive, tags): (bool, bool),
    icon: Option<&Icon>,
) -> Facts {
    let kind = snapshot.kind();
    let profile = snapshot.profile(speaker(kind));
    let second = if kind == Kind::Message { snapshot.profile(Side::Inbox) } else { profile };
    let name = || name(snapshot);
    let title = options
        .title
        .as_deref()
        .map(|title| harmless(title).into_owned())
        .or_else(|| profile.title.clone())
        .or_else(|| second.title.clone());
    Facts {
        title: title.unwrap_or_else(name),
        description: profile.description.clone(),
        author: profile.author.clone(),
        authors: Side::BOTH.map(|side| author(snapshot, kind, side)),
        language: profile.language.clone().unwrap_or_else(|| "en".to_owned()),
        link: profile.link.clone(),
        icon: icon.map(|icon| icon.path.address()),
        kind,
        channel: name(),
        archive,
        tags,
        others_write: others_write(snapshot),
        read_key: options.read_key.clone(),
        base: options.base_url.as_ref().map(|url| url.as_str().to_owned()),
        rules: (options.html.clone(), options.highlight),
        generator: GENERATOR,
        rendering: RENDERING,
    }
}

/// Whether somebody else writes any of a channel.
pub(crate) fn others_write(snapshot: &Snapshot) -> bool {
    snapshot.kind() != Kind::Broadcast || !snapshot.box_trust(Side::Outbox).is_all_own()
}

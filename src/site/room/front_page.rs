//! The files of a reading room: the front page with the newest messages of all channels, the combined feed and the list of
//! feeds. Each with what it depends on and how it is made.

use std::borrow::Cow;

use serde::Serialize;
use tera::{Context, Value};

use crate::article::Date;
use crate::channel::Kind;
use crate::markdown::RawHtml;

use crate::site::build_options::OwnHtml;
use crate::site::engine::fingerprint::{Fingerprint, Hasher, hash};
use crate::site::engine::out_path::OutPath;
use crate::site::engine::plan::Planned;
use crate::site::error::SiteError;
use crate::site::feeds::combined_feed::{
    CombinedFeed, ConvertedPicks, ENTRIES, KINDS, MemberChannel, Pick, atom, newest, outlines, updated,
};
use crate::site::pages::converted_message::fitting;
use crate::site::pages::facts::{Facts, GENERATOR, RENDERING};
use crate::site::pages::page_fingerprint::{entries_print, messages};
use crate::site::pages::template_context::{Head, Policy, Site};
use crate::site::theme::Theme;

/// The most messages on the front page.
const MESSAGES: usize = 30;

/// A file of the reading room's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The front page.
    Index,
    /// The feed of all channels.
    Feed,
    /// The list of feeds.
    Subscriptions,
    /// A file of the theme that is no template.
    Asset(String),
}

impl Page {
    /// The order in which files appear: what is linked before what links to it.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Asset(_) => 0,
            Self::Feed | Self::Subscriptions => 1,
            Self::Index => 2,
        }
    }
}

/// Every file of the reading room's own, in the order of the paths.
pub(crate) fn files(theme: &Theme) -> Vec<(OutPath, Page)> {
    let fixed = [("index.html", Page::Index), ("atom.xml", Page::Feed), ("subscriptions.opml", Page::Subscriptions)];
    let assets = theme.assets().map(|name| (OutPath::fixed(format!("assets/{name}")), Page::Asset(name.to_owned())));
    let mut files: Vec<_> = fixed.into_iter().map(|(path, page)| (OutPath::fixed(path), page)).chain(assets).collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

/// What a file of the theme says; of all others nobody knows before they are made.
pub(crate) fn known_bytes<'t>(theme: &'t Theme, page: &Page) -> Option<&'t [u8]> {
    if let Page::Asset(name) = page { theme.asset(name) } else { None }
}

/// What the files of a reading room are made of.
pub(crate) struct FrontPage<'a> {
    members: &'a [MemberChannel<'a>],
    theme: &'a Theme,
    facts: Facts,
    feed: Option<String>,
}

/// A channel in the list of channels.
#[derive(Serialize)]
struct Entry<'a> {
    title: &'a str,
    url: String,
    feed: String,
    language: &'a str,
    newest: Option<Date>,
}

/// The channels of one kind.
#[derive(Serialize)]
struct Group<'a> {
    name: &'static str,
    channels: Vec<Entry<'a>>,
}

/// A message on the front page, with what is its own site's.
#[derive(Serialize)]
struct Shown<'a> {
    root: &'a str,
    site: &'a Value,
    m: Cow<'a, Value>,
}

impl<'a> FrontPage<'a> {
    pub(crate) fn new(title: &str, base: Option<&str>, members: &'a [MemberChannel<'a>], theme: &'a Theme) -> Self {
        let facts = Facts {
            title: title.to_owned(),
            description: None,
            author: None,
            authors: [None, None],
            language: "en".to_owned(),
            link: None,
            icon: None,
            kind: kind(members),
            channel: String::new(),
            archive: false,
            tags: false,
            others_write: true,
            read_key: None,
            base: base.map(str::to_owned),
            rules: (OwnHtml { passes: RawHtml::Text, embeds: Vec::new() }, false),
            generator: GENERATOR,
            rendering: RENDERING,
        };
        Self { members, theme, facts, feed: base.map(|base| format!("{base}atom.xml")) }
    }

    /// Every file with its fingerprint, in the order of the paths.
    pub(crate) fn plan(&self) -> Vec<Planned<Page>> {
        let planned = |(path, page)| Planned { fingerprint: self.fingerprint(&page), path, page };
        files(self.theme).into_iter().map(planned).collect()
    }

    /// The theme of these files.
    pub(crate) fn theme(&self) -> &'a Theme {
        self.theme
    }

    /// The fingerprint of a file.
    fn fingerprint(&self, page: &Page) -> Fingerprint {
        match page {
            Page::Index => {
                let newest = |member: &MemberChannel<'_>| member.contents.cards.last().map(|card| card.stamp);
                let newest: Vec<_> = self.members.iter().map(newest).collect();
                let shown =
                    self.shown(MESSAGES, |member, at| messages(&member.contents, at..at + 1, Fingerprint::default()));
                let around = hash(&(self.list(), newest));
                Fingerprint { around, theme: self.theme.hash(), ..shown }
            }
            Page::Feed => self.shown(ENTRIES, |member, at| {
                let print = entries_print(&member.contents, at..at + 1, Fingerprint::default());
                Fingerprint { around: hash(&(print.around, updated(&member.contents))), ..print }
            }),
            Page::Subscriptions => {
                Fingerprint { site: hash(&(&self.facts.title, self.list())), ..Fingerprint::default() }
            }
            Page::Asset(name) => {
                Fingerprint { theme: hash(self.theme.asset(name).unwrap_or_default()), ..Fingerprint::default() }
            }
        }
    }

    /// The fingerprint of a file that shows the newest messages.
    fn shown(&self, most: usize, print: impl Fn(&MemberChannel<'_>, usize) -> Fingerprint) -> Fingerprint {
        let mut parts: [Hasher; 4] = Default::default();
        let [text, attachments, around, site] = &mut parts;
        site.add(&self.facts);
        for Pick { member: number, at } in newest(self.members, most) {
            let Some(member) = self.members.get(number) else {
                continue;
            };
            let print = print(member, at);
            text.add(&(number, print.text));
            attachments.add(&print.attachments);
            around.add(&print.around);
            site.add(&(&member.site, member.contents.facts_hash));
        }
        let [text, attachments, around, site] = parts.map(Hasher::finish);
        Fingerprint { text, attachments, around, site, theme: 0 }
    }

    /// What the lists say of each channel.
    fn list(&self) -> Vec<(&str, Kind, &str, &str)> {
        let facts = self.members.iter().map(|member| (&member.contents.facts, member.site.as_str()));
        facts.map(|(facts, site)| (facts.title.as_str(), facts.kind, facts.language.as_str(), site)).collect()
    }

    /// Makes a file, with the texts that could not be read for it.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn make(&self, page: &Page) -> Result<(Vec<u8>, Vec<String>), SiteError> {
        let read = |most, together| ConvertedPicks::convert(self.members, &newest(self.members, most), together);
        match page {
            Page::Index => {
                let read = read(MESSAGES, true);
                Ok((self.render(&read)?, read.unreadable))
            }
            Page::Feed => {
                let front = self.facts.base.as_deref().unwrap_or("index.html");
                let planet = CombinedFeed { title: &self.facts.title, feed: self.feed.as_deref(), front };
                let read = read(ENTRIES, false);
                Ok((atom(&planet, self.members, &read), read.unreadable))
            }
            Page::Subscriptions => {
                let channels = self.members.iter().map(|member| (&member.contents.facts, member.site.as_str()));
                Ok((outlines(&self.facts.title, &channels.collect::<Vec<_>>()), Vec::new()))
            }
            Page::Asset(name) => Ok((self.theme.asset(name).unwrap_or_default().to_vec(), Vec::new())),
        }
    }

    fn render(&self, read: &ConvertedPicks) -> Result<Vec<u8>, SiteError> {
        let sites: Vec<Value> =
            self.members.iter().map(|member| Value::from_serializable(&Site::new(&member.contents.facts))).collect();
        let whole = fitting(read.ready.iter().map(|(_, ready)| ready));
        let shown = read.ready.iter().zip(whole).filter_map(|((number, _), (ready, is_whole))| {
            let member = self.members.get(*number)?;
            let m = if is_whole { Cow::Borrowed(&ready.value) } else { Cow::Owned(ready.brief(&member.contents)) };
            Some(Shown { root: &member.root, site: sites.get(*number)?, m })
        });
        let mut page = Context::new();
        page.insert("root", "");
        page.insert("page", &self.head(read));
        page.insert("site", &Site::new(&self.facts));
        page.insert("shown", &shown.collect::<Vec<_>>());
        page.insert("groups", &self.groups());
        let mut bytes = Vec::with_capacity(64 << 10);
        let done = self.theme.parse()?.render_to("river.html", &page, &mut bytes);
        done.map_err(|error| self.theme.explain(&error))?;
        Ok(bytes)
    }

    fn head(&self, read: &ConvertedPicks) -> Head {
        Head {
            kind: "river",
            title: self.facts.title.clone(),
            description: None,
            canonical: self.facts.base.clone(),
            image: None,
            feed_title: self.facts.title.clone(),
            policy: Policy::for_texts(read.ready.iter().map(|(_, ready)| &ready.rendered)),
        }
    }

    fn groups(&self) -> Vec<Group<'_>> {
        let of = |kind: Kind| self.members.iter().filter(move |member| member.contents.facts.kind == kind);
        let entry = |member: &'a MemberChannel<'a>| Entry {
            title: &member.contents.facts.title,
            url: format!("{}index.html", member.root),
            feed: format!("{}atom.xml", member.root),
            language: &member.contents.facts.language,
            newest: member.contents.cards.last().map(|card| Date::new(card.stamp.seconds())),
        };
        let group = |(kind, name)| Group { name, channels: of(kind).map(entry).collect() };
        KINDS.into_iter().map(group).filter(|group| !group.channels.is_empty()).collect()
    }
}

/// What a page with messages of all channels may do is what a page of the most delicate of them may.
fn kind(members: &[MemberChannel<'_>]) -> Kind {
    let has = |kind: Kind| members.iter().any(|member| member.contents.facts.kind == kind);
    match (has(Kind::Message), has(Kind::Subscription)) {
        (true, _) => Kind::Message,
        (false, true) => Kind::Subscription,
        (false, false) => Kind::Broadcast,
    }
}

//! Where a link leads: an attachment, another message, a place in this one, the web, or nothing that may be followed.
//!
//! Nothing is looked up here: [`LinkContext`] answers for the files and pages.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use url::Url;

use super::anchors::slug;
use crate::markdown::html_text::harmless;
use crate::markdown::rules::{Rules, Trust};

/// What an attachment is to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A picture, with its displayed width and height in pixels if they are known.
    Picture(Option<(u32, u32)>),
    /// Something to hear.
    Audio,
    /// Something to see move.
    Video,
    /// Anything else; `download` when a browser must not open it.
    File {
        /// Whether it is offered as a download only.
        download: bool,
    },
}

/// An attachment that a text points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number among the message's attachments.
    pub number: usize,
    /// Its address relative to the site's root, percent-encoded, with the place in it if one is meant.
    pub address: String,
    /// What it is.
    pub media: Media,
    /// The name under which a download is saved, where its address ends in another.
    pub save_as: Option<String>,
}

impl Target {
    /// What a link says of saving it: nothing, or the name, which is empty where the address tells.
    pub(super) fn download(&self) -> Option<&str> {
        matches!(self.media, Media::File { download: true }).then(|| self.save_as.as_deref().unwrap_or_default())
    }
}

/// What lies around a text: asked, never guessed.
pub trait LinkContext: Sync {
    /// The attachment that an address means as it is written, percent signs and all.
    fn attachment(&self, address: &str) -> Option<Target>;
    /// The address, relative to the site's root, of the page that a relative address names.
    fn page(&self, address: &str) -> Option<String>;
    /// The address, relative to the site's root, of the page of the message with this title or id.
    fn titled(&self, _name: &str) -> Option<String> {
        None
    }
    /// The address, relative to the site's root, of a tag's page.
    fn tag(&self, tag: &str) -> Option<String>;
    /// The prefix of every id that this text may use.
    fn anchor(&self) -> &str;
    /// Whether pages show frames from this host.
    fn embeds(&self, _host: &str) -> bool {
        false
    }
}

/// The judgement on an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination<'a> {
    /// One of the message's attachments.
    Attachment(Target),
    /// A page of the site, relative to its root.
    Page(String),
    /// A place in the same message: the id.
    Here(String),
    /// Somewhere else on the web, or a mailbox.
    Away(Cow<'a, str>),
    /// Nothing that may be followed.
    Nowhere,
}

/// What decides where the links of one text lead: what may pass from it, and what lies around it.
#[derive(Clone, Copy)]
pub(super) struct LinkJudge<'c> {
    /// What may pass from the text.
    pub(super) rules: Rules,
    /// What lies around it.
    pub(super) around: &'c dyn LinkContext,
}

impl LinkJudge<'_> {
    /// Where an address leads, as the Markdown parser gives it, entities and backslashes already resolved.
    pub(super) fn destination<'a>(&self, address: &'a str) -> Destination<'a> {
        let Self { rules, around } = self;
        let address = trim(address);
        if let Some(fragment) = address.strip_prefix('#') {
            let name = percent_decode_str(fragment).decode_utf8_lossy();
            return Destination::Here(format!("{}-{}", around.anchor(), slug(&name)));
        }
        if let Some(target) = around.attachment(&address) {
            return Destination::Attachment(target);
        }
        if let Some(page) = around.page(&address) {
            return Destination::Page(page);
        }
        match scheme(&address) {
            Some(scheme) if allowed(&scheme, rules.trust) => Destination::Away(address),
            None if rules.trust == Trust::Own && is_server_path(&address) => Destination::Away(address),
            _ => Destination::Nowhere,
        }
    }
}

/// Whether an address is a page's on the web.
pub(super) fn is_web(address: &str) -> bool {
    matches!(scheme(address).as_deref(), Some("http" | "https"))
}

/// The host that a frame comes from; only from a server that proves who it is.
pub fn frame_host(address: &str) -> Option<String> {
    host(address).map(|(_, host)| host)
}

/// The origin and the host that a frame comes from, as a policy names them.
pub(super) fn host(address: &str) -> Option<(String, String)> {
    let url = match address.strip_prefix("//") {
        Some(rest) => Url::parse(&format!("https://{rest}")),
        None => Url::parse(address),
    };
    let url = url.ok().filter(|url| url.scheme() == "https")?;
    Some((url.origin().ascii_serialization(), url.host_str()?.to_owned()))
}

/// Whether an address lies on another server.
pub(super) fn is_elsewhere(address: &str) -> bool {
    let address = address.trim();
    is_web(address) || address.starts_with("//")
}

/// Drops white space and controls, which browsers drop too, from both ends and tabs and line ends from within.
fn trim(address: &str) -> Cow<'_, str> {
    let address = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if address.contains(['\t', '\n', '\r']) {
        return harmless(&address.replace(['\t', '\n', '\r'], "")).into_owned().into();
    }
    harmless(address)
}

/// The scheme in lower case, if the address has one (RFC 3986, section 3.1).
pub(super) fn scheme(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    valid.then(|| scheme.to_ascii_lowercase())
}

/// One's own text may use any scheme that does not run or read something on the reader's side.
fn allowed(scheme: &str, trust: Trust) -> bool {
    match trust {
        Trust::Theirs => matches!(scheme, "http" | "https" | "mailto"),
        Trust::Own => !matches!(scheme, "javascript" | "vbscript" | "data" | "file" | "blob" | "about" | "view-source"),
    }
}

/// `/about`, a page of the author's own server; `//host` is another's and says so by its scheme or not at all.
pub(super) fn is_server_path(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/\\")
}

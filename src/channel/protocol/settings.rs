//! Reads a channel's settings, `missive.toml`.
//!
//! An unknown key or a wrong type is an error that names the file, the line and the nearest known key: a setting that is
//! silently ignored is worse than none.

use std::path::Path;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::channel::error::Error;
use crate::channel::protocol::layout::SETTINGS_FILE;
use crate::channel::protocol::toml_error;
use crate::fs::regular_file;
use crate::markdown::{RawHtml, frame_host};

/// A longer file is not read, in bytes: nobody has so much to set.
const MAX_FILE: u64 = 1 << 20;

const KEYS: [&str; 10] = [
    "site",
    "base_url",
    "theme",
    "page_size",
    "feed_size",
    "highlight",
    "raw_html",
    "embeds",
    "share_on_site",
    "title",
];

/// Everything `missive.toml` can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The `[site]` table.
    pub site: Site,
}

/// The `[site]` table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Where the site will be found; needed for feeds that others fetch, the sitemap and canonical links.
    #[serde(deserialize_with = "unless_empty")]
    pub base_url: Option<BaseUrl>,
    /// The name of a built-in theme or a folder; `~/` at its beginning is the home folder.
    #[serde(deserialize_with = "unless_empty")]
    pub theme: Option<String>,
    /// Messages on a list page, 1 to 1,000.
    pub page_size: usize,
    /// Entries in a feed, 1 to 1,000.
    pub feed_size: usize,
    /// Colours code blocks.
    pub highlight: bool,
    /// How much of the HTML in one's own messages passes: `true` for what works under a page's strict policy, `false` for
    /// none, `"all"` for scripts and styles too.
    #[serde(deserialize_with = "raw_html")]
    pub raw_html: RawHtml,
    /// The hosts whose frames pages show, such as `www.youtube-nocookie.com`.
    #[serde(deserialize_with = "hosts")]
    pub embeds: Vec<String>,
    /// Prints the read key on the site.
    pub share_on_site: bool,
    /// Instead of the profile's title.
    #[serde(deserialize_with = "unless_empty")]
    pub title: Option<String>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            base_url: None,
            theme: None,
            page_size: 20,
            feed_size: 20,
            highlight: true,
            raw_html: RawHtml::Checked,
            embeds: Vec::new(),
            share_on_site: false,
            title: None,
        }
    }
}

/// An `http` or `https` address that ends with `/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address, with its final `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind the host, from `/` to `/`.
    pub fn path(&self) -> &str {
        let host = self.0.find("://").map_or(0, |at| at + 3);
        self.0.get(host..).and_then(|rest| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("/")
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a web address such as `https://example.org/blog/`");
        let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong());
        }
        url.set_query(None);
        url.set_fragment(None);
        let mut text = String::from(url);
        if !text.ends_with('/') {
            text.push('/');
        }
        Ok(Self(text))
    }
}

/// Reads a value that is as if it were not there when it is an empty string.
///
/// # Errors
/// When it is neither that nor of the right type.
pub fn unless_empty<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<Option<T>, D::Error> {
    match toml::Value::deserialize(value)? {
        toml::Value::String(text) if text.trim().is_empty() => Ok(None),
        value => T::deserialize(value).map(Some).map_err(|error| D::Error::custom(error.message().trim())),
    }
}

fn raw_html<'de, D: Deserializer<'de>>(value: D) -> Result<RawHtml, D::Error> {
    match toml::Value::deserialize(value)? {
        toml::Value::Boolean(true) => Ok(RawHtml::Checked),
        toml::Value::Boolean(false) => Ok(RawHtml::Text),
        toml::Value::String(text) if text == "all" => Ok(RawHtml::All),
        other => Err(D::Error::custom(format!("`raw_html` must be true, false or \"all\", not {other}"))),
    }
}

/// Hosts of frames: names, not addresses.
fn hosts<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    let hosts: Vec<String> = Vec::deserialize(value)?;
    for host in &hosts {
        if frame_host(&format!("https://{host}/")).as_ref() != Some(host) {
            let why = format!("`{host}` in `embeds` is not the name of a server such as `www.youtube-nocookie.com`");
            return Err(D::Error::custom(why));
        }
    }
    Ok(hosts)
}

/// Reads a channel's settings; without the file they are the defaults.
///
/// # Errors
/// [`Error::Settings`] with the line, what is wrong there and the nearest known key; [`Error::Io`] when it cannot be read.
pub fn read(channel: &Path) -> Result<Settings, Error> {
    let path = channel.join(SETTINGS_FILE);
    match regular_file::read_text(&path, MAX_FILE) {
        Ok(text) => parse(&text).map_err(|(line, what)| Error::Settings { path, line, what }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(Error::Io(error)),
    }
}

fn parse(text: &str) -> Result<Settings, (usize, String)> {
    let settings: Settings =
        toml::from_str(text).map_err(|error| (toml_error::line(text, &error), explain(error.message())))?;
    for (key, value) in [("page_size", settings.site.page_size), ("feed_size", settings.site.feed_size)] {
        if !(1..=1_000).contains(&value) {
            let line = 1 + text.lines().position(|line| line.trim_start().starts_with(key)).unwrap_or(0);
            return Err((line, format!("`{key}` must be between 1 and 1000, not {value}")));
        }
    }
    Ok(settings)
}

/// An unknown key is answered with the nearest known one instead of the whole list.
fn explain(message: &str) -> String {
    let Some(key) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return message.trim().to_owned();
    };
    let near = KEYS.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    match near.filter(|near| strsim::jaro_winkler(key, near) > 0.7) {
        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => format!("unknown key `{key}`; known are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(parse("").unwrap(), Settings::default());
    }

    #[test]
    fn what_is_empty_is_not_set() {
        assert_eq!(parse("[site]\nbase_url = \"\"\ntheme = \"\"\ntitle = \" \"\n").unwrap(), Settings::default());
    }

    #[test]
    fn errors_name_the_line_and_the_nearest_key() {
        let cases = [
            ("[site]\nbase_ulr = \"x\"\n", 2, "unknown key `base_ulr`; did you mean `base_url`?"),
            ("[site]\n\npage_size = \"many\"\n", 3, "invalid type: string \"many\", expected usize"),
            ("[site]\npage_size = 0\n", 2, "`page_size` must be between 1 and 1000, not 0"),
            (
                "[site]\nbase_url = \"example.org\"\n",
                2,
                "`example.org` is not a web address such as `https://example.org/blog/`",
            ),
        ];
        for (text, line, what) in cases {
            assert_eq!(parse(text), Err((line, what.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_base_url_ends_with_a_slash() {
        let url = BaseUrl::try_from("https://Example.org/blog".to_owned()).unwrap();
        assert_eq!((url.as_str(), url.path()), ("https://example.org/blog/", "/blog/"));
    }
}

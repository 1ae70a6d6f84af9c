//! Reads a channel's settings, `missive.toml`.
//!
//! An unknown key or a wrong type is an error that names the file, the line and the nearest known key: a setting that is
//! silently ignored is worse than none.

use std::path::Path;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::channel::error::Error;
use crate::channel::protocol::layout::{PROFILE_FILE, PROFILE_KEYS, SETTINGS_FILE};
use crate::channel::protocol::toml_keys::{Mistake, TableKeys, explain, line_of};
use crate::fs::regular_file;
use crate::markdown::{RawHtml, frame_host};

/// A longer file is not read, in bytes: nobody has so much to set.
const MAX_FILE: u64 = 1 << 20;

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
    /// Lists on each message's page which others link to it.
    pub backlinks: bool,
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
            backlinks: false,
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
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "`{}` contains a user name or a password, which everybody could read; write it without",
                without_user(url)
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}` must end before its `?` or `#`: the names of pages are put behind it"));
        }
        let mut text = String::from(url);
        if !text.ends_with('/') {
            text.push('/');
        }
        Ok(Self(text))
    }
}

/// An address with stars for who logs in, for words that may be seen by others.
fn without_user(mut url: Url) -> Url {
    // An address that has a user can have another one.
    let _ = url.set_username("***");
    let _ = url.set_password(None);
    url
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
        other => Err(D::Error::custom(format!("`raw_html` takes true, false or \"all\", not {other}"))),
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
        Ok(text) => parse(&text).map_err(|mistake| Error::Settings { path, mistake }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(Error::Io(error)),
    }
}

fn parse(text: &str) -> Result<Settings, Mistake> {
    let settings: Settings = toml::from_str(text).map_err(|error| with_profile(explain(text, &error, &tables())))?;
    for (key, value) in [("page_size", settings.site.page_size), ("feed_size", settings.site.feed_size)] {
        if !(1..=1_000).contains(&value) {
            let what = format!("`{key}` must be between 1 and 1000, not {value}");
            return Err(Mistake { line: line_of(text, key), what, hint: None });
        }
    }
    Ok(settings)
}

/// A mistake with the hint that a key of the profile belongs there.
fn with_profile(mistake: Mistake) -> Mistake {
    let is_of_profile = |key: &&str| mistake.what.starts_with(&format!("unknown key `{key}`"));
    match PROFILE_KEYS.into_iter().find(is_of_profile) {
        Some(key) if mistake.hint.is_none() => Mistake {
            what: format!("unknown key `{key}` in this place"),
            hint: Some(format!("it belongs in the profile, `outbox/{PROFILE_FILE}`")),
            ..mistake
        },
        _ => mistake,
    }
}

/// Whether a word is a key of the settings.
pub(super) fn is_key(word: &str) -> bool {
    tables().iter().any(|table| table.keys.iter().any(|key| key == word && key != "title"))
}

fn tables() -> [TableKeys; 2] {
    [TableKeys::new::<Settings>(""), TableKeys::new::<Site>("site")]
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
            ("[siet]\ntheme = \"x\"\n", 1, "unknown key `siet`; did you mean `site`?"),
            ("bsae_url = \"x\"\n", 1, "unknown key `bsae_url`; did you mean `base_url` under [site]?"),
            ("[site]\n\npage_size = \"many\"\n", 3, "`page_size` takes a whole number, not \"many\""),
            ("[site]\npage_size = -1\n", 2, "`page_size` takes a whole number, not -1"),
            ("[site]\nraw_html = \"yes\"\n", 2, "`raw_html` takes true, false or \"all\", not \"yes\""),
            ("[site]\ntheme = 3\n", 2, "`theme` takes a text in quotes, not 3"),
            ("site = 3\n", 1, "`site` takes a table, not 3"),
            ("[site]\npage_size = 0\n", 2, "`page_size` must be between 1 and 1000, not 0"),
            (
                "[site]\ntitle = \"feed_size\"\nfeed_size = 5000\n",
                3,
                "`feed_size` must be between 1 and 1000, not 5000",
            ),
            (
                "[site]\nbase_url = \"example.org\"\n",
                2,
                "`base_url`: `example.org` is not a web address such as `https://example.org/blog/`",
            ),
        ];
        for (text, line, what) in cases {
            assert_eq!(parse(text), Err(Mistake { line, what: what.to_owned(), hint: None }), "{text}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_place_is_told_where_it_belongs() {
        for key in &tables()[1].keys {
            let mistake = parse(&format!("# mine\n{key} = \"https://example.org/\"\n")).unwrap_err();
            assert_eq!((mistake.line, mistake.hint.as_deref()), (2, Some("it belongs under [site]")), "{key}");
            assert_eq!(mistake.what, format!("unknown key `{key}` in this place"));
        }
        assert!(tables()[1].keys.iter().any(|key| key == "base_url"));
        for text in ["language = \"de\"\n", "[site]\nlanguage = \"de\"\n"] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.hint.as_deref(), Some("it belongs in the profile, `outbox/.channel.toml`"), "{text}");
        }
    }

    #[test]
    fn a_base_url_gives_away_nobodys_password() {
        for url in ["https://brando:s3cret@example.org/", "https://brando@example.org/", "https://:s3cret@example.org/"]
        {
            let error = BaseUrl::try_from(url.to_owned()).unwrap_err();
            assert!(
                error.contains("user name or a password") && !error.contains("s3cret") && !error.contains("brando"),
                "{error}"
            );
        }
        for url in ["https://example.org/?a=b", "https://example.org/blog/#x"] {
            assert!(BaseUrl::try_from(url.to_owned()).is_err(), "{url}");
        }
    }

    #[test]
    fn a_base_url_ends_with_a_slash() {
        let url = BaseUrl::try_from("https://Example.org/blog".to_owned()).unwrap();
        assert_eq!((url.as_str(), url.path()), ("https://example.org/blog/", "/blog/"));
    }
}

//! The kinds of files that a channel's site has.

/// A file of the site, by what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The message at a position.
    Message(usize),
    /// A list page by number.
    List(usize),
    /// The front page.
    Index,
    /// A month by its position.
    Month(usize),
    /// A year.
    Year(i32),
    /// A tag by its name.
    Tag(String),
    /// The list of tags.
    Tags,
    /// What is shown for an address that leads nowhere.
    Missing,
    /// The Atom feed.
    Atom,
    /// The JSON feed.
    Json,
    /// The sitemap, or the part of it for a year.
    Sitemap(Option<i32>),
    /// What is said to crawlers.
    Robots,
    /// A file of the theme that is no template.
    Asset(String),
    /// The channel's icon.
    Icon,
    /// A message's attachment: positions of both.
    Attachment(usize, usize),
    /// The file of a text too long for its page.
    Text(usize),
}

impl Page {
    /// The order in which files appear: what is linked before what links to it.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Asset(_) | Self::Icon | Self::Attachment(..) | Self::Text(_) => 0,
            Self::Message(_) => 1,
            Self::Index | Self::Atom | Self::Json | Self::Sitemap(_) => 3,
            _ => 2,
        }
    }
}

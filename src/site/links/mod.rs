//! Where the links of a built site lead: to a file of the site, to a place in a page of it, or elsewhere.
//!
//! Pages are read one after the other, and of each only its ids and links stay, so a site may be as large as it likes. This
//! goes by the files that are there, whatever made them. Nobody else's server is asked here.

mod page;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;

use percent_encoding::percent_decode_str;
use url::Url;
use walkdir::WalkDir;

use crate::site::links::page::Found;
use crate::text::percent;

/// Stands for the address of a site that does not know its own. `.invalid` is nobody's (RFC 2606).
const UNKNOWN_BASE: &str = "https://missive.invalid/site/";
const UNKNOWN_HOST: &str = "missive.invalid";

/// An address that pages link, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedAddress {
    /// The address: of the site's own as it is written, of others' whole and without its fragment.
    pub address: String,
    /// The page that links it, by its path; a message's own page rather than a list.
    pub page: String,
    /// How many links to it there are, on all pages.
    pub links: usize,
    /// Whether it stands on the page of a message that is one's own.
    pub is_own: bool,
}

impl LinkedAddress {
    fn new(address: &str, page: &str) -> Self {
        Self { address: address.to_owned(), page: page.to_owned(), links: 0, is_own: false }
    }
}

/// Why an address of the site itself leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dead {
    /// There is no such file.
    File(String),
    /// The page is there, and in it is no such id.
    Place(String, String),
    /// It is not an address.
    Malformed,
}

impl Dead {
    /// The name of the place that is not there.
    fn place(&self) -> Option<&str> {
        if let Self::Place(_, name) = self { Some(name) } else { None }
    }
}

/// What the links of a site are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SiteLinks {
    /// How many pages were read.
    pub pages: usize,
    /// How many links they hold.
    pub links: usize,
    /// The addresses of the site itself that lead nowhere, in the order of the pages that link them.
    pub dead: Vec<(LinkedAddress, Dead)>,
    /// The addresses of other sites.
    pub elsewhere: Vec<LinkedAddress>,
    /// Addresses on the site's own server, outside of the site, where nobody knows which server that is.
    pub outside: usize,
}

/// What is told of a page by its path: `None` when it is no message's own, else whether the message is the user's own.
pub type MessageOf<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// Reads all pages of a site. `base` is where it will be found; without it, what its front page says of that counts.
///
/// # Errors
/// Whatever the system says of the folder or of a page.
pub fn read(
    site: &Path,
    base: Option<&str>,
    message_of: MessageOf<'_>,
    progress: &dyn Fn(usize, usize),
) -> io::Result<SiteLinks> {
    let files = files(site)?;
    let base = base.map(str::to_owned).or_else(|| declared_base(site));
    let mut reader = Reader::new(base.as_deref().unwrap_or(UNKNOWN_BASE), message_of);
    let pages: Vec<&String> = files.iter().filter(|path| is_page(path)).collect();
    for (number, path) in pages.iter().enumerate() {
        progress(number, pages.len());
        reader.read(site, path)?;
    }
    Ok(reader.judge(&files.iter().map(String::as_str).collect(), pages.len()))
}

/// The paths of all files of a site, in order, `/` between their names.
fn files(site: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(site).sort_by_file_name() {
        let entry = entry.map_err(io::Error::from)?;
        if entry.file_type().is_file()
            && let Ok(path) = entry.path().strip_prefix(site)
        {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

fn is_page(path: &str) -> bool {
    let ending = Path::new(path).extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm")
}

/// Where the front page says that it will be found.
fn declared_base(site: &Path) -> Option<String> {
    let mut base = None;
    let front = File::open(site.join("index.html")).ok()?;
    page::read(front, &mut |found| match found {
        Found::Canonical(address) => base = Some(address.trim_end_matches("index.html").to_owned()),
        Found::Address(_) | Found::Place(_) => {}
    })
    .ok()?;
    base.filter(|base| base.ends_with('/') && Url::parse(base).is_ok())
}

/// Where an address leads.
enum Leads {
    /// To a file of the site, perhaps to a place in it.
    Within(String, Option<String>),
    Away(String),
    Outside,
    /// To something that is no page: a mailbox, a telephone.
    Nothing,
}

struct Reader<'a> {
    base: &'a str,
    message_of: MessageOf<'a>,
    /// Hashes of a page's path with each of its ids: of all that is kept this is most.
    places: HashSet<u64>,
    within: BTreeMap<(String, Option<String>), LinkedAddress>,
    elsewhere: BTreeMap<String, LinkedAddress>,
    malformed: Vec<(LinkedAddress, Dead)>,
    links: usize,
    outside: usize,
}

impl<'a> Reader<'a> {
    fn new(base: &'a str, message_of: MessageOf<'a>) -> Self {
        Self {
            base,
            message_of,
            places: HashSet::new(),
            within: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            malformed: Vec::new(),
            links: 0,
            outside: 0,
        }
    }

    fn read(&mut self, site: &Path, path: &str) -> io::Result<()> {
        let message = (self.message_of)(path);
        let here = Url::parse(self.base).and_then(|base| base.join(&percent::path(path))).ok();
        page::read(File::open(site.join(path))?, &mut |found| match found {
            Found::Place(name) => _ = self.places.insert(place(path, name)),
            Found::Address(address) => {
                let leads = here.as_ref().and_then(|here| self.leads(here, address));
                self.link(path, message, address, leads);
            }
            Found::Canonical(_) => {}
        })
    }

    fn link(&mut self, page: &str, message: Option<bool>, address: &str, leads: Option<Leads>) {
        self.links += 1;
        let entry = match leads {
            Some(Leads::Within(path, place)) => {
                self.within.entry((path, place)).or_insert_with(|| LinkedAddress::new(address, page))
            }
            Some(Leads::Away(url)) => {
                self.elsewhere.entry(url.clone()).or_insert_with(|| LinkedAddress::new(&url, page))
            }
            Some(Leads::Outside) => {
                self.outside += 1;
                return;
            }
            Some(Leads::Nothing) => return,
            None => {
                let link = LinkedAddress { links: 1, ..LinkedAddress::new(address, page) };
                self.malformed.push((link, Dead::Malformed));
                return;
            }
        };
        entry.links += 1;
        entry.is_own |= message == Some(true);
        // A list shows what messages link; who wants to mend a link looks for the message.
        if message.is_some() && (self.message_of)(&entry.page).is_none() {
            page.clone_into(&mut entry.page);
        }
    }

    /// Where an address on the page `here` leads; nothing when it is none.
    fn leads(&self, here: &Url, address: &str) -> Option<Leads> {
        let mut url = here.join(address).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return Some(Leads::Nothing);
        }
        let place = url.fragment().filter(|place| !place.is_empty()).map(decoded);
        url.set_fragment(None);
        let whole = url.as_str();
        match whole.strip_prefix(self.base) {
            Some(path) => {
                let path = path.split('?').next().unwrap_or_default();
                let index = if path.is_empty() || path.ends_with('/') { "index.html" } else { "" };
                Some(Leads::Within(decoded(path) + index, place))
            }
            None if url.host_str() == Some(UNKNOWN_HOST) => Some(Leads::Outside),
            None => Some(Leads::Away(whole.to_owned())),
        }
    }

    /// What leads nowhere, now that all pages are known.
    fn judge(self, files: &HashSet<&str>, pages: usize) -> SiteLinks {
        let message_of = self.message_of;
        let mut dead = self.malformed;
        for ((path, place_in), linked) in self.within {
            if !files.contains(path.as_str()) {
                dead.push((linked, Dead::File(path)));
            } else if let Some(name) = place_in
                && is_page(&path)
                && !leads_without_id(&name)
                && !self.places.contains(&place(&path, &name))
            {
                dead.push((linked, Dead::Place(path, name)));
            }
        }
        dead = without_lists(dead, message_of);
        dead.sort_by(|(a, _), (b, _)| (&a.page, &a.address).cmp(&(&b.page, &b.address)));
        let mut elsewhere: Vec<LinkedAddress> = self.elsewhere.into_values().collect();
        elsewhere.sort_by(|a, b| (&a.page, &a.address).cmp(&(&b.page, &b.address)));
        SiteLinks { pages, links: self.links, dead, elsewhere, outside: self.outside }
    }
}

/// A list shows whole messages, with their places. What is dead on a message's own page is not told again of the list.
fn without_lists(dead: Vec<(LinkedAddress, Dead)>, message_of: MessageOf<'_>) -> Vec<(LinkedAddress, Dead)> {
    let of_message = |link: &LinkedAddress| message_of(&link.page).is_some();
    let own = dead.iter().filter(|(link, _)| of_message(link));
    let known: HashSet<String> = own.filter_map(|(_, why)| why.place().map(str::to_owned)).collect();
    let is_new =
        |link: &LinkedAddress, why: &Dead| why.place().is_none_or(|name| of_message(link) || !known.contains(name));
    dead.into_iter().filter(|(link, why)| is_new(link, why)).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `#top` is every page's beginning, and `#:~:text=` looks for words (HTML, section 7.4.6.4).
fn leads_without_id(place: &str) -> bool {
    place.eq_ignore_ascii_case("top") || place.starts_with(":~:")
}

fn place(path: &str, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (path, name).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site of these files, its base, and what of its links leads nowhere.
    fn dead(files: &[(&str, &str)], base: Option<&str>) -> (Vec<String>, SiteLinks) {
        let site = tempfile::tempdir().unwrap();
        for (path, html) in files {
            let path = site.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, html).unwrap();
        }
        let message_of = |page: &str| page.starts_with('2').then(|| page.starts_with("2026"));
        let links = read(site.path(), base, &message_of, &|_, _| {}).unwrap();
        let dead =
            links.dead.iter().map(|(link, why)| format!("{} {} {} {why:?}", link.page, link.address, link.links));
        (dead.collect(), links)
    }

    #[test]
    fn what_is_there_is_found_however_it_is_written() {
        let page = "<p id='caf\u{e9} 1'><a href='caf%C3%A9%201.html'></a><a href='../b/./caf\u{e9} 1.html#caf%C3%A9%201'></a>
            <a href='?x'></a><a href='#'></a><a href='#TOP'></a><a href='#:~:text=x'></a><a href='..'></a><a href='../?q#m'></a>
            <a href='../doc.pdf#page=3'></a><a href='mailto:a@b.example'></a><a href='tel:1'></a><a href='../a%2523b.txt'></a>";
        let files = [
            ("index.html", "<a id=m name=n href=#n></a><a href=b/caf%C3%A9%201.html></a>"),
            ("b/caf\u{e9} 1.html", page),
            ("doc.pdf", ""),
            ("a%23b.txt", ""),
        ];
        let (dead, links) = dead(&files, None);
        assert_eq!(dead, [""; 0]);
        assert_eq!((links.pages, links.links, links.outside), (2, 14, 0));
    }

    #[test]
    fn what_leads_nowhere_is_named_with_its_page() {
        let files = [
            ("index.html", "<a href=gone.html></a><a href=2026.html#x></a><img src=Pic.png><a href='#no'></a>"),
            ("2026.html", "<a href=gone.html></a><a href='#no'></a><a href='2026.html#no'></a><a href='http://['></a>"),
            ("pic.png", ""),
        ];
        let (dead, _) = dead(&files, None);
        assert_eq!(
            dead,
            [
                "2026.html #no 2 Place(\"2026.html\", \"no\")",
                "2026.html gone.html 2 File(\"gone.html\")",
                "2026.html http://[ 1 Malformed",
                "index.html 2026.html#x 1 Place(\"2026.html\", \"x\")",
                "index.html Pic.png 1 File(\"Pic.png\")",
            ]
        );
    }

    #[test]
    fn a_site_that_knows_its_address_knows_its_own_links() {
        let canonical = "<link rel=canonical href='https://a.example/blog/'>";
        let links = "<a href='https://a.example/blog/x.html'></a><a href='/about'></a><a href='/blog/'></a>
            <a href='https://b.example/y#z'></a><a href='//b.example/y'></a>";
        let index = format!("{canonical}{links}");
        let (dead_links, all) =
            dead(&[("index.html", &index), ("2027.html", "<a href='https://b.example/y'></a>")], None);
        assert_eq!(dead_links, ["index.html https://a.example/blog/x.html 1 File(\"x.html\")"]);
        let elsewhere: Vec<_> =
            all.elsewhere.iter().map(|link| (link.address.as_str(), link.page.as_str(), link.links)).collect();
        assert_eq!(elsewhere, [("https://b.example/y", "2027.html", 3), ("https://a.example/about", "index.html", 1)]);
        // Without it, what lies beside the site on its server is nobody's.
        let (_, all) = dead(&[("index.html", links)], None);
        assert_eq!((all.elsewhere.len(), all.outside), (2, 2));
        let (_, all) = dead(&[("2026.html", links)], Some("https://b.example/"));
        assert!(all.elsewhere.iter().all(|link| link.is_own));
        assert_eq!(all.dead.len(), 4, "{:?}", all.dead);
    }
}

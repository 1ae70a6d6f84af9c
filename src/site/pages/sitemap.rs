//! The sitemap (sitemaps.org protocol 0.9).
//!
//! Past ten thousand addresses it becomes an index of one part for each year, so that a new message rewrites a small file.

use std::fmt::Write;

use chrono::Datelike;

use crate::article::Moment;

use crate::site::engine::fingerprint::Hasher;
use crate::site::engine::out_path::OutPath;
use crate::site::pages::contents::Contents;
use crate::site::pages::message_digest::Digest;
use crate::site::pages::paths::{list_path, month_path, sitemap_path, year_path};

/// The most addresses in one sitemap.
const MAX: usize = 10_000;

/// The sitemaps of a site: `None` is the sitemap at its root, or the index of the others.
pub(crate) fn parts(contents: &Contents<'_>) -> Vec<Option<i32>> {
    let mut parts = vec![None];
    if is_split(contents) {
        parts.extend(contents.years().iter().map(|(year, _)| Some(*year)));
    }
    parts
}

fn is_split(contents: &Contents<'_>) -> bool {
    let years = contents.months.chunk_by(|a, b| a.year == b.year).count();
    1 + contents.cards.len() + contents.lists.count() + contents.months.len() + years + contents.tags.len() > MAX
}

/// The hash of what a part lists.
pub(crate) fn hash(contents: &Contents<'_>, part: Option<i32>) -> u64 {
    let mut hasher = Hasher::default();
    each(contents, part, |place| match place {
        Place::Message(digest) => hasher.add(&(digest.side, digest.stamp, digest.updated)),
        Place::Page(path, updated) => hasher.add(&(path, updated)),
    });
    hasher.finish()
}

/// An address that is listed, with the time of its last change where that is known.
enum Place<'a> {
    Page(&'a str, Option<i64>),
    Message(&'a Digest),
}

/// Writes a part.
pub(crate) fn render(contents: &Contents<'_>, part: Option<i32>) -> String {
    let base = contents.facts.base.as_deref().unwrap_or_default();
    let index = part.is_none() && is_split(contents);
    let (outer, inner) = if index { ("sitemapindex", "sitemap") } else { ("urlset", "url") };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{outer} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
    );
    each(contents, part, |place| {
        let (path, updated) = match place {
            Place::Page(path, updated) => (OutPath::fixed(path), updated),
            Place::Message(digest) => (contents.page_at(digest.side, digest.stamp), Some(digest.updated)),
        };
        // Writing to a String cannot fail, here and below.
        let _ = write!(xml, "<{inner}><loc>{}{}</loc>", escaped(base), path.address());
        if let Some(updated) = updated {
            let _ = write!(xml, "<lastmod>{}</lastmod>", Moment::new(updated).iso());
        }
        let _ = writeln!(xml, "</{inner}>");
    });
    let _ = writeln!(xml, "</{outer}>");
    xml
}

fn escaped(url: &str) -> String {
    url.replace('&', "&amp;").replace('\'', "&apos;")
}

/// Visits each address of a part.
fn each(contents: &Contents<'_>, part: Option<i32>, mut visit: impl FnMut(Place<'_>)) {
    let digests = |range: std::ops::Range<usize>| contents.digests.get(range).unwrap_or_default();
    if part.is_none() && is_split(contents) {
        for (year, months) in contents.years() {
            let messages = months.iter().flat_map(|month| digests(month.messages.clone()));
            let updated = messages.map(|digest| digest.updated).max();
            visit(Place::Page(sitemap_path(Some(year)).as_str(), updated));
        }
        return;
    }
    let here = |year: i32| part.is_none_or(|part| part == year);
    // What belongs to no year is listed in the part of the newest.
    let newest = contents.cards.last().map(|card| card.stamp.time().year());
    if part.is_none() || part == newest {
        let updated = contents.digests.iter().rev().take(contents.options.page_size).map(|digest| digest.updated).max();
        visit(Place::Page("", updated));
        for number in 1..=contents.lists.count() {
            visit(Place::Page(list_path(number).as_str(), None));
        }
        for tag in contents.tags.values() {
            visit(Place::Page(tag.path.as_str(), None));
        }
    }
    for (year, months) in contents.years().into_iter().filter(|(year, _)| here(*year)) {
        visit(Place::Page(year_path(year).as_str(), None));
        for month in months {
            visit(Place::Page(month_path(month.year, month.number).as_str(), None));
            for digest in digests(month.messages.clone()) {
                visit(Place::Message(digest));
            }
        }
    }
}

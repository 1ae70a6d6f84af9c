//! What should exist: every file of the site, with what it shows and its fingerprint.
//!
//! A pure function of the contents and the theme.

use rayon::prelude::*;

use crate::channel::Kind;
use crate::channel::snapshot::card::Card;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::plan::Planned;
use crate::site::pages::contents::Contents;
use crate::site::pages::page::Page;
use crate::site::pages::page_fingerprint::page_fingerprint;
use crate::site::pages::paths::{list_path, month_path, sitemap_path, year_path};
use crate::site::pages::sitemap;
use crate::site::theme::Theme;

/// Plans every file of the site with its fingerprint, in the order of the paths.
pub(crate) fn plan(contents: &Contents<'_>, theme: &Theme) -> Vec<Planned<Page>> {
    let planned = |(path, page): (OutPath, Page)| {
        let fingerprint = page_fingerprint(contents, theme, &page);
        Planned { path, fingerprint, page }
    };
    files(contents, theme).into_par_iter().with_min_len(256).map(planned).collect()
}

/// Every file of the site, in the order of the paths.
fn files(contents: &Contents<'_>, theme: &Theme) -> Vec<(OutPath, Page)> {
    let messages = contents.cards.par_iter().enumerate().with_min_len(512);
    let mut files: Vec<_> = messages.flat_map_iter(|(at, card)| files_of_message(contents, at, card)).collect();
    let mut add = |path: OutPath, page: Page| files.push((path, page));
    for number in 1..=contents.lists.count() {
        add(list_path(number), Page::List(number));
    }
    for (at, month) in contents.months.iter().enumerate() {
        add(month_path(month.year, month.number), Page::Month(at));
    }
    for (year, _) in contents.years() {
        add(year_path(year), Page::Year(year));
    }
    for tag in contents.tags.values() {
        add(tag.path.clone(), Page::Tag(tag.name.clone()));
    }
    if !contents.tags.is_empty() {
        add(OutPath::fixed("tag/index.html"), Page::Tags);
    }
    add_rest(contents, theme, &mut add);
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    // A theme may bring a file of the icon's name; what the theme brings was added first and stays.
    files.dedup_by(|(later, _), (earlier, _)| later == earlier);
    files
}

fn files_of_message(contents: &Contents<'_>, at: usize, card: &Card) -> impl Iterator<Item = (OutPath, Page)> {
    let page = (contents.page_of(card), Page::Message(at));
    let published = if card.attachments.is_empty() { Vec::new() } else { contents.published(card) };
    let attachments = published.into_iter().enumerate();
    let attachments = attachments.map(move |(number, file)| (file.path, Page::Attachment(at, number)));
    let text = card.is_cut.then(|| (contents.text_at(card), Page::Text(at)));
    std::iter::once(page).chain(attachments).chain(text)
}

fn add_rest(contents: &Contents<'_>, theme: &Theme, add: &mut impl FnMut(OutPath, Page)) {
    let fixed = [
        ("index.html", Page::Index),
        ("404.html", Page::Missing),
        ("atom.xml", Page::Atom),
        ("feed.json", Page::Json),
        ("robots.txt", Page::Robots),
    ];
    for (path, page) in fixed {
        add(OutPath::fixed(path), page);
    }
    for asset in theme.assets() {
        add(OutPath::fixed(format!("assets/{asset}")), Page::Asset(asset.to_owned()));
    }
    if let Some(icon) = &contents.icon {
        add(icon.path.clone(), Page::Icon);
    }
    if contents.facts.base.is_some() && contents.facts.kind != Kind::Message {
        for part in sitemap::parts(contents) {
            add(sitemap_path(part), Page::Sitemap(part));
        }
    }
}

//! From views to bytes: the templates are called here.
//!
//! A template sees a view, the texts that the view names, and nothing else.

use std::sync::Arc;

use serde::Serialize;
use tera::{Context, Tera, Value};

use crate::article::{self, Link, Tag, label};
use crate::channel::snapshot::card::Card;
use crate::markdown::ROOT;

use crate::site::engine::out_path::OutPath;
use crate::site::error::SiteError;
use crate::site::pages::contents::Contents;
use crate::site::pages::converted_message::{ConvertedMessage, fitting};
use crate::site::pages::message_view::{Neighbour, Row};
use crate::site::pages::paths::{list_path, month_path, year_path};
use crate::site::pages::template_context;
use crate::site::pages::template_context::{Head, Policy, Site};
use crate::site::theme::Theme;

/// Renders the pages of one site.
pub(crate) struct Renderer<'a> {
    contents: &'a Contents<'a>,
    theme: &'a Theme,
    tera: Tera,
    site: Value,
}

impl<'a> Renderer<'a> {
    /// Parses the theme for a site.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn new(contents: &'a Contents<'a>, theme: &'a Theme) -> Result<Self, SiteError> {
        let tera = theme.parse()?;
        let site = Value::from_serializable(&Site::new(&contents.facts));
        Ok(Self { contents, theme, tera, site })
    }

    /// A message's own page.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn message(&self, ready: &ConvertedMessage) -> Result<Vec<u8>, SiteError> {
        let contents = self.contents;
        let Some(card) = self.card(ready.at) else {
            return Ok(Vec::new());
        };
        let path = contents.page_of(card);
        let root = path.root();
        let title = label(card);
        let mut head = self.head("message", Some(title), Some(path.address()));
        head.description = Some(card.excerpt.clone()).filter(|excerpt| !excerpt.is_empty());
        head.image =
            contents.facts.base.as_deref().and_then(|base| template_context::social_picture(&ready.published, base));
        head.policy = Policy::for_texts([&ready.rendered]);
        let near = |at: Option<usize>| contents.near(self.card(at?).map(|card| Neighbour::from_card(card)));
        let mut page = self.context(&root, &head);
        page.insert_value("m", ready.value.clone());
        page.insert("previous", &near(ready.at.checked_sub(1)));
        page.insert("next", &near(Some(ready.at + 1)));
        page.insert("month", &month_of(card));
        self.render("message.html", &page, &root)
    }

    /// A list page, its messages given newest first.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn list(&self, number: usize, ready: &[&ConvertedMessage]) -> Result<Vec<u8>, SiteError> {
        let path = list_path(number);
        let mut head = self.head("list", Some(format!("Page {number}")), Some(path.address()));
        head.policy = Policy::for_texts(ready.iter().map(|ready| &ready.rendered));
        let link = |number: usize| list_path(number).address();
        let count = self.contents.lists.count();
        let mut page = self.context(&path.root(), &head);
        page.insert("number", &number);
        page.insert_value("messages", self.values(ready));
        page.insert("newer", &(number < count).then(|| link(number + 1)));
        page.insert("older", &(number > 1).then(|| link(number - 1)));
        self.render("list.html", &page, &path.root())
    }

    /// The front page, its messages given newest first.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn index(&self, ready: &[&ConvertedMessage]) -> Result<Vec<u8>, SiteError> {
        let mut head = self.head("index", None, Some(String::new()));
        head.description.clone_from(&self.contents.facts.description);
        head.policy = Policy::for_texts(ready.iter().map(|ready| &ready.rendered));
        let mut page = self.context("", &head);
        page.insert_value("messages", self.values(ready));
        page.insert("older", &self.contents.lists.behind_front().map(|number| list_path(number).address()));
        page.insert("months", &self.years());
        self.render("index.html", &page, "")
    }

    /// The page of the month at a position.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn month(&self, at: usize) -> Result<Vec<u8>, SiteError> {
        let months = &self.contents.months;
        let Some(month) = months.get(at) else {
            return Ok(Vec::new());
        };
        let path = month_path(month.year, month.number);
        let heading = month.name();
        let link =
            |at: Option<usize>| at.and_then(|at| months.get(at)).map(|month| month_link(month.year, month.number));
        let head = self.head("month", Some(heading.clone()), Some(path.address()));
        let mut page = self.context(&path.root(), &head);
        page.insert("heading", &heading);
        page.insert("year", &year_link(month.year));
        page.insert("rows", &self.rows(month.messages.clone().rev()));
        page.insert("previous", &link(at.checked_sub(1)));
        page.insert("next", &link(Some(at + 1)));
        self.render("month.html", &page, "")
    }

    /// The page of a year.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn year(&self, year: i32) -> Result<Vec<u8>, SiteError> {
        #[derive(Serialize)]
        struct Month {
            name: &'static str,
            url: String,
            count: usize,
        }
        let months: Vec<Month> = self
            .contents
            .months
            .iter()
            .filter(|month| month.year == year)
            .map(|month| Month {
                name: article::month(month.number),
                url: month_path(month.year, month.number).address(),
                count: month.messages.len(),
            })
            .collect();
        let years: Vec<i32> = self.contents.years().iter().map(|(year, _)| *year).collect();
        let at = years.iter().position(|other| *other == year).unwrap_or_default();
        let link = |at: Option<usize>| at.and_then(|at| years.get(at)).map(|year| year_link(*year));
        let path = year_path(year);
        let head = self.head("year", Some(year.to_string()), Some(path.address()));
        let mut page = self.context(&path.root(), &head);
        page.insert("heading", &year.to_string());
        page.insert("months", &months);
        page.insert("previous", &link(at.checked_sub(1)));
        page.insert("next", &link(Some(at + 1)));
        self.render("year.html", &page, "")
    }

    /// The page of a tag.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn tag(&self, name: &str) -> Result<Vec<u8>, SiteError> {
        let Some(tag) = self.contents.tags.get(name) else {
            return Ok(Vec::new());
        };
        let head = self.head("tag", Some(format!("#{}", tag.label)), Some(tag.path.address()));
        let mut page = self.context(&tag.path.root(), &head);
        page.insert("tag", &tag.label);
        page.insert("rows", &self.rows(tag.messages.iter().rev().copied()));
        self.render("tag.html", &page, "")
    }

    /// The list of tags.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn tags(&self, path: &OutPath) -> Result<Vec<u8>, SiteError> {
        let tags: Vec<Tag<'_>> =
            self.contents.tags.values().map(|tag| Tag { name: &tag.label, url: tag.path.address() }).collect();
        let head = self.head("tags", Some("Tags".to_owned()), Some(path.address()));
        let mut page = self.context(&path.root(), &head);
        page.insert("tags", &tags);
        self.render("tags.html", &page, "")
    }

    /// The page for addresses that lead nowhere. It is served at any depth, so its links start at the server's root
    /// where the base URL tells where that is.
    ///
    /// # Errors
    /// [`SiteError::Template`].
    pub(crate) fn missing(&self) -> Result<Vec<u8>, SiteError> {
        let root = self.contents.options.base_url.as_ref().map_or("", |url| url.path());
        let head = self.head("missing", Some("Not found".to_owned()), None);
        let page = self.context(root, &head);
        self.render("404.html", &page, "")
    }

    /// Messages that a page shows together.
    fn values(&self, ready: &[&ConvertedMessage]) -> Value {
        let value = |(ready, is_whole): (&ConvertedMessage, bool)| {
            if is_whole { ready.value.clone() } else { ready.brief(self.contents) }
        };
        Value::from(fitting(ready.iter().copied()).map(value).collect::<Vec<_>>())
    }

    fn card(&self, at: usize) -> Option<&'a Arc<Card>> {
        self.contents.cards.get(at)
    }

    fn context(&self, root: &str, head: &Head) -> Context {
        let mut context = Context::new();
        context.insert("root", root);
        context.insert("page", head);
        context.insert_value("site", self.site.clone());
        context
    }

    fn head(&self, kind: &'static str, title: Option<String>, address: Option<String>) -> Head {
        let facts = &self.contents.facts;
        Head {
            kind,
            title: title.map_or_else(|| facts.title.clone(), |title| format!("{title} — {}", facts.title)),
            description: None,
            canonical: facts.base.as_ref().zip(address).map(|(base, address)| format!("{base}{address}")),
            image: None,
            feed_title: facts.title.clone(),
            policy: Policy::default(),
        }
    }

    fn rows(&self, positions: impl Iterator<Item = usize>) -> Vec<template_context::Line<'_>> {
        positions
            .filter_map(|at| self.card(at).map(|card| Row::from_card(card)))
            .map(|row| self.contents.line(&row))
            .collect()
    }

    fn years(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Month {
            name: &'static str,
            url: String,
        }
        #[derive(Serialize)]
        struct Year {
            #[serde(rename = "year")]
            number: i32,
            url: String,
            months: Vec<Month>,
        }
        let month = |month: &crate::site::pages::archive::Month| Month {
            name: article::month(month.number),
            url: month_path(month.year, month.number).address(),
        };
        let years = self.contents.years().into_iter().rev();
        years
            .map(|(year, months)| Year {
                number: year,
                url: year_path(year).address(),
                months: months.iter().rev().map(month).collect(),
            })
            .collect::<Vec<_>>()
    }

    /// Renders a page; `root` is what the links in texts begin with on it.
    fn render(&self, template: &str, context: &Context, root: &str) -> Result<Vec<u8>, SiteError> {
        let mut bytes = Vec::with_capacity(8 << 10);
        self.tera.render_to(template, context, &mut bytes).map_err(|error| self.theme.explain(&error))?;
        Ok(rooted(bytes, root))
    }
}

/// Puts the way to the site's root where texts bear its mark.
fn rooted(page: Vec<u8>, root: &str) -> Vec<u8> {
    let Some(first) = memchr::memchr(MARK, &page) else {
        return page;
    };
    let mut out = Vec::with_capacity(page.len() + 256);
    let mut from = 0;
    for at in std::iter::once(first).chain(memchr::memchr_iter(MARK, &page).skip(1)) {
        out.extend_from_slice(page.get(from..at).unwrap_or_default());
        out.extend_from_slice(root.as_bytes());
        from = at + 1;
    }
    out.extend_from_slice(page.get(from..).unwrap_or_default());
    out
}

/// The mark as a byte.
const MARK: u8 = ROOT as u8;

/// The month in which a message was written.
fn month_of(card: &Card) -> Link {
    use chrono::Datelike;
    let time = card.stamp.time();
    month_link(time.year(), time.month())
}

fn month_link(year: i32, month: u32) -> Link {
    Link { label: format!("{} {year}", article::month(month)), url: month_path(year, month).address() }
}

fn year_link(year: i32) -> Link {
    Link { label: year.to_string(), url: year_path(year).address() }
}

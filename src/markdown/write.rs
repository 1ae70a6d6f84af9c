//! From Markdown's events to HTML: running text, lists, tables and code.
//!
//! Links, images, headings, code, tables, footnotes and raw HTML have files of their own; this one walks the events and
//! calls them.

use std::borrow::Cow;
use std::fmt::Write;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::alerts;
use super::code_blocks::CodeBlocks;
use super::footnotes::Footnotes;
use super::heading::Headings;
use super::html_parts::HtmlParts;
use super::images::Images;
use super::link::{Destination, LinkContext, LinkJudge};
use super::raw_html::{Needs, Surroundings};
use super::reading::read;
use super::references::References;
use super::running_text::{Mark, marks};
use super::table::Table;
use super::tags::normal_tag;
use super::{bounds, math, media};
use crate::markdown::html_text::{ROOT, push_text};
use crate::markdown::rules::{RawHtml, Rules};

/// A rendered text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// HTML with [`ROOT`] before each site-relative link.
    pub html: String,
    /// The first-line heading that was left out of it, without its element: links, emphasis, code and footnote marks.
    pub title: String,
    /// The numbers ([`crate::markdown::Target`]) of the attachments that the text itself shows or links.
    pub shown: Vec<usize>,
    /// What its HTML needs of the policy of its page.
    pub needs: Needs,
}

/// Renders a message's text, without its header.
///
/// `skip_title` leaves out a first-line heading, which the page shows in its own place. What goes beyond the limits of what is
/// read as Markdown is shown as plain text, cut to 64 KiB.
pub fn render(text: &str, skip_title: bool, rules: Rules, around: &dyn LinkContext) -> Rendered {
    let judge = LinkJudge { rules, around };
    let read = read(
        text,
        rules.dialect,
        || Writer::new(judge, skip_title),
        |writer, event, _| {
            writer.take(event);
            Some(())
        },
    );
    if read.made.as_ref().is_some_and(Writer::is_too_dear_to_clean) {
        return render(text, skip_title, Rules { raw_html: RawHtml::Text, ..rules }, around);
    }
    let mut rendered = read.made.map(Writer::finish).unwrap_or_default();
    let rest = read.extent.rest(text);
    if !rest.trim().is_empty() {
        push_plain(&mut rendered.html, &rest);
    }
    rendered
}

fn push_plain(html: &mut String, text: &str) {
    let end = text.floor_char_boundary(bounds::MAX_PLAIN);
    html.push_str("<pre class=\"plain\" tabindex=\"0\">");
    push_text(html, text.get(..end).unwrap_or_default());
    html.push_str("</pre>\n");
    if end < text.len() {
        html.push_str("<p class=\"missing\">The text goes on; this page shows its beginning.</p>\n");
    }
}

struct Writer<'a> {
    judge: LinkJudge<'a>,
    html: String,
    /// The last character before the next text, where a hashtag could not begin behind it.
    last: Option<char>,
    references: References,
    headings: Headings,
    images: Images,
    code: CodeBlocks,
    table: Table,
    footnotes: Footnotes,
    html_parts: HtmlParts,
}

impl<'a> Writer<'a> {
    fn new(judge: LinkJudge<'a>, has_title: bool) -> Self {
        Self {
            judge,
            html: String::new(),
            last: None,
            references: References::default(),
            headings: Headings::new(has_title),
            images: Images::default(),
            code: CodeBlocks::new(judge.rules),
            table: Table::default(),
            footnotes: Footnotes::default(),
            html_parts: HtmlParts::default(),
        }
    }

    /// Writes one event.
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(end) => self.close(end),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.inline_code(&text),
            Event::InlineMath(formula) => self.formula(&formula, false),
            Event::DisplayMath(formula) => self.formula(&formula, true),
            Event::Html(html) | Event::InlineHtml(html) => self.raw(&html),
            Event::SoftBreak => self.line_end("\n"),
            Event::HardBreak => self.line_end("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.task(done),
            // A description shows no mark.
            Event::FootnoteReference(_) if self.images.is_open() => {}
            Event::FootnoteReference(label) => {
                self.footnotes.push_mark(&mut self.html, self.judge.around.anchor(), &label);
            }
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        self.last = None;
        match tag {
            Tag::Paragraph => self.images.open_paragraph(&mut self.html),
            Tag::Heading { .. } => self.headings.open(&self.html),
            Tag::BlockQuote(kind) => alerts::open(&mut self.html, kind),
            Tag::CodeBlock(kind) => self.code.open(&kind),
            Tag::List(None) => self.html.push_str("<ul>\n"),
            Tag::List(Some(1)) => self.html.push_str("<ol>\n"),
            Tag::List(Some(start)) => {
                let _ = writeln!(self.html, "<ol start=\"{start}\">");
            }
            Tag::Item => self.html.push_str("<li>"),
            Tag::FootnoteDefinition(label) => self.footnotes.open(&mut self.html, label.into_string()),
            Tag::Table(columns) => self.table.open(&mut self.html, columns),
            Tag::TableHead => self.table.open_row(&mut self.html, true),
            Tag::TableRow => self.table.open_row(&mut self.html, false),
            Tag::TableCell => self.table.open_cell(&mut self.html),
            Tag::Emphasis => self.html.push_str("<em>"),
            Tag::Strong => self.html.push_str("<strong>"),
            Tag::Strikethrough => self.html.push_str("<del>"),
            Tag::Superscript => self.html.push_str("<sup>"),
            Tag::Subscript => self.html.push_str("<sub>"),
            Tag::DefinitionList => self.html.push_str("<dl>\n"),
            Tag::DefinitionListTitle => self.html.push_str("<dt>"),
            Tag::DefinitionListDefinition => self.html.push_str("<dd>"),
            Tag::Link { link_type, dest_url, title, .. } => self.open_link(link_type, &dest_url, &title),
            Tag::Image { dest_url, title, .. } => {
                self.images.open(&self.html, dest_url.into_string(), title.into_string());
            }
            // The rest is either raw HTML, whose text comes as its own events, or not enabled.
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        self.last = None;
        match end {
            TagEnd::Paragraph => self.images.close_paragraph(&mut self.html),
            TagEnd::Heading(at) => self.headings.close(&mut self.html, at, self.judge.around.anchor()),
            TagEnd::BlockQuote(_) => self.html.push_str("</blockquote>\n"),
            TagEnd::CodeBlock => self.code.close(&mut self.html),
            TagEnd::List(ordered) => self.html.push_str(if ordered { "</ol>\n" } else { "</ul>\n" }),
            TagEnd::Item => self.html.push_str("</li>\n"),
            TagEnd::FootnoteDefinition => self.footnotes.close(&mut self.html),
            TagEnd::Table => self.table.close(&mut self.html),
            TagEnd::TableHead => Table::close_head(&mut self.html),
            TagEnd::TableRow => self.html.push_str("</tr>\n"),
            TagEnd::TableCell => self.table.close_cell(&mut self.html),
            TagEnd::Emphasis => self.html.push_str("</em>"),
            TagEnd::Strong => self.html.push_str("</strong>"),
            TagEnd::Strikethrough => self.html.push_str("</del>"),
            TagEnd::Superscript => self.html.push_str("</sup>"),
            TagEnd::Subscript => self.html.push_str("</sub>"),
            TagEnd::DefinitionList => self.html.push_str("</dl>\n"),
            TagEnd::DefinitionListTitle => self.html.push_str("</dt>\n"),
            TagEnd::DefinitionListDefinition => self.html.push_str("</dd>\n"),
            TagEnd::Link => self.references.close(&mut self.html),
            TagEnd::Image => self.close_image(),
            _ => {}
        }
    }

    fn raw(&mut self, html: &str) {
        let Self { judge, headings, references, .. } = self;
        let mut around = Surroundings { judge: *judge, anchors: headings.anchors(), references };
        self.html_parts.push(&mut self.html, html, &mut around);
    }

    fn open_link(&mut self, kind: LinkType, address: &str, title: &str) {
        if matches!(kind, LinkType::WikiLink { .. }) {
            self.references.open_titled(&mut self.html, address, self.judge);
            return;
        }
        // `<ada@example.org>` (CommonMark, section 6.5).
        let address = if kind == LinkType::Email { Cow::Owned(format!("mailto:{address}")) } else { address.into() };
        self.references.open(&mut self.html, &address, title, self.judge);
    }

    fn text(&mut self, text: &str) {
        if self.code.gather(text) {
            return;
        }
        self.gather(text);
        let is_plain = self.references.is_open() || self.images.is_open() || self.headings.is_in_title();
        if is_plain {
            push_text(&mut self.html, text);
        } else {
            self.running_text(text);
        }
        self.last = text.chars().next_back();
    }

    /// Text that belongs to a heading's id or a picture's description as well.
    fn gather(&mut self, text: &str) {
        if !self.images.describe(text) {
            self.headings.gather(text);
        }
    }

    fn running_text(&mut self, text: &str) {
        let mut written = 0;
        for mark in marks(text, self.last) {
            let range = mark.range();
            let word = text.get(range.clone()).unwrap_or_default();
            let before = text.get(written..range.start).unwrap_or_default();
            let is_linked = match mark {
                Mark::Tag(_) => self.tag(before, word),
                Mark::Link(link) => self.bare_link(before, word, &link.address),
            };
            if is_linked {
                written = range.end;
            }
        }
        push_text(&mut self.html, text.get(written..).unwrap_or_default());
    }

    /// Writes a tag as a link, with the text before it, if it has a page.
    fn tag(&mut self, before: &str, word: &str) -> bool {
        let Some(address) = normal_tag(word).and_then(|tag| self.judge.around.tag(&tag)) else {
            return false;
        };
        push_text(&mut self.html, before);
        self.html.push_str("<a class=\"tag p-category\" rel=\"tag\" href=\"");
        media::push_address(&mut self.html, &format!("{ROOT}{address}"));
        self.html.push_str("\">");
        push_text(&mut self.html, word);
        self.html.push_str("</a>");
        true
    }

    /// Writes a bare address as a link, with the text before it, if it may be followed.
    fn bare_link(&mut self, before: &str, word: &str, address: &str) -> bool {
        if self.judge.destination(address) == Destination::Nowhere {
            return false;
        }
        push_text(&mut self.html, before);
        self.references.open(&mut self.html, address, "", self.judge);
        push_text(&mut self.html, word);
        self.references.close(&mut self.html);
        true
    }

    fn inline_code(&mut self, text: &str) {
        self.gather(text);
        self.html.push_str("<code>");
        push_text(&mut self.html, text);
        self.html.push_str("</code>");
        self.last = Some('`');
    }

    fn formula(&mut self, formula: &str, is_block: bool) {
        self.gather(formula);
        math::push(&mut self.html, formula, is_block);
        self.last = Some('$');
    }

    fn line_end(&mut self, html: &str) {
        self.gather(" ");
        self.html.push_str(html);
        self.last = None;
    }

    fn task(&mut self, done: bool) {
        if let Some(at) = self.html.rfind("<li>") {
            self.html.replace_range(at..at + 4, "<li class=\"task\">");
        }
        let (label, checked) = if done { ("done", " checked") } else { ("to do", "") };
        let _ = write!(self.html, "<input type=\"checkbox\" disabled{checked} aria-label=\"{label}\"> ");
    }

    fn close_image(&mut self) {
        if let Some(attachment) = self.images.close(&mut self.html, self.judge) {
            self.references.note(attachment);
        }
    }

    /// Whether somebody else's HTML in it is such that reading it as browsers do could take endless time.
    fn is_too_dear_to_clean(&self) -> bool {
        self.html_parts.is_too_dear_to_clean(&self.html)
    }

    fn finish(mut self) -> Rendered {
        let prefix = self.judge.around.anchor();
        self.footnotes.push_list(&mut self.html, prefix);
        let contents = if self.judge.rules.contents { self.headings.contents(prefix) } else { String::new() };
        Rendered {
            html: self.html_parts.clean(contents + &self.html, prefix),
            title: self.html_parts.clean(self.headings.into_title(), prefix),
            shown: self.references.into_shown(),
            needs: self.html_parts.into_needs(),
        }
    }
}

//! From Markdown's events to HTML: running text, lists, tables and code.
//!
//! Links, images, headings, code, tables, footnotes and raw HTML have files of their own; this one walks the events and
//! calls them.

use std::fmt::Write;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::code_blocks::CodeBlocks;
use super::footnotes::Footnotes;
use super::heading::Headings;
use super::html_parts::HtmlParts;
use super::images::Images;
use super::link::{LinkContext, LinkJudge};
use super::references::References;
use super::table::Table;
use super::tags::{hashtags, normal_tag};
use super::{bounds, media};
use crate::markdown::events::for_each_event;
use crate::markdown::html_text::{ROOT, push_text};
use crate::markdown::rules::Rules;

/// A rendered text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// HTML with [`ROOT`] before each site-relative link.
    pub html: String,
    /// The numbers ([`crate::markdown::Target`]) of the attachments that the text itself shows or links.
    pub shown: Vec<usize>,
}

/// Renders a message's text, without its header.
///
/// `skip_title` leaves out a first-line heading, which the page shows in its own place. A text that costs too much to
/// read as Markdown is shown as plain text, cut to 64 KiB.
pub fn render(text: &str, skip_title: bool, rules: Rules, around: &dyn LinkContext) -> Rendered {
    if !bounds::affordable(text) {
        return plain(text);
    }
    let whole = whole(text, skip_title, rules, around);
    if whole.as_ref().is_some_and(Writer::is_too_dear_to_clean) {
        return render(text, skip_title, Rules { raw_html: false, ..rules }, around);
    }
    whole.map_or_else(|| plain(text), Writer::finish)
}

/// All of a text, written; `None` when it costs too much.
fn whole<'a>(text: &str, skip_title: bool, rules: Rules, around: &'a dyn LinkContext) -> Option<Writer<'a>> {
    let mut writer = Writer::new(LinkJudge { rules, around });
    let mut meter = bounds::Meter::new(text);
    let mut skipping = skip_title;
    for_each_event(text, |event| {
        meter.spend(&event)?;
        if skipping {
            skipping = !matches!(event, Event::End(TagEnd::Heading(_)));
            return Some(());
        }
        writer.take(event);
        Some(())
    })?;
    Some(writer)
}

fn plain(text: &str) -> Rendered {
    let mut end = text.len().min(bounds::MAX_PLAIN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut html = String::from("<pre class=\"plain\" tabindex=\"0\">");
    push_text(&mut html, text.get(..end).unwrap_or_default());
    html.push_str("</pre>\n");
    if end < text.len() {
        html.push_str("<p class=\"missing\">The text goes on; this page shows its beginning.</p>\n");
    }
    Rendered { html, ..Rendered::default() }
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
    fn new(judge: LinkJudge<'a>) -> Self {
        Self {
            judge,
            html: String::new(),
            last: None,
            references: References::default(),
            headings: Headings::new(),
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
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.inline_code(&text),
            Event::Html(html) => self.html_parts.gather_or_push(&mut self.html, &html, self.judge),
            Event::InlineHtml(html) => self.html_parts.push(&mut self.html, &html, self.judge),
            Event::SoftBreak => self.line_end("\n"),
            Event::HardBreak => self.line_end("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.task(done),
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
            Tag::BlockQuote(_) => self.html.push_str("<blockquote>\n"),
            Tag::CodeBlock(kind) => self.code.open(&kind),
            Tag::List(None) => self.html.push_str("<ul>\n"),
            Tag::List(Some(1)) => self.html.push_str("<ol>\n"),
            Tag::List(Some(start)) => {
                let _ = writeln!(self.html, "<ol start=\"{start}\">");
            }
            Tag::Item => self.html.push_str("<li>"),
            Tag::FootnoteDefinition(label) => self.footnotes.open(&mut self.html, label.into_string()),
            Tag::Table(columns) => self.table.open(&mut self.html, columns),
            Tag::HtmlBlock => self.html_parts.open_block(),
            Tag::TableHead => self.table.open_row(&mut self.html, true),
            Tag::TableRow => self.table.open_row(&mut self.html, false),
            Tag::TableCell => self.table.open_cell(&mut self.html),
            Tag::Emphasis => self.html.push_str("<em>"),
            Tag::Strong => self.html.push_str("<strong>"),
            Tag::Strikethrough => self.html.push_str("<del>"),
            Tag::Link { dest_url, .. } => self.references.open(&mut self.html, &dest_url, self.judge),
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
            TagEnd::HtmlBlock => self.html_parts.close_block(&mut self.html, self.judge),
            TagEnd::Table => Table::close(&mut self.html),
            TagEnd::TableHead => self.table.close_head(&mut self.html),
            TagEnd::TableRow => self.html.push_str("</tr>\n"),
            TagEnd::TableCell => self.table.close_cell(&mut self.html),
            TagEnd::Emphasis => self.html.push_str("</em>"),
            TagEnd::Strong => self.html.push_str("</strong>"),
            TagEnd::Strikethrough => self.html.push_str("</del>"),
            TagEnd::Link => self.references.close(&mut self.html),
            TagEnd::Image => self.close_image(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.code.gather(text) {
            return;
        }
        self.gather(text);
        if self.references.is_open() || self.images.is_open() || !text.contains('#') {
            push_text(&mut self.html, text);
        } else {
            self.text_with_tags(text);
        }
        self.last = text.chars().next_back();
    }

    /// Text that belongs to a heading's id or a picture's description as well.
    fn gather(&mut self, text: &str) {
        if !self.images.describe(text) {
            self.headings.gather(text);
        }
    }

    fn text_with_tags(&mut self, text: &str) {
        let mut written = 0;
        for range in hashtags(text, self.last) {
            let word = text.get(range.clone()).unwrap_or_default();
            let Some(address) = normal_tag(word).and_then(|tag| self.judge.around.tag(&tag)) else {
                continue;
            };
            push_text(&mut self.html, text.get(written..range.start).unwrap_or_default());
            self.html.push_str("<a class=\"tag p-category\" rel=\"tag\" href=\"");
            media::push_address(&mut self.html, &format!("{ROOT}{address}"));
            self.html.push_str("\">");
            push_text(&mut self.html, word);
            self.html.push_str("</a>");
            written = range.end;
        }
        push_text(&mut self.html, text.get(written..).unwrap_or_default());
    }

    fn inline_code(&mut self, text: &str) {
        self.gather(text);
        self.html.push_str("<code>");
        push_text(&mut self.html, text);
        self.html.push_str("</code>");
        self.last = Some('`');
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
        let anchor = self.judge.around.anchor();
        self.footnotes.push_list(&mut self.html, anchor);
        let html = self.html_parts.clean(self.html, anchor);
        Rendered { html, shown: self.references.into_shown() }
    }
}

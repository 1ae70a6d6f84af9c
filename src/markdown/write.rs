//! From Markdown's events to HTML: running text, lists, tables and code.
//!
//! Links, media, headings, footnotes and raw HTML have files of their own; this one walks the events and calls them.

use std::fmt::Write;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::footnotes::Footnotes;
use super::heading::{Anchors, level};
use super::highlight::Colours;
use super::link::{Destination, LinkContext, judge};
use super::table::Table;
use super::tags::{hashtags, normal_tag};
use super::{bounds, media, raw, sanitize};
use crate::markdown::events::for_each_event;
use crate::markdown::html_text::{ROOT, push_text};
use crate::markdown::rules::{Rules, Trust};

/// A rendered text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// HTML with [`ROOT`] before each site-relative link.
    pub html: String,
    /// The numbers ([`crate::markdown::Target`]) of the attachments that the text itself shows or links.
    pub shown: Vec<usize>,
    /// Whether code in it is shown without colours because they took too long.
    pub is_late: bool,
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
    let mut writer = Writer::new(rules, around);
    let mut meter = bounds::Meter::new(text);
    let mut skipping = skip_title;
    for_each_event(text, |event| {
        meter.spend(&event)?;
        if skipping {
            skipping = !matches!(event, Event::End(TagEnd::Heading(_)));
            return Some(());
        }
        writer.take(event)
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

/// A heading or image whose text is gathered before it can be written.
#[derive(Default)]
struct Gathered {
    start: usize,
    text: String,
}

/// An image that may turn out to be alone in its paragraph.
struct Lone {
    paragraph: usize,
    image: std::ops::Range<usize>,
    caption: String,
}

struct Writer<'a> {
    rules: Rules,
    around: &'a dyn LinkContext,
    html: String,
    shown: Vec<usize>,
    /// The HTML of somebody else's that is in the text.
    foreign: Option<String>,
    depth: usize,
    last: Option<char>,
    links: Vec<&'static str>,
    heading: Option<Gathered>,
    level: u8,
    images: Vec<(String, String, Gathered)>,
    pictures: usize,
    paragraph: usize,
    lone: Option<Lone>,
    block: Option<String>,
    code: Option<(String, String)>,
    colours: Colours,
    table: Table,
    anchors: Anchors,
    footnotes: Footnotes,
    outside: Vec<(String, String)>,
}

impl<'a> Writer<'a> {
    fn new(rules: Rules, around: &'a dyn LinkContext) -> Self {
        Self {
            rules,
            around,
            html: String::new(),
            shown: Vec::new(),
            foreign: None,
            depth: 0,
            last: None,
            links: Vec::new(),
            heading: None,
            level: 1,
            images: Vec::new(),
            pictures: 0,
            paragraph: 0,
            lone: None,
            block: None,
            code: None,
            colours: Colours::new(rules.trust),
            table: Table::default(),
            anchors: Anchors::default(),
            footnotes: Footnotes::default(),
            outside: Vec::new(),
        }
    }

    /// Writes one event; `None` when the text costs too much.
    fn take(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                self.open(tag);
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                self.close(end);
            }
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.inline_code(&text),
            Event::Html(html) => match &mut self.block {
                Some(block) => block.push_str(&html),
                None => self.raw(&html),
            },
            Event::InlineHtml(html) => self.raw(&html),
            Event::SoftBreak => self.line_end("\n"),
            Event::HardBreak => self.line_end("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.task(done),
            Event::FootnoteReference(label) => self.footnotes.push_mark(&mut self.html, self.around.anchor(), &label),
        }
        (self.depth <= bounds::MAX_DEPTH).then_some(())
    }

    fn open(&mut self, tag: Tag<'_>) {
        self.last = None;
        match tag {
            Tag::Paragraph => {
                self.paragraph = self.html.len();
                self.html.push_str("<p>");
            }
            Tag::Heading { .. } => self.heading = Some(Gathered { start: self.html.len(), text: String::new() }),
            Tag::BlockQuote(_) => self.html.push_str("<blockquote>\n"),
            Tag::CodeBlock(kind) => self.code = Some((language(&kind), String::new())),
            Tag::List(None) => self.html.push_str("<ul>\n"),
            Tag::List(Some(1)) => self.html.push_str("<ol>\n"),
            Tag::List(Some(start)) => {
                let _ = writeln!(self.html, "<ol start=\"{start}\">");
            }
            Tag::Item => self.html.push_str("<li>"),
            Tag::FootnoteDefinition(label) => {
                self.outside.push((label.into_string(), std::mem::take(&mut self.html)));
            }
            Tag::Table(columns) => self.table.open(&mut self.html, columns),
            Tag::HtmlBlock => self.block = Some(String::new()),
            Tag::TableHead => self.table.open_row(&mut self.html, true),
            Tag::TableRow => self.table.open_row(&mut self.html, false),
            Tag::TableCell => self.table.open_cell(&mut self.html),
            Tag::Emphasis => self.html.push_str("<em>"),
            Tag::Strong => self.html.push_str("<strong>"),
            Tag::Strikethrough => self.html.push_str("<del>"),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            Tag::Image { dest_url, title, .. } => {
                let gathered = Gathered { start: self.html.len(), text: String::new() };
                self.images.push((dest_url.into_string(), title.into_string(), gathered));
            }
            // The rest is either raw HTML, whose text comes as its own events, or not enabled.
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        self.last = None;
        match end {
            TagEnd::Paragraph => self.close_paragraph(),
            TagEnd::Heading(at) => {
                self.level = level(at, self.level);
                self.close_heading(self.level);
            }
            TagEnd::BlockQuote(_) => self.html.push_str("</blockquote>\n"),
            TagEnd::CodeBlock => self.close_code(),
            TagEnd::List(ordered) => self.html.push_str(if ordered { "</ol>\n" } else { "</ul>\n" }),
            TagEnd::Item => self.html.push_str("</li>\n"),
            TagEnd::FootnoteDefinition => self.close_note(),
            TagEnd::HtmlBlock => {
                if let Some(block) = self.block.take() {
                    self.raw(&block);
                }
            }
            TagEnd::Table => Table::close(&mut self.html),
            TagEnd::TableHead => self.table.close_head(&mut self.html),
            TagEnd::TableRow => self.html.push_str("</tr>\n"),
            TagEnd::TableCell => self.table.close_cell(&mut self.html),
            TagEnd::Emphasis => self.html.push_str("</em>"),
            TagEnd::Strong => self.html.push_str("</strong>"),
            TagEnd::Strikethrough => self.html.push_str("</del>"),
            TagEnd::Link => self.html.push_str(self.links.pop().unwrap_or("</a>")),
            TagEnd::Image => self.close_image(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        self.gather(text);
        if !self.links.is_empty() || !self.images.is_empty() || !text.contains('#') {
            push_text(&mut self.html, text);
        } else {
            self.text_with_tags(text);
        }
        self.last = text.chars().next_back();
    }

    /// Text that belongs to a heading's id or a picture's description as well.
    fn gather(&mut self, text: &str) {
        if let Some((.., image)) = self.images.last_mut() {
            image.text.push_str(text);
        } else if let Some(heading) = &mut self.heading {
            heading.text.push_str(text);
        }
    }

    fn text_with_tags(&mut self, text: &str) {
        let mut written = 0;
        for range in hashtags(text, self.last) {
            let word = text.get(range.clone()).unwrap_or_default();
            let Some(address) = normal_tag(word).and_then(|tag| self.around.tag(&tag)) else {
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

    fn raw(&mut self, html: &str) {
        // A comment that does not end here would swallow whatever follows.
        if !self.rules.raw_html
            || html.rfind("<!--").is_some_and(|at| !html.get(at..).unwrap_or_default().contains("-->"))
        {
            push_text(&mut self.html, html);
            return;
        }
        if self.rules.trust == Trust::Theirs {
            self.foreign.get_or_insert_default().push_str(html);
        }
        self.html.push_str(&raw::rooted(html, self.rules, self.around));
    }

    fn task(&mut self, done: bool) {
        if let Some(at) = self.html.rfind("<li>") {
            self.html.replace_range(at..at + 4, "<li class=\"task\">");
        }
        let (label, checked) = if done { ("done", " checked") } else { ("to do", "") };
        let _ = write!(self.html, "<input type=\"checkbox\" disabled{checked} aria-label=\"{label}\"> ");
    }

    fn link(&mut self, address: &str) {
        let html = &mut self.html;
        let mut close = "</a>";
        match judge(address, self.rules, self.around) {
            Destination::Attachment(target) => {
                media::push_anchor(html, &format!("{ROOT}{}", target.address), target.download());
                self.shown.push(target.number);
            }
            Destination::Page(page) => media::push_anchor(html, &format!("{ROOT}{page}"), None),
            Destination::Here(id) => media::push_anchor(html, &format!("#{id}"), None),
            Destination::Away(away) => media::push_away(html, &away, self.rules.trust),
            Destination::Nowhere => {
                html.push_str("<span class=\"missing\">");
                close = "</span>";
            }
        }
        self.links.push(close);
    }

    fn close_image(&mut self) {
        let Some((address, title, gathered)) = self.images.pop() else {
            return;
        };
        self.html.truncate(gathered.start);
        let to = judge(&address, self.rules, self.around);
        if let Destination::Attachment(target) = &to {
            self.shown.push(target.number);
        }
        media::push_image(&mut self.html, &to, &gathered.text, self.rules, self.pictures > 0);
        self.pictures += 1;
        let image = gathered.start..self.html.len();
        self.lone = Some(Lone { paragraph: self.paragraph, image, caption: title });
        if let Some((.., outer)) = self.images.last_mut() {
            outer.text.push_str(&gathered.text);
        }
    }

    /// A picture alone in its paragraph that has a title becomes a figure, and the title its caption.
    fn close_paragraph(&mut self) {
        let lone = self.lone.take().filter(|lone| {
            lone.paragraph == self.paragraph
                && lone.image == (self.paragraph + "<p>".len()..self.html.len())
                && !lone.caption.is_empty()
        });
        let Some(lone) = lone else {
            self.html.push_str("</p>\n");
            return;
        };
        self.html.replace_range(self.paragraph..lone.image.start, "<figure>");
        self.html.push_str("<figcaption>");
        push_text(&mut self.html, &lone.caption);
        self.html.push_str("</figcaption></figure>\n");
    }

    fn close_heading(&mut self, level: u8) {
        let Some(heading) = self.heading.take() else {
            return;
        };
        let name = self.anchors.name(&heading.text);
        let mut opening = format!("<h{level} id=\"{}-", self.around.anchor());
        push_text(&mut opening, &name);
        opening.push_str("\">");
        self.html.insert_str(heading.start, &opening);
        let _ = writeln!(self.html, "</h{level}>");
    }

    fn close_code(&mut self) {
        let Some((language, code)) = self.code.take() else {
            return;
        };
        self.html.push_str("<pre tabindex=\"0\"><code");
        if !language.is_empty() {
            self.html.push_str(" class=\"language-");
            push_text(&mut self.html, &language);
            self.html.push('"');
        }
        self.html.push('>');
        let coloured =
            self.rules.highlight && !language.is_empty() && self.colours.push(&mut self.html, &code, &language);
        if !coloured {
            push_text(&mut self.html, &code);
        }
        self.html.push_str("</code></pre>\n");
    }

    fn close_note(&mut self) {
        if let Some((label, html)) = self.outside.pop() {
            let note = std::mem::replace(&mut self.html, html);
            self.footnotes.define(&label, note);
        }
    }

    /// Whether somebody else's HTML in it is such that reading it as browsers do could take endless time.
    fn is_too_dear_to_clean(&self) -> bool {
        self.foreign.as_ref().is_some_and(|foreign| !sanitize::is_affordable(&self.html, foreign))
    }

    fn finish(mut self) -> Rendered {
        self.footnotes.push_list(&mut self.html, self.around.anchor());
        if self.foreign.is_some() {
            self.html = sanitize::for_page(&self.html, self.around.anchor());
        }
        self.shown.sort_unstable();
        self.shown.dedup();
        Rendered { html: self.html, shown: self.shown, is_late: self.colours.is_late() }
    }
}

/// The first word of a fence's info string, short enough to be a language.
fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(info) = kind else {
        return String::new();
    };
    let word = info.split([' ', ',', '\t', '{']).next().unwrap_or_default();
    word.graphemes(true).take(30).filter(|c| !c.contains(char::is_control)).collect()
}

//! From Markdown's events to lines.
//!
//! Decides which blocks have an empty line between them, what is quoted or listed, and what waits for the end. Tables,
//! margins and what stands within a block have files of their own.

use pulldown_cmark::{BlockQuoteKind, Event, HeadingLevel, LinkType, Tag, TagEnd};

use super::blocks::{Blocks, Within};
use super::grid::Grid;
use super::inline::Inline;
use super::lines::{trimmed, untabbed};
use super::notes::Notes;
use super::prose::Style;
use super::references::Reference;
use super::sheet::Sheet;
use crate::markdown::alerts;
use crate::markdown::html_words::words_of;
use crate::markdown::terminal::page::Page;
use crate::text::invisible::visible;

/// Writes one message.
pub(super) struct Writer<'a, 't> {
    page: Page,
    most: usize,
    skipping: bool,
    sheet: Sheet,
    inline: Inline<'a>,
    blocks: Blocks,
    code: Option<String>,
    html: Option<String>,
    grid: Option<Grid>,
    notes: Notes<'t>,
}

impl<'a, 't> Writer<'a, 't> {
    /// A writer that gives up when it has written more than `most` bytes.
    pub(super) fn new(page: Page, place: &'a dyn Fn(&str) -> Option<String>, most: usize) -> Self {
        Self {
            page,
            most,
            skipping: page.skip_title,
            sheet: Sheet::new(page.width, page.styled),
            inline: Inline::new(page, place),
            blocks: Blocks::new(),
            code: None,
            html: None,
            grid: None,
            notes: Notes::default(),
        }
    }

    /// Writes one event; `None` when the text costs too much.
    pub(super) fn take(&mut self, event: Event<'t>) -> Option<()> {
        if self.skipping {
            self.skipping = !matches!(event, Event::End(TagEnd::Heading(_)));
            return Some(());
        }
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => self.notes.open(label.into_string()),
            Event::End(TagEnd::FootnoteDefinition) => self.notes.close(),
            event => {
                if let Some(event) = self.notes.keep(event) {
                    self.write(event);
                }
            }
        }
        (self.sheet.len() <= self.most).then_some(())
    }

    /// Writes what waited for the end; gives the page, or `None` when it costs too much.
    pub(super) fn finish(mut self) -> Option<String> {
        self.write_prose();
        self.sheet.blank();
        for number in 1.. {
            let reference = match self.inline.reference(number) {
                Some(Reference::Address(address)) => Err(address.clone()),
                Some(Reference::Note(label)) => Ok(self.notes.take(label)),
                None => break,
            };
            self.sheet.open_item(&format!("[{number}] "), self.styled(Style::DIM));
            match reference {
                Ok(note) => self.write_note(note)?,
                Err(address) => self.sheet.line(&address),
            }
            self.sheet.close();
        }
        Some(trimmed(&self.sheet.finish()))
    }

    fn write_note(&mut self, events: Vec<Event<'t>>) -> Option<()> {
        self.blocks.enter(Within::Note);
        for event in events {
            self.take(event)?;
        }
        self.write_prose();
        self.blocks.leave_note();
        Some(())
    }

    fn write(&mut self, event: Event<'t>) {
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(end) => self.close(end),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.inline.text(&text),
            },
            Event::Code(text) => self.inline.code(&text),
            Event::InlineMath(formula) => self.inline.text(&format!("${formula}$")),
            Event::DisplayMath(formula) => self.inline.text(&format!("$${formula}$$")),
            Event::Html(html) => self.html.get_or_insert_default().push_str(&html),
            Event::InlineHtml(html) => self.inline.html(&html),
            Event::SoftBreak => self.inline.text(" "),
            Event::HardBreak => self.inline.line_break(),
            Event::Rule => self.rule(),
            Event::TaskListMarker(done) => self.sheet.replace_mark(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(label) => self.inline.refer(Reference::Note(label.into_string())),
        }
    }

    fn open(&mut self, tag: Tag<'t>) {
        match tag {
            Tag::Paragraph => self.open_paragraph(),
            Tag::Heading { level, .. } => self.open_heading(level),
            Tag::BlockQuote(kind) => {
                self.separate();
                self.sheet.open_quote();
                self.blocks.enter(Within::Quote);
                self.alert(kind);
            }
            Tag::DefinitionListTitle => {
                self.separate();
                self.inline.open_style("**", Style::BOLD);
            }
            Tag::DefinitionListDefinition => {
                self.write_prose();
                self.sheet.open_item("    ", Style::NONE);
                self.blocks.enter(Within::Item);
            }
            Tag::CodeBlock(_) => {
                self.separate();
                self.code = Some(String::new());
            }
            Tag::List(next) => {
                self.separate();
                self.blocks.enter(Within::List { next, loose: false });
            }
            Tag::Item => self.open_item(),
            Tag::Table(alignments) => {
                self.separate();
                self.grid = Some(Grid::new(alignments));
            }
            Tag::TableHead => self.inline.open_style("", Style::BOLD),
            Tag::Emphasis => self.inline.open_style("*", Style::ITALIC),
            Tag::Strong => self.inline.open_style("**", Style::BOLD),
            Tag::Strikethrough => self.inline.open_style("~~", Style::STRIKE),
            Tag::Superscript => self.inline.mark_text("^"),
            Tag::Subscript => self.inline.mark_text("~"),
            Tag::Link { link_type: LinkType::WikiLink { .. }, .. } => self.inline.open_link("#"),
            Tag::Link { dest_url, .. } => self.inline.open_link(&dest_url),
            Tag::Image { dest_url, title, .. } => {
                self.inline.open_picture(dest_url.into_string(), title.into_string());
            }
            _ => {}
        }
    }

    fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::Paragraph => {
                self.write_prose();
            }
            TagEnd::Heading(level) => self.close_heading(level),
            TagEnd::DefinitionListTitle => {
                self.inline.close_style("**");
                self.write_prose();
            }
            TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::DefinitionListDefinition => {
                self.write_prose();
                self.sheet.close();
                self.blocks.leave();
            }
            TagEnd::List(_) => self.blocks.leave(),
            TagEnd::CodeBlock => self.close_code(),
            TagEnd::HtmlBlock => self.close_html(),
            TagEnd::TableCell => self.close_cell(),
            TagEnd::TableHead => {
                self.inline.close_style("");
                self.end_row();
            }
            TagEnd::TableRow => self.end_row(),
            TagEnd::Table => self.close_table(),
            TagEnd::Emphasis => self.inline.close_style("*"),
            TagEnd::Strong => self.inline.close_style("**"),
            TagEnd::Strikethrough => self.inline.close_style("~~"),
            TagEnd::Superscript => self.inline.mark_text("^"),
            TagEnd::Subscript => self.inline.mark_text("~"),
            TagEnd::Link => self.inline.close_link(),
            TagEnd::Image => self.inline.close_picture(),
            _ => {}
        }
    }

    /// Says what kind of alert a quote is.
    fn alert(&mut self, kind: Option<BlockQuoteKind>) {
        if let Some((name, _)) = kind.map(alerts::name) {
            self.inline.open_style("**", Style::BOLD);
            self.inline.text(name);
            self.inline.close_style("**");
            self.write_prose();
        }
    }

    /// Begins a block: writes what stands before it, and an empty line where one belongs.
    fn separate(&mut self) {
        let wrote = self.write_prose().is_some();
        let is_first = std::mem::take(&mut self.blocks.next_is_first);
        if (!is_first || wrote) && !self.blocks.are_tight() {
            self.sheet.blank();
        }
    }

    /// Writes the running text, if there is any; gives the width of its widest line.
    fn write_prose(&mut self) -> Option<usize> {
        let prose = self.inline.take();
        if prose.is_empty() {
            return None;
        }
        let (first, rest) = self.sheet.room();
        let lines = prose.wrap(first, rest);
        for range in &lines {
            self.sheet.line(&prose.paint(range, self.page.styled));
        }
        lines.iter().map(|range| prose.columns(range)).max()
    }

    fn open_paragraph(&mut self) {
        self.blocks.loosen_list();
        self.separate();
    }

    fn open_item(&mut self) {
        if self.blocks.parts_items() {
            self.sheet.blank();
        }
        let mark = self.blocks.next_mark(self.page.styled);
        self.sheet.open_item(&mark, Style::NONE);
        self.blocks.enter(Within::Item);
    }

    fn open_heading(&mut self, level: HeadingLevel) {
        self.separate();
        let style = match level {
            HeadingLevel::H1 => Style::BOLD.and(Style::UNDERLINE),
            HeadingLevel::H2 => Style::BOLD,
            _ => Style::BOLD.and(Style::ITALIC),
        };
        let mark = if level > HeadingLevel::H2 { "#".repeat(level as usize) + " " } else { String::new() };
        self.inline.open_style(&mark, style);
    }

    /// Without styles, the two upper levels are underlined by a line of their own.
    fn close_heading(&mut self, level: HeadingLevel) {
        self.inline.close_style("");
        let line = match (self.page.styled, level) {
            (false, HeadingLevel::H1) => "=",
            (false, HeadingLevel::H2) => "-",
            _ => "",
        };
        let wide = self.write_prose().unwrap_or_default();
        if wide > 0 && !line.is_empty() {
            self.sheet.line(&line.repeat(wide));
        }
    }

    fn rule(&mut self) {
        self.separate();
        let (first, rest) = self.sheet.room();
        let mut line = String::new();
        let dash = if self.page.styled { "─" } else { "-" };
        self.styled(Style::DIM).paint(&mut line, &dash.repeat(first.min(rest)));
        self.sheet.line(&line);
    }

    /// A style, where there may be any.
    fn styled(&self, style: Style) -> Style {
        if self.page.styled { style } else { Style::NONE }
    }

    fn close_html(&mut self) {
        let html = self.html.take().unwrap_or_default();
        if !words_of(&html).trim().is_empty() {
            self.separate();
            self.inline.html(&html);
            self.write_prose();
        }
    }

    fn close_code(&mut self) {
        let code = self.code.take().unwrap_or_default();
        for line in untabbed(&visible(&code)).lines() {
            self.sheet.line(&format!("    {line}"));
        }
    }

    fn close_cell(&mut self) {
        let cell = self.inline.take();
        if let Some(grid) = &mut self.grid {
            grid.push_cell(cell);
        }
    }

    fn end_row(&mut self) {
        if let Some(grid) = &mut self.grid {
            grid.end_row();
        }
    }

    fn close_table(&mut self) {
        let (first, rest) = self.sheet.room();
        for line in self.grid.take().map(|grid| grid.lay_out(first.min(rest), self.page.styled)).unwrap_or_default() {
            self.sheet.line(&line);
        }
    }
}

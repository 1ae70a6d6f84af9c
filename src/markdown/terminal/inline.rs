//! Words, links and pictures within a block, as running text: with styles, or with the Markdown that says the same.

use super::prose::{Prose, Style};
use super::references::{Reference, References};
use crate::markdown::html_words::words_of;
use crate::markdown::link::scheme;
use crate::markdown::terminal::page::Page;
use crate::text::invisible::field;

/// A link whose text is being gathered.
struct Link {
    start: usize,
    address: String,
}

/// A picture whose description is being gathered.
struct Picture {
    address: String,
    title: String,
    alt: String,
    leads: bool,
}

/// The running text of the open block, and the references of the whole message.
pub(super) struct Inline<'a> {
    place: &'a dyn Fn(&str) -> Option<String>,
    marks: bool,
    prose: Prose,
    styles: Vec<Style>,
    links: Vec<Link>,
    pictures: Vec<Picture>,
    references: References,
}

impl<'a> Inline<'a> {
    pub(super) fn new(page: Page, place: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            place,
            marks: !page.styled,
            prose: Prose::default(),
            styles: Vec::new(),
            links: Vec::new(),
            pictures: Vec::new(),
            references: References::default(),
        }
    }

    /// Takes the running text out.
    pub(super) fn take(&mut self) -> Prose {
        std::mem::take(&mut self.prose)
    }

    /// The reference of a number.
    pub(super) fn reference(&self, number: usize) -> Option<&Reference> {
        self.references.get(number)
    }

    pub(super) fn text(&mut self, text: &str) {
        match self.pictures.last_mut() {
            Some(picture) => picture.alt.push_str(text),
            None => self.push(text),
        }
    }

    pub(super) fn line_break(&mut self) {
        match self.pictures.last_mut() {
            Some(picture) => picture.alt.push(' '),
            None => self.prose.push_break(),
        }
    }

    pub(super) fn code(&mut self, text: &str) {
        if let Some(picture) = self.pictures.last_mut() {
            picture.alt.push_str(text);
            return;
        }
        // A fence that is longer than any within, as Markdown wants it.
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest + 1);
        let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
        let style = self.style();
        self.prose.push_code(&format!("{fence}{space}"), style.and(Style::DIM));
        self.prose.push_code(text, style);
        self.prose.push_code(&format!("{space}{fence}"), style.and(Style::DIM));
    }

    /// HTML without its tags.
    pub(super) fn html(&mut self, html: &str) {
        for (number, line) in words_of(html).split('\n').enumerate() {
            if number > 0 {
                self.line_break();
            }
            self.text(line);
        }
    }

    /// Begins a style, which `mark` stands for where there are none.
    pub(super) fn open_style(&mut self, mark: &str, style: Style) {
        self.mark(mark);
        self.styles.push(style);
    }

    /// A mark that stands where a terminal has no style for what it says.
    pub(super) fn mark_text(&mut self, mark: &str) {
        self.text(mark);
    }

    pub(super) fn close_style(&mut self, mark: &str) {
        self.styles.pop();
        self.mark(mark);
    }

    pub(super) fn open_link(&mut self, address: &str) {
        self.links.push(Link { start: self.prose.len(), address: self.shown(address) });
        self.styles.push(Style::UNDERLINE);
    }

    /// Numbers a link's address, unless its text is the address already or it leads to a place in the same message.
    pub(super) fn close_link(&mut self) {
        self.styles.pop();
        let Some(Link { start, address }) = self.links.pop().filter(|_| self.pictures.is_empty()) else {
            return;
        };
        let text = self.prose.since(start).trim();
        if text.is_empty() {
            self.prose.push(&address, self.style().and(Style::UNDERLINE));
        } else if !address.starts_with('#') && text != address && Some(text) != address.strip_prefix("mailto:") {
            self.refer(Reference::Address(address));
        }
    }

    pub(super) fn open_picture(&mut self, address: String, title: String) {
        self.pictures.push(Picture { address, title, alt: String::new(), leads: self.prose.is_empty() });
    }

    /// `[picture NAME: description]`, or `[picture: description]` and a number when it lies elsewhere.
    pub(super) fn close_picture(&mut self) {
        let Some(picture) = self.pictures.pop() else {
            return;
        };
        if let Some(outer) = self.pictures.last_mut() {
            outer.alt.push_str(&picture.alt);
            return;
        }
        let address = self.shown(&picture.address);
        let away = scheme(&address).is_some();
        let name = if away || address.is_empty() { String::new() } else { format!(" {address}") };
        let alt = picture.alt.trim();
        self.push(&format!("[picture{name}{}{alt}]", if alt.is_empty() { "" } else { ": " }));
        if away {
            self.refer(Reference::Address(address));
        }
        self.caption(picture.title.trim(), picture.leads);
    }

    /// The number of a reference, behind the words that make it.
    pub(super) fn refer(&mut self, reference: Reference) {
        if self.pictures.is_empty() {
            let number = self.references.number(reference);
            self.prose.push(&format!("[{number}]"), self.style().and(Style::DIM));
        }
    }

    /// The title of a picture that begins a paragraph stands below it.
    fn caption(&mut self, title: &str, below: bool) {
        if below && !title.is_empty() {
            self.prose.push_break();
            self.prose.push(title, self.style().and(Style::ITALIC));
        } else if !title.is_empty() {
            self.push(&format!(" ({title})"));
        }
    }

    fn mark(&mut self, mark: &str) {
        if self.marks && self.pictures.is_empty() {
            self.push(mark);
        }
    }

    fn push(&mut self, text: &str) {
        self.prose.push(text, self.style());
    }

    fn style(&self) -> Style {
        self.styles.iter().fold(Style::NONE, |all, style| all.and(*style))
    }

    /// An address as a reader can use it, on one line.
    fn shown(&self, address: &str) -> String {
        let place = (self.place)(address).unwrap_or_else(|| match scheme(address) {
            Some(_) => address.to_owned(),
            None => percent_encoding::percent_decode_str(address).decode_utf8_lossy().into_owned(),
        });
        field(&place)
    }
}

//! Which tags of the HTML in a text have partners.
//!
//! One message's open `<div>` would take the rest of a page into itself, and a `</main>` would end it. So a tag without a
//! partner is shown as text, as are `<host>` and the like, which people write for "put yours here". Everything around it
//! stays what it is. Nothing is mended: guessing is worse.
//!
//! A partner has to stand in the same quote, list item, note, cell or heading. In a paragraph, that holds for an element of
//! the look of text (`<b>`), too: browsers open it anew in each paragraph that follows (HTML, section 13.2.4.3).

use std::collections::HashSet;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::bounds::MAX_DEPTH;
use super::demand::demands;
use super::finding::What;
use super::html_tokens::{Part, StartTag, parts};

/// Elements that have no end tag (HTML, section 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements whose end tag may be left out (HTML, section 13.1.2.4).
const OPTIONAL: [&str; 15] =
    ["p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "rp", "rt"];
/// Elements that browsers open anew in each block that follows (HTML, section 13.2.4.3).
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// How many elements of the look of text may be open at once: each costs an element in each block that follows.
const MAX_FORMATTING: usize = 8;

/// Something in a text's HTML that its author should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What it is.
    pub(super) what: What,
    /// Where the piece of HTML begins that it stands in, in bytes from the beginning of the text.
    pub(super) piece: usize,
    /// How many lines after that.
    pub(super) lines: usize,
}

/// How many things are found in a text's HTML before the rest is no news.
const MAX_FOUND: usize = 100;

/// Which tags of a text's HTML have partners: its tags are counted from 0, in order.
#[derive(Debug, Default)]
pub(super) struct Balance {
    numbers: HashSet<usize>,
    /// What its author should know of, in order.
    pub(super) found: Vec<Found>,
}

impl Balance {
    /// Whether the tag of this number is shown as text.
    pub(super) fn is_unpaired(&self, number: usize) -> bool {
        self.numbers.contains(&number)
    }
}

/// What is open while a text is read.
enum Frame {
    /// A part of the text that an element has to end in.
    Part,
    /// A paragraph, which elements of the look of text have to end in.
    Paragraph,
    /// An element.
    Element(Opened),
}

struct Opened {
    number: usize,
    name: String,
    at: Found,
}

/// Pairs the tags of a text while its events go by.
#[derive(Default)]
pub(super) struct Pairing {
    open: Vec<Frame>,
    elements: usize,
    tags: usize,
    balance: Balance,
    /// What tags ask for, by their numbers.
    demands: Vec<(usize, Found)>,
}

impl Pairing {
    /// Takes a part of the text into account that elements have to end in.
    pub(super) fn pass(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Paragraph) => self.open.push(Frame::Paragraph),
            Event::Start(tag) if holds_elements(tag.to_end()) => self.open.push(Frame::Part),
            Event::End(TagEnd::Paragraph) => self.close_paragraph(),
            Event::End(end) if holds_elements(*end) => self.close_part(),
            _ => {}
        }
    }

    /// Takes a piece of HTML into account that begins at this byte of the text.
    pub(super) fn piece(&mut self, html: &str, piece: usize) {
        let mut lines = 0;
        for part in parts(html) {
            let at = |what| Found { what, piece, lines };
            let unpaired = |source: &str| at(What::Unpaired(source.to_owned()));
            match &part {
                Part::Start(tag) => {
                    let demands = demands(tag).into_iter().map(|demand| (self.tags, at(What::Demand(demand))));
                    self.demands.extend(demands);
                    self.start(tag, unpaired(tag.source));
                }
                Part::End { name, source } => self.end(name, unpaired(source)),
                Part::Comment { is_whole: false, .. } => self.balance.found.push(at(What::OpenComment)),
                Part::Unfinished(source) => self.balance.found.push(unpaired(source)),
                Part::Text { .. } | Part::Comment { .. } => {}
            }
            lines += line_ends(&part);
        }
    }

    /// The verdict at the end of the text.
    pub(super) fn finish(mut self) -> Balance {
        self.close_to(0);
        let Balance { numbers, mut found } = self.balance;
        let demands = self.demands.into_iter().filter(|(number, _)| !numbers.contains(number));
        found.extend(demands.map(|(_, found)| found));
        found.sort_by_key(|found| (found.piece, found.lines));
        found.truncate(MAX_FOUND);
        Balance { numbers, found }
    }

    fn start(&mut self, tag: &StartTag<'_>, at: Found) {
        let number = self.next_number();
        let name = tag.name.clone();
        if VOID.contains(&name.as_str()) || tag.closes_itself && self.is_in_drawing(&name) {
            return;
        }
        let opened = Opened { number, name, at };
        if self.has_room(&opened.name) {
            self.elements += 1;
            self.open.push(Frame::Element(opened));
        } else {
            self.show(opened);
        }
    }

    fn end(&mut self, name: &str, at: Found) {
        let number = self.next_number();
        // A `</br>` is a line end, and a `</p>` alone an empty paragraph.
        if VOID.contains(&name) {
            return;
        }
        let partner = self.open.iter().rposition(|frame| is_element(frame, name));
        let limit = self.open.iter().rposition(|frame| Self::is_limit(frame, name)).map_or(0, |at| at + 1);
        if let Some(partner) = partner.filter(|partner| *partner >= limit) {
            self.close_to(partner + 1);
            self.open.pop();
            self.elements -= 1;
        } else if name != "p" {
            self.show(Opened { number, name: name.to_owned(), at });
        }
    }

    fn next_number(&mut self) -> usize {
        self.tags += 1;
        self.tags - 1
    }

    /// `<path/>` closes itself in a drawing or formula and nowhere else.
    fn is_in_drawing(&self, name: &str) -> bool {
        let drawing = ["svg", "math"];
        drawing.contains(&name) || self.open.iter().any(|frame| drawing.iter().any(|name| is_element(frame, name)))
    }

    /// Whether one more element may be open. What follows a `<plaintext>` is text to the end of the page.
    fn has_room(&self, name: &str) -> bool {
        let formatting = |frame: &&Frame| matches!(frame, Frame::Element(opened) if is_formatting(&opened.name));
        name != "plaintext"
            && self.elements < MAX_DEPTH
            && (!is_formatting(name) || self.open.iter().filter(formatting).count() < MAX_FORMATTING)
    }

    /// Whether an element of this name may not reach beyond it.
    fn is_limit(frame: &Frame, name: &str) -> bool {
        match frame {
            Frame::Part => true,
            Frame::Paragraph => is_formatting(name),
            Frame::Element(_) => false,
        }
    }

    fn close_paragraph(&mut self) {
        let Some(at) = self.open.iter().rposition(|frame| matches!(frame, Frame::Paragraph)) else {
            return;
        };
        // What is not of the look of text may end in a later one.
        for frame in self.open.split_off(at).into_iter().skip(1) {
            match frame {
                Frame::Element(opened) if is_formatting(&opened.name) => {
                    self.elements -= 1;
                    self.show(opened);
                }
                other => self.open.push(other),
            }
        }
    }

    fn close_part(&mut self) {
        let at = self.open.iter().rposition(|frame| matches!(frame, Frame::Part)).unwrap_or_default();
        self.close_to(at);
    }

    /// Ends everything that is open beyond this; what has to have an end tag there is shown.
    fn close_to(&mut self, keep: usize) {
        for frame in self.open.split_off(keep.min(self.open.len())) {
            if let Frame::Element(opened) = frame {
                self.elements -= 1;
                if !OPTIONAL.contains(&opened.name.as_str()) {
                    self.show(opened);
                }
            }
        }
    }

    fn show(&mut self, opened: Opened) {
        self.balance.numbers.insert(opened.number);
        self.balance.found.push(opened.at);
    }
}

fn is_element(frame: &Frame, name: &str) -> bool {
    matches!(frame, Frame::Element(opened) if opened.name == name)
}

fn is_formatting(name: &str) -> bool {
    FORMATTING.contains(&name)
}

/// Whether what stands in it has to end in it.
fn holds_elements(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::BlockQuote(_)
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::TableCell
            | TagEnd::Heading(_)
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
    )
}

fn line_ends(part: &Part<'_>) -> usize {
    let source = match part {
        Part::Start(tag) => tag.source,
        Part::End { source, .. }
        | Part::Text { source, .. }
        | Part::Comment { source, .. }
        | Part::Unfinished(source) => source,
    };
    memchr::memchr_iter(b'\n', source.as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown as text of a single piece of HTML.
    fn shown(html: &str) -> Vec<String> {
        let mut pairing = Pairing::default();
        pairing.piece(html, 0);
        let found = pairing.finish().found.into_iter();
        let shown = |found: Found| match found.what {
            What::Unpaired(source) => Some(source),
            What::OpenComment => Some("<!--".to_owned()),
            _ => None,
        };
        found.filter_map(shown).collect()
    }

    #[test]
    fn what_people_write_has_partners() {
        for html in [
            "",
            "<kbd>Ctrl</kbd>",
            "<br><hr/><img src='a>b' alt=\"<p>\">",
            "<ul><li>one<li>two</ul>",
            "<p>one<p>two",
            "<!-- <div> --><details><summary>x</summary><p>y</details>",
            "<script>if (a < b) { x = '</div>'; }</script>",
            "<table><tr><td>1<td>2<tr><td>3</table>",
            "a < b and b > c",
            "<svg viewBox='0 0 1 1'><path d='M0 0'/><g><circle r='1' /></g></svg>",
            "<DIV><b>x</B></div >",
        ] {
            assert_eq!(shown(html), Vec::<String>::new(), "{html}");
        }
    }

    #[test]
    fn what_would_break_a_page_has_none() {
        for (html, expected) in [
            ("<div>", vec!["<div>"]),
            ("<div/>", vec!["<div/>"]),
            ("</div>", vec!["</div>"]),
            ("</div></article></main> hi <b>open", vec!["</div>", "</article>", "</main>", "<b>"]),
            ("<b><i></b></i>", vec!["<i>", "</i>"]),
            ("<div><host></div>", vec!["<host>"]),
            ("<div title=\"open>", vec!["<div title=\"open>"]),
            ("<script>x", vec!["<script>"]),
            ("<textarea>", vec!["<textarea>"]),
            ("<plaintext>x</plaintext>", vec!["<plaintext>"]),
            ("<i>x</i><!-- open", vec!["<!--"]),
            ("</li>", vec!["</li>"]),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn neither_depth_nor_the_look_of_text_is_without_end() {
        assert_eq!(shown(&("<div>".repeat(90) + &"</div>".repeat(90))).len(), 2 * (90 - MAX_DEPTH));
        assert_eq!(shown(&("<b>".repeat(20) + &"</b>".repeat(20))).len(), 2 * (20 - MAX_FORMATTING));
    }
}

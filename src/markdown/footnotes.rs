//! Footnotes: numbered in the order in which a reader meets them, gathered at the end of the message.
//!
//! A mark in the text is met where it stands; one in a note is met where the note stands, at the end. So what a note holds is
//! numbered when the list is made, and a note that only such notes mention that nobody meets is left out with them.

use std::collections::HashMap;
use std::fmt::Write;

/// Stands round the number of a mark in a note until the list is made. No text can hold it, as with
/// [`ROOT`](super::html_text::ROOT).
const PENDING: char = '\u{2}';

/// The footnotes of one message.
#[derive(Default)]
pub(super) struct Footnotes {
    /// The notes as they are written, by their labels.
    written: HashMap<String, String>,
    /// The labels that were met, in order.
    met: Vec<Met>,
    numbers: HashMap<String, usize>,
    /// The labels of the marks in notes.
    pending: Vec<String>,
    /// The definitions that are being read: the label, and the HTML that stands outside.
    open: Vec<(String, String)>,
}

/// A note that a reader has met.
struct Met {
    label: String,
    mentions: usize,
}

impl Footnotes {
    /// Writes the mark that stands in the text; `prefix` is that of the message's ids.
    pub(super) fn push_mark(&mut self, html: &mut String, prefix: &str, label: &str) {
        if self.open.is_empty() {
            self.push_met(html, prefix, label);
        } else {
            let _ = write!(html, "{PENDING}{}{PENDING}", self.pending.len());
            self.pending.push(label.to_owned());
        }
    }

    /// Opens a definition: what is written to `html` from now on is the note's.
    pub(super) fn open(&mut self, html: &mut String, label: String) {
        self.open.push((label, std::mem::take(html)));
    }

    /// Closes the definition that was opened last, and keeps the note until the end. The first definition of a label counts.
    pub(super) fn close(&mut self, html: &mut String) {
        if let Some((label, outside)) = self.open.pop() {
            let note = std::mem::replace(html, outside);
            self.written.entry(label).or_insert(note);
        }
    }

    /// Writes the list of the notes that a reader meets.
    pub(super) fn push_list(mut self, html: &mut String, prefix: &str) {
        let mut notes = Vec::new();
        while let Some(label) = self.met.get(notes.len()).map(|met| met.label.clone()) {
            let note = self.written.remove(&label).unwrap_or_default();
            notes.push(self.numbered(&note, prefix));
        }
        if notes.is_empty() {
            return;
        }
        html.push_str("<section class=\"footnotes\" role=\"group\" aria-label=\"Footnotes\"><ol>\n");
        for (at, (note, met)) in notes.iter().zip(&self.met).enumerate() {
            push_note(html, prefix, at + 1, note, met.mentions);
        }
        html.push_str("</ol></section>\n");
    }

    fn push_met(&mut self, html: &mut String, prefix: &str, label: &str) {
        let next = self.met.len() + 1;
        let number = *self.numbers.entry(label.to_owned()).or_insert(next);
        if number == next {
            self.met.push(Met { label: label.to_owned(), mentions: 0 });
        }
        let Some(met) = self.met.get_mut(number - 1) else {
            return;
        };
        met.mentions += 1;
        let id = mark_id(prefix, number, met.mentions);
        let _ = write!(
            html,
            "<sup class=\"footnote-ref\"><a href=\"#{prefix}-fn_{number}\" id=\"{id}\" role=\"doc-noteref\">{number}</a></sup>"
        );
    }

    /// A note with its marks in place.
    fn numbered(&mut self, note: &str, prefix: &str) -> String {
        let mut html = String::with_capacity(note.len());
        for (at, part) in note.split(PENDING).enumerate() {
            let label =
                if at % 2 == 1 { part.parse().ok().and_then(|at: usize| self.pending.get(at).cloned()) } else { None };
            match label {
                Some(label) => self.push_met(&mut html, prefix, &label),
                None => html.push_str(part),
            }
        }
        html
    }
}

fn push_note(html: &mut String, prefix: &str, number: usize, note: &str, mentions: usize) {
    let _ = write!(html, "<li id=\"{prefix}-fn_{number}\">");
    let (inside, tail) = match note.trim_end().strip_suffix("</p>") {
        Some(inside) => (inside, "</p>"),
        None => (note, ""),
    };
    html.push_str(inside);
    for mention in 1..=mentions {
        let id = mark_id(prefix, number, mention);
        let _ = write!(html, " <a href=\"#{id}\" role=\"doc-backlink\" aria-label=\"Back to the text\">↩\u{fe0e}</a>");
    }
    html.push_str(tail);
    html.push_str("</li>\n");
}

fn mark_id(prefix: &str, number: usize, mention: usize) -> String {
    if mention == 1 { format!("{prefix}-fnref_{number}") } else { format!("{prefix}-fnref_{number}-{mention}") }
}

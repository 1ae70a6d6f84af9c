//! Footnotes: numbered in the order of their first mention, gathered at the end of the message.

use std::collections::HashMap;
use std::fmt::Write;

#[derive(Default)]
struct Note {
    number: usize,
    mentions: usize,
    html: Option<String>,
}

/// The footnotes of one message.
#[derive(Default)]
pub(super) struct Footnotes {
    notes: HashMap<String, Note>,
    /// The definitions that are being read: the label, and the HTML that stands outside.
    open: Vec<(String, String)>,
}

impl Footnotes {
    /// Writes the mark that stands in the text.
    pub(super) fn push_mark(&mut self, html: &mut String, anchor: &str, label: &str) {
        let next = self.notes.len() + 1;
        let note = self.notes.entry(label.to_owned()).or_insert_with(|| Note { number: next, ..Note::default() });
        note.mentions += 1;
        let number = note.number;
        let id = mark_id(anchor, number, note.mentions);
        let _ = write!(
            html,
            "<sup class=\"footnote-ref\"><a href=\"#{anchor}-fn_{number}\" id=\"{id}\" role=\"doc-noteref\">{number}</a></sup>"
        );
    }

    /// Opens a definition: what is written to `html` from now on is the note's.
    pub(super) fn open(&mut self, html: &mut String, label: String) {
        self.open.push((label, std::mem::take(html)));
    }

    /// Closes the definition that was opened last, and keeps the note until the end. The first definition of a label counts.
    pub(super) fn close(&mut self, html: &mut String) {
        let Some((label, outside)) = self.open.pop() else {
            return;
        };
        let note = std::mem::replace(html, outside);
        let next = self.notes.len() + 1;
        let entry = self.notes.entry(label).or_insert_with(|| Note { number: next, ..Note::default() });
        entry.html.get_or_insert(note);
    }

    /// Writes the list of those notes that are mentioned and defined.
    pub(super) fn push_list(self, html: &mut String, anchor: &str) {
        let mut notes: Vec<Note> =
            self.notes.into_values().filter(|note| note.mentions > 0 && note.html.is_some()).collect();
        if notes.is_empty() {
            return;
        }
        notes.sort_by_key(|note| note.number);
        html.push_str("<section class=\"footnotes\" role=\"group\" aria-label=\"Footnotes\"><ol>\n");
        for note in notes {
            note.push(html, anchor);
        }
        html.push_str("</ol></section>\n");
    }
}

impl Note {
    fn push(self, html: &mut String, anchor: &str) {
        let text = self.html.unwrap_or_default();
        let number = self.number;
        let _ = write!(html, "<li id=\"{anchor}-fn_{number}\" value=\"{number}\">");
        let (inside, tail) = match text.trim_end().strip_suffix("</p>") {
            Some(inside) => (inside, "</p>"),
            None => (text.as_str(), ""),
        };
        html.push_str(inside);
        for mention in 1..=self.mentions {
            let id = mark_id(anchor, number, mention);
            let _ =
                write!(html, " <a href=\"#{id}\" role=\"doc-backlink\" aria-label=\"Back to the text\">↩\u{fe0e}</a>");
        }
        html.push_str(tail);
        html.push_str("</li>\n");
    }
}

fn mark_id(anchor: &str, number: usize, mention: usize) -> String {
    if mention == 1 { format!("{anchor}-fnref_{number}") } else { format!("{anchor}-fnref_{number}-{mention}") }
}

//! Footnotes, kept as the parser gives them until the end of the message, where they are written.

use std::collections::HashMap;

use pulldown_cmark::Event;

/// The notes of one message.
#[derive(Default)]
pub(super) struct Notes<'t> {
    /// The definitions that are being read: the label, and the events.
    open: Vec<(String, Vec<Event<'t>>)>,
    read: HashMap<String, Vec<Event<'t>>>,
}

impl<'t> Notes<'t> {
    /// Opens a definition.
    pub(super) fn open(&mut self, label: String) {
        self.open.push((label, Vec::new()));
    }

    /// Keeps an event of the definition that is being read; gives it back where there is none.
    pub(super) fn keep(&mut self, event: Event<'t>) -> Option<Event<'t>> {
        match self.open.last_mut() {
            Some((_, events)) => {
                events.push(event);
                None
            }
            None => Some(event),
        }
    }

    /// Closes the definition that was opened last. The first definition of a label counts.
    pub(super) fn close(&mut self) {
        if let Some((label, events)) = self.open.pop() {
            self.read.entry(label).or_insert(events);
        }
    }

    /// Hands over the events of a note; none where it is not defined.
    pub(super) fn take(&mut self, label: &str) -> Vec<Event<'t>> {
        self.read.remove(label).unwrap_or_default()
    }
}

//! Lines that stay where they are and change, one for each thing that is looked after.
//!
//! Owns the difference between a terminal, where a line is written anew in its place, and everything else, where a line is said once
//! and again when it means something else.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Console;
use crate::unseen::field;

/// The lines.
pub struct Live {
    console: Console,
    lines: MultiProgress,
    shown: BTreeMap<String, ProgressBar>,
    said: BTreeMap<String, String>,
}

impl Console {
    /// Lines that stay where they are, as long as this lives.
    pub fn live(self) -> Live {
        let lines = MultiProgress::with_draw_target(self.target());
        Live { console: self, lines, shown: BTreeMap::new(), said: BTreeMap::new() }
    }
}

impl Live {
    /// Shows what there is to tell of something now. Where lines can't change it is said only if `meaning` is another than before.
    pub fn show(&mut self, what: &str, line: &str, meaning: &str) {
        if self.lines.is_hidden() {
            if self.said.get(what).map(String::as_str) != Some(meaning) {
                self.said.insert(what.to_owned(), meaning.to_owned());
                self.console.say(line);
            }
            return;
        }
        let bar = self.shown.entry(what.to_owned()).or_insert_with(|| self.lines.add(line_of_its_own()));
        bar.set_message(field(line));
    }

    /// Takes away the lines of what is not looked after any more.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.said.retain(|what, _| is_kept(what));
        self.shown.retain(|what, bar| {
            let stays = is_kept(what);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
    }
}

impl Drop for Live {
    /// They stay as they were last.
    fn drop(&mut self) {
        for bar in self.shown.values() {
            bar.abandon();
        }
    }
}

fn line_of_its_own() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}

//! Lines that stay where they are and change, one for each channel that is synced.
//!
//! On a terminal the lines are written anew in their place when one of them changed. Elsewhere a line is printed once, and again when
//! it means something else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;
use crate::console::standard_error::note_drawn;
use crate::text::invisible::field;

/// How soon after one another the lines are written anew: five times a second at most, which reads as moving and costs a slow
/// connection little.
const PAUSE: Duration = Duration::from_millis(200);

/// The lines.
pub struct LiveLines {
    console: Console,
    /// All lines together, so that they are written at once.
    bar: ProgressBar,
    lines: Lines,
    said: BTreeMap<String, String>,
}

/// The lines as they are to be shown, and as they are.
#[derive(Default)]
struct Lines {
    /// What each is about, and its text, in the order in which they came.
    wanted: Vec<(String, String)>,
    shown: String,
    /// When they were written last.
    written: Option<Instant>,
}

impl Lines {
    fn set(&mut self, what: &str, line: String) {
        match self.wanted.iter_mut().find(|(other, _)| other == what) {
            Some((_, old)) => *old = line,
            None => self.wanted.push((what.to_owned(), line)),
        }
    }

    /// What is to be written now: nothing if nothing changed, or if something was written a moment ago.
    fn due(&mut self, now: Instant) -> Option<&str> {
        let is_soon = self.written.is_some_and(|written| now.saturating_duration_since(written) < PAUSE);
        if is_soon { None } else { self.changed(now) }
    }

    /// What is to be written if anything changed.
    fn changed(&mut self, now: Instant) -> Option<&str> {
        let text = self.wanted.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
        if text == self.shown {
            return None;
        }
        (self.shown, self.written) = (text, Some(now));
        Some(&self.shown)
    }
}

impl Console {
    /// Lines that stay where they are, as long as this lives.
    pub fn live_lines(self) -> LiveLines {
        let bar = ProgressBar::with_draw_target(None, self.target());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        note_drawn(&bar);
        LiveLines { console: self, bar, lines: Lines::default(), said: BTreeMap::new() }
    }
}

impl LiveLines {
    /// Sets what there is to tell of something now; [`LiveLines::keep`] shows it. Where lines can't change it is said at once, but only if
    /// `meaning` is another than before.
    pub fn show(&mut self, what: &str, line: &str, meaning: &str) {
        if !self.bar.is_hidden() {
            self.lines.set(what, field(line));
        } else if self.said.get(what).map(String::as_str) != Some(meaning) {
            self.said.insert(what.to_owned(), meaning.to_owned());
            self.console.say(line);
        }
    }

    /// Shows the lines as they are now, without those of what is not looked after any more.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.said.retain(|what, _| is_kept(what));
        self.lines.wanted.retain(|(what, _)| is_kept(what));
        if let Some(text) = self.lines.due(Instant::now()) {
            self.bar.set_message(text.to_owned());
        }
    }
}

impl Drop for LiveLines {
    /// They stay as they were last.
    fn drop(&mut self) {
        if let Some(text) = self.lines.changed(Instant::now()) {
            self.bar.set_message(text.to_owned());
        }
        if self.lines.shown.is_empty() {
            self.bar.finish_and_clear();
        } else {
            self.bar.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_when_they_changed_and_not_too_often() {
        let (mut lines, begun) = (Lines::default(), Instant::now());
        let mut written = 0;
        // Twenty looks a second for ten seconds; a line that changes once a second, and one that always does.
        for look in 0..200 {
            lines.set("blog", format!("up to date {} s ago", look / 20));
            if look >= 100 {
                lines.set("film", format!("{look} bytes"));
            }
            written += usize::from(lines.due(begun + Duration::from_millis(50 * look)).is_some());
        }
        assert!((5 + 20..=5 + 25).contains(&written), "{written}");
        assert_eq!(lines.changed(begun), Some("up to date 9 s ago\n199 bytes"), "at the end it is how it stands");
        assert_eq!(lines.changed(begun), None);
    }
}

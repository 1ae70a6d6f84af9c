//! Standard error: what is said and logged goes there, and so do progress bars and live lines.
//!
//! A line that is written over a bar would be torn apart by it. So the bars that are drawn are known here, and step aside while a
//! line is written.

use std::io::{self, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, WeakProgressBar};

use crate::lock::lock;

/// The bars that may be drawn now. One that is gone is forgotten when the next one comes.
static DRAWN: Mutex<Vec<WeakProgressBar>> = Mutex::new(Vec::new());

/// Notes that a bar is drawn from now on.
pub(super) fn note_drawn(bar: &ProgressBar) {
    let mut drawn = lock(&DRAWN);
    drawn.retain(|other| other.upgrade().is_some());
    drawn.push(bar.downgrade());
}

/// Writes whole lines. That nobody listens can be told to nobody, so a failure to write is none.
pub(super) fn write_lines(lines: &[u8]) {
    let drawn: Vec<ProgressBar> = lock(&DRAWN).iter().filter_map(WeakProgressBar::upgrade).collect();
    with_bars_aside(&drawn, &|| drop(io::stderr().lock().write_all(lines)));
}

/// Writes a line of the log, with its end.
pub fn write_log_line(line: &[u8]) {
    write_lines(line);
}

fn with_bars_aside(bars: &[ProgressBar], write: &dyn Fn()) {
    match bars.split_first() {
        Some((bar, others)) => bar.suspend(|| with_bars_aside(others, write)),
        None => write(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indicatif::{ProgressDrawTarget, ProgressStyle, TermLike};

    use super::*;

    /// A terminal that notes what is done to it.
    #[derive(Clone, Debug, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn add(&self, what: &str) {
            lock(&self.0).push(what.trim().to_owned());
        }

        /// What was done since this was asked last, without what moves nothing.
        fn taken(&self) -> Vec<String> {
            std::mem::take(&mut *lock(&self.0)).into_iter().filter(|what| !what.is_empty()).collect()
        }
    }

    impl TermLike for Notes {
        fn width(&self) -> u16 {
            40
        }

        fn move_cursor_up(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.add(text);
            Ok(())
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.add(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.add("cleared");
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_steps_aside_for_a_line() {
        let terminal = Notes::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar =
            ProgressBar::with_draw_target(None, target).with_style(ProgressStyle::with_template("{msg}").unwrap());
        bar.set_message("up to date");
        terminal.taken();
        with_bars_aside(std::slice::from_ref(&bar), &|| terminal.add("a line"));
        let done = terminal.taken();
        let at = |what: &str| done.iter().position(|done| done == what);
        assert!(at("cleared") < at("a line") && at("a line") < at("up to date"), "{done:?}");
        assert!(at("cleared").is_some());
    }

    #[test]
    fn a_bar_that_is_gone_is_no_longer_asked() {
        let bar = ProgressBar::hidden();
        note_drawn(&bar);
        drop(bar);
        write_lines(b"");
        note_drawn(&ProgressBar::hidden());
        assert!(lock(&DRAWN).len() <= 1);
    }
}

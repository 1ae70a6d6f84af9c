//! The only place that prints.
//!
//! Owns the two streams: results go to standard output, talk to standard error. Everything that could come from a
//! stranger passes through [`visible`] first, so that no name and no text can speak to the terminal. A reader that has
//! gone away (`missive channels | head`) is no error.

use std::fmt::{Display, Write as _};
use std::io::{self, BufRead as _, IsTerminal, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::unseen::{is_unseen, visible};

/// How to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// Prints results as JSON.
    pub json: bool,
    /// Says more.
    pub verbose: bool,
}

impl Console {
    /// Prints a result: as JSON if asked for, else in words.
    ///
    /// # Errors
    /// When standard output cannot be written; a closed pipe is none.
    pub fn result<T: Display + Serialize>(self, result: &T) -> io::Result<()> {
        let text = if self.json {
            let mut text = serde_json::to_string_pretty(result)?;
            text.push('\n');
            escaped(&text)
        } else {
            visible(&result.to_string())
        };
        ended(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
    }

    /// Prints one result of several: as a line of JSON if asked for, else in words.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn record<T: Display + Serialize>(self, result: &T) -> io::Result<()> {
        let text =
            if self.json { escaped(&serde_json::to_string(result)?) + "\n" } else { visible(&result.to_string()) };
        ended(io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()))
    }

    /// Says a line beside the result.
    pub fn say(self, line: &str) {
        // There is nobody to tell that nobody listens.
        let _ = writeln!(io::stderr().lock(), "{}", visible(line));
    }

    /// Shows something and asks for one of several words, by its first letter, if somebody sits at the keyboard; gives
    /// its position. The first is what an empty answer means.
    ///
    /// `None` when nobody does, or when there is no answer to come.
    pub fn ask(self, about: &str, words: &[&str]) -> Option<usize> {
        let input = io::stdin();
        if !input.is_terminal() {
            return None;
        }
        let first = words.first()?;
        let choices: Vec<String> = words.iter().map(|word| letter_shown(word)).collect();
        self.say(about);
        loop {
            let mut stream = io::stderr().lock();
            // There is nobody to tell that nobody listens.
            let _ = write!(stream, "{}? (Enter: {first}) ", choices.join(", "));
            let _ = stream.flush();
            drop(stream);
            let mut answer = String::new();
            if input.lock().read_line(&mut answer).ok()? == 0 {
                let _ = writeln!(io::stderr());
                return None;
            }
            let answer = answer.trim().to_lowercase();
            let found = words.iter().position(|word| word.starts_with(&answer));
            if found.is_some() {
                return found;
            }
        }
    }

    /// Says a line only to those who asked for more.
    pub fn whisper(self, line: &str) {
        if self.verbose {
            self.say(line);
        }
    }

    /// A bar that appears when work takes longer than a moment and somebody watches.
    pub fn progress(self, what: &'static str) -> Progress {
        let target = if io::stderr().is_terminal() && !self.json {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Progress { bar }
    }
}

/// A progress bar.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    const MOMENT: Duration = Duration::from_millis(400);

    /// Shows that `done` of `all` is done.
    pub fn show(&self, done: usize, all: usize) {
        if self.bar.elapsed() > Self::MOMENT {
            self.bar.set_length(all as u64);
            self.bar.set_position(done as u64);
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// `[s]kip`
fn letter_shown(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| format!("[{first}]{}", letters.as_str()))
}

/// A closed pipe is the reader's choice.
fn ended(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// JSON in which the same characters are escapes.
fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        if c != '\n' && (c.is_control() || is_unseen(c)) {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_speaks_to_the_terminal() {
        assert_eq!(escaped("{\n \"a\": \"x\u{202e}\u{9b}\"}"), "{\n \"a\": \"x\\u202e\\u009b\"}");
    }
}

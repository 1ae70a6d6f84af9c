//! The only place that prints.
//!
//! Results go to standard output, everything else to standard error. Whatever could come from a stranger passes through [`visible`] or
//! [`FormattedText`] first, so that no name and no text can control the terminal. A reader that has gone away
//! (`missive channels | head`) is no error.

mod ask;
mod formatted_text;
mod live_lines;
mod pager;
mod screen;
mod secret;
mod standard_error;

use std::fmt::{Display, Write as _};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub use crate::console::formatted_text::{FormattedText, Style};
pub use crate::console::live_lines::LiveLines;
pub use crate::text::width::{columns, cut, wrapped};
pub use pager::Pager;
pub use screen::Screen;
pub use secret::{Passphrase, is_hiding};
pub use standard_error::write_log_line;

use crate::console::standard_error::{note_drawn, write_lines};
use crate::text::invisible::{field, is_unseen, visible};

/// A result whose form depends on the screen.
pub trait FormatText {
    /// Adds the result to the text, as whole lines.
    fn format(&self, out: &mut FormattedText);
}

/// How to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// Prints results as JSON.
    pub json: bool,
    /// Says more.
    pub verbose: bool,
    /// The screen that results are formatted for.
    pub screen: Screen,
}

impl Console {
    /// Prints a result: as JSON if asked for, else in words. Tells whether the reader took it all.
    ///
    /// # Errors
    /// When standard output cannot be written; a closed pipe is none.
    pub fn result<T: Display + Serialize>(self, result: &T) -> io::Result<bool> {
        if self.json { self.json(result) } else { print(visible(&result.to_string()).as_bytes()) }
    }

    /// Prints one result of several: as a line of JSON if asked for, else in words.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn record<T: Display + Serialize>(self, result: &T) -> io::Result<bool> {
        let text =
            if self.json { escaped(&serde_json::to_string(result)?) + "\n" } else { visible(&result.to_string()) };
        print(text.as_bytes())
    }

    /// Prints a result formatted for the screen, or as JSON if asked for.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn formatted<T: FormatText + Serialize>(self, result: &T) -> io::Result<bool> {
        if self.json {
            return self.json(result);
        }
        let mut out = FormattedText::on(self.screen);
        result.format(&mut out);
        print(out.as_str().as_bytes())
    }

    /// Prints a result as JSON, piece by piece as it is serialised.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn json<T: Serialize>(self, result: &T) -> io::Result<bool> {
        let mut out = Escaping(BufWriter::new(io::stdout().lock()));
        let written = serde_json::to_writer_pretty(&mut out, result).map_err(io::Error::from);
        heard(written.and_then(|()| out.0.write_all(b"\n")).and_then(|()| out.0.flush()))
    }

    /// Prints pieces one after the other, through the pager if there is one. Tells how many were taken before the
    /// reader went away.
    ///
    /// # Errors
    /// As [`Console::result`].
    pub fn paged(self, pager: Option<&Pager>, pieces: impl Iterator<Item = FormattedText>) -> io::Result<usize> {
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return Ok(0);
        }
        match pager.map(Pager::start) {
            Some(Ok(mut running)) => {
                let taken = write_all(running.input(), pieces);
                running.wait();
                taken
            }
            _ => write_all(&mut io::stdout().lock(), pieces),
        }
    }

    /// Copies bytes to standard output as they are, which may speak to the terminal: only for those who asked for that.
    ///
    /// # Errors
    /// As [`Console::result`], and when the bytes cannot be read.
    pub fn raw(self, bytes: &mut impl Read) -> io::Result<bool> {
        heard(io::copy(bytes, &mut io::stdout().lock()).and_then(|_| io::stdout().flush()))
    }

    /// Whether results go to a terminal.
    pub fn shows_results(self) -> bool {
        io::stdout().is_terminal()
    }

    /// Says a line beside the result; whatever is in it, it stays one.
    pub fn say(self, line: &str) {
        self.say_lines(&field(line));
    }

    /// Says several lines beside the result. The names in them are a matter of whoever made them.
    pub fn say_lines(self, lines: &str) {
        write_lines(format!("{}\n", visible(lines)).as_bytes());
    }

    /// Says a line only to those who asked for more.
    pub fn say_if_verbose(self, line: &str) {
        if self.verbose {
            self.say(line);
        }
    }

    /// A bar that counts bytes, and appears when work takes longer than a moment and somebody watches.
    pub fn bytes(self, what: &str) -> ByteProgress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(
            "{msg} [{bar:30}] {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        let bar = ByteProgress { bar, console: self };
        bar.name(what);
        bar
    }

    /// Where a bar is drawn.
    fn target(self) -> ProgressDrawTarget {
        if io::stderr().is_terminal() && !self.json {
            ProgressDrawTarget::stderr_with_hz(5)
        } else {
            ProgressDrawTarget::hidden()
        }
    }

    /// Lets a bar be seen from now on: there is something to show.
    fn reveal(self, bar: &ProgressBar) {
        if bar.is_hidden() {
            bar.set_draw_target(self.target());
            note_drawn(bar);
        }
    }

    /// A bar that appears when work takes longer than a moment and somebody watches.
    pub fn progress(self, what: &'static str) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos} of {human_len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Progress { bar, console: self }
    }
}

/// A bar that counts bytes.
pub struct ByteProgress {
    bar: ProgressBar,
    console: Console,
}

impl ByteProgress {
    /// Says what the bytes are.
    pub fn name(&self, what: &str) {
        self.bar.set_message(field(what));
    }

    /// Shows that `done` of `all` bytes are here.
    pub fn show(&self, done: u64, all: u64) {
        if self.bar.elapsed() > Progress::MOMENT && all > 0 {
            self.console.reveal(&self.bar);
            self.bar.set_length(all);
            self.bar.set_position(done);
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A progress bar.
pub struct Progress {
    bar: ProgressBar,
    console: Console,
}

impl Progress {
    const MOMENT: Duration = Duration::from_millis(400);

    /// Shows that `done` of `all` is done.
    pub fn show(&self, done: usize, all: usize) {
        if self.bar.elapsed() > Self::MOMENT {
            self.console.reveal(&self.bar);
            self.bar.set_length(all as u64);
            self.bar.set_position(done as u64);
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn print(bytes: &[u8]) -> io::Result<bool> {
    heard(io::stdout().lock().write_all(bytes).and_then(|()| io::stdout().flush()))
}

fn write_all(out: &mut impl Write, pieces: impl Iterator<Item = FormattedText>) -> io::Result<usize> {
    let mut taken = 0;
    for piece in pieces {
        if !heard(out.write_all(piece.as_str().as_bytes()).and_then(|()| out.flush()))? {
            break;
        }
        taken += 1;
    }
    Ok(taken)
}

/// Whether the reader took it all; a closed pipe is the reader's choice.
fn heard(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes JSON with [`escaped`] characters. What writes JSON hands over whole characters.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_all(escaped(text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
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

    #[test]
    fn json_is_escaped_as_it_is_written() {
        let text = "é\u{202e}\u{1b}東\u{200d}".repeat(300);
        let mut out = Escaping(Vec::new());
        serde_json::to_writer_pretty(&mut out, &[&text]).unwrap();
        let json = String::from_utf8(out.0).unwrap();
        assert!(!json.contains(['\u{202e}', '\u{1b}', '\u{200d}']));
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }
}

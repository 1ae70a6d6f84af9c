//! Asking the person at the keyboard. That nobody is there, or that no answer comes, is an answer too.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use super::Console;
use crate::text::invisible::visible;

impl Console {
    /// Whether there is somebody to ask.
    pub fn can_ask(self) -> bool {
        io::stdin().is_terminal()
    }

    /// Asks beside the result and reads a line; `None` when standard input is no terminal, or has ended.
    ///
    /// # Errors
    /// When standard input cannot be read.
    pub fn ask(self, question: &str) -> io::Result<Option<String>> {
        if !self.can_ask() {
            return Ok(None);
        }
        let mut talk = io::stderr().lock();
        // There is nobody to tell that nobody listens.
        let _ = write!(talk, "{} ", visible(question)).and_then(|()| talk.flush());
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            let _ = writeln!(talk);
            return Ok(None);
        }
        Ok(Some(answer.trim().to_owned()))
    }

    /// Shows something and asks for one of several words, by its first letter; gives its position. The first is what an
    /// empty answer means.
    ///
    /// `None` when nobody sits at the keyboard, or when there is no answer to come.
    pub fn choose(self, about: &str, words: &[&str]) -> Option<usize> {
        let first = words.first()?;
        let choices: Vec<String> = words.iter().map(|word| letter_shown(word)).collect();
        if self.can_ask() {
            self.say_lines(about);
        }
        loop {
            let answer = self.ask(&format!("{}? (Enter: {first})", choices.join(", "))).ok()??.to_lowercase();
            let found = words.iter().position(|word| word.starts_with(&answer));
            if found.is_some() {
                return found;
            }
        }
    }

    /// Reads standard input to its end, but no more than so many bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn input(self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// `[s]kip`
fn letter_shown(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| format!("[{first}]{}", letters.as_str()))
}

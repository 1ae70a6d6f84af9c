//! Asking whoever sits at the keyboard.
//!
//! Owns the question and the reading of its answer. Nobody there, or no answer to come, is an answer too.

use std::io::{self, BufRead, IsTerminal, Write};

use super::Console;

impl Console {
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
}

/// `[s]kip`
fn letter_shown(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| format!("[{first}]{}", letters.as_str()))
}

//! Asking for a passphrase.
//!
//! Nothing of it is shown, and a new one is typed twice. Without a terminal the passphrase is a line of standard input, so that
//! scripts can give one.

use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use rpassword::ConfigBuilder;

use super::Console;
use crate::text::invisible::visible;

/// The longest line that is taken for a passphrase, in bytes.
const LONGEST: u64 = 4096;

static HIDING: AtomicBool = AtomicBool::new(false);

/// Whether the terminal shows nothing of what is typed. It has to be told to do so again: whoever is interrupted now must
/// not end the program, for the question ends by itself.
pub fn is_hiding() -> bool {
    HIDING.load(Ordering::Relaxed)
}

/// What came of asking for a passphrase.
#[derive(Clone, PartialEq, Eq)]
pub enum Passphrase {
    /// It was given; never empty.
    Given(String),
    /// There was no answer, or an empty one.
    None,
    /// It was not typed the same way twice, not even after a second try.
    Differs,
}

impl Console {
    /// Asks for a passphrase that there is already. Without a terminal it is the next line of standard input.
    ///
    /// # Errors
    /// When it cannot be read; `Interrupted` when ctrl-c was the answer, and then the terminal is as it was.
    pub fn passphrase(self, question: &str) -> io::Result<Passphrase> {
        if !self.can_ask() {
            return line(&mut io::stdin().lock()).map(given);
        }
        answer(hidden(question, terminal())).map(given)
    }

    /// Asks for a new passphrase, twice. Without a terminal it is the next line of standard input, once.
    ///
    /// # Errors
    /// As [`Console::passphrase`].
    pub fn new_passphrase(self, question: &str) -> io::Result<Passphrase> {
        if !self.can_ask() {
            return self.passphrase(question);
        }
        agreed(|is_again| {
            let question = if is_again { "Repeat the passphrase:" } else { question };
            answer(hidden(question, terminal()))
        })
    }
}

/// Asks until the same was typed twice, or not the same twice over.
fn agreed(mut ask: impl FnMut(bool) -> io::Result<Option<String>>) -> io::Result<Passphrase> {
    for _ in 0..2 {
        let Passphrase::Given(first) = given(ask(false)?) else {
            return Ok(Passphrase::None);
        };
        if ask(true)?.as_ref() == Some(&first) {
            return Ok(Passphrase::Given(first));
        }
    }
    Ok(Passphrase::Differs)
}

fn given(answer: Option<String>) -> Passphrase {
    answer.filter(|text| !text.is_empty()).map_or(Passphrase::None, Passphrase::Given)
}

/// An end of what is typed is an answer that never came.
fn answer(typed: io::Result<String>) -> io::Result<Option<String>> {
    match typed {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The terminal itself, wherever results and talk go.
fn terminal() -> ConfigBuilder {
    ConfigBuilder::new()
}

fn hidden(question: &str, terminal: ConfigBuilder) -> io::Result<String> {
    HIDING.store(true, Ordering::Relaxed);
    let typed = rpassword::prompt_password_with_config(format!("{} ", visible(question)), terminal.build());
    HIDING.store(false, Ordering::Relaxed);
    typed
}

/// The next line without its end; `None` at the end of all lines.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if input.by_ref().take(LONGEST).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// Types into a terminal of its own, and gives what came of it and all that the terminal showed.
    fn typed(keys: &[u8]) -> (io::Result<Option<String>>, String) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let _kept_open = File::options().read(true).write(true).open(&path).unwrap();
        let mut master = File::from(master);
        let asked = std::thread::spawn({
            let path = path.clone();
            move || {
                let terminal = ConfigBuilder::new().input_file_path(path.clone()).output_file_path(path);
                answer(hidden("Passphrase\u{1b}[2J:", terminal))
            }
        });
        // A terminal echoes at once what is typed before it is told not to.
        let mut shown = Vec::new();
        while !is_off(&path) {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        master.write_all(keys).unwrap();
        let answer = asked.join().unwrap();
        assert!(!is_off(&path), "the terminal shows again what is typed");
        rustix::fs::fcntl_setfl(&master, rustix::fs::OFlags::NONBLOCK).unwrap();
        let _ = master.read_to_end(&mut shown);
        (answer, String::from_utf8(shown).unwrap())
    }

    fn is_off(terminal: &str) -> bool {
        let terminal = File::open(terminal).unwrap();
        !rustix::termios::tcgetattr(terminal).unwrap().local_modes.contains(rustix::termios::LocalModes::ECHO)
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let (answer, shown) = typed("correct hørse\n".as_bytes());
        assert_eq!(answer.unwrap().as_deref(), Some("correct hørse"));
        assert!(shown.starts_with("Passphrase") && shown.contains(": ") && !shown.contains('\u{1b}'), "{shown:?}");
        assert!(!shown.contains("correct") && !shown.contains("rse"), "{shown:?}");
        assert!(!is_hiding());
        let (answer, shown) = typed(b"wrong\x15right\n");
        assert_eq!(answer.unwrap().as_deref(), Some("right"), "what was typed wrong can be taken back");
        assert!(!shown.contains("right"), "{shown:?}");
        assert_eq!(typed(b"\x04").0.unwrap(), None, "the end of input is no answer");
    }

    #[test]
    fn without_a_terminal_it_is_a_line() {
        for (input, answer) in [
            ("secret\nmore\n", Some("secret")),
            ("  with spaces \r\n", Some("  with spaces ")),
            ("no end", Some("no end")),
            ("\n", Some("")),
            ("", None),
        ] {
            assert_eq!(line(&mut input.as_bytes()).unwrap().as_deref(), answer, "{input:?}");
        }
        assert!(line(&mut &b"\xff\n"[..]).is_err());
        let mut two = &b"one\ntwo\n"[..];
        assert_eq!([line(&mut two).unwrap(), line(&mut two).unwrap()].map(Option::unwrap), ["one", "two"]);
    }

    #[test]
    fn a_new_one_is_typed_twice() {
        let outcome = |typed: &[&str]| {
            let mut typed = typed.iter();
            let outcome = agreed(|_| Ok(typed.next().map(|&text| text.to_owned()))).unwrap();
            assert_eq!(typed.next(), None, "all of it was asked for");
            match outcome {
                Passphrase::Given(text) => text,
                Passphrase::None => "none".to_owned(),
                Passphrase::Differs => "differs".to_owned(),
            }
        };
        assert_eq!(outcome(&["a", "a"]), "a");
        assert_eq!(outcome(&["a", "b", "c", "c"]), "c");
        assert_eq!(outcome(&["a", "b", "c", "d"]), "differs");
        assert_eq!(outcome(&[""]), "none");
        assert_eq!(outcome(&[]), "none");
        assert_eq!(outcome(&["a", "b", ""]), "none");
    }
}

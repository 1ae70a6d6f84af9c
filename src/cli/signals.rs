//! What ctrl-c, SIGTERM and SIGHUP do.
//!
//! They are caught before a command begins. One that comes before the command has said what is to be done then is remembered, so
//! that no moment is left in which a signal ends the program in the middle of something.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::commands::Failure;
use crate::console::Console;
use crate::sync::book::unbroken;
use crate::watch::Bell;

/// What a program that was interrupted says to the shell.
const INTERRUPTED: i32 = 130;

/// What is said at once when a command that goes on for long is asked to stop.
pub(super) const STOPPING: &str = "Stopping … finishing what is being written";

/// What is done about a signal, and whether one came.
struct Signals {
    answer: Option<Box<dyn FnMut() + Send>>,
    came: bool,
}

static SIGNALS: Mutex<Signals> = Mutex::new(Signals { answer: None, came: false });

fn signals() -> MutexGuard<'static, Signals> {
    SIGNALS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Catches all signals from now on.
///
/// # Errors
/// [`Failure`] when the system does not allow it.
pub(super) fn catch() -> Result<(), Failure> {
    let came = || {
        let mut signals = signals();
        match &mut signals.answer {
            Some(answer) => answer(),
            None => signals.came = true,
        }
    };
    ctrlc::set_handler(came).map_err(|error| Failure::new(format!("signals cannot be caught: {error}"), "try again"))
}

/// Says what is done about every signal, those that came already included.
pub(super) fn answer_with(mut answer: impl FnMut() + Send + 'static) {
    let mut signals = signals();
    if std::mem::take(&mut signals.came) {
        answer();
    }
    signals.answer = Some(Box::new(answer));
}

/// Ends the program, but not while it writes down what belongs together.
pub(super) fn end() {
    let _unbroken = unbroken();
    std::process::exit(INTERRUPTED);
}

/// Rings the bell, and says `words` if there are any. Whoever asks twice does not wait for the work in hand, which is safe: no file is
/// ever seen half-written.
pub(super) fn ring(bell: Bell, words: Option<(Console, &'static str)>) {
    let mut is_asked = false;
    answer_with(move || {
        bell.stop();
        if std::mem::replace(&mut is_asked, true) {
            end();
        }
        if let Some((console, words)) = words {
            console.say(words);
        }
    });
}

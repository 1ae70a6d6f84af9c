//! What ctrl-c, SIGTERM and SIGHUP do.
//!
//! They are caught before a command begins. One that comes before the command has said what is to be done then is remembered, so
//! that no moment is left in which a signal ends the program in the middle of something.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::commands::Failure;
use crate::console::Console;
use crate::lock::lock;
use crate::sync::keys::book::hold_off_signals;
use crate::watch::Waker;

/// What a program that was interrupted says to the shell.
const INTERRUPTED: i32 = 130;

/// What is said when a command was asked to stop, and has not ended a moment later.
const STOPPING: &str = "Stopping … finishing writes and closing connections";

/// What ends sooner needs no word.
const MOMENT: Duration = Duration::from_millis(200);

/// What is done about a signal, and whether one came.
struct Signals {
    answer: Option<Box<dyn FnMut() + Send>>,
    came: bool,
}

static SIGNALS: Mutex<Signals> = Mutex::new(Signals { answer: None, came: false });

fn signals() -> MutexGuard<'static, Signals> {
    lock(&SIGNALS)
}

/// Catches all signals from now on.
///
/// # Errors
/// [`Failure`] when the system does not allow it.
pub(super) fn catch() -> Result<(), Failure> {
    ctrlc::set_handler(signal_came).map_err(|error| {
        Failure::new(format!("the program cannot handle signals: {error}"), "try again").caused_by(error)
    })
}

/// Does what a signal asks for; one that comes too early is remembered.
fn signal_came() {
    let mut signals = signals();
    match &mut signals.answer {
        Some(answer) => answer(),
        None => signals.came = true,
    }
}

/// Says what is done about every signal, those that came already included.
pub(super) fn answer_with(mut answer: impl FnMut() + Send + 'static) {
    let mut signals = signals();
    if std::mem::take(&mut signals.came) {
        answer();
    }
    signals.answer = Some(Box::new(answer));
}

/// Says that the end takes a moment, unless the program has ended by then.
fn say_later(console: Console) {
    let say = move || {
        std::thread::sleep(MOMENT);
        console.say(STOPPING);
    };
    // Where there can be no thread, there is one line less.
    drop(std::thread::Builder::new().name("stopping".into()).spawn(say));
}

/// Ends the program, but not while it writes down what belongs together.
pub(super) fn end() {
    let _held = hold_off_signals();
    std::process::exit(INTERRUPTED);
}

/// Lets a signal ask the command to stop, and says so if the end takes longer than a moment. Whoever asks twice does not wait for
/// the work in hand, which is safe: no file is ever seen half-written.
pub(super) fn ask_to_stop(waker: Waker, console: Console) {
    let mut is_asked = false;
    answer_with(move || {
        waker.stop();
        if std::mem::replace(&mut is_asked, true) {
            end();
        }
        say_later(console);
    });
}

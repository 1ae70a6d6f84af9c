//! Panics of the engine's tasks.
//!
//! The engine's live actor ends when one of its tasks panics, as iroh-docs 0.101 does where a comparison fails because its
//! store cannot be written. Everything else then waits for that actor for ever, and nothing else tells of it. So a panic on one
//! of the runtime's threads counts as a broken engine, and a new one is started.

use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, Once};

use crate::lock::lock;

/// The name of the threads on which the engine runs.
pub(super) const THREAD: &str = "sync";

/// What the last panic on such a thread said.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Begins to listen. What panics elsewhere is told as before.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() == Some(THREAD) {
                *lock(&LAST) = Some(words(panic));
            } else {
                before(panic);
            }
        }));
    });
}

/// What the last panic said, once.
pub(super) fn take() -> Option<String> {
    lock(&LAST).take()
}

/// What a panic said, and in which line; not where that file lay on the machine that the program was built on.
fn words(panic: &PanicHookInfo<'_>) -> String {
    let what = panic.payload_as_str().unwrap_or("no reason was given");
    let place = panic.location().map_or_else(String::new, |place| {
        let file = place.file().rsplit('/').next().unwrap_or_default();
        format!(" ({file}, line {})", place.line())
    });
    format!("a part of it failed: {what}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_engine_is_noted_once_and_no_other_is() {
        listen();
        let on_thread = |name: &str| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(|| panic!("no {}", "reason"));
            assert!(thread.unwrap().join().is_err());
        };
        on_thread("another");
        assert_eq!(take(), None);
        on_thread(THREAD);
        let said = take().unwrap();
        assert!(said.starts_with("a part of it failed: no reason (engine_panics.rs, line "), "{said}");
        assert_eq!(take(), None);
    }
}

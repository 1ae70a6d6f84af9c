//! Locks, taken in the one way that this program takes them: a lock that a panic left poisoned is used all the same.
//!
//! A panic is a bug. It is caught where its thread begins, logged and told, and it must not take the other threads with it: a
//! server whose one request failed goes on answering. The value behind the lock is still good, because all of them are caches,
//! queues and tables whose every change is one assignment or one call of a collection, which leaves a whole value at each moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

/// Takes a lock, and waits for whoever has it.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a lock, unless somebody has it now.
pub(crate) fn try_lock<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Takes a lock for reading, beside other readers.
pub(crate) fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a lock for writing, alone.
pub(crate) fn write<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go of a lock until `changed` is signalled, and takes it again.
pub(crate) fn wait<'a, T>(changed: &Condvar, held: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    changed.wait(held).unwrap_or_else(PoisonError::into_inner)
}

/// Lets go of a lock until `changed` is signalled or `time` has passed, and takes it again.
pub(crate) fn wait_at_most<'a, T>(changed: &Condvar, held: MutexGuard<'a, T>, time: Duration) -> MutexGuard<'a, T> {
    changed.wait_timeout(held, time).unwrap_or_else(PoisonError::into_inner).0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_panic_elsewhere_does_not_take_the_value_away() {
        let (mutex, table) = (Arc::new(Mutex::new(1)), Arc::new(RwLock::new(1)));
        let (of_thread, table_of_thread) = (Arc::clone(&mutex), Arc::clone(&table));
        let thread = std::thread::spawn(move || {
            let (mut number, mut other) = (lock(&of_thread), write(&table_of_thread));
            (*number, *other) = (2, 2);
            // What a bug would do; without a message in the test's output.
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(thread.join().is_err() && mutex.is_poisoned() && table.is_poisoned());
        assert_eq!((*lock(&mutex), *read(&table)), (2, 2));
        assert_eq!(try_lock(&mutex).as_deref(), Some(&2));
        let held = lock(&mutex);
        assert!(try_lock(&mutex).is_none());
        drop(held);
        let changed = Condvar::new();
        assert_eq!(*wait_at_most(&changed, lock(&mutex), Duration::ZERO), 2);
    }

    #[test]
    fn no_other_file_has_a_way_of_its_own() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for entry in walkdir::WalkDir::new(&here).into_iter().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|kind| kind == "rs") && !entry.path().ends_with("src/lock.rs") {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                assert!(!text.contains("PoisonError"), "{} takes locks by crate::lock", entry.path().display());
            }
        }
    }
}

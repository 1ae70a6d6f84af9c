//! The watch over the boxes of all documents, on a thread of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::lock::lock;
use crate::sync::error::Error;
use crate::watch::{Detection, Touched, WakeReason, Waker, Watch, WatchedPlace};

/// How often everything is looked at, whatever the system tells of changes.
const RESCAN: Duration = Duration::from_mins(3);

/// The watch over the boxes, on a thread of its own.
pub(super) struct BoxWatch {
    waker: Waker,
    places: Arc<Mutex<Vec<WatchedPlace>>>,
}

impl BoxWatch {
    /// Starts the thread; gives where it says what changed.
    pub(super) fn open() -> Result<(Self, mpsc::UnboundedReceiver<Touched>), Error> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut watch = Watch::new(Detection::Auto, RESCAN);
        let boxes = Self { waker: watch.waker(), places: Arc::default() };
        let places = Arc::clone(&boxes.places);
        std::thread::Builder::new().name("sync watch".into()).spawn(move || {
            loop {
                match watch.wait(None) {
                    WakeReason::Called => watch.set_places(lock(&places).clone()),
                    WakeReason::Tick(touched) => {
                        if sender.send(touched).is_err() {
                            return;
                        }
                    }
                    WakeReason::Due => {}
                    WakeReason::Stop => return,
                }
            }
        })?;
        Ok((boxes, receiver))
    }

    /// Watches over these places, and no others.
    pub(super) fn set_places(&self, places: Vec<WatchedPlace>) {
        *lock(&self.places) = places;
        self.waker.call();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.waker.stop();
    }
}

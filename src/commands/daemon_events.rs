//! What `build`, `watch` and `serve` say of what happens in a channel's turn.

use crate::channel::Channel;
use crate::commands::failure::Failure;
use crate::commands::wording::spoken;
use crate::console::Console;
use crate::daemon::observer::{CycleEvent, Observer};

/// A line about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventLine {
    /// It happened once.
    News(String),
    /// It is told in every turn while it is so.
    Lasting(String),
}

/// An event in words.
pub(super) fn line(event: &CycleEvent<'_>) -> EventLine {
    match event {
        CycleEvent::Sent(sent) => {
            EventLine::News(format!("sent {}, which was due on {}", sent.stamp, spoken(sent.stamp)))
        }
        CycleEvent::NotSent { draft, error } => {
            EventLine::Lasting(format!("warning: the scheduled message {draft} could not be sent: {error}"))
        }
        CycleEvent::NoneSent(error) => EventLine::Lasting(format!("warning: {error}, so none of them is sent")),
        CycleEvent::WaitsForOtherBuild => EventLine::News(WAITS_FOR_OTHER_BUILD.to_owned()),
    }
}

/// What is said when a build has to wait.
pub(super) const WAITS_FOR_OTHER_BUILD: &str = "another build is writing to the same folder; waiting for it to finish";

/// Says why the manifest of the last build was not used, to those who ask for more.
pub(super) fn say_damage_if_verbose(console: Console, damage: Option<&String>) {
    if let Some(damage) = damage {
        console.say_if_verbose(&format!("the manifest of the last build was not used: {damage}"));
    }
}

/// Says what happens during a build.
pub(super) struct Narrator(pub(super) Console);

impl Observer for Narrator {
    type Stop = Failure;

    fn happened(&mut self, _channel: &Channel, event: &CycleEvent<'_>) {
        let (EventLine::News(line) | EventLine::Lasting(line)) = line(event);
        self.0.say(&line);
    }
}

//! Files that change their minds: what comes back to a state that it has had a moment ago, again and again, is left alone for a while.
//!
//! Two programs, or two computers with one memory, may each undo what the other does. Whatever the reason, it ends here, and is said.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::sync::replica::item::Item;
use crate::sync::replica::merge::Local;

/// So long a state counts, and so long a file is left alone.
const WINDOW: Duration = Duration::from_mins(1);

/// So often a file may come to one state within that time.
const MAX_RETURNS: usize = 3;

/// So many states of one file are remembered.
const MAX_STATES: usize = 16;

/// What files were like a moment ago.
#[derive(Debug, Default)]
pub struct Flips {
    states: BTreeMap<Item, Vec<(Instant, Local)>>,
    /// Files that are left alone, until when.
    restless: BTreeMap<Item, Instant>,
}

impl Flips {
    /// Whether a file may come to this state now. If it may, it is noted that it does.
    pub fn allow(&mut self, item: &Item, state: Local, now: Instant) -> bool {
        let may = self.may(item, state, now);
        if may {
            self.note(item, state, now);
        }
        may
    }

    /// Whether a file may come to this state now. One that may not is left alone from now on.
    pub fn may(&mut self, item: &Item, state: Local, now: Instant) -> bool {
        if self.restless.contains_key(item) {
            return false;
        }
        let recent = |(at, before): &&(Instant, Local)| now.saturating_duration_since(*at) < WINDOW && *before == state;
        let returns = self.states.get(item).map_or(0, |states| states.iter().filter(recent).count());
        if returns >= MAX_RETURNS {
            self.restless.insert(item.clone(), now + WINDOW);
        }
        returns < MAX_RETURNS
    }

    /// Notes that a file comes to this state.
    pub fn note(&mut self, item: &Item, state: Local, now: Instant) {
        let states = self.states.entry(item.clone()).or_default();
        states.retain(|(at, _)| now.saturating_duration_since(*at) < WINDOW);
        if states.len() >= MAX_STATES {
            states.remove(0);
        }
        states.push((now, state));
    }

    /// Files that are left alone.
    pub fn restless(&self) -> impl Iterator<Item = &Item> {
        self.restless.keys()
    }

    /// Forgets what was long ago; gives the files that are left alone no more.
    pub fn expire(&mut self, now: Instant) -> Vec<Item> {
        self.states
            .retain(|_, states| states.last().is_some_and(|(at, _)| now.saturating_duration_since(*at) < WINDOW));
        let over = |(item, until): (&Item, &Instant)| (*until <= now).then(|| item.clone());
        let over: Vec<Item> = self.restless.iter().filter_map(over).collect();
        for item in &over {
            self.restless.remove(item);
            self.states.remove(item);
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_is_left_alone_for_a_while() {
        let (mut flips, start) = (Flips::default(), Instant::now());
        let item = Item::parse(b"2013-08-11T14-34-37Z.txt").unwrap();
        for _ in 0..3 {
            assert!(flips.allow(&item, Local::Missing, start) && flips.allow(&item, Local::Content([1; 32]), start));
        }
        assert!(!flips.allow(&item, Local::Missing, start) && !flips.allow(&item, Local::Content([2; 32]), start));
        assert_eq!(flips.restless().collect::<Vec<_>>(), [&item]);
        assert!(flips.expire(start).is_empty());
        assert_eq!(flips.expire(start + WINDOW), std::slice::from_ref(&item));
        assert!(flips.allow(&item, Local::Missing, start + WINDOW));
    }

    #[test]
    fn what_is_edited_often_is_no_change_of_mind() {
        let (mut flips, start) = (Flips::default(), Instant::now());
        let item = Item::parse(b"2013-08-11T14-34-37Z.txt").unwrap();
        assert!((0..200).all(|number| flips.allow(&item, Local::Content([number; 32]), start)));
        assert!(flips.expire(start + WINDOW).is_empty() && flips.states.is_empty());
    }
}

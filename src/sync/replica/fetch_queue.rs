//! The order in which contents are fetched: what is small before what is large, the newest messages first, and what nobody could
//! give after a pause.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Instant;

/// The place in the order: smaller comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Whether the content is large.
    pub large: bool,
    /// The time of its message, in seconds since 1970.
    pub newest: Reverse<i64>,
    /// Whether it is a message's text: its attachments come first.
    pub text: bool,
}

/// What is to be fetched.
#[derive(Debug)]
pub struct FetchQueue<Job> {
    ready: BTreeMap<(Rank, u64), Job>,
    later: BTreeMap<(Instant, u64), (Rank, Job)>,
    /// How many jobs were queued: of two of one rank the earlier one comes first.
    count: u64,
}

impl<Job> Default for FetchQueue<Job> {
    fn default() -> Self {
        Self { ready: BTreeMap::new(), later: BTreeMap::new(), count: 0 }
    }
}

impl<Job> FetchQueue<Job> {
    /// Queues a job.
    pub fn push(&mut self, rank: Rank, job: Job) {
        self.count += 1;
        self.ready.insert((rank, self.count), job);
    }

    /// Queues a job for later.
    pub fn push_later(&mut self, due: Instant, rank: Rank, job: Job) {
        self.count += 1;
        self.later.insert((due, self.count), (rank, job));
    }

    /// When the next job that waits is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.later.keys().next().map(|(due, _)| *due)
    }

    /// Queues what has waited long enough.
    pub fn wake(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let (rank, job) = first.remove();
            self.push(rank, job);
        }
    }

    /// Queues those of the jobs that wait for which this holds.
    pub fn wake_those(&mut self, is_meant: impl Fn(&Job) -> bool) {
        let all = std::mem::take(&mut self.later);
        for (place, (rank, job)) in all {
            if is_meant(&job) {
                self.push(rank, job);
            } else {
                self.later.insert(place, (rank, job));
            }
        }
    }

    /// The next job. What is large comes last in the order, so nothing small waits behind it where it may not be taken.
    pub fn pop(&mut self, may_be_large: bool) -> Option<(Rank, Job)> {
        let first = self.ready.first_entry().filter(|first| may_be_large || !first.key().0.large)?;
        let rank = first.key().0;
        Some((rank, first.remove()))
    }

    /// Lets go of the jobs for which this does not hold.
    pub fn retain(&mut self, stays: impl Fn(&Job) -> bool) {
        self.ready.retain(|_, job| stays(job));
        self.later.retain(|_, (_, job)| stays(job));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rank(large: bool, second: i64) -> Rank {
        Rank { large, newest: Reverse(second), text: true }
    }

    #[test]
    fn what_is_small_and_new_comes_first() {
        let mut queue = FetchQueue::default();
        queue.push(rank(true, 9), "a film");
        queue.push(rank(false, 1), "an old text");
        queue.push(rank(false, 8), "a new text");
        assert_eq!(queue.pop(true).unwrap().1, "a new text");
        assert_eq!(queue.pop(true).unwrap().1, "an old text");
        assert!(queue.pop(false).is_none(), "enough that is large goes on already");
        assert_eq!(queue.pop(true).unwrap(), (rank(true, 9), "a film"));
        assert!(queue.pop(true).is_none());
    }

    #[test]
    fn what_nobody_could_give_waits() {
        let (mut queue, start) = (FetchQueue::default(), Instant::now());
        let due = start + Duration::from_secs(1);
        queue.push_later(due, rank(false, 1), "one");
        queue.push_later(due + Duration::from_secs(1), rank(false, 2), "two");
        queue.push_later(due + Duration::from_secs(2), rank(false, 3), "three");
        assert_eq!(queue.next_due(), Some(due));
        queue.wake(start);
        assert!(queue.pop(true).is_none());
        queue.wake(due);
        assert_eq!(queue.pop(true).unwrap().1, "one");
        queue.wake_those(|job| *job == "three");
        assert_eq!(queue.pop(true).unwrap().1, "three");
        queue.retain(|_| false);
        assert_eq!(queue.next_due(), None);
    }
}

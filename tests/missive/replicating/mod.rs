//! Replication as people see it: the real program in several data folders, over loopback.

mod alone;
mod clocks;
mod co_authors;
mod crashing;
mod deleting;
mod full_disk;
mod hosts;
mod inboxes;
mod inviting;
mod keys;
mod moving;
mod new_device;
mod owner;
mod people;
mod reading;
mod renaming;
mod restoring;
mod rolling_back;
mod stopping;
mod stranger;
mod strangers;
mod telling;
mod together;
mod trusting;
mod twice;
mod vanishing;
mod waiting;

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";
const THIRD: &str = "2026-01-03T10-00-00Z";

//! The one incremental engine. A site and a reading room are plans: what should exist, each file with its fingerprint and
//! with what makes it. The engine compares a plan with what was written last time, refuses what would hurt, makes what
//! differs, stages it and puts it in place. Nothing else in this crate does any of these.
//!
//! The lock on an output is taken before the look at the channel, so a build that had to wait does not write an older state.

pub(crate) mod compare;
pub(crate) mod fingerprint;
pub(crate) mod lock;
pub(crate) mod made;
pub(crate) mod manifest;
pub(crate) mod out_path;
pub(crate) mod output_folder;
pub(crate) mod plan;
pub(crate) mod previous_output;
pub(crate) mod refusal;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod stage;

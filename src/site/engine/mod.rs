//! The one incremental engine: what is planned is compared with what was written last time, and only the difference is made and put in place.

pub(crate) mod fingerprint;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod out_path;
pub(crate) mod output_folder;
pub(crate) mod previous_output;
pub(crate) mod refusal;
pub(crate) mod report;
pub(crate) mod stage;

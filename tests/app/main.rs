//! The app as people use it: `missive serve` in a browser. `cargo test --test app`; needs Debian's `chromium-driver`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![allow(clippy::needless_raw_string_hashes, reason = "snapbox writes whole outputs in this form")]

mod app;
mod browser;
mod hostile;
mod keys;
mod looks;
mod previews;
mod reading;
#[path = "../missive/test_environment.rs"]
mod test_environment;
mod without_script;
mod writing;

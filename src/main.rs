//! The program: everything it does is in the library.

use std::process::ExitCode;

use missive::commands::FailureKind;
use tikv_jemallocator::Jemalloc;

/// Gives memory back to the system when a large build is done: `missive watch` may then wait for days.
#[global_allocator]
static MEMORY: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let done = std::panic::catch_unwind(|| missive::cli::run(std::env::args_os()));
    done.unwrap_or(ExitCode::from(FailureKind::Bug.exit_code()))
}

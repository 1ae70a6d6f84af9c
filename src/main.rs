//! The program: everything it does is in the library.

use std::process::ExitCode;

use missive::commands::FailureKind;

/// Gives more memory back to the system when a large build is done: `missive watch` may then wait for days. It is C, and
/// takes long to compile; packages have it.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let done = std::panic::catch_unwind(|| missive::cli::run(std::env::args_os()));
    done.unwrap_or(ExitCode::from(FailureKind::Bug.exit_code()))
}

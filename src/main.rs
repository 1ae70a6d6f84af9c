//! The program: everything it does is in the library.

use std::process::ExitCode;

/// Gives more memory back to the system when a large build is done: `missive watch` may then wait for days. It is C, and
/// takes long to compile; packages have it.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A bug, in the numbers of `sysexits.h`.
const SOFTWARE: u8 = 70;

fn main() -> ExitCode {
    std::panic::catch_unwind(|| missive::cli::run(std::env::args_os())).unwrap_or(ExitCode::from(SOFTWARE))
}

//! The program: everything it does is in the library.

use std::process::ExitCode;

/// A bug, in the numbers of `sysexits.h`.
const SOFTWARE: u8 = 70;

fn main() -> ExitCode {
    std::panic::catch_unwind(|| missive::cli::run(std::env::args_os())).unwrap_or(ExitCode::from(SOFTWARE))
}

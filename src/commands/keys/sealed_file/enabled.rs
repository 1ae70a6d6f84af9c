//! Asks for the passphrase of a file of keys, and seals or opens it in the format of `age`.

use std::path::Path;

use crate::commands::Failure;
use crate::console::{Console, Passphrase};
use crate::sync::keys::backup;

/// Asks for a new passphrase, and seals bytes for a file.
///
/// # Errors
/// [`Failure`] when no passphrase was given, or the bytes cannot be sealed.
pub(in crate::commands::keys) fn seal(plain: &[u8], file: &Path, console: Console) -> Result<Vec<u8>, Failure> {
    let passphrase = given(console.new_passphrase("Passphrase for the file:")?)?;
    backup::seal(plain, &passphrase).map_err(|error| unsealed(error, file))
}

/// Asks for the passphrase, and opens a file's bytes.
///
/// # Errors
/// [`Failure`] when no passphrase was given, or the file cannot be opened with it.
pub(in crate::commands::keys) fn open(sealed: &[u8], file: &Path, console: Console) -> Result<Vec<u8>, Failure> {
    let passphrase = given(console.passphrase("Passphrase of the file:")?)?;
    backup::open(sealed, &passphrase).map_err(|error| unsealed(error, file))
}

/// The passphrase that was typed.
fn given(passphrase: Passphrase) -> Result<String, Failure> {
    match passphrase {
        Passphrase::Given(passphrase) => Ok(passphrase),
        Passphrase::None => {
            Err(Failure::new("no passphrase was given", "type one, or pass it as a line on standard input"))
        }
        Passphrase::Differs => Err(Failure::new("the two passphrases differ", "nothing was written; try again")),
    }
}

/// Why a file of keys was not sealed or opened.
fn unsealed(error: backup::Error, file: &Path) -> Failure {
    Failure::new(format!("{}: {error}", file.display()), "nothing was changed").caused_by(error)
}

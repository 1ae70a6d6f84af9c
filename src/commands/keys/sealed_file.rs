//! A sealed file of keys: the passphrase for it, and what is said when it cannot be sealed or opened.

use std::path::Path;

use crate::commands::Failure;
use crate::console::Passphrase;
use crate::sync::keys::backup;

/// The passphrase that was typed.
pub(super) fn given(passphrase: Passphrase) -> Result<String, Failure> {
    match passphrase {
        Passphrase::Given(passphrase) => Ok(passphrase),
        Passphrase::None => {
            Err(Failure::new("no passphrase was given", "type one, or pass it as a line on standard input"))
        }
        Passphrase::Differs => Err(Failure::new("the two passphrases differ", "nothing was written; try again")),
    }
}

/// Why a file of keys was not sealed or opened.
pub(super) fn unsealed(error: &backup::Error, file: &Path) -> Failure {
    Failure::new(format!("{}: {error}", file.display()), "nothing was changed")
}

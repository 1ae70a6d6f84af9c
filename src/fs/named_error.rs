//! Errors of the system that say which file they are about, and keep what the system said as their source.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

#[derive(Debug)]
struct NamedError {
    words: String,
    source: io::Error,
}

impl fmt::Display for NamedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for NamedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The same error with the path that it is about: `PATH: what the system says`.
pub fn named(path: &Path, error: io::Error) -> io::Error {
    let words = format!("{}: {error}", path.display());
    in_words(words, error)
}

/// The same error with what could not be done: `failed to DO: what the system says`.
pub fn failed_to(what: fmt::Arguments<'_>, error: io::Error) -> io::Error {
    let words = format!("failed to {what}: {error}");
    in_words(words, error)
}

fn in_words(words: String, source: io::Error) -> io::Error {
    io::Error::new(source.kind(), NamedError { words, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_said_is_kept() {
        for error in [
            named(Path::new("a/b"), io::ErrorKind::NotFound.into()),
            failed_to(format_args!("open file `a/b`"), io::ErrorKind::NotFound.into()),
        ] {
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            assert_eq!(error.source().unwrap().to_string(), "entity not found", "{error}");
        }
        let error = named(Path::new("a/b"), io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "a/b: entity not found");
        let error = failed_to(format_args!("open file `a/b`"), io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "failed to open file `a/b`: entity not found");
    }
}

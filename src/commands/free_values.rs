//! Values of options that a person writes freely, and that may begin with `-`: `-m '- milk'`, `--title '-1: a story'`.
//!
//! What is an option of the same command is none of them: whoever wrote it has forgotten the value, and a text that nobody
//! meant must not be sent.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PathBufValueParser, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// Reads what another parser reads, unless it is an option of the command.
#[derive(Clone, Debug)]
pub(super) struct FreeText<P>(P);

/// A text; its option has to allow values that begin with `-`.
pub(super) fn text() -> impl TypedValueParser<Value = String> {
    FreeText(StringValueParser::new())
}

/// A path, likewise.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    FreeText(PathBufValueParser::new())
}

/// A name as the system takes it, likewise.
pub(super) fn name() -> impl TypedValueParser<Value = OsString> {
    FreeText(OsStringValueParser::new())
}

impl<P: TypedValueParser> TypedValueParser for FreeText<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<P::Value, clap::Error> {
        if let Some(option) = value.to_str().filter(|value| is_option(command, value)) {
            let wanted = arg.map_or_else(|| "an option".to_owned(), |arg| format!("`{arg}`"));
            let message = format!(
                "{wanted} needs a value, but `{option}` after it is an option\n\n  tip: a text that is one word \
                 and an option can come from a file or from standard input, and a path can begin with `./`"
            );
            return Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command));
        }
        self.0.parse_ref(command, arg, value)
    }
}

/// Whether a word is an option of a command, perhaps with a value: `--title`, `-m`, `--tag=x`, and `--` itself.
fn is_option(command: &Command, word: &str) -> bool {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    if name == "--" {
        return true;
    }
    command.get_arguments().any(|arg| is_called(arg, name)) || ["-h", "--help"].contains(&name)
}

/// Whether an option has this name, dashes and all.
fn is_called(arg: &Arg, name: &str) -> bool {
    let long = name.strip_prefix("--").is_some_and(|name| arg.get_long() == Some(name));
    let short = name.strip_prefix('-').zip(arg.get_short()).is_some_and(|(name, short)| name == short.to_string());
    long || short
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[arg(short, long, allow_hyphen_values = true, value_parser = text())]
        message: Vec<String>,
        #[arg(short, long, allow_hyphen_values = true, value_parser = path())]
        attach: Vec<PathBuf>,
        #[arg(long)]
        draft: bool,
        #[command(flatten)]
        more: More,
    }

    #[derive(Debug, Args)]
    struct More {
        #[arg(long, allow_hyphen_values = true, value_parser = name())]
        title: Option<OsString>,
    }

    fn line(words: &[&str]) -> Result<Line, clap::Error> {
        clap::Parser::try_parse_from(std::iter::once(&"line").chain(words))
    }

    #[test]
    fn a_value_may_begin_with_a_dash() {
        for text in ["- milk", "-1", "---", "-violence", "--no-such-option", "-", "-mx", "--draft it"] {
            let read = line(&["-m", text, "--title", text, "-a", text, "--draft"]).unwrap();
            assert_eq!((read.message, read.attach), (vec![text.to_owned()], vec![PathBuf::from(text)]));
            assert!(read.draft && read.more.title.is_some_and(|title| title == text), "{text}");
        }
    }

    #[test]
    fn a_value_that_was_forgotten_is_missed() {
        for words in [
            &["-m", "--draft"] as &[&str],
            &["-m", "-m"],
            &["--title", "--attach=x"],
            &["-a", "-m"],
            &["-m", "--"],
            &["-m", "--help"],
        ] {
            let error = line(words).unwrap_err().to_string();
            assert!(error.contains("needs a value, but"), "{words:?}: {error}");
        }
        assert!(line(&["-m"]).is_err());
    }
}

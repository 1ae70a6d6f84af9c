//! Where a text comes from, when it comes from no editor: `-m`, `-F`, standard input.
//!
//! A file that is no text is refused: it was probably meant to be attached.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::channel::protocol::message_file;
use crate::commands::{Environment, Failure, free_values};
use crate::console::Console;
use crate::fs::regular_file;

/// A longer text is refused, in bytes.
const MOST: u64 = 64 << 20;

/// The text, unless it is written in an editor.
#[derive(Debug, Args)]
pub struct TextArgs {
    /// The text; repeat it for more paragraphs
    #[arg(short, long, value_name = "TEXT", group = "text", allow_hyphen_values = true, value_parser = free_values::text())]
    message: Vec<String>,
    /// Take the text from a file
    #[arg(short = 'F', long, value_name = "FILE", group = "text", allow_hyphen_values = true, value_parser = free_values::path())]
    file: Option<PathBuf>,
    /// `-` reads the text from standard input
    #[arg(value_name = "-", value_parser = ["-"], group = "text", hide_possible_values = true)]
    input: Option<String>,
}

impl TextArgs {
    /// The text that was given; `None` when it is to be written in an editor.
    pub(super) fn read(&self, environment: &Environment, console: Console) -> Result<Option<Vec<u8>>, Failure> {
        let (bytes, place) = match &self.file {
            _ if !self.message.is_empty() => {
                return Ok(Some((self.message.join("\n\n") + "\n").into_bytes()));
            }
            None if self.input.is_none() => return Ok(None),
            Some(path) if path.as_os_str() != "-" => {
                let mut bytes = Vec::new();
                let path = environment.folders.here.join(path);
                opened(&path)?.take(MOST + 1).read_to_end(&mut bytes)?;
                (bytes, path.display().to_string())
            }
            _ => (console.input(MOST + 1)?, "standard input".to_owned()),
        };
        plain(bytes).map(Some).map_err(|what| {
            Failure::new(
                format!("{place} {what}"),
                "nothing was written; to attach a file that is not text, use `-a FILE`",
            )
        })
    }
}

/// Opens the file that a text is taken from. A pipe is refused, for nobody might ever write into it; what the shell has
/// opened already, as in `-F <(date)`, is taken.
fn opened(path: &Path) -> Result<File, Failure> {
    let is_open_already = ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|above| path.starts_with(above));
    let file =
        if is_open_already { fs_err::File::open(path).map(fs_err::File::into_file) } else { regular_file::open(path) };
    file.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => {
            Failure::from(error).with_hint("to use the output of another program: `… | missive compose CHANNEL -`")
        }
        _ => error.into(),
    })
}

/// The bytes as they are, if they are a text; one in UTF-16 becomes UTF-8.
fn plain(bytes: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    if bytes.len() as u64 > MOST {
        return Err("is longer than 64 MiB");
    }
    let is_wide = matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if !is_wide {
        let is_text = std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
        return if is_text { Ok(bytes) } else { Err("is not UTF-8 text") };
    }
    let text = message_file::decode(bytes);
    if text.mended { Err("is not UTF-16 text") } else { Ok(text.text.into_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_is_a_text() {
        assert_eq!(plain(b"a\r\n\xc3\xa9".to_vec()), Ok(b"a\r\n\xc3\xa9".to_vec()));
        assert_eq!(plain(b"\xff\xfea\0".to_vec()), Ok(b"a".to_vec()));
        for bytes in [b"\x89PNG\xff".as_slice(), b"a\0b", b"\xff\xfe\0\xd8"] {
            assert!(plain(bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }
}

//! Commands that a person can paste into a shell as they stand.
//!
//! The one rule for every hint: a word is quoted so that the shell takes it for exactly these bytes, it stays on one line
//! whatever is in it, and none that begins with `-` is taken for an option.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use crate::text::invisible::field;

/// A word as a shell takes it for one: plain, in quotation marks, or, where something in it could not be seen, as `$'…'`
/// (POSIX.1-2024, section 2.2.4; bash and zsh know it, too).
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let bytes = word.as_ref().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        Ok(text) if field(text) == text => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escaped(bytes),
    }
}

/// A command of this program that can be pasted: `command` is its name with its options as they are written, the operands
/// are quoted here. `--` stands before them if one of them begins with `-`.
pub fn missive(command: &str, operands: &[&dyn AsRef<OsStr>]) -> String {
    let mut line = format!("missive {command}");
    if operands.iter().any(looks_like_option) {
        line.push_str(" --");
    }
    for operand in operands {
        line.push(' ');
        line.push_str(&quoted(operand));
    }
    line
}

/// A first operand behind a command's name: as [`quoted`], with `--` before it if it begins with `-`.
pub fn operand(word: impl AsRef<OsStr>) -> String {
    let end_of_options = if looks_like_option(&word) { "-- " } else { "" };
    format!("{end_of_options}{}", quoted(word))
}

fn looks_like_option(word: impl AsRef<OsStr>) -> bool {
    word.as_ref().as_bytes().starts_with(b"-")
}

/// What no shell gives a meaning, wherever in a word it stands.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "._-/+@:,".contains(c)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = "$'".to_owned();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' | '\'' => text.extend(['\\', c]),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                c if field(c.encode_utf8(&mut [0; 4])).starts_with(c) => text.push(c),
                c => octal(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        octal(&mut text, chunk.invalid());
    }
    text.push('\'');
    text
}

/// Three digits each, so that no digit behind them is taken for one of theirs.
fn octal(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:03o}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_takes_it_for_one_word() {
        for (word, typed) in [
            ("azureens-blog", "azureens-blog"),
            ("東京", "東京"),
            ("my blog", "'my blog'"),
            ("Azureen & co's", r"'Azureen & co'\''s'"),
            ("~x", "'~x'"),
            ("$HOME", "'$HOME'"),
            ("=ls", "'=ls'"),
            ("", "''"),
            ("a\nb\t'\\", r"$'a\nb\t\'\\'"),
            ("a\u{202e}7", r"$'a\342\200\2567'"),
        ] {
            assert_eq!(quoted(word), typed);
        }
        assert_eq!(quoted(OsStr::from_bytes(b"\xff7")), r"$'\3777'");
    }

    #[test]
    fn nothing_is_taken_for_an_option() {
        assert_eq!(missive("build", &[&"blog"]), "missive build blog");
        assert_eq!(missive("drafts edit", &[&"-walks", &"draft-x"]), "missive drafts edit -- -walks draft-x");
        assert_eq!((operand("-walks"), operand("a b")), ("-- -walks".to_owned(), "'a b'".to_owned()));
    }

    /// Asks a shell itself.
    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        let words: [&[u8]; 10] = [
            b"my blog",
            b"-walks",
            b"Ann's",
            b"~x",
            b"a\nb",
            b"$HOME `id` $(id) \"x\" !x",
            b"\xff\xfe7",
            "a\u{202e}\u{7f}b\u{200d}\\n".as_bytes(),
            b"*?[a]{b,c}",
            b"\x1b[2J#",
        ];
        for word in words {
            let typed = quoted(OsStr::from_bytes(word));
            assert!(!typed.contains('\n') && field(&typed) == typed, "{typed:?}");
            let said = Command::new("bash").arg("-c").arg(format!("printf %s {typed}")).output().unwrap();
            assert_eq!(said.stdout, word, "{typed}");
        }
    }
}

//! The name that a file was probably meant to have: "not a message's name; `…` would be". It is only advice.

use crate::channel::protocol::stamp::{STEM_LENGTH, Stamp};

/// The message name that `name` nearly is, if six groups of digits in it make a real time.
pub(crate) fn suggest(name: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(name).ok()?;
    let ascii: String = text.chars().map(ascii_digit).collect();
    let numbers: Vec<&str> = ascii.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let [year, rest @ ..] = numbers.as_slice() else {
        return None;
    };
    let [month, day, hour, minute, second] = rest else {
        return None;
    };
    let stem = format!("{year}-{month:0>2}-{day:0>2}T{hour:0>2}-{minute:0>2}-{second:0>2}Z");
    (stem.len() == STEM_LENGTH).then_some(())?;
    Stamp::parse(stem.as_bytes()).ok().map(|stamp| format!("{stamp}.txt"))
}

/// Full-width and Arabic-Indic digits as the ASCII digits they stand for; every other character as it is.
fn ascii_digit(c: char) -> char {
    const ZEROS: [char; 4] = ['\u{ff10}', '\u{0660}', '\u{06f0}', '\u{0966}'];
    for zero in ZEROS {
        if let Some(value) = u32::from(c).checked_sub(u32::from(zero)).filter(|value| *value < 10) {
            return char::from_digit(value, 10).unwrap_or(c);
        }
    }
    c
}

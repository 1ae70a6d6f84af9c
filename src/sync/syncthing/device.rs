//! A device's id, as Syncthing prints it: eight groups of seven letters with four check letters among them
//! (<https://docs.syncthing.net/dev/device-ids.html>).

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::error::{Error, shown};

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const GROUPS: usize = 8;
const GROUP: usize = 7;
/// Thirteen letters of the id, and the letter that checks them.
const CHECKED: usize = 14;

/// The id of a device: `4WW4IPJ-HHTZLU2-3MJOABE-ZIY3PEZ-TG3DLY7-YZCDP5Z-SCDI4FN-7FEAWQ3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct DeviceId(String);

impl DeviceId {
    /// Reads an id, strictly: capital letters, hyphens between the groups, every check letter right.
    ///
    /// # Errors
    /// [`Error::Device`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(Error::Device { text: shown(text), why }),
        }
    }

    /// The id as Syncthing writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with an id, if anything.
fn fault(text: &str) -> Option<String> {
    if let Some(odd) = text.chars().find(|c| *c != '-' && !u8::try_from(*c).is_ok_and(|byte| value(byte).is_some())) {
        return Some(format!("it contains `{}`; only A to Z, 2 to 7 and `-` are allowed", shown(&odd.to_string())));
    }
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != GROUPS {
        let noun = if groups.len() == 1 { "group" } else { "groups" };
        return Some(format!("it has {} {noun} of letters instead of {GROUPS}", groups.len()));
    }
    if let Some((at, group)) = groups.iter().enumerate().find(|(_, group)| group.len() != GROUP) {
        return Some(format!("group {} has {} letters instead of {GROUP}", at + 1, group.len()));
    }
    let letters = groups.concat();
    let wrong = letters.as_bytes().chunks(CHECKED).position(|part| !is_checked(part))?;
    Some(format!("by its check letters, group {} or {} is mistyped", 2 * wrong + 1, 2 * wrong + 2))
}

/// Whether the last letter is the check letter of those before it.
///
/// The Luhn algorithm modulo 32, which Syncthing counts from the left with a first factor of one.
fn is_checked(part: &[u8]) -> bool {
    let Some((check, data)) = part.split_last() else {
        return false;
    };
    let sum: usize = data
        .iter()
        .zip([1, 2].into_iter().cycle())
        .filter_map(|(letter, factor)| Some(value(*letter)? * factor))
        .map(|addend| addend / LETTERS.len() + addend % LETTERS.len())
        .sum();
    let wanted = (LETTERS.len() - sum % LETTERS.len()) % LETTERS.len();
    value(*check) == Some(wanted)
}

fn value(letter: u8) -> Option<usize> {
    LETTERS.iter().position(|known| *known == letter)
}

#[cfg(test)]
pub(super) const EXAMPLE: &str = "4WW4IPJ-HHTZLU2-3MJOABE-ZIY3PEZ-TG3DLY7-YZCDP5Z-SCDI4FN-7FEAWQ3";

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        DeviceId::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn ids_that_syncthing_made_are_taken() {
        // The second is the example of Syncthing's own documentation.
        for id in [EXAMPLE, "MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3DP-BONSGYY-LTMRWAD"] {
            assert_eq!(DeviceId::parse(id).unwrap().to_string(), id);
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        assert!(why("").contains("it has 1 group of letters instead of 8"));
        assert!(why(&EXAMPLE[..55]).contains("it has 7 groups"), "{}", why(&EXAMPLE[..55]));
        assert!(why(&EXAMPLE[..62]).contains("group 8 has 6 letters"));
        assert!(why(&EXAMPLE.to_lowercase()).contains("it contains `w`"));
        assert!(why(&EXAMPLE.replace('4', "0")).contains("it contains `0`"));
        assert!(why(&format!("{EXAMPLE}\0")).contains("it contains `␀`"));
        assert!(why(&EXAMPLE.replace("HHTZLU2", "HHTZLUé")).contains("it contains `é`"));
        assert!(why(&"A".repeat(5000)).len() < 300);
    }

    #[test]
    fn no_single_mistyped_letter_passes() {
        for at in 0..EXAMPLE.len() {
            let mut typed = EXAMPLE.to_owned();
            let other = if &EXAMPLE[at..=at] == "A" { "B" } else { "A" };
            typed.replace_range(at..=at, other);
            assert!(DeviceId::parse(&typed).is_err(), "{typed}");
        }
        assert!(why(&EXAMPLE.replace("TG3DLY7", "TG3DLY6")).contains("group 5 or 6 is mistyped"));
    }
}

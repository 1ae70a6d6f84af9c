//! The keys by which authors are known, and who signed a file.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The public half of the key that an author signs with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The length of a key in hex digits.
    pub const DIGITS: usize = 64;

    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Reads 64 lower-case hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        if pairs.len() * 2 != Self::DIGITS || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }

    /// The first eight hex digits.
    pub fn short(&self) -> String {
        self.beginning(8)
    }

    /// The first so many hex digits.
    pub(crate) fn beginning(&self, digits: usize) -> String {
        self.to_string().chars().take(digits).collect()
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Key {
    /// Writes 64 lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("not a key of 64 lower-case hex digits"))
    }
}

/// Who signed one file: one key, or several that this replica met at once and between which the owner has not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers(Vec<Key>);

impl Signers {
    /// These keys, in order and each once; `None` if there is none.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Option<Self> {
        let keys: BTreeSet<Key> = keys.into_iter().collect();
        (!keys.is_empty()).then(|| Self(keys.into_iter().collect()))
    }

    /// All of them, in order.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl From<Key> for Signers {
    fn from(key: Key) -> Self {
        Self(vec![key])
    }
}

impl fmt::Display for Signers {
    /// Writes one key as a TOML string, several as an array of strings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [key] => write!(f, "\"{key}\""),
            keys => f.write_str(&array(keys)),
        }
    }
}

impl<'de> Deserialize<'de> for Signers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Signers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key or an array of keys")
            }

            fn visit_str<E: de::Error>(self, hex: &str) -> Result<Signers, E> {
                Key::deserialize(de::value::StrDeserializer::new(hex)).map(Signers::from)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Signers, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = seq.next_element()? {
                    keys.push(key);
                }
                Signers::new(keys).ok_or_else(|| de::Error::custom("an array without a key"))
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// Keys as a TOML array of strings.
pub(super) fn array(keys: &[Key]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    format!("[{}]", keys.join(", "))
}

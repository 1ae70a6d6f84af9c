//! 32 bytes as hexadecimal digits, for `serde`.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes 64 digits.
pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

/// Reads 64 digits.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    decode(&text).ok_or_else(|| D::Error::custom("a key has 64 hexadecimal digits"))
}

/// 32 bytes from 64 digits.
pub fn decode(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// 64 digits.
pub fn encode(bytes: &[u8; 32]) -> String {
    HEXLOWER_PERMISSIVE.encode(bytes)
}

/// The first ten digits: enough to tell devices and authors apart in a log, and no use as a key.
pub fn short(bytes: &[u8; 32]) -> String {
    encode(bytes).chars().take(10).collect()
}

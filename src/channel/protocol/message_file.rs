//! Decodes the bytes of a message's file: byte-order marks, UTF-16 from old editors, line ends, bytes that are not UTF-8,
//! and control characters that must reach neither a page nor a feed.

use std::borrow::Cow;

/// A longer text is read only to this length, in bytes; what is shown of it is less still.
pub const MAX_READ: u64 = (1 << 20) + 4;

/// A decoded text and what had to be mended in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, with `\n` for every line end.
    pub text: String,
    /// Whether some bytes were not of the encoding and read as U+FFFD.
    pub mended: bool,
}

/// Decodes a file's bytes. Never fails: what cannot be read becomes U+FFFD.
pub fn decode(bytes: Vec<u8>) -> Text {
    let (text, mended) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest.to_vec()),
        _ => utf8(bytes),
    };
    Text { text: normal(text), mended }
}

fn utf8(bytes: Vec<u8>) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, bool) {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) => (text, !odd.is_empty()),
        Err(_) => (String::from_utf16_lossy(&units), true),
    }
}

/// One kind of line end, and control characters made visible.
fn normal(text: String) -> String {
    if !needs_mending(text.as_bytes()) {
        return text;
    }
    let text = if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text.as_str()) };
    text.chars().filter_map(visible).collect()
}

/// Whether a text holds anything that [`visible`] changes. Nearly none does, so this is what a build spends its time on.
fn needs_mending(bytes: &[u8]) -> bool {
    let control = |byte: u8| byte < 0x20 && byte != b'\n' && byte != b'\t' || byte == 0x7f;
    // Without an early exit within a run, the compiler looks at many bytes at once.
    bytes.chunks(256).any(|run| run.iter().fold(false, |any, byte| any | control(*byte)))
        // The encodings of the C1 controls, of U+2028 and U+2029, of U+FFFE and U+FFFF begin with these bytes.
        || memchr::memchr3_iter(0xc2, 0xe2, 0xef, bytes).any(|at| {
            matches!(
                bytes.get(at..at + 3).unwrap_or_else(|| bytes.get(at..).unwrap_or_default()),
                [0xc2, 0x80..=0x9f, ..] | [0xe2, 0x80, 0xa8 | 0xa9] | [0xef, 0xbf, 0xbe | 0xbf]
            )
        })
}

/// What stands for a character: line ends for odd separators, control pictures for C0, nothing for C1.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        '\r' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{1}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' => None,
        // NUL by CommonMark 0.31.2, section 2.3; the others are no character data by XML 1.0, section 2.2.
        '\0' | '\u{fffe}' | '\u{ffff}' => Some('\u{fffd}'),
        _ => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes.to_vec()).text
    }

    #[test]
    fn reads_what_editors_write() {
        assert_eq!(text(b"\xef\xbb\xbfh\xc3\xa9\r\nb\rc"), "hé\nb\nc");
        assert_eq!(text(b"\xff\xfeh\0i\0"), "hi");
        assert_eq!(text(b"\xfe\xff\0h\0i"), "hi");
        assert_eq!(text("a\u{2028}b — c".as_bytes()), "a\nb — c");
    }

    #[test]
    fn every_changed_character_is_noticed() {
        for c in (0..=0x3_0000).filter_map(char::from_u32) {
            let text = format!("ab{c}");
            assert_eq!(needs_mending(text.as_bytes()), visible(c) != Some(c), "{c:?}");
        }
    }

    #[test]
    fn mends_and_says_so() {
        let broken = decode(b"a\xffb".to_vec());
        assert_eq!((broken.text.as_str(), broken.mended), ("a\u{fffd}b", true));
        assert!(!decode("é".into()).mended);
    }

    #[test]
    fn no_control_character_survives() {
        assert_eq!(text(b"\x1b[31m\x07\0\x7f\xc2\x9b"), "␛[31m␇\u{fffd}␡");
    }
}

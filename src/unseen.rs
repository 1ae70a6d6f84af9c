//! Characters that show nothing, or change how others read.
//!
//! Owns the one list of them (Unicode Standard Annex 9 for direction, Annex 31 for characters of no width). How they are
//! made visible is for the room that shows them.

/// Whether a character shows nothing or turns the direction of what follows it.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

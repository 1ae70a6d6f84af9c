//! Numbers and moments, as every report words them.

use crate::channel::protocol::stamp::Stamp;

/// `24 December 2026, 18:00 UTC`
pub(super) fn spoken(stamp: Stamp) -> String {
    let form = if stamp.seconds() % 60 == 0 { "%-d %B %Y, %H:%M UTC" } else { "%-d %B %Y, %H:%M:%S UTC" };
    stamp.time().format(form).to_string()
}

/// `1 message`, `2 messages`
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// `10,000`
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "message"), "1 message");
        assert_eq!(count(10_000, "message"), "10,000 messages");
        assert_eq!((grouped(0), grouped(999), grouped(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
    }
}

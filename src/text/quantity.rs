//! Numbers and lengths of time as people read them: `1 message`, `10,000 messages`, `3 h`.

/// `1 message`, `2 messages`
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// `10,000`
pub fn grouped(number: usize) -> String {
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

/// A minute, an hour and a day, in seconds.
pub const MINUTE: u64 = 60;
/// See [`MINUTE`].
pub const HOUR: u64 = 60 * MINUTE;
/// See [`MINUTE`].
pub const DAY: u64 = 24 * HOUR;

/// How long so many seconds are, in one unit: `40 s`, `3 h`, `2 days`.
pub fn time_length(seconds: u64) -> String {
    let plural = |number: u64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => match seconds / DAY {
            days @ 0..60 => plural(days, "day"),
            days @ 60..730 => plural(days / 30, "month"),
            days => plural(days / 365, "year"),
        },
    }
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

    #[test]
    fn lengths_are_in_one_unit() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (86_399, "23 h"),
            (86_400, "1 day"),
            (60 * 86_400, "2 months"),
            (730 * 86_400, "2 years"),
        ] {
            assert_eq!(time_length(seconds), words);
        }
    }
}

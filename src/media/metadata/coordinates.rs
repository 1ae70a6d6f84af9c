//! A place on Earth as people write it: `48.9, -123.4`.

/// Latitude and longitude in degrees, to about ten metres; `None` if there is no such place.
pub(super) fn written(latitude: f64, longitude: f64) -> Option<String> {
    let is_there = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_there.then(|| format!("{}, {}", degrees(latitude), degrees(longitude)))
}

fn degrees(number: f64) -> String {
    let written = format!("{number:.4}");
    let short = written.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A place as films have it (ISO 6709, annex H): `+48.9000-123.4000+010.000/`.
pub(super) fn from_iso_6709(text: &[u8]) -> Option<String> {
    let text = text.get(..64).unwrap_or(text);
    let end = text.iter().position(|byte| !matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9')).unwrap_or(text.len());
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    let second = text.get(1..)?.find(['+', '-'])? + 1;
    let (latitude, rest) = text.split_at_checked(second)?;
    let third = rest.get(1..)?.find(['+', '-']).map_or(rest.len(), |at| at + 1);
    written(latitude.parse().ok()?, rest.get(..third)?.parse().ok()?)
}

/// A latitude or longitude as XMP has it: `48,54.0N` or `48,54,0N`.
pub(super) fn from_xmp(text: &str) -> Option<f64> {
    let text = text.trim();
    let (numbers, side) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let mut parts = numbers.split(',').map(str::parse::<f64>);
    let degrees = parts.next()?.ok()?;
    let minutes = parts.next().and_then(Result::ok).unwrap_or(0.0);
    let seconds = parts.next().and_then(Result::ok).unwrap_or(0.0);
    let value = degrees + minutes / 60.0 + seconds / 3_600.0;
    match side {
        "N" | "E" => Some(value),
        "S" | "W" => Some(-value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        assert_eq!(written(48.9, -123.4).as_deref(), Some("48.9, -123.4"));
        assert_eq!(written(-0.000_001, 12.345_678).as_deref(), Some("0, 12.3457"));
        assert_eq!(written(91.0, 0.0), None);
        assert_eq!(written(f64::NAN, 0.0), None);
        assert_eq!(from_iso_6709(b"+48.9000-123.4000+010.000/\0").as_deref(), Some("48.9, -123.4"));
        assert_eq!(from_iso_6709(b"-33.8688+151.2093/").as_deref(), Some("-33.8688, 151.2093"));
        for nonsense in [&b""[..], b"+", b"48.9", b"++--", b"+1e9+1e9", b"hello"] {
            assert_eq!(from_iso_6709(nonsense), None, "{}", nonsense.escape_ascii());
        }
        assert_eq!(from_xmp("48,54.0N"), Some(48.9));
        assert_eq!(from_xmp("123,24,0W"), Some(-123.4));
        assert_eq!(from_xmp("north"), None);
    }
}

//! The time of writing, which is a message's name: `YYYY-MM-DDTHH-MM-SSZ`.
//!
//! Anything that is not a real instant of the Gregorian calendar is refused; nothing is rolled over and nothing is guessed.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The length of a stem such as `2013-08-11T14-34-37Z` in bytes.
pub const STEM_LENGTH: usize = 20;

/// A UTC second, from the year 1 to the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(DateTime<Utc>);

/// Why a name is no stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAStamp {
    /// It has another form.
    Form,
    /// It has the form, but there is no such day or time.
    NoSuchTime,
    /// It names a leap second, which a UTC count of seconds does not have.
    LeapSecond,
}

impl Stamp {
    /// Reads a stem, strictly: ASCII digits, capital `T` and `Z`, hyphens, nothing else.
    ///
    /// # Errors
    /// The reason why it is no stamp.
    pub fn parse(stem: &[u8]) -> Result<Self, NotAStamp> {
        let [year, month, day, hour, minute, second] = fields(stem).ok_or(NotAStamp::Form)?;
        if second == 60 && minute == 59 && hour == 23 {
            return Err(NotAStamp::LeapSecond);
        }
        if year == 0 {
            return Err(NotAStamp::NoSuchTime);
        }
        NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
            .and_then(|date| date.and_hms_opt(hour, minute, second))
            .map(|time| Self(time.and_utc()))
            .ok_or(NotAStamp::NoSuchTime)
    }

    /// The stamp of a moment, cut to the second; `None` outside the years 1 to 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).filter(|time| (1..=9999).contains(&time.year())).map(Self)
    }

    /// The next second; `None` after the last one.
    pub fn next(self) -> Option<Self> {
        Self::from_seconds(self.seconds().saturating_add(1))
    }

    /// Seconds since 1970-01-01T00:00:00Z, negative before.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The moment as a date with time.
    pub fn time(self) -> DateTime<Utc> {
        self.0
    }
}

/// Splits `YYYY-MM-DDTHH-MM-SSZ` into its six numbers.
fn fields(stem: &[u8]) -> Option<[u32; 6]> {
    let stem: &[u8; STEM_LENGTH] = stem.try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b'-'), (16, b'-'), (19, b'Z')];
    if marks.iter().any(|&(at, mark)| stem.get(at) != Some(&mark)) {
        return None;
    }
    let number = |from: usize, to: usize| number(stem.get(from..to)?);
    Some([number(0, 4)?, number(5, 7)?, number(8, 10)?, number(11, 13)?, number(14, 16)?, number(17, 19)?])
}

/// The number that digits spell; `None` where one of them is no digit.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

/// Spells a number in all of these places, with zeros in front.
fn spell<'a>(places: impl DoubleEndedIterator<Item = &'a mut u8>, mut number: u32) {
    for digit in places.rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

impl fmt::Display for Stamp {
    /// Writes the stem, `2013-08-11T14-34-37Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use chrono::Timelike;
        let time = self.0;
        let mut stem = *b"0000-00-00T00-00-00Z";
        let mut put = |at: usize, width: usize, number: u32| spell(stem.iter_mut().skip(at).take(width), number);
        put(0, 4, time.year().unsigned_abs());
        put(5, 2, time.month());
        put(8, 2, time.day());
        put(11, 2, time.hour());
        put(14, 2, time.minute());
        put(17, 2, time.second());
        f.write_str(std::str::from_utf8(&stem).unwrap_or_default())
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.seconds().serialize(serializer) }
    }
}

impl JsonSchema for Stamp {
    fn schema_name() -> Cow<'static, str> {
        "Stamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A message's name: the time of writing, in UTC.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}Z$",
        })
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stamp = if deserializer.is_human_readable() {
            Self::parse(String::deserialize(deserializer)?.as_bytes()).ok()
        } else {
            Self::from_seconds(i64::deserialize(deserializer)?)
        };
        stamp.ok_or_else(|| serde::de::Error::custom("not a stamp"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_founding_example() {
        let stamp = Stamp::parse(b"2013-08-11T14-34-37Z").unwrap();
        assert_eq!(stamp.seconds(), 1_376_231_677);
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        let cases = [
            ("2026-02-30T00-00-00Z", NotAStamp::NoSuchTime),
            ("2026-13-01T00-00-00Z", NotAStamp::NoSuchTime),
            ("2026-01-01T25-00-00Z", NotAStamp::NoSuchTime),
            ("0000-01-01T00-00-00Z", NotAStamp::NoSuchTime),
            ("2023-02-29T00-00-00Z", NotAStamp::NoSuchTime),
            ("2016-12-31T23-59-60Z", NotAStamp::LeapSecond),
            ("2016-12-31T23-58-60Z", NotAStamp::NoSuchTime),
            ("2016-12-31t23-59-00Z", NotAStamp::Form),
            ("2016-12-31T23-59-00z", NotAStamp::Form),
            ("2016-12-31T23:59:00Z", NotAStamp::Form),
            ("2016-1-31T23-59-00Z", NotAStamp::Form),
            ("+016-12-31T23-59-00Z", NotAStamp::Form),
            ("", NotAStamp::Form),
        ];
        for (stem, reason) in cases {
            assert_eq!(Stamp::parse(stem.as_bytes()), Err(reason), "{stem}");
        }
    }

    proptest! {
        #[test]
        fn every_second_of_the_range_has_one_name(seconds in -62_135_596_800_i64..=253_402_300_799) {
            let stamp = Stamp::from_seconds(seconds).unwrap();
            prop_assert_eq!(Stamp::parse(stamp.to_string().as_bytes()), Ok(stamp));
        }

        #[test]
        fn whatever_parses_prints_the_same(stem in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]-[0-5][0-9]-[0-6][0-9]Z") {
            if let Ok(stamp) = Stamp::parse(stem.as_bytes()) {
                prop_assert_eq!(stamp.to_string(), stem);
            }
        }
    }
}

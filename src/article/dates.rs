//! Dates as pages and feeds write them: always UTC, always English, the same on every machine.

use chrono::{DateTime, Datelike, Timelike, Utc};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, ready to be written in every form.
///
/// Every page writes several dates, so they are put together from their numbers instead of from a pattern.
#[derive(Clone, Copy, Debug)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// The moment this many seconds after 1970 began.
    pub fn new(seconds: i64) -> Self {
        Self(DateTime::from_timestamp(seconds, 0).unwrap_or_default())
    }

    /// `2013-08-11T14:34:37Z` (RFC 3339)
    pub fn iso(self) -> String {
        let Self(at) = self;
        let (year, month, day) = (at.year(), at.month(), at.day());
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
    }

    /// `11 August 2013`
    pub fn day(self) -> String {
        format!("{} {} {}", self.0.day(), month(self.0.month()), self.0.year())
    }

    /// `14:34 UTC`
    pub fn time(self) -> String {
        format!("{:02}:{:02} UTC", self.0.hour(), self.0.minute())
    }

    /// `11 Aug`
    pub fn short(self) -> String {
        format!("{} {}", self.0.day(), month(self.0.month()).get(..3).unwrap_or_default())
    }

    /// `2013`
    pub fn year(self) -> String {
        self.0.year().to_string()
    }
}

/// The English name of a month, 1 to 12.
pub fn month(number: u32) -> &'static str {
    MONTHS.get(number.saturating_sub(1) as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_well() {
        let moment = Moment::new(1_376_231_677);
        assert_eq!(moment.iso(), "2013-08-11T14:34:37Z");
        assert_eq!(moment.day(), "11 August 2013");
        assert_eq!(moment.time(), "14:34 UTC");
        assert_eq!((moment.short().as_str(), moment.year().as_str()), ("11 Aug", "2013"));
        assert_eq!(Moment::new(-62_135_596_800).iso(), "0001-01-01T00:00:00Z");
    }
}

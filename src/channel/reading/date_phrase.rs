//! Reads moments as people write them: `2026-11`, `yesterday`, `3d`, `tomorrow 9:00`, `in 2h`.
//!
//! They are in UTC unless an offset or a zone follows; the clock and the zones come in as arguments. A moment is as long as
//! it is written: a year, a day, a minute; the caller takes its beginning or its end. Nothing is guessed: no month before
//! the day, no two-digit years.

use std::ops::Range;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::channel::protocol::stamp::Stamp;

/// A text that names no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a time; try `2026-11-22`, `2026-11`, `2026-11-22 18:00`, `3d` (three days ago), `in 2h`, `yesterday`, `18:00` or `tomorrow 9:00`; times are UTC unless an offset follows, as in `18:00+01:00`"
)]
pub struct Error {
    /// What was written.
    pub text: String,
}

/// Time zones by their names, as seconds since 1970.
pub trait Zones {
    /// What the clocks of a zone show at a moment; `None` if there is no such zone.
    fn to_local(&self, zone: &str, utc: i64) -> Option<i64>;
    /// The moment at which the clocks of a zone show this; `None` if there is no such zone.
    fn to_utc(&self, zone: &str, local: i64) -> Option<i64>;
}

/// No zones at all.
struct Nowhere;

impl Zones for Nowhere {
    fn to_local(&self, _zone: &str, _utc: i64) -> Option<i64> {
        None
    }

    fn to_utc(&self, _zone: &str, _local: i64) -> Option<i64> {
        None
    }
}

/// One offset from UTC in seconds, whatever the zone is called.
struct Offset(i64);

impl Zones for Offset {
    fn to_local(&self, _zone: &str, utc: i64) -> Option<i64> {
        utc.checked_add(self.0)
    }

    fn to_utc(&self, _zone: &str, local: i64) -> Option<i64> {
        local.checked_sub(self.0)
    }
}

/// The longest text that is read as a moment, in bytes; the longest that is one has half of that.
const MAX_LENGTH: usize = 64;

/// The beginning of a text that is too long to be repeated to whoever wrote it.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let cut: String = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= most).map(|(_, c)| c).collect();
    cut + "…"
}

/// Reads a moment: its beginning and its end, which is the beginning of what follows it, in seconds since 1970.
///
/// Years, months, days and times: `2026`, `2026-11`, `2026-11-22`, `2026-11-22T10:00`, `2026-11-22 10:00:05`, with `Z` or
/// an offset such as `+01:00` behind the time; also a message's name, `2026-11-22T10-00-05Z`. From `now` on: `now`, `10:00`
/// of today, `today`, `yesterday`, `tomorrow`, with a time behind them; `3d`, `3 days ago` and `in 3 days`, with `s`, `min`,
/// `h`, `d`, `w`, `month` and `y`, each of them one second long.
///
/// # Errors
/// When the text has none of these forms, names a day or time that does not exist, or is outside the years 0 to 9999.
pub fn parse(text: &str, now: i64) -> Result<Range<i64>, Error> {
    parse_in(text, now, &Nowhere)
}

/// Reads a moment as [`parse`] does, and with the name of a zone behind it: `tomorrow 9:00 Europe/Berlin`.
///
/// # Errors
/// As [`parse`]; also when there is no such zone, or its clocks never show that time.
pub fn parse_in(text: &str, now: i64, zones: &dyn Zones) -> Result<Range<i64>, Error> {
    let trimmed = text.trim();
    if trimmed.len() > MAX_LENGTH {
        return Err(Error { text: clipped(trimmed, MAX_LENGTH) });
    }
    let lower = trimmed.to_ascii_lowercase();
    in_utc(&lower, now)
        .or_else(|| {
            let (time, offset) = parted_offset(&lower)?;
            in_zone(time, now, "", &Offset(offset))
        })
        .or_else(|| {
            let (time, zone) = lower.rsplit_once(' ')?;
            in_zone(time.trim_end(), now, zone, zones)
        })
        .filter(|span| [span.start, span.end].iter().all(|moment| has_four_digits(*moment)))
        .ok_or_else(|| Error { text: text.to_owned() })
}

fn in_utc(text: &str, now: i64) -> Option<Range<i64>> {
    let now = DateTime::from_timestamp(now, 0)?;
    relative(text, now)
        .or_else(|| day_and_time(text, now))
        .or_else(|| time_of_today(text, now))
        .or_else(|| calendar(text))
}

/// A moment as the clocks of a zone show it, which say themselves which day is today.
fn in_zone(text: &str, now: i64, zone: &str, zones: &dyn Zones) -> Option<Range<i64>> {
    // What says already where it is counted is not counted anew.
    if text.ends_with('z') || parted_offset(text).is_some() {
        return None;
    }
    let shown = in_utc(text, zones.to_local(zone, now)?)?;
    let span = zones.to_utc(zone, shown.start)?..zones.to_utc(zone, shown.end)?;
    // A time that is left out when clocks are put forward does not exist.
    (zones.to_local(zone, span.start) == Some(shown.start) && span.start < span.end).then_some(span)
}

/// A time of day, with or without its day, and the offset behind it in seconds: `18:00+01:00`, `18:00 -0530`.
fn parted_offset(text: &str) -> Option<(&str, i64)> {
    let at = text.rfind(['+', '-'])?;
    let (time, offset) = text.split_at_checked(at)?;
    let digits = offset.get(1..)?;
    let [hours, minutes, _] = match digits.len() {
        2 | 5 => numbers(digits, ':', [2, 2, 0])?,
        4 => numbers(&format!("{}:{}", digits.get(..2)?, digits.get(2..)?), ':', [2, 2, 0])?,
        _ => return None,
    };
    let (hours, minutes) = (i64::from(hours?), i64::from(minutes.unwrap_or(0)));
    // Without a time, what looks like an offset is a month or a day.
    (time.contains(':') && hours <= 14 && minutes < 60).then_some(())?;
    let seconds = hours * 3_600 + minutes * 60;
    Some((time.trim_end(), if offset.starts_with('-') { -seconds } else { seconds }))
}

/// Whether a moment is in a year that can be written, up to the very end of the last.
fn has_four_digits(moment: i64) -> bool {
    let year = |seconds| DateTime::from_timestamp(seconds, 0).map(|time| time.year());
    year(moment).is_some_and(|year| year >= 0) && year(moment.saturating_sub(1)).is_some_and(|year| year <= 9999)
}

fn span(start: NaiveDateTime, end: Option<NaiveDateTime>) -> Option<Range<i64>> {
    Some(start.and_utc().timestamp()..end?.and_utc().timestamp())
}

/// `now`, `3d`, `3 days ago`, `in 3 days`.
fn relative(text: &str, now: DateTime<Utc>) -> Option<Range<i64>> {
    let second = |time: DateTime<Utc>| Some(time.timestamp()..time.timestamp() + 1);
    if text == "now" {
        return second(now);
    }
    let (amount, ahead) = match text.strip_prefix("in ") {
        Some(amount) => (amount, true),
        None => (text.strip_suffix(" ago").unwrap_or(text), false),
    };
    let digits = amount.trim().find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = amount.trim().split_at_checked(digits)?;
    second(shifted(now, count.parse().ok()?, unit.trim(), ahead)?)
}

fn shifted(now: DateTime<Utc>, count: u32, unit: &str, ahead: bool) -> Option<DateTime<Utc>> {
    let number = i64::from(count);
    let delta = match unit {
        "s" | "sec" | "second" | "seconds" => TimeDelta::try_seconds(number),
        "m" | "min" | "minute" | "minutes" => TimeDelta::try_minutes(number),
        "h" | "hour" | "hours" => TimeDelta::try_hours(number),
        "d" | "day" | "days" => TimeDelta::try_days(number),
        "w" | "week" | "weeks" => TimeDelta::try_weeks(number),
        "month" | "months" => return shifted_by_months(now, count, ahead),
        "y" | "year" | "years" => return shifted_by_months(now, count.checked_mul(12)?, ahead),
        _ => None,
    }?;
    if ahead { now.checked_add_signed(delta) } else { now.checked_sub_signed(delta) }
}

fn shifted_by_months(now: DateTime<Utc>, count: u32, ahead: bool) -> Option<DateTime<Utc>> {
    let months = Months::new(count);
    if ahead { now.checked_add_months(months) } else { now.checked_sub_months(months) }
}

/// `today`, `tomorrow 9:00`.
fn day_and_time(text: &str, now: DateTime<Utc>) -> Option<Range<i64>> {
    let (word, time) = text.split_once(' ').unwrap_or((text, ""));
    let today = now.date_naive();
    let day = match word {
        "today" => Some(today),
        "yesterday" => today.checked_sub_days(Days::new(1)),
        "tomorrow" => today.checked_add_days(Days::new(1)),
        _ => None,
    }?;
    match time.trim() {
        "" => whole_day(day),
        time => time_of_day(day, time),
    }
}

/// `18:00`, with `Z` behind it or without.
fn time_of_today(text: &str, now: DateTime<Utc>) -> Option<Range<i64>> {
    let time = text.contains(':').then(|| text.strip_suffix('z').unwrap_or(text).trim_end())?;
    time_of_day(now.date_naive(), time)
}

/// `2026`, `2026-11`, `2026-11-22`, with a time or without; a message's name; a time by RFC 3339.
fn calendar(text: &str) -> Option<Range<i64>> {
    let exact = || Stamp::parse(text.to_ascii_uppercase().as_bytes()).map(Stamp::seconds).ok();
    let with_offset = || DateTime::parse_from_rfc3339(text).map(|time| time.timestamp()).ok();
    if let Some(second) = exact().or_else(with_offset) {
        return Some(second..second.checked_add(1)?);
    }
    if let Some((date, time)) = text.split_once(['t', ' ']) {
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let day = NaiveDate::from_ymd_opt(year?.cast_signed(), month?, day?)?;
        return time_of_day(day, time.strip_suffix('z').unwrap_or(time).trim());
    }
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    let first = NaiveDate::from_ymd_opt(year?.cast_signed(), month.unwrap_or(1), day.unwrap_or(1))?;
    match (month, day) {
        (None, _) => span(at_midnight(first), first.checked_add_months(Months::new(12)).map(at_midnight)),
        (_, None) => span(at_midnight(first), first.checked_add_months(Months::new(1)).map(at_midnight)),
        _ => whole_day(first),
    }
}

fn at_midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn whole_day(day: NaiveDate) -> Option<Range<i64>> {
    span(at_midnight(day), day.succ_opt().map(at_midnight))
}

/// An hour, a minute or a second of a day: `9`, `9:00`, `09:00:05`.
fn time_of_day(day: NaiveDate, text: &str) -> Option<Range<i64>> {
    let padded = if text.find(':').unwrap_or(text.len()) == 1 { format!("0{text}") } else { text.to_owned() };
    let [hour, minute, second] = numbers(&padded, ':', [2, 2, 2])?;
    let start = day.and_hms_opt(hour?, minute.unwrap_or(0), second.unwrap_or(0))?;
    let length = match (minute, second) {
        (None, _) => TimeDelta::hours(1),
        (_, None) => TimeDelta::minutes(1),
        _ => TimeDelta::seconds(1),
    };
    span(start, start.checked_add_signed(length))
}

/// Up to three numbers of so many ASCII digits each; none may be missing before another.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[Option<u32>; 3]> {
    let mut parts = text.split(between);
    let mut found = [None; 3];
    for (number, digits) in found.iter_mut().zip(digits) {
        let Some(part) = parts.next() else {
            break;
        };
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
        *number = Some(part.parse().ok()?);
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sunday, 2026-11-22T13:35:04Z.
    const NOW: i64 = 1_795_354_504;

    fn shown(text: &str) -> String {
        let name = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%S").to_string();
        let span = parse(text, NOW).unwrap();
        format!("{} {}", name(span.start), name(span.end))
    }

    #[test]
    fn a_moment_is_as_long_as_it_is_written() {
        for (text, span) in [
            ("2026", "2026-01-01T00:00:00 2027-01-01T00:00:00"),
            ("2026-12", "2026-12-01T00:00:00 2027-01-01T00:00:00"),
            ("2024-02-29", "2024-02-29T00:00:00 2024-03-01T00:00:00"),
            ("2026-11-22T10", "2026-11-22T10:00:00 2026-11-22T11:00:00"),
            ("2026-11-22T10:00", "2026-11-22T10:00:00 2026-11-22T10:01:00"),
            (" 2026-12-24 18:00 ", "2026-12-24T18:00:00 2026-12-24T18:01:00"),
            ("2026-12-24T18:00:59Z", "2026-12-24T18:00:59 2026-12-24T18:01:00"),
            ("2026-12-24t18:00z", "2026-12-24T18:00:00 2026-12-24T18:01:00"),
            ("2026-12-24T18:00:00+02:00", "2026-12-24T16:00:00 2026-12-24T16:00:01"),
            ("2013-08-11T14-34-37Z", "2013-08-11T14:34:37 2013-08-11T14:34:38"),
            ("9999", "9999-01-01T00:00:00 +10000-01-01T00:00:00"),
        ] {
            assert_eq!(shown(text), span, "{text}");
        }
    }

    #[test]
    fn the_clock_is_counted_from() {
        for (text, span) in [
            ("now", "2026-11-22T13:35:04 2026-11-22T13:35:05"),
            ("3d", "2026-11-19T13:35:04 2026-11-19T13:35:05"),
            ("2w", "2026-11-08T13:35:04 2026-11-08T13:35:05"),
            ("5h", "2026-11-22T08:35:04 2026-11-22T08:35:05"),
            ("90 minutes ago", "2026-11-22T12:05:04 2026-11-22T12:05:05"),
            ("in 2h", "2026-11-22T15:35:04 2026-11-22T15:35:05"),
            ("in 3 months", "2027-02-22T13:35:04 2027-02-22T13:35:05"),
            ("Yesterday", "2026-11-21T00:00:00 2026-11-22T00:00:00"),
            ("today", "2026-11-22T00:00:00 2026-11-23T00:00:00"),
            ("tomorrow 9:00", "2026-11-23T09:00:00 2026-11-23T09:01:00"),
            ("tomorrow  9", "2026-11-23T09:00:00 2026-11-23T10:00:00"),
            ("18:00", "2026-11-22T18:00:00 2026-11-22T18:01:00"),
            ("8:00:30Z", "2026-11-22T08:00:30 2026-11-22T08:00:31"),
        ] {
            assert_eq!(shown(text), span, "{text}");
        }
    }

    #[test]
    fn an_offset_says_where_it_is_counted() {
        for (text, span) in [
            ("18:00+01:00", "2026-11-22T17:00:00 2026-11-22T17:01:00"),
            ("18:00 -0530", "2026-11-22T23:30:00 2026-11-22T23:31:00"),
            ("2026-12-01T18:00+01:00", "2026-12-01T17:00:00 2026-12-01T17:01:00"),
            ("2026-12-01 18:00-05", "2026-12-01T23:00:00 2026-12-01T23:01:00"),
            ("2026-12-01T18:00:00+01:00", "2026-12-01T17:00:00 2026-12-01T17:00:01"),
            // Thirteen hours to the east it is the day after already.
            ("tomorrow 8:00+13:00", "2026-11-23T19:00:00 2026-11-23T19:01:00"),
        ] {
            assert_eq!(shown(text), span, "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "",
            "soon",
            "26",
            "2026-1",
            "2026-13",
            "2026-02-30",
            "22.11.2026",
            "11/22/2026",
            "2026-11-22T25:00",
            "2026-11-22T1:2",
            "2026-11T10:00",
            "2026--22",
            "3",
            "d",
            "-3d",
            "3 fortnights",
            "in",
            "in 3",
            "99999999999w",
            "4294967295y",
            "99999d ago ago",
            "yesterday tomorrow",
            "yesterdayt9",
            "２０２６",
            "2026-11-22T10:00:60",
            "25:00",
            "18:00+25:00",
            "18:00+01:60",
            "18:00+1",
            "18:00Z+01:00",
            "18:00+01:00+01:00",
            "18:00 Europe/Berlin",
            "2026-11+01:00",
            "now+01:00",
        ] {
            assert_eq!(parse(text, NOW), Err(Error { text: text.to_owned() }), "{text}");
        }
    }

    #[test]
    fn a_text_without_end_is_not_read_to_its_end() {
        for endless in [
            "9".repeat(50_000),
            "é".repeat(50_000),
            "in ".repeat(50_000),
            "2026-11-22T10:00:00.".to_owned() + &"0".repeat(50_000),
        ] {
            let error = parse(&endless, NOW).unwrap_err();
            assert!(
                error.text.len() <= MAX_LENGTH + '…'.len_utf8() && error.text.ends_with('…'),
                "{}",
                error.text.len()
            );
        }
        let spaced = format!("{}yesterday{}", " ".repeat(50_000), " ".repeat(50_000));
        assert!(parse(&spaced, NOW).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>(), now: i64) {
            let _ = parse(&text, now);
        }

        #[test]
        fn spans_have_a_beginning_and_an_end(text in "(in )?[0-9]{1,6} ?(s|min|h|d|w|month|y)( ago)?|[0-9]{4}(-[01][0-9](-[0-3][0-9]([T ][0-2]?[0-9](:[0-5][0-9]){0,2}Z?)?)?)?") {
            if let Ok(span) = parse(&text, NOW) {
                prop_assert!(span.start < span.end);
            }
        }
    }
}

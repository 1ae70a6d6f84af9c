//! Time zones: this machine's, and those that a person names, as in `18:00 Europe/Berlin`.
//!
//! The system's own list of zones is read; without one, only offsets such as `+01:00` are known.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::date_phrase::Zones;

/// A time zone in which people are told the time.
#[derive(Clone, PartialEq, Eq)]
pub enum Zone {
    /// The one that `TZ` names, else the system's; UTC where neither is known. It is looked up when somebody asks for a time:
    /// few commands do, and the list of zones is long.
    Here,
    /// This one.
    Of(TimeZone),
}

/// The name that means this machine's zone.
const HERE: &str = "local";

impl Zone {
    fn zone(&self) -> TimeZone {
        match self {
            Self::Here => TimeZone::try_system().unwrap_or(TimeZone::UTC),
            Self::Of(zone) => zone.clone(),
        }
    }

    /// A moment in UTC, and what clocks here show then: `24 December 2026, 18:00 UTC (19:00 CET here)`.
    pub(super) fn spoken(&self, stamp: Stamp) -> String {
        let utc = crate::commands::wording::spoken(stamp);
        self.shown(stamp).map_or(utc.clone(), |here| format!("{utc} ({here} here)"))
    }

    /// What clocks here show; `None` where they show UTC.
    fn shown(&self, stamp: Stamp) -> Option<String> {
        let moment = Timestamp::from_second(stamp.seconds()).ok()?;
        let here = moment.to_zoned_datetime(self.zone());
        if here.offset().is_zero() {
            return None;
        }
        let same_day = here.date() == TimeZone::UTC.to_datetime(moment).date();
        let form = if same_day { "%H:%M %Z" } else { "%-d %B, %H:%M %Z" };
        Some(here.strftime(form).to_string())
    }

    fn named(&self, name: &str) -> Option<TimeZone> {
        if name == HERE { Some(self.zone()) } else { TimeZone::get(name).ok() }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::Of(TimeZone::UTC)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("Here"),
            Self::Of(zone) => write!(f, "Of({:?})", zone.iana_name()),
        }
    }
}

impl Zones for Zone {
    fn to_local(&self, zone: &str, utc: i64) -> Option<i64> {
        let moment = Timestamp::from_second(utc).ok()?;
        let offset = self.named(zone)?.to_offset(moment).seconds();
        utc.checked_add(i64::from(offset))
    }

    fn to_utc(&self, zone: &str, local: i64) -> Option<i64> {
        let shown = TimeZone::UTC.to_datetime(Timestamp::from_second(local).ok()?);
        self.named(zone)?.to_timestamp(shown).ok().map(Timestamp::as_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::reading::date_phrase;

    /// Sunday, 2026-11-22T23:35:04Z.
    const NOW: i64 = 1_795_390_504;

    fn berlin() -> Zone {
        // By its rules, so that no list of zones is needed.
        Zone::Of(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
    }

    fn stamp(text: &str) -> Stamp {
        Stamp::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn both_clocks_are_told() {
        for (at, told) in [
            ("2026-12-24T18-00-00Z", "24 December 2026, 18:00 UTC (19:00 CET here)"),
            ("2026-06-24T18-00-00Z", "24 June 2026, 18:00 UTC (20:00 CEST here)"),
            ("2026-12-31T23-30-00Z", "31 December 2026, 23:30 UTC (1 January, 00:30 CET here)"),
        ] {
            assert_eq!(berlin().spoken(stamp(at)), told);
        }
        assert_eq!(Zone::default().spoken(stamp("2026-12-24T18-00-00Z")), "24 December 2026, 18:00 UTC");
    }

    #[test]
    fn a_time_here_is_understood() {
        for (text, at) in [
            // Where it is Monday already.
            ("18:00 local", "2026-11-23T17-00-00Z"),
            ("tomorrow 8:00 local", "2026-11-24T07-00-00Z"),
            ("2026-07-01 18:00 local", "2026-07-01T16-00-00Z"),
            ("2026-07-01T18:00 Local", "2026-07-01T16-00-00Z"),
        ] {
            let span = date_phrase::parse_in(text, NOW, &berlin()).unwrap();
            assert_eq!(Stamp::from_seconds(span.start), Some(stamp(at)), "{text}");
        }
        for text in ["2026-03-29 02:30 local", "18:00+01:00 local", "18:00 Europe/Nowhere", "local"] {
            assert!(date_phrase::parse_in(text, NOW, &berlin()).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_have_names_where_the_system_has_a_list() {
        if TimeZone::get("Europe/Berlin").is_err() {
            // Not every machine has one; the offsets above need none.
            assert!(date_phrase::parse_in("18:00 Europe/Berlin", NOW, &Zone::default()).is_err());
            return;
        }
        let span = date_phrase::parse_in("2026-12-24 18:00 Europe/Berlin", NOW, &Zone::default()).unwrap();
        assert_eq!(Stamp::from_seconds(span.start), Some(stamp("2026-12-24T17-00-00Z")));
        let span = date_phrase::parse_in("tomorrow 8:00 america/new_york", NOW, &Zone::default()).unwrap();
        assert_eq!(Stamp::from_seconds(span.start), Some(stamp("2026-11-23T13-00-00Z")));
    }
}

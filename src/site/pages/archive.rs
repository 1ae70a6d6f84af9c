//! How messages are cut into list pages, months and years.
//!
//! List pages are counted from the oldest message, so that a page whose successor has begun never changes again; the front page
//! holds the last two of them.

use std::ops::Range;
use std::sync::Arc;

use chrono::Datelike;

use crate::article;
use crate::channel::snapshot::card::Card;

/// The list pages of a number of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lists {
    /// Messages on a page.
    pub size: usize,
    /// Messages in all.
    pub total: usize,
}

impl Lists {
    /// How many list pages there are; none while the front page holds every message.
    pub(crate) fn count(self) -> usize {
        if self.total <= 2 * self.size { 0 } else { self.chunks() }
    }

    /// How many pages' worth of messages there are, the last one perhaps begun.
    pub(crate) fn chunks(self) -> usize {
        self.total.div_ceil(self.size)
    }

    /// The messages of page `number`, counted from 1, as positions from the oldest.
    pub(crate) fn range(self, number: usize) -> Range<usize> {
        let start = number.saturating_sub(1).saturating_mul(self.size);
        start.min(self.total)..(start + self.size).min(self.total)
    }

    /// The messages of the front page: the page that has begun and the one before it.
    pub(crate) fn front(self) -> Range<usize> {
        let chunks = self.chunks();
        self.range(chunks.saturating_sub(1).max(1)).start..self.total
    }

    /// The list page that goes on where the front page ends.
    pub(crate) fn behind_front(self) -> Option<usize> {
        (self.count() > 2).then(|| self.chunks() - 2)
    }
}

/// The messages of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Month {
    /// The year, 1 to 9999.
    pub year: i32,
    /// The month, 1 to 12.
    pub number: u32,
    /// Positions from the oldest message.
    pub messages: Range<usize>,
}

impl Month {
    /// `August 2013`
    pub(crate) fn name(&self) -> String {
        format!("{} {}", article::month(self.number), self.year)
    }
}

/// Cuts messages, oldest first, by month.
pub(crate) fn months(cards: &[Arc<Card>]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let mut end = None;
    for (at, card) in cards.iter().enumerate() {
        // Comparing seconds is cheaper than taking every date apart.
        if end.is_some_and(|end| card.stamp.seconds() < end)
            && let Some(month) = months.last_mut()
        {
            month.messages.end = at + 1;
            continue;
        }
        let time = card.stamp.time();
        end = end_of_month(time.year(), time.month());
        months.push(Month { year: time.year(), number: time.month(), messages: at..at + 1 });
    }
    months
}

fn end_of_month(year: i32, month: u32) -> Option<i64> {
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first = chrono::NaiveDate::from_ymd_opt(year, month, 1)?;
    Some(first.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_messages_need_no_list_pages() {
        let lists = Lists { size: 20, total: 40 };
        assert_eq!((lists.count(), lists.front(), lists.behind_front()), (0, 0..40, None));
        let lists = Lists { size: 20, total: 41 };
        assert_eq!((lists.count(), lists.front(), lists.behind_front()), (3, 20..41, Some(1)));
    }

    proptest! {
        #[test]
        fn front_and_lists_cover_every_message_once(size in 1usize..30, total in 0usize..500) {
            let lists = Lists { size, total };
            let mut covered = lists.front();
            prop_assert!(covered.len() <= 2 * size && (covered.len() > size || total <= size));
            let mut next = lists.behind_front();
            while let Some(number) = next {
                let range = lists.range(number);
                prop_assert_eq!(range.end, covered.start);
                prop_assert_eq!(range.len(), size);
                covered.start = range.start;
                next = (number > 1).then(|| number - 1);
            }
            prop_assert_eq!(covered, 0..total);
        }

        #[test]
        fn a_page_whose_successor_has_begun_never_changes(size in 1usize..30, total in 0usize..300, more in 0usize..90) {
            let (before, after) = (Lists { size, total }, Lists { size, total: total + more });
            for number in 1..before.chunks() {
                prop_assert_eq!(before.range(number), after.range(number));
            }
        }
    }
}

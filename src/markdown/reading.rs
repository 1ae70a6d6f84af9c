//! Reading a text as far as it is read as Markdown: the one loop for its page, its summary and the terminal.

use pulldown_cmark::Event;

use super::bounds::{Extent, Limit, Meter};
use super::dialect::Dialect;
use super::events::for_each_event;
use super::html_balance::Balance;

/// A text that was read as far as it is read as Markdown.
pub(super) struct Read<T> {
    /// What was made of it; `None` where nothing of it is read as Markdown.
    pub(super) made: Option<T>,
    /// How far it was read.
    pub(super) extent: Extent,
    /// Which tags of its HTML have partners.
    pub(super) balance: Balance,
}

/// Reads a text, event by event, as far as it is read as Markdown: to its end, or to the last block that lies in no other and
/// fits. `take` gets what `begin` made, an event and the byte where that begins; it gives up with `None`.
pub(super) fn read<'t, T>(
    text: &'t str,
    dialect: Dialect,
    begin: impl Fn() -> T,
    take: impl Fn(&mut T, Event<'t>, usize) -> Option<()>,
) -> Read<T> {
    // What is left out may hold the addresses of links in what is left, which is read differently without them. So a second
    // reading may, in theory, give up too.
    const TRIES: usize = 4;
    let mut extent = Extent::before_parsing(text);
    for _ in 0..TRIES {
        let is_beginning = extent.limit == Some(Limit::Html);
        let mut meter = if is_beginning { Meter::for_beginning(text) } else { Meter::new(text) };
        let (mut made, mut block) = (begin(), 0);
        let outcome = for_each_event(extent.of(text), dialect, |event, at| {
            if meter.is_at_top() {
                block = at;
            }
            meter.spend(&event)?;
            take(&mut made, event, at)
        });
        match outcome {
            Ok(balance) => {
                return Read { made: Some(made).filter(|_| extent.end > 0 || text.is_empty()), extent, balance };
            }
            Err(_) => extent = Extent { end: block, limit: Some(meter.limit()) },
        }
        if block == 0 {
            break;
        }
    }
    Read { made: None, extent: Extent { end: 0, ..extent }, balance: Balance::default() }
}

//! What every page of the app lists: the channels, and how many drafts there are. It is kept, and made anew when something changed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tera::Value;

use crate::channel::outbox::draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::lock::lock;
use crate::web::app::template_views::{Channel, in_order};
use crate::web::model::channel_state::ChannelState;
use crate::web::model::library::Library;

/// How long a number of drafts may be shown that may have become another one.
const DRAFT_COUNT_AGE: Duration = Duration::from_secs(1);

/// What is kept of the menu.
#[derive(Debug, Default)]
pub(in crate::web) struct MenuCache {
    menu: Mutex<Option<Menu>>,
    /// When drafts were counted, the number of the last event then, and how many there were.
    drafts: Mutex<Option<(Instant, u64, usize)>>,
}

/// The channels as every page lists them.
#[derive(Clone, Debug)]
pub(super) struct Menu {
    version: u64,
    pub(super) channels: Value,
    pub(super) unread: usize,
}

impl MenuCache {
    /// The channels as every page lists them, made anew when one is other than before.
    pub(super) fn menu(&self, library: &Library) -> Menu {
        let mut kept = lock(&self.menu);
        let version = library.version();
        if let Some(menu) = kept.as_ref().filter(|menu| menu.version == version) {
            return menu.clone();
        }
        let order = in_order(library.all());
        let channels: Vec<Channel> = order.iter().map(|state| Channel::of(state)).collect();
        let unread = order.iter().map(|state| state.unread).sum();
        let menu = Menu { version, channels: Value::from_serializable(&channels), unread };
        *kept = Some(menu.clone());
        menu
    }

    /// How many drafts there are, counted again after a second or when something happened.
    pub(super) fn draft_count(&self, library: &Library) -> usize {
        let mut kept = lock(&self.drafts);
        let last = library.events.last();
        if let Some((_, _, count)) = kept.filter(|(at, number, _)| at.elapsed() < DRAFT_COUNT_AGE && *number == last) {
            return count;
        }
        let count = library.all().iter().map(|state| drafts_of(state).count()).sum();
        *kept = Some((Instant::now(), last, count));
        count
    }
}

/// The drafts of a channel; changes to what was sent are none. A channel whose drafts cannot be read shows none here, so
/// that the others are still shown; `missive drafts` says why.
pub(super) fn drafts_of(state: &ChannelState) -> impl Iterator<Item = DraftName> {
    draft::list(&state.channel).unwrap_or_default().into_iter().filter(|name| !matches!(name, DraftName::Edit(_)))
}

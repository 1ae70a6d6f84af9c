//! A channel's site is built: which messages it shows, and what the engine is asked for.
//!
//! [`build`] is the one way to a site, for `build`, `watch`, `serve` and a reading room alike.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::channel::Kind;
use crate::channel::protocol::classify::Reason;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::layout;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::{Held, Snapshot};
use crate::site::build_options::{Overrides, SiteOptions};
use crate::site::channel_site::ChannelSite;
use crate::site::engine::lock::Lock;
use crate::site::engine::manifest::Manifest;
use crate::site::engine::output_folder::OutputFolder;
use crate::site::engine::previous_output::PreviousOutput;
use crate::site::engine::refusal;
use crate::site::engine::report::OutputReport;
use crate::site::engine::run::{Engine, OpenOutput, Progress};
use crate::site::engine::stage::Gate;
use crate::site::error::SiteError;
use crate::site::pages::contents::Contents;
use crate::site::pages::message_digest::Digests;
use crate::site::pages::paths::page_at;
use crate::site::theme::Theme;

/// What to build, where and how.
pub struct SiteRequest<'a> {
    /// The lock on the output, taken before the look.
    pub lock: &'a Lock,
    /// The look at the channel.
    pub snapshot: &'a Snapshot,
    /// What the site says.
    pub options: &'a SiteOptions,
    /// Which refusals are overridden.
    pub overrides: Overrides,
    /// The theme.
    pub theme: &'a Theme,
    /// The output folder, absolute.
    pub output: &'a Path,
    /// Told how many of how many files are ready.
    pub progress: Progress<'a>,
    /// Asked before each disk operation.
    pub gate: Gate<'a>,
}

/// What one build of an output remembers for the next.
#[derive(Debug, Default)]
pub struct BuildMemory {
    previous: Option<PreviousOutput>,
    digests: Digests,
}

impl BuildMemory {
    /// Compares the output with what is remembered. Tells whether it is as it was left; what is not is made again by the
    /// next build.
    pub fn is_true(&mut self, output: &Path) -> bool {
        let Ok(folder) = OutputFolder::open(output) else {
            self.previous = None;
            return false;
        };
        self.previous.take_if(|previous| !previous.is_current(&folder));
        let Some(previous) = &mut self.previous else {
            return false;
        };
        previous.found = previous.look(&folder);
        previous.found.is_as_written()
    }

    /// The messages that the last build showed, with their digests.
    pub(crate) fn digests(&self) -> &Digests {
        &self.digests
    }
}

/// Builds a channel's site: plans it, and lets the engine make what differs from what the last build wrote.
///
/// `memory` is what an earlier build of the same output remembers; it only saves time.
///
/// # Errors
/// [`SiteError`]; whatever it is, the site that was there before is whole.
pub fn build(request: &SiteRequest<'_>, memory: &mut BuildMemory) -> Result<OutputReport, SiteError> {
    let (snapshot, options) = (request.snapshot, request.options);
    refusal::a_lost_profile(snapshot)?;
    let output = OpenOutput::open(request.output, memory.previous.take())?;
    if !request.overrides.allow_empty {
        refusal::emptying(snapshot, options.only, &output.previous.manifest)?;
    }
    let cards = shown(snapshot, &output.previous.manifest);
    memory.digests = std::mem::take(&mut memory.digests).for_cards(&cards);
    let contents = Contents::new(snapshot, options, &cards, memory.digests.all());
    let engine = Engine { force: request.overrides.force, progress: request.progress, gate: request.gate };
    let (report, previous) = engine.run(request.lock, output, || ChannelSite::new(&contents, request.theme))?;
    memory.previous = Some(previous);
    Ok(OutputReport {
        messages: cards.len(),
        incomplete: incomplete(snapshot, &cards),
        colourless: contents.colourless(),
        ..report
    })
}

/// The messages that the site shows: those that are not held, and those of the held ones that it shows already. Nothing is
/// taken down because a new part of it has not arrived.
fn shown<'s>(snapshot: &'s Snapshot, manifest: &Manifest) -> Cow<'s, [Arc<Card>]> {
    let stays = |held: &&Held| matches!(held.reason, Reason::Lacks(_)) && has_page(manifest, &held.card);
    let mut staying = snapshot.held.iter().filter(stays).map(|held| Arc::clone(&held.card)).peekable();
    if staying.peek().is_none() {
        return Cow::Borrowed(&snapshot.cards);
    }
    let mut cards: Vec<Arc<Card>> = snapshot.cards.iter().cloned().chain(staying).collect();
    cards.sort_by_key(|card| (card.stamp, card.side));
    Cow::Owned(cards)
}

/// Whether a message's page was written last time. It may lie elsewhere since a box came or went.
fn has_page(manifest: &Manifest, card: &Card) -> bool {
    let kinds = [Kind::Broadcast, Kind::Message];
    kinds.iter().any(|kind| manifest.entries.contains_key(&page_at(*kind, card.side, card.stamp)))
}

/// The messages among those shown that are held where they are not shown yet.
fn incomplete(snapshot: &Snapshot, shown: &[Arc<Card>]) -> Vec<(Side, Stamp)> {
    if shown.len() == snapshot.cards.len() {
        return Vec::new();
    }
    let held = snapshot.held.iter().map(|held| &held.card);
    let is_shown = |card: &&Arc<Card>| {
        shown.binary_search_by_key(&(card.stamp, card.side), |card| (card.stamp, card.side)).is_ok()
    };
    held.filter(is_shown).map(|card| (card.side, card.stamp)).collect()
}

/// The place where a channel's site is built unless said otherwise.
pub fn default_output(channel: &Path) -> PathBuf {
    channel.join(layout::SITE_FOLDER)
}

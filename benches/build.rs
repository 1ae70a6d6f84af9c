//! How long the parts of a build take, on a channel made in code.
//!
//! `cargo bench` measures; the times depend on the machine, the ratios hardly do.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark stops where it fails, and its functions are its documentation"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use divan::Bencher;
use missive::channel::Channel;
use missive::channel::protocol::stamp::Stamp;
use missive::channel::snapshot::card_cache::CardCache;
use missive::channel::snapshot::{self, LookOptions, Snapshot};
use missive::markdown::summarise;
use missive::site;
use missive::site::{BuildMemory, Lock, OutputReport, Overrides, SiteOptions, SiteRequest, Theme};

const MESSAGES: i64 = 2_000;
/// 2020-01-01T00:00:00Z
const START: i64 = 1_577_836_800;
const OPTIONS: SiteOptions = SiteOptions {
    base_url: None,
    title: None,
    page_size: 20,
    feed_size: 20,
    highlight: false,
    html: missive::site::OwnHtml { passes: missive::markdown::RawHtml::Checked, embeds: Vec::new() },
    backlinks: false,
    keep_metadata: false,
    read_key: None,
    only: None,
};

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let outbox = dir.path().join("blog/outbox");
    std::fs::create_dir_all(&outbox).unwrap();
    for number in 0..MESSAGES {
        let stamp = Stamp::from_seconds(START + number * 7_919).unwrap();
        std::fs::write(outbox.join(format!("{stamp}.txt")), text(number)).unwrap();
    }
    dir
});

/// Three notes, two posts, then an essay, over and over.
fn text(number: i64) -> String {
    let sentence = "The river carried the *morning* light past the [bridge](https://example.org/bridge) and on. ";
    let mut text = String::new();
    if number % 6 > 2 {
        let _ = write!(text, "# Message {number}\n\n");
    }
    let paragraphs = if number % 6 == 5 { 20 } else { number % 6 + 1 };
    for paragraph in 0..paragraphs {
        let _ = write!(text, "{}\n\n", sentence.repeat(3));
        if paragraph % 5 == 4 {
            let _ = write!(text, "## Part {paragraph}\n\n- one\n- two `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n");
        }
    }
    text
}

fn look(cache: &CardCache) -> Snapshot {
    let channel = Channel::open(&FOLDER.path().join("blog")).unwrap();
    snapshot::take(channel, cache, LookOptions::at(i64::MAX))
}

fn build(snapshot: &Snapshot, theme: &Theme, output: &Path) -> OutputReport {
    let request = SiteRequest {
        lock: &Lock::take(&snapshot.channel, output, || {}).unwrap(),
        snapshot,
        options: &OPTIONS,
        overrides: Overrides::default(),
        theme,
        output,
        progress: &|_, _| {},
        gate: &|| Ok(()),
    };
    site::build(&request, &mut BuildMemory::default()).unwrap()
}

fn cached() -> CardCache {
    let path = FOLDER.path().join("cards");
    look(&CardCache::nowhere()).keep(&CardCache::read(path.clone()), i64::MAX).unwrap();
    CardCache::read(path)
}

#[divan::bench]
fn look_without_cards(bencher: Bencher<'_, '_>) {
    bencher.bench(|| look(&CardCache::nowhere()));
}

#[divan::bench]
fn look_with_cards(bencher: Bencher<'_, '_>) {
    let cache = cached();
    bencher.bench(|| look(&cache));
}

#[divan::bench]
fn read_the_card_cache(bencher: Bencher<'_, '_>) {
    drop(cached());
    bencher.bench(|| CardCache::read(FOLDER.path().join("cards")));
}

#[divan::bench]
fn build_from_nothing(bencher: Bencher<'_, '_>) {
    let theme = Theme::load(&[]).unwrap();
    let place = tempfile::tempdir().unwrap();
    let outputs = AtomicU32::new(0);
    let next = || -> (Snapshot, PathBuf) {
        let number = outputs.fetch_add(1, Ordering::Relaxed);
        (look(&CardCache::nowhere()), place.path().join(number.to_string()))
    };
    bencher.with_inputs(next).bench_values(|(snapshot, output)| build(&snapshot, &theme, &output));
}

#[divan::bench]
fn build_with_nothing_to_do(bencher: Bencher<'_, '_>) {
    let theme = Theme::load(&[]).unwrap();
    let place = tempfile::tempdir().unwrap();
    let output = place.path().join("site");
    let snapshot = look(&CardCache::nowhere());
    build(&snapshot, &theme, &output);
    bencher.bench(|| build(&snapshot, &theme, &output));
}

#[divan::bench]
fn summarise_an_essay(bencher: Bencher<'_, '_>) {
    let essay = text(5);
    bencher.bench(|| summarise(&essay, missive::markdown::Dialect::default()));
}

fn main() {
    divan::main();
}

//! The rules are tried on small made-up crates, one violation each.

use crate::floors::crate_source::CrateSource;
use crate::floors::figures::TooLarge;
use crate::floors::rules;

fn read(files: &[(&str, &str)]) -> CrateSource {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    CrateSource::parse(texts, &["clap", "rustix", "tokio", "serde"].map(str::to_owned))
}

fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let source = read(files);
    let mut arrows: Vec<String> = source
        .arrows
        .iter()
        .filter(|arrow| !arrow.is_module)
        .map(|arrow| format!("{} -> {}", arrow.from, arrow.to))
        .collect();
    arrows.sort();
    arrows.dedup();
    arrows
}

fn keys(found: Vec<rules::Violation>) -> Vec<String> {
    found.into_iter().map(|violation| violation.key).collect()
}

#[test]
fn imports_are_seen_however_they_are_written() {
    let below = [
        ("channel/mod.rs", "pub mod card; pub mod stamp; pub struct Channel;"),
        ("channel/card.rs", "pub struct Card; pub fn read() {}"),
        ("channel/stamp.rs", "pub struct Stamp;"),
    ];
    for (text, to) in [
        ("use crate::channel::card::Card;", "channel/card.rs"),
        ("use crate::{channel::{card::{self, Card}}};", "channel/card.rs"),
        ("use crate::channel as folder; fn f(_: folder::card::Card) {}", "channel/card.rs"),
        ("use crate::channel::{self, Channel}; fn f() { channel::card::read() }", "channel/card.rs"),
        ("use super::channel::card::Card as _;", "channel/card.rs"),
        ("use super::super::super::channel::card::*;", "channel/card.rs"),
        ("fn f() { crate::channel::card::read() }", "channel/card.rs"),
        ("fn f() { use crate::channel::card; card::read() }", "channel/card.rs"),
        ("fn f(_: &dyn Fn(crate::channel::card::Card)) {}", "channel/card.rs"),
        ("fn f() { println!(\"{}\", crate::channel::card::NAME) }", "channel/card.rs"),
        ("use crate::channel::card; fn f() { assert!(g(card::NAME)) }", "channel/card.rs"),
        ("fn f() { <crate::channel::card::Card>::new() }", "channel/card.rs"),
        ("fn f() { <u8 as crate::channel::card::Read>::read() }", "channel/card.rs"),
        ("#[derive(crate::channel::card::Derived)] struct A;", "channel/card.rs"),
        (
            "struct A { #[serde(with = \"crate::channel::card\")] a: u8, #[serde(with = \"crate::channel::card::X\")] b: u8 }",
            "channel/card.rs",
        ),
        ("mod inner { use super::super::channel::card::Card; }", "channel/card.rs"),
        ("use crate::channel::Channel;", "channel/mod.rs"),
    ] {
        let files = [&below[..], &[("site.rs", text)]].concat();
        assert!(arrows(&files).contains(&format!("site.rs -> {to}")), "{text}: {:?}", arrows(&files));
    }
}

#[test]
fn relative_imports_lead_to_children_and_siblings() {
    let files = [
        ("site/mod.rs", "mod page; mod plan; use page::Page; fn f() { plan::plan() }"),
        ("site/page.rs", "use super::plan::Plan; use self::part::Part; mod part; pub struct Page;"),
        ("site/page/part.rs", "pub struct Part;"),
        ("site/plan.rs", "pub struct Plan; pub fn plan() {}"),
    ];
    assert_eq!(
        arrows(&files),
        [
            "site/mod.rs -> site/page.rs",
            "site/mod.rs -> site/plan.rs",
            "site/page.rs -> site/page/part.rs",
            "site/page.rs -> site/plan.rs",
        ]
    );
}

#[test]
fn a_door_leads_to_the_file_behind_it() {
    let files = [
        ("article.rs", "use crate::channel::{Card, Named}; use crate::channel; fn f() { channel::made() }"),
        ("channel/mod.rs", "mod card; pub use card::{Card, Inner as Named}; pub use crate::channel::card::made;"),
        ("channel/card.rs", "pub struct Card; pub struct Inner; pub fn made() {}"),
    ];
    assert_eq!(arrows(&files), ["article.rs -> channel/card.rs"]);
}

#[test]
fn what_only_tests_need_is_no_arrow() {
    let files = [
        (
            "text.rs",
            "#[cfg(test)] mod tests; #[cfg(test)] use crate::site::Site; #[cfg(test)] mod more { use crate::site::Site; }",
        ),
        ("text/tests.rs", "use crate::site::Site;"),
        ("site.rs", "pub struct Site;"),
    ];
    assert_eq!(arrows(&files), [""; 0]);
}

#[test]
fn an_arrow_upwards_is_found() {
    let found =
        rules::upward_arrows(&read(&[("channel.rs", "\nuse crate::site::Site;"), ("site.rs", "pub struct Site;")]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "channel.rs -> site.rs");
    assert!(
        found[0].words.starts_with("src/channel.rs:2 names `crate::site::Site` of src/site.rs"),
        "{}",
        found[0].words
    );
}

#[test]
fn a_door_between_rooms_of_one_floor_is_found() {
    let files = [("site.rs", "use crate::web;"), ("web.rs", "")];
    assert_eq!(keys(rules::upward_arrows(&read(&files))), ["site.rs -> web.rs"]);
    let below = [("site.rs", "use crate::channel;"), ("channel.rs", "")];
    assert_eq!(keys(rules::upward_arrows(&read(&below))), [""; 0]);
}

#[test]
fn a_room_without_a_floor_is_found() {
    let files = [("site.rs", "use crate::cellar;"), ("cellar.rs", "")];
    assert_eq!(keys(rules::upward_arrows(&read(&files))), ["site.rs -> cellar.rs"]);
}

#[test]
fn the_program_stands_above_all() {
    let files = [("main.rs", "use missive::cli::run;"), ("cli.rs", "pub fn run() {}")];
    assert_eq!(arrows(&files), ["main.rs -> cli.rs"]);
    assert_eq!(keys(rules::upward_arrows(&read(&files))), [""; 0]);
}

#[test]
fn a_wall_within_a_room_is_held() {
    let files = [
        ("sync/mod.rs", ""),
        ("sync/replica/mod.rs", ""),
        ("sync/replica/merge.rs", "use crate::sync::node::Node;"),
        ("sync/node/mod.rs", "use crate::sync::replica::merge::Step; pub struct Node;"),
    ];
    assert_eq!(keys(rules::arrows_through_walls(&read(&files))), ["sync/replica/merge.rs -> sync/node/mod.rs"]);
}

#[test]
fn files_that_need_each_other_are_found() {
    let found = rules::circles(&read(&[
        ("site/mod.rs", "mod a; mod b; mod c; mod d;"),
        ("site/a.rs", "use super::b::B; pub struct A;"),
        ("site/b.rs", "use super::c::C; pub struct B;"),
        ("site/c.rs", "fn f() { crate::site::a::A; } pub struct C;"),
        ("site/d.rs", "use super::a::A;"),
    ]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "site/a.rs site/b.rs site/c.rs");
    assert!(
        found[0].words.contains("src/site/c.rs:1 names `crate::site::a::A` of src/site/a.rs"),
        "{}",
        found[0].words
    );
}

#[test]
fn a_parent_and_a_child_that_need_each_other_are_found() {
    let both = [
        ("site/mod.rs", "mod child; pub struct Above; pub fn f() { child::g() }"),
        ("site/child.rs", "use super::Above; pub fn g() {}"),
    ];
    assert_eq!(keys(rules::circles(&read(&both))), ["site/child.rs site/mod.rs"]);
    let declared = [
        ("site/mod.rs", "mod child; pub use child::g; pub struct Above;"),
        ("site/child.rs", "use super::Above; pub fn g() {}"),
    ];
    assert_eq!(keys(rules::circles(&read(&declared))), [""; 0]);
}

#[test]
fn a_crate_away_from_home_is_found() {
    for text in [
        "use tokio::sync::Mutex;",
        "use {std::io, tokio::{self}};",
        "use ::tokio as runtime;",
        "async fn f() { tokio::task::yield_now().await }",
        "#[tokio::main] async fn f() {}",
        "fn f() { vec![tokio::spawn(1)]; }",
    ] {
        let found = rules::crates_away_from_home(&read(&[("sync/replica/merge.rs", text)]));
        assert_eq!(keys(found), ["sync/replica/merge.rs tokio"], "{text}");
    }
    let allowed =
        read(&[("sync/node/mod.rs", "use tokio::sync::Mutex;"), ("site.rs", "use std::io; use serde::Serialize;")]);
    assert_eq!(keys(rules::crates_away_from_home(&allowed)), [""; 0]);
    // A module of ours that is called as a crate is.
    let own = read(&[
        ("site/mod.rs", "mod tokio; use self::tokio::run; fn f() { tokio::run() }"),
        ("site/tokio.rs", "pub fn run() {}"),
    ]);
    assert_eq!(keys(rules::crates_away_from_home(&own)), [""; 0]);
}

#[test]
fn a_file_that_does_not_say_what_it_holds_is_found() {
    let files =
        [("site/helper.rs", "//! Things."), ("site/plan.rs", "fn f() {}"), ("site/view.rs", "//! What a page shows.")];
    assert_eq!(keys(rules::files_without_a_concept(&read(&files))), ["site/helper.rs", "site/plan.rs"]);
}

#[test]
fn what_is_too_large_is_found() {
    let fields: String = (0..11).map(|number| format!("field_{number}: u8")).collect::<Vec<_>>().join(",");
    let long = format!(
        "fn long() {{{}}}\nfn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {{}}\nstruct Large {{ {fields} }}\n\
         fn closes() {{ let step = |at: u8| {{\n let next = at;\n next\n }}; step(1); }}",
        "\n".repeat(61)
    );
    let tests = format!("#[cfg(test)]\nmod tests {{{}}}\n", "\n".repeat(500));
    let source = read(&[("site.rs", &long), ("web.rs", &tests), ("sync.rs", &"\n".repeat(451))]);
    let found = TooLarge::of(&source);
    let counted = |list: &[crate::floors::figures::Figure]| {
        list.iter().map(|figure| format!("{} {}", figure.what, figure.count)).collect::<Vec<_>>()
    };
    assert_eq!(counted(&found.functions), ["site.rs: long 62"]);
    assert_eq!(counted(&found.parameters), ["site.rs: many 6"]);
    assert_eq!(counted(&found.structs), ["site.rs: Large 11"]);
    assert_eq!(counted(&found.files), ["sync.rs 451"]);
    assert_eq!(counted(&found.named_closures), ["site.rs: step 4"]);
}

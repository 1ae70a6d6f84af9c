//! Every example of `CommonMark`'s specification and of cmark-gfm's extensions, beside what missive makes of it.
//!
//! tests/run fetches the specifications into target/tools, by version. What missive does differently on purpose stands in
//! `differences.rs`, each kind by its name, with its reason and its examples. An example that differs and isn't there fails
//! the test, and so does one that is there and differs no longer.

mod differences;
mod normal_form;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use missive::markdown::{LinkContext, Media, Rules, Target, Trust};

use crate::conformance::differences::{POLICIES, SET_ASIDE};
use crate::conformance::normal_form::{Piece, pieces, shown, without_invisible_space};
use crate::conformance::spec::Example;

/// The specifications, as tests/run fetches them.
const COMMONMARK: &str = "node/node_modules/commonmark-spec/spec.txt";
const GFM: &str = "multimark/tests/fixtures/spec.txt";
const EXTENSIONS: &str = "multimark/tests/fixtures/extensions.txt";
/// The prefix of every id in a text.
const ANCHOR: &str = "t";
/// How many examples are shown in full when they fail.
const MAX_SHOWN: usize = 100;

/// Every relative address is an attachment's, so that none is missing and each can be compared.
struct Everything;

impl LinkContext for Everything {
    fn attachment(&self, address: &str) -> Option<Target> {
        let is_relative = !address.starts_with('/') && !has_scheme(address);
        let media = Media::Picture(None);
        is_relative.then(|| Target { number: 0, address: address.to_owned(), media, save_as: None })
    }

    fn page(&self, _: &str) -> Option<String> {
        None
    }

    fn tag(&self, _: &str) -> Option<String> {
        None
    }

    fn anchor(&self) -> &str {
        ANCHOR
    }
}

fn has_scheme(address: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    address.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(is_part))
}

/// What is named, on purpose or as not yet right.
fn named() -> impl Iterator<Item = &'static str> {
    POLICIES.iter().flat_map(|policy| policy.examples).copied()
}

fn rendered(text: &str) -> String {
    let rules = Rules {
        trust: Trust::Own,
        dialect: missive::markdown::Dialect::default(),
        contents: false,
        raw_html: missive::markdown::RawHtml::All,
        highlight: false,
        remote_media: true,
    };
    missive::markdown::render(text, false, rules, &Everything).html
}

/// All examples; `None` when they were not fetched.
fn examples() -> Option<Vec<Example>> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
    let files: Vec<PathBuf> = [COMMONMARK, GFM, EXTENSIONS].iter().map(|file| tools.join(file)).collect();
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        let why = format!("{} is missing; tests/run fetches it", missing.display());
        assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{why}");
        // The step of tests/run that needs these files says that it is skipped.
        return None;
    }
    let mut examples = spec::read(&files[0], "spec");
    // The rest of GitHub's specification is an older edition of the first one.
    examples.extend(spec::read(&files[1], "gfm").into_iter().filter(|example| !example.extension.is_empty()));
    examples.extend(spec::read(&files[2], "extensions"));
    Some(examples)
}

/// What an example became and should become, as they are compared; `left_in` is not set aside.
fn compared(example: &Example, ours: &[Piece], left_in: Option<usize>) -> (Vec<Piece>, Vec<Piece>) {
    let mut ours = ours.to_vec();
    let mut theirs = pieces(example.html.as_deref().unwrap_or_default());
    for (_, aside) in SET_ASIDE.iter().enumerate().filter(|(at, _)| Some(*at) != left_in) {
        (aside.apply)(&mut ours, &mut theirs);
    }
    (without_invisible_space(ours), without_invisible_space(theirs))
}

#[test]
fn specifications_are_followed() {
    let Some(examples) = examples() else { return };
    let mut differing: BTreeMap<&str, String> = BTreeMap::new();
    let mut matter = vec![0_usize; SET_ASIDE.len()];
    for example in examples.iter().filter(|example| example.html.is_some()) {
        let ours = pieces(&rendered(&example.text));
        let (got, expected) = compared(example, &ours, None);
        if got != expected {
            let story = format!("{}\n\nexpected  {}\n\ngot       {}", example.text, shown(&expected), shown(&got));
            differing.insert(&example.name, story);
            continue;
        }
        for (at, count) in matter.iter_mut().enumerate() {
            let (got, expected) = compared(example, &ours, Some(at));
            *count += usize::from(got != expected);
        }
    }
    let named: BTreeSet<&str> = named().collect();
    let new: Vec<_> = differing.iter().filter(|(name, _)| !named.contains(*name)).collect();
    let stories: Vec<String> =
        new.iter().take(MAX_SHOWN).map(|(name, story)| format!("════ {name}\n{story}\n")).collect();
    let unnamed: Vec<_> = new.iter().map(|(name, _)| name).collect();
    let (differ, all) = (new.len(), examples.len());
    assert!(new.is_empty(), "{}\n{differ} of {all} examples differ and are not named: {unnamed:?}", stories.concat());
    let settled: Vec<_> = named.iter().filter(|name| !differing.contains_key(*name)).collect();
    assert!(settled.is_empty(), "these differ no longer, take them out of the policies: {settled:?}");
    let counted: Vec<(&str, usize)> = SET_ASIDE.iter().zip(matter).map(|(aside, count)| (aside.name, count)).collect();
    let noted: Vec<(&str, usize)> = SET_ASIDE.iter().map(|aside| (aside.name, aside.examples)).collect();
    assert_eq!(counted, noted, "in how many examples each difference matters");
}

#[test]
fn no_example_is_named_twice_and_each_policy_says_why() {
    let once: BTreeSet<&str> = named().collect();
    assert_eq!(named().count(), once.len());
    for policy in POLICIES {
        assert!(!policy.name.is_empty() && !policy.reason.is_empty() && !policy.examples.is_empty(), "{}", policy.name);
    }
}

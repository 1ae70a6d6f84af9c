//! `missive search`: messages by their words, newest first.
//!
//! Here the results are shown. The query and the search are in `channel/reading`.

use std::cell::Cell;
use std::ffi::OsString;
use std::sync::Arc;

use clap::Args;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Failure, count};
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::marks::Marks;
use crate::channel::reading::query::{Excerpt, Query};
use crate::channel::reading::search;
use crate::channel::reading::search::{Searched, scan};
use crate::channel::snapshot::card::Card;
use crate::commands::Environment;
use crate::commands::channel_view::{ChannelView, short};
use crate::commands::free_values;
use crate::commands::resolve;
use crate::console::{Console, FormattedText, Screen, Style, columns, cut};

/// Search messages, newest first
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Search {
    /// Search one channel only, by its name or folder
    #[arg(long, value_name = "CHANNEL", allow_hyphen_values = true, value_parser = free_values::name())]
    r#in: Option<OsString>,
    /// Only the N newest
    #[arg(short, value_name = "N")]
    n: Option<usize>,
    /// Words, phrases, -not, tag:, from:, in:, has:attachment, after: and before:; put options before the words, or `--` between the two
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

const EXAMPLES: &str = "Examples:
  missive search coffee -tea tag:recipes
  missive search --in azureens-blog -n 10 '\"the folder is the bus\"' after:2026-06";

/// What marks the end of the options.
const END: &str = "--";

impl Search {
    /// The words to search for. One that looks like an option is one that stands in the wrong place, except behind `--`:
    /// there it is searched for as it stands.
    fn words(&self) -> Result<Vec<String>, Failure> {
        let end = self.words.iter().position(|word| word == END).unwrap_or(self.words.len());
        let (before, behind) = self.words.split_at_checked(end).unwrap_or((&self.words, &[]));
        if let Some(option) = before.iter().find(|word| looks_like_option(word)) {
            return Err(Failure::usage(
                format!("`{option}` comes after the words, but options must come before them"),
                "to search for it: missive search -- WORDS",
            ));
        }
        let behind = behind.iter().skip_while(|word| *word == END);
        let as_it_stands = |word: &String| {
            if looks_like_option(word) && !word.contains('"') { format!("\"{word}\"") } else { word.clone() }
        };
        Ok(before.iter().cloned().chain(behind.map(as_it_stands)).collect())
    }
}

/// Arguments of the program in which the first `--` stands twice where messages are searched for: the parser takes one of them
/// away, and what stands behind it could not be told from an option in the wrong place.
pub fn with_end_kept(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let end = args.iter().position(|word| word == END);
    if let Some(end) = end.filter(|_| command_of(&args).is_some_and(|command| command == "search")) {
        args.insert(end, END.into());
    }
    args
}

/// The command's name: the first word that is no option, and no value of one that stands before it.
fn command_of(args: &[OsString]) -> Option<&OsString> {
    let mut words = args.iter().skip(1);
    while let Some(word) = words.next() {
        if ["--data", "--color", "--log"].iter().any(|option| word == option) {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            return Some(word);
        }
    }
    None
}

fn looks_like_option(word: &str) -> bool {
    word.starts_with("--") || ["-n", "-v", "-h", "-V"].contains(&word)
}

/// A message that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hit {
    channel: String,
    r#box: Side,
    id: Stamp,
    author: String,
    title: Option<String>,
    /// The line in which something was found, or the message's first words.
    excerpt: String,
    #[serde(skip)]
    matches: Vec<std::ops::Range<usize>>,
    #[serde(skip)]
    byline: Option<String>,
    #[serde(skip)]
    address: String,
}

/// Prints what is found.
///
/// # Errors
/// [`Failure`] when the query cannot be read, there is no such channel, or standard output cannot be written.
pub fn run(args: &Search, environment: &Environment, console: Console) -> Result<(), Failure> {
    let query = Query::from_arguments(&args.words()?, environment.clock.seconds())?;
    let channels = match &args.r#in {
        Some(wanted) => vec![resolve::channel(environment, wanted)?],
        None => resolve::all(environment, console)?,
    };
    let marks = Marks::default();
    let opened: Vec<ChannelView> =
        channels.into_iter().map(|channel| ChannelView::look(channel, &marks, environment)).collect();
    let mut cards: Vec<(&ChannelView, Arc<Card>)> = Vec::new();
    for channel in &opened {
        cards.extend(channel.snapshot.cards.iter().map(|card| (channel, Arc::clone(card))));
    }
    cards.sort_by_key(|(_, card)| std::cmp::Reverse(card.stamp));
    let before = opened.iter().map(ChannelView::address_width).max().unwrap_or_default();
    let scan = Scan { query, cards, most: args.n.unwrap_or(usize::MAX), form: Form::new(console.screen, before) };
    if console.json {
        console.json(&scan)?;
        return Ok(());
    }
    let is_found = Cell::new(false);
    let found = scan.hits().inspect(|_| is_found.set(true));
    console.paged(environment.pager.as_ref(), found.map(|hits| lay_out(&hits, scan.form, console.screen)))?;
    if !is_found.get() {
        console.say("no messages found");
    }
    // The program ends here: giving back every card of a long channel one by one would only take time.
    drop(scan.cards);
    std::mem::forget(opened);
    Ok(())
}

/// A longer name is cut, in columns, so that a match has room behind it.
const AUTHOR: usize = 18;

/// How a match is shown: on the line of its id, or on one of its own where that leaves too little room.
#[derive(Clone, Copy)]
struct Form {
    /// The columns of the id, if the match stands behind it.
    before: Option<usize>,
    /// The columns of the match.
    room: usize,
}

impl Form {
    const BETWEEN: usize = 2;
    const LEAST: usize = 24;

    fn new(screen: Screen, before: usize) -> Self {
        let room = screen.width.saturating_sub(before + Self::BETWEEN);
        if room >= Self::LEAST {
            Self { before: Some(before), room }
        } else {
            Self { before: None, room: screen.width.saturating_sub(Self::BETWEEN) }
        }
    }
}

/// Looking through messages, newest first.
struct Scan<'a> {
    query: Query,
    cards: Vec<(&'a ChannelView, Arc<Card>)>,
    most: usize,
    form: Form,
}

impl Searched for ChannelView {
    fn name(&self) -> &str {
        self.name()
    }

    fn author(&self, card: &Card) -> &str {
        self.author(card)
    }

    fn body(&self, side: Side, stamp: Stamp) -> Option<String> {
        self.snapshot.body(side, stamp).ok()
    }

    fn taken(&self, card: &Card) -> usize {
        byline(self, card).map_or(0, |byline| columns(&byline))
    }
}

impl Scan<'_> {
    /// What is found, in parts of which none is empty.
    fn hits(&self) -> impl Iterator<Item = Vec<Hit>> {
        let found = scan(&self.query, &self.cards, self.most, self.form.room);
        found.map(|hits| hits.into_iter().map(|hit| self.hit(hit)).collect())
    }

    fn hit(&self, found: search::Hit<'_, ChannelView>) -> Hit {
        let (opened, card) = (found.place, found.card);
        let room = self.form.room.saturating_sub(opened.taken(card));
        let whole = || Excerpt { line: cut(&beginning(card), room), matches: Vec::new() };
        let excerpt = found.excerpt.unwrap_or_else(whole);
        Hit {
            channel: opened.name().to_owned(),
            r#box: card.side,
            id: card.stamp,
            author: opened.author(card).to_owned(),
            title: card.title.clone(),
            excerpt: excerpt.line,
            matches: excerpt.matches,
            byline: byline(opened, card),
            address: opened.address_of(card),
        }
    }
}

/// Who wrote a message, before its line, where several people write one box.
fn byline(opened: &ChannelView, card: &Card) -> Option<String> {
    opened.snapshot.byline(card).map(|name| format!("{}: ", short(name, AUTHOR)))
}

/// What stands for a message in which no words were looked for.
fn beginning(card: &Card) -> String {
    match &card.title {
        Some(title) => title.clone(),
        None if card.first_words.is_empty() && card.attachments.is_empty() => "(no text)".to_owned(),
        None if card.first_words.is_empty() => count(card.attachments.len(), "attachment"),
        None => card.first_words.clone(),
    }
}

fn lay_out(hits: &[Hit], form: Form, screen: Screen) -> FormattedText {
    let mut out = FormattedText::on(screen);
    for hit in hits {
        out.paint(Style::Dim, &hit.address);
        match form.before {
            Some(before) => out.space((before + Form::BETWEEN).saturating_sub(columns(&hit.address))),
            None => out.end().space(Form::BETWEEN),
        };
        if let Some(byline) = &hit.byline {
            out.paint(Style::Dim, byline);
        }
        let mut from = 0;
        for found in &hit.matches {
            out.text(hit.excerpt.get(from..found.start).unwrap_or_default());
            out.paint(Style::Match, hit.excerpt.get(found.clone()).unwrap_or_default());
            from = found.end;
        }
        out.text(hit.excerpt.get(from..).unwrap_or_default()).end();
    }
    out
}

/// What was found as JSON has it; it is written message by message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SearchReport<M = Vec<Hit>> {
    messages: M,
}

impl Serialize for Scan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Messages<'a>(&'a Scan<'a>);
        impl Serialize for Messages<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.hits().flatten())
            }
        }
        SearchReport { messages: Messages(self) }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_options_is_kept_for_searches_only() {
        let kept = |line: &str| {
            let words = with_end_kept(line.split(' ').map(OsString::from));
            words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
        };
        for (line, expected) in [
            ("missive search -- --x", "missive search -- -- --x"),
            ("missive --data search --json search a -- -b", "missive --data search --json search a -- -- -b"),
            ("missive search a", "missive search a"),
            ("missive read search -- -x", "missive read search -- -x"),
            ("missive --data search read -- -x", "missive --data search read -- -x"),
            ("missive complete 2 -- missive search", "missive complete 2 -- missive search"),
        ] {
            assert_eq!(kept(line), expected);
        }
    }
}

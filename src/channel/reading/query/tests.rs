//! Queries and the messages that they find.

use proptest::prelude::*;

use crate::channel::protocol::entry::{RelativePath, Side};
use crate::channel::protocol::header::Header;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::query::*;
use crate::channel::snapshot::card::Attachment;
use crate::channel::snapshot::file_mark::FileMark;
use crate::media::Content;

/// 2026-11-22T13:35:04Z.
const NOW: i64 = 1_795_354_504;

fn card(stem: &str, title: Option<&str>, tags: &[&str], attachments: usize) -> Card {
    let mark = FileMark { len: 0, modified: 0, inode: 0 };
    let path = RelativePath::parse(b"a.jpg").unwrap();
    Card {
        side: Side::Outbox,
        stamp: Stamp::parse(stem.as_bytes()).unwrap(),
        mark,
        hash: [0; 16],
        header: Header::default(),
        title: title.map(str::to_owned),
        title_in_text: false,
        excerpt: String::new(),
        first_words: String::new(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        tag_names: Vec::new(),
        tags_in_text: Vec::new(),
        links: Vec::new(),
        findings: Vec::new(),
        dialect: crate::markdown::Dialect::default(),
        shows_remote: false,
        is_cut: false,
        code: 0,
        problems: Vec::new(),
        folder: None,
        attachments: vec![
            Attachment {
                path,
                mark,
                content: Content::Unknown,
                size: None,
                metadata: None,
                reveals: None
            };
            attachments
        ],
    }
}

fn letter() -> Card {
    card("2026-11-20T10-00-00Z", Some("The third leg"), &["straße", "chairs"], 1)
}

const TEXT: &str = "The chair stands. It took *three*\n  attempts, don’t ask. Crème brûlée for BRANDO.";

fn finds(query: &str) -> bool {
    let card = letter();
    let facts = MessageFacts { card: &card, author: "Zoë Cooper", channel: "coopers-workshop" };
    Query::parse(query, NOW).unwrap_or_else(|error| panic!("{error}")).matches(&facts, || Some(TEXT))
}

#[test]
fn finds_what_is_there() {
    for query in [
        "",
        "chair",
        "CHAIR third",
        "hai",
        "creme brulee",
        "\"creme brulee for\"",
        "\"the  third leg\"",
        "\"*three* attempts\"",
        "don't",
        "-table",
        "chair -\"three legs\"",
        "tag:chairs tag:STRASSE",
        "tag:#chairs -tag:tables",
        "from:zoe",
        "from:\"zoe cooper\" -from:brando",
        "from:brando from:cooper",
        "in:workshop",
        "has:attachment",
        "after:2026-11-20",
        "after:3d",
        "before:2026-11-21",
        "before:yesterday",
        "-before:2026-11-20",
        "after:2026 before:2027",
        "stands. \"leg\" In:COOPERS",
    ] {
        assert!(finds(query), "{query}");
    }
}

#[test]
fn leaves_out_what_is_not() {
    for query in [
        "table",
        "chair table",
        "\"chair stands it\"",
        "\"attempts three\"",
        "-chair",
        "-leg",
        "-\"creme brulee\"",
        "tag:chair",
        "-tag:chairs",
        "from:brando",
        "-from:zoe",
        "in:walks",
        "-in:coopers",
        "-has:attachment",
        "after:2026-11-21",
        "before:2026-11-20",
        "-after:2026-11-20",
        "after:yesterday",
    ] {
        assert!(!finds(query), "{query}");
    }
}

#[test]
fn the_text_is_read_only_if_it_matters() {
    let card = letter();
    let facts = MessageFacts { card: &card, author: "Cooper", channel: "c" };
    for query in ["leg", "tag:chairs", "chair from:brando", "-leg", "table before:2020"] {
        Query::parse(query, NOW).unwrap().matches(&facts, || -> Option<&str> { panic!("read for {query}") });
    }
    assert!(!Query::parse("chair", NOW).unwrap().matches(&facts, || None::<&str>));
}

#[test]
fn arguments_are_words_or_phrases() {
    let card = letter();
    let facts = MessageFacts { card: &card, author: "Zoë Cooper", channel: "c" };
    let finds = |arguments: &[&str]| Query::from_arguments(arguments, NOW).unwrap().matches(&facts, || Some(TEXT));
    assert!(finds(&["creme brulee", "chair", "from:zoe cooper", "", "-big chair"]));
    assert!(finds(&["stands chair \"third leg\""]));
    assert!(!finds(&["stands chair"]));
    assert!(!finds(&["-chair stands"]));
}

#[test]
fn says_what_is_wrong() {
    for (query, message) in [
        ("a \"b", "a quotation mark is not closed in `a \"b`"),
        ("form:x", "unknown `form:`; the nearest is `from:`; to search for it as text, put it in quotation marks"),
        (
            "quux:x",
            "unknown `quux:`; known are `tag:`, `from:`, `in:`, `has:`, `after:`, `before:`; to search for it as text, put it in quotation marks",
        ),
        ("tag: x", "`tag:` needs a value"),
        ("tag:#", "`tag:` needs a value"),
        ("from:\"\"", "`from:` needs a value"),
        ("has:feet", "unknown `has:feet`; the only one is `has:attachment`"),
    ] {
        assert_eq!(Query::parse(query, NOW).unwrap_err().to_string(), message);
    }
    assert!(Query::parse("after:soon", NOW).unwrap_err().to_string().starts_with("`soon` is not a time; try "));
    for word in ["10:30", "std::fmt", "https://example.org", "\"form:x\"", "-", ":", "a - b", "日本:x"] {
        assert!(Query::parse(word, NOW).is_ok(), "{word}");
    }
}

/// The excerpt with its matches in brackets.
fn excerpt(query: &str, text: &str, columns: usize) -> Option<String> {
    let excerpt = Query::parse(query, NOW).unwrap().excerpt(text, columns)?;
    let mut line = excerpt.line;
    for found in excerpt.matches.iter().rev() {
        line.insert(found.end, ']');
        line.insert(found.start, '[');
    }
    Some(line)
}

#[test]
fn shows_the_match() {
    let cases = [
        ("brulee chair", "The [chair] stands. It took *three* attempts, don’t ask. [Crème]…"),
        ("brulee", "…don’t ask. Crème [brûlée] for BRANDO."),
    ];
    assert_eq!(excerpt("brulee", TEXT, 60).unwrap(), cases[1].1);
    assert_eq!(excerpt("creme chair", TEXT, 60).unwrap(), cases[0].1);
    assert_eq!(excerpt("\"three* attempts\"", TEXT, 40).unwrap(), "…It took *[three* attempts], don’t ask…");
    assert_eq!(excerpt("strasse", "Die Straße.", 40).unwrap(), "Die [Straße].");
    assert_eq!(excerpt("cafe", "a cafe\u{301} b", 40).unwrap(), "a [cafe\u{301}] b");
    assert_eq!(excerpt("東京", &"雨の音で目が覚めた。東京".repeat(9), 20).unwrap(), "…めた。[東京]雨の音で…");
    assert_eq!(excerpt("\"ana split\" n", "a banana split", 40).unwrap(), "a ba[nana split]");
    assert_eq!(excerpt("x", TEXT, 40), None);
    assert_eq!(excerpt("-x", TEXT, 40), None);
}

#[test]
fn a_query_without_end_is_refused_in_few_words() {
    let endless = [
        format!("after:{}", "9".repeat(50_000)),
        format!("{}:x", "k".repeat(50_000)),
        format!("has:{}", "é".repeat(50_000)),
        "\"".to_owned() + &"x".repeat(50_000),
        "a ".repeat(50_000),
        format!("\"{}\"", "a ".repeat(150)),
    ];
    for query in endless {
        for error in [Query::parse(&query, NOW).unwrap_err(), Query::from_arguments(&[&query], NOW).unwrap_err()] {
            assert!(error.to_string().len() < 300, "{error}");
        }
    }
    let few = "word ".repeat(100);
    assert!(Query::parse(&few, NOW).is_ok());
    let error = Query::parse(&format!("after:{}", "9".repeat(70)), NOW).unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{}…` is not a time", "9".repeat(64))), "{error}");
}

proptest! {
    #[test]
    fn no_query_is_too_strange(query in any::<String>(), text in any::<String>()) {
        let card = letter();
        let facts = MessageFacts { card: &card, author: "a", channel: "c" };
        if let Ok(query) = Query::parse(&query, NOW) {
            query.matches(&facts, || Some(&text));
            let _ = query.excerpt(&text, 70);
        }
    }

    #[test]
    fn what_is_in_a_text_is_found_in_it(before in ".{0,80}", word in "[a-zA-ZéÉßñ东א]{1,12}", after in ".{0,80}") {
        let text = format!("{before}{word}{after}");
        let query = Query::parse(&format!("\"{word}\""), NOW).unwrap();
        let card = card("2026-11-20T10-00-00Z", None, &[], 0);
        let facts = MessageFacts { card: &card, author: "", channel: "" };
        prop_assert!(query.matches(&facts, || Some(&text)));
        let excerpt = query.excerpt(&text, 70).unwrap();
        let found = excerpt.matches.first().unwrap().clone();
        let shown = excerpt.line.get(found).unwrap();
        prop_assert!(fold(shown).windows(1).count() >= fold(&word).len(), "{shown:?} in {:?}", excerpt.line);
        let mut end = 0;
        for found in &excerpt.matches {
            prop_assert!(found.start >= end && excerpt.line.get(found.clone()).is_some());
            end = found.end;
        }
        prop_assert!(!excerpt.line.contains('\n'));
    }
}

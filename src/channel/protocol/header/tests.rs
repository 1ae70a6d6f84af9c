//! Headers in all their forms, and what must never be taken for one.

use super::*;
use crate::channel::protocol::message_file;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::markdown::normal_tag;
use proptest::prelude::*;

#[test]
fn reads_every_known_key() {
    let text = "---\ntitle: \"A: b\"\ntags: one, Two\nupdated: 2026-01-02T03:04:05+01:00\nsummary: s\nlang: pt-BR\n\
                in-reply-to: inbox/2013-08-11T14-34-37Z\ndraft: true\nmood: fine\n---\n\nThe body.\n";
    let parted = part(text);
    assert_eq!(parted.body, "The body.\n");
    assert!(parted.problems.is_empty());
    let header = parted.header;
    assert_eq!(header.title.as_deref(), Some("A: b"));
    assert_eq!(header.tags, ["one", "Two"]);
    assert_eq!(header.updated, Some(1_767_319_445));
    assert_eq!(header.lang.as_deref(), Some("pt-BR"));
    assert_eq!(header.in_reply_to, ReplyTo::parse("inbox/2013-08-11T14-34-37Z"));
    assert!(header.draft);
}

#[test]
fn a_block_that_is_there_is_added_to_and_kept_otherwise() {
    let more = Header { title: Some("New".into()), tags: vec!["One".into(), "Two".into()], ..Header::default() };
    for (before, after) in [
        ("Hello", "---\ntitle: New\ntags: One, Two\n---\n\nHello"),
        ("", "---\ntitle: New\ntags: One, Two\n---\n\n"),
        (
            "\u{feff}---\r\nMood:  fine \r\nTitle: old\r\n---\r\nHi\r\n",
            "\u{feff}---\r\nMood:  fine \r\ntitle: New\r\ntags: One, Two\r\n---\r\nHi\r\n",
        ),
        ("---\ntags: [\"one\", x]\n# note\n---", "---\ntags: one, x, Two\n# note\ntitle: New\n---"),
        ("---\nno header\n---\n", "---\ntitle: New\ntags: One, Two\n---\n\n---\nno header\n---\n"),
        ("---\rmood: fine\r---\rHi", "---\nmood: fine\ntitle: New\ntags: One, Two\n---\nHi"),
    ] {
        let with = with(before.as_bytes(), &more).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(with.as_deref(), Some(after), "{before:?}");
    }
    assert_eq!(with(b"\xff\n", &Header::default()).unwrap(), b"\xff\n");
    assert!(with(b"a\xff", &more).unwrap().ends_with(b"---\n\na\xff"));
}

#[test]
fn a_text_without_a_header_keeps_the_old_one() {
    let before = b"---\ntitle: a\n---\nold".as_slice();
    assert_eq!(kept(before, b"new"), b"---\ntitle: a\n---\n\nnew");
    assert_eq!(kept(before, b"---\ntitle: b\n---\nnew"), b"---\ntitle: b\n---\nnew");
    assert_eq!(kept(b"old", b"new"), b"new");
    assert!(is_blank(b"---\ntitle: a\n---\n \n") && !is_blank(before));
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let title = |title: String| with(b"x", &Header { title: Some(title), ..Header::default() });
    assert_eq!(title("a\nb".into()), None);
    assert_eq!(title("a\u{2028}b".into()), None);
    assert_eq!(title("x".repeat(3_000)), None);
    assert_eq!(title(String::new()), None);
    assert_eq!(with(b"x", &Header { tags: vec!["a,b".into()], ..Header::default() }), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(
        title in proptest::option::of("[^\\p{Cc}\u{2028}\u{2029}\u{fffe}\u{ffff}]{1,80}"),
        summary in proptest::option::of("[ \"'a-z:#\\[\\]-]{1,40}"),
        tags in proptest::collection::hash_set("[a-zé\"'\\[\\]:#-]{1,8}", 0..5),
        updated in proptest::option::of(0..253_402_300_799_i64),
        draft: bool,
        body in "(---\r?\n)?[a-z: \r\n-]{0,40}",
    ) {
        let mut seen = std::collections::HashSet::new();
        let tags: Vec<_> = tags.into_iter().filter(|tag| seen.insert(normal_tag(tag))).collect();
        let header = Header { title, tags, updated, summary, draft, ..Header::default() };
        let before = message_file::decode(body.clone().into_bytes()).text;
        let expected = part(&before).header.with(&header);
        let after = with(body.as_bytes(), &header).unwrap();
        let after = message_file::decode(after).text;
        prop_assert_eq!(&part(&after).header, &expected);
        // A text to which nothing is added stays as it is, empty lines at its beginning included.
        let body = part(&before).body;
        let body = if header == Header::default() { body } else { body.trim_start_matches('\n') };
        prop_assert_eq!(part(&after).body, body);
        prop_assert_eq!(with(after.as_bytes(), &header).unwrap(), after.as_bytes(), "twice is once");
    }

    #[test]
    fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..60), fence: bool) {
        let text = if fence { [b"---\n".as_slice(), &text, b"\n---\n"].concat() } else { text };
        let draft = Header { draft: true, ..Header::default() };
        prop_assert!(with(&text, &draft).is_some());
    }
}

#[test]
fn a_block_of_another_form_is_text() {
    for text in
        ["---\nnot a header\n---\nx", "---\na: b\n", "--- x\na: b\n---\n", "\n---\na: b\n---\n", "---\n- a: b\n---\n"]
    {
        let parted = part(text);
        assert_eq!((parted.body, parted.header == Header::default()), (text, true), "{text:?}");
    }
    assert_eq!(part("---\nnot a header\n---\nx").problems.len(), 1);
}

#[test]
fn wrong_values_are_reported_and_harm_nothing() {
    let parted = part("---\nupdated: yesterday\nlang: <script>\ndraft: maybe\n---\nx");
    assert_eq!(parted.problems.len(), 2);
    assert!(parted.header.draft && parted.header.updated.is_none() && parted.header.lang.is_none());
}

#[test]
fn an_alias_bomb_is_just_lines() {
    let bomb = format!("---\na: &a [lol]\n{}---\nx", "b: [*a,*a,*a]\n".repeat(60));
    assert_eq!(part(&bomb).body, "x");
    let long = format!("---\n{}---\nx", "k: v\n".repeat(100));
    assert_eq!(part(&long).body, long);
}

fn said(text: &str) -> Header {
    let parted = part(text);
    assert_eq!(parted.problems, [""; 0], "{text}");
    assert_ne!(parted.body, text, "the block is read: {text}");
    parted.header
}

fn tags_of(block: &str) -> Vec<String> {
    said(&format!("---\n{block}\n---\nx")).tags
}

#[test]
fn yaml_lists_quotes_comments_and_several_lines_are_read() {
    for block in [
        "tags:\n  - one\n  - \"C#\"",
        "tags:\n- one\n- 'C#'",
        "tags: # mine\n- one # the first\n\n# and\n- C#\n- ~",
        "Tags: [one, C#]",
        "tags: [ 'one', \"C#\" ] # both",
        "tags: [\n  one,\n  C#\n]",
        "\"tags\": one, C#",
        "tags : one, C#",
        "tags: one,\n  C#",
        "tags: \"one\", \"C#\"",
        "mood: fine\nextra:\n  draft: no\n  deep: {a: [b, {c: d}]}\n  - odd\ntags: [one, C#]\ncover: &x {a: *x}",
    ] {
        assert_eq!(tags_of(block), ["one", "C#"], "{block}");
    }
    for (value, title) in [
        ("\"He said \\\"hi\\\"\"", "He said \"hi\""),
        ("'It''s' # what", "It's"),
        ("A: b", "A: b"),
        ("My #1, and #two", "My #1, and #two"),
        ("Plain # not this", "Plain"),
        ("[draft] of a title", "[draft] of a title"),
        ("[x]", "[x]"),
        ("*x*", "*x*"),
        ("!wow", "!wow"),
        ("'tis", "'tis"),
        (">\n  Folded\n  text\n", "Folded text"),
        ("|-\n  Kept\n  lines", "Kept lines"),
        ("two\n  lines", "two lines"),
        ("\"two\n  lines\"", "two lines"),
    ] {
        assert_eq!(said(&format!("---\ntitle: {value}\n---\nx")).title.as_deref(), Some(title), "{value}");
    }
    let header = said("---\nTOC: yes\nDRAFT: off\nLang: pt-BR\n---\nx");
    assert!(header.toc && !header.draft && header.lang.as_deref() == Some("pt-BR"));
}

#[test]
fn toml_is_read_with_zolas_taxonomies() {
    let text = "+++\ntitle = \"A \\\"b\\\"\"\nTags = [\"one\", 'C#']\nupdated = 2026-01-02T03:04:05+01:00\ntoc = true\n\
                weight = 3\n[extra]\ndraft = true\ntitle = \"no\"\n+++\n\nBody\n";
    let header = said(text);
    assert_eq!((header.title.as_deref(), header.updated), (Some("A \"b\""), Some(1_767_319_445)));
    assert_eq!(header.tags, ["one", "C#"]);
    assert!(header.toc && !header.draft);
    assert_eq!(part(text).body, "Body\n");
    assert_eq!(said("+++\n[taxonomies]\ntags = [\n  \"a\",\n  \"b\",\n]\n+++\n").tags, ["a", "b"]);
    assert_eq!(part("+++\ntitle = 'x'\nlang = \"a b\"\n+++\n").problems.len(), 1);
    for plain in ["+++\n+++\nx", "+++\nJust a line\n+++\nx", "+++\n\nx", "++++\na = 1\n+++\n"] {
        let parted = part(plain);
        assert_eq!((parted.body, &parted.header, parted.problems.len()), (plain, &Header::default(), 0), "{plain}");
    }
    let broken = part("+++\ntitle = \"x\ndraft = true\n+++\nx");
    assert!(broken.header.draft && broken.problems[0].contains("line 2 is not TOML"), "{:?}", broken.problems);
}

#[test]
fn lines_of_pelican_and_multimarkdown_are_read() {
    let text = "Title: My super title\nDate: 2010-12-03 10:20\nModified: 2010-12-05 19:30\nCategory: Python\n\
                Tags: pelican; C#\nSlug: my-super-post\nAuthors: Azureen, Brando\nSummary: Short version\n   for index\n\nBody\n";
    let parted = part(text);
    assert_eq!((parted.body, parted.problems.len()), ("Body\n", 0));
    assert_eq!(parted.header.title.as_deref(), Some("My super title"));
    assert_eq!(parted.header.tags, ["pelican", "C#"]);
    assert_eq!(parted.header.summary.as_deref(), Some("Short version for index"));
    for draft in ["Status: draft\n\nx", "status: Draft\nTitle: x\n\ny", "Draft: true\n\nx", "Title: x\nStatus: draft\n"]
    {
        assert!(said(draft).draft, "{draft}");
    }
    assert!(!said("Title: x\nStatus: published\n\ny").draft);
}

#[test]
fn texts_that_look_a_little_like_a_header_are_texts() {
    for text in [
        "Note: this is a note.\n\nMore.",
        "Title: The Hobbit\n\nI liked it.",
        "Title: The Hobbit\nAuthor: Tolkien\nRating: 5\n\nI liked it.",
        "Title: The Hobbit\nAuthor: Tolkien\nDate: September 1937\n\nI liked it.",
        "Title: Engineer\nSummary: We look for somebody.\n\nWrite to us.",
        "Date: tomorrow\nTags: none\n\nSee you.",
        "Date: 2026-01-02\nAuthor: Brando\nSummary: We met.\n\nMinutes.",
        "Date: 2026-01-02\nFrom: Azureen\nTo: Brando\nSubject: x\n\nHi.",
        "Title: a line\nTags: one\nand then it goes on\n\nx",
        "Title: x\nTags: http://example.org\n",
        "Status: pending\nOrder: 7\n\nSoon.",
        "Draft: 2\nAuthor: Azureen\n\nChapter one",
        "Author: Azureen\n\nThe word Draft: true stands here.",
        "Dear all\nTitle: x\nTags: y\n\nz",
        "Tags: one\nSlug: a\n\nx",
        "http://example.org\nTitle: x\n\ny",
        "---\nAgenda:\n- one\n- two\n---\nx",
        "---\nDear all: we met\nyesterday: it was fine.\n---\nx",
        "---\nA long day: it was\n---\nx",
        "---\n- draft\n---\nx",
        "---\nThe first draft: a mess.\n\nTruly.\n",
    ] {
        let parted = part(text);
        assert_eq!((parted.body, parted.header), (text, Header::default()), "{text}");
    }
}

#[test]
fn whatever_says_draft_is_held() {
    for (text, problems) in [
        ("---\ntitle: Not yet\ndraft: true\ntags:\n  - secret\n---\n\nx", 0),
        ("---\ndraft: yes\n---\nx", 0),
        ("---\nDraft: \"true\" # still\n---\nx", 0),
        ("---\nstatus: draft\n---\nx", 0),
        ("---\npublished: false\ntags: [a]\n---\nx", 0),
        ("---\ndraft: [maybe\n---\nx", 0),
        ("---\ndraft: true\ndraft: false\n---\nx", 0),
        ("---\ndraft:\n  really: true\n---\nx", 0),
        ("---\ndrfat: true\n---\nx", 1),
        ("---\ntitle: x\nno key here\n  draft: true\n---\nx", 1),
        ("---\n{\"draft\": true}\n---\nx", 1),
        ("---\n{\n  \"draft\": true,\n}\n---\nx", 1),
        ("---\ntitle: x\ndraft: true\n\nand it is never closed", 1),
        ("+++\ntitle = x\ndraft = true\n+++\nx", 1),
        ("+++\ndraft = true\n\nnever closed", 1),
        ("+++\ndraft = true\n+++\nx", 0),
        ("Author: Azureen\nStatus: draft\nwithout a colon\n\nx", 1),
    ] {
        let parted = part(text);
        assert_eq!((parted.header.draft, parted.problems.len()), (true, problems), "{text}: {:?}", parted.problems);
    }
    let long = format!("---\ntitle: x\n{}draft: true\n---\nx", "k: v\n".repeat(100));
    let wide = format!("---\ntitle: {}\ndraft: true\n---\nx", "x".repeat(3_000));
    for text in [long, wide] {
        let parted = part(&text);
        assert!(parted.header.draft && parted.body == text && parted.problems[0].contains("held"));
    }
    for text in ["---\ndraft: false # done\n---\nx", "---\npublished: 2026-01-02\n---\nx", "---\ndraft:\n---\nx"] {
        assert!(!said(text).draft, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let text = "---\n# mine\nlang: zh_CN\nlangg: x\nupdated:\n  - 2026\ntitel: x\ntags:\n  a: b\nsummary: \"a\n  b\nmood:\n  - \"x\n---\nx";
    assert_eq!(part(text).header.lang.as_deref(), Some("zh-CN"));
    assert_eq!(
        part(text).problems,
        [
            "line 3: `lang: zh_CN` is read as the language tag `zh-CN`",
            "line 5: `updated` takes one text, not a list or a table",
            "line 7: `titel` is not a header's key; did you mean `title`?",
            "line 8: `tags` takes words separated by commas, or a list of them",
            "line 10: the value of `summary` cannot be read; in quotes it is taken as it stands",
        ]
    );
    assert_eq!(part("+++\n\nlang = \"english\"\n+++\n").problems.len(), 1);
    assert!(part("+++\n\nlang = \"english\"\n+++\n").problems[0].starts_with("line 3: `lang: english`"));
}

#[test]
fn every_form_is_added_to_in_its_own_way() {
    let more = Header {
        title: Some("A \"new\" one".into()),
        tags: vec!["C++".into()],
        updated: Some(0),
        draft: true,
        toc: true,
        ..Header::default()
    };
    for (before, after) in [
        (
            "---\ntitle: >\n  old\n  title\n# kept\n\ntags:\n- C#\n-  \"x\" # y\n\nextra:\n  tags: z\n---\n\nHi",
            "---\ntitle: A \"new\" one\n# kept\n\ntags: C#, x, C++\n\nextra:\n  tags: z\nupdated: 1970-01-01T00:00:00Z\ndraft: true\ntoc: true\n---\n\nHi",
        ),
        (
            "+++\r\ntitle = \"old\" # why\r\n  [extra]\r\nx = 1\r\n+++\r\nHi",
            "+++\r\ntitle = \"A \\\"new\\\" one\"\r\ntags = [\"C++\"]\r\nupdated = 1970-01-01T00:00:00Z\r\ndraft = true\r\ntoc = true\r\n  [extra]\r\nx = 1\r\n+++\r\nHi",
        ),
        (
            "Title: old\n  title\nTags: C#\nMood:  fine \n\nHi",
            "title: A \"new\" one\ntags: C#, C++\nMood:  fine \nupdated: 1970-01-01T00:00:00Z\ndraft: true\ntoc: true\n\nHi",
        ),
        (
            "Title: x\nStatus: draft",
            "title: A \"new\" one\nStatus: draft\ntags: C++\nupdated: 1970-01-01T00:00:00Z\ndraft: true\ntoc: true\n",
        ),
    ] {
        let with = with(before.as_bytes(), &more).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(with.as_deref(), Some(after), "{before}");
    }
    let tags = Header { tags: vec!["b".into()], ..Header::default() };
    let zola = with(b"+++\n[taxonomies]\ntags = [\"a\"]\n+++\nx", &tags).unwrap();
    assert_eq!(zola, b"+++\n[taxonomies]\ntags = [\"a\", \"b\"]\n+++\nx");
    let lines = b"+++\ntags = [\n\"a\",\n]\n+++\nx";
    assert_eq!(with(lines, &tags), None, "a value of several lines is not taken apart");
    let held = with(b"---\ndraft: true\nno key\n---\nx", &tags).unwrap();
    assert!(part(std::str::from_utf8(&held).unwrap()).header.draft, "what said draft still says it");
}

#[test]
fn tags_that_look_like_yaml_are_kept_apart() {
    let tags = ["C", "C++", "C#", "#x", "'a", "b'", "\"", "[x]", "a # b", "{y}", "- z"].map(str::to_owned).to_vec();
    let header = Header { tags, ..Header::default() };
    for before in ["x", "---\ntags: []\n---\nx", "+++\ntoc = false\n+++\nx"] {
        let after = with(before.as_bytes(), &header).unwrap();
        assert_eq!(part(std::str::from_utf8(&after).unwrap()).header.tags, header.tags, "{before}");
    }
}

#[test]
fn hostile_blocks_cost_little() {
    let line = |text: &str| text.repeat(1_990 / text.len());
    let lines = |text: &str| format!("{}\n", line(text)).repeat(60);
    let started = std::time::Instant::now();
    for block in [
        format!("tags: {}", lines("[")),
        format!("tags:\n {}", lines("- ")),
        format!("tags:\n {}", lines("? ").replace('\n', "\n ")),
        format!("tags:\n {}", lines("{a: ").replace('\n', "\n ")),
        format!("title: \"{}", lines("\\x41").replace('\n', "\n ")),
        format!("tags:\n  - &a [{}]\n{}", line("x,"), "  - [*a, *a, *a, *a]\n".repeat(60)),
        format!("title: {}", lines("!a ").replace('\n', "\n ")),
        (0..60).fold("tags:\n".to_owned(), |text, deep| text + &" ".repeat(deep * 20 + 1) + "- \n"),
    ] {
        for text in
            [format!("---\n{block}\n---\nx"), format!("+++\n{block}\n+++\nx"), format!("Title: x\n{block}\n\nx")]
        {
            part(&text);
        }
        part(&format!("+++\ntags = {}\n+++\nx", block.replace('\n', "")));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_of_any_form_are_added_to_or_left_alone(
        form in 0..3,
        lines in proptest::collection::vec("(title|tags|draft|Date|extra|mood|x y|- |  |\\[taxonomies\\]|#)?(: |:| = |)(true|\\[a, \"b\"\\]|\"q|2026-01-02|x # y|\\{|\\||)", 0..6),
    ) {
        let block = lines.join("\n");
        let text = match form {
            0 => format!("---\n{block}\n---\n\nBody"),
            1 => format!("+++\n{block}\n+++\n\nBody"),
            _ => format!("{block}\n\nBody"),
        };
        let more = Header { tags: vec!["new".into()], summary: Some("s".into()), ..Header::default() };
        if let Some(after) = with(text.as_bytes(), &more) {
            let after = String::from_utf8(after).unwrap();
            let (old, new) = (part(&text), part(&after));
            prop_assert!(new.header.tags.contains(&"new".to_owned()));
            prop_assert_eq!(old.header.draft, new.header.draft);
            let kept = ["title", "draft", "Date", "extra", "mood"];
            let mut kept = text.lines().filter(|line| kept.iter().any(|key| line.starts_with(key)));
            prop_assert!(kept.all(|line| after.lines().any(|new| new == line)), "{} -> {}", text, after);
        }
    }
}

//! Whole texts before and after, and what holds for every text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::markdown::Dialect;
use crate::text::invisible::is_unseen;
use crate::text::wrap::columns;

fn plain_at(width: usize, text: &str) -> String {
    lay_out(text, Page { width, styled: false, skip_title: false, dialect: Dialect::default() }, &|_| None)
}

/// The styled page, with the name of each style in place of its sequence.
fn styled_at(width: usize, text: &str) -> String {
    let page = lay_out(text, Page { width, styled: true, skip_title: false, dialect: Dialect::default() }, &|_| None);
    let names = [("0", "⟧"), ("1", "⟦bold "), ("2", "⟦dim "), ("3", "⟦italic "), ("4", "⟦under "), ("9", "⟦strike ")];
    names.into_iter().fold(page, |page, (code, name)| page.replace(&format!("\x1b[{code}m"), name))
}

const RICH: &str = r#"# A *long* letter from the workshop, with a title that needs two lines

Running text is filled to the width
of the page, with *emphasis*, **weight**, ~~a mistake~~, `code  spans` and a [link](https://example.org/a). The same
[again](https://example.org/a), a file [beside it](my%20plan.pdf), <https://example.org/shown-as-it-is-although-it-is-long>,
a note[^n], a place [above](#top). A line that ends\
here, &amp; <kbd>Ctrl</kbd>&nbsp;<b>bold</b><br>there.

## Lists

- tight
- items that are long enough to be wrapped within their own margin
  1. nested
  2. numbered
- [x] done
- [ ] to do

9. loose

10. items

    with a second paragraph

### Others

> A quotation that is long enough to fill more than one line of it.
>
> > Nested.
>
> - a list in it

```rust
fn main() {
    println!("never wrapped, however long the line may be, and its spaces   stay");
}
```

![A heron.](heron.jpg "By the lake.")

![Far away](https://example.org/x.png) and ![](y.png).

***

| tool | price | what it is good for |
| :-- | --: | --- |
| rasp | 12 | rounding a leg, slowly |
| `saw` | 130 | cutting, *quickly* and straight, if one has learnt it |

<details>
<summary>Folded</summary>
<p>HTML &mdash; as <i>text</i>.</p>
<!-- not this -->
</details>

[^n]: The note, which has [a link](https://example.org/b) as well.

    And a second paragraph.
"#;

const PLAIN: &str = r#"A *long* letter from the workshop, with a title that needs
two lines
==========================================================

Running text is filled to the width of the page, with
*emphasis*, **weight**, ~~a mistake~~, `code  spans` and a
link[1]. The same again[1], a file beside it[2],
https://example.org/shown-as-it-is-although-it-is-long, a
note[3], a place above. A line that ends
here, & Ctrl bold
there.

Lists
-----

- tight
- items that are long enough to be wrapped within their own
  margin
  1. nested
  2. numbered
[x] done
[ ] to do

9. loose

10. items

    with a second paragraph

### Others

> A quotation that is long enough to fill more than one line
> of it.
>
> > Nested.
>
> - a list in it

    fn main() {
        println!("never wrapped, however long the line may be, and its spaces   stay");
    }

[picture heron.jpg: A heron.]
By the lake.

[picture: Far away][4] and [picture y.png].

------------------------------------------------------------

tool  | price | what it is good for
------+-------+---------------------------------------------
rasp  |    12 | rounding a leg, slowly
      |       |
`saw` |   130 | cutting, *quickly* and straight, if one has
      |       | learnt it

Folded
HTML — as text.

[1] https://example.org/a
[2] my plan.pdf
[3] The note, which has a link[5] as well.

    And a second paragraph.
[4] https://example.org/x.png
[5] https://example.org/b
"#;

const STYLED: &str = r#"⟦bold ⟦under A ⟧⟦bold ⟦italic ⟦under long⟧⟦bold ⟦under  letter from the workshop, with a title that needs two⟧
⟦bold ⟦under lines⟧

Running text is filled to the width of the page, with
⟦italic emphasis⟧, ⟦bold weight⟧, ⟦strike a mistake⟧, ⟦dim `⟧code  spans⟦dim `⟧ and a ⟦under link⟧⟦dim [1]⟧.
The same ⟦under again⟧⟦dim [1]⟧, a file ⟦under beside it⟧⟦dim [2]⟧,
⟦under https://example.org/shown-as-it-is-although-it-is-long⟧, a
note⟦dim [3]⟧, a place ⟦under above⟧. A line that ends
here, & Ctrl bold
there.

⟦bold Lists⟧

• tight
• items that are long enough to be wrapped within their own
  margin
  1. nested
  2. numbered
[x] done
[ ] to do

9. loose

10. items

    with a second paragraph

⟦bold ⟦italic Others⟧

⟦dim │⟧ A quotation that is long enough to fill more than one line
⟦dim │⟧ of it.
⟦dim │⟧
⟦dim │⟧ ⟦dim │⟧ Nested.
⟦dim │⟧
⟦dim │⟧ • a list in it

    fn main() {
        println!("never wrapped, however long the line may be, and its spaces   stay");
    }

[picture heron.jpg: A heron.]
⟦italic By the lake.⟧

[picture: Far away]⟦dim [4]⟧ and [picture y.png].

⟦dim ────────────────────────────────────────────────────────────⟧

⟦bold tool⟧  ⟦dim │⟧ ⟦bold price⟧ ⟦dim │⟧ ⟦bold what it is good for⟧
⟦dim ──────┼───────┼─────────────────────────────────────────────⟧
rasp  ⟦dim │⟧    12 ⟦dim │⟧ rounding a leg, slowly
      ⟦dim │⟧       ⟦dim │⟧
⟦dim `⟧saw⟦dim `⟧ ⟦dim │⟧   130 ⟦dim │⟧ cutting, ⟦italic quickly⟧ and straight, if one has
      ⟦dim │⟧       ⟦dim │⟧ learnt it

Folded
HTML — as text.

⟦dim [1]⟧ https://example.org/a
⟦dim [2]⟧ my plan.pdf
⟦dim [3]⟧ The note, which has ⟦under a link⟧⟦dim [5]⟧ as well.

    And a second paragraph.
⟦dim [4]⟧ https://example.org/x.png
⟦dim [5]⟧ https://example.org/b
"#;

#[test]
fn a_rich_text_in_plain_lines() {
    assert_eq!(plain_at(60, RICH), PLAIN);
}

#[test]
fn a_rich_text_with_styles() {
    assert_eq!(styled_at(60, RICH), STYLED);
}

#[test]
fn addresses_are_numbered_once() {
    let place = |address: &str| address.strip_prefix("in/").map(|name| format!("/home/me/{name}"));
    let text = "[a](in/x%20y.txt) [b](in/x%20y.txt) [in/z](in/z) [/home/me/z](in/z) [](in/q)\n\
        [c](javascript:x) <me@a.example> [![alt](in/p.png)](https://a.example)";
    assert_eq!(
        lay_out(text, Page { width: 60, styled: false, skip_title: false, dialect: Dialect::default() }, &place),
        "\
a[1] b[1] in/z[2] /home/me/z /home/me/q c[3] me@a.example
[picture /home/me/p.png: alt][4]

[1] /home/me/x%20y.txt
[2] /home/me/z
[3] javascript:x
[4] https://a.example
"
    );
}

#[test]
fn notes_may_mention_notes() {
    assert_eq!(
        plain_at(40, "One[^b] two[^a] one[^b].\n\n[^a]: A[^c]\n[^b]:\n    - x\n    - y\n[^c]: C[^c]\n[^d]: D"),
        "One[1] two[2] one[1].\n\n[1] - x\n    - y\n[2] A[3]\n[3] C[3]\n"
    );
}

#[test]
fn a_narrow_page_turns_a_table_into_a_list() {
    let text = "| name | what |\n|-|-|\n| `a-rather-long-name.txt` | one *two* three |\n| b | |\n| | c |";
    assert_eq!(plain_at(30, text), "name: `a-rather-long-name.txt`\nwhat: one *two* three\n\nname: b\n\nwhat: c\n");
}

#[test]
fn margins_leave_room() {
    let deep = plain_at(24, &format!("{} words that are wrapped", "> ".repeat(20)));
    assert_eq!(deep, "> > > > words that are\n> > > > wrapped\n");
    let items = "1000. ".repeat(20) + "the end of it";
    assert!(plain_at(20, &items).lines().all(|line| line.len() <= 20), "{}", plain_at(20, &items));
}

#[test]
fn a_title_can_be_left_out() {
    let page = |text| {
        lay_out(text, Page { width: 40, styled: false, skip_title: true, dialect: Dialect::default() }, &|_| None)
    };
    assert_eq!(page("# Title\n\ntext"), "text\n");
    assert_eq!(page("# Title"), "");
}

#[test]
fn bombs_are_wrapped_and_nothing_more() {
    for bomb in [
        ">".repeat(50_000),
        "[".repeat(50_000),
        "- ".repeat(500) + "x",
        "|".repeat(100_000),
        "|a".repeat(2_000) + "\n" + &"|-".repeat(2_000) + "\n" + &"|\n".repeat(20_000),
        "*".repeat(100_000),
        "[a](b)".repeat(15_000),
        "a\u{301}".repeat(100_000),
        "<a '".repeat(10_000),
        "&amp;".repeat(50_000) + "<p>" + &"&amp;".repeat(20_000),
        "東".repeat(100_000),
        "[a]: /x\n\n".to_owned() + &"[a]".repeat(10_000),
    ] {
        let start = std::time::Instant::now();
        let lines = plain_at(40, &bomb);
        assert!(start.elapsed().as_secs() < 20, "{bomb:.20}");
        assert!(lines.len() < bomb.len() * 33 + (1 << 20), "{bomb:.20}");
    }
}

/// Takes this room's own sequences away; fails where one is left open at a line's end.
fn unstyled(page: &str) -> String {
    let mut out = String::new();
    for line in page.split_inclusive('\n') {
        let mut open = false;
        let mut parts = line.split("\x1b[");
        out.push_str(parts.next().unwrap());
        for part in parts {
            let (code, text) = part.split_once('m').unwrap();
            assert!(["0", "1", "2", "3", "4", "9"].contains(&code), "{line:?}");
            open = code != "0";
            out.push_str(text);
        }
        assert!(!open, "{line:?}");
    }
    out
}

fn assert_harmless(page: &str) {
    let joiner = |c| matches!(c, '\u{200c}' | '\u{200d}');
    let odd = page.chars().find(|c| *c != '\n' && c.is_control() || is_unseen(*c) && !joiner(*c));
    assert_eq!(odd, None, "{page:?}");
    assert!(page.is_empty() || page.ends_with('\n') && !page.starts_with('\n') && !page.ends_with("\n\n"), "{page:?}");
    assert!(!page.contains(" \n"), "{page:?}");
}

fn has_no_code(text: &str) -> bool {
    let code = |event| matches!(event, Event::Start(Tag::CodeBlock(_)));
    !Parser::new_ext(text, Dialect::default().options()).any(code)
}

/// Pieces that make up every construct but code blocks and addresses too long for a line, which are never parted.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "word",
        "long-compound-word",
        "\n",
        "\n\n",
        " ",
        "  \n",
        "> ",
        "- ",
        "* ",
        "10. ",
        "[x] ",
        "- [ ] ",
        "# ",
        "## ",
        "### ",
        "*",
        "**",
        "~~",
        "`",
        "[a](b)",
        "![alt *x*](c.png \"T\")",
        "[^n]",
        "\n[^n]: ",
        "***\n",
        "\n---\n",
        "<b>",
        "</p>",
        "<br>",
        "<!-- ",
        "-->",
        "<div>",
        "&amp;",
        "&#27;",
        "&#8238;",
        "\x1b[31m",
        "\x07",
        "\u{9b}2J",
        "\u{202e}",
        "\u{200b}",
        "東京",
        "。",
        "「",
        "👩‍💻",
        "e\u{301}",
        "שלום",
        "한국어",
        "ﷺ",
        "\n|a|b|\n|-|-:|\n|",
        "|",
        "\\",
        "a very long sentence, which fills more than one line of most pages that there are",
        "averylongwordwithoutanyspacesthatfillsmorethanonelineofnarrowpages",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_page(text in pieces().prop_filter("code is not wrapped", |text| has_no_code(text)), width in 20usize..100) {
        let page = plain_at(width, &text);
        assert_harmless(&page);
        for line in page.lines() {
            prop_assert!(columns(line) <= width && line.width() <= width, "{line:?}");
        }
    }

    #[test]
    fn styles_end_with_their_lines(text in pieces(), width in 20usize..100) {
        let page = lay_out(&text, Page { width, styled: true, skip_title: false, dialect: Dialect::default() }, &|_| None);
        let bare = unstyled(&page);
        assert_harmless(&bare);
        // Words are the same, in the same order, but where a table is laid out differently.
        if !text.contains('|') {
            let words = |page: &str| page.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(words(&bare), words(&plain_at(width, &text)));
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), width in 0usize..100, styled: bool) {
        let page = lay_out(&text, Page { width, styled, skip_title: false, dialect: Dialect::default() }, &|_| None);
        assert_harmless(&unstyled(&page));
    }
}

#[test]
fn nobodys_words_vanish_with_styles_either() {
    for text in ["***\n<b>", "### \n[^n]: <b>"] {
        let page =
            lay_out(text, Page { width: 20, styled: true, skip_title: false, dialect: Dialect::default() }, &|_| None);
        assert!(unstyled(&page).contains('b'), "{page:?}");
    }
}

#[test]
fn nobodys_words_vanish() {
    for text in ["<script>\nall of it\n</script>", "[a]: http://x.example/ \"all of it\"", "### \n\n[^n]: all of it"] {
        let page = Page { width: 60, styled: false, skip_title: false, dialect: Dialect::default() };
        assert!(lay_out(text, page, &|_| None).contains("all of it"), "{text}");
    }
}

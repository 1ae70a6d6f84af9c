//! The examples of GFM, what people write, and what an adversary would.

use super::*;

/// The text with each address in `[]`, and behind it where it leads if that is something else.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    let mut written = 0;
    for link in bare_links(text, None) {
        let shown = &text[link.range.clone()];
        let address = link.address.strip_suffix(shown).unwrap_or(&link.address);
        marked += &[&text[written..link.range.start], "[", address, "|", shown, "]"].concat();
        written = link.range.end;
    }
    marked + &text[written..]
}

#[test]
fn the_examples_of_gfm() {
    for (text, expected) in [
        ("www.commonmark.org", "[http://|www.commonmark.org]"),
        ("Visit www.commonmark.org/help for more", "Visit [http://|www.commonmark.org/help] for more"),
        ("Visit www.commonmark.org.", "Visit [http://|www.commonmark.org]."),
        ("Visit www.commonmark.org/a.b.", "Visit [http://|www.commonmark.org/a.b]."),
        ("www.google.com/search?q=Markup+(business)", "[http://|www.google.com/search?q=Markup+(business)]"),
        ("www.google.com/search?q=Markup+(business)))", "[http://|www.google.com/search?q=Markup+(business)]))"),
        ("(www.google.com/search?q=Markup+(business))", "([http://|www.google.com/search?q=Markup+(business)])"),
        ("(www.google.com/search?q=Markup+(business)", "([http://|www.google.com/search?q=Markup+(business)]"),
        ("www.google.com/search?q=(business))+ok", "[http://|www.google.com/search?q=(business))+ok]"),
        ("www.google.com/search?q=commonmark&hl=en", "[http://|www.google.com/search?q=commonmark&hl=en]"),
        ("www.google.com/search?q=commonmark&hl;", "[http://|www.google.com/search?q=commonmark]&hl;"),
        ("www.commonmark.org/he<lp", "[http://|www.commonmark.org/he]<lp"),
        ("http://commonmark.org", "[|http://commonmark.org]"),
        (
            "(Visit https://encrypted.google.com/search?q=Markup+(business))",
            "(Visit [|https://encrypted.google.com/search?q=Markup+(business)])",
        ),
        ("Anonymous FTP is available at ftp://foo.bar.baz.", "Anonymous FTP is available at [|ftp://foo.bar.baz]."),
        ("foo@bar.baz", "[mailto:|foo@bar.baz]"),
        (
            "hello@mail+xyz.example isn't valid, but hello+xyz@mail.example is.",
            "hello@mail+xyz.example isn't valid, but [mailto:|hello+xyz@mail.example] is.",
        ),
        ("a.b-c_d@a.b", "[mailto:|a.b-c_d@a.b]"),
        ("a.b-c_d@a.b.", "[mailto:|a.b-c_d@a.b]."),
        ("a.b-c_d@a.b-", "a.b-c_d@a.b-"),
        ("a.b-c_d@a.b_", "a.b-c_d@a.b_"),
    ] {
        assert_eq!(marked(text), expected);
    }
}

#[test]
fn the_examples_of_cmark_gfm() {
    for (text, expected) in [
        (": http://google.com https://google.com", ": [|http://google.com] [|https://google.com]"),
        ("http://google.com/å", "[|http://google.com/å]"),
        ("scy.the_rbe-edr+ill@pokemon.com", "[mailto:|scy.the_rbe-edr+ill@pokemon.com]"),
        ("scyther@pokemon.com/", "[mailto:|scyther@pokemon.com]/"),
        ("scyther@pokemon.com/beedrill@pokemon.com", "[mailto:|scyther@pokemon.com]/[mailto:|beedrill@pokemon.com]"),
        ("mailto:scyther@pokemon.com", "[|mailto:scyther@pokemon.com]"),
        ("This is a mailto:scyther@pokemon.com.", "This is a [|mailto:scyther@pokemon.com]."),
        ("mmmmailto:scyther@pokemon.com", "mmmmailto:[mailto:|scyther@pokemon.com]"),
        ("mailto:scyther@pokemon.com/message", "[|mailto:scyther@pokemon.com]/message"),
        (
            "mailto:scyther@pokemon.com/mailto:beedrill@pokemon.com",
            "[|mailto:scyther@pokemon.com]/[|mailto:beedrill@pokemon.com]",
        ),
        ("xmpp:scyther@pokemon.com", "[|xmpp:scyther@pokemon.com]"),
        ("xmpp:scyther@pokemon.com/message.", "[|xmpp:scyther@pokemon.com/message]."),
        ("Email me at:scyther@pokemon.com", "Email me at:[mailto:|scyther@pokemon.com]"),
        ("www.github.com www.github.com/á", "[http://|www.github.com] [http://|www.github.com/á]"),
        ("www.google.com/a_b", "[http://|www.google.com/a_b]"),
        (
            "www.xxx.yyy._zzz www.xxx._yyy.zzz www._xxx.yyy.zzz",
            "www.xxx.yyy._zzz www.xxx._yyy.zzz [http://|www._xxx.yyy.zzz]",
        ),
        ("a.w@b.c", "[mailto:|a.w@b.c]"),
        ("http://google.com/ok. (Or http://google.com/ok.)", "[|http://google.com/ok]. (Or [|http://google.com/ok].)"),
        ("\"http://google.com\" 'http://google.com'", "\"[|http://google.com]\" '[|http://google.com]'"),
        ("http://🍄.ga/ http://x🍄.ga/", "[|http://🍄.ga/] [|http://x🍄.ga/]"),
        ("(_A_@_.A", "([mailto:|_A_@_.A]"),
        ("@a.b.c@. x n@.  b", "@a.b.c@. x n@.  b"),
    ] {
        assert_eq!(marked(text), expected);
    }
}

#[test]
fn what_people_write() {
    for (text, expected) in [
        ("", ""),
        ("HTTPS://Example.ORG:8080/x?y#z!", "[|HTTPS://Example.ORG:8080/x?y#z]!"),
        ("看http://a.example/x", "看[|http://a.example/x]"),
        ("xhttp://a.example awww.a.example \"www.a.example\"", "xhttp://a.example awww.a.example \"www.a.example\""),
        ("http:// http://. http://-a ://a www. www.) www. and", "http:// http://. http://-a ://a www. www.) www. and"),
        ("http://localhost/x https://user@host.example", "[|http://localhost/x] [|https://user@host.example]"),
        (
            "[http://a.example] [see www.a.example/?x[]=1].",
            "[[|http://a.example]] [see [http://|www.a.example/?x[]=1]].",
        ),
        (
            "http://a.example\u{a0}b http://c.example\u{3000}d",
            "[|http://a.example]\u{a0}b [|http://c.example]\u{3000}d",
        ),
        ("http://a.example/?a=b&amp;", "[|http://a.example/?a=b]&amp;"),
        ("http://a.example; http://b.example&;", "[|http://a.example]; [|http://b.example&];"),
        (
            "*www.a.example* _www.b.example ~www.c.example~",
            "*[http://|www.a.example]* _[http://|www.b.example] ~[http://|www.c.example]~",
        ),
        ("@cooper and user@host, x@y@z.example", "@cooper and user@host, x@[mailto:|y@z.example]"),
        ("a@b.c1 a@b.1c <a@b.example>", "a@b.c1 [mailto:|a@b.1c] <[mailto:|a@b.example]>"),
        ("@http://a.example x@http://b.example", "@[|http://a.example] x@[|http://b.example]"),
        ("http://a_b/c http://a.b_ a_b.http://c.example", "http://a_b/c http://a.b_ a_b.[|http://c.example]"),
        ("mailto:@b.example mailto: xmpp:a@b.example/", "mailto:@b.example mailto: [|xmpp:a@b.example]/"),
        ("git@forge.example:azureen/x.git", "[mailto:|git@forge.example]:azureen/x.git"),
    ] {
        assert_eq!(marked(text), expected);
    }
}

#[test]
fn what_stands_before_the_text_counts() {
    let found = |text: &str, before: Option<char>| bare_links(text, before).count();
    assert_eq!(found("www.a.example", Some('(')), 1);
    assert_eq!(found("www.a.example", Some('`')), 0);
    assert_eq!(found("www.a.example", Some(' ')), 1);
    assert_eq!(found("http://a.example", Some('x')), 0);
    assert_eq!(found("http://a.example", Some('"')), 1);
    assert_eq!(found("b@c.example", Some('_')), 0);
    assert_eq!(found("b@c.example", Some(' ')), 1);
}

#[test]
fn hostile_texts_take_no_longer_than_others() {
    const LENGTH: usize = 1 << 20;
    for part in [
        "www.",
        "www._",
        "_www.a_b.",
        "http://",
        "http://a_b.",
        "a@",
        "a@a.",
        "@",
        "mailto:",
        "mailto:a@",
        "xmpp:a@b.c/",
        "(",
        ")",
        "http://a.b(",
        "http://a.b)",
        "http://a.b;",
        "http://a.b&a;",
        "&a;",
        ";",
        "www.a.b]",
        "[http://a.b",
        "a.b_c@",
        "http://http://",
        "w",
        ":",
        "aaaaaaaa",
        "www.a ",
        "a@b.c ",
        "http://a/?x&amp;y;",
    ] {
        let text = part.repeat(LENGTH / part.len());
        let start = std::time::Instant::now();
        let last = bare_links(&text, None).map(|link| link.range).reduce(|before, link| {
            assert!(before.end <= link.start, "{part}");
            link
        });
        assert!(last.is_none_or(|last| last.end <= text.len()));
        // Some milliseconds; anything quadratic takes minutes.
        assert!(start.elapsed().as_secs() < 5, "{part} takes {:?}", start.elapsed());
    }
}

proptest::proptest! {
    #[test]
    fn addresses_are_pieces_of_the_text_in_order(text in "([a-c.@:/_()&;<é🍄 \\]\\[-]|www\\.|http://|mailto:|xmpp:){0,40}") {
        let mut end = 0;
        for link in bare_links(&text, None) {
            let shown = text.get(link.range.clone()).expect("between characters");
            assert!(end <= link.range.start && !shown.is_empty());
            assert!(link.address.ends_with(shown) && link.address.contains(':'));
            assert!(!shown.contains(['<', ' ']) && !shown.ends_with(['.', '_', ':']));
            end = link.range.end;
        }
    }
}

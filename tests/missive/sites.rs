//! What a reader of the site sees.

use snapbox::str;

use crate::scene::{Scene, png};
use crate::test_environment::assert_says;

#[test]
fn a_title_stands_once() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "# The *title*\n\nText.\n");
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    assert_eq!(page.matches("<h1").count(), 1);
    assert!(page.contains("<title>The title — blog</title>"), "{page}");
    assert!(page.contains("<h1 class=\"p-name\" dir=\"auto\">The <em>title</em></h1>"), "{page}");
}

#[test]
fn every_page_has_its_policy_and_both_feeds_and_no_script() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text #tag").attachment(
        "2026-01-01T10-00-00Z",
        "p.png",
        &png(1, 1),
    );
    scene.build().report();
    for (name, bytes) in scene.built().iter().filter(|(name, _)| name.split('.').next_back() == Some("html")) {
        let page = String::from_utf8_lossy(bytes);
        assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"), "{name}");
        assert!(page.contains("application/atom+xml") && page.contains("application/feed+json"), "{name}");
        assert!(!page.contains("<script"), "{name}");
        assert!(page.contains("<main") && page.contains("class=\"skip\""), "{name}");
    }
}

#[test]
fn absolute_addresses_appear_only_with_a_base_url() {
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", "text").attachment("2026-01-01T10-00-00Z", "p.png", &png(4, 5));
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    assert!(!page.contains("canonical") && !page.contains("og:url") && !page.contains("og:image"));
    let scene = scene.settings("[site]\nbase_url = \"https://example.org/b/\"\n");
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    assert!(
        page.contains("<link rel=\"canonical\" href=\"https://example.org/b/2026-01-01T10-00-00Z.html\">"),
        "{page}"
    );
    assert!(page.contains("content=\"https://example.org/b/2026-01-01T10-00-00Z/p.png\""), "{page}");
    assert!(scene.page("404.html").contains("href=\"/b/assets/letter.css\""));
}

#[test]
fn messages_link_to_each_other() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "see [that](2026-01-02T10-00-00Z.txt), [this](../outbox/2026-01-02T10-00-00Z.txt#part) and [none](2026-01-09T10-00-00Z.txt)")
        .message("2026-01-02T10-00-00Z", "---\nin-reply-to: 2026-01-01T10-00-00Z\n---\n# Two\n\n[down](#part)\n\n## Part\n");
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    assert!(page.contains("<a href=\"2026-01-02T10-00-00Z.html\">that</a>"), "{page}");
    assert!(page.contains("<a href=\"2026-01-02T10-00-00Z.html#m-2026-01-02T10-00-00Z-part\">this</a>"), "{page}");
    assert!(page.contains("<span class=\"missing\">none</span>"), "{page}");
    let page = scene.page("2026-01-02T10-00-00Z.html");
    assert!(page.contains("class=\"u-in-reply-to\" href=\"2026-01-01T10-00-00Z.html\""), "{page}");
    assert!(
        page.contains("<a href=\"#m-2026-01-02T10-00-00Z-part\">down</a>")
            && page.contains("id=\"m-2026-01-02T10-00-00Z-part\""),
        "{page}"
    );
}

#[test]
fn a_conversation_shows_both_sides_in_one_line_of_time() {
    let scene = Scene::conversation()
        .file("inbox/2026-01-01T10-00-00Z.txt", b"from them")
        .file("outbox/2026-01-01T10-00-00Z.txt", b"from me")
        .file("outbox/2026-01-02T10-00-00Z.txt", b"from me again")
        .file("inbox/.channel.toml", b"author = \"Brando\"\n");
    scene.build().report();
    let index = scene.page("index.html");
    assert!(index.contains("Brando") && index.contains("from them") && index.contains("from me again"));
    assert!(index.contains("name=\"robots\" content=\"noindex\"") && scene.page("robots.txt").contains("Disallow: /"));
    let page = scene.page("inbox/2026-01-01T10-00-00Z.html");
    assert!(page.contains("href=\"../outbox/2026-01-01T10-00-00Z.html\""), "{page}");
    assert_says(
        scene.session(&[&["build", "./blog", "-o", "other"]]),
        str![[r#"
$ missive build ./blog -o other
[ROOT]/other: 3 messages, 11 files written of 11 in [TIME]
--- messages
note: this site contains other people's messages. It asks search engines to stay away, but anyone who has it can read it
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
}

#[test]
fn text_markup_is_what_it_should_be() {
    let text = "Line ~~gone~~\n\n- [x] done\n- [ ] open\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\nNote[^n] again[^n].\n\n[^n]: The note.\n\n![alone](p.png \"A caption\")\n\n```toml\na = 1\n```\n";
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", text).attachment("2026-01-01T10-00-00Z", "p.png", &png(4, 5));
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    for part in [
        "<del>gone</del>",
        "<li class=\"task\"><input type=\"checkbox\" disabled checked aria-label=\"done\"> done</li>",
        "<th class=\"center\">a</th><th class=\"right\">b</th>",
        "id=\"m-2026-01-01T10-00-00Z-fnref_1-2\"",
        "<figcaption>A caption</figcaption></figure>",
        "<code class=\"language-toml\"><span class=",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<p><figure"));
}

#[test]
fn html_that_would_break_the_page_is_shown_as_text() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "</div></article></main> hi <b>unclosed")
        .message("2026-01-02T10-00-00Z", "<div>x <!-- open\n\nAfter.")
        .message("2026-01-03T10-00-00Z", "<details><summary>More</summary>\n\n*inside*\n\n</details>");
    scene.build().report();
    let index = scene.page("index.html");
    assert_eq!((index.matches("</main>").count(), index.matches("</article>").count()), (1, 3), "{index}");
    assert!(
        index.contains("&lt;/main&gt;")
            && index.contains("After.")
            && index.contains("<details><summary>More</summary>")
    );
    // Three end tags, an element, and an element with a comment.
    assert_eq!(scene.snapshot().findings.problems.len(), 6);
}

#[test]
fn a_picture_from_elsewhere_is_shown_with_a_warning() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "![chart](https://example.org/chart.png)");
    scene.build().report();
    assert!(scene.page("index.html").contains("<img src=\"https://example.org/chart.png\""));
    assert_says(
        scene.session(&[&["build", "blog", "-o", "other"]]),
        str![[r#"
$ missive build blog -o other
[ROOT]/other: 1 message, 9 files written of 9 in [TIME]
--- messages
warning: outbox/2026-01-01T10-00-00Z.txt: it shows a picture from another server, which can see who reads it
note: without a base URL there is no sitemap, and the feeds work on this machine only; `--base-url` or `base_url` in missive.toml sets one
"#]],
    );
}

#[test]
fn code_is_coloured_by_whatever_name_its_language_has() {
    let blocks = [
        ("powershell", "Get-Item $a", "language-powershell", "<span class=\"f\">Get-Item</span>"),
        ("{.python .numberLines}", "def f(): pass", "language-python", "<span class=\"k\">def</span>"),
        ("python {linenos=true}", "def f(): pass", "language-python", "<span class=\"k\">def</span>"),
        ("js:title=x", "let a = 1", "language-js", "<span class=\"k\">let</span>"),
        ("rust,no_run", "fn f() {}", "language-rust", "<span class=\"k\">fn</span>"),
        (
            "console",
            "$ ls -l\nnot a command",
            "language-console",
            "<span class=\"v\">-l</span>\nnot a command\n</code>",
        ),
        ("c++", "return 0;", "language-c++", "<span class=\"k\">return</span>"),
        ("jsonc", "[] // note", "language-jsonc", "<span class=\"c\">// note</span>"),
        ("Dockerfile", "FROM debian", "language-Dockerfile", "<span class=\"k\">FROM</span>"),
        ("nobody's", "let a = 1", "language-nobody&#39;s", ">let a = 1\n</code>"),
    ];
    let text =
        blocks.iter().fold(String::new(), |text, (info, code, ..)| text + &format!("```{info}\n{code}\n```\n\n"));
    let scene = Scene::new().message("2026-01-01T10-00-00Z", &text);
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    for (info, _, class, shown) in blocks {
        assert!(page.contains(&format!("class=\"{class}\"")), "{info}: {page}");
        assert!(page.contains(shown), "{info}: {page}");
    }
}

//! What becomes of the texts that people have: on pages, in feeds, in the terminal and in a search.

use crate::scene::{Scene, png, words};

const STEM: &str = "2026-01-01T10-00-00Z";
const PAGE: &str = "2026-01-01T10-00-00Z.html";

fn built(text: &str) -> Scene {
    let scene = Scene::new().message(STEM, text);
    scene.build().report();
    scene
}

fn built_with(text: &str, files: &[&str]) -> Scene {
    let mut scene = Scene::new().message(STEM, text);
    for name in files {
        scene = scene.attachment(STEM, name, &png(4, 3));
    }
    scene.build().report();
    scene
}

fn build(scene: &Scene) -> String {
    let (out, messages) = words(&scene.run(&["build", "blog"]));
    out + &messages
}

/// The page's text of a message.
fn content(scene: &Scene) -> String {
    let page = scene.page(PAGE);
    page.split_once("e-content").map_or(page.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn code_may_hold_any_table_or_diagram() {
    for code in [
        "------+".repeat(90),
        "+-".repeat(64) + "+",
        "> ".repeat(300),
        "[".repeat(30_000),
        "<".repeat(30_000),
        "- ".repeat(300) + "x",
    ] {
        let scene =
            built(&format!("# Moving the *database*\n\nA note on #databases with **bold**.\n\n```\n{code}\n```\n"));
        let page = scene.page(PAGE);
        assert!(page.contains("Moving the <em>database</em></h1>"), "{code:.20}");
        assert!(page.contains("<strong>bold</strong>") && page.contains("<pre tabindex=\"0\"><code>"), "{code:.20}");
        assert!(!page.contains("class=\"plain\"") && scene.has("tag/databases.html"), "{code:.20}");
    }
}

#[test]
fn what_nests_too_deep_is_plain_from_there_on_and_told_with_its_line() {
    let scene = built(&format!("---\ntags: x\n---\n# A title\n\nA #tag.\n\n{} deep\n", ">".repeat(400)));
    let page = scene.page(PAGE);
    assert!(page.contains("A title</h1>") && page.contains("class=\"plain\"") && scene.has("tag/tag.html"), "{page}");
    assert!(build(&scene).contains("line 8: quotes, lists or other blocks lie more than 64 deep"), "{}", build(&scene));
    // Five hundred notes are no bomb.
    let notes: Vec<String> = (0..600).map(|at| format!("A[^{at}]\n\n[^{at}]: note\n\n")).collect();
    let notes = notes.concat();
    assert!(!built(&notes).page(PAGE).contains("class=\"plain\""));
}

#[test]
fn only_a_tag_without_a_partner_is_shown_as_text() {
    let scene = built("Copy it to <user>@<host> with <kbd>Ctrl</kbd>.\n\n<div>\n\n*in* it\n\n</div>\n\n</main>\n");
    let content = content(&scene);
    assert!(content.contains("Copy it to &lt;user&gt;@&lt;host&gt; with <kbd>Ctrl</kbd>."), "{content}");
    assert!(content.contains("<div>\n<p><em>in</em> it</p>\n</div>"), "{content}");
    assert!(content.contains("<p>&lt;/main&gt;\n</p>"), "{content}");
    let build = build(&scene);
    assert!(build.contains("line 1: `<user>` has no closing tag, so it is shown as text"), "{build}");
    assert!(build.contains("line 9: `</main>` has no opening tag, so it is shown as text"), "{build}");
}

#[test]
fn a_comment_is_seen_by_nobody() {
    for text in [
        "<!-- secret -->\n\nCopy it to <host>.",
        "words <!-- secret --> more",
        "# Title <!-- secret -->\n\ntext",
        "- item\n\n  <!-- secret\n  secret -->\n- more",
        "words\n\n<!-- secret has no end\n\nsecret",
        "<div>\n<!-- secret -->\n</div>",
        "<?php secret ?>\n\nwords",
        "<div>\n<!-- secret\n\n# secret\n\nsecret -->\n</div>\n\nwords",
        &format!("words\n\n{}\n\n<!-- secret -->", ">".repeat(400)),
    ] {
        let scene = built(text);
        for (path, bytes) in scene.built() {
            let is_page = path.rsplit('.').next().is_some_and(|ending| ["html", "xml", "json"].contains(&ending));
            assert!(!is_page || !String::from_utf8_lossy(&bytes).contains("secret"), "{path}: {text}");
        }
        let (read, _) = words(&scene.run(&["read", "blog", STEM]));
        assert!(!read.contains("secret"), "{read}");
        let (found, _) = words(&scene.run(&["search", "secret"]));
        assert!(!found.contains("secret --") && !found.contains("<!--"), "{found}");
    }
    assert!(build(&built("a\n\n<!-- open")).contains("line 3: a comment begins here and has no end"));
}

#[test]
fn a_file_that_html_shows_is_shown_once() {
    for html in [
        "<img src=\"a.png\">",
        "<IMG\nSRC = 'a.png'>",
        "<img src=a.png>",
        "<picture><source srcset=\"a.png 1x, a.png 2x\"><img src='a.png'></picture>",
        "<video poster=a.png></video>",
        "<object data=\"a.png\"></object>",
        "<a href='a.png'>x</a>",
        "<img src=\"2026-01-01T10-00-00Z/a.png#x\">",
    ] {
        let scene = built_with(&format!("{html}\n"), &["a.png"]);
        let page = scene.page(PAGE);
        assert!(!page.contains("class=\"gallery\""), "{html}: {page}");
        assert!(page.contains("2026-01-01T10-00-00Z/a.png"), "{html}: {page}");
        assert!(!page.contains("=\"a.png") && !page.contains("='a.png"), "{html}: {page}");
        let feed = scene.page("atom.xml");
        assert!(feed.matches("&lt;img").count() <= 1, "{feed}");
    }
    let scene = built_with("<video controls><source src=\"a.mp4\" type=\"video/mp4\"></video>\n", &["a.mp4"]);
    assert!(scene.page("atom.xml").contains("&lt;source src=&quot;"), "{}", scene.page("atom.xml"));
}

#[test]
fn ids_and_what_names_them_agree() {
    let text = "[down](#my-own) [Up](#Up) [two](#install-1)\n\n<a id=\"my-own\"></a>Here. <a name='Up' href=\"#my-own\">x</a>\n\n\
                ## Install\n\n## Install\n\n<label for=\"Box\">b</label><input id=\"Box\">\n";
    let content = content(&built(text));
    let values = |name: &str| -> Vec<String> {
        let start = format!(" {name}=\"");
        let parts = content.split(&start).skip(1);
        parts.filter_map(|part| part.split('"').next().map(str::to_owned)).collect()
    };
    let ids: Vec<String> = values("id").into_iter().chain(values("name")).collect();
    let links: Vec<String> =
        values("href").into_iter().filter_map(|link| Some(link.strip_prefix('#')?.to_owned())).collect();
    assert!(links.len() >= 4);
    for id in links.iter().chain(&values("for")) {
        assert!(ids.contains(id), "{id}: {content}");
    }
    assert!(content.contains("-install\"") && content.contains("-install-1\""), "{content}");
}

#[test]
fn notes_are_numbered_as_they_are_met() {
    let content = content(&built(
        "[^unused]: Nobody.\n[^b]: Second, see [^c].\n[^a]: First.\n[^c]: Third.\n[^never]: mentions [^ghost].\n[^ghost]: Ghost.\n\n\
         One[^a], two[^b], one[^a].\n",
    ));
    let at = |what: &str| content.find(what).unwrap_or_else(|| panic!("{what}: {content}"));
    assert!(at("First.") < at("Second") && at("Second") < at("Third."));
    assert!(!content.contains("Ghost") && !content.contains("Nobody"), "{content}");
    assert!(content.contains("fnref_1-2\"") && !content.contains("fnref_3-2\""), "{content}");
    for (target, _) in content.match_indices("href=\"#").map(|(at, _)| content[at + 7..].split_once('"').unwrap()) {
        assert!(content.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[test]
fn a_title_keeps_what_it_says() {
    let scene = built("# Reading [The *keeper*](https://example.org/keeper)[^1] by `me` #x\n\nText.\n\n[^1]: Lent.\n");
    let page = scene.page(PAGE);
    assert!(page.contains("<a href=\"https://example.org/keeper\">The <em>keeper</em></a><sup"), "{page}");
    assert!(page.contains("Lent.") && page.contains("<title>Reading The keeper by me #x — blog</title>"), "{page}");
    assert!(!scene.has("tag/x.html"));
    let feed = scene.page("atom.xml");
    assert!(feed.contains("<title>Reading The keeper by me #x</title>"), "{feed}");
    assert!(feed.contains("https://example.org/keeper") && feed.contains("Lent."), "{feed}");
    // A heading that is a link can't hold another one.
    assert!(scene.page("index.html").contains("dir=\"auto\">Reading <a href=\"https://example.org/keeper\">"));
}

#[test]
fn the_sources_escapes_count() {
    let scene = built("\\#no &#35;no a\\#no #yes \\www.example.org me\\@example.org `#no`\n");
    let content = content(&scene);
    assert_eq!(content.matches("class=\"tag").count(), 1, "{content}");
    assert!(scene.has("tag/yes.html") && !scene.has("tag/no.html"));
    assert!(!content.contains("mailto:"), "{content}");
}

#[test]
fn a_tag_keeps_its_case_and_its_letters() {
    let scene = built("#Rust and #rust, #می‌خواهم #col·lecció #ハッシュ・タグ\n");
    assert!(scene.page("tag/rust.html").contains("#Rust"), "{}", scene.page("tag/rust.html"));
    let feed = scene.page("atom.xml");
    for tag in ["Rust", "می‌خواهم", "col·lecció", "ハッシュ・タグ"] {
        assert!(feed.contains(&format!("<category term=\"{tag}\"/>")), "{feed}");
    }
    assert!(!feed.contains("term=\"rust\""));
}

#[test]
fn plain_words_are_the_same_everywhere() {
    for (text, expected) in [
        ("A claim[^src].\n\n[^src]: A book.\n", "A claim."),
        ("Use ssh to <host> with the key.\n", "Use ssh to &lt;host&gt; with the key."),
        ("![a](x.png) ![b](y.png)\n", "a b"),
        ("A [link](https://example.org) and *more*<!-- no -->.\n", "A link and more."),
    ] {
        let scene = built(text);
        let feed = scene.page("atom.xml");
        assert!(feed.contains(&format!("<title>{expected}</title>")), "{feed}");
        assert!(feed.contains(&format!("<summary>{expected}</summary>")), "{feed}");
        let page = scene.page(PAGE);
        assert!(page.contains(&format!("property=\"og:description\" content=\"{expected}\"")), "{page}");
    }
}

#[test]
fn addresses_without_marks_are_links() {
    let content = content(&built(
        "See www.example.org/a_b_c, https://example.org/?q=(x)). Mail azureen@example.org. `www.no.example` [x www.no.example](y:z)\n",
    ));
    for link in [
        "<a href=\"http://www.example.org/a_b_c\">www.example.org/a_b_c</a>,",
        "<a href=\"https://example.org/?q=(x)\">https://example.org/?q=(x)</a>).",
        "<a href=\"mailto:azureen@example.org\">azureen@example.org</a>.",
    ] {
        assert!(content.contains(link), "{content}");
    }
    assert!(!content.contains("http://www.no.example"), "{content}");
}

#[test]
fn titles_of_links_and_pictures_are_kept() {
    let scene = built_with(
        "[a](https://example.org/ \"The \\\"title\\\"\") and ![b](p.png \"Cap\") inline.\n\n![c](p.png \"Below\")\n",
        &["p.png"],
    );
    let content = content(&scene);
    assert!(content.contains("title=\"The &quot;title&quot;\"") && content.contains("title=\"Cap\""), "{content}");
    assert!(content.contains("<figcaption>Below</figcaption>") && !content.contains("title=\"Below\""), "{content}");
}

#[test]
fn what_html_asks_for_and_does_not_get_is_a_link_and_told() {
    let text = "<iframe src=\"https://video.example/1\" title=\"A film\"></iframe>\n\n<script>alert(1)</script>\n\n\
                <p style=\"color: red\" onclick=\"x()\">Red</p>\n\n<iframe src=\"http://plain.example/\"></iframe>\n";
    let scene = built(text);
    let page = scene.page(PAGE);
    assert!(page.contains("<a href=\"https://video.example/1\">A film</a>"), "{page}");
    assert!(page.contains("<p>Red</p>") && !page.contains("alert(1)") && !page.contains("<iframe"), "{page}");
    let said = build(&scene);
    for line in [
        "line 1: a frame from video.example is shown as a link; `embeds = [\"video.example\"]`",
        "line 3: scripts do not run on pages",
        "line 5: a style in a text has no effect",
        "line 7: a frame that is not from an https address",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let scene = scene.settings("[site]\nembeds = [\"video.example\"]\n");
    scene.build().report();
    let page = scene.page(PAGE);
    assert!(page.contains("<iframe src=\"https://video.example/1\" title=\"A film\"></iframe>"), "{page}");
    assert!(page.contains("; frame-src https://video.example\">") && !page.contains("script-src"), "{page}");
    assert!(scene.page("atom.xml").contains("&lt;a href=&quot;https://video.example/1&quot;&gt;A film&lt;/a&gt;"));
    assert!(!build(&scene).contains("video.example"));
    let scene = scene.settings("[site]\nraw_html = \"all\"\n");
    scene.build().report();
    let page = scene.page(PAGE);
    assert!(page.contains("<script>alert(1)</script>") && page.contains("style=\"color: red\""), "{page}");
    assert!(page.contains("script-src") && !scene.page("404.html").contains("script-src"), "{page}");
}

#[test]
fn alerts_are_read_everywhere_and_the_rest_where_the_profile_says_so() {
    let text = "> [!WARNING]\n> Hot.\n\nTerm\n: Meaning\n\nH~2~O x^2^ $a^2$ [[Other]] [[2026-01-02T10-00-00Z|that]] [[Nobody]] \"quoted\" -- and...\n";
    let scene = Scene::new().message(STEM, text).message("2026-01-02T10-00-00Z", "# Other\n\nText.\n");
    scene.build().report();
    let before = content(&scene);
    assert!(
        before.contains("<blockquote class=\"alert warning\">") && before.contains("<strong>Warning</strong>"),
        "{before}"
    );
    assert!(before.contains("Term\n: Meaning") && before.contains("x^2^ $a^2$ [[Other]]"), "{before}");
    let profile =
        "language = \"de\"\nmarkdown = [\"definitions\", \"scripts\", \"math\", \"wikilinks\", \"quotes\", \"nope\"]\n";
    let scene = scene.file("outbox/.channel.toml", profile.as_bytes());
    scene.build().report();
    let after = content(&scene);
    for html in [
        "<dl>\n<dt>Term</dt>\n<dd>",
        "H<sub>2</sub>O x<sup>2</sup>",
        "<math",
        "<msup><mi>a</mi><mn>2</mn></msup>",
        "<a href=\"2026-01-02T10-00-00Z.html\">Other</a> <a href=\"2026-01-02T10-00-00Z.html\">that</a>",
        "<span class=\"missing\">Nobody</span>",
        "„quoted“ – and…",
    ] {
        assert!(after.contains(html), "{html}: {after}");
    }
    let feed = scene.page("atom.xml");
    assert!(feed.contains("&lt;msup&gt;") && feed.contains("&lt;dt&gt;Term"), "{feed}");
    let (read, _) = words(&scene.run(&["read", "blog", STEM]));
    for line in ["Warning", "Term", "Meaning", "$a^2$", "x^2^", "„quoted“"] {
        assert!(read.contains(line), "{line}: {read}");
    }
    let said = build(&scene);
    assert!(said.contains("`nope` in `markdown` is unknown; known are definitions, scripts"), "{said}");
}

#[test]
fn what_the_profile_names_changes_pages_that_are_there() {
    let text = format!("{}\n\nAt the end: $x^2$ and https://example.org/a--b/~c/~d and H~2~O.\n", "Words. ".repeat(60));
    let scene = built(&text);
    assert!(!content(&scene).contains("<math"));
    let scene = scene.file("outbox/.channel.toml", b"markdown = [\"math\", \"quotes\", \"scripts\"]\n");
    scene.build().report();
    let page = content(&scene);
    assert!(page.contains("<math") && page.contains("H<sub>2</sub>O"), "{page}");
    assert!(page.contains("href=\"https://example.org/a--b/~c/~d\">https://example.org/a--b/~c/~d</a>"), "{page}");
}

#[test]
fn a_page_can_list_its_headings_and_who_mentions_it() {
    let scene =
        Scene::new().message(STEM, "---\ntoc: true\n---\n# T\n\n## One & two\n\n### Deep\n\n## Last\n").message(
            "2026-01-02T10-00-00Z",
            "# Answer\n\n[that](2026-01-01T10-00-00Z.txt) [again](2026-01-01T10-00-00Z.txt)\n",
        );
    scene.build().report();
    let page = scene.page(PAGE);
    assert!(page.contains("<nav class=\"contents\" aria-label=\"Contents\">\n<ul><li><a href=\"#m-2026-01-01T10-00-00Z-one-two\">One &amp; two</a><ul><li>"), "{page}");
    assert!(page.contains("class=\"anchor\" href=\"#m-2026-01-01T10-00-00Z-last\""), "{page}");
    assert!(!page.contains("Mentioned in") && !scene.page("atom.xml").contains("anchor"));
    let scene = scene.settings("[site]\nbacklinks = true\n");
    scene.build().report();
    let page = scene.page(PAGE);
    assert_eq!(
        page.matches("<li><a href=\"2026-01-02T10-00-00Z.html\" dir=\"auto\">Answer</a></li>").count(),
        1,
        "{page}"
    );
    let scene = scene.message("2026-01-03T10-00-00Z", "and [here](2026-01-01T10-00-00Z.txt)");
    scene.build().report();
    assert!(scene.page(PAGE).contains("2026-01-03T10-00-00Z.html\" dir=\"auto\">and here"), "{}", scene.page(PAGE));
}

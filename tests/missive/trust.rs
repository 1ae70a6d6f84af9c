//! Texts and files from an inbox are an adversary's.

use crate::scene::{Scene, png};

const STEM: &str = "2026-01-01T10-00-00Z";

fn page(text: &str) -> String {
    let scene = Scene::subscription().message(STEM, text).attachment(STEM, "p.png", &png(3, 4));
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
    for payload in payloads {
        let page = page(payload).to_lowercase();
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
        scene
            .page(&format!("{STEM}.html"))
            .contains(&format!("<div class=\"mine\" style=\"x\"><img src=\"{STEM}/p.png\"></div>"))
    );
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
    assert!(page.contains(&format!("<a href=\"{STEM}/page.html.txt\" download>page</a>")), "{page}");
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
    assert!(page.contains("title=\"\u{fffd}a &amp; b &#65;\""), "{page}");
    for picture in ["<img src=\"STEM/p.png\">", "<IMG SRC='STEM/p.png'>", "<img\nsrc=\"STEM/p.png\">"] {
        assert!(page.contains(&picture.replace("STEM", STEM)), "{picture}\n{page}");
    }
    assert!(!page.contains('\u{1}'));
}

#[test]
fn an_open_comment_swallows_nothing() {
    let page = page("<div>x <!-- open\n\nA whole paragraph after.");
    assert!(page.contains("A whole paragraph after"), "{page}");
}

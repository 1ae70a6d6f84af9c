//! Lists, months, years, tags and the sitemap.

use crate::scene::Scene;

#[test]
fn months_and_years_hold_what_was_written_in_them() {
    let scene = Scene::new()
        .message("2025-12-31T23-59-59Z", "# Last of the year")
        .message("2026-01-01T00-00-00Z", "First words of a note without a title")
        .message("2026-01-31T23-59-59Z", "");
    scene.build().report();
    let december = scene.page("2025/12.html");
    assert!(december.contains("Last of the year") && !december.contains("First words"));
    let january = scene.page("2026/01.html");
    assert!(january.contains("First words of a note") && january.contains("31 January 2026"), "{january}");
    assert!(scene.page("2026/index.html").contains("2 messages"));
    assert!(scene.page("index.html").contains("2025/12.html"));
}

#[test]
fn neighbours_are_named_by_title_words_or_date() {
    let scene = Scene::new()
        .message("2026-01-01T10-00-00Z", "")
        .message("2026-01-02T10-00-00Z", "middle")
        .message("2026-01-03T10-00-00Z", "# The *third*");
    scene.build().report();
    let middle = scene.page("2026-01-02T10-00-00Z.html");
    assert!(middle.contains("1 January 2026") && middle.contains("The third"));
    assert!(
        middle.contains("rel=\"prev\" href=\"2026-01-01T10-00-00Z.html\"")
            && middle.contains("rel=\"next\" href=\"2026-01-03T10-00-00Z.html\"")
    );
}

#[test]
fn every_list_page_links_to_its_neighbours() {
    let mut scene = Scene::new().settings("[site]\npage_size = 2\n");
    for day in 1..=7 {
        scene = scene.message(&format!("2026-01-{day:02}T10-00-00Z"), &format!("text {day}"));
    }
    scene.build().report();
    assert!(scene.page("index.html").contains("href=\"page/2.html\""));
    assert!(
        scene.page("page/2.html").contains("href=\"../page/1.html\"")
            && scene.page("page/2.html").contains("href=\"../page/3.html\"")
    );
    assert!(scene.page("page/4.html").contains("href=\"../index.html\""));
    assert!(!scene.has("page/5.html"));
}

#[test]
fn tags_with_odd_names_have_pages() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "---\ntags: C++, a/b, index, Été, con\n---\n#été");
    scene.build().report();
    let page = scene.page("2026-01-01T10-00-00Z.html");
    let index = scene.page("tag/index.html");
    for tag in ["C++", "a/b", "index", "Été", "con"] {
        assert!(index.contains(&format!(">{tag}</a>")) || index.contains(">a&#x2F;b</a>"), "{tag}: {index}");
    }
    assert!(page.contains("href=\"tag/%C3%A9t%C3%A9.html\""), "{page}");
    assert!(scene.has("tag/été.html") && !scene.has("tag/con.html"));
}

#[test]
fn messages_dated_in_the_future_wait() {
    let mut scene = Scene::new().message("2026-11-22T13-44-00Z", "soon").message("2026-12-24T18-00-00Z", "later");
    scene.build().report();
    assert!(scene.has("2026-11-22T13-44-00Z.html"), "ten minutes are tolerated");
    assert!(!scene.has("2026-12-24T18-00-00Z.html") && !scene.page("atom.xml").contains("later"));
    scene.now += 40 * 86_400;
    scene.build().report();
    assert!(scene.has("2026-12-24T18-00-00Z.html"));
}

#[test]
fn the_sitemap_needs_a_base_url_and_lists_every_page() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text #t");
    scene.build().report();
    assert!(!scene.has("sitemap.xml"));
    let scene = scene.settings("[site]\nbase_url = \"https://example.org/b\"\n");
    scene.build().report();
    let sitemap = scene.page("sitemap.xml");
    for page in ["", "2026-01-01T10-00-00Z.html", "2026/01.html", "2026/index.html", "tag/t.html"] {
        assert!(sitemap.contains(&format!("<loc>https://example.org/b/{page}</loc>")), "{page}: {sitemap}");
    }
    assert!(scene.page("robots.txt").contains("Sitemap: https://example.org/b/sitemap.xml"));
}

#[test]
fn an_empty_channel_is_a_site_too() {
    let scene = Scene::new();
    scene.build().report();
    assert!(scene.page("index.html").contains("Nothing has been written here yet"));
}

//! Themes: laid over the built-in one file by file, and harmless when they are wrong.

use missive::site::SiteError;

use crate::scene::{Scene, assert_same};

#[test]
fn one_file_is_enough_to_change_a_page() {
    let scene =
        Scene::new().message("2026-01-01T10-00-00Z", "text #t").file("theme/tags.html", b"mine: {{ tags | length }}");
    scene.build().report();
    assert_eq!(scene.page("tag/index.html"), "mine: 1");
    assert!(scene.page("index.html").contains("text"));
}

#[test]
fn a_style_edit_rewrites_the_style_alone() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    scene.build().report();
    scene.file("theme/letter.css", b"body { color: red }").build().wrote(["assets/letter.css"]);
}

#[test]
fn new_assets_go_beside_the_style() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text").file("theme/fonts/a.woff2", b"x");
    scene.build().report();
    assert!(scene.has("assets/fonts/a.woff2"));
}

#[test]
fn a_wrong_template_changes_nothing_and_names_its_place() {
    let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
    scene.build().report();
    let before = scene.built();
    for wrong in ["{% if %}", "{{ nothing.here }}", "line one\n{{ m | no_such_filter }}", "{% extends \"no.html\" %}"] {
        let scene = Scene::new().message("2026-01-01T10-00-00Z", "text");
        scene.build().report();
        let scene = scene.file("theme/message.html", wrong.as_bytes());
        let error = scene.build().error();
        assert!(matches!(error, SiteError::Template { .. }), "{error}");
        assert!(error.to_string().contains("message.html"), "{error}");
        assert_same(&scene.built(), &before, wrong);
    }
}

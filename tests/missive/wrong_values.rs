//! A value that is wrong, unknown or in the wrong place is told with its file and line, and with what would be right.

use std::process::Output;

use crate::scene::{Scene, words};

const STEM: &str = "2026-01-01T10-00-00Z";

fn said(output: &Output) -> String {
    let (out, messages) = words(output);
    out + &messages
}

fn scene() -> Scene {
    Scene::new().message(STEM, "text")
}

#[test]
fn a_profile_says_what_in_it_does_not_count() {
    let profile = b"id = \"tag:example.org,2020:me\"\ntitle = \"x\"\nlanguage = \"zh_CN\"\nicon = \".nothing.png\"\n";
    let scene = scene().file("outbox/.channel.toml", profile);
    let build = said(&scene.run(&["build", "blog"]));
    for told in [
        "warning: outbox/.channel.toml: line 1: `id = \"tag:example.org,2020:me\"` does not count",
        "warning: outbox/.channel.toml: line 3: `language = \"zh_CN\"` is read as the language tag `zh-CN`",
        "warning: outbox/.channel.toml: `icon = \".nothing.png\"` is not shown: there is no such file",
    ] {
        assert!(build.contains(told), "{told} in {build}");
    }
    let page = std::fs::read_to_string(scene.path("site/index.html")).unwrap();
    assert!(page.contains("lang=\"zh-CN\""), "{page}");
    let check = said(&scene.run(&["check", "blog", "--strict"]));
    assert!(check.contains("3 warnings"), "{check}");
}

#[test]
fn a_profile_of_somebody_else_is_told_by_check_and_warns_nobody() {
    let scene = Scene::subscription()
        .message(STEM, "text")
        .file("inbox/.channel.toml", b"id = \"me\"\nicon = \".nothing.png\"\nhue = \"red\"\n");
    let build = said(&scene.run(&["build", "blog"]));
    assert!(!build.contains("warning"), "{build}");
    let check = said(&scene.run(&["check", "blog"]));
    assert!(check.contains("no warnings") && check.contains("`id = \"me\"` does not count"), "{check}");
    assert!(check.contains("unknown key `hue`"), "{check}");
}

#[test]
fn an_icon_that_is_no_picture_is_told() {
    for (bytes, why) in [
        (b"<svg/>".to_vec(), "it is not a PNG"),
        ([b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; 1 << 20]].concat(), "it is larger than 1 MiB"),
    ] {
        let scene = scene().file("outbox/.channel.toml", b"icon = \".icon.png\"\n").file("outbox/.icon.png", &bytes);
        let check = said(&scene.run(&["check", "blog"]));
        assert!(check.contains(why) && check.contains("1 warning"), "{check}");
    }
    let scene = scene()
        .file("outbox/.channel.toml", b"icon = \".icon.png\"\n")
        .file("outbox/.icon.png", &crate::scene::png(2, 2));
    assert!(said(&scene.run(&["check", "blog"])).contains("no warnings"));
}

#[test]
fn a_setting_in_the_wrong_table_is_told_where_it_belongs() {
    for (settings, line, hint) in [
        ("base_url = \"https://example.org/\"\n", 1, "it belongs under [site]"),
        ("# x\npage_size = 3\n", 2, "it belongs under [site]"),
        ("[site]\nsite = 3\n", 2, "it belongs at the top of the file"),
    ] {
        let scene = scene().settings(settings);
        let build = said(&scene.run(&["build", "blog"]));
        assert!(build.contains(&format!("missive.toml, line {line}: unknown key")), "{build}");
        assert!(build.contains(&format!("hint: {hint}")), "{build}");
        let check = said(&scene.run(&["check", "blog"]));
        assert!(check.contains(hint), "{check}");
    }
}

#[test]
fn a_password_in_an_address_goes_nowhere() {
    let scene = scene().settings("[site]\nbase_url = \"https://brando:s3cret@example.org/\"\n");
    let refused = said(&scene.run(&["build", "blog"]));
    assert!(
        refused.contains("missive.toml, line 2: `base_url`: ") && refused.contains("write it without"),
        "{refused}"
    );
    assert!(!refused.contains("s3cret") && !scene.path("site").exists(), "{refused}");
    let scene = scene.remove("missive.toml");
    let refused = said(&scene.run(&["build", "blog", "--base-url", "https://brando:s3cret@example.org/"]));
    assert!(refused.contains("write it without") && !scene.path("site").exists(), "{refused}");
    let scene = scene.file("outbox/.channel.toml", b"link = \"https://brando:s3cret@example.org/\"\n");
    let built = said(&scene.run(&["build", "blog"]));
    assert!(built.contains("line 1: `link` contains a user name or a password"), "{built}");
    for (path, bytes) in crate::scene::files(&scene.path("site")) {
        assert!(!String::from_utf8_lossy(&bytes).contains("s3cret"), "{path}");
    }
}

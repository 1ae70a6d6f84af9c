//! Writing in an editor and on a terminal: what is typed there is sent or kept, whatever ends first.

use std::fs;

use snapbox::str;

use super::{ended, json, run, seen, texts};
use crate::scene::{Scene, files, until};
use crate::test_environment::{assert_says, started};

#[test]
fn an_editor_may_have_arguments_and_visual_wins() {
    let scene = Scene::new();
    fs::write(scene.root().join("append"), "printf '%s' \"$1\" >>\"$2\"").unwrap();
    let append = format!("sh '{}' 'two words'", scene.root().join("append").display());
    let environment = scene.environment().set("EDITOR", "false").set("VISUAL", append);
    ended(&environment.run(&["compose", "blog"]), 0);
    assert_eq!(texts(&scene, "outbox"), ["two words"]);
}

#[test]
fn a_program_that_is_killed_while_the_editor_is_open_leaves_a_draft() {
    let scene = Scene::new();
    fs::write(scene.root().join("a.jpg"), "a").unwrap();
    let slow = scene.environment().editor("printf 'Half a letter' >>\"$1\"; touch ready; exec sleep 30");
    let mut child = started(&mut slow.command(&["compose", "blog", "-a", "a.jpg"]));
    until("the editor", || scene.root().join("ready").exists());
    let name = json(&scene, &["drafts"])["drafts"][0]["draft"].as_str().unwrap().to_owned();
    // Nobody is bothered with a draft that is being written.
    let meanwhile = scene.session(&[
        &["drafts"],
        &["compose", "blog", "-m", "meanwhile"],
        &["drafts", "send", "blog", &name],
        &["drafts", "discard", "blog", &name],
        &["drafts", "edit", "blog", &name],
    ]);
    assert_says(
        meanwhile,
        str![[r#"
$ missive drafts
blog
  draft-[NOW]: “Half a letter”, open or being sent elsewhere

$ missive compose blog -m meanwhile
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt

$ missive drafts send blog draft-[NOW]
--- messages
error: the draft `draft-[NOW]` is open or being sent elsewhere
  hint: finish it there, or close its editor, and try again
--- exit 1

$ missive drafts discard blog draft-[NOW]
--- messages
error: the draft `draft-[NOW]` is open or being sent elsewhere
  hint: finish it there, or close its editor, and try again
--- exit 1

$ missive drafts edit blog draft-[NOW]
--- messages
error: the draft `draft-[NOW]` is open or being sent elsewhere
  hint: finish it there, or close its editor, and try again
--- exit 1
"#]],
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let afterwards = scene.environment().editor("printf ', now whole' >>\"$1\"").session(&[
        &["compose", "blog", "-m", "another"],
        &["drafts", "edit", "blog"],
        &["drafts", "send", "blog", &name],
    ]);
    assert_says(
        afterwards,
        str![[r#"
$ missive compose blog -m another
Sent [NOW].
[ROOT]/blog/outbox/[NOW].txt
--- messages
note: draft-[NOW] is not sent yet: “Half a letter”; `missive drafts edit blog draft-[NOW]` continues it, `… send …` sends it, `… discard …` moves it to the trash

$ missive drafts edit blog
draft-[NOW]: “Half a letter, now whole”, 1 attachment
[ROOT]/blog/drafts/draft-[NOW].txt

$ missive drafts send blog draft-[NOW]
Sent [NOW], with 1 attachment.
[ROOT]/blog/outbox/[NOW].txt
"#]],
    );
    assert_eq!(texts(&scene, "outbox"), ["meanwhile\n", "another\n", "Half a letter, now whole"]);
    assert!(seen(&scene, "drafts").is_empty(), "{:?}", seen(&scene, "drafts").keys());
}

#[test]
fn an_editor_that_fails_costs_nothing() {
    let mut told = String::new();
    for fault in ["exit 1", "kill -9 $$"] {
        let scene = Scene::new();
        let editor = scene.environment().editor(&format!("printf words >>\"$1\"; {fault}"));
        told += &editor.session(&[&["compose", "blog"]]);
        assert_eq!(texts(&scene, "drafts"), ["words"]);
        run(&scene, &["drafts", "send", "blog"]);
        assert_eq!(texts(&scene, "outbox"), ["words"]);
        told += &scene.environment().editor(fault).session(&[&["compose", "blog"]]);
        assert!(seen(&scene, "drafts").is_empty());
    }
    assert_says(
        told,
        str![[r#"
$ missive compose blog
--- messages
error: `sh '[ROOT]/editor'` failed (exit status: 1)
  hint: your text is saved as a draft; `missive drafts edit blog draft-[NOW]` continues it, `missive drafts send blog draft-[NOW]` sends it
--- exit 1
$ missive compose blog
--- messages
error: `sh '[ROOT]/editor'` failed (exit status: 1)
  hint: nothing was written; try again, or give the text with `-m TEXT`, `-F FILE` or `-` for standard input
--- exit 1
$ missive compose blog
--- messages
Killed
error: `sh '[ROOT]/editor'` failed (exit status: 137)
  hint: your text is saved as a draft; `missive drafts edit blog draft-[NOW]` continues it, `missive drafts send blog draft-[NOW]` sends it
--- exit 1
$ missive compose blog
--- messages
Killed
error: `sh '[ROOT]/editor'` failed (exit status: 137)
  hint: nothing was written; try again, or give the text with `-m TEXT`, `-F FILE` or `-` for standard input
--- exit 1
"#]],
    );
    let scene = Scene::new();
    assert_says(
        scene.session(&[&["compose", "blog"]]),
        str![[r#"
$ missive compose blog
--- messages
error: there is no terminal to write in
  hint: set $EDITOR, or give the text with `-m TEXT`, `-F FILE` or `-` for standard input
--- exit 1
"#]],
    );
    assert_says(
        scene.environment().set("EDITOR", "no-such-editor").session(&[&["compose", "blog"]]),
        str![[r#"
$ missive compose blog
--- messages
missive: 1: no-such-editor: not found
error: `no-such-editor` was not found
  hint: set $VISUAL or $EDITOR to one, or give the text with `-m TEXT`, `-F FILE` or `-` for standard input
--- exit 1
"#]],
    );
    assert!(seen(&scene, "drafts").is_empty());
}

#[test]
fn a_draft_that_was_left_is_offered_on_a_terminal() {
    let scene = Scene::new();
    let append = scene.environment().editor("printf ' and more' >>\"$1\"");
    for text in ["one", "two"] {
        run(&scene, &["compose", "blog", "--draft", "-m", text]);
    }
    let asked = "[e]dit it";
    let out = append.on_terminal("compose blog").answers(asked, "what").answers(asked, "s").ends();
    assert!(out.contains("is not sent yet: “two”") && out.matches(asked).count() == 2, "{out}");
    assert_eq!((texts(&scene, "outbox"), texts(&scene, "drafts")), (vec!["two\n".into()], vec!["one\n".into()]));
    let out = append.on_terminal("compose blog").answers(asked, "e").ends();
    assert!(out.contains("Sent 20"), "{out}");
    assert_eq!(texts(&scene, "outbox"), ["two\n", "one\n and more"]);
    run(&scene, &["compose", "blog", "--draft", "-m", "three"]);
    let out = append.on_terminal("compose blog").answers(asked, "d").ends();
    assert!(out.contains("/trash/") && texts(&scene, "drafts").is_empty(), "{out}");
    assert_eq!(texts(&scene, "outbox").last().unwrap(), " and more");
    assert!(files(&scene.path("trash")).values().any(|text| text == b"three\n"));
    let promise = scene.environment().editor("printf 'See attached.' >>\"$1\"");
    let out = promise.on_terminal("compose blog").answers("Send it anyway?", "n").ends();
    assert!(out.contains("Saved as a draft"), "{out}");
    assert_eq!(texts(&scene, "drafts"), ["See attached."]);
}

#[test]
fn a_terminal_that_is_lost_sends_nothing() {
    let scene = Scene::new();
    // It saves what there is and ends well, as editors do when they are hung up on.
    let editor = scene.environment().editor("trap '' HUP; printf 'Half a letter' >>\"$1\"; sleep 1; touch done");
    let terminal = editor.on_terminal("compose blog");
    until("the editor", || !texts(&scene, "drafts").concat().is_empty());
    terminal.goes_away();
    until("the editor's end", || scene.root().join("done").exists());
    until("the program's end", || run(&scene, &["drafts"]).0.contains("“Half a letter”\n"));
    assert!(seen(&scene, "outbox").is_empty());
}

#[test]
fn a_dry_run_on_a_terminal_leaves_drafts_alone() {
    let scene = Scene::new();
    run(&scene, &["compose", "blog", "-m", "left", "--draft"]);
    let out = scene.environment().editor("echo other >\"$1\"").on_terminal("compose blog --dry-run").ends();
    assert!(texts(&scene, "outbox").is_empty() && texts(&scene, "drafts").contains(&"left\n".to_owned()), "{out}");
}

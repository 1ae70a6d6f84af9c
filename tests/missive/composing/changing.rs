//! Changing, deleting and bringing back messages that were sent.

use std::fs;

use snapbox::str;

use super::{OLD, no_litter, run, seen, texts, with_editor};
use crate::scene::{Scene, files};
use crate::test_environment::assert_says;

#[test]
fn a_message_is_changed_whole_and_says_when() {
    let stem = OLD;
    let before = "---\r\nmood: fine\r\ntitle: Old\r\n---\r\nOne\r\n";
    let scene = Scene::new().message(stem, before).attachment(stem, "a/b.jpg", b"b");
    let text = || fs::read_to_string(scene.path(&format!("outbox/{stem}.txt"))).unwrap();
    with_editor(&scene, "printf 'Two\\r\\n' >>\"$1\"", &["edit", "blog", stem], 0);
    let after = text();
    let updated = after.lines().find(|line| line.starts_with("updated: ")).unwrap().to_owned();
    assert_eq!(after, format!("---\r\nmood: fine\r\ntitle: Old\r\n{updated}\r\n---\r\nOne\r\nTwo\r\n"));
    assert!(scene.snapshot().all[0].header.updated.is_some());
    run(&scene, &["edit", "blog", &format!("outbox/{stem}.txt"), "-m", "Three", "--minor"]);
    assert_eq!(text(), format!("---\r\nmood: fine\r\ntitle: Old\r\n{updated}\r\n---\r\n\nThree\n"));
    fs::write(scene.root().join("c.jpg"), "c").unwrap();
    let exchange: &[&str] = &["edit", "blog", stem, "-a", "c.jpg", "--detach", "a/b.jpg", "-m", "![](a/b.jpg)"];
    assert_says(
        scene.session(&[exchange]),
        str![[r#"
$ missive edit blog 2026-01-01T10-00-00Z -a c.jpg --detach a/b.jpg -m ![](a/b.jpg)
Changed 2026-01-01T10-00-00Z, 1 file attached, 1 file taken off.
[ROOT]/blog/outbox/2026-01-01T10-00-00Z.txt
--- messages
warning: the text links to a/b.jpg, which is not attached
"#]],
    );
    let outbox = seen(&scene, "outbox");
    assert_eq!(outbox.keys().collect::<Vec<_>>(), [&format!("{stem}.txt"), &format!("{stem}/c.jpg")]);
    assert!(!scene.path(&format!("outbox/{stem}/a")).exists());
    assert!(files(&scene.path("trash")).keys().any(|name| name.ends_with("a/b.jpg")));
    let refused = scene.session(&[
        &["edit", "blog", stem, "-a", "c.jpg"],
        &["edit", "blog", stem, "--detach", "z.jpg"],
        &["edit", "blog", stem, "-m", ""],
        &["edit", "blog", stem, "-m", "![](a/b.jpg)"],
    ]);
    assert_says(
        refused,
        str![[r#"
$ missive edit blog 2026-01-01T10-00-00Z -a c.jpg
--- messages
error: two attachments would have the name `c.jpg`
  hint: nothing was written; rename one of them, or put it into a subfolder
--- exit 1

$ missive edit blog 2026-01-01T10-00-00Z --detach z.jpg
--- messages
error: the message 2026-01-01T10-00-00Z has no attachment `z.jpg`
  hint: it has `c.jpg`
--- exit 1

$ missive edit blog 2026-01-01T10-00-00Z -m ''
Nothing was changed: the text is empty; `missive delete` deletes a message.
--- exit 1

$ missive edit blog 2026-01-01T10-00-00Z -m ![](a/b.jpg)
Nothing was changed: the text is unchanged.
--- exit 1
"#]],
    );
    assert_eq!(seen(&scene, "outbox"), outbox);
    fs::write(scene.root().join("c.jpg"), "another").unwrap();
    run(&scene, &["edit", "blog", stem, "--detach", "c.jpg", "-a", "c.jpg"]);
    assert_eq!(seen(&scene, "outbox")[&format!("{stem}/c.jpg")], b"another");
    no_litter(&scene);
}

#[test]
fn changes_that_were_cut_off_are_gone_on_with() {
    let scene = Scene::new().message(OLD, "One");
    let text = || texts(&scene, "outbox");
    let edit: &[&str] = &["edit", "blog", OLD];
    let cut_off = scene.environment().editor("printf ' two' >>\"$1\"; exit 1").session(&[edit, &["drafts"]]);
    assert_says(
        cut_off,
        str![[r#"
$ missive edit blog 2026-01-01T10-00-00Z
--- messages
error: `sh '[ROOT]/editor'` failed (exit status: 1)
  hint: your text is saved as a draft; `missive drafts edit blog edit-2026-01-01T10-00-00Z` continues it, `missive drafts send blog edit-2026-01-01T10-00-00Z` sends it
--- exit 1

$ missive drafts
blog
  edit-2026-01-01T10-00-00Z: “One two”, changes to 2026-01-01T10-00-00Z
"#]],
    );
    assert_eq!(text(), ["One"]);
    let minor: &[&str] = &["edit", "blog", OLD, "--minor"];
    assert_says(
        scene.environment().editor("printf ' three' >>\"$1\"").session(&[minor]),
        str![[r#"
$ missive edit blog 2026-01-01T10-00-00Z --minor
Changed 2026-01-01T10-00-00Z.
[ROOT]/blog/outbox/2026-01-01T10-00-00Z.txt
--- messages
note: you are continuing earlier changes. To discard them: missive drafts discard blog edit-2026-01-01T10-00-00Z
"#]],
    );
    assert_eq!((text(), seen(&scene, "drafts").len()), (vec!["One two three".into()], 0));
    let meanwhile =
        format!("printf ' four' >>\"$1\"; printf changed >'{}/blog/outbox/{OLD}.txt'", scene.root().display());
    let refused = scene.environment().editor(&meanwhile).session(&[edit, &["drafts", "send", "blog"]]);
    assert_says(
        refused,
        str![[r#"
$ missive edit blog 2026-01-01T10-00-00Z
--- messages
error: another program changed the message 2026-01-01T10-00-00Z in the meantime, so nothing was written over it
  hint: your text is saved in [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt: `missive drafts blog` lists it, `missive edit -F [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt blog 2026-01-01T10-00-00Z` applies it
--- exit 1

$ missive drafts send blog
--- messages
error: another program changed the message 2026-01-01T10-00-00Z in the meantime, so nothing was written over it
  hint: your text is saved in [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt: `missive drafts blog` lists it, `missive edit -F [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt blog 2026-01-01T10-00-00Z` applies it
--- exit 1
"#]],
    );
    assert_eq!(text(), ["changed"]);
    let kept = scene.path(&format!("drafts/edit-{OLD}.txt"));
    run(&scene, &["edit", "blog", OLD, "-F", kept.to_str().unwrap(), "--minor"]);
    assert!(text()[0].ends_with("One two three four"), "when that is what was meant");
}

#[test]
fn a_message_that_was_deleted_comes_back() {
    let scene = Scene::new().message(OLD, "# One").attachment(OLD, "a.jpg", b"a");
    let before = seen(&scene, "outbox");
    assert_says(
        scene.session(&[&["delete", "blog", OLD]]),
        str![[r#"
$ missive delete blog 2026-01-01T10-00-00Z
--- messages
error: there is no terminal to ask for confirmation
  hint: `missive delete --yes blog 2026-01-01T10-00-00Z` deletes without asking
--- exit 1
"#]],
    );
    assert_eq!(seen(&scene, "outbox"), before);
    assert_says(
        scene.session(&[&["delete", "blog", OLD, "--yes"]]),
        str![[r#"
$ missive delete blog 2026-01-01T10-00-00Z --yes
Deleted 2026-01-01T10-00-00Z. To restore it: missive delete --undo blog
[ROOT]/blog/trash/[NOW]/2026-01-01T10-00-00Z.txt
"#]],
    );
    assert!(seen(&scene, "outbox").is_empty() && files(&scene.path("trash")).len() == 2);
    fs::write(scene.path(&format!("outbox/{OLD}.txt")), "new").unwrap();
    assert_says(
        scene.session(&[&["delete", "blog", "--undo"]]),
        str![[r#"
$ missive delete blog --undo
--- messages
error: the message cannot be restored: [ROOT]/blog/outbox/2026-01-01T10-00-00Z.txt exists already
  hint: nothing was overwritten; move that file away and try again
--- exit 1
"#]],
    );
    fs::remove_file(scene.path(&format!("outbox/{OLD}.txt"))).unwrap();
    let undo: &[&str] = &["delete", "blog", "--undo"];
    let session = scene.session(&[undo, undo, &["delete", "blog", "2026-01-01T10-00-09Z", "-y"]]);
    assert_says(
        session,
        str![[r#"
$ missive delete blog --undo
Restored 2026-01-01T10-00-00Z.
[ROOT]/blog/outbox/2026-01-01T10-00-00Z.txt

$ missive delete blog --undo
--- messages
<<<<<<< HEAD
error: there is no deleted message in [ROOT]/blog/trash
=======
error: no message in [ROOT]/blog/trash
>>>>>>> words
  hint: `missive delete` has deleted nothing in this channel
--- exit 1

$ missive delete blog 2026-01-01T10-00-09Z -y
--- messages
error: no message `2026-01-01T10-00-09Z` in blog/outbox
  hint: did you mean `2026-01-01T10-00-00Z`?
--- exit 1
"#]],
    );
    assert_eq!(seen(&scene, "outbox"), before);
    let question = "Delete 2026-01-01T10-00-00Z “One” from blog? [y/N]";
    let delete = || scene.environment().on_terminal(&format!("delete blog {OLD}"));
    delete().answers(question, "").ends();
    assert_eq!(seen(&scene, "outbox"), before);
    delete().answers(question, "y").ends();
    assert!(seen(&scene, "outbox").is_empty());
}

#[test]
fn what_was_discarded_unsent_never_comes_back_as_a_message() {
    let scene = Scene::new().message(OLD, "keep");
    run(&scene, &["delete", "blog", OLD, "--yes"]);
    run(&scene, &["compose", "blog", "-m", "private", "--at", "in 3h"]);
    run(&scene, &["drafts", "discard", "blog"]);
    run(&scene, &["delete", "blog", "--undo"]);
    assert_eq!(texts(&scene, "outbox"), ["keep"]);
    assert_says(
        scene.session(&[&["delete", "blog", "--undo"]]),
        str![[r#"
$ missive delete blog --undo
--- messages
error: there is no deleted message in [ROOT]/blog/trash
  hint: `missive delete` has deleted nothing in this channel
--- exit 1
"#]],
    );
    assert_eq!(texts(&scene, "outbox"), ["keep"]);
}

#[test]
fn changes_that_were_left_write_over_nothing_that_came_since() {
    let scene = Scene::new().message(OLD, "version one");
    with_editor(&scene, "echo stale >>$1; exit 1", &["edit", "blog", OLD], 1);
    run(&scene, &["edit", "blog", OLD, "-m", "version two", "--minor"]);
    assert_says(
        scene.session(&[&["drafts", "send", "blog"]]),
        str![[r#"
$ missive drafts send blog
--- messages
error: another program changed the message 2026-01-01T10-00-00Z in the meantime, so nothing was written over it
  hint: your text is saved in [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt: `missive drafts blog` lists it, `missive edit -F [ROOT]/blog/drafts/edit-2026-01-01T10-00-00Z.txt blog 2026-01-01T10-00-00Z` applies it
--- exit 1
"#]],
    );
    with_editor(&scene, "echo more >>$1", &["edit", "blog", OLD], 1);
    assert_eq!(texts(&scene, "outbox"), ["version two\n"]);
    assert!(texts(&scene, "drafts").iter().any(|text| text.contains("stale")), "and nothing that was written is lost");
    run(&scene, &["drafts", "discard", "blog"]);
    with_editor(&scene, "echo three >$1", &["edit", "blog", OLD, "--minor"], 0);
    assert_eq!(texts(&scene, "outbox"), ["three\n"]);
}

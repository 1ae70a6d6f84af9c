//! `missive watch`, run as a person runs it: what lands in the box is on the site a moment later.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use snapbox::str;

use crate::scene::{Scene, assert_same, png, until};
use crate::test_environment::{assert_says, started, stop};

const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";

/// A watch at work, and the lines that it says.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// Starts a watch over a scene's channel, and waits for its first report.
    fn start(scene: &Scene, args: &[&str]) -> Self {
        let environment = scene.environment().unset("MISSIVE_DATA");
        let mut command = environment.command(&[&["watch", "./blog", "-o", "out"], args].concat());
        let mut child = started(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let (say, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let say = say.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = say.send(line);
                }
            });
        }
        let watching = Self { child, lines };
        watching.says("written");
        watching
    }

    /// Waits for a line that holds these words.
    #[track_caller]
    fn says(&self, words: &str) -> String {
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(20)) {
            if line.contains(words) {
                return line;
            }
            others.push(line);
        }
        panic!("it never said `{words}`, but {others:#?}");
    }

    /// Asks it to stop as a service manager does, and waits for it.
    fn stop(mut self) {
        stop(&self.child);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new().message(FIRST, "# One");
    scene.now = i64::MAX;
    scene
}

#[test]
fn what_lands_in_the_box_is_on_the_site_a_moment_later() {
    for means in [&[][..], &["--poll"]] {
        let scene = scene();
        let watching = Watching::start(&scene, means);
        let scene = scene.message(SECOND, "# Two\n\n![](p.png)").attachment(SECOND, "p.png", &png(3, 4));
        until("a new message", || scene.has(&format!("{SECOND}/p.png")));
        let scene = scene.message(FIRST, "# Changed");
        until("an edit", || scene.page("index.html").contains("Changed"));
        let scene = scene.remove(&format!("outbox/{SECOND}.txt"));
        until("a removal", || !scene.has(&format!("{SECOND}.html")));
        let scene = scene.settings("[site]\ntitle = \"Another name\"\n").file("theme/letter.css", b"p { color: red }");
        until("the settings", || scene.page("index.html").contains("Another name"));
        until("the theme", || scene.page("assets/letter.css").contains("red"));
        watching.stop();
        assert_same(&scene.built(), &scene.clean(), "afterwards");
    }
}

#[test]
fn many_files_in_pieces_end_in_a_site_that_equals_a_clean_build() {
    let scene = scene().settings("[site]\npage_size = 7\n");
    let watching = Watching::start(&scene, &[]);
    for number in (0..300).map(|number| number * 7 % 300) {
        let stem = format!("2025-{:02}-{:02}T00-{:02}-00Z", 1 + number % 12, 1 + number % 28, number % 60);
        let path = scene.path(&format!("outbox/{stem}.txt"));
        fs::write(
            path.with_file_name(format!(".syncthing.{stem}.txt.tmp")),
            format!("# {number}\n\ntext #t{}", number % 5),
        )
        .unwrap();
        fs::rename(path.with_file_name(format!(".syncthing.{stem}.txt.tmp")), &path).unwrap();
        if number % 50 == 0 {
            until("a part of them", || scene.has(&format!("{stem}.html")));
        }
    }
    let clean = scene.clean();
    let is_there =
        |(name, bytes): (&String, &Vec<u8>)| fs::read(scene.site().join(name)).is_ok_and(|there| there == *bytes);
    until("all of them", || clean.iter().all(is_there));
    watching.stop();
    assert_same(&scene.built(), &clean, "afterwards");
}

#[test]
fn an_error_is_said_and_the_site_stays_until_it_is_mended() {
    let scene = scene();
    let watching = Watching::start(&scene, &[]);
    let before = scene.built();
    let scene = scene.file("theme/entry.html", b"{{ broken").message(SECOND, "# Two");
    watching.says("theme/entry.html");
    let scene = scene.settings("[sit]\n");
    watching.says("did you mean `site`?");
    assert_same(&scene.built(), &before, "nothing is changed");
    let scene = scene.remove("theme").remove("missive.toml");
    until("the message that came meanwhile", || scene.has(&format!("{SECOND}.html")));
    watching.stop();
    assert_same(&scene.built(), &scene.clean(), "afterwards");
}

#[test]
fn a_box_that_goes_away_and_comes_back_is_picked_up_again() {
    let scene = scene();
    let watching = Watching::start(&scene, &[]);
    fs::rename(scene.path("outbox"), scene.path("away")).unwrap();
    watching.says("it has neither an `inbox` nor an `outbox`");
    fs::rename(scene.path(""), scene.root().join("elsewhere")).unwrap();
    watching.says("No such file");
    assert!(scene.page("index.html").contains("One"));
    fs::rename(scene.root().join("elsewhere"), scene.path("")).unwrap();
    fs::rename(scene.path("away"), scene.path("outbox")).unwrap();
    watching.says("nothing to do");
    let scene = scene.message(SECOND, "# Two");
    until("a message in the box that came back", || scene.has(&format!("{SECOND}.html")));
    watching.stop();
}

#[test]
fn a_command_is_told_what_changed() {
    let scene = scene();
    let watching = Watching::start(&scene, &["--exec", "cat >list.new && mv list.new list"]);
    let list = || fs::read_to_string(scene.root().join("list")).unwrap_or_default();
    until("the first build", || list().contains("+index.html\n"));
    fs::write(scene.path(&format!("outbox/{SECOND}.txt")), "# Two").unwrap();
    until("a new message", || list().contains(&format!("+{SECOND}.html\n")));
    assert!(!list().contains("letter.css"), "only what changed");
    fs::remove_file(scene.path(&format!("outbox/{SECOND}.txt"))).unwrap();
    until("its removal", || list().contains(&format!("-{SECOND}.html\n")));
    watching.stop();
}

#[test]
fn a_rescan_finds_what_is_gone_from_the_site() {
    let scene = scene();
    let watching = Watching::start(&scene, &["--rescan", "1s"]);
    fs::remove_file(scene.site().join("index.html")).unwrap();
    until("a page that was deleted", || scene.has("index.html"));
    fs::remove_dir_all(scene.site()).unwrap();
    until("a site that was deleted", || scene.has("index.html"));
    watching.stop();
    assert_same(&scene.built(), &scene.clean(), "afterwards");
}

#[test]
fn what_no_change_of_the_channel_can_mend_ends_the_watch() {
    let scene = scene();
    fs::create_dir(scene.site()).unwrap();
    fs::write(scene.site().join("index.html"), "mine").unwrap();
    assert_says(
        scene.session(&[&["watch", "./blog", "-o", "out"]]),
        str![[r#"
$ missive watch ./blog -o out
--- messages
error: [ROOT]/out/index.html would be overwritten, but missive did not write it
  hint: choose another output folder with `-o DIR`, or use this one with `--force`
--- exit 1
"#]],
    );
}

#[test]
fn a_chosen_theme_is_watched_from_the_beginning() {
    let scene = scene();
    for folder in ["theme-a", "theme-b"] {
        fs::create_dir(scene.root().join(folder)).unwrap();
    }
    std::os::unix::fs::symlink(scene.root().join("theme-b"), scene.path("theme")).unwrap();
    let watching = Watching::start(&scene, &["--theme", "./theme-a"]);
    for (folder, words) in [("theme-a", "chosen"), ("theme-b", "linked")] {
        fs::write(scene.root().join(folder).join("404.html"), words).unwrap();
        until(words, || scene.page("404.html") == words);
    }
    watching.stop();
}

#[test]
fn a_file_in_the_way_does_not_end_a_watch_at_work() {
    let scene = scene();
    let watching = Watching::start(&scene, &[]);
    fs::write(scene.site().join(format!("{SECOND}.html")), "mine").unwrap();
    let scene = scene.message(SECOND, "# Two");
    watching.says("would be overwritten");
    fs::remove_file(scene.site().join(format!("{SECOND}.html"))).unwrap();
    let scene = scene.message(FIRST, "# Changed");
    until("both messages", || scene.has(&format!("{SECOND}.html")));
    watching.stop();
}

#[test]
fn a_mistake_that_is_made_again_is_said_again() {
    let scene = scene();
    let watching = Watching::start(&scene, &[]);
    let scene = scene.file("theme/entry.html", b"{{ broken");
    watching.says("theme/entry.html");
    let scene = scene.settings("[sit]\n");
    watching.says("did you mean `site`?");
    let scene = scene.remove("missive.toml");
    watching.says("theme/entry.html");
    let _scene = scene.settings("[sit]\n");
    watching.says("did you mean `site`?");
    watching.stop();
}

#[test]
fn who_signed_a_message_is_shown_when_it_is_known() {
    let scene = Scene::new().message(FIRST, "text");
    let watching = Watching::start(&scene, &[]);
    let file = crate::authors::signed(&["Azureen", "Brando"], &[(FIRST, 2)]);
    fs::write(scene.path("outbox/.authors.toml"), file).unwrap();
    until("a byline", || scene.page("index.html").contains(">Brando</span>"));
    fs::remove_file(scene.path("outbox/.authors.toml")).unwrap();
    until("no byline", || !scene.page("index.html").contains(">Brando</span>"));
    until("the end of the build", || !scene.has(".missive-stage"));
    drop(watching);
    assert_same(&scene.built(), &scene.clean(), "watched");
}

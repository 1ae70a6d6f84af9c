//! What the turns find and whom they tell, with a data folder on disk and the schedule in a thread of their own.

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::Duration;

use crate::channel::snapshot::Snapshot;
use crate::daemon::cycle::Answer;
use crate::daemon::observer::{BuiltSite, CycleEvent};
use crate::daemon::schedule::*;
use crate::daemon::{Error, Folders, test_clock};
use crate::site::BuildOptions;
use crate::site::SiteError::InTheWay;

const LONG: Duration = Duration::from_secs(20);
/// Long enough to be sure that nothing will be told.
const PATIENCE: Duration = Duration::from_millis(200);
const FIRST: &str = "2026-01-01T10-00-00Z";
const SECOND: &str = "2026-01-02T10-00-00Z";

/// What an observer was told, in words.
struct Ear(Sender<String>);

impl Ear {
    fn hear(&self, channel: &Channel, what: &str) {
        let _ = self.0.send(format!("{}: {what}", channel.name));
    }
}

impl Observer for Ear {
    type Stop = Infallible;

    fn looked(&mut self, channel: &Channel, snapshot: &Snapshot) {
        self.hear(channel, &format!("looked, {}", snapshot.cards.len()));
    }

    fn built(&mut self, channel: &Channel, site: &BuiltSite<'_>, _is_news: bool) -> Result<(), Infallible> {
        let nothing = site.output.written.is_empty() && site.output.removed.is_empty();
        self.hear(channel, if nothing { "built nothing" } else { "built" });
        Ok(())
    }

    fn failed(&mut self, channel: &Channel, error: &Arc<Error>) -> Result<(), Infallible> {
        self.hear(channel, &format!("failed, {error}"));
        Ok(())
    }

    fn happened(&mut self, channel: &Channel, event: &CycleEvent<'_>) {
        match event {
            CycleEvent::Sent(sent) => self.hear(channel, &format!("sent {}", sent.stamp)),
            CycleEvent::NotSent { draft, error } => self.hear(channel, &format!("did not send {draft}: {error}")),
            CycleEvent::NoneSent(error) => self.hear(channel, &format!("sent nothing: {error}")),
            CycleEvent::WaitsForOtherBuild => self.hear(channel, "waits"),
        }
    }

    fn gone(&mut self, channel: &Channel) {
        self.hear(channel, "gone");
    }
}

/// A data folder.
struct Scene {
    _dir: tempfile::TempDir,
    folders: Folders,
}

impl Scene {
    fn new(channels: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let folders = Folders { data: root.join("data"), here: root, cache: None, home: None, config: None };
        let scene = Self { _dir: dir, folders };
        fs::create_dir(&scene.folders.data).unwrap();
        for name in channels {
            scene.write(&format!("{name}/outbox/{FIRST}.txt"), "# One");
        }
        scene
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folders.data.join(path)
    }

    fn output(&self, name: &str) -> PathBuf {
        self.folders.here.join("sites").join(name).join("site")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn cycle(&self, channel: Channel) -> ChannelCycle<'_> {
        let options = BuildOptions { output: Some(self.output(&channel.name.to_string())), ..BuildOptions::default() };
        ChannelCycle::new(options, channel, &self.folders, Console::default(), test_clock::clock())
    }

    fn schedule(&self, detection: Detection) -> Schedule<'_> {
        let mut schedule = Schedule::new(detection, Duration::ZERO, Console::default(), test_clock::clock());
        schedule.follow(self.folders.data.clone(), |channel| self.cycle(channel));
        schedule
    }
}

fn name(name: &str) -> ChannelName {
    ChannelName::parse(name.as_ref()).unwrap()
}

/// A schedule at work in another thread.
struct Going<'s> {
    requests: RequestQueue,
    waker: Waker,
    told: Receiver<String>,
    thread: Option<ScopedJoinHandle<'s, Result<(), Infallible>>>,
}

impl<'s> Going<'s> {
    fn start<'e: 's>(scope: &'s Scope<'s, 'e>, mut schedule: Schedule<'e>) -> Self {
        let (requests, waker, (tell, told)) = (schedule.requests(), schedule.waker(), channel());
        let thread = scope.spawn(move || schedule.run(&mut Ear(tell)));
        Self { requests, waker, told, thread: Some(thread) }
    }

    #[track_caller]
    fn tells(&self, what: &str) {
        assert_eq!(self.told.recv_timeout(LONG).as_deref(), Ok(what));
    }

    /// Waits until it was told, whatever is told before.
    #[track_caller]
    fn comes_to(&self, what: &str) {
        let mut others = Vec::new();
        while let Ok(told) = self.told.recv_timeout(LONG) {
            if told == what {
                return;
            }
            others.push(told);
        }
        panic!("never told `{what}`, but {others:#?}");
    }

    #[track_caller]
    fn is_silent(&self) {
        assert_eq!(self.told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Timeout));
    }

    /// What is told until nothing more is.
    fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.told.recv_timeout(PATIENCE.saturating_mul(3)).ok()).collect()
    }

    fn site(&self, of: &str) -> Answer {
        self.requests.site(name(of)).recv_timeout(LONG).unwrap()
    }

    fn look(&self, at: &str, touched: Touched) -> Answer {
        self.requests.look(name(at), touched).recv_timeout(LONG).unwrap()
    }
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.waker.stop();
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            assert_eq!(ended.unwrap(), Ok(()));
        }
    }
}

/// Runs the same story with both means.
fn both(channels: &[&str], story: impl Fn(&Scene, Going<'_>) + Copy + Send) {
    std::thread::scope(|scope| {
        for detection in [Detection::Auto, Detection::Polling] {
            scope.spawn(move || {
                let scene = Scene::new(channels);
                std::thread::scope(|scope| story(&scene, Going::start(scope, scene.schedule(detection))));
            });
        }
    });
}

#[test]
fn every_channel_is_looked_at_and_none_is_built_unasked() {
    both(&["a", "b", "c"], |scene, going| {
        for channel in ["a", "b", "c"] {
            going.tells(&format!("{channel}: looked, 1"));
        }
        going.is_silent();
        assert!(!scene.folders.here.join("sites").exists());
    });
}

#[test]
fn a_change_concerns_its_channel_only() {
    both(&["a", "aa", "b"], |scene, going| {
        going.comes_to("b: looked, 1");
        scene.write(&format!("a/outbox/{SECOND}.txt"), "# Two");
        going.comes_to("a: looked, 2");
        fs::remove_dir_all(scene.at("aa/outbox")).unwrap();
        fs::create_dir(scene.at("aa/inbox")).unwrap();
        let told = going.rest();
        assert!(told.iter().all(|line| line.starts_with("a: looked") || line.starts_with("aa: ")), "{told:?}");
        assert_eq!(told.last().unwrap(), "aa: looked, 0");
    });
}

#[test]
fn a_site_is_built_from_the_moment_when_somebody_asks() {
    both(&["a", "b"], |scene, going| {
        // A mistake in settings that nobody needs yet is nobody's concern.
        scene.write("b/missive.toml", "[sit]\n");
        going.comes_to("b: looked, 1");
        assert_eq!(going.site("a"), Ok(()));
        assert!(scene.output("a").join("index.html").exists());
        going.comes_to("a: built");
        assert_eq!(going.site("a"), Ok(()), "answered at once");
        scene.write(&format!("a/outbox/{SECOND}.txt"), "# Two");
        going.comes_to("a: looked, 2");
        going.comes_to("a: built");
        assert!(scene.output("a").join(format!("{SECOND}.html")).exists());
        assert!(going.site("b").unwrap_err().to_string().contains("did you mean `site`?"));
        assert!(!scene.output("b").exists());
        // While the site cannot be built, the messages are still looked at.
        scene.write(&format!("b/outbox/{SECOND}.txt"), "# Two");
        going.comes_to("b: looked, 2");
        fs::remove_file(scene.at("b/missive.toml")).unwrap();
        going.comes_to("b: built");
        assert_eq!(going.site("b"), Ok(()));
    });
}

#[test]
fn a_theme_is_watched_wherever_it_lies_and_concerns_who_uses_it() {
    let scene = Scene::new(&["a", "b"]);
    let theme = scene.folders.here.join("theme");
    fs::create_dir(&theme).unwrap();
    scene.write("a/missive.toml", &format!("[site]\ntheme = \"{}\"\n", theme.display()));
    std::thread::scope(|scope| {
        let going = Going::start(scope, scene.schedule(Detection::Auto));
        assert_eq!((going.site("a"), going.site("b")), (Ok(()), Ok(())));
        going.rest();
        fs::write(theme.join("letter.css"), "p { color: red }").unwrap();
        going.comes_to("a: built");
        let told = going.rest();
        assert!(told.iter().all(|line| line.starts_with("a: ")), "{told:?}");
        assert!(fs::read_to_string(scene.output("a").join("assets/letter.css")).unwrap().contains("red"));
    });
}

#[test]
fn channels_come_and_go() {
    both(&["a"], |scene, going| {
        going.tells("a: looked, 1");
        fs::create_dir_all(scene.folders.here.join("made/outbox")).unwrap();
        fs::rename(scene.folders.here.join("made"), scene.at("b")).unwrap();
        going.tells("b: looked, 0");
        scene.write(&format!("b/outbox/{FIRST}.txt"), "# One");
        going.comes_to("b: looked, 1");
        fs::rename(scene.at("b"), scene.at("c")).unwrap();
        going.comes_to("b: gone");
        going.comes_to("c: looked, 1");
        assert!(going.site("b").is_err());
        fs::remove_dir_all(scene.at("c/outbox")).unwrap();
        going.comes_to("c: gone");
        assert_eq!(going.rest(), [""; 0]);
    });
}

#[test]
fn a_folder_is_a_channel_as_soon_as_it_has_a_box() {
    both(&["a"], |scene, going| {
        going.tells("a: looked, 1");
        fs::create_dir(scene.at("b")).unwrap();
        scene.write("notes.txt", "no folder");
        going.is_silent();
        sleep(PATIENCE);
        fs::create_dir(scene.at("b/outbox")).unwrap();
        going.tells("b: looked, 0");
    });
}

#[test]
fn the_data_folder_may_come_late() {
    both(&[], |scene, going| {
        fs::remove_dir(&scene.folders.data).unwrap();
        going.is_silent();
        scene.write(&format!("a/outbox/{FIRST}.txt"), "# One");
        going.comes_to("a: looked, 1");
    });
}

#[test]
fn a_channel_goes_by_the_name_of_its_link() {
    let scene = Scene::new(&["a"]);
    fs::rename(scene.at("a"), scene.folders.here.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(scene.folders.here.join("elsewhere"), scene.at("a")).unwrap();
    std::thread::scope(|scope| {
        let going = Going::start(scope, scene.schedule(Detection::Auto));
        going.tells("a: looked, 1");
        assert_eq!(going.site("a"), Ok(()));
        going.rest();
        fs::write(scene.at(&format!("a/outbox/{SECOND}.txt")), "# Two").unwrap();
        going.comes_to("a: looked, 2");
        going.comes_to("a: built");
    });
}

#[test]
fn a_nudge_from_another_thread_is_answered_when_the_look_is_taken() {
    both(&["a", "b"], |scene, going| {
        going.comes_to("b: looked, 1");
        scene.write(&format!("a/outbox/{SECOND}.txt"), "# Two");
        let path = scene.at(&format!("a/outbox/{SECOND}.txt"));
        assert_eq!(going.look("a", Touched::from(path)), Ok(()));
        going.tells("a: looked, 2");
        going.rest();
        assert_eq!(going.look("b", Touched::Everything), Ok(()), "nothing is new");
        fs::create_dir_all(scene.at("c/outbox")).unwrap();
        assert_eq!(going.look("c", Touched::Everything), Ok(()), "made a moment ago");
        let unknown = going.look("nobody", Touched::Everything).unwrap_err();
        assert!(unknown.to_string().contains("no channel `nobody`"), "{unknown}");
    });
}

#[test]
fn a_failure_of_one_channel_is_no_other_ones() {
    both(&["a", "b"], |scene, going| {
        fs::create_dir_all(scene.output("a")).unwrap();
        fs::write(scene.output("a").join("index.html"), "not ours").unwrap();
        let in_the_way = InTheWay { path: scene.output("a").join("index.html") };
        assert_eq!(going.site("a").unwrap_err().to_string(), in_the_way.to_string());
        assert_eq!(going.site("b"), Ok(()));
        fs::remove_file(scene.output("a").join("index.html")).unwrap();
        assert_eq!(going.site("a"), Ok(()), "whoever asks again has it tried again");
    });
}

#[test]
fn what_is_due_is_sent_without_a_site() {
    let scene = Scene::new(&["a", "b"]);
    let soon = test_clock::clock().seconds() + 2;
    let due = crate::channel::protocol::stamp::Stamp::from_seconds(soon).unwrap();
    scene.write(&format!("b/drafts/{due}.txt"), "# Scheduled");
    std::thread::scope(|scope| {
        let going = Going::start(scope, scene.schedule(Detection::Auto));
        going.tells("a: looked, 1");
        going.tells("b: looked, 1");
        going.tells(&format!("b: sent {due}"));
        going.tells("b: looked, 2");
        assert!(going.rest().iter().all(|line| line.starts_with("b: looked")));
    });
}

#[test]
fn nobody_waits_for_an_answer_that_will_not_come() {
    let scene = Scene::new(&["a"]);
    let mut schedule = scene.schedule(Detection::Auto);
    let (requests, waker) = (schedule.requests(), schedule.waker());
    let before = requests.site(name("a"));
    waker.stop();
    let (tell, _told) = channel();
    assert_eq!(schedule.run(&mut Ear(tell)), Ok(()));
    assert!(before.recv_timeout(LONG) == Err(RecvTimeoutError::Disconnected));
    assert!(requests.look(name("a"), Touched::Everything).recv_timeout(LONG) == Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_part_of_a_tick_is_what_lies_below_the_places() {
    let scene = Scene::new(&["a"]);
    let channel = Channel::open(&scene.at("a")).unwrap();
    let cycle = scene.cycle(channel);
    let kept = ScheduledChannel { places: cycle.places(), cycle, todo: None };
    let paths = |paths: &[&str]| Touched::Paths(paths.iter().map(|path| scene.at(path)).collect());
    for (touched, part) in [
        (paths(&["a/outbox/x.txt", "a/outbox/y.txt", "aa/outbox/x.txt"]), paths(&["a/outbox/x.txt", "a/outbox/y.txt"])),
        (paths(&["a.txt", "aa", "b/outbox/x.txt"]), Touched::default()),
        (paths(&["a/missive.toml", "b"]), paths(&["a/missive.toml"])),
        (paths(&["a/inbox", "b"]), Touched::Everything),
        (paths(&["a"]), Touched::Everything),
        (Touched::Everything, Touched::Everything),
    ] {
        assert_eq!(kept.part_of(&touched), part, "{touched:?}");
    }
}

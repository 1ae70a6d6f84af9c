//! What ends a wait besides a change: a call, a stop, a due time, and what the system lost.

use std::time::{Duration, Instant};

use crate::watch::native_error::NativeError;
use crate::watch::pending_changes::WatchProblem;
use crate::watch::tests::{LONG, Scene, both, is_polling};
use crate::watch::{Detection, Touched, WakeReason, Waker};

#[test]
fn a_stop_ends_this_wait_and_all_later_ones() {
    both(|mut scene| {
        let waker: Waker = scene.watch.waker();
        let ringer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            waker.stop();
        });
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Stop);
        scene.write("channel/inbox/a.txt", "text");
        assert_eq!(scene.watch.wait(None), WakeReason::Stop);
        ringer.join().unwrap();
    });
}

#[test]
fn what_is_due_comes_in_time_and_loses_nothing() {
    both(|mut scene| {
        let start = Instant::now();
        assert_eq!(scene.watch.wait(Some(Duration::from_millis(60))), WakeReason::Due);
        assert!(start.elapsed() >= Duration::from_millis(60));
        scene.write("channel/inbox/a.txt", "text");
        assert_eq!(scene.watch.wait(Some(Duration::ZERO)), WakeReason::Due);
        scene.tells("channel/inbox/a.txt");
    });
}

#[test]
fn from_time_to_time_everything_is_told() {
    both(|mut scene| {
        scene.watch.rescan = Duration::from_secs(1);
        let start = Instant::now();
        for _ in 0..2 {
            assert_eq!(scene.tick(), Touched::Everything);
        }
        assert!(start.elapsed() > Duration::from_millis(1_900));
    });
}

#[test]
fn lost_events_are_everything_and_new_folders_among_them_are_watched() {
    let mut scene = Scene::new(Detection::Auto);
    scene.watch.pending.note_problem(WatchProblem::Lost);
    scene.tells_everything();
    scene.write("channel/inbox/2026-11-22T13-35-04Z/deep/a.jpg", "jpg");
    scene.tells("channel/inbox/2026-11-22T13-35-04Z/deep/a.jpg");
}

#[test]
fn where_the_system_stops_telling_it_polls_and_says_so_once() {
    let mut scene = Scene::new(Detection::Auto);
    scene.watch.pending.fail(NativeError::TooManyFolders(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
    scene.tells_everything();
    assert!(is_polling(&scene.watch));
    assert_eq!(
        scene.watch.take_fallback().as_deref(),
        Some(
            "changes are found by scanning at intervals, because the system's limit of watched folders is reached \
             (fs.inotify.max_user_watches)"
        )
    );
    assert_eq!(scene.watch.take_fallback(), None);
    scene.write("channel/inbox/a.txt", "text");
    scene.tells("channel/inbox/a.txt");
}

#[test]
fn a_call_ends_one_wait_at_once_and_loses_nothing() {
    both(|mut scene| {
        let waker = scene.watch.waker();
        let caller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            waker.call();
        });
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Called);
        caller.join().unwrap();
        scene.is_silent();
        let waker = scene.watch.waker();
        waker.touch(Touched::from(scene.at("channel/inbox/a.txt")));
        waker.call();
        assert_eq!(scene.watch.wait(Some(LONG)), WakeReason::Called);
        scene.tells("channel/inbox/a.txt");
    });
}

//! Stopped between any two disk operations, a build leaves whole files, and the next build mends the rest.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scene::{Scene, assert_same, files, png};

fn before() -> Scene {
    Scene::new()
        .settings("[site]\npage_size = 2\n")
        .message("2026-01-01T10-00-00Z", "# One\n\n#tag")
        .attachment("2026-01-01T10-00-00Z", "a.png", &png(3, 4))
        .message("2026-01-02T10-00-00Z", "# Two")
        .message("2026-01-03T10-00-00Z", "# Three")
}

fn after(scene: Scene) -> Scene {
    scene
        .remove("outbox/2026-01-01T10-00-00Z.txt")
        .message("2026-01-03T10-00-00Z", "# Three, renamed")
        .attachment("2026-01-03T10-00-00Z", "new/b.csv", b"1,2")
        .message("2026-02-01T10-00-00Z", "# Four #new")
}

/// Builds and stops at the given operation, as if the machine had: nothing is cleaned up. Tells whether it got that far.
fn stopped_at(scene: &Scene, operation: usize) -> bool {
    let count = AtomicUsize::new(0);
    let gate = || {
        assert!(count.fetch_add(1, Ordering::Relaxed) != operation, "stopped");
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(|| scene.build_gated(&scene.site(), &gate))).is_err()
}

#[test]
fn a_first_build_stopped_anywhere_is_mended() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for operation in 0.. {
        let scene = before();
        let stopped = stopped_at(&scene, operation);
        assert!(!stopped || !scene.has("index.html"), "a site appears whole");
        scene.build().report();
        assert_same(&scene.built(), &scene.clean(), &format!("stopped at {operation}"));
        if !stopped {
            assert!(operation > 10);
            break;
        }
    }
    std::panic::set_hook(hook);
}

#[test]
fn a_rebuild_stopped_anywhere_is_mended() {
    for operation in 0.. {
        let scene = before();
        scene.build().report();
        let old = files(&scene.site());
        let scene = after(scene);
        let new = scene.clean();
        let stopped = stopped_at(&scene, operation);
        for (name, bytes) in files(&scene.site()).iter().filter(|(name, _)| !name.starts_with('.')) {
            assert!(
                Some(bytes) == old.get(name) || Some(bytes) == new.get(name),
                "{name} is neither old nor new at {operation}"
            );
        }
        // What is done then may have changed once more.
        let scene = scene.remove("outbox/2026-02-01T10-00-00Z.txt");
        scene.build().report();
        assert_same(&scene.built(), &scene.clean(), &format!("stopped at {operation}"));
        if !stopped {
            assert!(operation > 10);
            break;
        }
    }
}

#[test]
fn an_error_while_files_are_made_changes_nothing() {
    for operation in 0..8 {
        let scene = before();
        scene.build().report();
        let old = files(&scene.site());
        let scene = after(scene);
        let count = AtomicUsize::new(0);
        let gate = || {
            if count.fetch_add(1, Ordering::Relaxed) == operation {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        };
        assert!(scene.build_gated(&scene.site(), &gate).0.is_err());
        assert_same(&files(&scene.site()), &old, &format!("no room at {operation}"));
        scene.build().report();
        assert_same(&scene.built(), &scene.clean(), "with room again");
    }
}

#[test]
fn an_error_at_any_operation_leaves_whole_files_and_no_litter() {
    for operation in 0.. {
        let scene = before();
        scene.build().report();
        let old = files(&scene.site());
        let scene = after(scene);
        let new = scene.clean();
        let count = AtomicUsize::new(0);
        let gate = || {
            let here = count.fetch_add(1, Ordering::Relaxed) == operation;
            if here { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        };
        let failed = scene.build_gated(&scene.site(), &gate).0.is_err();
        assert!(!failed || !scene.has(".missive-stage"), "the stage is left at {operation}");
        for (name, bytes) in files(&scene.site()).iter().filter(|(name, _)| !name.starts_with('.')) {
            assert!(Some(bytes) == old.get(name) || Some(bytes) == new.get(name), "{name} at {operation}");
        }
        scene.build().report();
        assert_same(&scene.built(), &new, &format!("an error at {operation}"));
        if !failed {
            assert!(operation > 10);
            break;
        }
    }
}

#[test]
fn a_damaged_record_or_cache_is_made_anew() {
    let scene = before();
    scene.build().report();
    let clean = scene.clean();
    for file in [scene.site().join(".missive-manifest"), scene.root().join("cards")] {
        let bytes = fs::read(&file).unwrap();
        let truncated = bytes[..bytes.len() / 2].to_vec();
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for damaged in [truncated, flipped, b"missive manifest 99\nx".to_vec(), Vec::new()] {
            fs::write(&file, damaged).unwrap();
            scene.build().report();
            assert_same(&scene.built(), &clean, &file.display().to_string());
        }
    }
}

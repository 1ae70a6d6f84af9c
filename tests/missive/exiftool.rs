//! What `exiftool` still reads of photographs, films, sound and scans that were published: no place, no time, no device and no
//! person. Their pixels are the same bytes, and those that were turned are turned.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use missive::media::{Layout, erasures};
use proptest::prelude::*;

use crate::media_files::{CONTENT, TELEMETRY, avi, film, gif, heif, tiff, wave, webp};
use crate::scene::{Scene, photograph, png, words};

const STEM: &str = "2026-01-01T10-00-00Z";
/// What is written into every file, in the ways that its format has.
const NOTES: [&str; 17] = [
    "-GPSLatitude=48.9",
    "-GPSLatitudeRef=N",
    "-GPSLongitude=123.4",
    "-GPSLongitudeRef=W",
    "-Keys:GPSCoordinates=48.9, -123.4, 10",
    "-UserData:GPSCoordinates=48.9, -123.4, 10",
    "-Make=Acme",
    "-SerialNumber=SN-0012345678",
    "-Artist=Azureen Sea",
    "-OwnerName=Azureen Sea",
    "-XMP:Creator=Azureen Sea",
    "-IPTC:By-line=Azureen Sea",
    "-Comment=Azureen Sea",
    "-DateTimeOriginal=2020:01:02 03:04:05",
    "-QuickTime:CreateDate=2020:01:02 03:04:05",
    "-TrackCreateDate=2020:01:02 03:04:05",
    "-MediaCreateDate=2020:01:02 03:04:05",
];
/// How any of that looks when it is read.
const TOLD: [&str; 6] = ["48 deg", "Acme", "ACME", "SN-0012345678", "Azureen", "2020:01:02"];

/// Runs exiftool with these files; `None` where it is not installed, which is said, and is a failure in CI.
#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn exiftool(options: &[&str], files: &[&Path]) -> Option<String> {
    match Command::new("exiftool").args(options).args(files).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "exiftool (libimage-exiftool-perl) is needed: {error}");
            eprintln!("not tested: exiftool (libimage-exiftool-perl) is not installed");
            None
        }
    }
}

/// All that exiftool reads of a file but for its name and the times on this disk.
fn read(file: &Path) -> Option<String> {
    exiftool(&["-a", "-u", "-ee", "-G1", "-s", "--System:all"], &[file])
}

fn cameras_files() -> Vec<(&'static str, Vec<u8>)> {
    let samsung =
        [&photograph(3, 2)[..], b"\0\0\x01\x0A\x0E\0\0\0Image_UTC_Data2020:01:02SEFHe\0\0\0\0\0\0\0SEFT"].concat();
    let motion = [&photograph(3, 2)[..], &film("mp42", true)].concat();
    vec![
        ("a.jpg", photograph(3, 2)),
        ("b.png", png(3, 2)),
        ("c.webp", webp()),
        ("d.gif", gif()),
        ("e.tif", tiff()),
        ("f.heic", heif("heic", "hvc1")),
        ("g.avif", heif("avif", "av01")),
        ("h.mp4", film("mp42", true)),
        ("i.mov", film("qt  ", true)),
        ("j.m4a", film("M4A ", false)),
        ("k.3gp", film("3gp5", true)),
        ("l.wav", wave()),
        ("m.avi", avi()),
        ("n.jpg", samsung),
        ("o.jpg", motion),
    ]
}

#[test]
fn nothing_is_told_by_what_cameras_phones_and_scanners_make() {
    let files = cameras_files();
    let scene =
        files.iter().fold(Scene::new().message(STEM, "x"), |scene, (name, bytes)| scene.attachment(STEM, name, bytes));
    let originals: Vec<_> = files.iter().map(|(name, _)| scene.path(&format!("outbox/{STEM}/{name}"))).collect();
    let paths: Vec<&Path> = originals.iter().map(PathBuf::as_path).collect();
    // Only the formats that it can write: to the others their notes were given when they were made.
    let writable: Vec<&Path> = paths[..13]
        .iter()
        .copied()
        .filter(|path| !matches!(path.extension().unwrap().to_str(), Some("wav" | "avi")))
        .collect();
    let options: Vec<&str> = ["-q", "-m", "-overwrite_original"].into_iter().chain(NOTES).collect();
    if exiftool(&options, &writable).is_none() {
        return;
    }
    // Of a GIF that nobody turns, and XMP would be all that says so.
    let turnable: Vec<&Path> = writable.iter().copied().take(7).filter(|path| !path.ends_with("d.gif")).collect();
    exiftool(&["-q", "-m", "-n", "-overwrite_original", "-Orientation=6"], &turnable);
    scene.build().report();
    for original in &originals {
        let name = original.file_name().unwrap().to_str().unwrap();
        let published = scene.site().join(STEM).join(name);
        let (before, after) = (read(original).unwrap(), read(&published).unwrap());
        assert!(TOLD.iter().any(|told| before.contains(told)), "{name} had nothing to tell: {before}");
        for told in TOLD {
            assert!(!after.contains(told), "{name} tells {told}: {after}");
        }
        for group in ["[GPS]", "[ExifIFD]", "[XMP-", "[Keys]", "[UserData]", "[IPTC]", "Error", "Invalid"] {
            assert!(!after.contains(group), "{name} has {group}: {after}");
        }
        let turned =
            |text: &str| text.lines().any(|line| line.contains("Orientation") && line.contains("Rotate 90 CW"));
        assert_eq!(turned(&before), turned(&after), "{name}: {after}");
        let rotation =
            |text: &str| text.lines().filter(|line| line.contains("[QuickTime]") && line.contains("Rotation")).count();
        assert_eq!(rotation(&before), rotation(&after), "{name}: {after}");
        let (before, after) = (std::fs::read(original).unwrap(), std::fs::read(&published).unwrap());
        assert_eq!(find(&after, TELEMETRY), None, "{name}");
        if ![".jpg", ".png", ".webp", ".gif"].iter().any(|ending| name.ends_with(ending)) {
            let place = find(&before, CONTENT);
            assert!(place.is_some() && place == find(&after, CONTENT), "{name}: what is shown has moved");
        }
    }
    // The scans of a photograph, the frames of an animation and how often it is shown.
    let published = |name: &str| std::fs::read(scene.site().join(STEM).join(name)).unwrap();
    assert!(find(&published("a.jpg"), b"\x12\x34\xff\xd9").is_some() && published("o.jpg") == published("n.jpg"));
    assert_eq!(published("d.gif"), gif());
    assert_eq!(published("b.png").len(), png(3, 2).len() + 38, "the picture, and how it is turned");
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[test]
fn the_originals_stay_and_keep_metadata_keeps_them_on_the_site() {
    let files = [("a.mp4", film("mp42", true)), ("b.gif", gif()), ("c.wav", wave())];
    let scene =
        files.iter().fold(Scene::new().message(STEM, "x"), |scene, (name, file)| scene.attachment(STEM, name, file));
    for (options, is_kept) in [(&[][..], false), (&["--keep-metadata"], true), (&[], false)] {
        assert!(scene.run(&[&["build", "blog"], options].concat()).status.success());
        for (name, file) in &files {
            let published = std::fs::read(scene.path(&format!("site/{STEM}/{name}"))).unwrap();
            assert_eq!(published == *file, is_kept || *name == "b.gif", "{name} {options:?}");
            assert_eq!(published.len(), file.len());
            assert_eq!(&std::fs::read(scene.path(&format!("outbox/{STEM}/{name}"))).unwrap(), file);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was done to a file: it is looked through in bounds, keeps its length, and a second look finds nothing more.
    #[test]
    fn damage_is_never_made_worse(
        which in 0..8_usize,
        hits in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0), Just(0xFF), any::<u8>()]), 0..5),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let (mut file, layout) = erasable().swap_remove(which);
        for (at, value) in hits {
            *at.get_mut(&mut file) = value;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        if let Some(once) = erased(&file, layout) {
            prop_assert_eq!(once.len(), file.len());
            prop_assert_eq!(erased(&once, layout), Some(once.clone()));
        }
    }
}

fn erasable() -> Vec<(Vec<u8>, Layout)> {
    vec![
        (film("mp42", true), Layout::Boxes),
        (film("qt  ", false), Layout::Boxes),
        (heif("heic", "hvc1"), Layout::Boxes),
        (heif("avif", "av01"), Layout::Boxes),
        ([heif("heic", "hvc1"), film("mp42", true)].concat(), Layout::Boxes),
        (tiff(), Layout::Tags),
        (wave(), Layout::Chunks),
        (avi(), Layout::Chunks),
    ]
}

fn erased(file: &[u8], layout: Layout) -> Option<Vec<u8>> {
    let erasures = erasures(Cursor::new(file), file.len() as u64, layout)?;
    let mut out = Vec::new();
    erasures.reader(file).read_to_end(&mut out).unwrap();
    Some(out)
}

#[test]
fn boxes_of_impossible_lengths_are_left_alone() {
    let whole = film("mp42", true);
    assert!(erased(&whole, Layout::Boxes).is_some());
    let table = |kind: &[u8]| find(&whole, kind).unwrap();
    let with = |at: usize, bytes: &[u8]| [&whole[..at], bytes, &whole[at + bytes.len()..]].concat();
    for damaged in [
        // The length of a box: less than its own head, more than what it lies in.
        with(table(b"moov") - 4, &[0, 0, 0, 7]),
        with(table(b"trak") - 4, &[0x7F, 0xFF, 0xFF, 0xFF]),
        with(table(b"moov") - 4, &[0, 0, 0, 1]),
        // Tables of more rows than there are bytes, chunks outside of the data, samples of gigabytes.
        with(table(b"stco") + 8, &[0xFF; 4]),
        whole[..whole.len() - 9].to_vec(),
        with(whole.windows(4).rposition(|four| four == b"stco").unwrap() + 12, &[0, 0, 0, 0]),
        with(whole.windows(4).rposition(|four| four == b"stsz").unwrap() + 8, &[0x7F, 0xFF, 0xFF, 0xFF]),
        // A track that is to go, in the place of one that stays.
        with(whole.windows(4).rposition(|four| four == b"stco").unwrap() + 12, &32_u32.to_be_bytes()),
    ] {
        assert_eq!(erased(&damaged, Layout::Boxes), None);
    }
    let huge = [&b"\0\0\0\x01mdat\x80\0\0\0\0\0\0\0"[..], &whole].concat();
    assert_eq!(erased(&huge, Layout::Boxes), None);
}

#[test]
fn what_is_not_understood_is_published_as_it_is_and_named() {
    let cut = |file: Vec<u8>| file[..file.len() - 5].to_vec();
    let files = [("a.heic", cut(heif("heic", "hvc1"))), ("b.mp4", cut(film("mp42", true))), ("c.tif", cut(tiff()))];
    let scene =
        files.iter().fold(Scene::new().message(STEM, "x"), |scene, (name, file)| scene.attachment(STEM, name, file));
    let (_, said) = words(&scene.run(&["build", "blog"]));
    for (name, file) in &files {
        assert_eq!(&std::fs::read(scene.path(&format!("site/{STEM}/{name}"))).unwrap(), file, "{name}");
        let warning = format!("outbox/{STEM}/{name} may reveal where, with which device and by whom it was made");
        assert!(said.contains(&warning), "{said}");
    }
    // Mended, it is cleaned.
    let scene = scene.attachment(STEM, "b.mp4", &film("mp42", true));
    let (_, said) = words(&scene.run(&["build", "blog"]));
    assert!(!said.contains("b.mp4"), "{said}");
    assert_eq!(find(&std::fs::read(scene.path(&format!("site/{STEM}/b.mp4"))).unwrap(), TELEMETRY), None);
}

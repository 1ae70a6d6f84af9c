//! A channel to try things on: its own folder, cache, clock and output, nothing of the machine's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use missive::channel::Channel;
use missive::channel::protocol::settings;
use missive::channel::snapshot::card_cache::CardCache;
use missive::channel::snapshot::{self, LookOptions, Snapshot};
use missive::site;
use missive::site::{
    BuildMemory, Lock, OutputReport, Overrides, OwnHtml, SiteError, SiteOptions, SiteRequest, Theme, ThemeSource,
};

use crate::test_environment::Environment;
pub(crate) use crate::test_environment::{until, words};

/// 2026-11-22T13:35:04Z, in seconds since 1970.
pub(crate) const NOW: i64 = 1_795_354_504;

pub(crate) struct Scene {
    dir: tempfile::TempDir,
    pub(crate) manner: Overrides,
    pub(crate) now: i64,
    pub(crate) future: bool,
}

/// What a build did, ready to be asked.
pub(crate) struct Built(pub(crate) Result<OutputReport, SiteError>);

impl Scene {
    /// A broadcast channel without messages.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("blog/outbox")).unwrap();
        Self { dir, manner: Overrides::default(), now: NOW, future: false }
    }

    /// A subscription without messages.
    pub(crate) fn subscription() -> Self {
        let scene = Self::new();
        fs::rename(scene.path("outbox"), scene.path("inbox")).unwrap();
        scene
    }

    /// A conversation without messages.
    pub(crate) fn conversation() -> Self {
        let scene = Self::new();
        fs::create_dir(scene.path("inbox")).unwrap();
        scene
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// A path within the channel.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join("blog").join(relative)
    }

    pub(crate) fn site(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn main_box(&self) -> &'static str {
        if self.path("outbox").is_dir() { "outbox" } else { "inbox" }
    }

    /// Writes a message into the channel's main box.
    pub(crate) fn message(self, stem: &str, text: &str) -> Self {
        let name = format!("{}/{stem}.txt", self.main_box());
        self.file(&name, text.as_bytes())
    }

    /// Writes an attachment of a message in the main box.
    pub(crate) fn attachment(self, stem: &str, name: &str, bytes: &[u8]) -> Self {
        let name = format!("{}/{stem}/{name}", self.main_box());
        self.file(&name, bytes)
    }

    /// Writes any file of the channel.
    pub(crate) fn file(self, relative: &str, bytes: &[u8]) -> Self {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Puts a file of the channel in place in one step, as everything does that brings files: no reader sees half of it.
    pub(crate) fn put_whole(&self, relative: &str, bytes: &[u8]) {
        let unseen = self.dir.path().join("put");
        fs::write(&unseen, bytes).unwrap();
        fs::rename(&unseen, self.path(relative)).unwrap();
    }

    pub(crate) fn settings(self, toml: &str) -> Self {
        self.file("missive.toml", toml.as_bytes())
    }

    pub(crate) fn remove(self, relative: &str) -> Self {
        let path = self.path(relative);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        self
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let channel = Channel::open(&self.path("")).unwrap();
        snapshot::take(channel, &self.cache(), LookOptions { future: self.future, ..LookOptions::at(self.now) })
    }

    fn cache(&self) -> CardCache {
        CardCache::read(self.dir.path().join("cards"))
    }

    pub(crate) fn theme(&self) -> Result<Theme, SiteError> {
        let own = self.path("theme");
        let sources = if own.is_dir() { vec![ThemeSource::Folder(own)] } else { Vec::new() };
        Theme::load(&sources)
    }

    pub(crate) fn options(&self) -> SiteOptions {
        let site = settings::read(&self.path("")).unwrap().site;
        SiteOptions {
            base_url: site.base_url,
            title: site.title,
            page_size: site.page_size,
            feed_size: site.feed_size,
            highlight: site.highlight,
            html: OwnHtml { passes: site.raw_html, embeds: site.embeds },
            backlinks: site.backlinks,
            keep_metadata: false,
            read_key: None,
            only: None,
        }
    }

    /// Builds into the scene's output.
    pub(crate) fn build(&self) -> Built {
        self.build_gated(&self.site(), &|| Ok(()))
    }

    /// Builds into `output`, asking `gate` before each disk operation.
    pub(crate) fn build_gated(&self, output: &Path, gate: &(dyn Fn() -> std::io::Result<()> + Sync)) -> Built {
        let cache = self.cache();
        let lock = Lock::take(&Channel::open(&self.path("")).unwrap(), output, || {});
        let snapshot = self.snapshot();
        let built = self.theme().and_then(|theme| {
            site::build(
                &SiteRequest {
                    lock: &lock?,
                    snapshot: &snapshot,
                    options: &self.options(),
                    overrides: self.manner,
                    theme: &theme,
                    output,
                    progress: &|_, _| {},
                    gate,
                },
                &mut BuildMemory::default(),
            )
        });
        let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        snapshot.keep(&cache, nanoseconds.try_into().unwrap()).unwrap();
        Built(built)
    }

    /// Every file that a build from nothing makes.
    pub(crate) fn clean(&self) -> BTreeMap<String, Vec<u8>> {
        let output = self.dir.path().join("clean");
        let _ = fs::remove_dir_all(&output);
        let snapshot = {
            let channel = Channel::open(&self.path("")).unwrap();
            snapshot::take(
                channel,
                &CardCache::nowhere(),
                LookOptions { future: self.future, ..LookOptions::at(self.now) },
            )
        };
        site::build(
            &SiteRequest {
                lock: &Lock::take(&snapshot.channel, &output, || {}).unwrap(),
                snapshot: &snapshot,
                options: &self.options(),
                overrides: Overrides::default(),
                theme: &self.theme().unwrap(),
                output: &output,
                progress: &|_, _| {},
                gate: &|| Ok(()),
            },
            &mut BuildMemory::default(),
        )
        .unwrap();
        files(&output)
    }

    /// Every file of the scene's output.
    pub(crate) fn built(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.site())
    }

    /// A page of the output as text.
    pub(crate) fn page(&self, path: &str) -> String {
        let file = self.site().join(path);
        String::from_utf8(fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).unwrap()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.site().join(path).exists()
    }

    /// Where the program runs for this scene.
    pub(crate) fn environment(&self) -> Environment {
        Environment::new(self.root())
    }

    /// Runs the program itself in a home of its own.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.environment().run(args)
    }

    /// Runs the program with each of these lines; gives the whole session, as a snapshot holds it.
    pub(crate) fn session(&self, lines: &[&[&str]]) -> String {
        self.environment().session(lines)
    }
}

impl Built {
    #[track_caller]
    pub(crate) fn report(self) -> OutputReport {
        self.0.unwrap()
    }

    /// Asserts exactly which files were written.
    #[track_caller]
    pub(crate) fn wrote<const N: usize>(self, mut expected: [&str; N]) {
        let mut written: Vec<String> = self.report().written.iter().map(|written| written.path.to_string()).collect();
        written.sort();
        expected.sort_unstable();
        assert_eq!(written, expected);
    }

    #[track_caller]
    pub(crate) fn error(self) -> SiteError {
        self.0.unwrap_err()
    }
}

/// Every visible file below a folder, and the manifest, by relative path.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let relative = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            (relative, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Asserts that two outputs are the same, byte for byte, and says where they are not.
#[track_caller]
pub(crate) fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>, story: &str) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(left), names(right), "{story}");
    for (name, bytes) in left {
        assert!(bytes == &right[name], "{name} differs\n{story}");
    }
}

/// A small PNG of this size, grey.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    for (kind, data) in [(b"IHDR", header.as_slice()), (b"IDAT", &[0; 20]), (b"IEND", &[])] {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        // Only the end's checksum is fixed by the format; nobody decodes the rest.
        bytes.extend(if kind == b"IEND" { [0xae, 0x42, 0x60, 0x82] } else { [0; 4] });
    }
    bytes
}

/// What a photograph of [`photograph`] tells to whoever looks into it.
pub(crate) const SERIAL: &[u8] = b"SN-0012345678";

/// An EXIF block as cameras write it: an artist, the serial number of a camera, and a latitude.
pub(crate) fn notes() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    let directory = |entries: &[Vec<u8>]| {
        [&u16::try_from(entries.len()).unwrap().to_be_bytes()[..], &entries.concat(), &[0; 4]].concat()
    };
    // The first directory stands at byte 8 and is 42 bytes long; the two that it refers to have one entry each: 18 bytes.
    let first = directory(&[entry(0x013b, 2, 13, 86), entry(0x8769, 4, 1, 50), entry(0x8825, 4, 1, 68)]);
    let device = directory(&[entry(0xa431, 2, 13, 86)]);
    let place = directory(&[entry(2, 5, 3, 86)]);
    [&b"MM\0\x2a\0\0\0\x08"[..], &first, &device, &place, SERIAL].concat()
}

/// A JPEG of this size with [`notes`] in it.
pub(crate) fn photograph(width: u16, height: u16) -> Vec<u8> {
    let segment = |code: u8, payload: &[u8]| {
        let length = u16::try_from(payload.len() + 2).unwrap();
        [&[0xff, code][..], &length.to_be_bytes(), payload].concat()
    };
    let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
    let mut huffman = vec![0; 18];
    huffman[1] = 1;
    let parts = [
        segment(0xe1, &[&b"Exif\0\0"[..], &notes()].concat()),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &frame),
        segment(0xc4, &huffman),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
    ];
    [&b"\xff\xd8"[..], &parts.concat(), b"\x12\x34\xff\xd9"].concat()
}

/// A HEIF file's beginning with [`notes`] in it.
pub(crate) fn heic() -> Vec<u8> {
    [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], b"Exif\0\0", &notes()].concat()
}

//! A form that is sent twice does once what it says.
//!
//! Each form that writes bears a number that no other one has. The first time it comes in it is done, and what came of it is
//! kept; the same form again (a second click, a page that is loaded anew, a browser that asks once more) gets the same
//! answer. The same number with other words is another form. What failed is not kept: it may be tried again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::fs::{private, regular_file};
use crate::lock::lock;
use crate::web::http::refusal::Refusal;

/// How many forms are remembered.
const KEPT: usize = 1_024;

/// A form as it came in: the hash of where it was sent, of its number and of all that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Submission(blake3::Hash);

/// What a form came to: the address of a page, or what else is to be shown.
type Answer = Arc<Mutex<Option<String>>>;

/// The forms that came in.
#[derive(Debug)]
pub(crate) struct SubmittedForms {
    known: Mutex<VecDeque<(Submission, Answer)>>,
    /// Where those are noted that led to a page, for the next run of the server.
    file: Option<PathBuf>,
}

impl Submission {
    /// A form; `None` for one without a number: it is done each time it comes. The number stands behind the browser's token.
    pub(crate) fn from_form<'f>(
        path: &str,
        fields: impl Iterator<Item = (&'f str, &'f str)> + Clone,
        files: &blake3::Hasher,
    ) -> Option<Self> {
        let token = fields.clone().find(|(name, _)| *name == "token").map(|(_, value)| value)?;
        let (_, number) = token.split_once('.')?;
        if number.is_empty() {
            return None;
        }
        let mut hash = blake3::Hasher::new();
        hash_part(&mut hash, path.as_bytes());
        for (name, value) in fields {
            hash_part(&mut hash, name.as_bytes());
            hash_part(&mut hash, value.as_bytes());
        }
        hash_part(&mut hash, files.finalize().as_bytes());
        Some(Self(hash.finalize()))
    }
}

impl SubmittedForms {
    /// The forms of earlier runs, as far as the file has them.
    pub(crate) fn read(file: Option<PathBuf>) -> Self {
        let noted = file.as_deref().map(noted).unwrap_or_default();
        Self { known: Mutex::new(noted), file }
    }

    /// Does what a form says, unless that was done; gives what it came to. Who comes while it is being done waits for it.
    ///
    /// # Errors
    /// What `work` says.
    pub(crate) fn run_once(
        &self,
        form: Option<Submission>,
        work: impl FnOnce() -> Result<String, Refusal>,
    ) -> Result<String, Refusal> {
        let Some(form) = form else {
            return work();
        };
        let answer = self.answer(form);
        let mut answer = lock(&answer);
        if let Some(done) = &*answer {
            return Ok(done.clone());
        }
        let done = work()?;
        *answer = Some(done.clone());
        self.note(form, &done);
        Ok(done)
    }

    fn answer(&self, form: Submission) -> Answer {
        let mut known = self.known();
        if let Some((_, answer)) = known.iter().find(|(known, _)| *known == form) {
            return Arc::clone(answer);
        }
        let answer = Answer::default();
        known.push_back((form, Arc::clone(&answer)));
        if known.len() > KEPT {
            known.pop_front();
        }
        answer
    }

    /// Notes where a form led. What is no address may be a secret, and is not.
    fn note(&self, form: Submission, done: &str) {
        let Some(file) = self.file.as_ref().filter(|_| done.starts_with('/')) else {
            return;
        };
        let line = format!("{} {done}\n", form.0.to_hex());
        let opened = File::options().append(true).create(true).mode(0o600).open(file);
        // Only another run of the server does not know of it then.
        if let Err(error) = opened.and_then(|mut file| file.write_all(line.as_bytes())) {
            tracing::warn!(%error, "a form that was received can't be remembered for the next run");
        }
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(Submission, Answer)>> {
        lock(&self.known)
    }
}

/// The last forms of a file, which is made shorter when it has too many.
fn noted(path: &Path) -> VecDeque<(Submission, Answer)> {
    let Ok(file) = regular_file::open(path) else {
        return VecDeque::new();
    };
    let mut lines: VecDeque<String> = VecDeque::new();
    let mut is_long = false;
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        lines.push_back(line);
        if lines.len() > KEPT {
            lines.pop_front();
            is_long = true;
        }
    }
    if is_long {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        // Where it can't be made shorter, it stays as long as it is, and all that is in it counts.
        if let Err(error) = private::replace(path, text.as_bytes()) {
            tracing::warn!(%error, "the file of received forms can't be made shorter");
        }
    }
    lines.iter().filter_map(|line| noted_line(line)).collect()
}

/// A form and where it led, as a line of the file has them.
fn noted_line(line: &str) -> Option<(Submission, Answer)> {
    let (hash, done) = line.split_once(' ')?;
    let form = Submission(blake3::Hash::from_hex(hash).ok()?);
    done.starts_with('/').then(|| (form, Arc::new(Mutex::new(Some(done.to_owned())))))
}

/// Hashes a part behind its length, so that no two forms are hashed alike.
fn hash_part(hash: &mut blake3::Hasher, part: &[u8]) {
    hash.update(&(part.len() as u64).to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn form(fields: &[(&str, &str)]) -> Option<Submission> {
        Submission::from_form("/write/blog", fields.iter().copied(), &blake3::Hasher::new())
    }

    #[test]
    fn the_same_is_done_once_and_what_differs_each_time() {
        let forms = SubmittedForms::read(None);
        let count = AtomicUsize::new(0);
        let send = |form: Option<Submission>| {
            forms.run_once(form, || Ok(format!("/{}", count.fetch_add(1, Ordering::Relaxed)))).unwrap()
        };
        let first = form(&[("token", "t.1"), ("text", "a")]);
        assert_eq!((send(first), send(first)), ("/0".to_owned(), "/0".to_owned()));
        assert_eq!(send(form(&[("token", "t.2"), ("text", "a")])), "/1", "another page");
        assert_eq!(send(form(&[("token", "t.1"), ("text", "b")])), "/2", "other words");
        assert_eq!(send(form(&[("token", "t.1"), ("texta", "")])), "/3");
        let elsewhere =
            Submission::from_form("/write/talk", [("token", "t.1"), ("text", "a")].into_iter(), &blake3::Hasher::new());
        assert_eq!(send(elsewhere), "/4");
        for without in [&[("token", "t")][..], &[("token", "t.")], &[("text", "a.b")]] {
            assert_eq!(form(without), None);
        }
    }

    #[test]
    fn who_comes_meanwhile_waits_for_the_answer() {
        let forms = SubmittedForms::read(None);
        let count = AtomicUsize::new(0);
        let one = form(&[("token", "t.1")]);
        let barrier = std::sync::Barrier::new(8);
        let send = || {
            barrier.wait();
            forms.run_once(one, || Ok(format!("/{}", count.fetch_add(1, Ordering::Relaxed)))).unwrap()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), "/0");
            }
        });
    }

    #[test]
    fn what_failed_is_tried_again() {
        let forms = SubmittedForms::read(None);
        let one = form(&[("token", "t.1")]);
        assert!(forms.run_once(one, || Err(Refusal::bad("the disk is full"))).is_err());
        assert_eq!(forms.run_once(one, || Ok("/done".to_owned())), Ok("/done".to_owned()));
        assert_eq!(forms.run_once(one, || Err(Refusal::bad("never asked"))), Ok("/done".to_owned()));
    }

    #[test]
    fn the_next_run_knows_pages_and_no_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("forms");
        let file = Some(path.clone());
        let (page, code) = (form(&[("token", "t.1")]), form(&[("token", "t.2")]));
        let before = SubmittedForms::read(file.clone());
        before.run_once(page, || Ok("/read/blog".to_owned())).unwrap();
        before.run_once(code, || Ok("missive-invite-aeaq".to_owned())).unwrap();
        let after = SubmittedForms::read(file.clone());
        assert_eq!(after.run_once(page, || Err(Refusal::bad("never asked"))), Ok("/read/blog".to_owned()));
        assert!(after.run_once(code, || Err(Refusal::bad("asked"))).is_err());
        for number in 0..2 * KEPT {
            let number = format!("t.more-{number}");
            after.run_once(form(&[("token", &number)]), || Ok("/".to_owned())).unwrap();
        }
        assert_eq!((after.known().len(), SubmittedForms::read(file.clone()).known().len()), (KEPT, KEPT));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.lines().count() == KEPT && !text.contains("missive-invite"));
    }
}

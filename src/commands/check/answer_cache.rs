//! What other servers said of addresses, kept for a day, so that a second check asks nobody again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fs::atomic_write;

/// The file's name in the program's cache folder.
const FILE_NAME: &str = "links.json";
/// How long an answer counts, in seconds.
const A_DAY: i64 = 24 * 60 * 60;
/// A larger file is not read, in bytes: ten thousand answers have a tenth of that.
const MAX_FILE: u64 = 16 << 20;

/// What a server said of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    /// The page is there.
    There,
    /// It is not, and why.
    Gone(String),
    /// Nobody can say now, and why.
    Unclear(String),
}

/// The answers of the last day.
#[derive(Debug, Default)]
pub(super) struct AnswerCache {
    path: Option<PathBuf>,
    kept: BTreeMap<String, Kept>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// When it was given, in seconds since 1970.
    at: i64,
    answer: Answer,
}

impl AnswerCache {
    /// The answers that are kept below the user's cache folder, if there is one. What cannot be read counts as not there:
    /// it costs asking again.
    pub(super) fn read(folder: Option<&Path>, now: i64) -> Self {
        let Some(path) = folder.map(|folder| folder.join(FILE_NAME)) else { return Self::default() };
        let is_sane = path.metadata().is_ok_and(|file| file.len() <= MAX_FILE);
        let bytes = std::fs::read(&path).ok().filter(|_| is_sane);
        let mut kept: BTreeMap<String, Kept> =
            bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        kept.retain(|_, kept| (0..A_DAY).contains(&now.saturating_sub(kept.at)));
        Self { path: Some(path), kept }
    }

    /// The answer about an address, if it is not older than a day.
    pub(super) fn get(&self, address: &str) -> Option<&Answer> {
        self.kept.get(address).map(|kept| &kept.answer)
    }

    /// Takes note of an answer. One that may be another tomorrow is not kept.
    pub(super) fn put(&mut self, address: &str, answer: &Answer, now: i64) {
        if !matches!(answer, Answer::Unclear(_)) {
            self.kept.insert(address.to_owned(), Kept { at: now, answer: answer.clone() });
        }
    }

    /// Writes the answers.
    ///
    /// # Errors
    /// Whatever the system says; nothing is lost but time.
    pub(super) fn keep(&self) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        atomic_write::replace(path, &serde_json::to_vec(&self.kept)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("missive");
        let mut cache = AnswerCache::read(Some(&below), 1_000);
        cache.put("https://a.example/", &Answer::There, 1_000);
        cache.put("https://b.example/", &Answer::Gone("gone".to_owned()), 1_000);
        cache.put("https://c.example/", &Answer::Unclear("slow".to_owned()), 1_000);
        cache.keep().unwrap();
        let later = AnswerCache::read(Some(&below), 1_000 + A_DAY - 1);
        assert_eq!(later.get("https://a.example/"), Some(&Answer::There));
        assert_eq!(later.get("https://b.example/"), Some(&Answer::Gone("gone".to_owned())));
        assert_eq!(later.get("https://c.example/"), None);
        // A day later, and before a clock that was put back, it is asked again.
        assert!(AnswerCache::read(Some(&below), 1_000 + A_DAY).get("https://a.example/").is_none());
        assert!(AnswerCache::read(Some(&below), 0).get("https://a.example/").is_none());
        std::fs::write(below.join(FILE_NAME), "{").unwrap();
        assert!(AnswerCache::read(Some(&below), 1_000).get("https://a.example/").is_none());
        AnswerCache::default().keep().unwrap();
    }
}

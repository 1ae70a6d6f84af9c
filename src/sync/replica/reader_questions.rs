//! When readers are asked whether they have everything: soon after something changed, less and less often while they lack something,
//! and not at all once they have it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The pause before a reader is asked: it is given time to fetch what is new. And the longest one, while it keeps lacking something.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(5));

/// A reader of which it is not known that it has everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The document's id.
    pub document: [u8; 32],
    /// The device's public key.
    pub device: [u8; 32],
    /// The fingerprint of all that is known here.
    pub version: String,
}

/// When each of them was asked.
#[derive(Debug, Default)]
pub struct ReaderQuestions {
    asked: BTreeMap<([u8; 32], [u8; 32]), Asked>,
}

#[derive(Clone, Debug)]
struct Asked {
    version: String,
    due: Instant,
    pause: Duration,
}

impl ReaderQuestions {
    /// Takes in who lacks something by now; gives those who are to be asked now. They count as asked then.
    pub fn due(&mut self, open: Vec<Reader>, now: Instant) -> Vec<Reader> {
        let known = std::mem::take(&mut self.asked);
        let mut due = Vec::new();
        for reader in open {
            let key = (reader.document, reader.device);
            let mut asked = known.get(&key).cloned().unwrap_or_else(|| Asked::first(&reader, now));
            if asked.version != reader.version {
                // What is new comes soon, but whoever writes all the time does not ask all the time.
                let first = Asked::first(&reader, now);
                asked = Asked { due: asked.due.min(first.due), ..first };
            }
            if asked.due <= now {
                asked.due = now + asked.pause;
                asked.pause = (asked.pause * 2).min(PAUSES.1);
                due.push(reader);
            }
            self.asked.insert(key, asked);
        }
        due
    }

    /// When the next one is to be asked, if nothing changes.
    pub fn next_due(&self) -> Option<Instant> {
        self.asked.values().map(|asked| asked.due).min()
    }
}

impl Asked {
    fn first(reader: &Reader, now: Instant) -> Self {
        Self { version: reader.version.clone(), due: now + PAUSES.0, pause: PAUSES.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(device: u8, version: &str) -> Reader {
        Reader { document: [1; 32], device: [device; 32], version: version.into() }
    }

    #[test]
    fn a_reader_is_asked_less_and_less_often() {
        let (mut questions, start) = (ReaderQuestions::default(), Instant::now());
        let mut asked = Vec::new();
        for second in 0..700 {
            let now = start + Duration::from_secs(second);
            if !questions.due(vec![reader(1, "a")], now).is_empty() {
                asked.push(second);
            }
        }
        assert_eq!(asked, [2, 4, 8, 16, 32, 64, 128, 256, 512]);
    }

    #[test]
    fn what_is_new_is_asked_for_soon_and_not_all_the_time() {
        let (mut questions, start) = (ReaderQuestions::default(), Instant::now());
        let mut asked = 0;
        for tenth in 0..200 {
            let now = start + Duration::from_millis(100 * tenth);
            asked += questions.due(vec![reader(1, &tenth.to_string())], now).len();
        }
        assert_eq!(asked, 9, "a new version every tenth of a second for twenty seconds");
    }

    #[test]
    fn nobody_is_asked_who_has_everything() {
        let (mut questions, start) = (ReaderQuestions::default(), Instant::now());
        assert!(questions.due(vec![reader(1, "a"), reader(2, "a")], start).is_empty(), "they have had no time yet");
        let later = start + PAUSES.0;
        assert_eq!(questions.due(vec![reader(1, "a"), reader(2, "a")], later), [reader(1, "a"), reader(2, "a")]);
        assert_eq!(questions.due(vec![reader(2, "a")], later), []);
        assert_eq!(questions.next_due(), Some(later + PAUSES.0));
        assert!(questions.due(Vec::new(), later).is_empty() && questions.next_due().is_none());
    }
}

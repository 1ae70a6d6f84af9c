//! Limits: how much of somebody else's channel is taken, and why a file is left out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::article::readable_size;
use crate::sync::replica::item::Item;
use crate::text::quantity::count;

/// Bounds on what is fetched, in bytes and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// A message's text.
    pub message: u64,
    /// An attachment.
    pub attachment: u64,
    /// All files of one box together.
    pub channel: u64,
    /// The number of files in one box.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 1 << 20, attachment: 1_000_000_000, channel: 20_000_000_000, files: 200_000 }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, attachment, channel, files } = *self;
        let (message, attachment, channel) =
            (readable_size(message), readable_size(attachment), readable_size(channel));
        write!(f, "texts {message}, attachments {attachment}, all files together {channel}, {}", count(files, "file"))
    }
}

/// So much of a disk is left free, in bytes: the engine's own files grow too, and it breaks where they cannot.
const SPARE: u64 = 32 << 20;

/// Why a file is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Refusal {
    /// It is larger than a file of its kind may be.
    Large {
        /// Its length.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// With it the channel would be too large.
    Full {
        /// Its length.
        bytes: u64,
        /// The limit for the whole channel.
        limit: u64,
    },
    /// The disk is too full for it.
    Disk {
        /// Its length.
        bytes: u64,
    },
    /// There are too many files.
    Many {
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Large { bytes, limit } => {
                write!(f, "not downloaded: {}, limit {}", readable_size(*bytes), readable_size(*limit))
            }
            Self::Full { bytes, limit } => {
                write!(
                    f,
                    "not downloaded: {} more than the channel's limit of {}",
                    readable_size(*bytes),
                    readable_size(*limit)
                )
            }
            Self::Disk { bytes } => {
                write!(f, "not downloaded yet: {}, and the disk is too full", readable_size(*bytes))
            }
            Self::Many { limit } => write!(f, "not downloaded: beyond the first {limit} files"),
        }
    }
}

impl Limits {
    /// Whether a file of this length may be fetched; `bytes` and `files` are what the box holds or waits for without it.
    ///
    /// # Errors
    /// [`Refusal`], with the figures.
    pub fn admit(&self, item: &Item, len: u64, bytes: u64, files: usize) -> Result<(), Refusal> {
        let limit = if item.is_attachment() { self.attachment } else { self.message };
        if len > limit {
            return Err(Refusal::Large { bytes: len, limit });
        }
        if files >= self.files {
            return Err(Refusal::Many { limit: self.files });
        }
        if bytes.saturating_add(len) > self.channel {
            return Err(Refusal::Full { bytes: len, limit: self.channel });
        }
        Ok(())
    }

    /// Whether a disk with so much free space has room for a file: a small one lies there twice, and a disk is never filled.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    pub fn fits(len: u64, free: u64) -> Result<(), Refusal> {
        let needed = len.saturating_add(len.min(1 << 20)).saturating_add(SPARE);
        if needed > free { Err(Refusal::Disk { bytes: len }) } else { Ok(()) }
    }

    /// So many entries a document may have: several people may sign for one file, and what was deleted has an entry too.
    pub fn entries(&self) -> usize {
        self.files.saturating_mul(2).saturating_add(10_000)
    }

    /// Whether there is so much room that it does not matter what gets it: half of it. The rest is for what is worth most, once all
    /// is known that there is.
    pub fn has_plenty(&self, bytes: u64, files: usize) -> bool {
        files < self.files / 2 && bytes < self.channel / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_have_the_figures() {
        let item = |path: &str| Item::parse(path.as_bytes()).unwrap();
        let (text, film) = (item("2013-08-11T14-34-37Z.txt"), item("2013-08-11T14-34-37Z/film.mp4"));
        let limits = Limits { files: 10, ..Limits::default() };
        assert_eq!(limits.to_string(), "texts 1 MB, attachments 1 GB, all files together 20 GB, 10 files");
        let refused = limits.admit(&film, 4_200_000_000, 0, 0).unwrap_err();
        assert_eq!(refused.to_string(), "not downloaded: 4.2 GB, limit 1 GB");
        assert_eq!(
            limits.admit(&text, (1 << 20) + 1, 0, 0).unwrap_err().to_string(),
            "not downloaded: 1 MB, limit 1 MB"
        );
        assert_eq!(limits.admit(&text, 1 << 20, 0, 0), Ok(()));
        assert_eq!(limits.admit(&text, 1, 0, 10), Err(Refusal::Many { limit: 10 }));
        let refused = Limits::fits(3_000_000, 4_000_000).unwrap_err();
        assert_eq!(refused.to_string(), "not downloaded yet: 3 MB, and the disk is too full");
        assert_eq!((Limits::fits(1, SPARE + 2), Limits::fits(0, SPARE)), (Ok(()), Ok(())));
        assert!(matches!(limits.admit(&film, 2, u64::MAX - 1, 0), Err(Refusal::Full { .. })));
    }
}

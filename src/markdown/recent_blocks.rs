//! The blocks of code that were coloured last.
//!
//! The newest messages stand on their own pages, on the front page and in the feeds, and are converted for each: their code
//! need not be coloured again. What a block becomes follows from what identifies it here and from nothing else.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::lock::lock;

/// How many bytes of HTML are kept.
const MAX_BYTES: usize = 1 << 20;

static RECENT: Mutex<Recent> = Mutex::new(Recent { blocks: VecDeque::new(), bytes: 0 });

struct Recent {
    /// The latest last.
    blocks: VecDeque<Coloured>,
    bytes: usize,
}

/// What a block is, as far as its colours depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockKind {
    /// The language of its grammar.
    pub(super) language: &'static str,
    /// Whether it is a session in a terminal.
    pub(super) is_session: bool,
    /// How much of it may be coloured, in bytes.
    pub(super) most: usize,
}

struct Coloured {
    kind: BlockKind,
    code: String,
    html: String,
    done: usize,
}

/// Writes a block as it was written before. Returns how many bytes of the code that is.
pub(super) fn push_again(html: &mut String, kind: BlockKind, code: &str) -> Option<usize> {
    let recent = lock(&RECENT);
    let known = recent.blocks.iter().rev().find(|block| block.kind == kind && block.code == code)?;
    html.push_str(&known.html);
    Some(known.done)
}

/// Keeps what was written of a block.
pub(super) fn keep(kind: BlockKind, code: &str, html: &str, done: usize) {
    if html.len() > MAX_BYTES / 8 {
        return;
    }
    let mut recent = lock(&RECENT);
    recent.bytes += html.len() + code.len();
    recent.blocks.push_back(Coloured { kind, code: code.to_owned(), html: html.to_owned(), done });
    while recent.bytes > MAX_BYTES {
        let Some(oldest) = recent.blocks.pop_front() else {
            return;
        };
        recent.bytes -= oldest.html.len() + oldest.code.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_known_by_all_that_its_colours_depend_on() {
        let kind = BlockKind { language: "made-up", is_session: false, most: 100 };
        keep(kind, "code", "<html>", 3);
        let mut html = String::from("before ");
        assert_eq!(push_again(&mut html, kind, "code"), Some(3));
        assert_eq!(html, "before <html>");
        for (other, code) in [
            (kind, "other"),
            (BlockKind { language: "other", ..kind }, "code"),
            (BlockKind { is_session: true, ..kind }, "code"),
            (BlockKind { most: 99, ..kind }, "code"),
        ] {
            assert_eq!(push_again(&mut html, other, code), None);
        }
    }

    #[test]
    fn it_does_not_grow() {
        let kind = BlockKind { language: "made-up-too", is_session: false, most: 100 };
        for number in 0..100 {
            keep(kind, &number.to_string(), &"x".repeat(50 << 10), 1);
        }
        let recent = lock(&RECENT);
        assert!(recent.bytes <= MAX_BYTES);
        assert_eq!(recent.bytes, recent.blocks.iter().map(|block| block.html.len() + block.code.len()).sum::<usize>());
    }
}

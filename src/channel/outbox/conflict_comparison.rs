//! What differs between a conflict copy and its original: byte for byte first, then in lines.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::channel::protocol::message_file;
use crate::fs::confined::{Folder, Kind};

/// How a conflict copy and its original compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "compared", content = "lines", rename_all = "kebab-case")]
pub enum Comparison {
    /// The same bytes.
    Equal,
    /// The same words: what differs is not shown, such as line ends.
    SameWords,
    /// What differs, in lines that begin with a space, with `-` (the original) or with `+` (the copy).
    Lines(Vec<String>),
    /// They differ and are no texts; how long they are, in words.
    Bytes(String),
    /// There is no original.
    Alone,
}

/// Compares a conflict copy with its original, by their paths in a box: (original, copy). Of a message's text the two
/// folders of attachments are compared as well, if the copy has one.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn compare(
    folder: &Folder,
    (original, copy): (&Path, &Path),
    folders: Option<&(PathBuf, PathBuf)>,
) -> io::Result<Comparison> {
    match folder.stat(original) {
        Ok(stat) if stat.kind == Kind::File => {}
        Ok(_) => return Ok(Comparison::Alone),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Comparison::Alone),
        Err(error) => return Err(error),
    }
    let same_attachments = || folders.map_or(Ok(true), |(a, b)| same_folders(folder, a, b));
    if same_files(folder, original, copy)? && same_attachments()? {
        return Ok(Comparison::Equal);
    }
    difference(folder, original, copy, folders.is_some())
}

/// Whether a copy's own attachments, if it has any, are those of its original.
fn same_folders(folder: &Folder, original: &Path, copy: &Path) -> io::Result<bool> {
    let Ok(copies) = folder.child(copy) else {
        return Ok(folder.stat(copy).is_err());
    };
    let Ok(originals) = folder.child(original) else {
        return Ok(false);
    };
    let sorted = |folder: &Folder| folder.list().map(|names| names.into_iter().map(|(name, kind)| (name, kind as u8)));
    if !sorted(&copies)?.collect::<BTreeSet<_>>().eq(&sorted(&originals)?.collect()) {
        return Ok(false);
    }
    for (name, kind) in copies.list()? {
        let (a, b) = (original.join(&name), copy.join(&name));
        let same = match kind {
            Kind::File => same_files(folder, &a, &b)?,
            Kind::Folder => same_folders(folder, &a, &b)?,
            Kind::Link | Kind::Other => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Compares two files a piece at a time, however long they are.
fn same_files(folder: &Folder, a: &Path, b: &Path) -> io::Result<bool> {
    let ((a, a_stat), (b, b_stat)) = (folder.file(a)?, folder.file(b)?);
    if a_stat.len != b_stat.len {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let both = left.len().min(right.len());
        if both == 0 {
            return Ok(left.len() == right.len());
        }
        if left.get(..both) != right.get(..both) {
            return Ok(false);
        }
        a.consume(both);
        b.consume(both);
    }
}

fn difference(folder: &Folder, original: &Path, copy: &Path, is_text: bool) -> io::Result<Comparison> {
    let read = |path: &Path| folder.read(path, message_file::MAX_READ);
    let ((a, a_stat), (b, b_stat)) = (read(original)?, read(copy)?);
    let is_words = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    let short = a_stat.len.max(b_stat.len) < message_file::MAX_READ;
    if !short || !(is_text || is_words(&a) && is_words(&b)) {
        return Ok(Comparison::Bytes(format!("{} bytes there, {} in the copy", a_stat.len, b_stat.len)));
    }
    let lines = differing_lines(&message_file::decode(a).text, &message_file::decode(b).text);
    Ok(if lines.is_empty() { Comparison::SameWords } else { Comparison::Lines(lines) })
}

/// What differs between two texts, each change with a line before and behind it.
pub fn differing_lines(original: &str, copy: &str) -> Vec<String> {
    const MOST: usize = 100;
    let diff = TextDiff::from_lines(original, copy);
    let mut lines = Vec::new();
    for (at, hunk) in diff.grouped_ops(1).iter().enumerate() {
        if at > 0 {
            lines.push("…".to_owned());
        }
        let changes = hunk.iter().flat_map(|op| diff.iter_changes(op));
        lines.extend(changes.map(|change| {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            format!("{sign}{}", change.value().trim_end_matches('\n'))
        }));
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("… and {more} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_differences_are_cut() {
        let numbers = |add: usize| (0..500).map(|n| (n + add).to_string()).collect::<Vec<_>>().join("\n");
        let lines = differing_lines(&numbers(0), &numbers(1_000));
        assert_eq!((lines.len(), lines[100].as_str()), (101, "… and 900 more lines"));
    }

    proptest! {
        #[test]
        fn a_difference_holds_both_texts(a in "([ab]\n){0,8}", b in "([ab]\n){0,8}") {
            let lines = differing_lines(&a, &b);
            prop_assert_eq!(lines.is_empty(), a == b);
            let count = |sign: char| lines.iter().filter(|line| line.starts_with(sign)).count();
            let grown = b.lines().count() + count('-');
            prop_assert_eq!(grown, a.lines().count() + count('+'));
        }
    }
}

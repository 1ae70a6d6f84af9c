//! Blocks of `key: value` lines: where one key ends and the next begins.

use std::ops::Range;

/// A key with the lines that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    /// The key in lower case.
    pub(super) key: String,
    /// What stands behind the colon.
    pub(super) first: &'a str,
    /// The lines that continue the value.
    pub(super) more: Vec<&'a str>,
    /// The positions of all its lines in the block.
    pub(super) lines: Range<usize>,
    /// Whether it is of the flat form, in which any key makes a block a header.
    pub(super) is_flat: bool,
}

/// The sections of a block between two lines `---`; the position of the first line that fits nowhere is the error.
pub(super) fn sections<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Section<'a>>, usize> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut apart = Vec::new();
    for (at, line) in lines.enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            // It belongs to a value only if the value goes on behind it.
            apart.push(line);
            continue;
        }
        if !line.starts_with([' ', '\t', '-'])
            && let Some((key, first, is_flat)) = key_value(line)
        {
            let (more, lines) = (Vec::new(), at..at + 1);
            sections.push(Section { key, first: first.trim(), more, lines, is_flat });
        } else {
            let section = sections.last_mut().filter(|section| section.goes_on(line)).ok_or(at)?;
            section.more.append(&mut apart);
            section.more.push(line);
            section.lines.end = at + 1;
            section.is_flat = false;
        }
        apart.clear();
    }
    Ok(sections)
}

impl Section<'_> {
    fn goes_on(&self, line: &str) -> bool {
        let first = self.first;
        match line.chars().next() {
            Some(' ' | '\t') => true,
            // A list may stand right below its key, and its closing bracket too.
            Some('-') => {
                (first.is_empty() || first.starts_with('#'))
                    && line.trim_end().strip_prefix('-').is_some_and(starts_apart)
            }
            Some(']' | '}') => first.starts_with(['[', '{']),
            _ => false,
        }
    }
}

fn starts_apart(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t'])
}

/// A line's key in lower case, what stands behind its colon, and whether the key is of the flat form: a word with its colon.
/// YAML also has quoted keys and keys of several words.
fn key_value(line: &str) -> Option<(String, &str, bool)> {
    if let Some((key, value)) = flat(line) {
        return Some((key, value, true));
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| line.strip_prefix(quote)?.split_once(quote));
    let (key, value) = match quoted {
        Some((key, rest)) => (key, rest.trim_start().strip_prefix(':')?),
        None => line.split_once(": ").or_else(|| Some((line.trim_end().strip_suffix(':')?, "")))?,
    };
    let key = key.trim();
    let is_key = starts_apart(value) || quoted.is_none();
    let is_plain = key.starts_with(|c: char| c.is_alphabetic()) && !key.contains(['{', '[', '#', '"']);
    (is_key && is_plain).then(|| (key.to_lowercase(), value, false))
}

/// The key and the value of a line `key: value` whose key is one word.
pub(super) fn flat(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once(':')?;
    let valid = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    valid.then(|| (key.to_ascii_lowercase(), value))
}

/// The sections of lines `Key: value` without fences: a value goes on in indented lines. `None` where a line is of another
/// form.
pub(super) fn bare_sections<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Section<'a>>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for (at, line) in lines.enumerate() {
        if line.starts_with([' ', '\t']) {
            let section = sections.last_mut()?;
            section.more.push(line);
            section.lines.end = at + 1;
        } else {
            let (key, first) = flat(line)?;
            // `http://example.org` is no key with a value.
            if first.starts_with('/') {
                return None;
            }
            sections.push(Section { key, first: first.trim(), more: Vec::new(), lines: at..at + 1, is_flat: true });
        }
    }
    Some(sections)
}

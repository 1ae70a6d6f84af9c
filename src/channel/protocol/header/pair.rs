//! One key of a header block with its value, in whatever form the block is.

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Empty,
    /// A text; what stands for a time, a number or a yes is one too.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// A form that no key of ours has, such as a table.
    Other,
    /// What does not follow the rules of the block's form.
    Unreadable,
}

/// One key of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key in lower case.
    pub(super) key: String,
    /// What it says.
    pub(super) value: Value,
    /// The value as it stands in its line, if it is one line: `[x]` is no list where one text is asked for.
    pub(super) raw: Option<String>,
    /// The line in the message's file, from 1.
    pub(super) line: usize,
}

/// The value of a key that takes one of two words, where it says no.
pub(super) fn is_no(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "n" | "0")
}

/// The value of such a key where it says yes.
pub(super) fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y" | "1")
}

/// Whether a key with this value says that the message is not to be published yet. Whatever is meant by an unknown word,
/// keeping a text back is the mistake that can be mended.
pub(super) fn says_draft(key: &str, value: &str) -> bool {
    match key {
        "draft" => !value.is_empty() && !is_no(value),
        "published" | "publish" => is_no(value),
        "status" => matches!(value.to_ascii_lowercase().as_str(), "draft" | "hidden" | "private"),
        _ => false,
    }
}

/// Whether a line `Key: value` without fences says so. Ordinary texts have such lines too (`Draft: 2`), so only what can
/// mean nothing else counts.
pub(super) fn bare_says_draft(key: &str, value: &str) -> bool {
    match key {
        "draft" => is_yes(value) && value != "1",
        "status" => matches!(value.to_ascii_lowercase().as_str(), "draft" | "hidden"),
        _ => false,
    }
}

/// Takes off the quotes round a value.
pub(super) fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

/// Whether a line of a block that could not be read says that the message is a draft, in any of the forms.
pub(super) fn line_says_draft(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['-', '{', ' ']);
    let Some((key, value)) = line.split_once([':', '=']) else {
        return false;
    };
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    let value = unquoted(value.trim().trim_end_matches(['}', ',', ' ']));
    says_draft(&unquoted(key.trim()).to_ascii_lowercase(), value)
}

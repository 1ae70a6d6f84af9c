//! A value of a header in YAML's forms: quotes, lists, texts of several lines, comments.
//!
//! Each value is parsed alone, so that what nobody knows harms nothing. Nothing is expanded: the parser gives events, an
//! alias is one of them, and depth and size are bounded before it begins.

use granit_parser::{Event, Parser, ScalarStyle, StrInput};

use crate::channel::protocol::header::pair::{Value, unquoted};

/// So deep may lists lie in each other before the parser gives up; no key of ours has any depth.
const MAX_DEPTH: usize = 8;

/// The value of a key, from what stands behind its colon and from the lines that continue it.
pub(super) fn value(first: &str, more: &[&str]) -> Value {
    // The key stands for any: what is below it is indented with regard to it.
    let text = format!("k: {first}\n{}", more.iter().flat_map(|line| [line.trim_end(), "\n"]).collect::<String>());
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        bom_inside_document_as_content: true,
    };
    read(Parser::new_from_str_with_options(&text, options)).unwrap_or(Value::Unreadable)
}

/// The one value of a document that is a table of one key; `None` where it is something else or breaks a rule.
fn read<'t>(parser: Parser<'t, StrInput<'t>>) -> Option<Value> {
    let (mut value, mut depth, mut items) = (None, 0_usize, Vec::new());
    let (mut is_list, mut is_flat) = (false, true);
    for (at, event) in parser.enumerate() {
        match (at, event.ok()?.0) {
            // The beginning of the text and of its table, and the key.
            (0, Event::StreamStart)
            | (1, Event::DocumentStart(..))
            | (2, Event::MappingStart(..))
            | (3, Event::Scalar(..)) => {}
            (0..=3, _) => return None,
            (_, Event::Scalar(text, style, ..)) if depth == 0 && value.is_none() => value = Some(scalar(&text, style)),
            (_, Event::Scalar(text, style, ..)) if depth == 1 && is_list => {
                if let Value::Text(text) = scalar(&text, style) {
                    items.push(text);
                }
            }
            (4, Event::SequenceStart(..)) => (is_list, depth) = (true, 1),
            (_, Event::SequenceStart(..) | Event::MappingStart(..)) => (is_flat, depth) = (false, depth + 1),
            (_, Event::Alias(_)) => is_flat = false,
            (_, Event::SequenceEnd | Event::MappingEnd) if depth > 0 => depth -= 1,
            (_, Event::Scalar(..)) if depth > 0 => {}
            (_, Event::MappingEnd | Event::DocumentEnd | Event::StreamEnd) => {}
            // A second key, or a second document.
            _ => return None,
        }
    }
    match value {
        Some(value) => Some(value),
        None if is_list && is_flat => Some(Value::List(items)),
        None => Some(Value::Other),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match style {
        ScalarStyle::Plain if matches!(text, "" | "~" | "null") => Value::Empty,
        _ => Value::Text(text.trim_end_matches('\n').to_owned()),
    }
}

/// The value of a key that is one line. Only what begins with a quote or a bracket is YAML there: anything else is meant as
/// it stands, `A: b` and `#one, #two` too.
pub(super) fn one_line(raw: &str) -> Value {
    let raw = raw.trim();
    if raw.is_empty() || raw == "#" || raw.starts_with("# ") {
        return Value::Empty;
    }
    let plain = || Value::Text(without_comment(raw).to_owned());
    match raw.chars().next() {
        Some('"' | '\'') => match value(raw, &[]) {
            Value::Text(text) => Value::Text(text),
            _ => match value(&format!("[{raw}]"), &[]) {
                Value::List(items) if items.len() > 1 => Value::List(items),
                _ => Value::Text(unquoted(raw).to_owned()),
            },
        },
        Some('[') => match value(raw, &[]) {
            Value::List(items) => Value::List(items),
            _ => plain(),
        },
        _ => plain(),
    }
}

/// A value without the comment behind it. `#word` is none, for so tags are written.
fn without_comment(raw: &str) -> &str {
    let ends = raw.find(" # ").or_else(|| raw.ends_with(" #").then(|| raw.len() - 2));
    ends.and_then(|end| raw.get(..end)).unwrap_or(raw).trim_end()
}

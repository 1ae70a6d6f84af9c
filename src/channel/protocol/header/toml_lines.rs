//! Blocks in TOML.

use toml::{Table, Value as Toml};

use crate::channel::protocol::header::pair::{Pair, Value};
use crate::channel::protocol::toml_error;

/// The keys of a block, those of Zola's table `[taxonomies]` among them; the line at which it breaks TOML's rules is the
/// error, counted from 0.
pub(super) fn pairs(inner: &str, first_line: usize) -> Result<Vec<Pair>, usize> {
    let table: Table = toml::from_str(inner).map_err(|error| toml_error::line(inner, &error) - 1)?;
    let tags = table.get("taxonomies").and_then(Toml::as_table).and_then(|table| table.get_key_value("tags"));
    let pairs = table.iter().chain(tags).map(|(key, value)| {
        let key = key.to_lowercase();
        let line = first_line + inner.lines().position(|line| key_of(line).as_ref() == Some(&key)).unwrap_or(0);
        Pair { key, value: read(value), raw: None, line }
    });
    Ok(pairs.collect())
}

fn read(value: &Toml) -> Value {
    match value {
        Toml::String(text) if text.trim().is_empty() => Value::Empty,
        Toml::String(text) => Value::Text(text.trim().to_owned()),
        Toml::Integer(_) | Toml::Float(_) | Toml::Boolean(_) | Toml::Datetime(_) => Value::Text(value.to_string()),
        Toml::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| Some(item.as_str()?.to_owned())).collect();
            texts.map_or(Value::Other, Value::List)
        }
        Toml::Table(_) => Value::Other,
    }
}

/// The key of a line `key = value`, in lower case.
pub(super) fn key_of(line: &str) -> Option<String> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim().trim_matches(['"', '\'']);
    (!key.is_empty() && !key.contains(char::is_whitespace)).then(|| key.to_lowercase())
}

//! What is wrong with a key or a value of a settings file, in words: where it belongs, what was probably meant, what would be
//! right.

use serde::de::DeserializeOwned;

use crate::channel::protocol::toml_error;

/// The keys of one table of a file.
#[derive(Clone, Debug)]
pub struct TableKeys {
    /// The table's name; empty for the top of the file.
    pub table: &'static str,
    /// Its keys.
    pub keys: Vec<String>,
}

impl TableKeys {
    /// The keys that a table takes, by its own refusal of any other one.
    pub fn new<T: DeserializeOwned>(table: &'static str) -> Self {
        let refused = toml::from_str::<T>("\"?\" = 0").err().map(|error| expected(error.message()));
        Self { table, keys: refused.unwrap_or_default() }
    }
}

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
    /// The way out, where it is known.
    pub hint: Option<String>,
}

/// What the reader of a file says of a mistake, for people. `tables` is what the file may hold.
pub fn explain(text: &str, error: &toml::de::Error, tables: &[TableKeys]) -> Mistake {
    let line = toml_error::line(text, error);
    let message = error.message().trim();
    let source = error.span().and_then(|span| text.get(span)).unwrap_or_default().trim();
    let key = text.lines().nth(line - 1).and_then(key_of);
    let (what, hint) = match quoted(message, "unknown field `") {
        Some(unknown) => unknown_key(unknown, &expected(message), tables),
        None => (wrong_value(message, key.as_deref(), source), None),
    };
    Mistake { line, what, hint }
}

/// Says of an unknown key where it belongs, or which one was probably meant. `here` are the keys of its table.
fn unknown_key(key: &str, here: &[String], tables: &[TableKeys]) -> (String, Option<String>) {
    let home = tables.iter().find(|table| table.keys.iter().any(|known| known == key));
    if let Some(TableKeys { table, .. }) = home {
        let hint = match *table {
            "" => "it belongs at the top of the file, above the first `[table]`".to_owned(),
            table => format!("it belongs under [{table}]"),
        };
        return (format!("unknown key `{key}` in this place"), Some(hint));
    }
    let elsewhere = tables.iter().flat_map(|table| table.keys.iter().map(move |key| (key, table.table)));
    let near = nearest(key, here.iter().map(String::as_str));
    let what = match near.filter(|(_, likeness)| *likeness > 0.7) {
        Some((near, likeness)) if likeness > 0.85 => format!("unknown key `{key}`; did you mean `{near}`?"),
        near => match elsewhere
            .map(|(known, table)| (likeness(key, known), known, table))
            .max_by(|a, b| a.0.total_cmp(&b.0))
        {
            Some((likeness, known, table)) if likeness > 0.85 && !table.is_empty() && !here.contains(known) => {
                format!("unknown key `{key}`; did you mean `{known}` under [{table}]?")
            }
            _ => match near {
                Some((near, _)) => format!("unknown key `{key}`; did you mean `{near}`?"),
                None => format!("unknown key `{key}`; known are {}", here.join(", ")),
            },
        },
    };
    (what, None)
}

/// Of these names the one that is most like another, and how much.
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<(&'k str, f64)> {
    known.map(|known| (known, likeness(name, known))).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

/// Says of a value what it is and what it should be.
fn wrong_value(message: &str, key: Option<&str>, source: &str) -> String {
    let name = key.map_or_else(String::new, |key| format!("`{key}`: "));
    let is_of_wrong_type = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    if let Some((_, wanted)) = message.rsplit_once(", expected ").filter(|_| is_of_wrong_type) {
        return match key {
            Some(key) if !source.contains('\n') && !source.is_empty() => {
                format!("`{key}` takes {}, not {source}", in_words(wanted))
            }
            _ => format!("{name}this takes {}", in_words(wanted)),
        };
    }
    if let Some(unknown) = quoted(message, "unknown variant `") {
        let known = expected(message);
        let near = nearest(unknown, known.iter().map(String::as_str)).filter(|(_, likeness)| *likeness > 0.7);
        let advice = near
            .map_or_else(|| format!("known are {}", known.join(", ")), |(near, _)| format!("did you mean `{near}`?"));
        return format!("{name}unknown word `{unknown}`; {advice}");
    }
    if let Some(key) = key.filter(|_| message == "invalid socket address syntax") {
        return format!("`{key}` takes an address with a port such as `127.0.0.1:4000`, not {source}");
    }
    match key {
        Some(key) if !message.contains('`') || !message.contains(key) => format!("{name}{message}"),
        _ => message.to_owned(),
    }
}

fn in_words(wanted: &str) -> &str {
    match wanted {
        "usize" | "u64" | "u32" | "i64" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "string" | "path string" => "a text in quotes",
        "a sequence" => "a list in brackets",
        _ if wanted.starts_with("struct ") || wanted == "a map" => "a table",
        _ => wanted,
    }
}

/// What stands in quotes behind the beginning of a message.
fn quoted<'m>(message: &'m str, beginning: &str) -> Option<&'m str> {
    message.strip_prefix(beginning)?.split('`').next()
}

/// The names that a message says were expected.
fn expected(message: &str) -> Vec<String> {
    let names = message.split_once(", expected ").map_or("", |(_, names)| names);
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The key of a line `key = value`, without the tables before its dots.
fn key_of(line: &str) -> Option<String> {
    let (key, _) = line.split_once('=')?;
    let key = key.rsplit('.').next()?.trim().trim_matches(['"', '\'']);
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    is_bare.then(|| key.to_owned())
}

/// The line, counted from 1, on which a key is set or a table begins.
pub fn line_of(text: &str, key: &str) -> usize {
    1 + text.lines().position(|line| key_of(line).as_deref() == Some(key) || begins_table(line, key)).unwrap_or(0)
}

fn begins_table(line: &str, table: &str) -> bool {
    line.starts_with('[') && line.trim().trim_matches(['[', ']']).split('.').next() == Some(table)
}

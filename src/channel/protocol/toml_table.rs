//! A table of a settings file that is called after a channel, and gets the channel's new name. All else in the file stays as it is.

use toml::{Table, Value};

/// The text with the table `[PATH.OLD]` called `[PATH.NEW]`; `None` where there is none.
pub fn renamed(text: &str, path: &[&str], old: &str, new: &str) -> Option<String> {
    let mut is_found = false;
    let lines = text.split_inclusive('\n').map(|line| match end_of_header(line, path, old) {
        Some(end) => {
            is_found = true;
            let rest = line.get(end..).unwrap_or_default();
            format!("[{}.{}]{rest}", path.join("."), key(new))
        }
        None => line.to_owned(),
    });
    let text = lines.collect();
    is_found.then_some(text)
}

/// Where the header of that table ends, in a line that begins with it.
fn end_of_header(line: &str, path: &[&str], name: &str) -> Option<usize> {
    let is_it = |header: &str| {
        let read: Option<Table> = toml::from_str(header).ok();
        let mut table = read.as_ref();
        for key in path.iter().chain([&name]) {
            table = table.and_then(|table| table.get(*key)).and_then(Value::as_table);
        }
        table.is_some_and(Table::is_empty)
    };
    if !line.trim_start().starts_with('[') {
        return None;
    }
    let ends = line.match_indices(']').map(|(at, bracket)| at + bracket.len());
    ends.into_iter().find(|end| line.get(..*end).is_some_and(is_it))
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { Value::String(name.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: [&str; 2] = ["sync", "channels"];

    #[test]
    fn only_the_header_of_that_table_changes() {
        let text = "# mine\n[sync]\nfiles_limit = 1\n\n  [ sync . channels.\"a ] b\" ] # [sync.channels.x]\nfiles_limit = 2\n[sync.channels.c]\n";
        let expected = text.replace("  [ sync . channels.\"a ] b\" ]", "[sync.channels.cinema]");
        assert_eq!(renamed(text, &PATH, "a ] b", "cinema").unwrap(), expected);
        assert_eq!(
            renamed(text, &PATH, "c", "my \"cinema\"").unwrap(),
            text.replace("[sync.channels.c]", "[sync.channels.'my \"cinema\"']")
        );
        for name in ["x", "files_limit", "a", ""] {
            assert_eq!(renamed(text, &PATH, name, "y"), None, "{name}");
        }
    }
}

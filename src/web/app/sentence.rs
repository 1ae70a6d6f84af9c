//! Turns a message that was worded for a terminal into a sentence of a page: a capital, a full stop, and real quotation marks.

/// Words as a sentence for a page, where `such quotes` of a terminal are “such”.
pub(super) fn sentence(words: &str) -> String {
    let quoted = words.split('`').enumerate().map(|(at, part)| match at {
        0 => part.to_owned(),
        at if at % 2 == 1 => format!("“{part}"),
        _ => format!("”{part}"),
    });
    let words: String = quoted.collect();
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_large_and_ends_with_a_stop() {
        assert_eq!(sentence("`a b` is no date, `c` neither"), "“a b” is no date, “c” neither.");
        assert_eq!(sentence("élan?"), "Élan?");
        assert_eq!(sentence(""), ".");
    }
}

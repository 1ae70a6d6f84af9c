//! Sub- and superscript: `H~2~O`, `x^2^`. By Pandoc's rule, which holds within words: what stands between two marks, without
//! white space.

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

use super::bare_links::bare_links;

/// A run of text as events, with what is raised or lowered in it. Addresses stay as they are.
pub(super) fn events(text: &str) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    let mut read = 0;
    for link in bare_links(text, None) {
        push_events(&mut events, text.get(read..link.range.start).unwrap_or_default());
        push_text(&mut events, text.get(link.range.clone()).unwrap_or_default());
        read = link.range.end;
    }
    push_events(&mut events, text.get(read..).unwrap_or_default());
    events
}

fn push_events(events: &mut Vec<Event<'static>>, text: &str) {
    let mut rest = text;
    while let Some((before, mark, inside, after)) = next(rest) {
        push_text(events, before);
        let (tag, end) = match mark {
            '^' => (Tag::Superscript, TagEnd::Superscript),
            _ => (Tag::Subscript, TagEnd::Subscript),
        };
        events.push(Event::Start(tag));
        push_text(events, inside);
        events.push(Event::End(end));
        rest = after;
    }
    push_text(events, rest);
}

/// What stands before the next raised or lowered part, its mark, the part, and what is behind.
fn next(text: &str) -> Option<(&str, char, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(['^', '~'])?;
        let mark = text.get(at..)?.chars().next()?;
        let inside = text.get(at + 1..)?;
        let end = inside.find(|c: char| c == mark || c.is_whitespace()).unwrap_or(inside.len());
        if end > 0 && inside.get(end..)?.starts_with(mark) {
            return Some((text.get(..at)?, mark, inside.get(..end)?, inside.get(end + 1..)?));
        }
        from = at + 1;
    }
}

fn push_text(events: &mut Vec<Event<'static>>, text: &str) {
    if !text.is_empty() {
        events.push(Event::Text(CowStr::from(text.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_short(text: &str) -> String {
        let short = |event: &Event<'_>| match event {
            Event::Start(Tag::Superscript) => "<".to_owned(),
            Event::Start(_) => "(".to_owned(),
            Event::End(TagEnd::Superscript) => ">".to_owned(),
            Event::End(_) => ")".to_owned(),
            Event::Text(text) => text.to_string(),
            _ => String::new(),
        };
        events(text).iter().map(short).collect()
    }

    #[test]
    fn parts_are_raised_and_lowered_within_words() {
        for (text, expected) in [
            ("H~2~O", "H(2)O"),
            ("x^2^ + y^n+1^", "x<2> + y<n+1>"),
            ("2^10 and 2^5", "2^10 and 2^5"),
            ("a ~ b ~ c", "a ~ b ~ c"),
            ("~~", "~~"),
            ("x^", "x^"),
            ("x^a b^c^", "x^a b<c>"),
            ("E^x=H~2~O", "E^x=H(2)O"),
            ("https://example.org/~a/~b H~2~O", "https://example.org/~a/~b H(2)O"),
        ] {
            assert_eq!(in_short(text), expected, "{text}");
        }
    }
}

//! Which of the one-letter classes a theme's colours are written for a piece of code gets, by the names of its scopes.
//!
//! A grammar gives each piece of code a stack of names: `source.rust string.quoted.double.rust`. The names of `TextMate`'s
//! grammars are a convention that all of them share, so one table serves all languages.

/// Beginnings of scope names and their classes. Of those that fit, the longest counts; `None` takes back the colour of the
/// scopes around.
const CLASSES: [(&str, Option<char>); 50] = [
    ("comment", Some('c')),
    ("constant", Some('n')),
    ("constant.other.option", Some('v')),
    ("entity.name", Some('t')),
    ("entity.name.function", Some('f')),
    ("entity.name.command", Some('f')),
    ("entity.name.section", Some('g')),
    ("entity.name.variable", None),
    ("entity.other.attribute-name", Some('a')),
    ("entity.other.inherited-class", Some('t')),
    ("keyword", Some('k')),
    ("keyword.operator", Some('o')),
    // Operators that are words.
    ("keyword.operator.delete", Some('k')),
    ("keyword.operator.expression", Some('k')),
    ("keyword.operator.logical.python", Some('k')),
    ("keyword.operator.new", Some('k')),
    ("keyword.operator.or.regexp", Some('o')),
    ("keyword.operator.wordlike", Some('k')),
    ("keyword.other.unit", Some('n')),
    ("markup.changed", Some('n')),
    ("markup.deleted", Some('d')),
    ("markup.heading", Some('g')),
    ("markup.inserted", Some('i')),
    ("markup.inline.raw", Some('s')),
    ("markup.raw", Some('s')),
    // Code within a string or a page.
    ("meta.embedded", None),
    ("meta.interpolation", None),
    ("meta.template.expression", None),
    ("meta.diff.header", Some('g')),
    ("meta.diff.range", Some('g')),
    ("punctuation.definition.comment", Some('c')),
    ("punctuation.definition.string", Some('s')),
    ("punctuation.section.embedded", Some('o')),
    ("punctuation.definition.template-expression", Some('o')),
    ("storage", Some('k')),
    ("storage.modifier.import", None),
    ("storage.modifier.package", None),
    ("storage.type.java", Some('t')),
    ("string", Some('s')),
    // The plain words of a command.
    ("string.unquoted.argument", None),
    ("support.class", Some('t')),
    ("support.constant", Some('n')),
    ("support.function", Some('f')),
    ("support.type", Some('t')),
    ("variable.function", Some('f')),
    ("variable.language", Some('k')),
    ("variable.other.key", Some('t')),
    ("variable.parameter", Some('v')),
    ("punctuation.definition.raw.markdown", Some('s')),
    ("punctuation.definition.heading", Some('g')),
];

/// The class of a piece of code in these scopes, the outermost first: that of the innermost which has one.
pub(super) fn class_of<'s>(scopes: impl Iterator<Item = &'s str>) -> Option<char> {
    scopes.filter_map(longest_name_in).last().and_then(|(_, class)| *class)
}

fn longest_name_in(scope: &str) -> Option<&'static (&'static str, Option<char>)> {
    let fits = |prefix: &str| scope.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let fitting = CLASSES.iter().filter(|(prefix, _)| fits(prefix));
    fitting.max_by_key(|(prefix, _)| prefix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(stack: &str) -> Option<char> {
        class_of(stack.split(' '))
    }

    #[test]
    fn the_innermost_scope_decides() {
        assert_eq!(class("source.rust string.quoted.double.rust"), Some('s'));
        assert_eq!(class("source.rust string.quoted.double.rust constant.character.escape.rust"), Some('n'));
        assert_eq!(class("source.rust meta.block.rust"), None);
        // A scope that the table does not name leaves the colour of those around it.
        assert_eq!(class("source.c comment.line.c meta.toc-list.c"), Some('c'));
        assert_eq!(class("source.js string.template.js meta.template.expression.js variable.other.js"), None);
    }

    #[test]
    fn the_longest_name_counts_and_only_whole_words() {
        assert_eq!(class("keyword.operator.js"), Some('o'));
        assert_eq!(class("keyword.operator.new.js"), Some('k'));
        assert_eq!(class("keyword.control.js"), Some('k'));
        assert_eq!(class("entity.name.section.markdown"), Some('g'));
        assert_eq!(class("commentary"), None);
        assert_eq!(class("stringent.string.x"), None);
    }
}

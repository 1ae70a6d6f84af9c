//! The examples of a specification in `CommonMark`'s form: a fence of 32 backticks, the text, a line with a dot, the HTML.

use std::path::Path;

/// What begins and ends an example.
const FENCE: &str = "````````````````````````````````";
/// What cmark-gfm writes where any HTML is right as long as nothing breaks.
const ANY: &str = "<IGNORE>\n";

/// One example.
pub(crate) struct Example {
    /// The specification and the number in it, such as `spec 42`.
    pub(crate) name: String,
    /// The extension that it shows, if its fence says so.
    pub(crate) extension: String,
    pub(crate) text: String,
    /// The HTML that it becomes; `None` when any is right.
    pub(crate) html: Option<String>,
}

/// Reads all examples of a file; they are numbered from 1, as the published specifications number them.
pub(crate) fn read(path: &Path, specification: &str) -> Vec<Example> {
    let file = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let examples = parse(&file, specification);
    assert!(!examples.is_empty(), "{} has no examples", path.display());
    examples
}

fn parse(file: &str, specification: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        let Some(extension) = line.strip_prefix(FENCE).and_then(|rest| rest.trim().strip_prefix("example")) else {
            continue;
        };
        let until = |lines: &mut std::str::Lines<'_>, end: &str| -> String {
            lines.take_while(|line| *line != end).map(|line| line.replace('→', "\t") + "\n").collect()
        };
        let (text, html) = (until(&mut lines, "."), until(&mut lines, FENCE));
        let name = format!("{specification} {}", examples.len() + 1);
        let html = Some(html).filter(|html| html != ANY);
        examples.push(Example { name, extension: extension.trim().to_owned(), text, html });
    }
    examples
}

#[test]
fn examples_are_read_with_their_tabs_and_extensions() {
    let file =
        format!("words\n\n{FENCE} example\n→a\n.\n<p>a</p>\n{FENCE}\n\n{FENCE} example table\n.\n<IGNORE>\n{FENCE}\n");
    let examples = parse(&file, "spec");
    assert_eq!(examples.len(), 2);
    assert_eq!((examples[0].name.as_str(), examples[0].text.as_str()), ("spec 1", "\ta\n"));
    assert_eq!(examples[0].html.as_deref(), Some("<p>a</p>\n"));
    assert_eq!((examples[1].name.as_str(), examples[1].extension.as_str()), ("spec 2", "table"));
    assert_eq!(examples[1].html, None);
}

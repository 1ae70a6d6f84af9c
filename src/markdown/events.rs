//! The dialect of Markdown that messages are written in, and reading a text as it.

use pulldown_cmark::{Event, Options, Parser, TextMergeStream};

/// The dialect: `CommonMark` 0.31 and four of GitHub's additions.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// A text's events. Neighbouring runs of text are joined only where a hashtag could lie across them.
pub(super) fn for_each_event<'a>(text: &'a str, mut visit: impl FnMut(Event<'a>) -> Option<()>) -> Option<()> {
    let mut events = Parser::new_ext(text, options());
    if text.contains('#') { TextMergeStream::new(events).try_for_each(visit) } else { events.try_for_each(&mut visit) }
}

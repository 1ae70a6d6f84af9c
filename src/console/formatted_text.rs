//! Text that is formatted for a screen.
//!
//! It holds no control character but line ends and this program's own styling: every way in makes visible what it is given.

use crate::console::screen::Screen;
use crate::markdown::Dialect;
use crate::markdown::terminal::{self, Page};
use crate::text::invisible::field;

/// How a piece of text looks: no colours, so that it can be read on light and dark alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As text is.
    Plain,
    /// What a person looks for first.
    Bold,
    /// What a person looks for last.
    Dim,
    /// What was searched for.
    Match,
}

impl Style {
    /// What begins it (ECMA-48, section 8.3.117).
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Match => "\x1b[1m\x1b[4m",
        }
    }
}

/// Text that is formatted for a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormattedText {
    text: String,
    screen: Screen,
}

impl FormattedText {
    /// Nothing yet, for this screen.
    pub fn on(screen: Screen) -> Self {
        Self { text: String::new(), screen }
    }

    /// The screen that it is formatted for.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// Adds a piece of a line.
    pub fn paint(&mut self, style: Style, text: &str) -> &mut Self {
        if self.screen.styled && style != Style::Plain && !text.is_empty() {
            self.text.push_str(style.code());
            self.text.push_str(&field(text));
            self.text.push_str("\x1b[0m");
        } else {
            self.text.push_str(&field(text));
        }
        self
    }

    /// Adds a piece of a line as text is.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.paint(Style::Plain, text)
    }

    /// Adds so many spaces.
    pub fn space(&mut self, columns: usize) -> &mut Self {
        self.text.extend(std::iter::repeat_n(' ', columns));
        self
    }

    /// Ends a line, without the spaces at its end.
    pub fn end(&mut self) -> &mut Self {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
        self
    }

    /// Adds a message's text in its Markdown behind a margin. `place` says what is shown for an address.
    pub fn markdown(
        &mut self,
        text: &str,
        dialect: Dialect,
        margin: usize,
        place: &dyn Fn(&str) -> Option<String>,
    ) -> &mut Self {
        let laid = terminal::lay_out(text, Page { dialect, ..self.page(margin) }, place);
        self.lines(&laid, margin)
    }

    /// Adds the beginning of a text behind a margin, its own lines and nothing read into them.
    pub fn plain(&mut self, text: &str, margin: usize) -> &mut Self {
        let laid = terminal::lay_out_plain(text, self.page(margin));
        self.lines(&laid, margin)
    }

    fn page(&self, margin: usize) -> Page {
        let width = self.screen.width.saturating_sub(margin);
        Page { width, styled: self.screen.styled, dialect: Dialect::default(), skip_title: false }
    }

    fn lines(&mut self, laid: &str, margin: usize) -> &mut Self {
        for line in laid.lines() {
            self.space(margin);
            self.text.push_str(line);
            self.end();
        }
        self
    }

    /// What is to be printed.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_styling_speaks() {
        for styled in [false, true] {
            let mut text = FormattedText::on(Screen { width: 40, styled });
            text.paint(Style::Bold, "a\x1b[31m\u{202e}\n").text("\x07").end();
            text.markdown("b\x1b]52;c;x\x07 [c](\x1b[2J)", Dialect::default(), 2, &|_| Some("\x1b[1m".to_owned()));
            let ours = text.as_str().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
            let ours = ours.replace("\x1b[4m", "");
            assert!(!ours.contains(['\x1b', '\x07', '\u{202e}']), "{ours:?}");
            assert_eq!(text.as_str().contains('\x1b'), styled);
            assert!(text.as_str().contains("a␛[31m⟨U+202E⟩␊"));
        }
    }
}

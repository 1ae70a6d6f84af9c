//! One message as it is read: in a terminal, and as JSON.
//!
//! The head of a message stands at the beginning of the lines and its text behind a margin, so that no text can pass for the
//! head of another message.

use std::io;
use std::path::PathBuf;

use chrono::SecondsFormat;
use schemars::JsonSchema;
use serde::Serialize;

use crate::article::{InReplyTo, readable_size as size_in_words};
use crate::channel::protocol::entry::{Entry, Side};
use crate::channel::protocol::message_file::MAX_READ;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::attachment_address::AttachmentIndex;
use crate::channel::snapshot::card::{Attachment, Card};
use crate::commands::channel_view::{ChannelView, short};
use crate::commands::relative_time::ago;
use crate::commands::{Environment, count};
use crate::console::{FormattedText, Screen, Style, columns, cut, wrapped};
use crate::text::invisible::field;

/// Longer lines are hard to read.
const WIDEST: usize = 100;
/// The narrowest screen that a text is laid out for.
const NARROWEST: usize = 20;
const MARGIN: usize = 2;
/// A longer name is cut, in columns.
const AUTHOR: usize = 40;

/// A message of an opened channel.
#[derive(Clone, Copy)]
pub(super) struct MessageView<'a> {
    pub(super) opened: &'a ChannelView,
    pub(super) card: &'a Card,
    pub(super) environment: &'a Environment,
    /// Shows its text as it is, and no more than its beginning.
    pub(super) is_plain: bool,
}

/// A message as JSON has it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageRecord {
    channel: String,
    r#box: Side,
    id: Stamp,
    time: String,
    author: String,
    title: Option<String>,
    tags: Vec<String>,
    /// The message that it answers.
    in_reply_to: Option<InReplyTo>,
    read: bool,
    starred: bool,
    /// Its text behind the header; `None` if it cannot be read.
    text: Option<String>,
    attachments: Vec<AttachmentRecord>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AttachmentRecord {
    number: usize,
    name: String,
    r#type: String,
    bytes: u64,
    path: String,
}

impl MessageView<'_> {
    fn text(&self) -> io::Result<String> {
        self.opened.snapshot.body(self.card.side, self.card.stamp)
    }

    /// Where one of its attachments lies.
    pub(super) fn path_of(&self, file: &Attachment) -> PathBuf {
        let below = Entry::Attachment(self.card.stamp, file.path.clone()).path();
        self.opened.snapshot.channel.path.join(self.card.side.name()).join(below)
    }

    /// All of it, as data.
    pub(super) fn whole(&self) -> MessageRecord {
        let Card { side, stamp, title, tags, .. } = self.card;
        MessageRecord {
            channel: self.opened.name().to_owned(),
            r#box: *side,
            id: *stamp,
            time: stamp.time().to_rfc3339_opts(SecondsFormat::Secs, true),
            author: self.opened.author(self.card).to_owned(),
            title: title.clone(),
            tags: tags.clone(),
            in_reply_to: self.opened.in_reply_to(self.card),
            read: self.opened.is_read(self.card),
            starred: self.opened.marked.is_starred(*side, *stamp),
            text: self.text().ok(),
            attachments: self.card.attachments.iter().enumerate().map(|(at, file)| self.attached(at, file)).collect(),
        }
    }

    fn attached(&self, at: usize, file: &Attachment) -> AttachmentRecord {
        let name = file.path.text().into_owned();
        AttachmentRecord {
            number: at + 1,
            r#type: file.kind().in_words(),
            name,
            bytes: file.mark.len,
            path: self.path_of(file).to_string_lossy().into_owned(),
        }
    }

    /// All of it, for a screen; `is_first` tells whether it stands at the top.
    pub(super) fn lay_out(&self, screen: Screen, is_first: bool) -> FormattedText {
        let mut out = FormattedText::on(Screen { width: screen.width.min(WIDEST), ..screen });
        let margin = margin(out.screen());
        if !is_first {
            out.end();
        }
        self.lay_head(&mut out);
        self.lay_title(&mut out, margin);
        match self.text() {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                let number = |at: usize| format!("attachment {}", at + 1);
                let names = AttachmentIndex::new(self.card);
                let place = |address: &str| names.find(address).map(|meant| number(meant.number));
                if self.is_plain {
                    out.end().plain(&text, margin);
                } else {
                    out.end().markdown(&text, self.card.dialect, margin, &place);
                }
            }
            Err(error) => {
                out.end().space(margin).text(&format!("(its text cannot be read: {error})")).end();
            }
        }
        if self.card.mark.len >= MAX_READ {
            out.end().space(margin).paint(Style::Dim, "(only its beginning is shown; `--raw` gives all of it)").end();
        }
        self.lay_attachments(&mut out, margin);
        out
    }

    /// Who wrote it and when, and what to type for it.
    fn lay_head(&self, out: &mut FormattedText) {
        let Card { side, stamp, .. } = *self.card;
        let unread = if self.opened.is_read(self.card) { "" } else { "● " };
        let star = if self.opened.marked.is_starred(side, stamp) { "★ " } else { "" };
        let width = out.screen().width;
        let author =
            format!("{unread}{star}{}", short(self.opened.author(self.card), AUTHOR.min(width.saturating_sub(4))));
        let [day, time] = ["%-d %B %Y", "%H:%M UTC"].map(|format| stamp.time().format(format).to_string());
        let parts = [author, day, time, ago(stamp.seconds(), self.environment.clock.seconds())];
        for (number, line) in wrapped(&parts, " · ", width).into_iter().enumerate() {
            out.paint(if number == 0 { Style::Bold } else { Style::Plain }, &line).end();
        }
        out.paint(Style::Dim, &self.opened.address_of(self.card)).end();
        if let Some(answers) = self.opened.in_reply_to(self.card) {
            self.lay_reply(out, &answers);
        }
    }

    /// What it answers: its id, with its title or first words if it is here.
    fn lay_reply(&self, out: &mut FormattedText, answers: &InReplyTo) {
        let width = out.screen().width;
        let id = answers.r#box.zip(answers.id).map_or(answers.said.clone(), |(side, id)| self.opened.id_of(side, id));
        let what = match &answers.title {
            Some(title) => format!("“{}”", cut(title, width.saturating_sub(2))),
            None => "(not here)".to_owned(),
        };
        for line in wrapped(&["In reply to".to_owned(), id, what], " ", width) {
            out.paint(Style::Dim, &line).end();
        }
    }

    /// Its title, unless its text shows it.
    fn lay_title(&self, out: &mut FormattedText, margin: usize) {
        let Some(title) = self.card.title.as_ref().filter(|_| !self.card.title_in_text) else {
            return;
        };
        out.end();
        let room = out.screen().width.saturating_sub(margin);
        let words: Vec<String> = title.split_whitespace().map(field).collect();
        let lines = wrapped(&words, " ", room);
        for line in &lines {
            out.space(margin).paint(Style::Bold, line).end();
        }
        // As a heading looks where nothing is bold.
        if !out.screen().styled {
            let widest = lines.iter().map(|line| columns(line)).max().unwrap_or_default();
            out.space(margin).text(&"=".repeat(widest.min(room))).end();
        }
    }

    fn lay_attachments(&self, out: &mut FormattedText, margin: usize) {
        let files = &self.card.attachments;
        if files.is_empty() {
            return;
        }
        out.end().space(margin).text(&count(files.len(), "attachment")).text(":").end();
        for (at, file) in files.iter().enumerate() {
            let name = file.path.text();
            let parts = [format!("{}. {}", at + 1, field(&name)), file.kind().in_words(), size_in_words(file.mark.len)];
            for line in wrapped(&parts, ", ", out.screen().width.saturating_sub(margin)) {
                out.space(margin).text(&line).end();
            }
            let path = self.path_of(file);
            let path = path.strip_prefix(&self.environment.folders.here).unwrap_or(&path);
            out.space(margin).space(margin).paint(Style::Dim, &path.to_string_lossy()).end();
        }
    }
}

/// The margin before a text: none only where there is no room for one.
fn margin(screen: Screen) -> usize {
    screen.width.saturating_sub(NARROWEST).min(MARGIN)
}

//! Pictures, players and download links as HTML. `link.rs` has judged where their addresses lead.

use std::fmt::Write;

use pulldown_cmark_escape::escape_href;

use super::link::{Destination, Media, Target, is_server_path, is_web};
use crate::markdown::html_text::{ROOT, push_text};
use crate::markdown::rules::{Rules, Trust};

/// What a text says of an image.
#[derive(Clone, Copy)]
pub(super) struct Words<'w> {
    /// Its description.
    pub(super) alt: &'w str,
    /// Its title, which may be empty.
    pub(super) title: &'w str,
}

/// Writes what an image in a text becomes: a picture, a player, a link, or a note that it is not there.
pub(super) fn push_image(html: &mut String, to: &Destination<'_>, words: Words<'_>, rules: Rules, lazy: bool) {
    match to {
        Destination::Attachment(target) => push_attachment(html, target, words, lazy),
        Destination::Away(address) if is_web(address) && rules.remote_media => {
            push_picture(html, address, words, None, lazy);
        }
        Destination::Away(address) if is_server_path(address) => push_picture(html, address, words, None, lazy),
        Destination::Away(address) if is_web(address) => push_remote(html, address, words, rules.trust),
        _ => push_missing(html, words.alt),
    }
}

/// Writes an attachment as what it is.
fn push_attachment(html: &mut String, target: &Target, words: Words<'_>, lazy: bool) {
    let address = format!("{ROOT}{}", target.address);
    match target.media {
        Media::Picture(size) => push_picture(html, &address, words, size, lazy),
        Media::Audio => push_player(html, "audio", "none", &address, words),
        Media::Video => push_player(html, "video", "metadata", &address, words),
        Media::File { .. } => {
            push_anchor(html, &address, target.download(), words.title);
            push_text(html, if words.alt.is_empty() { &target.address } else { words.alt });
            html.push_str("</a>");
        }
    }
}

fn push_picture(html: &mut String, address: &str, words: Words<'_>, size: Option<(u32, u32)>, lazy: bool) {
    html.push_str("<img src=\"");
    push_address(html, address);
    html.push_str("\" alt=\"");
    push_description(html, words.alt);
    html.push('"');
    push_title(html, words.title);
    if let Some((width, height)) = size {
        let _ = write!(html, " width=\"{width}\" height=\"{height}\"");
    }
    if lazy {
        html.push_str(" loading=\"lazy\"");
    }
    html.push('>');
}

/// The longest description of a picture or player, in bytes: what is longer belongs in the text.
const LONGEST_DESCRIPTION: usize = 4 << 10;

fn push_description(html: &mut String, text: &str) {
    let end = text.floor_char_boundary(LONGEST_DESCRIPTION);
    push_text(html, text.get(..end).unwrap_or_default());
    if end < text.len() {
        html.push('…');
    }
}

/// Writes the attribute for a title, if there is one.
fn push_title(html: &mut String, title: &str) {
    if !title.is_empty() {
        html.push_str(TITLE);
        push_description(html, title);
        html.push('"');
    }
}

/// What a title begins with.
pub(super) const TITLE: &str = " title=\"";

fn push_player(html: &mut String, element: &str, preload: &str, address: &str, words: Words<'_>) {
    let _ = write!(html, "<{element} controls preload=\"{preload}\" src=\"");
    push_address(html, address);
    html.push('"');
    if !words.alt.is_empty() {
        html.push_str(" aria-label=\"");
        push_description(html, words.alt);
        html.push('"');
    }
    push_title(html, words.title);
    let _ = write!(html, "></{element}>");
}

fn push_remote(html: &mut String, address: &str, words: Words<'_>, trust: Trust) {
    push_away(html, address, trust, words.title);
    push_text(html, if words.alt.is_empty() { address } else { words.alt });
    html.push_str("</a>");
}

fn push_missing(html: &mut String, alt: &str) {
    html.push_str("<span class=\"missing\">");
    push_text(html, if alt.is_empty() { "a picture that is not here" } else { alt });
    html.push_str("</span>");
}

/// Opens a link to an attachment or page of the site; `download` as [`Target::download`] gives it.
pub(super) fn push_anchor(html: &mut String, address: &str, download: Option<&str>, title: &str) {
    html.push_str("<a href=\"");
    push_address(html, address);
    html.push('"');
    match download {
        None => {}
        Some("") => html.push_str(" download"),
        Some(name) => {
            html.push_str(" download=\"");
            push_text(html, name);
            html.push('"');
        }
    }
    push_title(html, title);
    html.push('>');
}

/// Opens a link that leaves the site.
pub(super) fn push_away(html: &mut String, address: &str, trust: Trust, title: &str) {
    html.push_str("<a href=\"");
    push_address(html, address);
    html.push('"');
    if trust == Trust::Theirs {
        html.push_str(" rel=\"nofollow noreferrer\"");
    }
    push_title(html, title);
    html.push('>');
}

/// Escapes an address for an attribute; the root's mark passes.
pub(super) fn push_address(html: &mut String, address: &str) {
    let bare = match address.strip_prefix(ROOT) {
        Some(bare) => {
            html.push(ROOT);
            bare
        }
        None => address,
    };
    let _ = escape_href(html, bare);
}

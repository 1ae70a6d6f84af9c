//! A message's text as the app shows it: where its attachments, other messages and tags are found.
//!
//! The rules of trust are the site's, and nothing is shown that comes from elsewhere.

use tera::Value;

use crate::article::{Attached, Link, Message, MessagePlacement, Tag, brief, label, tags_in_header};
use crate::channel::authorship::trust::BoxTrust;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::missing::Missing;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply;
use crate::channel::snapshot::attachment_address::AttachmentIndex;
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::channel::snapshot::completeness::SITE_PAGES;
use crate::fs::confined::Folder;
use crate::markdown::{self, ROOT, RawHtml, Rendered, Rules, Target, Trust, coloured};
use crate::web::address;
use crate::web::app::template_views;
use crate::web::app::template_views::{PageInfo, Shown};
use crate::web::app::templates::Templates;
use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;

/// What lies around a text.
struct Around<'a> {
    state: &'a ChannelState,
    card: &'a Card,
    attached: &'a [Attached],
    names: AttachmentIndex,
    anchor: &'a str,
    trust: Trust,
}

impl markdown::LinkContext for Around<'_> {
    fn attachment(&self, address: &str) -> Option<Target> {
        let meant = self.names.find(address)?;
        let attached = self.attached.get(meant.number)?;
        let address = meant.address(&attached.address);
        Some(Target { number: meant.number, address, media: attached.media, save_as: None })
    }

    fn page(&self, address: &str) -> Option<String> {
        if self.trust == Trust::Own && SITE_PAGES.contains(&address) {
            return Some(format!("{}{address}", address::site(&self.state.name)));
        }
        let (to, heading) = reply::linked(&self.state.cards, address, self.card.side)?;
        let page = address::reading_message(&self.state.name, to.side, to.stamp);
        Some(match heading {
            Some(name) => format!("{page}#{}-{name}", anchor(self.state, to)),
            None => page,
        })
    }

    fn titled(&self, name: &str) -> Option<String> {
        let (title, _) = name.split_once('#').unwrap_or((name, ""));
        self.page(name.trim()).or_else(|| {
            let to = reply::titled(&self.state.cards, title, self.card.side)?;
            Some(address::reading_message(&self.state.name, to.side, to.stamp))
        })
    }

    fn tag(&self, tag: &str) -> Option<String> {
        Some(tag_url(tag))
    }

    fn anchor(&self) -> &str {
        self.anchor
    }
}

/// The id of a message's element, unique on a page that shows several channels.
fn anchor(state: &ChannelState, card: &Card) -> String {
    let channel: String = blake3::hash(state.name.as_bytes()).to_hex().chars().take(6).collect();
    let side = if card.side == Side::Inbox { "in" } else { "out" };
    format!("m-{channel}-{side}-{}", card.stamp)
}

fn tag_url(tag: &str) -> String {
    format!("/search?q=tag%3A{}", address::part(tag))
}

fn rules(card: &Card, trust: Trust) -> Rules {
    Rules {
        trust,
        dialect: card.dialect,
        contents: card.header.toc,
        raw_html: RawHtml::Checked,
        highlight: true,
        remote_media: false,
    }
}

/// What a page may still cost. One page shows many messages, and each of them may be as dear as a message can be.
#[derive(Debug)]
pub(super) struct Allowance {
    /// How much code of others on it may be coloured, in bytes.
    code: usize,
    /// How much HTML the texts on it may make, in bytes.
    html: usize,
}

impl Allowance {
    /// Of a whole page.
    pub(super) fn page() -> Self {
        Self { code: 64 << 10, html: 8 << 20 }
    }

    /// Whether the page may show a message's code in colour.
    fn colours(&mut self, card: &Card, trust: Trust) -> bool {
        if trust == Trust::Own {
            return true;
        }
        let rest = self.code.checked_sub(coloured(card.code, Trust::Theirs));
        self.code = rest.unwrap_or(self.code);
        rest.is_some()
    }

    /// Whether the page may show a text of this length.
    fn shows(&mut self, html: usize) -> bool {
        let rest = self.html.checked_sub(html);
        self.html = rest.unwrap_or(self.html);
        rest.is_some()
    }
}

/// Messages that a page shows together, ready for a template. One that cannot be read is left out; one that costs more than
/// is left shows its first words, and leads to its own page.
pub(super) fn values<'a>(messages: impl Iterator<Item = (&'a ChannelState, &'a Card)>) -> Vec<Value> {
    let mut left = Allowance::page();
    messages.filter_map(|(state, card)| value(state, card, &mut left).ok()).collect()
}

/// A message, ready for a template.
pub(super) fn value(state: &ChannelState, card: &Card, left: &mut Allowance) -> Result<Value, Refusal> {
    let folder = state.open(card.side)?;
    let (body, is_same) = card::read_body_of(&folder, card)?;
    let trust = if is_same { state.trust(card) } else { BoxTrust::now(&folder, card.side).of_message(card.stamp) };
    let attached: Vec<Attached> = card
        .attachments_with_trust(state.box_trust(card.side))
        .map(|(file, trust)| {
            let url = address::attachment(&state.name, card.side, card.stamp, &file.path.text());
            Attached::new(file, trust, url)
        })
        .collect();
    let rules = Rules { highlight: left.colours(card, trust), ..rules(card, trust) };
    let mut rendered = render(state, card, &body, &attached, rules);
    if !left.shows(rendered.html.len()) {
        rendered.html = brief(card, &address::reading_message(&state.name, card.side, card.stamp));
    }
    let message = message(state, card, &rendered, &attached);
    Ok(Value::from_serializable(&Shown::of(state, card, message)))
}

fn render(state: &ChannelState, card: &Card, body: &str, attached: &[Attached], rules: Rules) -> Rendered {
    let anchor = anchor(state, card);
    let around =
        Around { state, card, attached, names: AttachmentIndex::new(card), anchor: &anchor, trust: rules.trust };
    let mut rendered = markdown::render(body, card.title_in_text, rules, &around);
    // Addresses in the app begin at the server's root.
    for html in [&mut rendered.html, &mut rendered.title] {
        if html.contains(ROOT) {
            *html = html.replace(ROOT, "");
        }
    }
    rendered
}

fn message<'a>(state: &'a ChannelState, card: &'a Card, rendered: &'a Rendered, attached: &[Attached]) -> Message<'a> {
    let reply_to = state.answered.by(card, &state.cards);
    let missing = state.missing.get(&(card.side, card.stamp)).filter(|missing| **missing != Missing::Text);
    let place = MessagePlacement {
        url: address::reading_message(&state.name, card.side, card.stamp),
        anchor: anchor(state, card),
        author: state.author_of(card),
        is_signed: state.byline(card).is_some(),
        tags: tags_in_header(card).into_iter().map(|(tag, name)| Tag { name, url: tag_url(tag) }).collect(),
        reply_to: reply_to
            .map(|to| Link { label: label(to), url: address::reading_message(&state.name, to.side, to.stamp) }),
        answers_elsewhere: card.header.in_reply_to.is_some() && reply_to.is_none(),
        mentioned_in: Vec::new(),
        missing,
    };
    let mut message = Message::new(card, rendered, attached.iter(), place);
    if card.is_cut {
        message.offer_text(card, template_views::source_url(state, card), card.mark.len);
    }
    message
}

/// A text that is not sent, as it would be shown.
pub(super) fn would_be(state: &ChannelState, draft: Option<DraftName>, text: &str, now: Stamp) -> Value {
    let stem = draft.map(|name| name.to_string()).unwrap_or_default();
    let folder = draft.and_then(|_| Folder::open(&draft::folder(&state.channel)).ok());
    let beside = folder.as_ref().filter(|folder| folder.child(stem.as_ref()).is_ok());
    let (card, body) = card::would_be(
        text.as_bytes().to_vec(),
        now,
        state.own_dialect(),
        beside.map(|folder| (folder, stem.as_str())),
    );
    let attached: Vec<Attached> = card
        .attachments
        .iter()
        .map(|file| {
            let url =
                format!("{}/attachments/{}", address::draft(&state.name, &stem), address::path(&file.path.text()));
            Attached::new(file, Trust::Own, url)
        })
        .collect();
    let rendered = render(state, &card, &body, &attached, rules(&card, Trust::Own));
    let message = message(state, &card, &rendered, &attached);
    Value::from_serializable(&Shown::of(state, &card, message))
}

/// A text that is not sent as an article, as the app's pages would show it.
pub(in crate::web) fn preview(
    templates: &Templates,
    state: &ChannelState,
    draft: Option<DraftName>,
    text: &str,
    now: Stamp,
) -> Result<String, Refusal> {
    let mut context = tera::Context::new();
    context.insert("root", "");
    context.insert("page", &PageInfo { kind: "preview", title: "", url: "" });
    context.insert("first", &true);
    context.insert_value("m", would_be(state, draft, text, now));
    context.insert("site", &template_views::Site::of(state));
    let bytes = templates.render("entry.html", &context)?;
    String::from_utf8(bytes).map_err(|error| Refusal::broken(error.to_string()))
}

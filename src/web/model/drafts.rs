//! Drafts, for the app and the API alike: opening, beginning, sending and discarding them.

use std::time::{Duration, Instant};

use crate::channel::Error;
use crate::channel::outbox::draft;
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::new_message::{NewAttachment, NewMessage};
use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::header;
use crate::channel::protocol::header::Header;
use crate::channel::protocol::message_address;
use crate::channel::protocol::reply_to::ReplyTo;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::reply;
use crate::channel::reading::resolve_id;

use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;
use crate::web::server::Server;

/// How long a draft that is in another hand is waited for.
const WAIT: Duration = Duration::from_secs(2);

pub(crate) fn find(files: &[NewAttachment], wanted: &str) -> Result<RelativePath, Refusal> {
    let found = files.iter().find(|file| file.name.text() == wanted).map(|file| file.name.clone());
    found.ok_or_else(|| Refusal::missing(format!("the draft has no attachment `{wanted}`")))
}

/// The name of a draft that there is. Changes to a sent message are no drafts of their own.
pub(crate) fn known(state: &ChannelState, draft: &str) -> Result<DraftName, Refusal> {
    let name = DraftName::parse(draft).filter(|name| name.to_string() == draft && !matches!(name, DraftName::Edit(_)));
    name.ok_or_else(|| draft::no_such(&state.channel, draft).into())
}

/// Takes a draft in hand; one that is in another hand is waited for, since whoever saves lets go of it at once.
pub(crate) fn take(state: &ChannelState, draft: &str) -> Result<Draft, Refusal> {
    let name = known(state, draft)?;
    let start = Instant::now();
    loop {
        match Draft::open(&state.channel, name) {
            Err(Error::OpenElsewhere { .. }) if start.elapsed() < WAIT => std::thread::sleep(Duration::from_millis(10)),
            taken => return Ok(taken?),
        }
    }
}

/// What an answer says of the message that it answers. That may be gone by now, as it may be later: what was written as an
/// answer stays one.
fn said_of(state: &ChannelState, reply: &str) -> Result<ReplyTo, Refusal> {
    if let Some(entry @ ReplyTo::Entry(_)) = ReplyTo::parse(reply) {
        return Ok(entry);
    }
    let (side, stamp) = message_address::linked(reply).ok_or_else(|| Refusal::bad("`reply` is not a message id"))?;
    let side = side.or_else(|| resolve_id::any(&state.channel, &stamp.to_string()).ok().map(|(side, _)| side));
    Ok(side.map_or(ReplyTo::Message(None, stamp), |side| reply::reply_to(&state.channel, side, stamp)))
}

impl Server {
    /// Begins a draft, perhaps as an answer to a message (`inbox/2013-08-11T14-34-37Z`).
    pub(crate) fn begin_draft(
        &self,
        state: &ChannelState,
        text: &str,
        reply: Option<&str>,
        attachments: Vec<NewAttachment>,
    ) -> Result<Draft, Refusal> {
        let in_reply_to = reply.filter(|reply| !reply.is_empty()).map(|reply| said_of(state, reply)).transpose()?;
        let header = Header { in_reply_to, ..Header::default() };
        let text = header::with(text.as_bytes(), &header).ok_or(Error::Header)?;
        let draft = Draft::begin(&state.channel, &NewMessage { text, attachments }, self.now()?)?;
        self.library.drafts_changed(&state.name);
        Ok(draft)
    }

    /// Sends a draft now; gives the message's id.
    pub(crate) fn send_draft(&self, state: &ChannelState, draft: Draft) -> Result<Stamp, Refusal> {
        let message = draft.contents()?;
        if message.is_empty() {
            return Err(
                Refusal::bad("there is nothing to send: the text is empty").hint("write something, or attach a file")
            );
        }
        let sent = draft.send(&state.channel, self.now()?)?;
        self.written(state, &sent.path);
        self.library.drafts_changed(&state.name);
        Ok(sent.stamp)
    }

    /// Puts a draft into the trash.
    pub(crate) fn discard_draft(&self, state: &ChannelState, draft: &str) -> Result<(), Refusal> {
        take(state, draft)?.discard(&state.channel, self.now()?)?;
        self.library.drafts_changed(&state.name);
        Ok(())
    }
}

//! What every request is answered from: the library, the templates, and those who are asked for more.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use tokio::sync::watch;

use crate::channel::protocol::entry::Side;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Kind;
use crate::web::app::menu::MenuCache;
use crate::web::app::templates::Templates;
use crate::web::http::etag;
use crate::web::http::etag::content_version;
use crate::web::http::guard::Guard;
use crate::web::http::idempotency::SubmittedForms;
use crate::web::http::redirect::see_other;
use crate::web::http::refusal::Refusal;
use crate::web::http::request::Params;
use crate::web::http::set_header::set_header;
use crate::web::model::channel_state::ChannelState;
use crate::web::model::library::Library;
use crate::web::service::{ChannelCreator, ChannelService};

/// What a server is made of.
pub struct ServerParts {
    /// The channels.
    pub library: Arc<Library>,
    /// Keeps them scanned and their sites built.
    pub service: Arc<dyn ChannelService>,
    /// Creates new ones; `None` where they would not be shown.
    pub creator: Option<Arc<dyn ChannelCreator>>,
    /// Who may ask.
    pub guard: Guard,
    /// The data folder, as people are told of it.
    pub data: PathBuf,
    /// The file that remembers which forms came in, so that one that comes again is known after a restart.
    pub forms: Option<PathBuf>,
    /// The time now, in nanoseconds since 1970.
    pub clock: fn() -> i64,
}

/// What every request is answered from.
#[derive(Clone)]
pub(super) struct Server(Arc<Inner>);

pub(super) struct Inner {
    pub(super) library: Arc<Library>,
    pub(super) service: Arc<dyn ChannelService>,
    pub(super) creator: Option<Arc<dyn ChannelCreator>>,
    pub(super) guard: Guard,
    pub(super) data: PathBuf,
    pub(super) forms: SubmittedForms,
    clock: fn() -> i64,
    pub(super) templates: Templates,
    pub(super) menu: MenuCache,
    /// Turns true when the server is to stop.
    pub(super) stop: watch::Receiver<bool>,
}

impl Deref for Server {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Server {
    pub(super) fn new(parts: ServerParts, templates: Templates, stop: watch::Receiver<bool>) -> Self {
        let ServerParts { library, service, creator, guard, data, forms, clock } = parts;
        let (forms, menu) = (SubmittedForms::read(forms), MenuCache::default());
        Self(Arc::new(Inner { library, service, creator, guard, data, forms, clock, templates, menu, stop }))
    }

    /// Signs in whoever comes by the link with the key, which then disappears from the address.
    pub(super) fn sign_in_by_link(&self, uri: &Uri) -> Option<Response> {
        let params = Params::from_uri(uri);
        let cookie = self.guard.cookie_for(params.get("key")?)?;
        let rest = params.without("key");
        let to = if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{rest}", uri.path()) };
        let mut response = see_other(&to);
        set_header(response.headers_mut(), header::SET_COOKIE, &cookie);
        Some(response)
    }

    /// Does what may wait for the disk off the threads that answer.
    pub(super) async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Server) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let server = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&server)).await;
        done.unwrap_or_else(|error| {
            tracing::error!(%error, "a request panicked: this is a bug");
            Err(Refusal::broken("the program has a bug: this request was not finished").hint("please report it"))
        })
    }

    /// An answer that follows from the library and `what` alone, unless the browser has it already.
    pub(super) fn unless_known(
        &self,
        headers: &HeaderMap,
        what: &str,
        make: impl FnOnce(&Server) -> Result<Response, Refusal>,
    ) -> Result<Response, Refusal> {
        let tag = format!("W/\"{:x}-{}\"", self.library.version(), content_version(what.as_bytes()));
        if etag::is_known(headers, &tag) {
            return Ok(etag::not_modified(&tag, None));
        }
        let mut response = make(self)?;
        set_header(response.headers_mut(), header::ETAG, &tag);
        Ok(response)
    }

    /// A message that is shown, with its channel.
    pub(super) fn message(&self, name: &str, side: Side, id: &str) -> Result<(Arc<ChannelState>, Arc<Card>), Refusal> {
        let state = self.library.get(name)?;
        let stamp = Stamp::parse(id.as_bytes()).ok();
        let card = stamp.and_then(|stamp| state.find(side, stamp)).map(|(_, card)| Arc::clone(card));
        let card = card.ok_or_else(|| Refusal::missing(format!("no message {id} in the {side} of “{name}”")))?;
        Ok((state, card))
    }

    /// A message of one's own, also one that waits for missing files or for its time, and is not shown yet.
    pub(super) fn own_message(&self, name: &str, id: &str) -> Result<(Arc<ChannelState>, Arc<Card>), Refusal> {
        let missing = match self.message(name, Side::Outbox, id) {
            Err(refusal) if refusal.status == StatusCode::NOT_FOUND => refusal,
            found => return found,
        };
        let state = self.library.get(name)?;
        let Ok(stamp) = Stamp::parse(id.as_bytes()) else {
            return Err(missing);
        };
        let outbox = state.open(Side::Outbox)?;
        let has_files = outbox.stat(Path::new(id)).is_ok_and(|stat| stat.kind == Kind::Folder);
        let texts = card::BoxTexts { side: Side::Outbox, dialect: state.own_dialect() };
        match card::make(&outbox, texts, stamp, has_files, None) {
            Ok(made) => Ok((state, made.card)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in what was just written, so that whoever asks next finds it.
    pub(super) fn written(&self, state: &ChannelState, path: &Path) {
        self.service.rescan(&state.channel, path);
    }

    pub(super) fn seconds(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000_000)
    }

    /// The second that the clock shows.
    pub(super) fn now(&self) -> Result<Stamp, Refusal> {
        Stamp::from_seconds(self.seconds()).ok_or_else(|| {
            Refusal::broken("the clock of this computer shows a year that no message can have").hint("set the clock")
        })
    }
}

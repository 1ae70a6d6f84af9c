//! The browser app and the JSON API over a folder of channels.
//!
//! Owns the server: what every request goes through, the routes, and stopping. Refuses to know how channels are watched and
//! how sites are made: whoever runs it keeps the library true ([`Library`]) and answers what is asked of a [`ChannelService`].

mod address;
mod api;
mod app;
pub mod http;
pub mod model;
mod preview;

use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

pub use crate::web::http::guard::Guard;
pub use crate::web::http::peer::can_identify_users;
pub use crate::web::model::library::{KnownChannel, Library};

use crate::web::http::connections::{Client, Connections};
use crate::web::http::idempotency::SubmittedForms;
use crate::web::http::peer::Peer;
use crate::web::http::refusal::Refusal;
use crate::web::model::channel_state::ChannelState;
use app::App;

use crate::channel::Channel;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::snapshot::card;
use crate::channel::snapshot::card::Card;
use crate::fs::confined::Kind;

/// The address of a channel's site on a server at this address, which ends with `/`.
pub fn site_address(server: &str, channel: &ChannelName) -> String {
    format!("{}{}", server.trim_end_matches('/'), address::site(&crate::web::model::channel_state::name_of(channel)))
}

/// What is asked of whoever keeps the channels looked at and their sites built. All of it may wait.
pub trait ChannelService: Send + Sync {
    /// Looks at what was just written into a channel: the library has it when this returns.
    fn rescan(&self, channel: &Channel, written: &Path);
    /// Builds a channel's site, if it was not asked for before, and keeps it built from then on.
    ///
    /// # Errors
    /// Why it could not be built; one that was built before is there all the same.
    fn build_site(&self, channel: &Channel) -> Result<(), String>;
    /// The folder of a channel's site, whether it was built or not.
    fn site_folder(&self, channel: &Channel) -> PathBuf;
    /// The newest messages of all channels as an Atom feed, for a server that is called `origin` (`http://localhost:3000`).
    fn combined_feed(&self, origin: &str) -> Vec<u8>;
    /// The feeds of all channels as OPML.
    fn opml(&self, origin: &str) -> Vec<u8>;
}

/// Begins channels as the commands do, for the app's forms. All of it may wait for the disk.
pub trait ChannelCreator: Send + Sync {
    /// Makes a channel of one's own; gives its name.
    ///
    /// # Errors
    /// Why there can't be one of that name.
    fn create(&self, name: &str) -> Result<ChannelName, CreateError>;
    /// Subscribes by a read key; gives the channel's name. Its messages come later.
    ///
    /// # Errors
    /// Why the key can't be used.
    fn subscribe(&self, key: &str) -> Result<ChannelName, CreateError>;
    /// Makes a conversation; gives the code for the other side.
    ///
    /// # Errors
    /// Why there can't be one of that name.
    fn invite(&self, name: &str) -> Result<String, CreateError>;
    /// Answers an invitation; gives the conversation's name.
    ///
    /// # Errors
    /// Why the code can't be used.
    fn accept(&self, code: &str) -> Result<ChannelName, CreateError>;
    /// Whether this program carries channels itself, so that keys and codes are of use.
    fn can_sync(&self) -> bool;
}

/// Why something can't be done, and the way out.
#[derive(Clone, Debug)]
pub struct CreateError {
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub hint: Option<String>,
}

/// What a server is made of.
pub struct ServerParts {
    /// The channels.
    pub library: Arc<Library>,
    /// Who keeps them.
    pub service: Arc<dyn ChannelService>,
    /// Who begins new ones; `None` where they would not be shown.
    pub creator: Option<Arc<dyn ChannelCreator>>,
    /// Who may ask.
    pub guard: Guard,
    /// The data folder, as people are told of it.
    pub data: PathBuf,
    /// Where it is noted which forms came in, so that one that comes again is known after a restart.
    pub forms: Option<PathBuf>,
    /// The time now, in nanoseconds since 1970.
    pub clock: fn() -> i64,
    /// Told of each request, in a line.
    pub log: Option<Log>,
}

/// Whoever is told of each request.
pub type Log = Box<dyn Fn(&str) + Send + Sync>;

/// What every request is answered from.
#[derive(Clone)]
struct Server(Arc<Inner>);

struct Inner {
    library: Arc<Library>,
    service: Arc<dyn ChannelService>,
    creator: Option<Arc<dyn ChannelCreator>>,
    guard: Guard,
    data: PathBuf,
    forms: SubmittedForms,
    clock: fn() -> i64,
    log: Option<Log>,
    app: App,
    /// Turns true when the server is to stop.
    stop: watch::Receiver<bool>,
}

impl Deref for Server {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// How long the head of a request may take to come.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long requests in flight may take when the server is to stop.
const LAST_TIME: Duration = Duration::from_secs(20);

/// Serves until `until` is over; then requests in flight are finished.
///
/// # Errors
/// What the system says when a listener cannot be used, or the engine of a broken template.
pub async fn serve(
    parts: ServerParts,
    listeners: Vec<TcpListener>,
    until: impl Future<Output = ()>,
) -> Result<(), String> {
    let (stopping, stop) = watch::channel(false);
    let ServerParts { library, service, creator, guard, data, forms, clock, log } = parts;
    let (app, forms) = (App::new()?, SubmittedForms::read(forms));
    let server = Server(Arc::new(Inner { library, service, creator, guard, data, forms, clock, log, app, stop }));
    let routes = router(server);
    let graceful = Arc::new(GracefulShutdown::new());
    let connections = Connections::new();
    let mut doors = tokio::task::JoinSet::new();
    for listener in listeners {
        listener.set_nonblocking(true).map_err(|error| error.to_string())?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        doors.spawn(welcome(listener, routes.clone(), Arc::clone(&graceful), Arc::clone(&connections)));
    }
    until.await;
    // Streams of events would never end by themselves.
    let _ = stopping.send(true);
    doors.shutdown().await;
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(LAST_TIME, graceful.shutdown()).await;
    }
    Ok(())
}

/// Takes connections. One more is never waited for: there are as many as there may be, and one of the old ones goes.
async fn welcome(
    listener: tokio::net::TcpListener,
    routes: Router,
    graceful: Arc<GracefulShutdown>,
    connections: Arc<Connections>,
) {
    loop {
        let Ok((stream, there)) = listener.accept().await else {
            // Too many open files, most likely: some will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(here) = stream.local_addr() else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (admitted, make_room) = connections.admit(Peer::of(&stream, here, there));
        let service = for_visitor(routes.clone(), admitted.visitor());
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).half_close(true);
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(admitted.watched(stream)), service));
        tokio::spawn(async move {
            // A connection that breaks is its browser's affair.
            tokio::select! {
                _ = connection => {}
                _ = make_room => {}
            }
            drop(admitted);
        });
    }
}

/// The routes, told with each request who asks.
fn for_visitor(
    routes: Router,
    visitor: Client,
) -> impl Service<axum::http::Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static> {
    let routes = TowerToHyperService::new(routes);
    service_fn(move |mut request: axum::http::Request<Incoming>| {
        request.extensions_mut().insert(visitor.clone());
        routes.call(request)
    })
}

fn router(server: Server) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(app::routes())
        .merge(preview::routes())
        .fallback(|uri: Uri| async move { Refusal::missing(format!("there is nothing at {}", uri.path())) })
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(server.clone(), admit))
        .with_state(server)
}

/// Why something cannot be done to what an address means.
async fn not_allowed(uri: Uri) -> Refusal {
    let is_inbox = uri.path().split('/').nth(3) == Some("inbox");
    let what = if is_inbox {
        "an inbox is theirs: nothing is ever written into it"
    } else {
        "that can't be done to this address"
    };
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, what)
}

/// What every request goes through, on its way in and out.
async fn admit(State(server): State<Server>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let visitor = request.extensions().get::<Client>().cloned();
    let peer = visitor.as_ref().map_or(Peer::Unknown, |visitor| visitor.peer);
    let judged = server.guard.judge(&method, &headers).and_then(|()| {
        if method.is_safe() || !is_api(&uri) { Ok(()) } else { crate::web::http::guard::judge_script(&headers) }
    });
    // A server that is called by a wrong name must not take it up.
    let origin = if judged.is_ok() { origin(&headers) } else { format!("http://localhost:{}", server.guard.port) };
    let mut response = match judged {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match server.come_by_link(&uri) {
            Some(welcome) => welcome,
            None if !server.guard.lets_in(peer, &headers) => stranger().into_response(),
            None => {
                server.library.refresh_marks_at_times();
                answer(visitor, request, next).await
            }
        },
    };
    if is_unreadable(&response) {
        response = Refusal::bad("this address can't be read").into_response();
    }
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>()
        && wants_page(&uri, &headers)
        && refusal.status != StatusCode::MISDIRECTED_REQUEST
        && refusal.status != StatusCode::UNAUTHORIZED
    {
        let (plain, at) = (refusal.clone(), uri.clone());
        let page = server.off_thread(move |server| Ok(app::sorry(server, &headers, &at, &refusal))).await;
        response = page.unwrap_or_else(|_| plain.into_response());
    }
    crate::web::http::guard::harden(response.headers_mut(), &origin);
    if let Some(log) = &server.log {
        // What stands behind the question mark may be what somebody looks for.
        log(&format!(
            "{method} {} {} {:.1} ms",
            uri.path(),
            response.status().as_u16(),
            start.elapsed().as_secs_f64() * 1e3
        ));
    }
    response
}

/// Answers a request; what brings a body needs one of the places that its peer has for that.
async fn answer(visitor: Option<Client>, request: Request, next: Next) -> Response {
    let _place = match visitor {
        Some(visitor) if !request.body().is_end_stream() => match visitor.body().await {
            Ok(place) => Some(place),
            Err(refusal) => return refusal.into_response(),
        },
        _ => None,
    };
    next.run(request).await
}

/// Whether an answer is the router's own about a name in an address that is no UTF-8.
fn is_unreadable(response: &Response) -> bool {
    let mime = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    response.status() == StatusCode::BAD_REQUEST
        && mime.starts_with("text/plain")
        && response.extensions().get::<Refusal>().is_none()
}

fn stranger() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "this server needs a key from you")
        .hint("open the link with `?key=` that `missive serve` printed for whoever runs it")
}

/// Whether whoever asks is a person with a browser.
fn wants_page(uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html") && !is_api(uri)
}

/// Whether an address is for programs.
fn is_api(uri: &Uri) -> bool {
    ["/channels", "/api/", "/events", "/app/"].iter().any(|start| uri.path().starts_with(start))
}

/// Words as a sentence for a page, where `such quotes` of a terminal are “such”.
fn sentence(words: &str) -> String {
    let quoted = words.split('`').enumerate().map(|(at, part)| match at {
        0 => part.to_owned(),
        at if at % 2 == 1 => format!("“{part}"),
        _ => format!("”{part}"),
    });
    let words: String = quoted.collect();
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// The server as whoever asks calls it.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// Sends a browser to another page after a form (RFC 9110, section 15.4.4).
fn see(to: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, to)
}

/// Sends a browser to another page of this server, and never to one of another: every redirect is made here.
fn redirect(status: StatusCode, to: &str) -> Response {
    let mut response = status.into_response();
    crate::web::http::file::set(response.headers_mut(), header::LOCATION, address::local(to).unwrap_or("/"));
    response
}

impl Server {
    /// Lets in whoever comes by the link with the key, which then disappears from the address.
    fn come_by_link(&self, uri: &Uri) -> Option<Response> {
        let params = crate::web::http::request::Params::of(uri);
        let cookie = self.guard.admit(params.get("key")?)?;
        let rest = params.without("key");
        let to = if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{rest}", uri.path()) };
        let mut response = see(&to);
        crate::web::http::file::set(response.headers_mut(), header::SET_COOKIE, &cookie);
        Some(response)
    }

    /// Does what may wait for the disk off the threads that answer.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Server) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let server = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&server)).await;
        done.unwrap_or_else(|_| {
            Err(Refusal::broken("this request hit a mistake in the program").hint("please report it"))
        })
    }

    /// An answer that follows from the library and `what` alone, unless the browser has it already.
    fn unless_known(
        &self,
        headers: &HeaderMap,
        what: &str,
        make: impl FnOnce(&Server) -> Result<Response, Refusal>,
    ) -> Result<Response, Refusal> {
        let tag = format!("W/\"{:x}-{}\"", self.library.version(), crate::web::api::wire::version_of(what.as_bytes()));
        if crate::web::http::file::is_known(headers, &tag) {
            return Ok(crate::web::http::file::unchanged(&tag, None));
        }
        let mut response = make(self)?;
        crate::web::http::file::set(response.headers_mut(), header::ETAG, &tag);
        Ok(response)
    }

    /// A message that is shown, with its channel.
    fn message(&self, name: &str, side: Side, id: &str) -> Result<(Arc<ChannelState>, Arc<Card>), Refusal> {
        let state = self.library.get(name)?;
        let stamp = Stamp::parse(id.as_bytes()).ok();
        let card = stamp.and_then(|stamp| state.find(side, stamp)).map(|(_, card)| Arc::clone(card));
        let card =
            card.ok_or_else(|| Refusal::missing(format!("there is no message {id} in the {side} of `{name}`")))?;
        Ok((state, card))
    }

    /// A message of one's own, also one that waits for what it lacks or for its time, and is not shown yet.
    fn own(&self, name: &str, id: &str) -> Result<(Arc<ChannelState>, Arc<Card>), Refusal> {
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
        match card::make(&outbox, Side::Outbox, stamp, has_files, None) {
            Ok(made) => Ok((state, made.card)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in what was just written, so that whoever asks next finds it.
    fn written(&self, state: &ChannelState, path: &Path) {
        self.service.rescan(&state.channel, path);
    }

    fn seconds(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000_000)
    }

    /// The second that the clock shows.
    fn now(&self) -> Result<Stamp, Refusal> {
        Stamp::from_seconds(self.seconds())
            .ok_or_else(|| Refusal::broken("the clock shows a year that no message can have"))
    }
}

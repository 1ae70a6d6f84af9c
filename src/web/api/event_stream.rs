//! `/events`: what happens, as server-sent events (HTML, section 9.2).
//!
//! There are two streams. The app gets all that happens to channels. An open page of a site gets only that its own file was written
//! anew, or that its site could not be built.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;

use crate::web::http::connections::Client;
use crate::web::http::refusal::Refusal;
use crate::web::http::request::Params;
use crate::web::model::events;
use crate::web::model::events::{EventKind, Listener};
use crate::web::preview::Page;
use crate::web::server::Server;

/// How often a silent stream shows that it is alive.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How many events may wait for a slow reader.
const MAX_WAITING: usize = 64;

type Out = Sender<Result<Event, Infallible>>;

/// What happens from now on.
pub(super) async fn events(
    State(server): State<Server>,
    Extension(visitor): Extension<Client>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    let place = visitor.stream()?;
    let params = Params::from_uri(&uri);
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).or(params.get("after"));
    let listener = server.library.events.listen(last.and_then(|number| number.parse().ok()));
    let page = params.get("site").map(|name| Page::find(&server, name, params.get("page").unwrap_or_default()));
    let page = page.transpose()?;
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    let mut stop = server.stop.clone();
    tokio::spawn(async move {
        let told = async {
            match page {
                Some(page) => of_page(server, page, listener, &sender).await,
                None => of_channels(listener, &sender).await,
            }
        };
        tokio::select! {
            _ = told => {}
            _ = stop.changed() => {}
            () = sender.closed() => {}
        }
        drop(place);
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE_INTERVAL);
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive).into_response())
}

/// Ends when nobody listens any more.
async fn of_channels(mut listener: Listener, out: &Out) -> Option<()> {
    // A browser that comes back tells the number of the last event that it had; before the first one it needs that too.
    // What was missed comes after it, so its number is the one before.
    let missed = listener.missed.as_ref().and_then(|missed| missed.first());
    let known = missed.map_or(listener.last, |first| first.number - 1);
    let hello = Event::default().id(known.to_string()).comment("listening");
    out.send(Ok(hello)).await.ok()?;
    match listener.missed.take() {
        Some(missed) => {
            for event in missed {
                tell(&event, out).await?;
            }
        }
        None => refresh(listener.last, out).await?,
    }
    loop {
        match listener.receiver.recv().await {
            Ok(event) => tell(&event, out).await?,
            Err(RecvError::Lagged(_)) => refresh(listener.last, out).await?,
            Err(RecvError::Closed) => return None,
        }
    }
}

async fn refresh(number: u64, out: &Out) -> Option<()> {
    send(out, "refresh", Some(number), &json!({})).await
}

async fn tell(event: &events::Event, out: &Out) -> Option<()> {
    let number = Some(event.number);
    match &event.what {
        EventKind::Message(message) => send(out, "message", number, &json!(message)).await,
        EventKind::Channel(channel) => send(out, "channel", number, &json!({ "channel": channel })).await,
        EventKind::Site(_) => Some(()),
    }
}

async fn of_page(server: Server, page: Page, mut listener: Listener, out: &Out) -> Option<()> {
    let mut error = tell_page(&server, &page, out).await?;
    loop {
        let concerns = match listener.receiver.recv().await {
            Ok(events::Event { what: EventKind::Site(built), .. }) => {
                built.channel == page.channel
                    && (built.paths.contains(&page.path) || server.library.site_error(&page.channel) != error)
            }
            Ok(_) => false,
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return None,
        };
        if concerns {
            error = tell_page(&server, &page, out).await?;
        }
    }
}

/// Tells which state a page's file is in, and why the site could not be built, if so.
async fn tell_page(server: &Server, page: &Page, out: &Out) -> Option<Option<String>> {
    let error = server.library.site_error(&page.channel);
    let page = page.clone();
    let version = tokio::task::spawn_blocking(move || page.version()).await.ok()?;
    send(out, "page", None, &json!({ "version": version, "error": error })).await?;
    Some(error)
}

async fn send(out: &Out, name: &str, number: Option<u64>, data: &Value) -> Option<()> {
    let event = Event::default().event(name).data(data.to_string());
    let event = if let Some(number) = number { event.id(number.to_string()) } else { event };
    out.send(Ok(event)).await.ok()
}

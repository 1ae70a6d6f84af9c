//! `/api/openapi.json`: the API described by the `OpenAPI` specification, version 3.1.
//!
//! The shapes follow from the types that are sent, so they cannot disagree with them.

use axum::response::Response;
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::web::api::answer;
use crate::web::api::wire;
use crate::web::http::refusal::{Refusal, Words};

/// The body of a request.
enum RequestBody {
    Nothing,
    Json(Schema),
    /// A text as form or JSON, or a form with files.
    Text(Schema),
    Files,
    /// A draft as JSON or a form with files.
    Draft(Schema),
}

/// The answer to a request.
enum Answer {
    Json(u16, Schema),
    /// Of any type.
    Bytes,
    Events,
}

struct Operation {
    path: &'static str,
    method: &'static str,
    summary: &'static str,
    query: &'static [(&'static str, &'static str, &'static str)],
    body: RequestBody,
    answer: Answer,
    refuses: &'static [u16],
}

const PAGED: &[(&str, &str, &str)] = &[
    ("limit", "integer", "At most so many of the newest"),
    (
        "before",
        "string",
        "Only messages older than this id, such as 2013-08-11T14-34-37Z or inbox/2013-08-11T14-34-37Z",
    ),
];
const SEARCHED: &[(&str, &str, &str)] = &[
    ("q", "string", "Words, \"phrases\", -not, tag:, from:, in:, has:attachment, after:, before:"),
    ("limit", "integer", "At most so many of the newest"),
    ("before", "string", "Only messages older than this one, as CHANNEL/BOX/ID"),
];
const LISTENED: &[(&str, &str, &str)] = &[
    ("after", "string", "The number of the last event that was received"),
    ("site", "string", "Report only a page of this channel's site"),
    ("page", "string", "The page's path on the site"),
];

/// The document.
pub(super) async fn document() -> Result<Response, Refusal> {
    answer::json(&describe())
}

/// Every route, with what it takes and answers.
fn operations(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    let mut all = reading(shapes);
    all.extend(sending(shapes));
    all.extend(marking(shapes));
    all.extend(drafting(shapes));
    all.extend(looking(shapes));
    all
}

fn get(path: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation {
        path,
        method: "get",
        summary,
        query: &[],
        body: RequestBody::Nothing,
        answer,
        refuses: &[400, 401, 404],
    }
}

fn write(
    path: &'static str,
    method: &'static str,
    summary: &'static str,
    body: RequestBody,
    answer: Answer,
) -> Operation {
    let refuses = &[400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 503, 507];
    Operation { path, method, summary, query: &[], body, answer, refuses }
}

fn reading(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    let paged = |operation| Operation { query: PAGED, ..operation };
    let json = |schema: &Schema| Answer::Json(200, schema.clone());
    let messages = shapes.subschema_for::<Vec<wire::Message>>();
    let message = shapes.subschema_for::<wire::Message>();
    let attachments = shapes.subschema_for::<Vec<wire::Attachment>>();
    vec![
        get("/channels", "All channels, by name", json(&shapes.subschema_for::<Vec<wire::Channel>>())),
        get("/channels/{name}", "A channel", json(&shapes.subschema_for::<wire::Channel>())),
        paged(get("/channels/{name}/messages", "The messages of both boxes, newest first", json(&messages))),
        paged(get("/channels/{name}/inbox", "The messages of the inbox, newest first", json(&messages))),
        paged(get("/channels/{name}/outbox", "The messages of the outbox, newest first", json(&messages))),
        get("/channels/{name}/inbox/{id}", "A message of the inbox", json(&message)),
        get("/channels/{name}/outbox/{id}", "A message of the outbox", json(&message)),
        get("/channels/{name}/inbox/{id}/attachments", "The attachments of a message", json(&attachments)),
        get("/channels/{name}/outbox/{id}/attachments", "The attachments of a message", json(&attachments)),
        get("/channels/{name}/inbox/{id}/attachments/{file}", "An attachment's bytes", Answer::Bytes),
        get("/channels/{name}/outbox/{id}/attachments/{file}", "An attachment's bytes", Answer::Bytes),
    ]
}

fn sending(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    let text = shapes.subschema_for::<wire::NewMessage>();
    let message = shapes.subschema_for::<wire::Message>();
    let send = |path| {
        write(path, "post", "Send a message", RequestBody::Text(text.clone()), Answer::Json(200, message.clone()))
    };
    let attached = Answer::Json(200, shapes.subschema_for::<wire::Attached>());
    let files = "Attach files to a message of the outbox";
    vec![
        send("/channels/{name}/messages"),
        send("/channels/{name}/outbox"),
        write("/channels/{name}/outbox/{id}/attachments", "post", files, RequestBody::Files, attached),
    ]
}

fn marking(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    let new = shapes.subschema_for::<wire::NewMarks>();
    let marks = shapes.subschema_for::<wire::Marks>();
    let mark =
        |path, summary| write(path, "post", summary, RequestBody::Json(new.clone()), Answer::Json(200, marks.clone()));
    let all = RequestBody::Json(shapes.subschema_for::<wire::AllRead>());
    let done = Answer::Json(200, shapes.subschema_for::<wire::Done>());
    vec![
        mark("/channels/{name}/inbox/{id}/marks", "Mark a message as read or starred"),
        mark("/channels/{name}/outbox/{id}/marks", "Mark a message as starred"),
        write("/channels/{name}/marks", "post", "Mark all messages of a channel as read", all, done),
    ]
}

fn drafting(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    const ALL: &str = "/channels/{name}/drafts";
    const ONE: &str = "/channels/{name}/drafts/{draft}";
    const FILES: &str = "/channels/{name}/drafts/{draft}/attachments";
    const FILE: &str = "/channels/{name}/drafts/{draft}/attachments/{file}";
    let save = "Save a draft's text; with `If-Match` only if nobody changed it since that version";
    let ok = |schema: &Schema| Answer::Json(200, schema.clone());
    let unsent = shapes.subschema_for::<wire::Draft>();
    let message = shapes.subschema_for::<wire::Message>();
    let done = shapes.subschema_for::<wire::Done>();
    let new = RequestBody::Draft(shapes.subschema_for::<wire::NewDraft>());
    let text = RequestBody::Json(shapes.subschema_for::<wire::DraftText>());
    let attached = shapes.subschema_for::<wire::Attached>();
    vec![
        get(ALL, "The drafts of a channel", ok(&shapes.subschema_for::<Vec<wire::Draft>>())),
        write(ALL, "post", "Create a draft", new, Answer::Json(201, unsent.clone())),
        get(ONE, "A draft", ok(&unsent)),
        write(ONE, "put", save, text, ok(&unsent)),
        write(ONE, "delete", "Move a draft to the trash", RequestBody::Nothing, ok(&done)),
        write(
            "/channels/{name}/drafts/{draft}/send",
            "post",
            "Send a draft",
            RequestBody::Nothing,
            Answer::Json(201, message),
        ),
        get(FILES, "The attachments of a draft", ok(&shapes.subschema_for::<Vec<wire::Attachment>>())),
        write(FILES, "post", "Attach files to a draft", RequestBody::Files, ok(&attached)),
        get(FILE, "An attachment's bytes", Answer::Bytes),
        write(FILE, "delete", "Remove an attachment from a draft", RequestBody::Nothing, ok(&done)),
    ]
}

fn looking(shapes: &mut SchemaGenerator) -> Vec<Operation> {
    let found = Answer::Json(200, shapes.subschema_for::<Vec<wire::Hit>>());
    let text = RequestBody::Json(shapes.subschema_for::<wire::PreviewRequest>());
    let shown = Answer::Json(200, shapes.subschema_for::<wire::RenderedText>());
    vec![
        Operation { query: SEARCHED, ..get("/api/search", "Search all messages, newest first", found) },
        write("/api/preview", "post", "Render a text as the app would show it", text, shown),
        Operation {
            query: LISTENED,
            refuses: &[400, 401, 404, 503],
            ..get("/events", "Events, as they happen", Answer::Events)
        },
    ]
}

/// The whole document.
fn describe() -> Value {
    let mut shapes = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let refusal = shapes.subschema_for::<Words<'_>>();
    let mut paths = Map::new();
    for operation in operations(&mut shapes) {
        let at = paths.entry(operation.path).or_insert_with(|| json!({ "parameters": named(operation.path) }));
        if let Some(at) = at.as_object_mut() {
            at.insert(operation.method.to_owned(), operation.describe(&refusal));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "missive",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Channels of plain text files: messages, marks and drafts. A write must come from a page of this server, or from a program that sends no `Origin`. Anyone but the user who runs the server sends the key that it prints: `Authorization: Bearer KEY`.",
            "license": { "name": "Unlicense OR MIT", "identifier": "Unlicense OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": shapes.take_definitions(true) },
    })
}

/// A parameter of the query: its name, its type, and what it is for.
fn query_parameter((name, kind, about): &(&str, &str, &str)) -> Value {
    let schema = if *kind == "integer" { json!({ "type": kind, "minimum": 0 }) } else { json!({ "type": kind }) };
    json!({ "name": name, "in": "query", "description": about, "schema": schema })
}

/// The parameters that stand in a path.
fn named(path: &str) -> Vec<Value> {
    let about = |name: &str| match name {
        "name" => "A channel's name, percent-encoded",
        "id" => "A message's id, such as 2013-08-11T14-34-37Z",
        "draft" => "A draft's name, such as draft-2013-08-11T14-34-37Z",
        _ => "An attachment's path, percent-encoded; folders are separated by `/`",
    };
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let one = |name| json!({ "name": name, "in": "path", "required": true, "description": about(name), "schema": { "type": "string", "minLength": 1 } });
    names.map(one).collect()
}

impl Operation {
    fn describe(&self, refusal: &Schema) -> Value {
        let mut responses = Map::new();
        let (status, content) = match &self.answer {
            Answer::Json(status, schema) => (*status, json!({ "application/json": { "schema": schema } })),
            Answer::Bytes => (200, json!({ "*/*": { "schema": {} } })),
            Answer::Events => (200, json!({ "text/event-stream": { "schema": { "type": "string" } } })),
        };
        responses.insert(status.to_string(), json!({ "description": "Done", "content": content }));
        if matches!(self.answer, Answer::Bytes) {
            responses.insert(
                "206".to_owned(),
                json!({ "description": "The part that was asked for", "content": { "*/*": { "schema": {} } } }),
            );
            responses.insert("416".to_owned(), json!({ "description": "The file has no such part" }));
        }
        if self.method == "get" {
            responses.insert("304".to_owned(), json!({ "description": "Not modified" }));
        }
        for status in self.refuses {
            let content = json!({ "application/json": { "schema": refusal } });
            responses.insert(status.to_string(), json!({ "description": "Refused", "content": content }));
        }
        let mut operation = json!({ "summary": self.summary, "responses": responses, "operationId": self.id() });
        if let Some(members) = operation.as_object_mut() {
            if !self.query.is_empty() {
                members.insert("parameters".to_owned(), self.query.iter().map(query_parameter).collect());
            }
            if let Some(content) = self.body.describe() {
                members.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
            }
        }
        operation
    }

    fn id(&self) -> String {
        let path: String = self.path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        format!("{}{path}", self.method)
    }
}

impl RequestBody {
    fn describe(&self) -> Option<Value> {
        let files =
            json!({ "type": "array", "items": { "type": "string", "contentMediaType": "application/octet-stream" } });
        let text = json!({ "type": "string" });
        let with_text = json!({ "type": "object", "properties": { "body": text, "file": files } });
        Some(match self {
            Self::Nothing => return None,
            Self::Json(schema) => json!({ "application/json": { "schema": schema } }),
            Self::Text(schema) => json!({
                "application/x-www-form-urlencoded": { "schema": { "type": "object", "properties": { "body": text }, "required": ["body"] } },
                "application/json": { "schema": schema },
                "multipart/form-data": { "schema": with_text },
            }),
            Self::Files => json!({
                "multipart/form-data": { "schema": { "type": "object", "properties": { "file": files }, "required": ["file"] } },
            }),
            Self::Draft(schema) => json!({
                "application/json": { "schema": schema },
                "multipart/form-data": { "schema": with_text },
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_answers() {
        let document = describe();
        let paths = document.get("paths").and_then(Value::as_object).unwrap();
        assert!(paths.len() > 15, "{}", paths.len());
        let text = document.to_string();
        assert!(text.contains("messages_url") && text.contains("has_attachments"));
    }
}

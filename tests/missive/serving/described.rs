//! What the API says of itself, and that it keeps to it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::Answer;
use super::{FIRST, SECOND, Served};

/// The document at `/api/openapi.json`, ready to judge answers.
pub(super) struct Described(Value);

impl Described {
    pub(super) fn of(document: &Value) -> Self {
        Self(document.clone())
    }

    /// Asserts that an answer is one that the document promises. What is no part of the API is not judged.
    #[track_caller]
    pub(super) fn judge(&self, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap();
        let Some(operations) = self.operations(path) else {
            return;
        };
        // Every route answers to `HEAD` as to `GET`, and all refuse what they do not know.
        let method = if method == "HEAD" { "get" } else { &method.to_ascii_lowercase() };
        let Some(operation) = operations.get(method) else {
            return assert!([403, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
        };
        let promised = operation["responses"].get(answer.status.to_string());
        let promised = promised.unwrap_or_else(|| panic!("{method} {path} gives {} unforeseen", answer.status));
        let schema = &promised["content"]["application/json"]["schema"];
        if schema.is_object() && !answer.body.is_empty() {
            self.fits(schema, &answer.json(), &format!("{method} {path}"));
        }
    }

    #[track_caller]
    fn fits(&self, schema: &Value, value: &Value, what: &str) {
        let mut schema = schema.clone();
        let members = schema.as_object_mut().unwrap();
        members.insert("components".to_owned(), self.0["components"].clone());
        let is_list = members.get("type") == Some(&json!("array"));
        let closed = if is_list { &mut schema["items"] } else { &mut schema };
        // What the document does not name is not to be said.
        if closed.get("properties").is_some() {
            closed.as_object_mut().unwrap().insert("unevaluatedProperties".to_owned(), false.into());
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }

    /// What can be done at a path, by the first template that it fits; one without parameters comes first.
    fn operations(&self, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap();
        let fits = |template: &str| {
            let (parts, wanted): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
            let same = |(part, wanted): (&&str, &&str)| wanted.starts_with('{') || part == wanted;
            let is_deep = template.ends_with("{file}") && parts.len() > wanted.len();
            (parts.len() == wanted.len() || is_deep) && parts.iter().zip(&wanted).all(same)
        };
        paths.iter().find(|(template, _)| fits(template)).map(|(_, operations)| operations)
    }
}

/// The paths of the document with the methods of each.
fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            all.insert((method.to_ascii_uppercase(), path.clone()));
        }
    }
    all
}

/// A template with names in it that are there, or with others.
fn filled(path: &str, draft: &str) -> String {
    let id = if path.contains("/inbox/") { FIRST } else { SECOND };
    path.replace("{name}", "talk").replace("{id}", id).replace("{draft}", draft).replace("{file}", "notes.txt")
}

#[test]
fn every_route_that_is_described_answers() {
    let served = Served::new();
    let document = served.get("/api/openapi.json").done();
    assert_eq!(document["openapi"], "3.1.0");
    for (method, path) in operations(&document) {
        let form = [("body", "text"), ("text", "text")];
        let draft = served.tell(served.ask("POST", "/channels/talk/drafts").files(&form, &[("notes.txt", b"x")]));
        let name = draft.done()["name"].as_str().unwrap().to_owned();
        if path == "/events" {
            drop(served.listen(""));
            continue;
        }
        let ask = served.ask(&method, &filled(&path, &name));
        let body = match path.as_str() {
            "/api/preview" => Some(json!({ "channel": "talk", "text": "*text*" })),
            path if path.ends_with("/marks") => Some(json!({ "read": true, "starred": true })),
            path if path.ends_with("/drafts") => Some(json!({ "text": "text" })),
            path if path.ends_with("/send") || path.ends_with("/attachments") => None,
            _ if method == "PUT" => Some(json!({ "text": "text" })),
            _ if method == "POST" => Some(json!({ "body": "text" })),
            _ => None,
        };
        let ask = match body {
            Some(body) => ask.json(&body),
            None if path.ends_with("/attachments") && method == "POST" => ask.files(&[], &[("new.txt", b"x")]),
            None => ask,
        };
        // What is theirs has no such file; everything else is there.
        let is_theirs = path.contains("/inbox/") && path.ends_with("{file}");
        let answer = served.tell(ask);
        let is_well = (200..300).contains(&answer.status) || (is_theirs && answer.status == 404);
        assert!(is_well, "{method} {path}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn what_is_not_described_is_not_there() {
    let served = Served::new();
    let document = served.get("/api/openapi.json").done();
    let described = operations(&document);
    let paths: BTreeSet<&String> = described.iter().map(|(_, path)| path).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let is_described = described.contains(&(method.to_owned(), path.clone()));
            if path == "/events" && is_described {
                // This answer never ends.
                continue;
            }
            let answer = served.tell(served.ask(method, &filled(path, "draft-2013-08-11T14-34-37Z")));
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {}", answer.status);
        }
    }
}

#[test]
fn every_route_of_the_program_is_described() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/api/mod.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let document = Served::new().get("/api/openapi.json").done();
    let described: BTreeSet<String> = operations(&document).into_iter().map(|(_, path)| path).collect();
    let starts = source.match_indices("\"/").map(|(at, _)| &source[at + 1..]);
    let routes: Vec<String> = starts.map(|rest| rest.split('"').next().unwrap().replace("{*", "{")).collect();
    assert!(routes.len() > 20, "{routes:?}");
    for route in routes.iter().filter(|route| *route != "/api/openapi.json") {
        assert!(described.contains(route), "{route}");
    }
}

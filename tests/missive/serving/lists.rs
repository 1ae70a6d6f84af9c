//! Pages of long lists, searching, marks and previews.

use serde_json::{Value, json};

use super::{FIRST, SECOND, Served};

fn many() -> Served {
    let texts: Vec<(String, String)> =
        (0..30).map(|day| (format!("talk/inbox/2014-01-{:02}T10-00-00Z.txt", day + 1), format!("day {day}"))).collect();
    let files: Vec<(&str, &[u8])> = texts.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    Served::with(&[], &files)
}

#[test]
fn a_long_list_is_read_page_by_page() {
    let served = many();
    let (mut texts, mut url) = (Vec::new(), "/channels/talk/messages?limit=7".to_owned());
    loop {
        let page = served.get(&url).done();
        let Some(last) = page.as_array().unwrap().last().cloned() else {
            break;
        };
        texts.extend(page.as_array().unwrap().iter().map(|message| message["body"].clone()));
        let (side, id) = (last["box"].as_str().unwrap(), last["message_id"].as_str().unwrap());
        url = format!("/channels/talk/messages?limit=7&before={side}/{id}");
    }
    assert_eq!(texts.len(), 32);
    let all = served.get("/channels/talk/messages").done();
    assert!(all.as_array().unwrap().iter().map(|message| &message["body"]).eq(&texts));
    assert_eq!(served.texts("/channels/talk/inbox?limit=2"), ["day 29", "day 28"]);
    assert_eq!(served.texts("/channels/talk/inbox?limit=1&before=2014-01-04T10-00-00Z"), ["day 2"]);
    assert!(served.texts("/channels/talk/messages?limit=0").is_empty());
    for wrong in ["limit=x", "limit=-1", "limit=99999999999999999999", "before=x", "before=", "before=else/x"] {
        served.get(&format!("/channels/talk/messages?{wrong}")).refused(400);
    }
}

#[test]
fn words_find_messages_in_all_channels() {
    let served = many();
    let found = |query: &str| -> Vec<String> {
        let hits = served.get(&format!("/api/search?q={query}")).done();
        let key = |hit: &Value| format!("{}/{}", hit["channel"].as_str().unwrap(), hit["message_id"].as_str().unwrap());
        hits.as_array().unwrap().iter().map(key).collect()
    };
    assert_eq!(found("post"), [format!("blog/{SECOND}"), format!("blog/{FIRST}")]);
    assert_eq!(found("post%20-words"), [format!("blog/{FIRST}")]);
    assert_eq!(found("tag:tag"), [format!("talk/{FIRST}")]);
    assert_eq!(found("has:attachment"), [format!("talk/{SECOND}")]);
    assert!(found("").is_empty() && found("nowhere").is_empty());
    let hits = served.get("/api/search?q=day&limit=3&before=talk/inbox/2014-01-20T10-00-00Z").done();
    assert_eq!(hits.as_array().unwrap().len(), 3);
    assert_eq!(hits[0]["excerpt"], "day 18");
    assert_eq!(hits[0]["matches"], json!([[0, 3]]));
    served.get("/api/search?q=a&before=nonsense").refused(400);
    served.get("/api/search?q=after:nonsense").refused(400);
}

#[test]
fn marks_are_kept_and_lie_in_no_box() {
    let served = Served::new();
    let url = format!("/channels/talk/inbox/{FIRST}");
    let before = served.below("talk");
    assert_eq!(
        (served.get(&url).done()["read"].clone(), served.get("/channels/talk").done()["unread"].clone()),
        (json!(false), json!(1))
    );
    let mark = |marks: Value| served.tell(served.ask("POST", &format!("{url}/marks")).json(&marks)).done();
    assert_eq!(mark(json!({ "starred": true })), json!({ "read": false, "starred": true }));
    assert_eq!(mark(json!({ "read": true })), json!({ "read": true, "starred": true }));
    assert_eq!(mark(json!({})), json!({ "read": true, "starred": true }));
    assert_eq!(served.get("/channels/talk").done()["unread"], 0);
    assert_eq!(mark(json!({ "read": false, "starred": false })), json!({ "read": false, "starred": false }));
    let all = served.ask("POST", "/channels/talk/marks");
    assert_eq!(served.tell(all.json(&json!({ "read": true }))).done(), json!({}));
    assert_eq!(served.get(&url).done()["read"], true);
    let none = served.ask("POST", "/channels/talk/marks");
    served.tell(none.json(&json!({ "read": false }))).refused(400);
    let nobody = served.ask("POST", &format!("/channels/talk/inbox/{SECOND}/marks"));
    served.tell(nobody.json(&json!({ "read": true }))).refused(404);
    assert_eq!(served.below("talk"), before, "nothing is written into a channel");
}

#[test]
fn a_text_is_shown_as_it_would_be() {
    let served = Served::new();
    let show = |channel: &str, text: &str| {
        let wanted = json!({ "channel": channel, "text": text });
        served.tell(served.ask("POST", "/api/preview").json(&wanted))
    };
    let shown = show("talk", "# Title\n\n*new*").done();
    assert!(shown["html"].as_str().unwrap().contains("<em>new</em>"), "{shown}");
    show("nobody", "x").refused(404);
    let with = json!({ "channel": "talk", "draft": "../x", "text": "x" });
    served.tell(served.ask("POST", "/api/preview").json(&with)).refused(404);
    assert_eq!(served.below("talk").iter().filter(|name| name.starts_with("drafts/")).count(), 0);
}

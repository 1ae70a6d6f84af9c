//! The first page: write, read, talk; and what is shown where there is no channel.

use super::Served;
use super::http::Answer;

/// Sends one of the page's forms, as a browser does.
fn send(served: &Served, what: &str, with: &str) -> Answer {
    let page = served.ask("GET", "/begin").header("Accept", "text/html").send();
    let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let text = page.text();
    let token = text.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("token", token), ("do", what), ("with", with)];
    served.ask("POST", "/begin").form(&fields).header("Cookie", &cookie).header("Accept", "text/html").send()
}

fn html(served: &Served, path: &str) -> Answer {
    served.ask("GET", path).header("Accept", "text/html").send()
}

#[test]
fn without_a_channel_the_first_page_offers_three_ways() {
    let mut served = Served::nothing();
    served.launch(&["--no-sync"]);
    let page = html(&served, "/").text();
    for words in
        ["<h1>Welcome</h1>", ">Write</h2>", ">Read</h2>", ">Talk</h2>", "missive new my-blog", "missive accept CODE"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!served.data("").exists(), "looking makes nothing");
    let made = send(&served, "make", "my blog");
    assert_eq!((made.status, made.header("location")), (303, Some("/write/my%20blog")), "{}", made.text());
    assert!(served.data("my blog/outbox").is_dir());
    assert_eq!(html(&served, "/write/my%20blog").status, 200, "it can be written to at once");
    served.say("my%20blog", "The first");
    let home = html(&served, "/").text();
    assert!(home.contains("Broadcasts") && home.contains("href=\"/begin\"") && !home.contains("Welcome"), "{home}");
}

#[test]
fn a_name_that_cannot_be_is_refused_beside_its_field() {
    let served = Served::new();
    let before = served.below("");
    for (what, with, why) in [
        ("make", "", "empty"),
        ("make", ".hidden", "cannot be a channel"),
        ("make", "a/b", "cannot be a channel"),
        ("make", "../up", "cannot be a channel"),
        ("make", "blog", "already exists"),
        ("subscribe", "nonsense", ""),
        ("subscribe", "missive-write-aeaq", ""),
        ("accept", "<script>alert(1)</script>", ""),
        ("accept", "missive-invite-aeaq", ""),
        ("invite", "blog", "already exists"),
        ("nothing", "x", ""),
    ] {
        let answer = send(&served, what, with);
        assert!((400..500).contains(&answer.status), "{what} {with}: {}", answer.status);
        let page = answer.text().replace("cannot", "can’t");
        assert!(
            page.contains(&why.replace("cannot", "can’t")) && !page.contains("<script>alert"),
            "{what} {with}: {page}"
        );
    }
    let left: Vec<String> = served.below("").into_iter().filter(|name| !name.starts_with(".missive")).collect();
    assert_eq!(left, before.into_iter().filter(|name| !name.starts_with(".missive")).collect::<Vec<_>>());
}

#[test]
fn a_form_of_another_page_makes_nothing() {
    let served = Served::new();
    for fields in [&[("do", "make"), ("with", "planted")][..], &[("do", "make"), ("with", "planted"), ("token", "x.y")]]
    {
        served.ask("POST", "/begin").form(fields).send().refused(403);
    }
    assert!(!served.data("planted").exists());
}

#[test]
fn where_channels_are_named_only_commands_are_told() {
    let mut served = Served::ready();
    served.launch(&["blog"]);
    let page = html(&served, "/begin").text();
    assert!(page.contains("missive new my-blog") && !page.contains("<form"), "{page}");
    let write = html(&served, "/write/blog");
    let cookie = write.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1;
    let fields = [("do", "make"), ("with", "other"), ("token", token)];
    let words = served.ask("POST", "/begin").form(&fields).header("Cookie", &cookie).send().refused(403);
    assert!(words.contains("started for certain channels only") && !served.data("other").exists());
}

#[test]
fn a_channel_that_is_not_there_leads_people_to_a_page_and_programs_to_a_list() {
    let served = Served::new();
    let page = html(&served, "/read/nope");
    assert_eq!(page.status, 404);
    assert!(page.text().contains("No channel named “nope”. <a href=\"/\">See all channels</a>"), "{}", page.text());
    assert!(!page.text().contains("/channels"), "no page leads a person to JSON");
    assert!(html(&served, "/read/%3Cb%3E").text().contains("“&lt;b&gt;”"));
    let answer = served.get("/channels/nope");
    assert_eq!(answer.refused(404), "no channel named “nope”");
    assert_eq!(answer.json()["hint"], "GET /channels lists all channels");
}

#[cfg(feature = "sync")]
#[test]
fn a_key_and_a_code_are_taken_in_the_page() {
    let azureen = Served::new();
    let share = |args: &[&str]| {
        let done = azureen.command(args).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        report
    };
    let key = share(&["share", "blog", "--json"])["key"].as_str().unwrap().to_owned();
    let code = share(&["invite", "brando", "--as", "azureen", "--json"])["code"].as_str().unwrap().to_owned();
    let mut brando = Served::nothing();
    brando.launch(&["--no-sync"]);
    let subscribed = send(&brando, "subscribe", &format!("  {key} "));
    assert_eq!((subscribed.status, subscribed.header("location")), (303, Some("/read/blog")), "{}", subscribed.text());
    assert!(html(&brando, "/read/blog").text().contains("They appear once someone who has this channel is online."));
    let book = std::fs::read_to_string(brando.data(".missive/keys.toml")).unwrap();
    assert!(book.contains("channel = \"blog\"") && brando.data("blog/inbox").is_dir());
    let accepted = send(&brando, "accept", &code);
    assert_eq!((accepted.status, accepted.header("location")), (303, Some("/read/azureen")), "{}", accepted.text());
    let book = std::fs::read_to_string(brando.data(".missive/keys.toml")).unwrap();
    assert!(book.contains(&code));
    let invited = send(&brando, "invite", "anna");
    assert_eq!(invited.status, 200);
    assert!(invited.text().contains("missive-invite-") && invited.text().contains("href=\"/read/anna\""));
    assert!(brando.data("anna/inbox").is_dir() && brando.data("anna/outbox").is_dir());
    crate::scene::until("the new ones", || brando.get("/channels").done().as_array().unwrap().len() == 3);
    assert!(!std::fs::read_to_string(brando.data(".missive/serve.forms")).unwrap_or_default().contains("invite"));
    let again = send(&brando, "subscribe", &key);
    assert!(again.status == 422 && again.text().contains("You have that channel already"), "{}", again.text());
}

//! The feed and the list of several channels, as a server has them without a file.

use missive::channel::Channel;
use missive::channel::snapshot::card_cache::CardCache;
use missive::channel::snapshot::{self, LookOptions, Snapshot};
use missive::site::{CombinedFeed, FeedChannel, SiteOptions, combined_feed, opml};

use super::{ID, data, values, write};
use crate::scene::{NOW, Scene, files};

fn look(scene: &Scene, name: &str) -> Snapshot {
    let channel = Channel::open(&scene.root().join("data").join(name)).unwrap();
    snapshot::take(channel, &CardCache::nowhere(), LookOptions::at(NOW))
}

/// These channels as a server has it.
fn served<'a>(snapshots: &'a [Snapshot], options: &'a SiteOptions) -> Vec<FeedChannel<'a>> {
    let site = |snapshot: &Snapshot| format!("http://[::1]:8000/site/{}/", snapshot.channel.name);
    snapshots
        .iter()
        .map(|snapshot| FeedChannel { snapshot, options, site: site(snapshot), origins: [None, None] })
        .collect()
}

#[test]
fn a_server_has_the_feed_and_the_list_without_a_file() {
    let scene = data();
    let snapshots = [look(&scene, "blog"), look(&scene, "blog-too")];
    let options = scene.options();
    let channels = served(&snapshots, &options);
    let feed =
        CombinedFeed { title: "Mine & all", feed: Some("http://[::1]:8000/planet.atom"), front: "http://[::1]:8000/" };
    let feed = String::from_utf8(combined_feed(&feed, &channels)).unwrap();
    assert_eq!(feed.matches("<entry>").count(), 3);
    for part in [
        "<title>Mine &amp; all</title>",
        "<link href=\"http://[::1]:8000/planet.atom\" rel=\"self\"",
        "<link href=\"http://[::1]:8000/\" rel=\"alternate\"",
        "<link href=\"http://[::1]:8000/site/blog/atom.xml\" rel=\"self\"",
        "http://[::1]:8000/site/blog-too/2026-01-02T10-00-00Z/p.png",
    ] {
        assert!(feed.contains(part), "{part}\n{feed}");
    }
    assert!(values(&feed, "href").iter().all(|link| link.starts_with("http://[::1]:8000/")), "{feed}");
    let list = String::from_utf8(opml("Mine\u{0} & all", &channels)).unwrap();
    assert!(list.contains("<title>Mine &amp; all</title>"), "{list}");
    assert!(list.contains("xmlUrl=\"http://[::1]:8000/site/blog/atom.xml\" htmlUrl=\"http://[::1]:8000/site/blog/\""));
}

#[test]
fn a_message_that_came_by_two_ways_is_one_entry() {
    let scene = data();
    write(&scene, "blog/outbox/.channel.toml", ID);
    for (name, bytes) in files(&scene.root().join("data/blog/outbox")) {
        write(&scene, &format!("copy/inbox/{name}"), &String::from_utf8(bytes).unwrap());
    }
    let snapshots = [look(&scene, "blog"), look(&scene, "copy")];
    let options = scene.options();
    let feed = CombinedFeed { title: "All", feed: None, front: "index.html" };
    let feed = String::from_utf8(combined_feed(&feed, &served(&snapshots, &options))).unwrap();
    assert_eq!(feed.matches("<entry>").count(), 2, "{feed}");
    assert!(!feed.contains("/site/copy/"));
}

//! Several hosts: each a network namespace of its own, with a cable between them that can be cut.
//! Only root makes such hosts.

use std::net::UdpSocket;
use std::process::Command;

use super::people::{Person, until, until_same};
use super::{FIRST, SECOND, THIRD};

const OUTBOX: &str = "blog/outbox";
const INBOX: &str = "harbour/inbox";
const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

/// Two hosts and the cable between them.
struct Hosts {
    names: [String; 2],
}

fn ip(line: &str) -> bool {
    let done = Command::new("ip").args(line.split_whitespace()).output();
    done.is_ok_and(|done| done.status.success())
}

impl Hosts {
    #[track_caller]
    fn new(story: &str) -> Self {
        let hosts = Self { names: ["a", "b"].map(|end| format!("m{}{story}{end}", std::process::id())) };
        let [one, other] = &hosts.names;
        let made = hosts.names.iter().all(|name| ip(&format!("netns add {name}")))
            && ip(&format!("link add cable netns {one} type veth peer name cable netns {other}"))
            && hosts.names.iter().zip(ADDRESSES).all(|(name, address)| {
                ip(&format!("-n {name} addr add {address}/24 dev cable"))
                    && ip(&format!("-n {name} link set lo up"))
                    && ip(&format!("-n {name} link set cable up"))
                    && ip(&format!("-n {name} route add default dev cable"))
            });
        assert!(made, "network namespaces can't be made");
        hosts
    }

    /// Has a person live on one of them.
    fn house(&self, person: &mut Person, host: usize) {
        person.lives_under(&[
            "/usr/bin/env",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "ip",
            "netns",
            "exec",
            &self.names[host],
        ]);
    }

    fn cable(&self, state: &str) {
        assert!(ip(&format!("-n {} link set cable {state}", self.names[0])));
        if state == "up" {
            // It went with the cable.
            ip(&format!("-n {} route add default dev cable", self.names[0]));
        }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&format!("netns delete {name}"));
        }
    }
}

#[test]
#[ignore = "needs root, who makes network namespaces"]
fn a_cable_may_be_cut_for_as_long_as_it_likes() {
    let hosts = Hosts::new("cut");
    let mut azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n");
    let mut brando = Person::new("Brando");
    hosts.house(&mut azureen, 0);
    hosts.house(&mut brando, 1);
    azureen.starts_at("10.77.0.1:0");
    brando.subscribes(&azureen.key("blog"), "harbour");
    brando.starts_at("10.77.0.2:0");
    until_same((&azureen, OUTBOX), (&brando, INBOX), "the first message arrives");
    // Shorter than anybody notices, then longer than a connection lives.
    for (stem, messages, is_noticed) in [(SECOND, 2, false), (THIRD, 3, true)] {
        hosts.cable("down");
        azureen.writes(&format!("{OUTBOX}/{stem}.txt"), b"written while the cable was cut\n");
        until(&[&azureen], "the author's node has seen it", || {
            azureen.document("blog", "outbox")["messages"] == messages
        });
        let is_connected = || brando.document("harbour", "inbox")["peers"][0]["connected"] == true;
        until(&[&brando], "the connection ends", || !is_noticed || !is_connected());
        assert!(!brando.has(&format!("{INBOX}/{stem}.txt")));
        hosts.cable("up");
        until_same((&azureen, OUTBOX), (&brando, INBOX), "what was written meanwhile arrives");
    }
}

#[test]
#[ignore = "needs root, who makes network namespaces"]
fn devices_of_one_network_find_each_other_by_their_keys_alone() {
    let hosts = Hosts::new("mdns");
    let mut azureen = Person::author("Azureen", "blog").message(&format!("{OUTBOX}/{FIRST}.txt"), "hello\n");
    // No node of hers has run yet: the key tells who she is, and not where.
    let mut brando = Person::new("Brando").subscribed(&azureen.key("blog"), "harbour");
    for (host, person) in [&mut azureen, &mut brando].into_iter().enumerate() {
        hosts.house(person, host);
        person.prefers("[sync]\nlookup = [\"mdns\"]\nrelays = []\n");
        person.starts_saying(&[]);
    }
    until_same((&azureen, OUTBOX), (&brando, INBOX), "she is found by her key alone");
    azureen.stops();
    azureen.writes(&format!("{OUTBOX}/{SECOND}.txt"), b"from another port\n");
    std::fs::write(azureen.path(".missive/sync/port"), another_port()).unwrap();
    azureen.starts_saying(&[]);
    until_same((&azureen, OUTBOX), (&brando, INBOX), "and found again elsewhere");
    until(&[&azureen, &brando], "all is in step", || brando.is_up_to_date("harbour", "inbox"));
}

/// A port that nobody has.
fn another_port() -> String {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

//! Where the server listens.
//!
//! The address that a person opens holds the key where the user cannot be known.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};

use crate::commands::{Failure, qr_code};
use crate::web::{self, Guard};

/// How often another free port is tried when one is free for one kind of address only.
const TRIES: usize = 20;

/// The sockets that are listened on.
pub(super) struct Listeners {
    pub(super) sockets: Vec<TcpListener>,
    port: u16,
    /// The name by which other machines call this one.
    host: Option<String>,
    key: String,
    /// The address without the key.
    bare_url: String,
    /// Whether the user who runs this needs the key too.
    everybody_needs_key: bool,
}

impl Listeners {
    /// Listens on this machine's own addresses only, or at this name or address.
    ///
    /// # Errors
    /// [`Failure`] with the port and the way to another one.
    pub(super) fn open(host: Option<&str>, port: u16, key: String) -> Result<Self, Failure> {
        match host.filter(|host| !is_here(host)) {
            None => Self::open_here(port, key),
            Some(host) => Self::open_at(host, port, key),
        }
    }

    fn open_here(port: u16, key: String) -> Result<Self, Failure> {
        let mut tries = if port == 0 { TRIES } else { 1 };
        loop {
            let first = listen(Ipv4Addr::LOCALHOST.into(), port).map_err(|error| taken("127.0.0.1", port, error))?;
            let port = first.local_addr()?.port();
            tries -= 1;
            // A browser that asks for `localhost` may try either, so nobody else may have the other one.
            match listen(Ipv6Addr::LOCALHOST.into(), port) {
                Ok(second) => return Ok(Self::here(vec![first, second], port, key)),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(taken("[::1]", port, error));
                }
                // There is no such address where the system has no IPv6.
                Err(_) => return Ok(Self::here(vec![first], port, key)),
            }
        }
    }

    fn here(sockets: Vec<TcpListener>, port: u16, key: String) -> Self {
        let bare_url = format!("http://localhost:{port}/");
        Self { sockets, port, host: None, key, bare_url, everybody_needs_key: !web::can_identify_users() }
    }

    fn open_at(host: &str, port: u16, key: String) -> Result<Self, Failure> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> =
            (bare, port).to_socket_addrs().map_err(|error| unknown(host, error))?.collect();
        // A machine's own name often means an address that only it can reach.
        let address = addresses.iter().find(|address| !address.ip().is_loopback());
        let address = address.ok_or_else(|| {
            let message = format!("`{host}` can only be reached from this machine");
            Failure::new(message, "0.0.0.0 means all addresses; without `--host` only this machine can connect")
        })?;
        let listener = listen(address.ip(), port).map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => unknown(host, error),
            _ => taken(host, port, error),
        })?;
        let port = listener.local_addr()?.port();
        let name = if address.ip().is_unspecified() { outward(address.ip()) } else { bracketed(bare) };
        let (host, bare_url) = (Some(bare.to_ascii_lowercase()), format!("http://{name}:{port}/"));
        Ok(Self { sockets: vec![listener], port, host, key, bare_url, everybody_needs_key: true })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address that the user opens.
    pub(super) fn url(&self) -> String {
        if self.everybody_needs_key { self.url_with_key() } else { self.bare_url.clone() }
    }

    /// The address without the key.
    pub(super) fn bare_url(&self) -> &str {
        &self.bare_url
    }

    /// The address that anybody can open.
    pub(super) fn url_with_key(&self) -> String {
        format!("{}?key={}", self.bare_url, self.key)
    }

    /// Whether the user who runs this needs the key too.
    pub(super) fn everybody_needs_key(&self) -> bool {
        self.everybody_needs_key
    }

    /// Whether other machines can connect.
    pub(super) fn is_open(&self) -> bool {
        self.host.is_some()
    }

    /// The address as a picture for a telephone's camera, where one could connect.
    pub(super) fn qr(&self, width: usize) -> Option<String> {
        self.host.as_ref()?;
        qr_code::qr(&self.url_with_key(), width)
    }

    pub(super) fn guard(&self) -> Guard {
        Guard { port: self.port, host: self.host.clone(), key: self.key.clone() }
    }
}

/// Whether a name means this machine alone.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address| own.contains(&address))
}

fn listen(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((address, port))
}

fn unknown(host: &str, error: io::Error) -> Failure {
    let message = format!("`{host}` is not an address of this machine: {error}");
    Failure::new(message, "0.0.0.0 means all its addresses").caused_by(error)
}

fn taken(host: &str, port: u16, error: io::Error) -> Failure {
    let hint = format!(
        "choose another port with `--port {}`, or any free one with `--port 0`",
        port.checked_add(1).unwrap_or(3000)
    );
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} of {host} is in use by another program"),
        io::ErrorKind::PermissionDenied => format!("you have no permission to use port {port} of {host}"),
        _ => format!("missive cannot listen on port {port} of {host}: {error}"),
    };
    Failure::new(message, hint).caused_by(error)
}

/// The address by which other machines are most likely to reach this one. Nothing is sent for that.
fn outward(any: IpAddr) -> String {
    let (from, to): (SocketAddr, SocketAddr) = match any {
        // Addresses for documentation (RFC 5737, RFC 3849): only the way there is looked up.
        IpAddr::V4(any) => ((any, 0).into(), (Ipv4Addr::new(192, 0, 2, 1), 9).into()),
        IpAddr::V6(any) => ((any, 0).into(), (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into()),
    };
    let found = UdpSocket::bind(from).and_then(|socket| socket.connect(to).and_then(|()| socket.local_addr()));
    found.map_or_else(|_| "localhost".to_owned(), |address| bracketed(&address.ip().to_string()))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(host: Option<&str>, port: u16) -> Result<Listeners, Failure> {
        Listeners::open(host, port, "0123456789abcdef".to_owned())
    }

    #[test]
    fn a_port_in_use_is_told_with_the_way_to_another() {
        let first = open(None, 0).unwrap();
        let failure = open(None, first.port()).err().unwrap();
        assert!(failure.message.contains(&format!("port {} of 127.0.0.1 is in use", first.port())), "{failure}");
        assert!(failure.hint.unwrap().contains("--port 0"));
    }

    #[test]
    fn the_user_needs_no_key_here_and_other_machines_do() {
        for host in [None, Some("localhost"), Some("127.0.0.1"), Some("[::1]")] {
            let doors = open(host, 0).unwrap();
            let bare = format!("http://localhost:{}/", doors.port());
            assert_eq!((doors.url(), doors.qr(80), doors.guard().host), (bare.clone(), None, None), "{host:?}");
            let doors = Listeners { everybody_needs_key: true, ..doors };
            assert_eq!(doors.url(), format!("{bare}?key=0123456789abcdef"), "where users can't be told apart");
        }
        let doors = open(Some("0.0.0.0"), 0).unwrap();
        assert!(doors.url().ends_with("?key=0123456789abcdef") && doors.qr(80).is_some());
    }
}

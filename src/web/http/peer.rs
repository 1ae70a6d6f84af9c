//! Whose program is at the other end of a connection.
//!
//! Loopback is not a person: every user of a machine can connect to it. Linux tells whose socket each end of a connection is:
//! `diag.rs` asks for the two, `tables.rs` reads all where that is forbidden. The other end is believed only while our own is
//! there, which is known by its inode: who gets the same port later is not who connected.

#[cfg(target_os = "linux")]
mod diag;
mod tables;
mod users;

use std::fmt;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use crate::web::http::peer::users::Users;

/// Who is at the other end of a connection, as limits count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// A program of the user who runs this server.
    Own,
    /// A program of another user of this machine, by the user's number.
    User(u32),
    /// A program of this machine whose user can't be known.
    Unknown,
    /// Another machine; of an IPv6 address the network part, of which one machine has all addresses.
    Machine(IpAddr),
}

impl fmt::Display for Peer {
    /// As the log names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("this user"),
            Self::User(number) => write!(f, "other user {number}"),
            Self::Unknown => f.write_str("unknown user"),
            Self::Machine(address) => write!(f, "machine {address}"),
        }
    }
}

impl Peer {
    /// Who is at the other end of this connection.
    pub(crate) fn identify(stream: &impl AsFd, here: SocketAddr, there: SocketAddr) -> Self {
        let [here, there] = [here, there].map(|end| SocketAddr::new(end.ip().to_canonical(), end.port()));
        if !there.ip().is_loopback() {
            return Self::Machine(network(there.ip()));
        }
        let Ok(inode) = inode(stream) else {
            return Self::Unknown;
        };
        match users(here, there, inode) {
            // Users from outside a user namespace all bear this number, so it says nothing.
            Some(users) if users.ours == overflow_user() => Self::Unknown,
            Some(users) if users.ours == users.theirs => Self::Own,
            Some(users) => Self::User(users.theirs),
            None => Self::Unknown,
        }
    }
}

#[cfg(target_os = "linux")]
fn users(here: SocketAddr, there: SocketAddr, inode: u64) -> Option<Users> {
    match diag::users(here, there, inode) {
        Ok(users) => users,
        // A sandbox may forbid to ask.
        Err(_) => tables::users(here, there, inode),
    }
}

#[cfg(not(target_os = "linux"))]
fn users(here: SocketAddr, there: SocketAddr, inode: u64) -> Option<Users> {
    tables::users(here, there, inode)
}

/// Whether this system tells whose connections come: tried with one to ourselves.
pub fn can_identify_users() -> bool {
    call_oneself().is_ok_and(|peer| peer == Peer::Own)
}

/// Whom a connection of this program to itself seems to come from.
fn call_oneself() -> io::Result<Peer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let calling = TcpStream::connect(listener.local_addr()?)?;
    let (called, there) = listener.accept()?;
    let peer = Peer::identify(&called, called.local_addr()?, there);
    drop(calling);
    Ok(peer)
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn inode(stream: &impl AsFd) -> io::Result<u64> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?).metadata()?.ino())
}

/// The number that stands for users who have none here.
fn overflow_user() -> u32 {
    const USUAL: u32 = 65_534;
    static SAID: OnceLock<u32> = OnceLock::new();
    *SAID.get_or_init(|| {
        let said = std::fs::read_to_string("/proc/sys/kernel/overflowuid").ok();
        said.and_then(|said| said.trim().parse().ok()).unwrap_or(USUAL)
    })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_connection_to_oneself_is_ones_own() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let calling = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (called, there) = listener.accept().unwrap();
        let here = called.local_addr().unwrap();
        assert_eq!((Peer::identify(&called, here, there), can_identify_users()), (Peer::Own, true));
        let number = inode(&called).unwrap();
        let asked = diag::users(here, there, number).unwrap();
        assert!(asked.is_some() && asked == tables::users(here, there, number), "both say the same");
        assert_eq!(diag::users(here, there, number + 1).unwrap(), None, "another socket's addresses");
        let elsewhere: SocketAddr = "127.0.0.1:1".parse().unwrap();
        assert_eq!(diag::users(here, elsewhere, number).unwrap(), None);
        drop(calling);
        assert_ne!(Peer::identify(&called, here, there), Peer::Own, "nobody is there any more");
        assert_eq!(
            Peer::identify(&called, here, "192.0.2.7:9".parse().unwrap()),
            Peer::Machine("192.0.2.7".parse().unwrap())
        );
        let (one, other) = ("[2001:db8::1]:9".parse().unwrap(), "[2001:db8::2]:9".parse().unwrap());
        assert_eq!(
            Peer::identify(&called, here, one),
            Peer::identify(&called, here, other),
            "one network is one machine's"
        );
    }
}

//! The kernel's answer about one socket, by its two ends (`sock_diag(7)`; `linux/inet_diag.h`). It costs microseconds, however many
//! sockets there are.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

use crate::web::http::peer::users::Users;

/// The length of a message's head, `nlmsghdr`.
const HEAD: usize = 16;
/// `SOCK_DIAG_BY_FAMILY`, of questions and of answers.
const BY_FAMILY: u16 = 20;
/// `NLMSG_ERROR`: there is no such socket, or it may not be asked for.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST`
const REQUEST: u16 = 1;
/// `IPPROTO_TCP`
const TCP: u8 = 6;
/// `TCP_LISTEN`: what is found by its port alone, where no connection is.
const LISTENS: u8 = 10;
/// `INET_DIAG_NOCOOKIE`
const NO_COOKIE: [u8; 8] = [0xff; 8];
/// `AF_INET` and `AF_INET6`
const FAMILIES: (u8, u8) = (2, 10);
/// `ENOENT`
const NO_SUCH_SOCKET: i32 = -2;

/// A socket that a program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket {
    user: u32,
    inode: u32,
}

/// The users of a connection's ends; `None` when one of them is nobody's any more.
///
/// # Errors
/// When the kernel may not be asked.
pub(super) fn users(here: SocketAddr, there: SocketAddr, inode: u64) -> io::Result<Option<Users>> {
    let line = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, Some(netlink::SOCK_DIAG))?;
    // The other end first: while ours is there after that, no other connection had these addresses.
    let theirs = ask(&line, there, here)?;
    let ours = ask(&line, here, there)?.filter(|ours| u64::from(ours.inode) == inode);
    Ok(ours.zip(theirs).map(|(ours, theirs)| Users { ours: ours.user, theirs: theirs.user }))
}

/// The socket with these ends, if a program has it.
fn ask(line: &OwnedFd, from: SocketAddr, to: SocketAddr) -> io::Result<Option<Socket>> {
    send(line, &question(from, to), SendFlags::empty())?;
    let mut answer = [0_u8; 1024];
    // The answer is there when the question was taken.
    let (_, len) = recv(line, &mut answer, RecvFlags::DONTWAIT)?;
    let answer = answer.get(..len).unwrap_or_default();
    match u16_at(answer, 4) {
        Some(BY_FAMILY) => Ok(read(answer, from, to)),
        Some(ERROR) if i32_at(answer, HEAD) == Some(NO_SUCH_SOCKET) => Ok(None),
        _ => Err(io::Error::from(io::ErrorKind::PermissionDenied)),
    }
}

/// `nlmsghdr`, then `inet_diag_req_v2`.
fn question(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    const ANY_STATE: u32 = u32::MAX;
    let ends = ends(from, to);
    let len = HEAD + 8 + ends.len() + 4 + NO_COOKIE.len();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend(u32::try_from(len).unwrap_or_default().to_ne_bytes());
    bytes.extend([BY_FAMILY, REQUEST].map(u16::to_ne_bytes).as_flattened());
    bytes.extend([0; 8]);
    bytes.extend([if from.is_ipv4() { FAMILIES.0 } else { FAMILIES.1 }, TCP, 0, 0]);
    bytes.extend(ANY_STATE.to_ne_bytes());
    bytes.extend(ends);
    bytes.extend([0; 4]);
    bytes.extend(NO_COOKIE);
    bytes
}

/// The beginning of `inet_diag_sockid`: ports and addresses as they go over the wire, each address in the room of a long one.
fn ends(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    [&from.port().to_be_bytes()[..], &to.port().to_be_bytes(), &address(from), &address(to)].concat()
}

/// An address in the room of sixteen bytes that one of either family has.
fn address(end: SocketAddr) -> [u8; 16] {
    let mut room = [0; 16];
    match end.ip() {
        IpAddr::V4(ip) => room.iter_mut().zip(ip.octets()).for_each(|(to, from)| *to = from),
        IpAddr::V6(ip) => room = ip.octets(),
    }
    room
}

/// Reads `inet_diag_msg`: family, state, timer, retransmissions, the two ends, interface and cookie, three counts, the user, and
/// the inode.
fn read(answer: &[u8], from: SocketAddr, to: SocketAddr) -> Option<Socket> {
    const ENDS: usize = HEAD + 4;
    const USER: usize = ENDS + 48 + 12;
    let wanted = ends(from, to);
    let (family, state) = (*answer.get(HEAD)?, *answer.get(HEAD + 1)?);
    // A socket for IPv6 that asked for IPv4 tells its ends in the longer form.
    let is_mapped = from.is_ipv4() && family == FAMILIES.1;
    let wanted = if is_mapped { ends(mapped(from), mapped(to)) } else { wanted };
    let is_it = answer.get(ENDS..ENDS + wanted.len())? == wanted && state != LISTENS;
    let socket = Socket { user: u32_at(answer, USER)?, inode: u32_at(answer, USER + 4)? };
    (is_it && socket.inode != 0).then_some(socket)
}

fn mapped(end: SocketAddr) -> SocketAddr {
    match end.ip() {
        IpAddr::V4(ip) => (ip.to_ipv6_mapped(), end.port()).into(),
        IpAddr::V6(_) => end,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer about a socket as the kernel writes one.
    fn answer(family: u8, state: u8, ends: &[u8], user: u32, inode: u32) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes.extend([family, state, 0, 0]);
        bytes.extend(ends);
        bytes.extend([0; 12 + 12]);
        bytes.extend([user, inode].map(u32::to_ne_bytes).as_flattened());
        bytes
    }

    #[test]
    fn only_the_very_connection_is_believed() {
        let (here, there) = ("127.0.0.1:3000".parse().unwrap(), "127.0.0.1:40000".parse().unwrap());
        let socket = Some(Socket { user: 33, inode: 78 });
        let its = ends(there, here);
        assert_eq!(read(&answer(2, 1, &its, 33, 78), there, here), socket);
        assert_eq!(read(&answer(2, 5, &its, 33, 78), there, here), socket, "one that only says that no more comes");
        assert_eq!(read(&answer(10, 1, &ends(mapped(there), mapped(here)), 33, 78), there, here), socket);
        assert_eq!(read(&answer(2, LISTENS, &its, 33, 78), there, here), None, "found by its port alone");
        assert_eq!(read(&answer(2, 6, &its, 0, 0), there, here), None, "nobody's any more");
        assert_eq!(read(&answer(2, 1, &ends(here, there), 33, 78), there, here), None);
        for len in 0..answer(2, 1, &its, 33, 78).len() {
            assert_eq!(read(&answer(2, 1, &its, 33, 78)[..len], there, here), None, "cut at {len}");
        }
        let six = ("[::1]:3000".parse().unwrap(), "[::1]:40000".parse().unwrap());
        assert_eq!(read(&answer(10, 1, &ends(six.1, six.0), 33, 78), six.1, six.0), socket);
    }

    #[test]
    fn a_question_has_the_length_that_it_says() {
        for end in ["127.0.0.1:3000", "[::1]:3000"] {
            let question = question(end.parse().unwrap(), end.parse().unwrap());
            assert_eq!((question.len(), u32_at(&question, 0)), (72, Some(72)));
        }
    }
}

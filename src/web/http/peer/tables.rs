//! `/proc/net/tcp` and `/proc/net/tcp6`: every TCP socket of this machine with its ends and its user, a line each (proc(5);
//! `Documentation/networking/proc_net_tcp.rst` of the kernel). Reading them costs milliseconds, but only needs `/proc`.

use std::net::{IpAddr, SocketAddr};

use memchr::memmem;

use crate::web::http::peer::users::Users;

/// How often the tables are read: while other connections come and go, a row may be skipped.
const TRIES: usize = 3;

/// The users of a connection's ends.
pub(super) fn users(here: SocketAddr, there: SocketAddr, inode: u64) -> Option<Users> {
    (0..TRIES).find_map(|_| {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|path| std::fs::read(path).ok());
        find(&tables.collect::<Vec<_>>(), here, there, inode)
    })
}

fn find(tables: &[Vec<u8>], here: SocketAddr, there: SocketAddr, inode: u64) -> Option<Users> {
    let both = |from: SocketAddr, to: SocketAddr| {
        let forms = [pair(from, to), pair(mapped(from), mapped(to))];
        tables.iter().flat_map(move |table| forms.clone().into_iter().flat_map(|form| rows(table, &form)))
    };
    // If ours is not there the connection has ended, and another one may have got its addresses.
    let ours = both(here, there).find(|row| row.inode == inode)?;
    let mut others = both(there, here).filter(|row| row.inode != 0);
    let theirs = others.next()?;
    let users = Users { ours: ours.user, theirs: theirs.user };
    others.all(|other| other.user == theirs.user).then_some(users)
}

/// A socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    user: u32,
    /// 0 when no program has it any more, and its user says nothing.
    inode: u64,
}

/// The rows of a table that begin, after their number, with these two ends.
fn rows(table: &[u8], ends: &str) -> Vec<Row> {
    let found = memmem::find_iter(table, ends.as_bytes());
    found.filter_map(|at| row(table.get(at..)?.split(|byte| *byte == b'\n').next()?)).collect()
}

/// Reads a row from its two ends on: `LOCAL REMOTE STATE TX:RX TR:TIME RETRANSMITTED USER TIMEOUT INODE …`.
fn row(line: &[u8]) -> Option<Row> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace().skip(6);
    let user = fields.next()?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(Row { user, inode })
}

fn pair(from: SocketAddr, to: SocketAddr) -> String {
    format!(" {} {} ", end(from), end(to))
}

/// An address as the tables write it: 32-bit words as this machine would read them as numbers, then the port.
fn end(address: SocketAddr) -> String {
    let word = |bytes: &[u8; 4]| format!("{:08X}", u32::from_ne_bytes(*bytes));
    let words: String = match address.ip() {
        IpAddr::V4(ip) => word(&ip.octets()),
        IpAddr::V6(ip) => ip.octets().as_chunks::<4>().0.iter().map(word).collect(),
    };
    format!("{words}:{:04X}", address.port())
}

/// The same end as a program has it that asks for IPv4 by way of IPv6.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(ip) => SocketAddr::new(ip.to_canonical(), address.port()),
    }
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const HERE: &str = "127.0.0.1:3000";
    const THERE: &str = "127.0.0.1:40000";

    /// A row as the kernel writes one.
    fn line(from: &str, to: &str, state: &str, user: u32, inode: u64) -> String {
        format!(
            "   0: {from} {to} {state} 00000000:00000000 00:00000000 00000000 {user:>5}        0 {inode} 1 0000000000000000 20 4 30 10 -1\n"
        )
    }

    fn found(four: &[String], six: &[String], here: &str, there: &str) -> Option<(u32, u32)> {
        let table = |lines: &[String]| format!("{HEAD}{}", lines.concat()).into_bytes();
        let found = find(&[table(four), table(six)], here.parse().unwrap(), there.parse().unwrap(), 77);
        found.map(|users| (users.ours, users.theirs))
    }

    const US: &str = "0100007F:0BB8";
    const THEM: &str = "0100007F:9C40";
    const US_MAPPED: &str = "0000000000000000FFFF00000100007F:0BB8";
    const THEM_MAPPED: &str = "0000000000000000FFFF00000100007F:9C40";

    #[test]
    fn the_other_end_is_whose_socket_it_is() {
        let ours = line(US, THEM, "01", 1000, 77);
        let listening = line(US, "00000000:0000", "0A", 1000, 70);
        let four = [listening, ours.clone(), line(THEM, US, "01", 33, 78)];
        assert_eq!(found(&four, &[], HERE, THERE), Some((1000, 33)));
        let by_six = [line(THEM_MAPPED, US_MAPPED, "01", 33, 78)];
        assert_eq!(found(&[ours], &by_six, HERE, THERE), Some((1000, 33)), "IPv4 asked for by way of IPv6");
        let (us, them) = ("00000000000000000000000001000000:0BB8", "00000000000000000000000001000000:9C40");
        let six = [line(us, them, "01", 1000, 77), line(them, us, "01", 33, 78)];
        assert_eq!(found(&[], &six, "[::1]:3000", "[::1]:40000"), Some((1000, 33)));
    }

    #[test]
    fn what_is_nobodys_any_more_says_nothing() {
        let ours = line(US, THEM, "08", 1000, 77);
        for state in ["06", "05", "04", "03"] {
            assert_eq!(found(&[ours.clone(), line(THEM, US, state, 0, 0)], &[], HERE, THERE), None, "{state}");
        }
        assert_eq!(found(std::slice::from_ref(&ours), &[], HERE, THERE), None);
        // One that only says that no more comes is still its program's.
        assert_eq!(found(&[ours, line(THEM, US, "05", 33, 78)], &[], HERE, THERE), Some((1000, 33)));
    }

    #[test]
    fn who_got_the_port_later_is_not_who_connected() {
        let later = [line(US, THEM, "01", 1000, 99), line(THEM, US, "01", 1000, 98)];
        assert_eq!(found(&later, &[], HERE, THERE), None, "our end is another socket's");
        let near = [line(US, THEM, "01", 1000, 77), line("0100007F:9C41", US, "01", 33, 78)];
        assert_eq!(found(&near, &[], HERE, THERE), None);
        let two = [
            line(US, THEM, "01", 1000, 77),
            line(THEM, US, "01", 33, 78),
            line(THEM_MAPPED, US_MAPPED, "01", 1000, 79),
        ];
        assert_eq!(found(&two, &[], HERE, THERE), None, "two that differ");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for odd in ["", "\n", &US[..5], &format!(" {US} {THEM} "), &format!(" {US} {THEM} 01 x x x -1 0 nothing\n")] {
            assert_eq!(found(&[odd.to_owned()], &[], HERE, THERE), None, "{odd}");
        }
    }
}

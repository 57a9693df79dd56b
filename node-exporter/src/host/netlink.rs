//! Questions to the kernel's routing tables: every link, every address (rtnetlink(7)).
//!
//! One socket is kept and asked on every scrape. An answer is a run of messages under the number of its question;
//! what still comes for an older question is passed over. Reading is bounded in time and bytes: the kernel answers at
//! once, or something is wrong.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

/// How long the kernel may take for one piece of its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest piece: the kernel fills at most this much of a larger buffer (netlink_dump).
const PIECE_BYTES: usize = 32 << 10;

/// The longest answer: a link is about 1.5 KiB, so this is more than 40,000 of them.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
const HEADER: usize = 16;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub enum Dump {
    /// Every network device: `struct ifinfomsg` and attributes.
    Links,
    /// Every address of every device: `struct ifaddrmsg` and attributes.
    Addresses,
}

impl Dump {
    /// Type of the question, type of the messages in the answer, length of the fixed part in both.
    fn numbers(self) -> (u16, u16, usize) {
        match self {
            Self::Links => (18, 16, 16),
            Self::Addresses => (22, 20, 8),
        }
    }
}

/// A socket to ask on; opened at the first question, and again after an error.
#[derive(Debug, Default)]
pub struct Netlink {
    socket: Option<OwnedFd>,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    /// Asks, and calls `each` for each message with its fixed part and its attributes.
    ///
    /// # Errors
    /// The kernel refuses, does not answer, or answers what cannot be read.
    pub fn dump(&mut self, what: Dump, mut each: impl FnMut(&[u8], &[u8])) -> io::Result<()> {
        let outcome = self.ask(what, &mut each);
        if outcome.is_err() {
            // Whatever is still on its way must not meet the next question.
            self.socket = None;
        }
        outcome
    }

    fn ask(&mut self, what: Dump, each: &mut impl FnMut(&[u8], &[u8])) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => open()?,
        };
        self.sequence = self.sequence.wrapping_add(1);
        let (question, answer, fixed) = what.numbers();
        let kernel = SocketAddrNetlink::new(0, 0);
        let request = request(question, fixed, self.sequence);
        sendto(&socket, &request, SendFlags::empty(), &kernel)?;
        self.buffer.resize(PIECE_BYTES, 0);
        let mut room = ANSWER_BYTES_MAX;
        loop {
            let (_, length) = recv(&socket, &mut self.buffer[..], RecvFlags::TRUNC)?;
            let piece = self.buffer.get(..length).ok_or_else(garbled)?;
            room = room.checked_sub(length).ok_or_else(garbled)?;
            if piece.is_empty() || !take(piece, self.sequence, (answer, fixed), each)? {
                break;
            }
        }
        self.socket = Some(socket);
        Ok(())
    }
}

fn open() -> io::Result<OwnedFd> {
    // No protocol is number 0, NETLINK_ROUTE.
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    Ok(socket)
}

fn garbled() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "netlink: an answer that cannot be read",
    )
}

/// The question: a header, and a fixed part of zeros that asks for everything.
fn request(kind: u16, fixed: usize, sequence: u32) -> Vec<u8> {
    let length = HEADER + fixed;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&(length as u32).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&DUMP.to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.resize(length, 0);
    bytes
}

/// Takes the messages of one piece; `false` after the last one.
fn take(
    mut piece: &[u8],
    sequence: u32,
    (wanted, fixed): (u16, usize),
    each: &mut impl FnMut(&[u8], &[u8]),
) -> io::Result<bool> {
    while piece.len() >= HEADER {
        let length = u32_at(piece, 0).ok_or_else(garbled)? as usize;
        let message = piece.get(HEADER..length).ok_or_else(garbled)?;
        let (kind, of) = (u16_at(piece, 4), u32_at(piece, 8));
        piece = piece.get(align(length)..).unwrap_or_default();
        if of != Some(sequence) {
            continue;
        }
        match kind {
            Some(NLMSG_DONE) => return Ok(false),
            Some(NLMSG_ERROR) => {
                let number = u32_at(message, 0).ok_or_else(garbled)? as i32;
                return match number {
                    0 => Ok(false),
                    number => Err(io::Error::from_raw_os_error(number.saturating_neg())),
                };
            }
            Some(kind) if kind == wanted => {
                let (head, attributes) = message.split_at_checked(fixed).ok_or_else(garbled)?;
                each(head, attributes);
            }
            _ => {}
        }
    }
    Ok(true)
}

/// The attributes of a message: number and value. What does not fit the message ends it.
pub fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)?;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(align(length)..).unwrap_or_default();
        // The upper bits tell nested attributes and byte order.
        Some((kind & 0x3fff, value))
    })
}

/// Messages and attributes begin at multiples of four.
fn align(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_ne_bytes(bytes))
}

/// A 32-bit number of the machine's own byte order.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_ne_bytes(bytes))
}

/// A 64-bit number of the machine's own byte order.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?.try_into().ok()?;
    Some(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = request(kind, body.len(), sequence);
        bytes[HEADER..].copy_from_slice(body);
        bytes.resize(align(bytes.len()), 0);
        bytes
    }

    fn taken(piece: &[u8]) -> Result<(bool, Vec<Vec<u8>>), String> {
        let mut found = Vec::new();
        let more = take(piece, 7, (16, 4), &mut |head, rest| {
            found.push([head, rest].concat());
        });
        more.map(|more| (more, found))
            .map_err(|err| err.to_string())
    }

    #[test]
    fn a_piece_is_cut_into_messages() {
        let piece = [
            message(16, 7, b"abcdefg"),
            message(16, 6, b"of an older question"),
            message(99, 7, b"of another kind"),
            message(16, 7, b"hijk"),
        ]
        .concat();
        let expected = vec![b"abcdefg".to_vec(), b"hijk".to_vec()];
        assert_eq!(taken(&piece), Ok((true, expected)));
        assert_eq!(taken(&message(NLMSG_DONE, 7, &[0; 4])), Ok((false, vec![])));
    }

    #[test]
    fn errors_and_garbage() {
        let refused = message(NLMSG_ERROR, 7, &(-13_i32).to_ne_bytes());
        assert!(taken(&refused).unwrap_err().contains("os error 13"));
        for garbage in [&[0xff; 16][..], &[0; 16], &message(16, 7, b"")] {
            assert!(taken(garbage).is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn attributes_end_where_the_message_ends() {
        let bytes = [
            7, 0, 3, 0, b'e', b't', b'h', 0, 8, 0, 4, 0x80, 1, 2, 3, 4, 200, 0, 1, 0,
        ];
        let found: Vec<_> = attributes(&bytes).collect();
        assert_eq!(found, [(3, &b"eth"[..]), (4, &[1, 2, 3, 4][..])]);
        assert_eq!(attributes(&[0, 0, 0, 0]).count(), 0);
    }

    #[test]
    fn this_kernel_answers_twice_on_one_socket() {
        let mut netlink = Netlink::default();
        for _ in 0..2 {
            let mut links = 0;
            netlink.dump(Dump::Links, |_, _| links += 1).unwrap();
            assert!(links > 0, "there is a loopback device everywhere");
        }
    }
}

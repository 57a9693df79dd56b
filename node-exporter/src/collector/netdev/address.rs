//! One address in an answer to RTM_GETADDR (rtnetlink(7)), as Go's `net` package understands it.

use std::net::IpAddr;

use crate::host::{attributes, u32_at};

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// An address of a device.
#[derive(Debug, PartialEq)]
pub(super) struct Address {
    /// The number of the device.
    pub(super) index: u32,
    pub(super) ip: IpAddr,
    /// The bits of its network.
    pub(super) prefix: u8,
}

/// The address of a message; `head` is its `struct ifaddrmsg`: family, prefix, flags, scope, index.
pub(super) fn parse(head: &[u8], bytes: &[u8]) -> Option<Address> {
    let find = |wanted| attributes(bytes).find(|(kind, _)| *kind == wanted);
    // Of a point-to-point device IFA_ADDRESS is the other end.
    let (_, value) = find(IFA_LOCAL).or_else(|| find(IFA_ADDRESS))?;
    let ip = match value.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    let (ip, prefix) = settled(ip, *head.get(1)?)?;
    Some(Address {
        index: u32_at(head, 4)?,
        ip,
        prefix,
    })
}

/// An address of version 4 that is written as one of version 6 is what it means, to Go; one whose network is larger
/// than that is none.
fn settled(ip: IpAddr, prefix: u8) -> Option<(IpAddr, u8)> {
    let mapped = match ip {
        IpAddr::V6(ip) => ip.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    match mapped {
        Some(ip) => Some((ip.into(), prefix.checked_sub(96)?)),
        None => Some((ip, prefix)),
    }
}

/// The label `scope`. It comes from the address itself, not from the kernel's scope.
pub(super) fn scope(ip: IpAddr) -> &'static str {
    let (local, of_interface) = match ip {
        IpAddr::V4(ip) => (
            ip.is_loopback() || ip.is_link_local() || ip.octets()[..3] == [224, 0, 0],
            false,
        ),
        IpAddr::V6(ip) => (
            ip.is_loopback() || ip.is_unicast_link_local() || ip.segments()[0] & 0xff0f == 0xff02,
            ip.segments()[0] & 0xff0f == 0xff01,
        ),
    };
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    if local {
        "link-local"
    } else if of_interface {
        "interface-local"
    } else if ip.is_unspecified() || ip.is_multicast() || broadcast {
        ""
    } else {
        "global"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        for (ip, expected) in [
            ("127.0.0.1", "link-local"),
            ("169.254.1.1", "link-local"),
            ("224.0.0.1", "link-local"),
            ("10.0.0.1", "global"),
            ("239.0.0.1", ""),
            ("255.255.255.255", ""),
            ("0.0.0.0", ""),
            ("::1", "link-local"),
            ("fe80::1", "link-local"),
            ("ff02::1", "link-local"),
            ("ff01::1", "interface-local"),
            ("2001:db8::1", "global"),
            ("::", ""),
        ] {
            assert_eq!(scope(ip.parse().unwrap()), expected, "{ip}");
        }
    }

    #[test]
    fn version_4_in_version_6() {
        let mapped = "::ffff:1.2.3.4".parse().unwrap();
        let expected = IpAddr::from([1, 2, 3, 4]);
        assert_eq!(settled(mapped, 120), Some((expected, 24)));
        assert_eq!(settled(mapped, 64), None);
        let other = "2001:db8::1".parse().unwrap();
        assert_eq!(settled(other, 64), Some((other, 64)));
    }

    #[test]
    fn the_own_end_of_a_point_to_point_device() {
        let head = [2, 32, 0, 0, 7, 0, 0, 0];
        let bytes = [8, 0, 1, 0, 10, 0, 0, 1, 8, 0, 2, 0, 10, 0, 0, 2];
        let expected = Address {
            index: u32::from_ne_bytes([7, 0, 0, 0]),
            ip: [10, 0, 0, 2].into(),
            prefix: 32,
        };
        assert_eq!(parse(&head, &bytes), Some(expected));
        assert_eq!(
            parse(&head, &bytes[..8]).unwrap().ip,
            IpAddr::from([10, 0, 0, 1])
        );
        assert_eq!(parse(&head, &[]), None);
    }
}

//! One device in an answer to RTM_GETLINK (rtnetlink(7)).

use super::counters::{COUNTERS, Device};
use crate::host::{attributes, u32_at, u64_at};
use crate::words::text;

const IFLA_IFNAME: u16 = 3;
const IFLA_STATS: u16 = 7;
const IFLA_STATS64: u16 = 23;

/// The device of a message; `None` without a name or counters.
pub(super) fn parse(bytes: &[u8]) -> Option<Device> {
    let mut name = None;
    let (mut narrow, mut wide) = (None, None);
    for (kind, value) in attributes(bytes) {
        match kind {
            IFLA_IFNAME => name = Some(value),
            IFLA_STATS => narrow = Some(value),
            IFLA_STATS64 => wide = Some(value),
            _ => {}
        }
    }
    let mut counters = [0; COUNTERS];
    for (at, counter) in counters.iter_mut().enumerate() {
        // An old kernel has fewer; one without 64 bits has the others.
        let value = match (wide, narrow) {
            (Some(wide), _) => u64_at(wide, at * 8),
            (None, Some(narrow)) => u32_at(narrow, at * 4).map(u64::from),
            (None, None) => return None,
        };
        *counter = value.unwrap_or(0);
    }
    Some(Device {
        name: label(name?),
        alias: None,
        counters,
    })
}

/// Number and name of the device of a message; `head` is its `struct ifinfomsg`.
pub(super) fn name(head: &[u8], bytes: &[u8]) -> Option<(u32, String)> {
    let index = u32_at(head, 4)?;
    let name = attributes(bytes).find(|(kind, _)| *kind == IFLA_IFNAME);
    name.map(|(_, name)| (index, label(name)))
}

/// A name without the zero at its end.
fn label(name: &[u8]) -> String {
    let end = memchr::memchr(0, name).unwrap_or(name.len());
    text(&name[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = value.len() as u16 + 4;
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn wide_counters_win_over_narrow_ones() {
        let wide: Vec<u8> = (1..=23_u64).flat_map(u64::to_ne_bytes).collect();
        let narrow: Vec<u8> = (100..=123_u32).flat_map(u32::to_ne_bytes).collect();
        let name = attribute(IFLA_IFNAME, b"eth0\0");
        let both = [
            name.clone(),
            attribute(IFLA_STATS, &narrow),
            attribute(IFLA_STATS64, &wide),
        ];
        let device = parse(&both.concat()).unwrap();
        assert_eq!(
            (&*device.name, device.counters[0], device.counters[23]),
            ("eth0", 1, 0)
        );
        let device = parse(&both[..2].concat()).unwrap();
        assert_eq!(device.counters[23], 123);
        assert_eq!(device.sum(&[0, 1]), 201);
        assert_eq!(parse(&name), None);
        assert_eq!(parse(&both[1]), None);
    }
}

//! `/proc/net/dev`: two lines of headings, then a device a line.

use super::super::Trouble;
use super::counters::{COUNTERS, Device};
use crate::words::{fields, lines, text, trim, uint};

/// The columns of the text.
const COLUMNS: usize = 16;

/// Takes each device of the text.
pub(super) fn parse(bytes: &[u8], trouble: &mut Trouble, mut take: impl FnMut(Device)) {
    for line in lines(bytes).skip(2) {
        match parse_line(line) {
            Some(device) => take(device),
            None => trouble.line("net/dev", line),
        }
    }
}

/// `  eth0: 68210035552 520993275 …`; the name may hold colons.
fn parse_line(line: &[u8]) -> Option<Device> {
    let colon = memchr::memrchr(b':', line)?;
    let name = trim(&line[..colon]);
    if name.is_empty() {
        return None;
    }
    let mut numbers = fields(&line[colon + 1..]).map(uint);
    let mut counters = [0; COUNTERS];
    for counter in &mut counters[..COLUMNS] {
        *counter = numbers.next()??;
    }
    Some(Device {
        name: text(name).into_owned(),
        alias: None,
        counters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices() {
        let text = "Inter-| Receive\n face |bytes\n  eth0.1:5 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nlo: 1 2\n\n: 1\nab:cd: 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
        let mut found = Vec::new();
        let mut trouble = Trouble::default();
        parse(text.as_bytes(), &mut trouble, |device| {
            found.push((device.name.clone(), device.counters[0], device.counters[15]));
        });
        let expected = [("eth0.1".to_owned(), 5, 16), ("ab:cd".to_owned(), 7, 16)];
        assert_eq!(found, expected);
        assert!(
            trouble
                .outcome()
                .unwrap_err()
                .to_string()
                .contains("lo: 1 2")
        );
    }
}

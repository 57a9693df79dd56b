//! The layout of protobuf text: fields, messages, quotes. Knows nothing of metrics.

use super::Layout;
use crate::number;

/// Prints fields and messages.
pub(super) struct Printer<'o> {
    pub(super) layout: Layout,
    pub(super) depth: usize,
    /// Whether nothing stands in the message at hand yet.
    pub(super) fresh: bool,
    pub(super) out: &'o mut Vec<u8>,
}

impl Printer<'_> {
    fn key(&mut self, name: &str) {
        match self.layout {
            Layout::Lines => self.out.resize(self.out.len() + 2 * self.depth, b' '),
            Layout::OneLine if !self.fresh => self.out.push(b' '),
            Layout::OneLine => {}
        }
        self.fresh = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(if self.layout == Layout::Lines {
            b": "
        } else {
            b":"
        });
    }

    fn end_of_field(&mut self) {
        if self.layout == Layout::Lines {
            self.out.push(b'\n');
        }
    }

    pub(super) fn word(&mut self, name: &str, word: &[u8]) {
        self.key(name);
        self.out.extend_from_slice(word);
        self.end_of_field();
    }

    pub(super) fn string(&mut self, name: &str, text: &str) {
        self.key(name);
        self.out.push(b'"');
        put_escaped(text, self.out);
        self.out.push(b'"');
        self.end_of_field();
    }

    pub(super) fn double(&mut self, name: &str, value: f64) {
        self.key(name);
        if value.is_nan() {
            self.out.extend_from_slice(b"nan");
        } else if value.is_infinite() {
            self.out
                .extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
        } else {
            number::write(value, self.out);
        }
        self.end_of_field();
    }

    pub(super) fn int(&mut self, name: &str, value: impl itoa::Integer) {
        self.word(name, itoa::Buffer::new().format(value).as_bytes());
    }

    pub(super) fn message(&mut self, name: &str, fill: impl FnOnce(&mut Printer<'_>)) {
        self.key(name);
        self.out.push(b'{');
        let start = self.out.len();
        self.end_of_field();
        let mut inner = Printer {
            layout: self.layout,
            depth: self.depth + 1,
            fresh: true,
            out: self.out,
        };
        fill(&mut inner);
        if inner.fresh {
            // An empty message stays on its line.
            self.out.truncate(start);
        } else if self.layout == Layout::Lines {
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
        self.out.push(b'}');
        self.end_of_field();
    }
}

/// Writes what stands between quotes; control characters become escapes, all else stays UTF-8.
fn put_escaped(text: &str, out: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1f | 0x7f => {
                let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
                out.extend_from_slice(&[b'\\', b'x', digit(byte >> 4), digit(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

//! Exposition bodies, valid and broken: what the readers are compared, fuzzed and measured with.
//!
//! The bodies stand in `bodies/*.cases`, one short case for every rule and accident of a format;
//! [`generate`] makes pages shaped like those of real programs, [`mutate`] breaks bodies at random
//! from a seed. This crate knows nothing of the readers: whether a body is valid, Go says.
//!
//! It may panic: a case that cannot be read is a mistake in the case.

pub mod generate;
pub mod mutate;
mod wire;

/// One body with the name it is reported under.
#[derive(Clone, Debug)]
pub struct Case {
    /// Says what is odd about the body.
    pub name: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Bodies in text 0.0.4.
pub fn text() -> Vec<Case> {
    cases(include_str!("../bodies/text.cases"), unescape)
}

/// Bodies in OpenMetrics 1.0.
pub fn openmetrics() -> Vec<Case> {
    cases(include_str!("../bodies/openmetrics.cases"), unescape)
}

/// Bodies of length-delimited protobuf messages; see `wire.rs` for how they are spelled.
pub fn protobuf() -> Vec<Case> {
    cases(include_str!("../bodies/protobuf.cases"), wire::assemble)
}

/// A case begins with `== name`; the lines below it are its body, none where the next case follows.
fn cases(file: &str, body: fn(&str) -> Vec<u8>) -> Vec<Case> {
    let file = file.strip_suffix('\n').unwrap_or(file);
    let sections = file
        .strip_prefix("== ")
        .expect("a cases file begins with a case")
        .split("\n== ");
    sections
        .map(|section| match section.split_once('\n') {
            Some((name, lines)) => Case {
                name: name.into(),
                body: body(&format!("{lines}\n")),
            },
            None => Case {
                name: section.into(),
                body: Vec::new(),
            },
        })
        .collect()
}

/// `%HH` stands for a byte; `%.` at the end of a line takes away its line feed.
fn unescape(text: &str) -> Vec<u8> {
    let text = text.replace("%.\n", "");
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        out.push(u8::from_str_radix(hex, 16).expect("% is followed by two hex digits"));
        out.extend_from_slice(rest.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(cases: &[Case], name: &str) -> Vec<u8> {
        let found: Vec<_> = cases.iter().filter(|case| case.name == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].body.clone()
    }

    #[test]
    fn cases_become_bytes() {
        let text = text();
        assert_eq!(body(&text, "nothing"), b"");
        assert_eq!(body(&text, "one line feed"), b"\n");
        assert_eq!(body(&text, "two line feeds"), b"\n\n");
        assert_eq!(body(&text, "sample"), b"x 1\n");
        assert_eq!(body(&text, "sample without line feed"), b"x 1");
        assert_eq!(body(&text, "sample then cr"), b"x 1\r\n");
        assert!(body(&text, "typical client page").ends_with(b"1.5e+09\n"));
        let protobuf = protobuf();
        assert_eq!(body(&protobuf, "nothing"), b"");
        assert_eq!(body(&protobuf, "empty message"), b"\x00");
        assert_eq!(
            body(&protobuf, "family without metrics"),
            b"\x05\x0a\x01a\x18\x01"
        );
    }

    #[test]
    fn names_are_unique() {
        for cases in [text(), openmetrics(), protobuf()] {
            let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}

//! A small language for protobuf bytes, so that broken messages can be read and written by people.
//!
//! `[ … ]` is a message with its length before it; `N:"s"` a string field, `N:{ … }` a nested message,
//! `N:5` a varint, `N:s-5` a zigzag varint, `N:1.5d` a double, `N:1.5f` a float, `N:hex(ff)` a field
//! of raw bytes; `hex(0a 01)` are bytes as they stand.

/// The bytes that `text` spells.
pub(crate) fn assemble(text: &str) -> Vec<u8> {
    let mut rest = text.trim();
    let out = sequence(&mut rest);
    assert!(rest.is_empty(), "cannot read {rest:?}");
    out
}

/// Everything up to the end or a closing bracket.
fn sequence(rest: &mut &str) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with([']', '}']) {
            return out;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            *rest = inner;
            let message = closed(rest, ']');
            length_delimited(&message, &mut out);
        } else if rest.starts_with("hex(") {
            out.extend(hex(rest));
        } else {
            field(rest, &mut out);
        }
    }
}

fn closed(rest: &mut &str, bracket: char) -> Vec<u8> {
    let message = sequence(rest);
    *rest = rest.strip_prefix(bracket).expect("a bracket is closed");
    message
}

fn field(rest: &mut &str, out: &mut Vec<u8>) {
    let (number, after) = rest.split_once(':').expect("a field has a colon");
    let number: u64 = number.parse().expect("a field has a number");
    *rest = after;
    if let Some(inner) = rest.strip_prefix('{') {
        *rest = inner;
        let message = closed(rest, '}');
        varint(number << 3 | 2, out);
        return length_delimited(&message, out);
    }
    if let Some(inner) = rest.strip_prefix('"') {
        let (string, after) = inner.split_once('"').expect("a string is closed");
        *rest = after;
        varint(number << 3 | 2, out);
        return length_delimited(string.as_bytes(), out);
    }
    if rest.starts_with("hex(") {
        let bytes = hex(rest);
        varint(number << 3 | 2, out);
        return length_delimited(&bytes, out);
    }
    let (word, after) = rest.split_once(' ').expect("a blank follows a number");
    *rest = after;
    scalar(number, word, out);
}

fn scalar(number: u64, word: &str, out: &mut Vec<u8>) {
    if let Some(double) = word.strip_suffix('d') {
        varint(number << 3 | 1, out);
        out.extend(double.parse::<f64>().expect("a double").to_le_bytes());
    } else if let Some(float) = word.strip_suffix('f') {
        varint(number << 3 | 5, out);
        out.extend(float.parse::<f32>().expect("a float").to_le_bytes());
    } else if let Some(signed) = word.strip_prefix('s') {
        let signed: i64 = signed.parse().expect("a signed number");
        varint(number << 3, out);
        varint((signed << 1 ^ signed >> 63).cast_unsigned(), out);
    } else {
        varint(number << 3, out);
        varint(word.parse().expect("a number"), out);
    }
}

fn hex(rest: &mut &str) -> Vec<u8> {
    let (digits, after) = rest["hex(".len()..]
        .split_once(')')
        .expect("hex( is closed");
    *rest = after;
    let digits: String = digits.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits"))
        .collect()
}

fn length_delimited(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

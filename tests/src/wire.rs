//! Protobuf by hand: a readable notation to bytes, and bytes to a readable dump.
//!
//! The tests must not judge our protobuf code with itself, so they write the wire format from this notation:
//! `1:"name" 3:1 4:{3:{1:2.5}}` is field 1 a string, field 3 a varint, field 4 a message that holds field 3, a message
//! whose field 1 is the double 2.5. A number with a point (and `nan`, `inf`, `-inf`) is a double, any other a varint.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use anyhow::{Context, Result, bail};

/// The bytes of the message that `notation` describes.
///
/// # Errors
/// If the notation is broken.
pub fn message(notation: &str) -> Result<Vec<u8>> {
    let mut chars = notation.chars().peekable();
    let bytes = fields(&mut chars)?;
    if let Some(left) = chars.next() {
        bail!("unexpected {left:?} in {notation:?}");
    }
    Ok(bytes)
}

/// The same with its length in front, as the delimited format has it.
///
/// # Errors
/// If the notation is broken.
pub fn delimited(notation: &str) -> Result<Vec<u8>> {
    let message = message(notation)?;
    let mut bytes = Vec::with_capacity(message.len() + 4);
    varint(message.len() as u64, &mut bytes);
    bytes.extend(message);
    Ok(bytes)
}

fn fields(chars: &mut Peekable<Chars<'_>>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        let number = word(chars);
        if number.is_empty() {
            return Ok(out);
        }
        let number: u64 = number
            .parse()
            .with_context(|| format!("{number:?} is not a field number"))?;
        if chars.next() != Some(':') {
            bail!("no colon after field number {number}");
        }
        value(number, chars, &mut out)?;
    }
}

fn value(number: u64, chars: &mut Peekable<Chars<'_>>, out: &mut Vec<u8>) -> Result<()> {
    match chars.peek() {
        Some('"') => {
            chars.next();
            bytes(number, &string(chars)?, out);
        }
        Some('{') => {
            chars.next();
            let inner = fields(chars)?;
            if chars.next() != Some('}') {
                bail!("no closing brace in field {number}");
            }
            bytes(number, &inner, out);
        }
        _ => {
            let word = word(chars);
            if word.contains('.') || word.ends_with("nan") || word.ends_with("inf") {
                varint(number << 3 | 1, out);
                out.extend(word.parse::<f64>()?.to_le_bytes());
            } else {
                varint(number << 3, out);
                let value: i128 = word
                    .parse()
                    .with_context(|| format!("{word:?} is not a number"))?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "two's complement is meant"
                )]
                varint(value as u64, out);
            }
        }
    }
    Ok(())
}

fn word(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(char) =
        chars.next_if(|char| char.is_ascii_alphanumeric() || ".-+".contains(*char))
    {
        word.push(char);
    }
    word
}

/// A string after its opening quote: `\n`, `\xNN`, and any other character after a backslash as it is.
fn string(chars: &mut Peekable<Chars<'_>>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        match chars.next().context("no closing quote")? {
            '"' => return Ok(out),
            '\\' => match chars.next().context("nothing after a backslash")? {
                'n' => out.push(b'\n'),
                'x' => {
                    let hex: String = chars.by_ref().take(2).collect();
                    out.push(u8::from_str_radix(&hex, 16).with_context(|| format!("\\x{hex}"))?);
                }
                other => out.extend(other.encode_utf8(&mut [0; 4]).bytes()),
            },
            other => out.extend(other.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

fn bytes(number: u64, value: &[u8], out: &mut Vec<u8>) {
    varint(number << 3 | 2, out);
    varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Splits a delimited body into its messages.
///
/// # Errors
/// If a length is broken or the body ends too early.
pub fn split(mut body: &[u8]) -> Result<Vec<&[u8]>> {
    let mut messages = Vec::new();
    while !body.is_empty() {
        let length = usize::try_from(read_varint(&mut body)?)?;
        messages.push(cut(&mut body, length)?);
    }
    Ok(messages)
}

/// One field of a message, as the wire has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    /// A varint.
    Varint(u64),
    /// A double.
    Double(f64),
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
}

/// The fields of a message in order.
///
/// # Errors
/// If the message is broken.
pub fn parse(mut message: &[u8]) -> Result<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = read_varint(&mut message)?;
        let field = match key & 7 {
            0 => Field::Varint(read_varint(&mut message)?),
            1 => Field::Double(f64::from_le_bytes(cut(&mut message, 8)?.try_into()?)),
            2 => {
                let length = usize::try_from(read_varint(&mut message)?)?;
                Field::Bytes(cut(&mut message, length)?)
            }
            other => bail!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    Ok(fields)
}

/// A message in the notation of this module, strings where they are printable, messages where they parse.
///
/// # Errors
/// If the message is broken.
pub fn dump(message: &[u8]) -> Result<String> {
    dump_with(message, |value| format!("{value:?}"))
}

/// The same, with doubles written by `double`.
///
/// # Errors
/// If the message is broken.
pub fn dump_with(message: &[u8], double: fn(f64) -> String) -> Result<String> {
    let mut out = String::new();
    for (number, field) in parse(message)? {
        if !out.is_empty() {
            out.push(' ');
        }
        match field {
            Field::Varint(value) => write!(out, "{number}:{value}")?,
            Field::Double(value) => write!(out, "{number}:{}", double(value))?,
            Field::Bytes(bytes) => match (std::str::from_utf8(bytes), dump_with(bytes, double)) {
                (Ok(text), _) if !text.chars().any(|char| char.is_control() && char != '\n') => {
                    write!(out, "{number}:{text:?}")?;
                }
                (_, Ok(inner)) => write!(out, "{number}:{{{inner}}}")?,
                (_, Err(_)) => write!(out, "{number}:{bytes:02x?}")?,
            },
        }
    }
    Ok(out)
}

fn read_varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = cut(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a varint of more than ten bytes")
}

fn cut<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (head, tail) = bytes
        .split_at_checked(length)
        .context("the message ends too early")?;
    *bytes = tail;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(notation: &str, expected: &[u8]) {
        assert_eq!(message(notation).unwrap(), expected, "{notation}");
    }

    #[test]
    fn notation_is_the_wire_format() {
        check("", b"");
        check("1:150", b"\x08\x96\x01");
        check("2:\"hi\\x00\"", b"\x12\x03hi\0");
        check("3:{1:1}", b"\x1a\x02\x08\x01");
        check("1:1.5", b"\x09\0\0\0\0\0\0\xf8\x3f");
        check("1:-1", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    }

    #[test]
    fn dump_gives_the_notation_back() {
        let notation = r#"1:"name" 3:1 4:{3:{1:2.5}}"#;
        assert_eq!(dump(&message(notation).unwrap()).unwrap(), notation);
    }
}

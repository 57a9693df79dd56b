//! Quoted texts as PromQL has them: `"…"` and `'…'` with Go's escapes, and `` `…` `` without any.

use super::parse::Cursor;

/// Reads a text whose opening quote is next.
///
/// # Errors
/// What is wrong, told at the cursor's place.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, String> {
    let quote = cursor.next().ok_or("a quoted text is missing")?;
    // Escapes can name single bytes, so only the whole is UTF-8.
    let mut bytes = Vec::new();
    loop {
        match cursor.next() {
            None => return Err("the quoted text does not end".to_owned()),
            Some(end) if end == quote => break,
            Some('\\') if quote != '`' => escaped(cursor, quote, &mut bytes)?,
            Some('\n') if quote != '`' => {
                return Err("a line ends within the quoted text".to_owned());
            }
            Some(other) => push(other, &mut bytes),
        }
    }
    String::from_utf8(bytes).map_err(|_| "the quoted text is not UTF-8".to_owned())
}

fn push(character: char, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// What follows a backslash.
fn escaped(cursor: &mut Cursor<'_>, quote: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let letter = cursor.next().ok_or("the quoted text does not end")?;
    let code = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0C,
        'n' => 0x0A,
        'r' => 0x0D,
        't' => 0x09,
        'v' => 0x0B,
        '\\' => 0x5C,
        // Go lets a text escape only the quote that it stands in.
        '"' | '\'' if letter == quote => quote as u32,
        '0'..='7' => return octal(cursor, letter, bytes),
        'x' => {
            // Two digits make at most 255.
            bytes.push(number(cursor, 16, 2, 0)? as u8);
            return Ok(());
        }
        'u' => number(cursor, 16, 4, 0)?,
        'U' => number(cursor, 16, 8, 0)?,
        _ => return Err(format!("\\{letter} is no escape")),
    };
    let character = char::from_u32(code).ok_or("an escape names no character")?;
    push(character, bytes);
    Ok(())
}

/// Three octal digits, the first of which was read.
fn octal(cursor: &mut Cursor<'_>, first: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let first = first.to_digit(8).unwrap_or_default();
    let byte = u8::try_from(number(cursor, 8, 2, first)?);
    bytes.push(byte.map_err(|_| "an octal escape is larger than \\377")?);
    Ok(())
}

/// Reads so many digits, after those of `value`.
fn number(
    cursor: &mut Cursor<'_>,
    radix: u32,
    digits: usize,
    mut value: u32,
) -> Result<u32, String> {
    for _ in 0..digits {
        let digit = cursor.next().and_then(|letter| letter.to_digit(radix));
        let digit = digit.ok_or("an escape lacks a digit")?;
        // Eight hexadecimal digits just fit.
        value = value * radix + digit;
    }
    Ok(value)
}

//! Floats spelled exactly as Go spells and reads them.
//!
//! Every format of this crate prints and reads its values here, so that a page of ours and a page of
//! a Go program are the same bytes. Nothing here depends on a locale or rounds a value: what is
//! written reads back as the same bits (NaN payloads aside).

#[cfg(test)]
mod tests;

/// Appends `value` as Go's `strconv.FormatFloat(value, 'g', -1, 64)` prints it (`+Inf`, `NaN`,
/// `1e+06`): the shortest digits that read back, with an exponent below 1e-4 and from 1e6 on.
///
/// Go's `fmt.Sprint` and `%v` print a float the same way, so this also is the spelling of the
/// pushgateway's JSON API.
pub fn write(value: f64, out: &mut Vec<u8>) {
    // Most values of a page are small whole numbers. The sign is asked for because Go prints `-0`.
    if value.abs() < 1e6 && value.trunc() == value && (value != 0.0 || value.is_sign_positive()) {
        out.extend_from_slice(itoa::Buffer::new().format(value as i32).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else {
        write_finite(value, out);
    }
}

/// Appends a sample value as `expfmt` does: [`write()`], but a negative zero loses its sign.
pub fn write_sample(value: f64, out: &mut Vec<u8>) {
    write(if value == 0.0 { 0.0 } else { value }, out);
}

/// Appends a whole number.
pub fn write_integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The text of [`write()`].
pub fn text(value: f64) -> String {
    let mut text = Vec::new();
    write(value, &mut text);
    String::from_utf8(text).expect("digits and words are ASCII")
}

/// Lays out the shortest digits as Go does: `%e` below 1e-4 and from 1e6 on, else `%f`.
fn write_finite(value: f64, out: &mut Vec<u8>) {
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let digits = Digits::of(value.abs());
    let (digits, exponent) = (&digits.bytes[digits.start..digits.end], digits.exponent);
    match exponent {
        -4..0 => {
            out.extend_from_slice(&b"0.0000"[..1 + exponent.unsigned_abs() as usize]);
            out.extend_from_slice(digits);
        }
        0..6 => {
            let whole = exponent as usize + 1;
            let split = whole.min(digits.len());
            out.extend_from_slice(&digits[..split]);
            out.extend_from_slice(&b"000000"[..whole - split]);
            if split < digits.len() {
                out.push(b'.');
                out.extend_from_slice(&digits[split..]);
            }
        }
        _ => {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            write_exponent(exponent, out);
        }
    }
}

/// Go prints a sign always and at least two digits.
fn write_exponent(exponent: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let magnitude = exponent.unsigned_abs();
    if magnitude < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(itoa::Buffer::new().format(magnitude).as_bytes());
}

/// The shortest decimal digits that read back as a float, and the exponent of the first of them.
struct Digits {
    bytes: [u8; 32],
    start: usize,
    end: usize,
    exponent: i32,
}

impl Digits {
    /// `value` is finite, and zero or above.
    fn of(value: f64) -> Self {
        // Above 2^53 neighbours are more than one apart, so the digits of the integer need not be
        // the shortest; below, they are, once the zeros at the end are gone.
        if value.trunc() == value && value < 9_007_199_254_740_992.0 {
            let mut buffer = itoa::Buffer::new();
            let text = buffer.format(value as u64).as_bytes();
            return Self::strip(text, text.len() as i32 - 1);
        }
        // ryu prints `12.5`, `0.00012` or `1.25e-7`: same digits as Go, laid out differently.
        let mut buffer = ryu::Buffer::new();
        let text = buffer.format_finite(value).as_bytes();
        let (mantissa, exponent) = match text.iter().position(|&b| b == b'e') {
            Some(at) => (&text[..at], small_integer(&text[at + 1..])),
            None => (text, 0),
        };
        let whole = mantissa
            .iter()
            .position(|&b| b == b'.')
            .unwrap_or(mantissa.len());
        Self::strip(mantissa, exponent + whole as i32 - 1)
    }

    /// Keeps the significant digits of `text`; `exponent` is that of its first character.
    fn strip(text: &[u8], mut exponent: i32) -> Self {
        let mut bytes = [0; 32];
        let mut end = 0;
        for &byte in text {
            if byte != b'.' {
                bytes[end] = byte;
                end += 1;
            }
        }
        let mut start = 0;
        while start + 1 < end && bytes[start] == b'0' {
            start += 1;
            exponent -= 1;
        }
        while end > start + 1 && bytes[end - 1] == b'0' {
            end -= 1;
        }
        Self {
            bytes,
            start,
            end,
            exponent,
        }
    }
}

/// The exponent ryu prints: at most three digits and a minus sign.
fn small_integer(text: &[u8]) -> i32 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let magnitude = digits
        .iter()
        .fold(0, |sum, &digit| sum * 10 + i32::from(digit - b'0'));
    if negative { -magnitude } else { magnitude }
}

/// Reads a float as prometheus/common and prometheus do: Go's `strconv.ParseFloat` without
/// hexadecimal and underscores. `None` where Go refuses; a value too large for a float is refused,
/// one too small is zero.
pub fn parse(text: &[u8]) -> Option<f64> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if let Some(whole) = parse_whole(unsigned) {
        return Some(if negative { -whole } else { whole });
    }
    match unsigned.first()? {
        // The same grammar as Go's for decimals; but what is too large is infinite there.
        b'0'..=b'9' | b'.' => {
            let value = fast_float2::parse::<f64, _>(unsigned).ok()?;
            let value = if negative { -value } else { value };
            value.is_finite().then_some(value)
        }
        _ => parse_word(text, unsigned, negative),
    }
}

/// Whole numbers that a float holds exactly: most values are such.
fn parse_whole(digits: &[u8]) -> Option<f64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut whole = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        whole = whole * 10 + u64::from(digit);
    }
    Some(whole as f64)
}

/// The bits of Go's `math.NaN()`, which Prometheus takes for its ordinary NaN; Rust's differ in the last.
const GO_NAN: u64 = 0x7ff8_0000_0000_0001;

/// `inf` and `infinity` may carry a sign, `nan` may not; all in any case.
fn parse_word(text: &[u8], unsigned: &[u8], negative: bool) -> Option<f64> {
    if text.eq_ignore_ascii_case(b"nan") {
        Some(f64::from_bits(GO_NAN))
    } else if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
        Some(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        })
    } else {
        None
    }
}

//! What kernel files are made of: lines, fields, numbers, cut and read as Go cuts and reads them.
//!
//! Everything takes bytes, borrows, and never fails on what it is given: what is no number is `None`.

use std::borrow::Cow;

use promontory_exposition::number;

/// The lines of a text, as Go's `bufio.ScanLines` gives them: without the line break, without one carriage return
/// before it, and without an empty line at the end.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    // An empty text has no line, although splitting it gives one.
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let line = match memchr::memchr(b'\n', text) {
            Some(at) => {
                rest = Some(&text[at + 1..]);
                &text[..at]
            }
            None => {
                rest = None;
                text
            }
        };
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// The fields of a line, with any white space between them.
pub(crate) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| is_space(byte))
        .filter(|field| !field.is_empty())
}

/// A text without white space around it.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_space(byte));
    let end = text.iter().rposition(|&byte| !is_space(byte));
    match (start, end) {
        (Some(start), Some(end)) => &text[start..=end],
        _ => &[],
    }
}

/// ASCII white space as Go's `unicode.IsSpace` has it: with the vertical tab, unlike Rust's.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A whole number in decimal digits.
pub(crate) fn uint(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A number as Go's `strconv.ParseFloat` reads it. Most are whole, and those are cheap.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    match uint(text) {
        Some(whole) => Some(whole as f64),
        None => number::parse(text),
    }
}

/// A word that may stand behind a prefix in the name of a metric. Kernel files have no others.
pub(crate) fn name_part(word: &[u8]) -> Option<&str> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let fits = !word.is_empty() && word.iter().all(fits);
    fits.then(|| std::str::from_utf8(word).ok())?
}

/// Bytes as label text: what is not UTF-8 becomes U+FFFD, because no format can carry it.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_as_go_cuts_them() {
        let cut = |text: &'static str| -> Vec<&str> {
            lines(text.as_bytes())
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect()
        };
        assert_eq!(cut(""), Vec::<&str>::new());
        assert_eq!(cut("\n"), Vec::<&str>::new());
        assert_eq!(cut("a"), ["a"]);
        assert_eq!(cut("a\n"), ["a"]);
        assert_eq!(cut("a\r\n\nb"), ["a", "", "b"]);
        assert_eq!(cut("a\n\n"), ["a", ""]);
    }

    #[test]
    fn numbers() {
        assert_eq!(uint(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(uint(b"18446744073709551616"), None);
        assert_eq!(uint(b"-1"), None);
        assert_eq!(uint(b""), None);
        assert_eq!(float(b"18446744073709551616"), Some(18446744073709551616.0));
        assert_eq!(float(b"-0.5"), Some(-0.5));
        assert_eq!(float(b"x"), None);
    }

    #[test]
    fn white_space() {
        let cut: Vec<&[u8]> = fields(b" a\t\x0bb  c\r").collect();
        assert_eq!(cut, [b"a", b"b", b"c"]);
        assert_eq!(trim(b"\n a b \0\n"), b"a b \0");
        assert_eq!(trim(b" \n"), b"");
    }
}

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

/// A whole number with or without a sign, as Go's `strconv.Atoi` reads it.
pub(crate) fn int(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-"));
    let value = i64::try_from(uint(digits.unwrap_or(text))?).ok()?;
    Some(if text.starts_with(b"-") {
        -value
    } else {
        value
    })
}

/// A number as Go's `strconv.ParseFloat` reads it. Most are whole, and those are cheap.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    match uint(text) {
        Some(whole) => Some(whole as f64),
        None if text.contains(&b'_') => number::parse(&without_underscores(text)?),
        None => number::parse(text),
    }
}

/// The digits of a number in which underscores part them, as Go allows.
fn without_underscores(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(u8::is_ascii_hexdigit)
    };
    let parts = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let mut marks = text.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    marks
        .all(|(at, _)| parts(at))
        .then(|| text.iter().copied().filter(|byte| *byte != b'_').collect())
}

/// The whole number at the beginning of a text, and what follows, as the `%d` of Go's `fmt.Sscanf` reads it.
pub(crate) fn scan_uint(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    Some((uint(digits)?, rest))
}

/// The number at the beginning of a text, and what follows, as the `%f` of Go's `fmt.Sscanf` reads it. (It takes
/// hexadecimal numbers, too; no kernel writes those.)
pub(crate) fn scan_float(text: &[u8]) -> Option<(f64, &[u8])> {
    let mut end = usize::from(text.starts_with(b"+") || text.starts_with(b"-"));
    let word = |end: usize, word: &[u8]| {
        text.get(end..end + word.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    let digits = |mut end: usize| {
        while text
            .get(end)
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'_')
        {
            end += 1;
        }
        end
    };
    if word(0, b"nan") || word(end, b"inf") {
        end += 3;
    } else {
        end = digits(end);
        if text.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if word(end, b"e") {
            end += 1;
            end += usize::from(matches!(text.get(end), Some(b'+' | b'-')));
            end = digits(end);
        }
    }
    let (number, rest) = text.split_at(end);
    Some((float(number)?, rest))
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
    fn numbers_at_the_beginning() {
        let scanned = |text: &'static str| scan_float(text.as_bytes());
        assert_eq!(scanned("12x"), Some((12.0, &b"x"[..])));
        assert_eq!(scanned("-1.5e3,"), Some((-1500.0, &b","[..])));
        assert_eq!(scanned("1_000 "), Some((1000.0, &b" "[..])));
        assert_eq!(scanned("infinite"), Some((f64::INFINITY, &b"inite"[..])));
        assert!(scanned("nan").is_some_and(|(value, _)| value.is_nan()));
        for text in ["", "x", "1e", "1__0", "_1", "."] {
            assert_eq!(scanned(text), None, "{text}");
        }
        assert_eq!(scan_uint(b"15.5"), Some((15, &b".5"[..])));
        assert_eq!(scan_uint(b"-1"), None);
        assert_eq!(
            (int(b"-0"), int(b"+7"), int(b"-12"), int(b"- 1")),
            (Some(0), Some(7), Some(-12), None)
        );
    }

    #[test]
    fn white_space() {
        let cut: Vec<&[u8]> = fields(b" a\t\x0bb  c\r").collect();
        assert_eq!(cut, [b"a", b"b", b"c"]);
        assert_eq!(trim(b"\n a b \0\n"), b"a b \0");
        assert_eq!(trim(b" \n"), b"");
    }
}

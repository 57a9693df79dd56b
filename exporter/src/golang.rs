//! How Go spells what operators see: durations and quoted strings.
//!
//! Flags, status pages and log lines of the replaced programs show Go's spellings; scripts parse them.

use std::time::Duration;

/// Seconds, nanoseconds and so on, as nanoseconds: Go's units, then those that kingpin adds.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3), // U+00B5, micro sign
    ("μs", 1e3), // U+03BC, Greek mu
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 24.0 * 3600e9),
    ("w", 7.0 * 24.0 * 3600e9),
];

/// Reads `1h30m`, `1.5s`, `0`; also days and weeks, as kingpin does.
///
/// # Errors
/// In the words of Go's `time.ParseDuration`. Negative durations and those past Go's range (292 years)
/// are refused.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let letters = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!(
                "time: unknown unit {} in duration {}",
                quote(unit),
                quote(text)
            ));
        };
        nanoseconds += number * factor;
        rest = tail;
    }
    if nanoseconds >= 9.223_372_036_854_775e18 {
        return Err(invalid());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within i64 and not negative, checked above"
    )]
    Ok(Duration::from_nanos(nanoseconds.round() as u64))
}

/// `1m30s`, `5m0s`, `1.5s`, `250ms`, `0s`: Go's `Duration.String`.
pub(crate) fn duration(value: Duration) -> String {
    let nanoseconds = value.as_nanos();
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => decimal(nanoseconds, 1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(nanoseconds, 1_000_000, "ms"),
        _ => {
            let minutes = nanoseconds / 60_000_000_000;
            let seconds = decimal(nanoseconds % 60_000_000_000, 1_000_000_000, "s");
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    }
}

/// A number of units with as many decimals as it needs.
fn decimal(value: u128, unit: u128, suffix: &str) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return format!("{whole}{suffix}");
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}{suffix}", digits.trim_end_matches('0'))
}

/// A string in double quotes, as Go's `strconv.Quote`.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if printable(c) => out.push(c),
            c if u32::from(c) < 0x80 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Nearly Go's `unicode.IsPrint`: std keeps the same tables behind `escape_debug`, which also escapes
/// quotes, the backslash and combining marks.
pub(crate) fn printable(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for (text, expected) in [
            ("0", "0s"),
            ("5m", "5m0s"),
            ("90s", "1m30s"),
            ("1h30m", "1h30m0s"),
            ("1.5s", "1.5s"),
            ("250ms", "250ms"),
            ("1500us", "1.5ms"),
            ("7ns", "7ns"),
            ("1d", "24h0m0s"),
            ("2w", "336h0m0s"),
            ("+1m", "1m0s"),
            (".5s", "500ms"),
            ("1h1h", "2h0m0s"),
        ] {
            assert_eq!(
                parse_duration(text).map(duration).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_that_go_refuses() {
        for (text, expected) in [
            ("", r#"time: invalid duration """#),
            ("5", r#"time: missing unit in duration "5""#),
            ("5x", r#"time: unknown unit "x" in duration "5x""#),
            ("m", r#"time: invalid duration "m""#),
            ("1.2.3s", r#"time: invalid duration "1.2.3s""#),
            ("-5m", r#"time: invalid duration "-5m""#),
            (
                "300000h300000h300000h300000h300000h300000h300000h300000h300000h",
                "time: invalid duration",
            ),
        ] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn quotes_as_go_quotes() {
        for (text, expected) in [
            ("plain", r#""plain""#),
            ("a\"b\\c\n", r#""a\"b\\c\n""#),
            ("\u{1}\u{7f}", r#""\x01\x7f""#),
            ("é€", "\"é€\""),
            ("\u{200b}", r#""\u200b""#),
        ] {
            assert_eq!(quote(text), expected);
        }
    }
}

//! A flag's value from its text, refused in the words of Go's parsers.

use super::{Setting, Spelling, Takes};
use crate::golang;

/// The value of a flag that was not given.
pub(super) fn default(takes: &Takes) -> Result<Setting, String> {
    Ok(match takes {
        Takes::Switch { default } => Setting::Switch(*default),
        Takes::Text { default } => Setting::Text(default.clone().into_owned()),
        Takes::Texts { default } => {
            Setting::Texts(default.iter().map(|&text| text.to_owned()).collect())
        }
        Takes::Url { default } | Takes::Choice { default, .. } => {
            Setting::Text((*default).to_owned())
        }
        Takes::Duration { default } => Setting::Duration(golang::parse_duration(default)?),
        Takes::Integer { default } => Setting::Integer(*default),
        Takes::Float { default } => Setting::Float(*default),
    })
}

/// A given value, checked; the error is what Go's parser says.
pub(super) fn read(takes: &Takes, text: &str, spelling: Spelling) -> Result<Setting, String> {
    match takes {
        Takes::Switch { .. } => bool_of(text)
            .map(Setting::Switch)
            .ok_or_else(|| syntax("ParseBool", text)),
        Takes::Text { .. } | Takes::Texts { .. } => Ok(Setting::Text(text.to_owned())),
        Takes::Url { .. } => url(text).map(|()| Setting::Text(text.to_owned())),
        Takes::Choice { of, what, .. } => {
            match of.iter().find(|word| word.eq_ignore_ascii_case(text)) {
                Some(word) => Ok(Setting::Text((*word).to_owned())),
                None => Err(format!("unrecognized {what} {text}")),
            }
        }
        Takes::Duration { .. } => golang::parse_duration(text).map(Setting::Duration),
        Takes::Integer { .. } => integer(text, spelling).map(Setting::Integer),
        Takes::Float { .. } => text
            .parse()
            .map(Setting::Float)
            .map_err(|_| syntax("ParseFloat", text)),
    }
}

/// A whole number. kingpin reads it as a float and cuts it: `1e3` is a thousand; pflag knows `0x10`.
fn integer(text: &str, spelling: Spelling) -> Result<i64, String> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let syntax = |function: &str| syntax(function, text);
    match spelling {
        Spelling::Kingpin => match text.parse::<f64>() {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the range is checked just before"
            )]
            Ok(value) if value.abs() < 9e18 => Ok(value as i64),
            _ => Err(syntax("ParseFloat")),
        },
        Spelling::Pflag => {
            let digits = text.strip_prefix("0x").unwrap_or_default();
            let number = text.trim_start_matches(['+', '-']);
            match i64::from_str_radix(digits, 16) {
                Ok(value) => Ok(value),
                Err(_) if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => {
                    Err(format!(
                        "strconv.ParseInt: parsing {}: value out of range",
                        golang::quote(text)
                    ))
                }
                Err(_) => Err(syntax("ParseInt")),
            }
        }
    }
}

/// What Go's strconv says of a text that is no number.
fn syntax(function: &str, text: &str) -> String {
    format!(
        "strconv.{function}: parsing {}: invalid syntax",
        golang::quote(text)
    )
}

/// Go's `strconv.ParseBool`.
pub(super) fn bool_of(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The complaints of Go's `url.Parse` that a prefix or an external URL can meet.
fn url(text: &str) -> Result<(), String> {
    let error = |reason: &str| {
        Err(format!(
            "invalid URL: parse {}: {reason}",
            golang::quote(text)
        ))
    };
    if text.chars().any(|c| c < ' ' || c == '\u{7f}') {
        return error("net/url: invalid control character in URL");
    }
    if text.starts_with(':') {
        return error("missing protocol scheme");
    }
    let first = text.split('/').next().unwrap_or_default();
    let scheme = first.split(':').next().unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if first.contains(':') && !is_scheme {
        return error("first path segment in URL cannot contain colon");
    }
    for (at, _) in text.match_indices('%') {
        let digits = text.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let escape: String = text
                .chars()
                .skip(text.get(..at).map_or(0, |before| before.chars().count()))
                .take(3)
                .collect();
            return error(&format!("invalid URL escape {}", golang::quote(&escape)));
        }
    }
    match bad_port(text) {
        Some(port) => error(&format!("invalid port {} after host", golang::quote(port))),
        None => Ok(()),
    }
}

/// The port with its colon, if it is no number: of the host after the scheme, behind users and brackets.
fn bad_port(url: &str) -> Option<&str> {
    let (before, rest) = url.split_once("//")?;
    // Only a scheme, or nothing, may stand before a host: `/a//b:c` is a path.
    if before.contains(['/', '?', '#']) {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_users, host)| host);
    let from = host.rfind(']').unwrap_or(0);
    let colon = from + host.get(from..)?.rfind(':')?;
    let port = host.get(colon..)?;
    let digits = port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    (!digits).then_some(port)
}

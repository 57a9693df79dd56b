//! From an `Accept` header to a format, as client_golang's `expfmt.Negotiate` and
//! `NegotiateIncludingOpenMetrics` choose; and from a `Content-Type` back to a format.
//!
//! Upstream parses `Accept` with its own small parser (`goautoneg`), which bends RFC 9110 in several
//! ways; every bend is kept, because scrapers depend on the answers and not on the RFC. Wildcards
//! choose nothing: whoever asks for `*/*` gets text.

use std::cmp::Ordering;

use crate::name::Escaping;
use crate::target::{Format, Target};

#[cfg(test)]
mod tests;

/// Which formats a site offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Offer {
    /// Text and the protobuf formats.
    Classic,
    /// These and OpenMetrics.
    WithOpenMetrics,
}

/// What was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Negotiated {
    /// Format and escaping to write with.
    pub target: Target,
    /// The `Content-Type` to answer with, `escaping` parameter included.
    pub content_type: String,
}

/// The media type of the protobuf formats.
const PROTOBUF: &str = "application/vnd.google.protobuf";
/// The only message they carry.
const MESSAGE: &str = "io.prometheus.client.MetricFamily";
/// The media type of OpenMetrics.
const OPENMETRICS: &str = "application/openmetrics-text";

/// An answer without its `escaping` parameter; a row for each that we can give.
struct Answer {
    format: Format,
    content_type: &'static str,
}

const TEXT: Answer = Answer {
    format: Format::Text,
    content_type: "text/plain; version=0.0.4; charset=utf-8",
};
const OPENMETRICS_0_0_1: Answer = Answer {
    format: Format::OpenMetrics,
    content_type: "application/openmetrics-text; version=0.0.1; charset=utf-8",
};
const OPENMETRICS_1_0_0: Answer = Answer {
    format: Format::OpenMetrics,
    content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};
const PROTOBUF_DELIMITED: Answer = Answer {
    format: Format::Protobuf,
    content_type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};
const PROTOBUF_TEXT: Answer = Answer {
    format: Format::ProtobufText,
    content_type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
};
const PROTOBUF_COMPACT: Answer = Answer {
    format: Format::ProtobufCompact,
    content_type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=compact-text",
};

/// Chooses a format for an `Accept` header (`None` where the request had none). Where the header
/// stands more than once, upstream looks at the first only.
pub fn negotiate(accept: Option<&str>, offer: Offer) -> Negotiated {
    let mut escaping = Escaping::default();
    for clause in parse_accept(accept.unwrap_or_default()) {
        // Also a clause that is passed over leaves its escaping behind, as upstream has it.
        if let Some(asked) = clause.parameter("escaping").and_then(Escaping::parse) {
            escaping = asked;
        }
        if let Some(answer) = answer(&clause, offer) {
            return agree(answer, escaping);
        }
    }
    agree(TEXT, escaping)
}

fn agree(answer: Answer, escaping: Escaping) -> Negotiated {
    Negotiated {
        target: Target {
            format: answer.format,
            escaping,
        },
        content_type: format!("{}; escaping={}", answer.content_type, escaping.as_str()),
    }
}

/// What we can give for one clause. Types and parameters are compared exactly, case included.
fn answer(clause: &Clause<'_>, offer: Offer) -> Option<Answer> {
    let version = clause.parameter("version").unwrap_or_default();
    match (clause.kind, clause.subtype) {
        ("application", "vnd.google.protobuf") if clause.parameter("proto") == Some(MESSAGE) => {
            match clause.parameter("encoding")? {
                "delimited" => Some(PROTOBUF_DELIMITED),
                "text" => Some(PROTOBUF_TEXT),
                "compact-text" => Some(PROTOBUF_COMPACT),
                _ => None,
            }
        }
        ("text", "plain") => matches!(version, "0.0.4" | "").then_some(TEXT),
        ("application", "openmetrics-text") if offer == Offer::WithOpenMetrics => match version {
            "1.0.0" => Some(OPENMETRICS_1_0_0),
            "0.0.1" | "" => Some(OPENMETRICS_0_0_1),
            _ => None,
        },
        _ => None,
    }
}

/// One clause of an `Accept` header.
struct Clause<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: f64,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    /// `None` for what is no clause: it is passed over.
    fn parse(text: &'a str) -> Option<Self> {
        let (media, mut parameters) = split_at(text.trim_matches(' '), ';');
        let (kind, subtype) = split_at(media, '/');
        let kind = kind.trim_matches(' ');
        let subtype = match subtype {
            "" if kind == "*" => "*",
            "" => return None,
            // A second slash is allowed as long as nothing stands behind it.
            _ => match split_at(subtype, '/') {
                (subtype, "") => subtype.trim_matches(' '),
                _ => return None,
            },
        };
        let mut clause = Self {
            kind,
            subtype,
            quality: 1.0,
            parameters: Vec::new(),
        };
        while !parameters.is_empty() {
            let (parameter, rest) = split_at(parameters, ';');
            parameters = rest;
            clause.add_parameter(parameter);
        }
        Some(clause)
    }

    fn add_parameter(&mut self, text: &'a str) {
        let (name, rest) = split_at(text, '=');
        // As with the slash, a second `=` is allowed with nothing behind it.
        let (value, "") = split_at(rest, '=') else {
            return;
        };
        if rest.is_empty() {
            return;
        }
        match name.trim_matches(' ') {
            // Not trimmed: a blank makes the number unreadable, and unreadable is zero.
            "q" => self.quality = quality(value),
            name => self.parameters.push((name, value.trim_matches(' '))),
        }
    }

    /// The parameter of that name; of several the last.
    fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.iter().rev().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    }

    /// Whether upstream's order puts this clause before another. It is no real order: a `*` goes
    /// behind whatever the qualities say.
    fn is_before(&self, other: &Self) -> bool {
        self.quality.partial_cmp(&other.quality) == Some(Ordering::Greater)
            || (self.kind != "*" && other.kind == "*")
            || (self.subtype != "*" && other.subtype == "*")
    }
}

/// Go reads the quality as a 32-bit float; what it cannot read is zero, what is too large infinite.
fn quality(text: &str) -> f64 {
    text.parse::<f32>().map_or(0.0, f64::from)
}

/// What stands before and behind a separator; nothing behind where there is none.
fn split_at(text: &str, separator: char) -> (&str, &str) {
    text.split_once(separator).unwrap_or((text, ""))
}

/// Clauses in upstream's order.
///
/// Sorted by insertion as Go's `sort.Sort` does for up to twelve elements: with [`Clause::is_before`]
/// being no real order, the algorithm is a part of the answer. Of longer headers the first clauses
/// decide; nobody sends them, and the sort would be quadratic.
fn parse_accept(header: &str) -> Vec<Clause<'_>> {
    const CLAUSES_MAX: usize = 64;
    let clauses = header.split(',').filter_map(Clause::parse);
    let mut clauses: Vec<_> = clauses.take(CLAUSES_MAX).collect();
    for from in 1..clauses.len() {
        let mut at = from;
        while at > 0 && clauses[at].is_before(&clauses[at - 1]) {
            clauses.swap(at, at - 1);
            at -= 1;
        }
    }
    clauses
}

/// The format and escaping that a `Content-Type` names, as `expfmt.Format` takes it apart; `None`
/// where it is none of ours. For responses of other exporters: what the pushgateway accepts in a
/// push is a rule of its own.
pub fn from_content_type(content_type: &str) -> Option<Target> {
    let (media, rest) = split_at(content_type, ';');
    let parameters = || {
        let halves = rest.split(';').filter_map(|text| text.split_once('='));
        let well_formed = halves.filter(|(_, value)| !value.contains('='));
        well_formed.map(|(key, value)| (key.trim(), value.trim()))
    };
    // Upstream keeps the parameters in a map, so the last of a name counts.
    let parameter = |name: &str| {
        let mut named = parameters().filter(|(key, _)| *key == name);
        named.next_back().map(|(_, value)| value)
    };
    let format = match media.trim() {
        PROTOBUF if parameter("proto") == Some(MESSAGE) => match parameter("encoding")? {
            "delimited" => Format::Protobuf,
            "text" => Format::ProtobufText,
            "compact-text" => Format::ProtobufCompact,
            _ => return None,
        },
        OPENMETRICS if parameter("charset") == Some("utf-8") => Format::OpenMetrics,
        "text/plain" if matches!(parameter("version"), None | Some("0.0.4")) => Format::Text,
        _ => return None,
    };
    // The escaping it looks for by itself, and takes the first.
    let escaping = parameters().find(|(key, _)| *key == "escaping");
    let escaping = escaping.and_then(|(_, name)| Escaping::parse(name));
    Some(Target {
        format,
        escaping: escaping.unwrap_or_default(),
    })
}

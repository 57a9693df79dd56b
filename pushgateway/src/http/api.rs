//! `/api/v1/metrics` and `/api/v1/status`: everything held, as JSON in upstream's own layout.
//!
//! Numbers are strings in Go's `%v` spelling, names stand where JSON expects fixed keys, and a family
//! called `labels` takes the place of that field: clients parse what upstream wrote, so this writes the
//! same. The order of groups is random there; here it is by grouping key. Pure; [`super::serve`] serves it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use promontory_exposition::{Family, Kind, Label};

use super::select::{Listing, Selected};
use crate::family::PushedFamily;
use crate::time::UnixNanos;
use metric::write_metric;

mod metric;

/// What stands before the groups.
pub(super) const GROUPS_BEGIN: &[u8] = br#"{"status":"success","data":["#;
/// What stands after the groups: where to go on, if there are more.
pub(super) fn groups_end(next: Option<&str>) -> Vec<u8> {
    let mut end = b"]".to_vec();
    if let Some(next) = next {
        end.extend_from_slice(br#","next":"#);
        write_string(next, &mut end);
    }
    end.push(b'}');
    end
}

/// Writes why a request is refused: a word for programs, a sentence for people.
pub(super) fn write_error(kind: &str, reason: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"status":"error","errorType":"#);
    write_string(kind, out);
    out.extend_from_slice(br#","error":"#);
    write_string(reason, out);
    out.push(b'}');
}

/// Writes what a listing asks for of one group as a JSON object.
pub(super) fn write_group(selected: &Selected, listing: &Listing, out: &mut Vec<u8>) {
    let group = &selected.group;
    let mut fields: BTreeMap<&str, Field<'_>> = BTreeMap::new();
    fields.insert("labels", Field::Labels(group.key().labels()));
    fields.insert(
        "last_push_successful",
        Field::Successful(group.last_push_successful()),
    );
    if let Some(at) = group.expires_at() {
        fields.insert("expires_at", Field::Time(at));
    }
    for family in selected.families() {
        fields.insert(family.header().name, Field::Family(family));
    }
    write_object(out, fields, |field, out| match field {
        Field::Labels(labels) => write_labels(labels, out),
        Field::Successful(successful) => {
            out.extend_from_slice(if successful { b"true" } else { b"false" })
        }
        Field::Time(at) => write_string(&rfc3339(at), out),
        Field::Family(pushed) => match pushed.decode() {
            Ok(mut family) => {
                listing.retain(group.key(), &mut family);
                write_family(&family, pushed.pushed_at(), out);
            }
            // Reading back what we wrote does not fail; if it did, one family would be missing here.
            Err(_) => out.extend_from_slice(b"null"),
        },
    });
}

/// One member of a group's object.
enum Field<'g> {
    Labels(&'g [Label<'static>]),
    Successful(bool),
    Time(UnixNanos),
    Family(&'g PushedFamily),
}

/// Writes a family with the time of its push.
pub(super) fn write_family(family: &Family<'_>, pushed_at: UnixNanos, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"time_stamp":"#);
    write_string(&rfc3339(pushed_at), out);
    out.extend_from_slice(br#","type":"#);
    write_string(kind_name(family.kind), out);
    if let Some(help) = family.help.as_deref().filter(|help| !help.is_empty()) {
        out.extend_from_slice(br#","help":"#);
        write_string(help, out);
    }
    out.extend_from_slice(br#","metrics":["#);
    for (at, metric) in family.metrics.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_metric(family.kind, metric, out);
    }
    out.extend_from_slice(b"]}");
}

/// A moment as Go's `time.RFC3339Nano` shows it: nanoseconds without trailing zeros, in UTC.
pub(super) fn rfc3339(at: UnixNanos) -> String {
    Timestamp::from_nanosecond(i128::from(at.0))
        .map_or_else(|_| String::new(), |time| time.to_string())
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "COUNTER",
        Kind::Gauge => "GAUGE",
        Kind::Untyped => "UNTYPED",
        Kind::Summary => "SUMMARY",
        Kind::Histogram => "HISTOGRAM",
        Kind::GaugeHistogram => "GAUGE_HISTOGRAM",
        Kind::Info => "INFO",
        Kind::StateSet => "STATE_SET",
    }
}

/// Writes labels as an object.
pub(super) fn write_labels(labels: &[Label<'_>], out: &mut Vec<u8>) {
    let labels: BTreeMap<&str, &str> = labels
        .iter()
        .map(|label| (&*label.name, &*label.value))
        .collect();
    write_object(out, labels, write_string);
}

/// Writes a map as Go writes one: keys sorted.
fn write_object<K: AsRef<str>, V>(
    out: &mut Vec<u8>,
    fields: BTreeMap<K, V>,
    write: impl Fn(V, &mut Vec<u8>),
) {
    out.push(b'{');
    for (at, (key, value)) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(key.as_ref(), out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

/// Writes a JSON string with Go's escapes: `<`, `>`, `&` and the line separators too, so that the text
/// may stand in a page.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            }
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Writes the whole answer of `/api/v1/status`.
pub(super) fn write_status(
    build: &[(&str, &str)],
    flags: &[(String, String)],
    started: UnixNanos,
    out: &mut Vec<u8>,
) {
    let build: BTreeMap<&str, &str> = build.iter().copied().collect();
    let flags: BTreeMap<&str, &str> = flags
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    out.extend_from_slice(br#"{"status":"success","data":{"build_information":"#);
    write_object(out, build, write_string);
    out.extend_from_slice(br#","flags":"#);
    write_object(out, flags, write_string);
    out.extend_from_slice(br#","start_time":"#);
    write_string(&rfc3339(started), out);
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests;

//! What a line of a watch says.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::api::{Failure, Status};
use crate::object::{Pairs, Text};

/// One line of a watch.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// An object is there, new or changed.
    Put(&'a [u8]),
    /// This object is gone.
    Removed(&'a [u8]),
    /// The watch has told everything up to this version.
    Bookmark {
        version: String,
        /// Whether it ends the objects that were there when the watch began.
        ends_list: bool,
    },
    /// The API server ends the watch.
    Error(Status),
    /// Something newer than us.
    Unknown,
}

/// What happened to an object.
type Happened = for<'a> fn(&'a [u8]) -> Event<'a>;

/// How the API server begins the lines of objects, and what each means. Those are read once, by who wants the object.
const OBJECTS: [(&[u8], Happened); 3] = [
    (br#"{"type":"ADDED","object":"#, |object| Event::Put(object)),
    (br#"{"type":"MODIFIED","object":"#, |object| {
        Event::Put(object)
    }),
    (br#"{"type":"DELETED","object":"#, |object| {
        Event::Removed(object)
    }),
];

/// Marks the bookmark at the end of a streaming list.
const LIST_END: &str = "k8s.io/initial-events-end";

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Bookmark<'a> {
    #[serde(borrow)]
    metadata: BookmarkMeta<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookmarkMeta<'a> {
    resource_version: String,
    #[serde(borrow, default)]
    annotations: Pairs<'a>,
}

/// Reads a line. What its object is worth, is found out by who reads that.
///
/// # Errors
/// The line is no event: what it was to tell is lost.
pub(super) fn read(line: &[u8]) -> Result<Event<'_>, Failure> {
    for (begin, event) in OBJECTS {
        let object = line.strip_prefix(begin);
        if let Some(object) = object.and_then(|object| object.strip_suffix(b"}")) {
            return Ok(event(object));
        }
    }
    let line: Line<'_> = serde_json::from_slice(line)
        .map_err(|_| Failure::Garbled("a line of the watch is no event"))?;
    let object = line.object.get();
    Ok(match &*line.kind {
        "ADDED" | "MODIFIED" => Event::Put(object.as_bytes()),
        "DELETED" => Event::Removed(object.as_bytes()),
        "BOOKMARK" => {
            let bookmark: Option<Bookmark<'_>> = serde_json::from_str(object).ok();
            let bookmark = bookmark
                .filter(|bookmark| !bookmark.metadata.resource_version.is_empty())
                .ok_or(Failure::Garbled("a bookmark has no version"))?;
            Event::Bookmark {
                version: bookmark.metadata.resource_version,
                ends_list: bookmark
                    .metadata
                    .annotations
                    .get(LIST_END)
                    .is_some_and(|value| *value == "true"),
            }
        }
        "ERROR" => Event::Error(serde_json::from_str(object).unwrap_or_default()),
        _ => Event::Unknown,
    })
}

/// How the object begins in a line that is too long to be read.
pub(super) fn object_in(line: &[u8]) -> &[u8] {
    OBJECTS
        .iter()
        .find_map(|(begin, _)| line.strip_prefix(*begin))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let shown = match read(line.as_bytes()) {
            Ok(Event::Put(object)) => format!("put {}", String::from_utf8_lossy(object)),
            Ok(Event::Removed(object)) => format!("removed {}", String::from_utf8_lossy(object)),
            Ok(Event::Bookmark { version, ends_list }) => format!("bookmark {version} {ends_list}"),
            Ok(Event::Error(status)) => Failure::ended(status).to_string(),
            Ok(Event::Unknown) => "unknown".to_owned(),
            Err(failure) => failure.to_string(),
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn lines_say_what_happened() {
        check(r#"{"type":"ADDED","object":{"a":{}}}"#, r#"put {"a":{}}"#);
        check(r#"{"type":"MODIFIED","object":{}}"#, "put {}");
        check(
            r#"{ "object" : {"a":1} , "type":"MODIFIED" }"#,
            r#"put {"a":1}"#,
        );
        check(r#"{"type":"DELETED","object":{}}"#, "removed {}");
        check(r#"{"object":{},"type":"DELETED"}"#, "removed {}");
        check(r#"{"type":"NEW","object":{}}"#, "unknown");
        check(
            r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}"#,
            "bookmark 7 false",
        );
        check(
            r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
            "bookmark 7 true",
        );
        check(
            r#"{"type":"ERROR","object":{"kind":"Status","message":"too old","code":410}}"#,
            "the API server ended the watch: 410: too old",
        );
        check(
            r#"{"type":"ERROR","object":7}"#,
            "the API server ended the watch: 0: ",
        );
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for line in [
            "",
            "x",
            "{}",
            r#"{"type":"ADDED"}"#,
            r#"{"type":"ADDED","object":{"#,
        ] {
            check(line, "a line of the watch is no event");
        }
        for object in ["{}", r#"{"metadata":{"resourceVersion":""}}"#] {
            let line = format!(r#"{{"type":"BOOKMARK","object":{object}}}"#);
            check(&line, "a bookmark has no version");
        }
    }
}

use super::*;

/// What a feed gives for a body that comes in these chunks.
fn lines(chunks: &[&[u8]]) -> Vec<String> {
    let mut feed = WatchFeed::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        feed.push(chunk, &mut |piece| {
            lines.push(shown(piece));
            Ok(())
        })
        .unwrap();
    }
    lines
}

fn items(chunks: &[&[u8]]) -> Result<(Vec<String>, ListMeta), Failure> {
    let mut feed = ListFeed::default();
    let mut items = Vec::new();
    for chunk in chunks {
        feed.push(chunk, &mut |piece| {
            items.push(shown(piece));
            Ok(())
        })?;
    }
    Ok((items, feed.end()?))
}

fn shown(piece: Piece<'_>) -> String {
    match piece {
        Piece::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Piece::TooLong(bytes) => format!("too long: {}", String::from_utf8_lossy(bytes)),
    }
}

/// A body in one piece, in single bytes, and cut at every two places.
fn every_chunking(body: &[u8], mut check: impl FnMut(&[&[u8]])) {
    check(&[body]);
    check(&body.chunks(1).collect::<Vec<_>>());
    for first in 0..body.len() {
        for second in first..body.len() {
            check(&[&body[..first], &body[first..second], &body[second..]]);
        }
    }
}

const LIST: &str = r#"{"kind":"PodList","metadata":{"resourceVersion":"12","continue":"a[\"items\":["},
 "x\"items":["no"], "items" : [ {"a":"}]\\"} ,{"b":[{},"\"{"],"items":[1,{}]}
,{} ] ,"also":{"items":[]}}"#;

#[test]
fn any_chunking_of_a_list_gives_the_same_items() {
    every_chunking(LIST.as_bytes(), |chunks| {
        let (items, meta) = items(chunks).unwrap();
        let expected = [
            r#"{"a":"}]\\"}"#,
            r#"{"b":[{},"\"{"],"items":[1,{}]}"#,
            "{}",
        ];
        assert_eq!(items, expected);
        assert_eq!(meta.resource_version, "12");
        assert_eq!(meta.token, r#"a["items":["#);
    });
}

#[test]
fn any_chunking_of_a_watch_gives_the_same_lines() {
    every_chunking(b"{\"a\":1}\n\nbb\n{\"cut", |chunks| {
        assert_eq!(lines(chunks), [r#"{"a":1}"#, "", "bb"]);
    });
}

#[test]
fn a_list_that_ends_anywhere_early_is_no_list() {
    for end in 0..LIST.len() {
        assert!(items(&[&LIST.as_bytes()[..end]]).is_err(), "{end}");
    }
}

#[test]
fn lists_without_items_are_lists() {
    for body in [
        r#"{"metadata":{"resourceVersion":"1"},"items":[],"kind":"PodList"}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":null}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"}}"#,
    ] {
        assert!(items(&[body.as_bytes()]).unwrap().0.is_empty(), "{body}");
    }
}

#[test]
fn what_is_no_list_is_refused() {
    for body in [
        r#"{"kind":"Status","metadata":{"resourceVersion":"1"}}"#,
        r#"{"kind":"PodList","metadata":{},"items":[]}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[1]}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[,{}]}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{},]}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{}{}]}"#,
        r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}]"#,
        "[]",
        "",
    ] {
        assert!(items(&[body.as_bytes()]).is_err(), "{body}");
    }
}

#[test]
fn a_list_with_much_around_its_items_is_refused() {
    let body = format!(r#"{{"kind":"{}List"}}"#, "x".repeat(AROUND_BYTES_MAX));
    assert!(items(&[body.as_bytes()]).is_err());
}

#[test]
fn a_piece_that_is_too_long_shows_its_beginning_and_costs_no_other() {
    let mut body = vec![b'x'; 100];
    body.extend_from_slice(b"\nshort\n");
    for size in [1, 3, 10, 11, 12, 107] {
        let mut feed = WatchFeed::default();
        feed.held.max = 10;
        let mut lines = Vec::new();
        for chunk in body.chunks(size) {
            feed.push(chunk, &mut |piece| {
                lines.push(shown(piece));
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(lines, ["too long: xxxxxxxxxx", "short"], "chunks of {size}");
    }
}

#[test]
fn an_error_of_the_taker_ends_the_feed() {
    let gone = Failure::Garbled("gone");
    let mut feed = WatchFeed::default();
    let mut taken = 0;
    let result = feed.push(b"a\nb\nc\n", &mut |_| {
        taken += 1;
        Err(gone.clone())
    });
    assert_eq!((result, taken), (Err(gone), 1));
}

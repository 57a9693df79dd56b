//! Objects that cannot be read, are too long, or are not ours.

use super::*;
use crate::feed::PIECE_BYTES_MAX;
use crate::shard::Shard;

#[tokio::test]
async fn an_object_that_cannot_be_read_costs_only_itself() {
    let (mut server, watched) = watch_one().await;
    let odd = r#"{"metadata":{"name":"odd","resourceVersion":"5","creationTimestamp":"never"}}"#;
    let objects = [
        object("a", 3),
        odd.to_owned(),
        object("b", 4),
        "{}".to_owned(),
    ];
    let mut watch = list(&mut server, 9, &objects).await;
    shows(&watched, &["a 3", "b 4"]).await;
    assert_eq!(watched.stats.unreadable.get(), 2);
    // Its old lines would show what it no longer is.
    watch
        .send(&event("MODIFIED", &odd.replace("odd", "a")))
        .await;
    shows(&watched, &["b 4"]).await;
    watch
        .send(&event("MODIFIED", r#"{"metadata":{"name":"b","#))
        .await;
    shows(&watched, &[]).await;
    watch.send(&event("MODIFIED", &object("b", 13))).await;
    shows(&watched, &["b 13"]).await;
    assert_eq!(watched.stats.unreadable.get(), 4);
    assert_eq!(watched.stats.lists_ok.get(), 1);
}

#[tokio::test]
async fn the_same_in_a_list_of_pages() {
    let (mut server, watched) = watch_one().await;
    server.next().await.answer(400, &status(400)).await;
    let odd = r#"{"metadata":{"name":"odd","labels":7}}"#;
    let objects = [
        object("a", 3),
        odd.to_owned(),
        r#"{"metadata":nul}"#.to_owned(),
    ];
    server
        .next()
        .await
        .answer(200, &page(9, "", &objects))
        .await;
    shows(&watched, &["a 3"]).await;
    assert_eq!(watched.stats.unreadable.get(), 2);
}

#[tokio::test]
async fn a_family_that_panics_costs_only_that_object() {
    fn fragile(
        json: &[u8],
        selection: &Selection,
        rendering: &mut crate::samples::Rendering,
    ) -> Result<(), serde_json::Error> {
        assert!(
            !json.windows(5).any(|word| word == b"\"bad\""),
            "as a bug would"
        );
        (row().render)(json, selection, rendering)
    }
    let fragile = Box::leak(Box::new(Row {
        render: fragile,
        ..*row()
    }));
    let (mut server, watched) = watch(&plan(&[fragile]), timing()).await;
    let mut watch = list(&mut server, 9, &[object("bad", 2), object("a", 3)]).await;
    shows(&watched[0], &["a 3"]).await;
    assert_eq!(watched[0].stats.unreadable.get(), 1);
    watch.send(&event("MODIFIED", &object("a", 10))).await;
    shows(&watched[0], &["a 10"]).await;
}

#[tokio::test]
async fn a_line_that_is_no_event_makes_the_list_again() {
    let (mut server, watched) = watch_one().await;
    let mut watch = list(&mut server, 9, &[object("a", 3)]).await;
    watch.send("garbage\n").await;
    let mut again = list(&mut server, 12, &[object("a", 4)]).await;
    shows(&watched, &["a 4"]).await;
    assert_eq!(watched.stats.relists.get(), 1);
    // Blank lines and kinds of events that we do not know are none.
    again.send("\n \r\n").await;
    again.send(&event("NEW", "{}")).await;
    again.send(&event("MODIFIED", &object("a", 5))).await;
    shows(&watched, &["a 5"]).await;
    assert_eq!(watched.stats.relists.get(), 1);
}

#[tokio::test]
async fn an_endless_line_costs_only_its_object() {
    let (mut server, watched) = watch_one().await;
    let mut watch = list(&mut server, 9, &[object("a", 3), object("b", 4)]).await;
    shows(&watched, &["a 3", "b 4"]).await;
    let metadata = r#"{"metadata":{"name":"a","resourceVersion":"10"},"data":""#;
    watch
        .send(&format!(r#"{{"type":"MODIFIED","object":{metadata}"#))
        .await;
    let megabyte = "x".repeat(1 << 20);
    for _ in 0..=PIECE_BYTES_MAX >> 20 {
        watch.send(&megabyte).await;
    }
    watch.send("\"}}\n").await;
    shows(&watched, &["b 4"]).await;
    assert_eq!(watched.stats.unreadable.get(), 1);
    drop(watch);
    watch_from(&mut server, 10).await;
}

#[tokio::test]
async fn a_shard_shows_its_own_objects() {
    let mut plan = plan(&[row()]);
    let names: Vec<String> = (0..20).map(|at| format!("o{at}")).collect();
    let mut all = Vec::new();
    for index in 0..3 {
        plan.shard = Shard::new(index, 3);
        let (mut server, watched) = watch(&plan, timing()).await;
        let objects: Vec<String> = names.iter().map(|name| object(name, 1)).collect();
        let mut request = list(&mut server, 9, &objects).await;
        until("it is whole", || watched[0].lines.is_whole()).await;
        let ours = shown(&watched[0]).unwrap();
        assert!(ours.len() < 20);
        // The version of an object that is not ours counts all the same.
        for name in &names {
            request.send(&event("MODIFIED", &object(name, 12))).await;
        }
        drop(request);
        watch_from(&mut server, 12).await;
        all.extend(ours);
    }
    all.sort();
    let mut expected: Vec<_> = names.iter().map(|name| format!("{name} 1")).collect();
    expected.sort();
    assert_eq!(all, expected);
}

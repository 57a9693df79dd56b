//! Streaming lists, pages, and how both fail.

use super::*;
use crate::plan::NodeFilter;

#[tokio::test]
async fn a_streaming_list_is_shown_from_its_bookmark_on() {
    let (mut server, watched) = watch_one().await;
    let mut request = server.next().await;
    let target = &request.target;
    assert!(
        target.starts_with("/api/v1/namespaces?watch=1&allowWatchBookmarks=true&"),
        "{target}"
    );
    assert!(
        target.ends_with("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
        "{target}"
    );
    assert!(
        request.head.contains("accept-encoding: identity\r\n"),
        "{}",
        request.head
    );
    request.begin(200).await;
    request.send(&event("ADDED", &object("a", 3))).await;
    request.send(&event("ADDED", &object("b", 4))).await;
    // A plain bookmark ends nothing.
    request.send(&bookmark(5, "")).await;
    until("the bookmark comes", || watched.stats.bookmarks.get() == 1).await;
    assert_eq!(shown(&watched), None);
    request.send(&list_end(9)).await;
    shows(&watched, &["a 3", "b 4"]).await;
    assert_eq!(watched.stats.lists_ok.get(), 1);
    assert_eq!(watched.stats.watches_ok.get(), 1);
    assert!(watched.stats.last_contact_millis() > 0);
    drop(request);
    watch_from(&mut server, 9).await;
}

#[tokio::test]
async fn without_streaming_lists_pages_are_read_to_their_last() {
    for code in [400, 422] {
        let (mut server, watched) = watch_one().await;
        server.next().await.answer(code, &status(code)).await;
        let first = server.next().await;
        assert_eq!(first.target, "/api/v1/namespaces?limit=500");
        first
            .answer(200, &page(7, "to/ken=", &[object("a", 3), object("b", 4)]))
            .await;
        let second = server.next().await;
        assert_eq!(
            second.target,
            "/api/v1/namespaces?limit=500&continue=to%2Fken%3D"
        );
        assert_eq!(watched.stats.puts.get(), 2);
        assert_eq!(shown(&watched), None);
        second.answer(200, &page(7, "", &[object("c", 5)])).await;
        shows(&watched, &["a 3", "b 4", "c 5"]).await;
        let mut watch = watch_from(&mut server, 7).await;
        // A list made again knows what was refused.
        watch.send(&event("ERROR", &status(410))).await;
        assert_eq!(server.next().await.target, "/api/v1/namespaces?limit=500");
        assert_eq!(watched.stats.lists_failed.get(), 0);
    }
}

#[tokio::test]
async fn a_list_that_is_cut_anywhere_is_not_whole() {
    let (mut server, watched) = watch_one().await;
    server.next().await.answer(400, &status(400)).await;
    let body = page(7, "", &[object("a", 3), object("gone", 4)]);
    for end in 0..body.len() {
        let mut request = server.next().await;
        request.begin(200).await;
        request.send(&body[..end]).await;
        // One half is cut off by the network, the other by an API server that thinks it is done.
        if end % 2 == 0 {
            drop(request);
        } else {
            request.end().await;
        }
        until("the list fails", || {
            watched.stats.lists_failed.get() == end as u64 + 1
        })
        .await;
        assert_eq!(shown(&watched), None, "{end}");
    }
    server
        .next()
        .await
        .answer(200, &page(8, "", &[object("a", 5)]))
        .await;
    shows(&watched, &["a 5"]).await;
    assert_eq!(watched.stats.lists_ok.get(), 1);
}

#[tokio::test]
async fn a_streaming_list_that_is_cut_begins_anew() {
    let (mut server, watched) = watch_one().await;
    let mut request = server.next().await;
    request.begin(200).await;
    request.send(&event("ADDED", &object("gone", 3))).await;
    request.send(&event("ADDED", &object("a", 4))[..40]).await;
    puts(&watched, 1).await;
    drop(request);
    let _watch = list(&mut server, 9, &[object("a", 5)]).await;
    shows(&watched, &["a 5"]).await;
    assert_eq!(watched.stats.lists_failed.get(), 1);
}

#[tokio::test]
async fn a_streaming_list_without_end_is_followed_by_pages() {
    let timing = Timing {
        // Long enough for the answer that does come.
        list_idle: Duration::from_secs(1),
        ..timing()
    };
    let (mut server, watched) = watch(&plan(&[row()]), timing).await;
    let mut silent = server.next().await;
    silent.begin(200).await;
    silent.send(&event("ADDED", &object("gone", 3))).await;
    let pages = server.next().await;
    assert_eq!(pages.target, "/api/v1/namespaces?limit=500");
    pages.answer(200, &page(7, "", &[object("a", 3)])).await;
    shows(&watched[0], &["a 3"]).await;
    // It may have been an accident: the next list is a streaming one again.
    let mut watch = watch_from(&mut server, 7).await;
    watch.send(&event("ERROR", &status(410))).await;
    list(&mut server, 9, &[]).await;
    shows(&watched[0], &[]).await;
}

#[tokio::test]
async fn an_expired_token_begins_the_list_anew_and_without_pages() {
    let (mut server, watched) = watch_one().await;
    server.next().await.answer(400, &status(400)).await;
    server
        .next()
        .await
        .answer(200, &page(7, "t", &[object("gone", 3)]))
        .await;
    server.next().await.answer(410, &status(410)).await;
    let all = server.next().await;
    assert_eq!(all.target, "/api/v1/namespaces?limit=0");
    assert_eq!(shown(&watched), None);
    all.answer(200, &page(9, "", &[object("a", 4)])).await;
    shows(&watched, &["a 4"]).await;
}

#[tokio::test]
async fn refusals_are_retried_and_the_other_resources_go_on() {
    let (mut server, watched) = watch(&plan(&[row(), namespaced()]), timing()).await;
    let [namespaces, pods] = [&watched[0], &watched[1]];
    let mut open = Vec::new();
    for code in [403, 404, 429, 500, 503] {
        loop {
            let mut request = server.next().await;
            if request.target.starts_with("/api/v1/pods") {
                request.answer(code, "not JSON").await;
                break;
            }
            request.begin(200).await;
            request.send(&event("ADDED", &object("a", 1))).await;
            request.send(&list_end(2)).await;
            open.push(request);
        }
    }
    shows(namespaces, &["a 1"]).await;
    until("all refused", || pods.stats.lists_failed.get() == 5).await;
    assert_eq!(shown(pods), None);
    let _watch = list(&mut server, 9, &[object("b", 2)]).await;
    shows(pods, &["b 2"]).await;
}

#[tokio::test]
async fn every_namespace_must_be_whole() {
    let mut plan = plan(&[namespaced()]);
    plan.namespaces = Namespaces::Only(vec!["n".into(), "m".into()]);
    plan.denied = vec!["x".into()];
    plan.node = Some(NodeFilter::Node("node-1".into()));
    let (mut server, watched) = watch(&plan, timing()).await;
    let (mut first, mut second) = (server.next().await, server.next().await);
    let mut targets = [first.target.clone(), second.target.clone()];
    targets.sort();
    let selector = "?fieldSelector=metadata.namespace%21%3Dx%2Cspec.nodeName%3Dnode-1&watch=1&";
    for (target, namespace) in targets.iter().zip(["m", "n"]) {
        let path = format!("/api/v1/namespaces/{namespace}/pods{selector}");
        assert!(target.starts_with(&path), "{target}");
    }
    first.begin(200).await;
    first.send(&event("ADDED", &object("a", 1))).await;
    first.send(&list_end(2)).await;
    until("the first is whole", || {
        watched[0].stats.lists_ok.get() == 1
    })
    .await;
    assert_eq!(shown(&watched[0]), None);
    second.begin(200).await;
    second.send(&event("ADDED", &object("b", 2))).await;
    second.send(&list_end(3)).await;
    shows(&watched[0], &["a 1", "b 2"]).await;
    // A list made again takes away only what its own namespace lost.
    first.send(&event("ERROR", &status(410))).await;
    let _watch = list(&mut server, 9, &[]).await;
    shows(&watched[0], &["b 2"]).await;
}

#[tokio::test]
async fn a_limit_lists_so_many_and_an_old_cache_will_do() {
    let mut plan = plan(&[row()]);
    plan.object_limit = 2;
    plan.use_apiserver_cache = true;
    let (mut server, watched) = watch(&plan, timing()).await;
    let request = server.next().await;
    assert_eq!(
        request.target,
        "/api/v1/namespaces?resourceVersion=0&limit=2"
    );
    let all = [object("a", 1), object("b", 2), object("c", 3)];
    request.answer(200, &page(5, "more", &all)).await;
    shows(&watched[0], &["a 1", "b 2"]).await;
    watch_from(&mut server, 5).await;
}

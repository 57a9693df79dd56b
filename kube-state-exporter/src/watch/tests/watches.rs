//! Watches: how they go on, break, and are begun anew.

use super::*;

#[tokio::test]
async fn events_change_the_lines() {
    let (mut server, watched) = watch_one().await;
    let mut watch = list(&mut server, 9, &[object("a", 3), object("b", 4)]).await;
    watch.send(&event("MODIFIED", &object("a", 10))).await;
    watch.send(&event("ADDED", &object("c", 11))).await;
    watch.send(&event("DELETED", &object("b", 12))).await;
    shows(&watched, &["a 10", "c 11"]).await;
    assert_eq!(watched.stats.removes.get(), 1);
    // Its end in time is no failure, and the next one goes on from the last event.
    watch.end().await;
    watch_from(&mut server, 12).await;
    assert_eq!(watched.stats.watches_failed.get(), 0);
}

#[tokio::test]
async fn a_bookmark_moves_the_version() {
    let (mut server, watched) = watch_one().await;
    let mut watch = list(&mut server, 9, &[object("a", 3)]).await;
    watch.send(&bookmark(77, "")).await;
    until("the bookmark comes", || watched.stats.bookmarks.get() == 2).await;
    drop(watch);
    watch_from(&mut server, 77).await;
}

#[tokio::test]
async fn a_watch_that_is_cut_at_any_byte_goes_on_from_the_last_whole_event() {
    let (mut server, watched) = watch_one().await;
    let mut watch = list(&mut server, 9, &[object("a", 3)]).await;
    let mut version = 9;
    let length = event("MODIFIED", &object("a", 10)).len();
    for end in 0..length {
        let next = event("MODIFIED", &object("a", version + 1));
        let end = end.min(next.len());
        watch.send(&next[..end]).await;
        if end % 2 == 0 {
            drop(watch);
        } else {
            watch.end().await;
        }
        // A line without its end is none, even if only the line end is missing.
        watch = watch_from(&mut server, version).await;
        version += 1;
        watch.send(&next).await;
        shows(&watched, &[&format!("a {version}")]).await;
    }
    assert_eq!(watched.stats.lists_ok.get(), 1);
}

#[tokio::test]
async fn a_version_that_is_gone_lists_again_beside_what_is_shown() {
    for as_event in [true, false] {
        let (mut server, watched) = watch_one().await;
        let old = [object("a", 3), object("b", 4)];
        let mut watch = list(&mut server, 9, &old).await;
        shows(&watched, &["a 3", "b 4"]).await;
        if as_event {
            watch.send(&event("ERROR", &status(410))).await;
        } else {
            watch.end().await;
            server.next().await.answer(410, &status(410)).await;
        }
        let mut again = server.next().await;
        assert!(
            again.target.contains("sendInitialEvents=true"),
            "{}",
            again.target
        );
        assert_eq!(shown(&watched).unwrap(), ["a 3", "b 4"]);
        again.begin(200).await;
        again.send(&event("ADDED", &object("a", 20))).await;
        shows(&watched, &["a 20", "b 4"]).await;
        // It is cut once more, and nothing is lost.
        drop(again);
        let mut again = server.next().await;
        again.begin(200).await;
        again.send(&event("ADDED", &object("c", 21))).await;
        shows(&watched, &["a 20", "b 4", "c 21"]).await;
        again.send(&list_end(30)).await;
        shows(&watched, &["c 21"]).await;
        assert_eq!(watched.stats.relists.get(), 1);
        assert_eq!(watched.stats.lists_ok.get(), 2);
    }
}

#[tokio::test]
async fn a_refused_watch_keeps_its_version_and_its_lines() {
    let (mut server, watched) = watch_one().await;
    list(&mut server, 9, &[object("a", 3)]).await;
    for code in [500, 403, 429, 503] {
        let request = server.next().await;
        assert!(
            request.target.ends_with("&resourceVersion=9"),
            "{}",
            request.target
        );
        request.answer(code, &status(code)).await;
    }
    let mut watch = watch_from(&mut server, 9).await;
    assert_eq!(shown(&watched).unwrap(), ["a 3"]);
    watch.send(&event("MODIFIED", &object("a", 10))).await;
    shows(&watched, &["a 10"]).await;
    assert_eq!(watched.stats.relists.get(), 0);
}

#[tokio::test]
async fn a_watch_that_stands_still_is_begun_anew() {
    let timing = Timing {
        watch_idle: Duration::from_millis(50),
        ..timing()
    };
    let (mut server, watched) = watch(&plan(&[row()]), timing).await;
    let _still = list(&mut server, 9, &[object("a", 3)]).await;
    let _watch = watch_from(&mut server, 9).await;
    shows(&watched[0], &["a 3"]).await;
    assert_eq!(watched[0].stats.watches_failed.get(), 0);
}

#[tokio::test]
async fn a_server_that_goes_away_costs_nothing_that_is_known() {
    let (mut server, watched) = watch_one().await;
    let watch = list(&mut server, 9, &[object("a", 3)]).await;
    shows(&watched, &["a 3"]).await;
    let address = server.stop().await;
    drop(watch);
    until("it is missed", || watched.stats.watches_failed.get() >= 3).await;
    assert_eq!(shown(&watched).unwrap(), ["a 3"]);
    let mut server = Server::start_at(address).await;
    let mut watch = watch_from(&mut server, 9).await;
    watch.send(&event("MODIFIED", &object("a", 10))).await;
    shows(&watched, &["a 10"]).await;
}

#[tokio::test]
async fn it_may_start_before_the_server() {
    let server = Server::start().await;
    let source = Source {
        server: Some(server.address.to_string()),
        ..Source::default()
    };
    let address = server.stop().await;
    let api = Api::connect(&source).await.unwrap();
    let watched = start_timed(&api, &plan(&[row()]), &Shutdown::new(), timing());
    until("nobody answers", || {
        watched[0].stats.lists_failed.get() >= 2
    })
    .await;
    let mut server = Server::start_at(address).await;
    let _watch = list(&mut server, 9, &[object("a", 3)]).await;
    shows(&watched[0], &["a 3"]).await;
}

#[tokio::test]
async fn shutdown_closes_the_watches() {
    let mut server = Server::start().await;
    let source = Source {
        server: Some(format!("http://{}", server.address)),
        ..Source::default()
    };
    let api = Api::connect(&source).await.unwrap();
    let shutdown = Shutdown::new();
    let watched = start_timed(&api, &plan(&[row()]), &shutdown, timing());
    let watch = list(&mut server, 9, &[object("a", 3)]).await;
    shows(&watched[0], &["a 3"]).await;
    shutdown.trigger();
    until("the task ends", || {
        Arc::strong_count(&watched[0].lines) == 1
    })
    .await;
    drop(watch);
    assert!(server.waiting().is_none());
}

#[tokio::test]
async fn a_token_that_is_refused_is_read_again() {
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let write = |token: &str| {
        let config = format!(
            r#"{{"current-context":"c","contexts":[{{"name":"c","context":{{"cluster":"c","user":"u"}}}}],
            "clusters":[{{"name":"c","cluster":{{"server":"http://{}"}}}}],
            "users":[{{"name":"u","user":{{"token":"{token}"}}}}]}}"#,
            server.address
        );
        std::fs::write(&path, config).unwrap();
    };
    write("old");
    let source = Source {
        kubeconfig: Some(path.clone()),
        ..Source::default()
    };
    let api = Api::connect(&source).await.unwrap();
    write("new");
    let watched = start_timed(&api, &plan(&[row()]), &Shutdown::new(), timing());
    let request = server.next().await;
    assert!(
        request.head.contains("authorization: Bearer old\r\n"),
        "{}",
        request.head
    );
    request.answer(401, &status(401)).await;
    let mut request = server.next().await;
    assert!(
        request.head.contains("authorization: Bearer new\r\n"),
        "{}",
        request.head
    );
    request.begin(200).await;
    request.send(&list_end(9)).await;
    shows(&watched[0], &[]).await;
}

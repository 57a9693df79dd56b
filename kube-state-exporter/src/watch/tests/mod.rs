mod lists;
mod objects;
mod server;
mod watches;

use promontory_exposition::line::Format;

use super::*;
use crate::api::Source;
use crate::plan::Namespaces;
use crate::resource;

use server::{Request, Server, until};

/// What the tests watch: `kube_namespace_created`, which shows an object's time of creation.
fn selection(row: &Row) -> Selection {
    let families = (row.families)();
    let shown = families
        .iter()
        .position(|about| about.name == "kube_namespace_created");
    Selection {
        families: vec![shown.unwrap()],
        ..Selection::default()
    }
}

fn row() -> &'static Row {
    resource::find("namespaces").unwrap()
}

/// The same objects as if they lived in namespaces.
fn namespaced() -> &'static Row {
    Box::leak(Box::new(Row {
        name: "pods",
        namespaced: true,
        ..*row()
    }))
}

fn plan(rows: &[&'static Row]) -> Plan {
    Plan {
        resources: rows.iter().map(|row| (*row, selection(row))).collect(),
        namespaces: Namespaces::All,
        denied: Vec::new(),
        shard: None,
        node: None,
        use_apiserver_cache: false,
        object_limit: 0,
    }
}

/// Fast, so that tests are; nothing stands still for long enough to be late.
fn timing() -> Timing {
    Timing {
        retry_first: Duration::from_millis(1),
        retry_longest: Duration::from_millis(5),
        ..Timing::default()
    }
}

/// A server and what is watched there; the tasks end with the test's runtime.
async fn watch(plan: &Plan, timing: Timing) -> (Server, Vec<Watched>) {
    let server = Server::start().await;
    let source = Source {
        server: Some(format!("http://{}", server.address)),
        ..Source::default()
    };
    let api = Api::connect(&source).await.unwrap();
    let watched = start_timed(&api, plan, &Shutdown::new(), timing);
    (server, watched)
}

async fn watch_one() -> (Server, Watched) {
    let (server, watched) = watch(&plan(&[row()]), timing()).await;
    (server, watched[0].clone())
}

/// An object of this name and version, which also is its sample's value.
fn object(name: &str, version: u64) -> String {
    let (minutes, seconds) = (version / 60, version % 60);
    format!(
        r#"{{"kind":"Namespace","metadata":{{"name":"{name}","uid":"uid-{name}","resourceVersion":"{version}","creationTimestamp":"1970-01-01T00:{minutes:02}:{seconds:02}Z"}}}}"#
    )
}

fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

fn bookmark(version: u64, annotations: &str) -> String {
    event(
        "BOOKMARK",
        &format!(
            r#"{{"kind":"Namespace","metadata":{{"resourceVersion":"{version}","creationTimestamp":null{annotations}}}}}"#
        ),
    )
}

/// The bookmark at the end of a streaming list.
fn list_end(version: u64) -> String {
    bookmark(
        version,
        r#","annotations":{"k8s.io/initial-events-end":"true"}"#,
    )
}

/// A page of a list.
fn page(version: u64, token: &str, objects: &[String]) -> String {
    format!(
        r#"{{"kind":"NamespaceList","apiVersion":"v1","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{}]}}"#,
        objects.join(",")
    )
}

/// An answer that refuses.
fn status(code: u16) -> String {
    format!(r#"{{"kind":"Status","status":"Failure","message":"no {code}","code":{code}}}"#)
}

/// Objects and values of the page, sorted; `None` where there is no page.
fn shown(watched: &Watched) -> Option<Vec<String>> {
    let mut text = Vec::new();
    watched.lines.page()?.text(Format::Text, |piece| {
        text.append(piece);
        true
    });
    let text = String::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut lines: Vec<_> = lines
        .map(|line| {
            line.replace("kube_namespace_created{namespace=\"", "")
                .replace("\"}", "")
        })
        .collect();
    lines.sort();
    Some(lines)
}

/// Waits for the page to show this.
async fn shows(watched: &Watched, expected: &[&str]) {
    let mut last = None;
    until(&format!("{expected:?}"), || {
        last = shown(watched);
        last.as_deref().is_some_and(|shown| shown == expected)
    })
    .await;
}

/// Waits until so many objects have come.
async fn puts(watched: &Watched, count: u64) {
    until("objects come", || watched.stats.puts.get() == count).await;
}

/// Answers the next request, which must be a streaming list, with these objects; it is a watch from now on.
async fn list(server: &mut Server, version: u64, objects: &[String]) -> Request {
    let mut request = server.next().await;
    assert!(
        request.target.contains("sendInitialEvents=true"),
        "{}",
        request.target
    );
    request.begin(200).await;
    for object in objects {
        request.send(&event("ADDED", object)).await;
    }
    request.send(&list_end(version)).await;
    request
}

/// The next request, which must be a watch from this version, its answer begun.
async fn watch_from(server: &mut Server, version: u64) -> Request {
    let mut request = server.next().await;
    let target = &request.target;
    assert!(
        target.ends_with(&format!("&resourceVersion={version}")),
        "{target}"
    );
    assert!(
        target.contains("?watch=1&allowWatchBookmarks=true&timeoutSeconds="),
        "{target}"
    );
    request.begin(200).await;
    request
}

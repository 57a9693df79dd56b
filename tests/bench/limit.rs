//! The machine's limit: servers that do only what cannot be left out.
//!
//! Each is the same bare hyper server with the least possible behind it, run as a process of its own
//! (`bench limit MODE FILE`), so that its CPU time is counted as the programs' is.

use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What stands behind the bare server.
#[derive(Clone)]
enum Work {
    /// Read the body, answer.
    Nothing,
    /// Read the body, walk over its lines as the text reader does, answer.
    Parse,
    /// Read the body, append it to a log, answer when the log is on disk; one fsync serves all who wait.
    Log(SyncSender<(Bytes, oneshot::Sender<()>)>),
    /// Answer with bytes that were ready before.
    Page(Bytes),
}

/// Serves one limit on an ephemeral loopback port, prints the address, and stays until killed.
pub(crate) fn serve(mode: &str, file: &str) -> Result<()> {
    let work = match mode {
        "empty" => Work::Nothing,
        "parse" => Work::Parse,
        "log" => Work::Log(start_log(file)?),
        "page" => Work::Page(std::fs::read(file)?.into()),
        _ => bail!("no limit is called {mode:?}"),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let work = work.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(request, work.clone()));
                // A client that goes away ends its own connection only.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "only the bench's own load comes here"
)]
async fn answer(
    request: Request<Incoming>,
    work: Work,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let page = match work {
        Work::Nothing => Bytes::new(),
        Work::Page(page) => page,
        Work::Parse => {
            std::hint::black_box(walk(&body));
            Bytes::new()
        }
        Work::Log(log) => {
            let (done, waiting) = oneshot::channel();
            let sent = log.try_send((body, done)).is_ok();
            if !sent || waiting.await.is_err() {
                let mut refused = Response::new(Full::default());
                *refused.status_mut() = hyper::StatusCode::SERVICE_UNAVAILABLE;
                return Ok(refused);
            }
            Bytes::new()
        }
    };
    Ok(Response::new(Full::new(page)))
}

/// Samples in a body, every one of them read.
fn walk(body: &[u8]) -> usize {
    let limits = promontory_exposition::format::Limits::default();
    promontory_exposition::format::read(promontory_exposition::Format::Text, body, &limits)
        .map_or(0, |families| families.len())
}

/// A thread that appends what waits and syncs once for all of it.
fn start_log(path: &str) -> Result<SyncSender<(Bytes, oneshot::Sender<()>)>> {
    let file = File::create(path).with_context(|| format!("creating the log {path}"))?;
    let (sender, receiver) = sync_channel(1000);
    std::thread::spawn(move || group_commit(file, &receiver));
    Ok(sender)
}

fn group_commit(mut file: File, receiver: &Receiver<(Bytes, oneshot::Sender<()>)>) {
    let mut batch = Vec::new();
    while let Ok((body, first)) = receiver.recv() {
        let mut waiting = vec![first];
        batch.clear();
        batch.extend_from_slice(&body);
        while let Ok((body, done)) = receiver.try_recv() {
            batch.extend_from_slice(&body);
            waiting.push(done);
        }
        if file
            .write_all(&batch)
            .and_then(|()| file.sync_data())
            .is_err()
        {
            return;
        }
        for done in waiting {
            // A client that has gone needs no answer.
            let _ = done.send(());
        }
    }
}

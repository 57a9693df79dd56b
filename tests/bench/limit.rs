//! The machine's limit: servers that do only what cannot be left out.
//!
//! Each is the same bare hyper server with the least possible behind it, run as a process of its own
//! (`bench limit MODE FILE`), so that its CPU time is counted as the programs' is.

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
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

/// A limit server in a process of its own; ends with the value.
pub(crate) struct Limit {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Limit {
    /// Starts the limit called `mode` (see [`serve`]) with its file, or a folder for one.
    pub(crate) fn start(mode: &str, path: &Path) -> Result<Self> {
        let file = if path.is_dir() {
            path.join(format!("limit-{mode}"))
        } else {
            path.to_owned()
        };
        let mut child = Command::new(std::env::current_exe()?)
            .args(["limit", mode])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the limit server's output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self {
            child,
            address: address.trim().parse()?,
        })
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // It is ours and has nothing to save; failing to end it can only mean it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    /// Read these files from their start, answer.
    Reads(Arc<Vec<File>>),
}

/// Serves one limit on an ephemeral loopback port, prints the address, and stays until killed.
pub(crate) fn serve(mode: &str, file: &str) -> Result<()> {
    if mode == "fetch" {
        return fetch(file);
    }
    let work = match mode {
        "empty" => Work::Nothing,
        "parse" => Work::Parse,
        "log" => Work::Log(start_log(file)?),
        "page" => Work::Page(std::fs::read(file)?.into()),
        "reads" => Work::Reads(Arc::new(open_all(file)?)),
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
        Work::Reads(files) => {
            read_all(&files);
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

/// Fetches paths over plain HTTP and looks for the line ends of what comes; the first line of the list is the address.
fn fetch(list: &str) -> Result<()> {
    let list = std::fs::read_to_string(list)?;
    let mut lines = list.lines();
    let address = lines.next().context("no address")?.parse()?;
    let mut connection = promontory_tests::http::Connection::open(address)?;
    for path in lines {
        let answer = connection.send(&promontory_tests::http::Request::new("GET", path))?;
        anyhow::ensure!(answer.status == 200, "{path}: {}", answer.status);
        std::hint::black_box(memchr::memchr_iter(b'\n', &answer.body).count());
    }
    Ok(())
}

/// The files a list names, a path a line.
fn open_all(list: &str) -> Result<Vec<File>> {
    let paths = std::fs::read_to_string(list)?;
    let open = |path: &str| File::open(path).with_context(|| format!("opening {path}"));
    paths.lines().map(open).collect()
}

/// Reads every file from its start, as far as one large read goes.
fn read_all(files: &[File]) {
    let mut buffer = vec![0; 64 * 1024];
    for file in files {
        // A file that fails now costs what it costs; the floor has no opinion on its content.
        let _ = std::hint::black_box(file.read_at(&mut buffer, 0));
    }
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

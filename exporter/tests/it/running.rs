//! A server in this process, on a port of its own, with its log kept.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::{get, post};
use promontory_exporter::limits::Limits;
use promontory_exporter::server::{Peer, ServeError, Server, Site, read_body};
use promontory_exporter::shutdown::Shutdown;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A running server; dropped, it stops and waits for its end.
pub struct Running {
    pub address: SocketAddr,
    pub shutdown: Shutdown,
    pub log: Log,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// The test routes on 127.0.0.1, without a web config.
    pub fn plain(limits: Limits) -> Running {
        let mut site = site(routes());
        site.limits = limits;
        start(site).unwrap()
    }

    /// The test routes behind a web config file with this text.
    pub fn with_config(folder: &Path, text: &str) -> Running {
        start(configured(folder, text)).unwrap()
    }

    /// Waits until the server has ended by itself.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.trigger();
        self.join();
    }
}

/// Starts one site in a thread with a runtime of its own.
pub fn start(site: Site) -> Result<Running, ServeError> {
    let (log, shutdown) = (Log::default(), Shutdown::new());
    let (tell, told) = mpsc::channel();
    let (keep, stop) = (log.clone(), shutdown.clone());
    let thread = std::thread::spawn(move || {
        let subscriber = tracing_subscriber::registry().with(keep);
        let _guard = tracing::subscriber::set_default(subscriber);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = match Server::bind(vec![site]).await {
                Ok(server) => server,
                Err(error) => return tell.send(Err(error)).unwrap(),
            };
            tell.send(Ok(server.addresses())).unwrap();
            server.run(stop).await;
        });
    });
    let addresses = told.recv().unwrap()?;
    Ok(Running {
        address: addresses[0],
        shutdown,
        log,
        thread: Some(thread),
    })
}

/// A site on a free port of 127.0.0.1.
pub fn site(app: Router) -> Site {
    Site::new("test", vec!["127.0.0.1:0".to_owned()], app)
}

/// The test routes with a web config file of this text.
pub fn configured(folder: &Path, text: &str) -> Site {
    let mut site = site(routes());
    site.web_config = Some(write_config(folder, text));
    site
}

/// Writes the web config file of a folder.
pub fn write_config(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("web.yml");
    std::fs::write(&file, text).unwrap();
    file
}

/// Why a web config of this text keeps a server from starting; without the name of the file.
pub fn refused(folder: &Path, text: &str) -> String {
    let site = configured(folder, text);
    let Err(error) = start(site) else {
        panic!("started with {text}");
    };
    let text = error.to_string();
    let file = format!("{}/web.yml: ", folder.display());
    let text = text
        .strip_prefix(&file)
        .unwrap_or_else(|| panic!("no file in {text}"));
    text.replace(&format!("{}/", folder.display()), "")
}

fn routes() -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/panic", get(broken))
        .route("/peer", get(peer))
        .route("/echo", post(echo))
        .route(
            "/bytes",
            post(async |body: axum::body::Bytes| body.len().to_string()),
        )
}

async fn broken() -> &'static str {
    panic!("on purpose");
}

async fn peer(Extension(peer): Extension<Peer>) -> String {
    format!("{} tls={}", peer.address.ip(), peer.tls)
}

async fn echo(body: Body) -> (StatusCode, String) {
    match read_body(body).await {
        Ok(body) => (StatusCode::OK, format!("{} bytes", body.len())),
        Err(error) => (error.status(), error.to_string()),
    }
}

/// The lines of a server's log, `LEVEL message field=value …`.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// All lines with this text in them.
    pub fn with(&self, text: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.contains(text))
            .cloned()
            .collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

struct Line(String);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.0.push_str(&format!(" {value:?}")),
            name => self.0.push_str(&format!(" {name}={value:?}")),
        }
    }
}

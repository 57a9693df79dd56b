//! Both sites on real sockets, over lines that the test feeds.

use std::net::SocketAddr;
use std::sync::Arc;

use kube_state_exporter::http::{App, Share};
use kube_state_exporter::lines::Lines;
use kube_state_exporter::resource::{self, Row};
use kube_state_exporter::samples::{Rendering, Selection};
use kube_state_exporter::stats::Stats;
use kube_state_exporter::watch::Watched;
use promontory_exporter::server::{Server, Site};
use promontory_exporter::shutdown::Shutdown;

/// A program whose objects the test brings.
pub(crate) struct Running {
    pub(crate) watched: Vec<Watched>,
    pub(crate) main: SocketAddr,
    pub(crate) telemetry: SocketAddr,
    shutdown: Shutdown,
    _runtime: tokio::runtime::Runtime,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) encoding: String,
    pub(crate) body: Vec<u8>,
}

impl Running {
    /// Resources with these names, all of which show what namespaces show.
    pub(crate) fn start(names: &[&'static str]) -> Self {
        let watched: Vec<Watched> = names.iter().map(|name| watched(name)).collect();
        let share = Share {
            shard: 1,
            total: 3,
            object_limit: 0,
        };
        let app = App::new(watched.clone(), share, promontory_exporter::build!());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let here = || vec!["127.0.0.1:0".to_owned()];
        let sites = vec![
            Site::new("metrics", here(), app.main()),
            Site::new("telemetry", here(), app.telemetry()),
        ];
        let server = runtime.block_on(Server::bind(sites)).unwrap();
        let addresses = server.addresses();
        let shutdown = Shutdown::new();
        runtime.spawn(server.run(shutdown.clone()));
        Self {
            watched,
            main: addresses[0],
            telemetry: addresses[1],
            shutdown,
            _runtime: runtime,
        }
    }

    /// Lists these objects of the resource at this place, completely.
    pub(crate) fn list(&self, at: usize, names: &[&str]) {
        let lines = &self.watched[at].lines;
        lines.begin_list(0);
        for name in names {
            self.put(at, name, "Active");
        }
        lines.end_list(0);
    }

    /// An object is there, in this phase.
    pub(crate) fn put(&self, at: usize, name: &str, phase: &str) {
        put(&self.watched[at], name, phase);
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        get(self.main, path, headers)
    }

    pub(crate) fn telemetry(&self, path: &str) -> Answer {
        get(self.telemetry, path, &[])
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn put(watched: &Watched, name: &str, phase: &str) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","uid":"{name}","creationTimestamp":"2024-02-29T12:00:00Z"}},"status":{{"phase":"{phase}"}}}}"#
    );
    let mut rendering = Rendering::default();
    (watched.row.render)(json.as_bytes(), &selection(watched.row), &mut rendering).unwrap();
    watched.lines.put(0, &rendering);
}

fn watched(name: &'static str) -> Watched {
    let namespaces = *resource::find("namespaces").unwrap();
    let row: &'static Row = Box::leak(Box::new(Row { name, ..namespaces }));
    Watched {
        row,
        lines: Arc::new(Lines::new((row.families)(), 1)),
        stats: Arc::new(Stats::default()),
    }
}

fn selection(row: &Row) -> Selection {
    Selection {
        families: (0..(row.families)().len()).collect(),
        ..Selection::default()
    }
}

pub(crate) fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().unwrap();
    let header = |name| {
        let value = response.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    Answer {
        status: response.status().as_u16(),
        kind: header("content-type"),
        encoding: header("content-encoding"),
        body: response.body_mut().read_to_vec().unwrap(),
    }
}

//! The store below the API server: one etcd that does not sync its disk, since nothing in it must last.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::Request;
use crate::peers;
use crate::process::{Process, free_port};

/// A running etcd.
#[derive(Debug)]
pub(super) struct Etcd {
    process: Process,
    address: SocketAddr,
}

impl Etcd {
    /// Starts it on free ports with its data below `folder`, and waits until it answers.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let [client, peer] = [free_port()?, free_port()?].map(|port| format!("127.0.0.1:{port}"));
        let mut command = Command::new(peers::program("etcd")?);
        command
            .arg("--unsafe-no-fsync")
            .arg(format!("--data-dir={}", folder.join("etcd").display()))
            .arg(format!("--listen-client-urls=http://{client}"))
            .arg(format!("--advertise-client-urls=http://{client}"))
            .arg(format!("--listen-peer-urls=http://{peer}"))
            .arg(format!("--initial-advertise-peer-urls=http://{peer}"))
            .arg(format!("--initial-cluster=default=http://{peer}"))
            .current_dir(folder);
        let process = Process::start(command, &folder.join("etcd.log"))?;
        let mut etcd = Self {
            process,
            address: client.parse()?,
        };
        let health = Request::new("GET", "/health");
        let address = etcd.address;
        etcd.process
            .wait_ready(|| {
                health
                    .send(address)
                    .is_ok_and(|answer| answer.text().contains("\"health\":\"true\""))
            })
            .context("etcd")?;
        Ok(etcd)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Drops all revisions but the newest, through the JSON door that etcd has beside gRPC.
    pub(super) fn compact(&self) -> Result<()> {
        // Every answer names the store's revision, whatever was asked; "AA==" is the key of one zero byte.
        let answer = self.ask("/v3/kv/range", &json!({"key": "AA=="}))?;
        let revision = &answer["header"]["revision"];
        self.ask(
            "/v3/kv/compaction",
            &json!({"revision": revision, "physical": true}),
        )?;
        Ok(())
    }

    fn ask(&self, path: &str, question: &Value) -> Result<Value> {
        let request = Request::new("POST", path).body(question.to_string());
        let answer = request.send(self.address)?;
        ensure!(
            answer.status == 200,
            "etcd {path}: {} {}",
            answer.status,
            answer.text()
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

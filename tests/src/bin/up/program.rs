//! Our programs with the arguments that the chart gives them, and the few that a laptop needs otherwise.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use promontory_tests::gateway::ours;
use promontory_tests::helm;
use promontory_tests::http::Request;
use promontory_tests::process::Process;
use serde_json::Value;

use crate::screen::say;

/// One of our programs in the chart.
pub(crate) struct Program {
    /// The kind of its workload.
    kind: &'static str,
    /// The binary, and the chart's name for this part of the stack.
    pub(crate) binary: &'static str,
    /// The arguments that are not the chart's here: each replaces the one with its flag. `PORT0`, `PORT1` and `FOLDER`
    /// stand for what is decided at the start.
    replaced: &'static [&'static str],
    /// Arguments that the chart has no need of.
    added: &'static [&'static str],
}

/// On loopback only; its file in `data/up` instead of a volume.
pub(crate) const PUSHGATEWAY: Program = Program {
    kind: "StatefulSet",
    binary: "pushgateway",
    replaced: &[
        "--web.listen-address=127.0.0.1:PORT0",
        "--persistence.file=FOLDER/pushgateway.db",
    ],
    added: &[],
};

/// On loopback only; a container sees the machine below `/host`, this process where it is.
pub(crate) const NODE_EXPORTER: Program = Program {
    kind: "DaemonSet",
    binary: "node-exporter",
    replaced: &[
        "--web.listen-address=127.0.0.1:PORT0",
        "--path.procfs=/proc",
        "--path.sysfs=/sys",
        "--path.rootfs=/",
        "--path.udev.data=/run/udev/data",
    ],
    added: &[],
};

/// On loopback only; a kubeconfig file instead of a service account.
pub(crate) const KUBE_STATE_EXPORTER: Program = Program {
    kind: "Deployment",
    binary: "kube-state-exporter",
    replaced: &["--port=PORT0", "--telemetry-port=PORT1"],
    added: &["--host=127.0.0.1", "--telemetry-host=127.0.0.1"],
};

/// A program with its arguments, to be started as often as needed.
pub(crate) struct Started {
    binary: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    port: u16,
}

impl Started {
    /// Takes the arguments from the rendered chart. `ports` are what `PORT0` and so on stand for.
    pub(crate) fn new(
        program: &Program,
        chart: &[Value],
        folder: &Path,
        ports: &[u16],
    ) -> Result<Self> {
        let mut arguments = helm::arguments(chart, program.kind, program.binary)?;
        let filled = |text: &&str| {
            let mut text = text.replace("FOLDER", &folder.display().to_string());
            for (at, port) in ports.iter().enumerate() {
                text = text.replace(&format!("PORT{at}"), &port.to_string());
            }
            text
        };
        for replacement in program.replaced {
            let (flag, _) = replacement.split_once('=').context("a flag has a value")?;
            let place = arguments
                .iter_mut()
                .find(|argument| argument.split('=').next() == Some(flag));
            let place = place.with_context(|| {
                format!("the chart gives {} no {flag} to replace", program.binary)
            })?;
            *place = filled(replacement);
        }
        arguments.extend(program.added.iter().map(filled));
        Ok(Self {
            binary: ours(program.binary)?,
            arguments,
            log: folder.join(format!("{}.log", program.binary)),
            port: *ports.first().context("a program has a port")?,
        })
    }

    /// The same with one more argument.
    pub(crate) fn with(mut self, argument: String) -> Self {
        self.arguments.push(argument);
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Starts it, shows how, and waits until `ready` answers 200.
    pub(crate) fn start(&self, ready: &str) -> Result<Process> {
        let name = self.binary.file_name().unwrap_or_default();
        say(&format!("{} {}", name.display(), self.arguments.join(" ")));
        let mut command = Command::new(&self.binary);
        command.args(&self.arguments);
        let mut process = Process::start(command, &self.log)?;
        let ready = Request::new("GET", ready);
        process.wait_ready(|| {
            let answer = ready.send(self.address());
            answer.is_ok_and(|answer| answer.status == 200)
        })?;
        Ok(process)
    }
}

//! Our programs with the arguments that the chart gives them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use promontory_tests::chart::Program;
use promontory_tests::gateway::ours;
use promontory_tests::http::Request;
use promontory_tests::process::Process;
use serde_json::Value;

use crate::screen::say;

/// A program with its arguments, to be started as often as needed.
pub(crate) struct Started {
    program: &'static Program,
    binary: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    port: u16,
}

impl Started {
    /// Takes the arguments from the rendered chart. `words` are what else the program's table wants to know than the
    /// port and the folder.
    pub(crate) fn new(
        program: &'static Program,
        chart: &[Value],
        folder: &Path,
        port: u16,
        words: &[(&str, String)],
    ) -> Result<Self> {
        let mut words = words.to_vec();
        words.push(("port", port.to_string()));
        words.push(("folder", folder.display().to_string()));
        Ok(Self {
            program,
            binary: ours(program.name)?,
            arguments: program.arguments(chart, &words)?,
            log: folder.join(format!("{}.log", program.name)),
            port,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Starts it, shows how, and waits until `ready` answers 200.
    pub(crate) fn start(&self, ready: &str) -> Result<Process> {
        say(&format!(
            "{} {}",
            self.program.name,
            self.arguments.join(" ")
        ));
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

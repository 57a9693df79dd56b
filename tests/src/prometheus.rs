//! A real Prometheus that scrapes what it is told to, and answers PromQL.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::Request;
use crate::process::{Process, free_port, until};

/// How Prometheus asks for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The text format 0.0.4.
    Text,
    /// OpenMetrics 1.0, else text.
    OpenMetrics,
    /// Delimited protobuf, with native histograms.
    Protobuf,
}

/// One scrape job.
#[derive(Debug, Clone)]
pub struct Target {
    /// The job's name; becomes no label, because pushed labels are honoured.
    pub job: String,
    /// Where to scrape `/metrics`.
    pub address: SocketAddr,
    /// The format asked for.
    pub protocol: Protocol,
}

/// A running Prometheus; it is killed when this goes.
#[derive(Debug)]
pub struct Prometheus {
    /// The process, for signals and its log.
    pub process: Process,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Prometheus {
    /// Starts it on a free port with its data below `folder`, scraping twice a second.
    ///
    /// # Errors
    /// If it cannot be built or started.
    pub fn start(folder: &Path, targets: &[Target]) -> Result<Self> {
        Self::start_on(free_port()?, folder, targets)
    }

    /// Starts it on the given port of 127.0.0.1.
    ///
    /// # Errors
    /// If it cannot be built or started.
    pub fn start_on(port: u16, folder: &Path, targets: &[Target]) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let config = folder.join("prometheus.yml");
        fs::write(&config, configuration(targets)?)?;
        let mut command = Command::new(crate::peers::program("prometheus")?);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("prometheus").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage")
            .current_dir(folder);
        let mut process = Process::start(command, &folder.join("prometheus.log"))?;
        let ready = Request::new("GET", "/-/ready");
        process.wait_ready(|| {
            ready
                .send(address)
                .is_ok_and(|response| response.status == 200)
        })?;
        Ok(Self { process, address })
    }

    /// The values of an instant query, each with its labels.
    ///
    /// # Errors
    /// If Prometheus refuses the query.
    pub fn query(&self, promql: &str) -> Result<Vec<(Value, f64)>> {
        let path = format!("/api/v1/query?query={}", percent_encoded(promql));
        let response = Request::new("GET", path).send(self.address)?;
        let answer: Value = serde_json::from_slice(&response.body)?;
        anyhow::ensure!(answer["status"] == "success", "{promql}: {answer}");
        let samples = answer["data"]["result"].as_array().context("no result")?;
        samples
            .iter()
            .map(|sample| {
                let value = sample["value"][1].as_str().context("no value")?;
                Ok((sample["metric"].clone(), value.parse()?))
            })
            .collect()
    }

    /// The exemplars of the series that a selector means, of all times, as its API shows them.
    ///
    /// # Errors
    /// If Prometheus refuses the query.
    pub fn exemplars(&self, selector: &str) -> Result<Vec<Value>> {
        let selector = percent_encoded(selector);
        let path = format!("/api/v1/query_exemplars?query={selector}&start=0&end=4102444800");
        let response = Request::new("GET", path).send(self.address)?;
        let answer: Value = serde_json::from_slice(&response.body)?;
        anyhow::ensure!(answer["status"] == "success", "{selector}: {answer}");
        let series = answer["data"].as_array().context("no result")?;
        let exemplars = series.iter().filter_map(|one| one["exemplars"].as_array());
        Ok(exemplars.flatten().cloned().collect())
    }

    /// How Prometheus reads a query: its syntax tree, as its API shows it.
    ///
    /// # Errors
    /// If it is no query.
    pub fn tree(&self, promql: &str) -> Result<Value> {
        let path = format!("/api/v1/parse_query?query={}", percent_encoded(promql));
        let response = Request::new("GET", path).send(self.address)?;
        let answer: Value = serde_json::from_slice(&response.body)?;
        anyhow::ensure!(answer["status"] == "success", "{promql}: {answer}");
        Ok(answer["data"].clone())
    }

    /// Waits until the query has exactly one value, and that value.
    ///
    /// # Errors
    /// If it never does; the message holds the last answer.
    pub fn expect(&self, promql: &str, expected: f64) -> Result<()> {
        let mut last = String::new();
        until("Prometheus to have the value", || {
            let values = self.query(promql);
            last = format!("{values:?}");
            let values = values.ok()?;
            matches!(values.as_slice(), [(_, value)] if value.to_bits() == expected.to_bits() || value == &expected)
                .then_some(())
        })
        .with_context(|| format!("{promql} = {expected}, but it is {last}"))
    }

    /// Waits until a scrape that began after this call has been stored.
    ///
    /// # Errors
    /// If no scrape succeeds.
    pub fn expect_new_scrape(&self, job: &str) -> Result<()> {
        // The time of a sample is only known of a bare selector: of anything else it is the time of asking.
        let up = format!("up{{job=\"{job}\"}}");
        let time = format!("timestamp({up}) and {up} == 1");
        let newest = || Some(self.query(&time).ok()?.first()?.1);
        let before = until("a first scrape", newest).with_context(|| self.trouble())?;
        // The next one may have begun before this call; the one after it has not.
        let second = until("a scrape", || newest().filter(|time| *time > before))?;
        until("another scrape", || newest().filter(|time| *time > second)).map(drop)
    }

    /// What Prometheus says about its targets, for the message of a failed test.
    fn trouble(&self) -> String {
        let answer = Request::new("GET", "/api/v1/targets").send(self.address);
        answer.map_or_else(|error| error.to_string(), |response| response.text())
    }
}

fn configuration(targets: &[Target]) -> Result<String> {
    let mut yaml =
        "global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\nscrape_configs:\n".to_owned();
    for target in targets {
        let protocol = match target.protocol {
            Protocol::Text => "PrometheusText0.0.4",
            Protocol::OpenMetrics => "OpenMetricsText1.0.0, PrometheusText0.0.4",
            Protocol::Protobuf => "PrometheusProto",
        };
        write!(
            yaml,
            "  - job_name: {}\n    honor_labels: true\n    scrape_protocols: [{protocol}]\n    \
             scrape_native_histograms: {}\n    static_configs:\n      - targets: ['{}']\n",
            target.job,
            target.protocol == Protocol::Protobuf,
            target.address,
        )?;
    }
    Ok(yaml)
}

/// A text as it stands in a query.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

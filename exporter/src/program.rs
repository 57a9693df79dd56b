//! A whole program in one call: command line, logs, sockets, signals, exit codes.
//!
//! [`Program::export`] (`program/export.rs`) is for exporters: it serves a registry of collectors. [`Program::run`] is for
//! programs with routes of their own, or with several sites. Both end the same way: SIGTERM, SIGINT or
//! [`Shutdown::trigger`] lets requests in flight finish, then [`Service::at_end`] runs. The exit code
//! is 0 after that, and 1 for whatever prevented it.

mod export;
mod flags;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tracing::{error, info};

pub use flags::{EXPORTER_FLAGS, TELEMETRY_PATH, web_flags};

use crate::collector;
use crate::flag::{Command, Flag, Flags, Parsed, Spelling, Table};
use crate::log::{self, Level, Settings, Style};
use crate::process::Build;
use crate::server::{Server, Site};
use crate::shutdown::Shutdown;

/// What a program is, before it runs.
#[derive(Clone, Debug)]
pub struct Program {
    name: &'static str,
    about: &'static str,
    build: Build,
    spelling: Spelling,
    style: Style,
    level: fn(&Flags) -> Option<Level>,
    flags: Vec<Flag>,
    threads: Threads,
    commands: Vec<Command>,
}

/// How many threads answer requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Threads {
    /// One a core: for programs that many clients ask at a time.
    Cores,
    /// The main thread: for programs that somebody scrapes now and then. Work that blocks has threads of its own
    /// either way.
    One,
}

/// How long a thread for blocking work waits for more: longer than the pause between two scrapes, so that a scrape
/// makes no thread.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(150);

/// What a program finds when it starts.
#[derive(Debug)]
pub struct Context {
    /// The values of all flags.
    pub flags: Flags,
    /// The way to stop the program from within.
    pub shutdown: Shutdown,
    /// What it was built from.
    pub build: Build,
}

/// What a program does once started.
#[derive(Default)]
pub struct Service {
    /// What it serves, and where.
    pub sites: Vec<Site>,
    /// What is left to do after the last request: closing a store. An error makes the exit code 1.
    pub at_end: Option<Box<dyn FnOnce() -> anyhow::Result<()> + Send>>,
}

impl Program {
    /// A program with kingpin's flags and slog's logs, as new exporters have them. `about` is one line.
    pub fn new(name: &'static str, about: &'static str, build: Build) -> Self {
        Self {
            name,
            about,
            build,
            spelling: Spelling::Kingpin,
            style: Style::Slog,
            level: |_| None,
            flags: Vec::new(),
            threads: Threads::Cores,
            commands: Vec::new(),
        }
    }

    /// Adds rows to the flag table, after those that are there.
    #[must_use]
    pub fn flags(mut self, rows: impl IntoIterator<Item = Flag>) -> Self {
        self.flags.extend(rows);
        self
    }

    /// Adds sub-commands, which pflag's spelling has.
    #[must_use]
    pub fn commands(mut self, rows: impl IntoIterator<Item = Command>) -> Self {
        self.commands.extend(rows);
        self
    }

    /// Lets other flags than `--log.level` say what is logged; `None` leaves it to that one.
    #[must_use]
    pub fn log_level(mut self, level: fn(&Flags) -> Option<Level>) -> Self {
        self.level = level;
        self
    }

    /// Spells flags otherwise.
    #[must_use]
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Writes logs otherwise.
    #[must_use]
    pub fn log_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// Answers requests on other threads than one a core.
    #[must_use]
    pub fn threads(mut self, threads: Threads) -> Self {
        self.threads = threads;
        self
    }

    /// The flag table: for tests and for the README.
    pub fn table(&self) -> Table {
        let flags = self.flags.iter().chain(log::FLAGS).cloned().collect();
        Table {
            program: self.name,
            about: self.about,
            spelling: self.spelling,
            flags,
            commands: self.commands.clone(),
            version: self.build.text(self.name),
        }
    }

    /// Runs any program: `start` makes what it serves out of its flags. It is called inside the async
    /// runtime, may block, and an error it returns ends the program with exit code 1.
    pub fn run(self, start: impl FnOnce(&Context) -> anyhow::Result<Service>) -> ExitCode {
        self.run_with(std::env::args_os().skip(1), start)
    }

    fn run_with(
        self,
        args: impl Iterator<Item = OsString>,
        start: impl FnOnce(&Context) -> anyhow::Result<Service>,
    ) -> ExitCode {
        let args = args.map(|arg| arg.to_string_lossy().into_owned());
        let flags = match self.table().parse(args) {
            Ok(Parsed::Run(flags)) => flags,
            Ok(Parsed::Print(text)) => {
                // Whoever closed the pipe (`--help | head -1`) has read enough.
                let _ = std::io::stdout().write_all(text.as_bytes());
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "{error}");
                return ExitCode::FAILURE;
            }
        };
        let mut settings = Settings::from_flags(&flags, self.style);
        settings.level = (self.level)(&flags).unwrap_or(settings.level);
        log::install(settings);
        log_panics();
        info!(version = self.build.info(), "Starting {}", self.name);
        info!(build_context = self.build.context(), "Build context");
        match self.serve(flags, start) {
            Ok(()) => ExitCode::SUCCESS,
            Err(err) => {
                error!(err = format!("{err:#}"), "{} failed", self.name);
                ExitCode::FAILURE
            }
        }
    }

    /// From flags to the end of the last request.
    fn serve(
        &self,
        flags: Flags,
        start: impl FnOnce(&Context) -> anyhow::Result<Service>,
    ) -> anyhow::Result<()> {
        let mut runtime = match self.threads {
            Threads::Cores => tokio::runtime::Builder::new_multi_thread(),
            Threads::One => tokio::runtime::Builder::new_current_thread(),
        };
        let runtime = runtime
            .enable_all()
            .thread_keep_alive(THREAD_KEEP_ALIVE)
            .build()
            .context("starting the async runtime")?;
        let result = runtime.block_on(async {
            let shutdown = Shutdown::new();
            shutdown.on_signals().context("listening for signals")?;
            let service = start(&Context {
                flags,
                shutdown: shutdown.clone(),
                build: self.build,
            })?;
            let server = Server::bind(service.sites).await?;
            server.run(shutdown).await;
            match service.at_end {
                Some(at_end) => tokio::task::spawn_blocking(at_end)
                    .await
                    .context("ending the program")?,
                None => Ok(()),
            }
        });
        // A scrape may still wait for a collector that hangs; nobody waits for its answer.
        runtime.shutdown_background();
        result
    }
}

impl Service {
    /// A program with one site and nothing to do at its end.
    pub fn of(site: Site) -> Self {
        Self {
            sites: vec![site],
            at_end: None,
        }
    }
}

impl Site {
    /// A site that listens as the flags of [`web_flags`] say.
    pub fn from_flags(name: &'static str, flags: &Flags, app: Router) -> Self {
        let config = flags.text("web.config.file");
        Self {
            systemd_socket: flags.on("web.systemd-socket"),
            web_config: (!config.is_empty()).then(|| config.into()),
            ..Self::new(name, flags.texts("web.listen-address").to_vec(), app)
        }
    }
}

/// Panics become log lines, whole and in the log's format; the fences around them go on working.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let words = collector::panic_words(info.payload());
        let thread = std::thread::current()
            .name()
            .unwrap_or("unnamed")
            .to_owned();
        error!(place, thread, "panic: {words}");
    }));
}

//! A guard around a started program: it is killed by its pid when the guard goes, whatever the test did, and by
//! [`crate::lifeline`] when the whole test is killed.
//!
//! Output goes to a file, so that no pipe ever fills up and a failed test can show it. Waiting is always for an event
//! with a deadline ([`until`]), never for a length of time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::lifeline;

/// How long a program may take to become ready or to end. Generous: build machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with stdout and stderr appended to the file `log`.
    ///
    /// # Errors
    /// If the log cannot be opened or the program cannot be started.
    pub fn start(command: Command, log: &Path) -> Result<Self> {
        Self::start_with(command, log, Stdio::null())
    }

    /// The same with something to inherit as stdin.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(mut command: Command, log: &Path, stdin: impl Into<Stdio>) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(stdin)
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        lifeline::hold(child.id());
        Ok(Self {
            child,
            log: log.to_path_buf(),
        })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything the program has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// SIGKILL, and waits until the process is gone.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn kill9(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        lifeline::release(self.pid());
        Ok(())
    }

    /// SIGTERM, and waits for the exit status.
    ///
    /// # Errors
    /// If the program does not end within [`PATIENCE`].
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        signal(self.pid(), "TERM")?;
        self.wait()
    }

    /// Waits for the program to end by itself.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let status = until("the program to end", || {
            self.child.try_wait().ok().flatten()
        })?;
        lifeline::release(self.pid());
        Ok(status)
    }

    /// Waits until `ready` says yes, giving up at once if the program ends before that.
    ///
    /// # Errors
    /// If it ends or is not ready within [`PATIENCE`]; the message holds its log.
    pub fn wait_ready(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let outcome = until("the program to be ready", || {
            if ready() {
                return Some(Ok(()));
            }
            self.child.try_wait().ok().flatten().map(Err)
        });
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => bail!(
                "it ended with {status} before it was ready:\n{}",
                self.log()
            ),
            Err(error) => Err(error.context(self.log())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process is already gone, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        lifeline::release(self.child.id());
    }
}

/// Sends a signal by name (`TERM`, `HUP`, `INT`), through `kill(1)`: std has no call for it.
///
/// # Errors
/// If there is no such process.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()?;
    if !status.success() {
        bail!("kill -{name} {pid}: {status}");
    }
    Ok(())
}

/// Asks `probe` again and again until it answers, at most for [`PATIENCE`].
///
/// # Errors
/// If the deadline passes; `what` names what was waited for.
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe() {
            return Ok(value);
        }
        if Instant::now() > deadline {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port on 127.0.0.1 that was free a moment ago.
///
/// # Errors
/// If the machine has none left.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

//! Ends started programs when this process is gone, even by SIGKILL, when no guard runs any more.
//!
//! Guards cover the ordinary end of a test. They do not run when the test is killed, nor for what a `static` holds, such
//! as a control plane that all tests share. The kernel's own way (`PR_SET_PDEATHSIG`) watches the thread that started
//! the program, which for a test is the wrong one, and needs `unsafe`. So one small shell reads from a pipe whose other
//! end only we hold: when it closes, the shell kills what is still on its list. It never guesses: a pid is struck off
//! the list as soon as the program was waited for.

use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// `+ PID` and `- PID` keep the list; `/ FOLDER` names a folder to remove at the end. Pids stand between spaces, so
/// that 12 is never found inside 123.
const SHELL: &str = r#"
held=" "
set --
while read -r verb what; do
    case $verb in
    +) held="$held$what " ;;
    -) case $held in *" $what "*) held="${held%%" $what "*} ${held#*" $what "}" ;; esac ;;
    /) set -- "$@" "$what" ;;
    esac
done
for pid in $held; do kill -9 "$pid"; done
[ $# -eq 0 ] || rm -rf -- "$@"
"#;

/// The pipe to the shell; none if it could not be started, and then only the guards are left.
static PIPE: LazyLock<Mutex<Option<ChildStdin>>> = LazyLock::new(|| Mutex::new(start()));

/// The shell stands in a process group of its own: a Ctrl-C on the terminal must not end it before its work.
fn start() -> Option<ChildStdin> {
    Command::new("sh")
        .args(["-c", SHELL])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?
        .stdin
}

/// Puts a started program on the list.
pub fn hold(pid: u32) {
    tell('+', pid);
}

/// Strikes a program off the list, once it was waited for.
pub fn release(pid: u32) {
    tell('-', pid);
}

/// Has a folder removed when this process is gone; for what no guard will remove.
pub fn remove_at_end(folder: &Path) {
    tell('/', folder.display());
}

fn tell(verb: char, what: impl Display) {
    let mut pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pipe) = pipe.as_mut() {
        // A shell that is gone cannot be told; the guards remain.
        let _ = writeln!(pipe, "{verb} {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::until;

    #[test]
    fn the_shell_kills_what_is_still_listed_and_removes_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let doomed = folder.path().join("a folder");
        std::fs::create_dir(&doomed).unwrap();
        let mut sleepers: Vec<_> = (0..3)
            .map(|_| Command::new("sleep").arg("600").spawn().unwrap())
            .collect();
        let mut shell = Command::new("sh")
            .args(["-c", SHELL])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = shell.stdin.take().unwrap();
        for sleeper in &sleepers {
            writeln!(pipe, "+ {}", sleeper.id()).unwrap();
        }
        writeln!(pipe, "- {}\n/ {}", sleepers[1].id(), doomed.display()).unwrap();
        drop(pipe);
        shell.wait().unwrap();
        let mut ended = |number: usize| sleepers[number].try_wait().unwrap();
        until("the listed ones to end", || ended(0).and(ended(2))).unwrap();
        assert!(ended(1).is_none(), "one that was struck off was killed");
        assert!(!doomed.exists());
        sleepers[1].kill().unwrap();
        sleepers[1].wait().unwrap();
    }
}

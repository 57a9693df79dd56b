//! `@file` on a command line: more arguments, one a line, as kingpin reads them.

use std::fs::File;
use std::io::Read;

use crate::golang;

/// The largest file of arguments that `@file` reads, in bytes.
const ARGUMENTS_FILE_BYTES_MAX: u64 = 1 << 20;
/// How many files may be opened for one command line: a file may name others, also itself.
const ARGUMENTS_FILES_MAX: usize = 16;

/// Replaces every `@file` by the lines of the file, as kingpin does: no comments, no blank lines.
pub(super) fn expand(args: Vec<String>) -> Result<Vec<String>, String> {
    let mut todo: Vec<String> = args.into_iter().rev().collect();
    let mut done = Vec::new();
    let mut files = 0;
    while let Some(arg) = todo.pop() {
        if arg == "--" {
            done.push(arg);
            done.extend(todo.drain(..).rev());
        } else if let Some(name) = arg.strip_prefix('@') {
            files += 1;
            if files > ARGUMENTS_FILES_MAX {
                return Err(format!(
                    "more than {ARGUMENTS_FILES_MAX} files of arguments"
                ));
            }
            let text = arguments_file(name)?;
            let lines = text
                .lines()
                .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
            todo.extend(lines.map(str::to_owned).rev());
        } else {
            done.push(arg);
        }
    }
    Ok(done)
}

/// The text of a file of arguments.
fn arguments_file(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err("expected @ file to expand arguments from".to_owned());
    }
    let quoted = golang::quote(name);
    let file = File::open(name)
        .map_err(|error| format!("failed to open arguments file {quoted}: {error}"))?;
    let mut text = String::new();
    let read = file
        .take(ARGUMENTS_FILE_BYTES_MAX + 1)
        .read_to_string(&mut text);
    let length =
        read.map_err(|error| format!("failed to read arguments from {quoted}: {error}"))?;
    if length as u64 > ARGUMENTS_FILE_BYTES_MAX {
        return Err(format!(
            "failed to read arguments from {quoted}: more than {ARGUMENTS_FILE_BYTES_MAX} bytes"
        ));
    }
    Ok(text)
}

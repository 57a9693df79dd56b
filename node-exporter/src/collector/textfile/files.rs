//! The files: where they are, and what is in them.

use std::path::{Path, PathBuf};

use crate::host;

/// Longer than any file that a job should leave here: 16 MiB are more than 100,000 series.
const FILE_BYTES_MAX: usize = 16 << 20;

/// All files of a scrape together.
const ALL_BYTES_MAX: usize = 64 << 20;

/// What was read of one file.
pub(super) struct Content {
    /// Its path as labels and logs show it.
    pub(super) path: String,
    /// When it was last written, in whole seconds since the epoch.
    pub(super) mtime: i64,
    pub(super) bytes: Vec<u8>,
}

/// The folders that the flags name. What matches nothing, or is no pattern, is a folder itself; an empty text is none.
pub(super) fn folders(patterns: &[String]) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for pattern in patterns.iter().filter(|pattern| !pattern.is_empty()) {
        match host::glob(pattern) {
            Some(found) if !found.is_empty() => folders.extend(found),
            _ => folders.push(PathBuf::from(pattern)),
        }
    }
    folders
}

/// Reads every file of a folder. `each` gets the content, or the path and the reason why there is none.
pub(super) fn read_folder(
    folder: &Path,
    room: &mut Room,
    each: &mut dyn FnMut(Result<Content, (String, String)>),
) {
    let names = match host::list(folder) {
        Ok(names) => names,
        Err(err) => return each(Err((folder.display().to_string(), err.to_string()))),
    };
    for name in names {
        let shown = name.to_string_lossy();
        if !shown.ends_with(".prom") {
            continue;
        }
        let path = clean(&format!("{}/{shown}", folder.to_string_lossy()));
        let mut bytes = Vec::new();
        let read = host::read(
            &folder.join(&name),
            room.left.min(FILE_BYTES_MAX),
            &mut bytes,
        );
        each(match read {
            Ok(mtime) => {
                room.left = room.left.saturating_sub(bytes.len());
                Ok(Content { path, mtime, bytes })
            }
            Err(err) => Err((path, err.to_string())),
        });
    }
}

/// How much may still be read in a scrape.
pub(super) struct Room {
    left: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            left: ALL_BYTES_MAX,
        }
    }
}

/// A path as Go's `filepath.Clean` writes it: no `.`, no `//`, no `x/..`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_paths() {
        for (path, expected) in [
            ("/a//b/./c.prom", "/a/b/c.prom"),
            ("a/../b/c.prom", "b/c.prom"),
            ("../a/c.prom", "../a/c.prom"),
            ("/../c.prom", "/c.prom"),
            ("./c.prom", "c.prom"),
        ] {
            assert_eq!(clean(path), expected);
        }
    }
}

//! Paths with wildcards, as Go's `filepath.Glob` finds them.

use std::path::{Path, PathBuf};

use super::read::list;

/// The most paths a pattern may stand for.
const PATHS_MAX: usize = 10_000;

/// The existing paths that a pattern stands for, sorted within each folder. A pattern without wildcards stands for
/// itself where it exists. `None`: the pattern is malformed.
pub fn glob(pattern: &str) -> Option<Vec<PathBuf>> {
    if !has_wildcards(pattern) {
        let path = PathBuf::from(pattern);
        let exists = std::fs::symlink_metadata(&path).is_ok();
        return Some(if exists { vec![path] } else { Vec::new() });
    }
    let start = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![PathBuf::from(start)];
    // From the first wildcard on, Go looks for every part among the entries of a folder; `..` is none of them.
    let mut listing = false;
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let wanted: Vec<char> = part.chars().collect();
        // A malformed part is malformed whether or not anything is compared with it.
        matches(&wanted, &[])?;
        listing |= has_wildcards(part);
        if listing && matches!(part, "." | "..") {
            return Some(Vec::new());
        }
        let mut next = Vec::new();
        for folder in &found {
            if has_wildcards(part) {
                next.extend(matching(folder, &wanted)?);
            } else if std::fs::symlink_metadata(folder.join(part)).is_ok() {
                next.push(folder.join(part));
            }
        }
        next.truncate(PATHS_MAX);
        found = next;
    }
    Some(found)
}

fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// The entries of a folder that match. A folder that cannot be listed has none, as in Go.
fn matching(folder: &Path, wanted: &[char]) -> Option<Vec<PathBuf>> {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut found = Vec::new();
    for name in list(here).unwrap_or_default() {
        let chars: Vec<char> = name.to_string_lossy().chars().collect();
        if matches(wanted, &chars)? {
            found.push(folder.join(&name));
        }
    }
    Some(found)
}

/// Whether a name matches one part of a pattern; `None` if the pattern is malformed.
///
/// Only the last star is ever tried again, so the time is bounded by the product of both lengths.
fn matches(pattern: &[char], name: &[char]) -> Option<bool> {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    check(pattern)?;
    loop {
        let step = match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, from));
                at += 1;
                continue;
            }
            None if from == name.len() => return Some(true),
            None => None,
            Some(_) => name.get(from).and_then(|char| one(&pattern[at..], *char)),
        };
        match (step, star) {
            (Some(length), _) => (at, from) = (at + length, from + 1),
            (None, Some((after, taken))) if taken < name.len() => {
                star = Some((after, taken + 1));
                (at, from) = (after, taken + 1);
            }
            (None, _) => return Some(false),
        }
    }
}

/// Whether every class is closed and every backslash followed.
fn check(pattern: &[char]) -> Option<()> {
    let mut at = 0;
    while at < pattern.len() {
        at += match pattern[at] {
            '[' => class(&pattern[at..], None)?.1,
            '\\' => pattern.get(at + 1).map(|_| 2)?,
            _ => 1,
        };
    }
    Some(())
}

/// The length of what matches this character, if it does.
fn one(pattern: &[char], char: char) -> Option<usize> {
    match pattern[0] {
        '?' => Some(1),
        '[' => class(pattern, Some(char)).and_then(|(is, length)| is.then_some(length)),
        '\\' => (pattern.get(1) == Some(&char)).then_some(2),
        own => (own == char).then_some(1),
    }
}

/// Whether a class at the beginning of the pattern holds a character, and the length of the class; `None` if it is
/// malformed.
fn class(pattern: &[char], char: Option<char>) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut holds = false;
    let mut ranges = 0;
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            return Some((holds != negated, at + 1));
        }
        let low = member(pattern, &mut at)?;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            at += 1;
            high = member(pattern, &mut at)?;
        }
        holds |= char.is_some_and(|char| (low..=high).contains(&char));
        ranges += 1;
    }
}

/// One end of a range.
fn member(pattern: &[char], at: &mut usize) -> Option<char> {
    let mut char = *pattern.get(*at)?;
    if matches!(char, '-' | ']') {
        return None;
    }
    if char == '\\' {
        *at += 1;
        char = *pattern.get(*at)?;
    }
    *at += 1;
    Some(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, name: &str, expected: Option<bool>) {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(
            matches(&chars(pattern), &chars(name)),
            expected,
            "{pattern} {name}"
        );
    }

    #[test]
    fn names() {
        check("abc", "abc", Some(true));
        check("*", "", Some(true));
        check("*c", "abc", Some(true));
        check("a*b*c", "a-b-b-c", Some(true));
        check("a*b", "a-c", Some(false));
        check("a?c", "aéc", Some(true));
        check("[a-c]x", "bx", Some(true));
        check("[^a-c]x", "bx", Some(false));
        check("[\\]]", "]", Some(true));
        check("\\*", "*", Some(true));
        check("\\*", "x", Some(false));
    }

    #[test]
    fn malformed_patterns() {
        for pattern in ["[", "[a", "[]a]", "[a-]", "a\\", "[^", "x[-a]"] {
            check(pattern, "a", None);
        }
    }

    #[test]
    fn paths() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a1/x", "a2/x", "b/x"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let root = folder.path().to_str().unwrap();
        let found = |pattern: &str| -> Option<Vec<String>> {
            let paths = glob(&format!("{root}/{pattern}"))?;
            let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
            Some(paths.iter().map(name).collect())
        };
        assert_eq!(found("a*/x").unwrap(), ["a1/x", "a2/x"]);
        assert_eq!(found("b").unwrap(), ["b"]);
        assert_eq!(found("c*").unwrap(), Vec::<String>::new());
        assert_eq!(found("a1/../b/*").unwrap(), ["a1/../b/x"]);
        assert_eq!(found("a*/../b").unwrap(), Vec::<String>::new());
        assert_eq!(found("["), None);
    }
}

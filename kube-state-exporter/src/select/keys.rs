//! `--metric-labels-allowlist` and `--metric-annotations-allowlist`: `pods=[app,team/*],*=[owner]`.

use std::collections::BTreeMap;

use anyhow::anyhow;
use promontory_exporter::flag::Flags;
use tracing::warn;

use crate::missing;
use crate::resource::Row;
use crate::samples::Allow;

/// Stands for every resource, and then counts alone, as upstream has it.
const ALL: &str = "*";

/// One of the two lists: keys by resource.
#[derive(Debug)]
pub(super) struct Keys(BTreeMap<String, Allow>);

impl Keys {
    /// Reads a list, and tells in the log of entries that can match nothing.
    ///
    /// # Errors
    /// It cannot be read, or names a resource that does not exist.
    pub(super) fn new(flags: &Flags, name: &str, rows: &[&Row]) -> anyhow::Result<Self> {
        let flag = format!("--{name}");
        let read = read(flags.text(name)).map_err(|error| anyhow!("{flag}: {error}"))?;
        let starred = read.contains_key(ALL);
        let mut keys = BTreeMap::new();
        for (resource, names) in read {
            if resource != ALL && !missing::is_upstreams(&resource) {
                return Err(anyhow!("{flag}: resource {resource} does not exist"));
            }
            if resource != ALL && starred {
                warn!(flag, resource, "Without effect beside *=[…]");
            } else if resource != ALL && !rows.iter().any(|row| row.name == resource) {
                warn!(flag, resource, "Without effect: not among the resources");
            }
            let (allow, errors) = Allow::new(&names);
            for error in errors {
                warn!(flag, resource, "{error}");
            }
            keys.insert(resource, allow);
        }
        Ok(Self(keys))
    }

    /// The keys of a resource.
    pub(super) fn of(&self, resource: &str) -> Allow {
        let allow = self.0.get(ALL).or_else(|| self.0.get(resource));
        allow.cloned().unwrap_or_default()
    }
}

/// Why a list cannot be read, in upstream's words where it has any.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Unreadable {
    #[error("invalid format, metric=[label1,label2,labeln...],metricN=[]")]
    Format,
    #[error("invalid format, only one wildcard per label allowed")]
    Stars,
    /// Upstream drops what follows the last bracket without a word.
    #[error("invalid format, metric=[label1,label2,labeln...],metricN=[]: it ends in the middle")]
    Cut,
}

/// Reads a list by upstream's rules: which character may follow which; of a resource named twice the last counts.
fn read(text: &str) -> Result<BTreeMap<String, Vec<String>>, Unreadable> {
    let chars: Vec<char> = text.chars().collect();
    let word = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut name, mut from) = (String::new(), 0);
    for (at, &char) in chars.iter().enumerate() {
        let next = chars.get(at + 1).copied();
        let previous = at.checked_sub(1).map_or(char, |before| chars[before]);
        match char {
            '=' if previous == ',' || next != Some('[') => return Err(Unreadable::Format),
            '=' => {
                word(from, at).trim().clone_into(&mut name);
                lists.insert(name.clone(), Vec::new());
            }
            '[' if previous != '=' => return Err(Unreadable::Format),
            '[' => {}
            ']' if !matches!(next, None | Some(',')) => return Err(Unreadable::Format),
            ',' if previous == char || matches!(next, None | Some(']')) => {
                return Err(Unreadable::Format);
            }
            ']' if previous == '[' => {}
            ',' if previous == ']' => {}
            ']' | ',' => {
                let key = word(from, at).trim().to_owned();
                lists.entry(name.clone()).or_default().push(key);
            }
            _ => continue,
        }
        from = at + 1;
    }
    if from < chars.len() {
        return Err(Unreadable::Cut);
    }
    let stars = |key: &String| key.matches('*').count() > 1;
    if lists.values().flatten().any(stars) {
        return Err(Unreadable::Stars);
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, &[&str])], Unreadable>) {
        let found = read(text);
        let expected = expected.map(|lists| {
            let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
            lists
                .iter()
                .map(|(name, keys)| ((*name).to_owned(), owned(keys)))
                .collect::<BTreeMap<String, Vec<String>>>()
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lists_are_read_as_upstream_reads_them() {
        check("", Ok(&[]));
        check("pods=[]", Ok(&[("pods", &[])]));
        check("pods=[a]", Ok(&[("pods", &["a"])]));
        check("pods=[ a , b/c ]", Ok(&[("pods", &["a", "b/c"])]));
        check(
            "pods=[a],nodes=[*],*=[x*]",
            Ok(&[("pods", &["a"]), ("nodes", &["*"]), ("*", &["x*"])]),
        );
        check("pods=[a],pods=[b]", Ok(&[("pods", &["b"])]));
        check("pods=[ä,b]", Ok(&[("pods", &["ä", "b"])]));
    }

    #[test]
    fn what_upstream_refuses_is_refused() {
        for text in [
            "pods=a",
            "=pods=[a]",
            "pods=[a],",
            "pods=[a,]",
            "pods=[a]]",
            "pods=[a],,nodes=[b]",
            "pods[a]",
            "pods=[a]nodes=[b]",
            ",=[a]",
        ] {
            check(text, Err(Unreadable::Format));
        }
        check("pods=[a*b*]", Err(Unreadable::Stars));
    }

    #[test]
    fn what_upstream_drops_silently_is_refused() {
        check("pods", Err(Unreadable::Cut));
        check("pods=[a", Err(Unreadable::Cut));
        check("pods=[a,b", Err(Unreadable::Cut));
    }
}

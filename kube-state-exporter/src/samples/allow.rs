//! Which labels or annotations are shown: one resource's part of `--metric-labels-allowlist`.

/// Keys that are allowed: exact ones, and patterns with one `*`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Allow(Vec<Pattern>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Pattern {
    /// A lone `*` at the front of the list.
    All,
    Exact(String),
    /// What stands before and behind the one `*`.
    Around(String, String),
}

/// A pattern that matches nothing, and why; upstream ignores it with a warning, so the caller warns.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AllowError {
    /// Two stars or more.
    #[error("{0:?} has more than one '*' and matches nothing")]
    Stars(String),
    /// A lone star that is not the first entry.
    #[error("a '*' behind other keys matches nothing: put it first")]
    LateStar,
}

impl Allow {
    /// Reads the keys of one resource; entries that can match nothing are left out and returned.
    pub fn new(keys: &[String]) -> (Self, Vec<AllowError>) {
        let mut patterns = Vec::new();
        let mut errors = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            if key == "*" {
                if at == 0 {
                    patterns.push(Pattern::All);
                } else {
                    errors.push(AllowError::LateStar);
                }
                continue;
            }
            match key.split_once('*') {
                None => patterns.push(Pattern::Exact(key.clone())),
                Some((_, behind)) if behind.contains('*') => {
                    errors.push(AllowError::Stars(key.clone()));
                }
                Some((before, behind)) => {
                    patterns.push(Pattern::Around(before.to_owned(), behind.to_owned()));
                }
            }
        }
        // A list of nothing but useless entries still is a list: the family shows a sample without such labels.
        if patterns.is_empty() && !keys.is_empty() {
            patterns.push(Pattern::Exact(String::new()));
        }
        (Self(patterns), errors)
    }

    /// Whether no list was given for the resource.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key is allowed.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|pattern| match pattern {
            Pattern::All => true,
            Pattern::Exact(exact) => exact == key,
            Pattern::Around(before, behind) => {
                key.len() >= before.len() + behind.len()
                    && key.starts_with(before.as_str())
                    && key.ends_with(behind.as_str())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[&str], allowed: &[&str], refused: &[&str], errors: usize) {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let (allow, found) = Allow::new(&keys);
        assert_eq!(found.len(), errors, "{keys:?}: {found:?}");
        for key in allowed {
            assert!(allow.has(key), "{keys:?} should allow {key:?}");
        }
        for key in refused {
            assert!(!allow.has(key), "{keys:?} should refuse {key:?}");
        }
    }

    #[test]
    fn stars_count_once_and_a_lone_one_only_in_front() {
        check(&["*", "a"], &["a", "anything", ""], &[], 0);
        check(&["a", "*"], &["a"], &["b"], 1);
        check(&["a/*"], &["a/", "a/b"], &["a", "b/a/"], 0);
        check(&["*b"], &["b", "ab"], &["ba"], 0);
        check(&["ab*ba"], &["abba", "abxba"], &["aba"], 0);
        check(&["*a*"], &[], &["a", "bab"], 1);
        check(&[], &[], &["a"], 0);
    }
}

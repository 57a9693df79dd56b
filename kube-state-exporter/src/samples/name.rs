//! Label and annotation keys as label names: upstream's `mapToPrometheusLabels`.

use std::collections::{HashMap, HashSet};

/// The label name of each key, in order: `PREFIX_` and the key in snake case, what no label name may hold as `_`.
/// Keys that become one name all get `_conflictN`, so that nothing is lost.
pub(super) fn label_names<'k>(prefix: &str, keys: impl Iterator<Item = &'k str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // Where each name in use stands, and how many suffixes a name has given out.
    let mut used: HashMap<String, usize> = HashMap::new();
    let mut conflicts: HashMap<String, usize> = HashMap::new();
    for key in keys {
        let base = format!("{prefix}_{}", snake(key));
        let name = if let Some(count) = conflicts.get_mut(&base) {
            next_free(&base, count, &used)
        } else if let Some(first) = used.remove(&base) {
            let mut count = 0;
            let renamed = next_free(&base, &mut count, &used);
            names[first].clone_from(&renamed);
            used.insert(renamed, first);
            let name = next_free(&base, &mut count, &used);
            conflicts.insert(base, count);
            name
        } else {
            base
        };
        used.insert(name.clone(), names.len());
        names.push(name);
    }
    debug_assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    names
}

/// The next suffixed name that nobody has.
fn next_free(base: &str, count: &mut usize, used: &HashMap<String, usize>) -> String {
    loop {
        *count += 1;
        let name = format!("{base}_conflict{count}");
        if !used.contains_key(&name) {
            return name;
        }
    }
}

/// `fooBar.baz/Qux` as `foo_bar_baz_qux`: an underscore between a small letter or digit and the capital behind it.
/// Of a run such as `a1B2C` upstream's expression, which eats two characters a match, splits the same places.
fn snake(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    let mut before = ' ';
    for char in key.chars() {
        let char = if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        };
        if char.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(char.to_ascii_lowercase());
        before = char;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::label_names;

    fn check(keys: &[&str], expected: &[&str]) {
        assert_eq!(
            label_names("label", keys.iter().copied()),
            expected,
            "{keys:?}"
        );
    }

    #[test]
    fn keys_become_snake_case() {
        check(
            &["app.kubernetes.io/name"],
            &["label_app_kubernetes_io_name"],
        );
        check(
            &["StorageType", "aHTTPServer2Go"],
            &["label_storage_type", "label_a_httpserver2_go"],
        );
        check(&["ü-x"], &["label___x"]);
        check(&[""], &["label_"]);
    }

    #[test]
    fn keys_that_become_one_name_are_all_kept() {
        check(
            &["a-b", "a.b", "a/b"],
            &[
                "label_a_b_conflict1",
                "label_a_b_conflict2",
                "label_a_b_conflict3",
            ],
        );
        check(
            &["a-b", "a-b_conflict1", "a.b"],
            &[
                "label_a_b_conflict2",
                "label_a_b_conflict1",
                "label_a_b_conflict3",
            ],
        );
    }
}

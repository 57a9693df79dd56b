//! Flags that take a comma list.

use promontory_exporter::flag::Flags;

/// The entries of a flag that takes a comma list, blanks and empty ones taken off, each once, in order.
pub(super) fn list<'f>(flags: &'f Flags, name: &str) -> Vec<&'f str> {
    let mut entries: Vec<&str> = Vec::new();
    for entry in flags.texts(name) {
        let entry = entry.trim();
        if !entry.is_empty() && !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::program;
    use promontory_exporter::flag::Parsed;

    #[test]
    fn lists_may_be_repeated_and_are_trimmed() {
        let words = ["--namespaces=a, b,,a", "--namespaces", "c", "--resources="];
        let parsed = program().table().parse(words.map(str::to_owned)).unwrap();
        let Parsed::Run(flags) = parsed else {
            panic!("it would not run");
        };
        assert_eq!(list(&flags, "namespaces"), ["a", "b", "c"]);
        assert!(list(&flags, "resources").is_empty());
    }
}

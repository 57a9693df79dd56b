//! Lists of resources (`cpu`, `memory`, `nvidia.com/gpu`): what each is called and counted in.
//!
//! The rules are upstream's (`isNativeResource` and its neighbours in `internal/store/utils.go`), which follow
//! `k8s.io/kubernetes/pkg/apis/core/v1/helper`.

use std::borrow::Cow;

/// Cores of a CPU.
const CORE: &str = "core";
/// Bytes.
const BYTE: &str = "byte";
/// Things.
const INTEGER: &str = "integer";

/// Who asks: the rules differ in one resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Of {
    /// Capacity of a node, which also has places for pods.
    Node,
    /// Requests and limits of a container.
    Container,
}

/// The units in which upstream shows a resource: none for what it does not know, and more than one where several of
/// its rules hold.
pub(super) fn units(resource: &str, of: Of) -> impl Iterator<Item = &'static str> {
    let fixed = match resource {
        "cpu" => Some(CORE),
        "memory" | "storage" | "ephemeral-storage" => Some(BYTE),
        "pods" if of == Of::Node => Some(INTEGER),
        _ => None,
    };
    let by_rule = |holds: bool, unit| (fixed.is_none() && holds).then_some(unit);
    [
        fixed,
        by_rule(resource.starts_with("hugepages-"), BYTE),
        by_rule(resource.starts_with("attachable-volumes-"), BYTE),
        by_rule(is_extended(resource), INTEGER),
    ]
    .into_iter()
    .flatten()
}

/// The resource as a label value: every letter outside `[a-zA-Z0-9_]` is an underscore.
pub(super) fn label(resource: &str) -> Cow<'_, str> {
    let fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if resource.chars().all(fine) {
        return Cow::Borrowed(resource);
    }
    let letters = resource.chars();
    Cow::Owned(
        letters
            .map(|letter| if fine(letter) { letter } else { '_' })
            .collect(),
    )
}

/// Whether it is a resource of a vendor, `nvidia.com/gpu`.
fn is_extended(resource: &str) -> bool {
    let native = !resource.contains('/') || resource.contains("kubernetes.io/");
    !native
        && !resource.starts_with("requests.")
        && is_qualified_name(&format!("requests.{resource}"))
}

/// Whether it is a name with an optional DNS prefix: apimachinery's `IsQualifiedName`.
fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && is_name(name)
}

/// At most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at either end.
fn is_name(text: &str) -> bool {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let ends = [text.bytes().next(), text.bytes().next_back()];
    text.len() <= 63
        && text.as_bytes().iter().all(inside)
        && ends
            .iter()
            .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

/// RFC 1123: at most 253 bytes, labels of small letters, digits and `-` between points.
fn is_subdomain(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let ends = [label.bytes().next(), label.bytes().next_back()];
        label.bytes().all(|byte| fine(byte) || byte == b'-')
            && ends.iter().all(|end| end.is_some_and(fine))
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_resources() {
        for (resource, node, container) in [
            ("cpu", "core", "core"),
            ("memory", "byte", "byte"),
            ("ephemeral-storage", "byte", "byte"),
            ("pods", "integer", ""),
            ("hugepages-2Mi", "byte", "byte"),
            ("attachable-volumes-aws-ebs", "byte", "byte"),
            ("nvidia.com/gpu", "integer", "integer"),
            ("hugepages-x.example/y", "byte integer", "byte integer"),
            ("example.kubernetes.io/thing", "", ""),
            ("requests.nvidia.com/gpu", "", ""),
            ("Nvidia.com/gpu", "", ""),
            ("nvidia.com/-gpu", "", ""),
            ("nvidia.com/g/pu", "", ""),
            ("dongles", "", ""),
        ] {
            let of = |of| units(resource, of).collect::<Vec<_>>().join(" ");
            assert_eq!(
                (&*of(Of::Node), &*of(Of::Container)),
                (node, container),
                "{resource}"
            );
        }
    }

    #[test]
    fn labels_of_resources() {
        assert_eq!(label("nvidia.com/gpu-é"), "nvidia_com_gpu__");
        assert!(matches!(label("cpu"), Cow::Borrowed("cpu")));
    }
}

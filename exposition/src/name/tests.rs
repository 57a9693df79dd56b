//! Spellings as `model.EscapeName` and `model.UnescapeName` gave them.

use super::{
    Escaping, escape, is_classic_label_name, is_classic_metric_name, spell, unescape_values,
};

fn check_escape(name: &str, underscores: &str, dots: &str, values: &str) {
    assert_eq!(escape(name, Escaping::AllowUtf8), name);
    assert_eq!(escape(name, Escaping::Underscores), underscores);
    assert_eq!(escape(name, Escaping::Dots), dots);
    assert_eq!(escape(name, Escaping::Values), values);
    assert_eq!(unescape_values(values), name, "{values} back");
}

#[test]
fn escapes_as_upstream() {
    check_escape("", "", "", "");
    check_escape("up", "up", "up", "up");
    check_escape(
        "no:escaping_required",
        "no:escaping_required",
        "no:escaping__required",
        "no:escaping_required",
    );
    check_escape(
        "mysystem.prod.west",
        "mysystem_prod_west",
        "mysystem_dot_prod_dot_west",
        "U__mysystem_2e_prod_2e_west",
    );
    check_escape("a.b_c", "a_b_c", "a_dot_b__c", "U__a_2e_b__c");
    check_escape("0start", "_start", "__start", "U___30_start");
    check_escape(
        "label with 😱",
        "label_with__",
        "label__with____",
        "U__label_20_with_20__1f631_",
    );
    check_escape("花火", "__", "____", "U___82b1__706b_");
}

#[test]
fn pages_keep_classic_names() {
    assert_eq!(spell("a_b", Escaping::Dots), "a_b");
    assert_eq!(spell("a.b_c", Escaping::Dots), "a_dot_b__c");
    assert_eq!(spell("a:b", Escaping::Underscores), "a:b");
    assert_eq!(spell("a.b", Escaping::AllowUtf8), "a.b");
}

#[test]
fn unescapes_as_upstream() {
    for (escaped, expected) in [
        ("U__", ""),
        ("U____", "_"),
        ("U__a_2E_b", "a.b"),
        ("U__a_2e_b", "a.b"),
        ("U__a_0_b", "a\0b"),
        ("a_2e_b", "a_2e_b"),
        ("U_a", "U_a"),
        ("U__a_b", "U__a_b"),
        ("U__a_", "U__a_"),
        ("U__a_zz_", "U__a_zz_"),
        ("U__a_d800_", "U__a_d800_"),
        ("U__a_10FFFF_", "U__a_10FFFF_"),
        ("U__a_fffff_", "a\u{fffff}"),
        ("U__a_+2e_", "U__a_+2e_"),
        ("U__a_é_", "U__a_é_"),
        ("U__é", "é"),
    ] {
        assert_eq!(unescape_values(escaped), expected, "{escaped}");
    }
}

#[test]
fn knows_the_classic_alphabet() {
    for name in ["a", "_", "A9", "__name__"] {
        assert!(
            is_classic_metric_name(name) && is_classic_label_name(name),
            "{name}"
        );
    }
    for name in ["", "9a", "a-b", "a.b", "é", "a b"] {
        assert!(
            !is_classic_metric_name(name) && !is_classic_label_name(name),
            "{name}"
        );
    }
    assert!(is_classic_metric_name(":a:b") && !is_classic_label_name("a:b"));
}

//! Paths and the groups they mean. The cases were tried on the real Pushgateway 1.11.3, but those marked "ours"
//! and those with an empty segment in the middle, which its router redirects.

use promontory_exposition::name::NameRules;
use proptest::prelude::*;

use super::*;

fn parse(path: &[u8], names: NameRules) -> Result<GroupingKey, PathError> {
    let (spelling, rest) = match path.strip_prefix(b"job@base64/") {
        Some(rest) => (JobSpelling::Base64, rest),
        None => (JobSpelling::Plain, path.strip_prefix(b"job/").unwrap()),
    };
    let (job, labels) = rest.split_at(
        rest.iter()
            .position(|byte| *byte == b'/')
            .unwrap_or(rest.len()),
    );
    GroupingKey::parse(job, spelling, labels, names)
}

/// `path` is percent-decoded already.
#[track_caller]
fn check_with(names: NameRules, path: &[u8], expected: &str) {
    let result = match parse(path, names) {
        Ok(key) => key.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(result, expected, "{}", String::from_utf8_lossy(path));
}

#[track_caller]
fn check(path: &str, expected: &str) {
    check_with(NameRules::Classic, path.as_bytes(), expected);
}

#[test]
fn labels_of_paths() {
    check("job/a", r#"{job="a"}"#);
    check("job/a/", r#"{job="a"}"#);
    check("job/a/l/v", r#"{job="a",l="v"}"#);
    check("job/a/z/1/b/2", r#"{b="2",job="a",z="1"}"#);
    check("job/a/l/", r#"{job="a",l=""}"#);
    check("job/a+b;c:*#", r#"{job="a+b;c:*#"}"#);
    check("job/a/l/1/l/2", r#"{job="a",l="2"}"#);
    check("job/a/job/b", r#"{job="a"}"#);
    check(
        "job/a/le/1/quantile/2/instance/3",
        r#"{instance="3",job="a",le="1",quantile="2"}"#,
    );
    check("job/a\0\n", r#"{job="a\0\n"}"#);
}

#[test]
fn paths_that_mean_no_group() {
    check("job/", "job name is required");
    check("job@base64/=", "job name is required");
    check(
        "job/a/l",
        r#"odd number of components in label string "/l""#,
    );
    check(
        "job/a/l/v/m",
        r#"odd number of components in label string "/l/v/m""#,
    );
    check("job/a/l-m/v", r#"improper label name "l-m""#);
    check("job/a/1/v", r#"improper label name "1""#);
    check("job/a/__x/v", r#"improper label name "__x""#);
    check("job/a//v", r#"improper label name """#);
    check("job/a/l:m/v", r#"improper label name "l:m""#);
    check("job/a/l.m/v", r#"improper label name "l.m""#);
    // The labels are looked at before the job is missed.
    check(
        "job@base64//l",
        r#"odd number of components in label string "/l""#,
    );
}

#[test]
fn base64_spellings() {
    check("job@base64/YQ", r#"{job="a"}"#);
    check("job@base64/YQ==", r#"{job="a"}"#);
    check("job@base64/YQ=====", r#"{job="a"}"#);
    check("job@base64/YR", r#"{job="a"}"#);
    check("job@base64/Y\r\nQ", r#"{job="a"}"#);
    check("job/a/l@base64/=", r#"{job="a",l=""}"#);
    check("job/a/l@base64/", r#"{job="a",l=""}"#);
    check("job/a/l@base64/Pz8-Lw", r#"{job="a",l="??>/"}"#);
    check("job/a/l/1/l@base64/Mg", r#"{job="a",l="2"}"#);
    for bad in ["Y", "Y+Q", "Y/", "Y=Q", "!!"] {
        let path = format!("job/a/l@base64/{bad}");
        if !bad.contains('/') {
            let error = parse(path.as_bytes(), NameRules::Classic).unwrap_err();
            assert!(
                matches!(error, PathError::LabelBase64 { .. }),
                "{bad}: {error}"
            );
        }
        let job = format!("job@base64/{bad}");
        assert!(parse(job.as_bytes(), NameRules::Classic).is_err(), "{bad}");
    }
}

/// Ours: the real one takes these and then fails every scrape (defect 5).
#[test]
fn values_that_are_not_utf8() {
    check_with(
        NameRules::Classic,
        b"job/\xff",
        r#"the value of label "job" is not UTF-8"#,
    );
    check_with(
        NameRules::Classic,
        b"job/a/l/\xff",
        r#"the value of label "l" is not UTF-8"#,
    );
    check_with(
        NameRules::Classic,
        b"job@base64/_w",
        r#"the value of label "job" is not UTF-8"#,
    );
    check_with(
        NameRules::Utf8,
        b"job/a/\xff/v",
        "improper label name \"\u{fffd}\"",
    );
}

#[test]
fn names_of_any_characters() {
    let check = |path: &str, expected: &str| check_with(NameRules::Utf8, path.as_bytes(), expected);
    check("job/a/l.m/v", r#"{job="a",l.m="v"}"#);
    check("job/a/U__l_2e_m/v", r#"{job="a",l.m="v"}"#);
    check("job/a/U__l_2E_m/v", r#"{job="a",l.m="v"}"#);
    check("job/a/U__l__m/v", r#"{job="a",l_m="v"}"#);
    // Not a spelling of anything: the name stays as it is.
    check("job/a/U__l_m/v", r#"{U__l_m="v",job="a"}"#);
    check("job/a/U__/v", r#"improper label name "U__""#);
    check("job/a/__x/v", r#"improper label name "__x""#);
    // The job's value is never unescaped.
    check("job/U__a_2e_b", r#"{job="U__a_2e_b"}"#);
    // Ours: the real one takes a NUL byte, which no Prometheus can read (like defect 5).
    check("job/a/U__a_0_b/v", r#"improper label name "U__a_0_b""#);
    // Ours: the real one takes `__a` in this spelling and then fails every scrape (defect 5).
    check("job/a/U______a/v", r#"improper label name "U______a""#);
}

#[test]
fn spellings_and_order_do_not_matter() {
    let key = |path: &str| parse(path.as_bytes(), NameRules::Classic).unwrap();
    assert_eq!(key("job/a/x/1/y/2"), key("job@base64/YQ/y@base64/Mg==/x/1"));
    assert_ne!(key("job/a"), key("job/a/instance/"));
}

proptest! {
    #[test]
    fn keys_read_back(pairs in prop::collection::btree_map("\\PC{1,4}", "\\PC{0,4}", 0..4)) {
        let labels = pairs.iter().map(|(name, value)| Label::new(name.clone(), value.clone()));
        let key = GroupingKey::from_labels(labels.chain([Label::new("job", "")]).collect());
        prop_assert_eq!(GroupingKey::from_bytes(&key.to_bytes()), Some(key));
    }

    #[test]
    fn any_path_is_read_or_refused(path in prop::collection::vec(any::<u8>(), 0..40), utf8: bool) {
        let names = if utf8 { NameRules::Utf8 } else { NameRules::Classic };
        let path = [b"job@base64/".as_slice(), &path].concat();
        if let Ok(key) = parse(&path, names) {
            prop_assert!(!key.job().is_empty());
            prop_assert!(key.labels().is_sorted_by(|a, b| a.name < b.name));
        }
    }
}

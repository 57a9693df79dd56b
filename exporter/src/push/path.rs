//! From a grouping key to the path of its group.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use promontory_exposition::name::{Escaping, is_classic_label_name, spell_label};

use super::PushError;

/// What may stand in a path segment as it is: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `/metrics/job/JOB/NAME/VALUE…`, spelled so that every gateway reads back what was meant.
#[derive(Clone, Debug)]
pub(super) struct GroupPath(String);

impl GroupPath {
    pub(super) fn of_job(job: &str) -> Self {
        let mut path = Self("/metrics".to_owned());
        path.push("job", job);
        path
    }

    /// Adds a label. Names outside the classic alphabet are spelled `U__…`, which gateways with
    /// `--push.enable-utf8-names` read.
    pub(super) fn label(&mut self, name: &str, value: &str) -> Result<(), PushError> {
        let wrong = |reason| PushError::Label {
            name: name.to_owned(),
            reason,
        };
        match name {
            "" => return Err(wrong("it has no letters")),
            "job" => return Err(wrong("the job is part of every group already")),
            _ if name.starts_with("__") => {
                return Err(wrong("names with two underscores in front are reserved"));
            }
            _ => {}
        }
        let spelled = match is_classic_label_name(name) {
            true => name.into(),
            false => spell_label(name, Escaping::Values),
        };
        self.push(&spelled, value);
        Ok(())
    }

    /// A value that is empty, has a slash, or is what routers take as a step (`.`, `..`) goes as base64.
    fn push(&mut self, name: &str, value: &str) {
        self.0.push('/');
        self.0.push_str(name);
        if value.is_empty() {
            // `=` rather than nothing: two slashes in a row are one to routers.
            self.0.push_str("@base64/=");
        } else if value.contains('/') || value == "." || value == ".." {
            self.0.push_str("@base64/");
            self.0.push_str(&URL_SAFE.encode(value));
        } else {
            self.0.push('/');
            self.0.extend(utf8_percent_encode(value, SEGMENT));
        }
    }
}

impl fmt::Display for GroupPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_so_that_they_come_back() {
        let mut path = GroupPath::of_job("a b/ü");
        for (name, value) in [
            ("empty", ""),
            ("up", ".."),
            ("plain", "x-1.~_"),
            ("odd", "100%+?#é\n"),
            ("per.cent", "1"),
        ] {
            path.label(name, value).expect("a label name");
        }
        assert_eq!(
            path.to_string(),
            "/metrics/job@base64/YSBiL8O8/empty@base64/=/up@base64/Li4=/plain/x-1.~_\
             /odd/100%25%2B%3F%23%C3%A9%0A/U__per_2e_cent/1"
        );
    }

    #[test]
    fn labels_that_no_gateway_takes_are_refused() {
        for name in ["", "job", "__meta"] {
            let error = GroupPath::of_job("j").label(name, "v").expect_err(name);
            let shown = format!("{name:?} cannot be a grouping label");
            assert!(error.to_string().starts_with(&shown), "{error}");
        }
    }
}

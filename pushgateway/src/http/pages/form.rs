//! Forms as browsers send them: the fields of a query or of a body, and queries for links. Pure.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::query::decode;

/// What stands for itself in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The fields of a form. They are as long as the server let the request be.
#[derive(Clone, Copy)]
pub(super) struct Form<'f>(pub(super) &'f str);

impl<'f> Form<'f> {
    /// A field, decoded; of two with one name the first. What is not UTF-8 comes with replacement characters.
    pub(super) fn get(self, name: &str) -> Option<Cow<'f, str>> {
        self.0.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decode(value))
        })
    }

    /// A field without the blanks around it, empty where there is none.
    pub(super) fn text(self, name: &str) -> String {
        self.get(name).unwrap_or_default().trim().to_owned()
    }

    /// A page number, from 1.
    pub(super) fn page(self) -> usize {
        let page = self.get("page").and_then(|page| page.parse().ok());
        page.unwrap_or(1).max(1)
    }
}

/// The query of a link, with its `?`, of the fields that are not empty; nothing where all are.
pub(super) fn query(fields: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        query.extend(utf8_percent_encode(value, PLAIN));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form("q=a+b%2Bc&job=%C3%A9%ff&all&q=second&page=7");
        assert_eq!(form.text("q"), "a b+c");
        assert_eq!(form.text("job"), "é\u{fffd}");
        assert_eq!(form.get("all").as_deref(), Some(""));
        assert_eq!(form.get("al"), None);
        assert_eq!(form.page(), 7);
        for odd in [
            "",
            "page=0",
            "page=-1",
            "page=x",
            "page=99999999999999999999",
        ] {
            assert_eq!(Form(odd).page(), 1, "{odd}");
        }
    }

    #[test]
    fn a_query_gives_its_fields_back() {
        assert_eq!(query(&[("q", ""), ("job", "")]), "");
        let value = "a&b=c d+%é\"<\n";
        let query = query(&[("none", ""), ("q", value), ("page", "2")]);
        assert!(
            query.is_ascii() && !query.contains(['"', '<', ' ']),
            "{query}"
        );
        let form = Form(&query[1..]);
        assert_eq!(form.get("q").as_deref(), Some(value));
        assert_eq!(form.page(), 2);
    }
}

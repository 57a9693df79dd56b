//! The parameters of a query, decoded.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Names and values in their order. What is not UTF-8 gets replacement characters: no parameter of ours has any.
pub(super) fn parameters(query: Option<&str>) -> impl Iterator<Item = (String, String)> {
    let pairs = query.unwrap_or_default().split('&');
    pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name).into_owned(), decode(value).into_owned())
    })
}

/// Undoes the encoding of a query's or form's value, where `+` is a blank. What is not UTF-8 gets replacement characters.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode_str(&spaced)
            .decode_utf8_lossy()
            .into_owned()
            .into();
    }
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = parameters(Some(query)).collect();
        let found = found.iter().map(|(name, value)| (&**name, &**value));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{query}");
    }

    #[test]
    fn parameters_are_decoded_in_order() {
        check("", &[]);
        check("&a", &[("a", "")]);
        check(
            "match[]=a%7B%7D&match%5B%5D=b+c%2B",
            &[("match[]", "a{}"), ("match[]", "b c+")],
        );
        check("a=b=c&a=%ff%zz", &[("a", "b=c"), ("a", "\u{FFFD}%zz")]);
    }
}

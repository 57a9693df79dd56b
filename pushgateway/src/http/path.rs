//! Request paths as Go's `net/url` and `path` packages treat them.
//!
//! The program we replace decodes, cleans and re-escapes paths with Go's rules, and its redirects show
//! them. Everything here is pure and works on bytes, because a decoded path need not be UTF-8.
//! Next: `super::route`, which decides what a path means.

use std::borrow::Cow;

/// The path of a request: as it came, and decoded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct RequestPath<'r> {
    /// As the client sent it, without the query.
    pub raw: &'r str,
    /// With every `%XX` decoded; `%2F` is a slash from here on, as upstream has it.
    pub decoded: Cow<'r, [u8]>,
}

impl<'r> RequestPath<'r> {
    /// Decodes a path; `None` where a `%` is not followed by two hex digits (Go answers 400).
    pub(super) fn decode(raw: &'r str) -> Option<Self> {
        let bytes = raw.as_bytes();
        let mut at = 0;
        while let Some(offset) = bytes[at..].iter().position(|&byte| byte == b'%') {
            let digits = bytes.get(at + offset + 1..at + offset + 3)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            at += offset + 3;
        }
        Some(Self {
            raw,
            decoded: percent_encoding::percent_decode(bytes).into(),
        })
    }

    /// Go's `URL.EscapedPath`: the raw spelling where that is a legal one, else a fresh escaping.
    pub(super) fn escaped(&self) -> Cow<'r, str> {
        if self
            .raw
            .bytes()
            .all(|byte| byte == b'%' || byte == b'/' || is_legal_raw(byte))
        {
            Cow::Borrowed(self.raw)
        } else {
            Cow::Owned(escape(&self.decoded))
        }
    }
}

/// Bytes that Go lets stand unescaped in a raw path (`validEncoded`).
fn is_legal_raw(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@[]".contains(&byte)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// Escapes a decoded path as Go's `URL.String` does.
pub(super) fn escape(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if is_unreserved(byte) || b"$&+,/:;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

/// Removes empty, `.` and `..` elements of a rooted path; a trailing slash stays.
///
/// `trailing_dot_is_slash` is the one point where Go's two cleaners differ: httprouter's reads
/// `/a/.` as `/a/`, `path.Clean` as `/a`.
pub(super) fn clean(path: &[u8], trailing_dot_is_slash: bool) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|&byte| byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            _ => kept.push(element),
        }
    }
    let mut out = Vec::with_capacity(path.len() + 1);
    for element in &kept {
        out.push(b'/');
        out.extend_from_slice(element);
    }
    let trailing = path.ends_with(b"/") || (trailing_dot_is_slash && path.ends_with(b"/."));
    if kept.is_empty() || trailing {
        out.push(b'/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_or_refuses() {
        let decode = |raw| RequestPath::decode(raw).map(|path| path.decoded.into_owned());
        assert_eq!(decode("/a%2Fb").as_deref(), Some(&b"/a/b"[..]));
        assert_eq!(decode("/%ff+").as_deref(), Some(&b"/\xff+"[..]));
        for bad in ["/%", "/%2", "/%zz", "/%2g", "/a%"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn escapes_as_go_does() {
        assert_eq!(
            escape(b"/a b\"<\xff:@;=,+$&!*'()[]~"),
            "/a%20b%22%3C%FF:@;=,+$&%21%2A%27%28%29%5B%5D~"
        );
        assert_eq!(
            RequestPath::decode("/a!b%2f").expect("valid").escaped(),
            "/a!b%2f"
        );
        assert_eq!(
            RequestPath::decode("/a|b%2f").expect("valid").escaped(),
            "/a%7Cb/"
        );
    }

    #[test]
    fn cleans() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/a//b", "/a/b"),
            ("/a/./b/", "/a/b/"),
            ("/a/../b", "/b"),
            ("/../..", "/"),
            ("/a/..", "/"),
            ("/a/b/../", "/a/"),
            ("/a/.", "/a"),
        ] {
            assert_eq!(clean(path.as_bytes(), false), expected.as_bytes(), "{path}");
        }
        assert_eq!(clean(b"/a/.", true), b"/a/");
    }
}

//! Name and labels of a line, which text 0.0.4 and OpenMetrics spell alike; only the numbers of `le` and
//! `quantile` differ.

use crate::model::Label;
use crate::name::{self, Escaping};

/// The same labels again and again, under a name with changing suffix.
pub(crate) struct SeriesWriter<'m> {
    name: &'m str,
    /// Whether the name stands before the braces; others stand quoted inside.
    classic: bool,
    labels: &'m [Label<'m>],
    escaping: Escaping,
    /// How a bound or quantile is spelled.
    put_bound: fn(f64, &mut Vec<u8>),
    /// Where in the page the labels stand since the first line: escaping them once is enough.
    rendered: Option<(usize, usize)>,
}

impl<'m> SeriesWriter<'m> {
    /// For one metric whose name is spelled already and may be empty, where only a suffix is left. All
    /// lines must go to one page, from which nothing is taken in between.
    pub(crate) fn new(
        name: &'m str,
        labels: &'m [Label<'m>],
        escaping: Escaping,
        put_bound: fn(f64, &mut Vec<u8>),
    ) -> Self {
        Self {
            name,
            // All suffixes are classic.
            classic: name.is_empty() || name::is_classic_metric_name(name),
            labels,
            escaping,
            put_bound,
            rendered: None,
        }
    }

    /// Writes name and labels with the blank behind them; `extra` is the label that a bucket or quantile
    /// adds behind the others.
    pub(crate) fn put(&mut self, suffix: &str, extra: Option<(&str, f64)>, out: &mut Vec<u8>) {
        let inside = self.put_name(suffix, out);
        if !self.labels.is_empty() {
            out.push(if inside { b',' } else { b'{' });
            self.put_labels(out);
        }
        let mut open = inside || !self.labels.is_empty();
        if let Some((name, bound)) = extra {
            out.push(if open { b',' } else { b'{' });
            open = true;
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            (self.put_bound)(bound, out);
            out.push(b'"');
        }
        out.extend_from_slice(if open { b"} " } else { b" " });
    }

    /// Writes the name; says whether that has opened the braces.
    fn put_name(&self, suffix: &str, out: &mut Vec<u8>) -> bool {
        if self.classic {
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(suffix.as_bytes());
            return false;
        }
        out.extend_from_slice(b"{\"");
        put_quoted(self.name, out);
        out.extend_from_slice(suffix.as_bytes());
        out.push(b'"');
        true
    }

    fn put_labels(&mut self, out: &mut Vec<u8>) {
        if let Some((start, end)) = self.rendered {
            out.extend_from_within(start..end);
            return;
        }
        let start = out.len();
        put_labels(self.labels, self.escaping, out);
        self.rendered = Some((start, out.len()));
    }
}

/// Writes labels with commas between, without braces.
pub(crate) fn put_labels(labels: &[Label<'_>], escaping: Escaping, out: &mut Vec<u8>) {
    for (at, label) in labels.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let name = name::spell_label(&label.name, escaping);
        // Upstream treats the value of this label as the metric name it is.
        if label.name == "__name__" {
            put_label(&name, &name::spell(&label.value, escaping), out);
        } else {
            put_label(&name, &label.value, out);
        }
    }
}

/// Writes one label whose name is spelled already.
pub(crate) fn put_label(name: &str, value: &str, out: &mut Vec<u8>) {
    put_label_name(name, out);
    out.extend_from_slice(b"=\"");
    put_quoted(value, out);
    out.push(b'"');
}

/// Writes a metric name as it is, or quoted where it is not classic.
pub(crate) fn put_name(name: &str, out: &mut Vec<u8>) {
    put_bare_or_quoted(name, name::is_classic_metric_name(name), out);
}

/// Writes a label name as it is, or quoted where it is not classic; upstream does not quote a colon,
/// and no reader takes that.
fn put_label_name(name: &str, out: &mut Vec<u8>) {
    put_bare_or_quoted(name, name::is_classic_label_name(name), out);
}

fn put_bare_or_quoted(name: &str, bare: bool, out: &mut Vec<u8>) {
    if bare {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.push(b'"');
        put_quoted(name, out);
        out.push(b'"');
    }
}

/// Writes what stands between quotes: `\`, `"` and line feed are escaped.
pub(crate) fn put_quoted(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr3(b'\\', b'"', b'\n', rest) {
        put_escape(&mut rest, at, out);
    }
    out.extend_from_slice(rest);
}

/// Writes up to and with the byte at `at`, escaped, and goes on behind it.
pub(crate) fn put_escape(rest: &mut &[u8], at: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&rest[..at]);
    out.push(b'\\');
    out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
    *rest = &rest[at + 1..];
}

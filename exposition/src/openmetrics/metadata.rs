//! Lines about a family: `# HELP`, `# TYPE` and `# UNIT`.

use std::borrow::Cow;

use super::line::Line;
use super::part::shown;
use super::token::{Cursor, unescape};
use crate::error::{ReadError, Result};
use crate::model::Kind;

/// `# HELP`, `# TYPE` and `# UNIT`.
pub(super) fn metadata<'a, 'r>(line: &'a str) -> Result<Line<'a, 'r>> {
    let mut cursor = Cursor::new(line);
    let keyword = ["# HELP ", "# TYPE ", "# UNIT "]
        .into_iter()
        .find(|keyword| cursor.eat(keyword));
    let Some(keyword) = keyword else {
        return Err(ReadError::new(format!(
            "expected # HELP, # TYPE, # UNIT or # EOF, got {:?}",
            shown(line)
        )));
    };
    let name = match cursor.peek() {
        Some(b'"') => cursor.quoted().unwrap_or_default(),
        _ => Cow::Borrowed(cursor.metric_name()),
    };
    if name.is_empty() {
        return Err(ReadError::new(format!(
            "expected a metric name, got {:?}",
            shown(cursor.rest())
        )));
    }
    said(keyword, name.clone(), cursor.rest()).map_err(|error| ReadError {
        family: Some(name.into_owned()),
        ..error
    })
}

/// What a line says with a keyword of a name, behind which `rest` stands.
fn said<'a, 'r>(keyword: &str, name: Cow<'a, str>, rest: &'a str) -> Result<Line<'a, 'r>> {
    let Some(text) = rest.strip_prefix(' ') else {
        return Err(ReadError::new(format!(
            "expected a blank and text in {}",
            keyword.trim_end()
        )));
    };
    match keyword {
        "# HELP " => Ok(Line::Help {
            name,
            text: unescape(text),
        }),
        "# TYPE " => match kind(text) {
            Some(kind) => Ok(Line::Type { name, kind }),
            None => Err(ReadError::new(format!(
                "invalid metric type {:?}",
                shown(text)
            ))),
        },
        _ => {
            let ends = name
                .strip_suffix(text)
                .is_some_and(|before| before.ends_with('_'));
            if text.is_empty() || ends {
                Ok(Line::Unit { name, unit: text })
            } else {
                Err(ReadError::new(format!(
                    "the name does not end with the unit {:?}",
                    shown(text)
                )))
            }
        }
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "gaugehistogram" => Kind::GaugeHistogram,
        "summary" => Kind::Summary,
        "info" => Kind::Info,
        "stateset" => Kind::StateSet,
        "unknown" => Kind::Untyped,
        _ => return None,
    })
}

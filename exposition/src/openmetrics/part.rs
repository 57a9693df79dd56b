//! The parts of a sample line: labels, numbers, times.

use std::borrow::Cow;

use super::token::Cursor;
use crate::error::{ReadError, Result};
use crate::model::{Label, Timestamp};
use crate::number;

/// Reads labels behind their brace. A quoted string alone is the metric's name, where it may have one.
pub(super) fn read_labels<'a>(
    cursor: &mut Cursor<'a>,
    mut metric: Option<&mut Option<Cow<'a, str>>>,
    label_count_max: usize,
    labels: &mut Vec<Label<'a>>,
) -> Result<()> {
    while !cursor.eat("}") {
        let quoted = cursor.peek() == Some(b'"');
        let name = match quoted {
            true => cursor
                .quoted()
                .ok_or_else(|| ReadError::new("a quoted name does not end"))?,
            false => Cow::Borrowed(cursor.label_name()),
        };
        if name.is_empty() {
            return Err(ReadError::new(format!(
                "expected a label name, got {:?}",
                shown(cursor.rest())
            )));
        }
        match &mut metric {
            Some(metric) if quoted && matches!(cursor.peek(), Some(b',' | b'}')) => {
                if metric.replace(name).is_some() {
                    return Err(ReadError::new("the metric has two names"));
                }
            }
            _ => {
                let value = label_value(cursor).map_err(|error| ReadError {
                    label: Some(name.to_string()),
                    ..error
                })?;
                if labels.len() == label_count_max {
                    return Err(ReadError::of_labels(label_count_max));
                }
                labels.push(Label { name, value });
            }
        }
        if !cursor.eat(",") && cursor.peek() != Some(b'}') {
            return Err(ReadError::new(format!(
                "expected a comma or brace, got {:?}",
                shown(cursor.rest())
            )));
        }
    }
    check_distinct(labels)
}

fn label_value<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>> {
    if !cursor.eat("=") {
        return Err(ReadError::new(format!(
            "expected an equals sign, got {:?}",
            shown(cursor.rest())
        )));
    }
    cursor
        .quoted()
        .ok_or_else(|| ReadError::new("expected a quoted label value"))
}

fn check_distinct(labels: &[Label<'_>]) -> Result<()> {
    // Few labels, nearly always: comparing each with each is cheapest, and bounded.
    let twice = if labels.len() <= 16 {
        labels
            .iter()
            .enumerate()
            .find(|(at, label)| labels[..*at].iter().any(|before| before.name == label.name))
            .map(|(_, label)| &label.name)
    } else {
        let mut names: Vec<_> = labels.iter().map(|label| &label.name).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    };
    match twice {
        Some(name) => Err(ReadError {
            label: Some(name.to_string()),
            ..ReadError::new("the label stands twice")
        }),
        None if labels.iter().any(|label| label.name == "__name__") => Err(ReadError {
            label: Some("__name__".to_owned()),
            ..ReadError::new("the name stands before the braces")
        }),
        None => Ok(()),
    }
}

pub(super) fn float(cursor: &mut Cursor<'_>, what: &str) -> Result<f64> {
    let before = cursor.rest();
    let word = cursor.word().ok_or_else(|| {
        ReadError::new(format!(
            "expected one blank and {what}, got {:?}",
            shown(before)
        ))
    })?;
    number::parse(word.as_bytes())
        .ok_or_else(|| ReadError::new(format!("expected {what}, got {:?}", shown(word))))
}

/// A timestamp in float seconds.
pub(super) fn time(cursor: &mut Cursor<'_>) -> Result<f64> {
    let seconds = float(cursor, "a timestamp")?;
    if seconds.is_finite() {
        Ok(seconds)
    } else {
        Err(ReadError::new(format!("invalid timestamp {seconds}")))
    }
}

/// Float seconds as whole nanoseconds: as few decimals as tell the float apart, so that `1.789`
/// becomes 789 milliseconds and not a little less.
pub(super) fn timestamp(time: f64) -> Timestamp {
    let whole = time.floor();
    let fraction = time - whole;
    let decimals = [1.0, 1e3, 1e6]
        .into_iter()
        .find(|&scale| whole + (fraction * scale).round() / scale == time);
    let nanos = match decimals {
        Some(scale) => (fraction * scale).round() * (1e9 / scale),
        None => (fraction * 1e9).round(),
    };
    // Rounding up to a full second is carried over.
    if nanos >= 1e9 {
        return Timestamp {
            seconds: (whole as i64).saturating_add(1),
            nanos: 0,
        };
    }
    Timestamp {
        seconds: whole as i64,
        nanos: nanos as i32,
    }
}

/// The beginning of a text, short enough for a message.
pub(super) fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

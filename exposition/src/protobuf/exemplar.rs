//! What metrics and exemplars both hold: labels, texts, timestamps; and exemplars themselves.

use std::borrow::Cow;

use super::budget::Budget;
use super::wire::{Fields, Wire};
use crate::error::{ReadError, Result};
use crate::model::{Exemplar, Label, Timestamp};

pub(super) fn empty_exemplar<'a>() -> Box<Exemplar<'a>> {
    Box::new(Exemplar {
        labels: Vec::new(),
        value: 0.0,
        timestamp: None,
    })
}

pub(super) fn read_exemplar<'a>(
    message: &'a [u8],
    exemplar: &mut Exemplar<'a>,
    budget: &mut Budget,
) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => push_label(bytes, &mut exemplar.labels, budget)?,
            (2, Wire::Fixed64(bits)) => exemplar.value = f64::from_bits(bits),
            (3, Wire::Bytes(bytes)) => read_timestamp(bytes, &mut exemplar.timestamp)?,
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn read_timestamp(message: &[u8], timestamp: &mut Option<Timestamp>) -> Result<()> {
    let timestamp = timestamp.get_or_insert(Timestamp {
        seconds: 0,
        nanos: 0,
    });
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(value)) => timestamp.seconds = value as i64,
            (2, Wire::Varint(value)) => timestamp.nanos = value as i32,
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn push_label<'a>(
    message: &'a [u8],
    labels: &mut Vec<Label<'a>>,
    budget: &Budget,
) -> Result<()> {
    if labels.len() == budget.label_count_max() {
        return Err(ReadError::of_labels(labels.len()));
    }
    let mut label = Label::new("", "");
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => label.name = text(bytes, "a label name")?,
            (2, Wire::Bytes(bytes)) => {
                label.value = text(bytes, "the label value").map_err(|error| ReadError {
                    label: Some(label.name.to_string()),
                    ..error
                })?;
            }
            _ => {}
        }
    }
    labels.push(label);
    Ok(())
}

pub(super) fn text<'a>(bytes: &'a [u8], what: &str) -> Result<Cow<'a, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => Err(ReadError::of_content(format!("{what} is not valid UTF-8"))),
    }
}

//! The types a gob defines, and where in them what we read stands.

use std::collections::HashMap;

use super::wire::Reader;
use super::{GobError, Result};

/// The number of `string`, which need not be defined.
const TEXT: i64 = 6;
/// More types than this are not of the file we read. It defines some thirty: Go also tells what is in the families,
/// though they encode themselves.
const TYPES_MAX: usize = 256;
/// More fields of a struct than this neither.
const FIELDS_MAX: u64 = 256;

/// A type, as far as it matters here.
enum Type<'a> {
    Map {
        key: i64,
        element: i64,
    },
    Struct(Vec<(&'a [u8], i64)>),
    /// One that encodes itself.
    Own,
    /// An array or a slice.
    List,
}

/// The types defined so far, by number.
#[derive(Default)]
pub(super) struct Types<'a>(HashMap<i64, Type<'a>>);

/// The numbers of the fields we read.
pub(super) struct Plan {
    pub(super) labels: usize,
    pub(super) metrics: usize,
    pub(super) timestamp: usize,
    pub(super) family: usize,
}

impl<'a> Types<'a> {
    /// Takes a definition in; `false` where the message is a value, whose type's number is left to be read.
    pub(super) fn define_from(&mut self, message: &mut Reader<'a>) -> Result<bool> {
        let mut ahead = Reader::clone(message);
        let number = ahead.int()?;
        if number >= 0 {
            return Ok(false);
        }
        *message = ahead;
        let defined = read_type(message)?;
        if !message.is_empty() || self.0.len() == TYPES_MAX {
            return Err(GobError("a type is broken"));
        }
        self.0.insert(number.checked_neg().unwrap_or(0), defined);
        Ok(true)
    }

    /// Where things stand in a value of this type.
    pub(super) fn plan(&self, number: i64) -> Result<Plan> {
        let group = self.element(number)?;
        let (labels, of_labels) = self.field(group, "Labels")?;
        let (metrics, of_metrics) = self.field(group, "Metrics")?;
        let held = self.element(of_metrics)?;
        let (timestamp, of_timestamp) = self.field(held, "Timestamp")?;
        let (family, of_family) = self.field(held, "GobbableMetricFamily")?;
        let own = |number| matches!(self.0.get(&number), Some(Type::Own));
        if self.element(of_labels)? != TEXT || !own(of_timestamp) || !own(of_family) {
            return Err(GobError("a field has another type than it should"));
        }
        Ok(Plan {
            labels,
            metrics,
            timestamp,
            family,
        })
    }

    /// The type of the elements of a map with text keys.
    fn element(&self, number: i64) -> Result<i64> {
        match self.0.get(&number) {
            Some(Type::Map { key: TEXT, element }) => Ok(*element),
            _ => Err(GobError("it does not hold the map it should")),
        }
    }

    /// A field's number and type.
    fn field(&self, number: i64, name: &str) -> Result<(usize, i64)> {
        let Some(Type::Struct(fields)) = self.0.get(&number) else {
            return Err(GobError("it does not hold the struct it should"));
        };
        let found = fields
            .iter()
            .position(|(field, _)| *field == name.as_bytes());
        let found = found.ok_or(GobError("a field is missing"))?;
        Ok((found, fields[found].1))
    }
}

/// Go's `wireType`: a struct of which one field is there, which says what kind of type it is.
fn read_type<'a>(reader: &mut Reader<'a>) -> Result<Type<'a>> {
    let mut read = None;
    reader.fields(|kind, reader| {
        read = Some(match kind {
            2 => read_struct(reader)?,
            3 => read_map(reader)?,
            0 | 1 => read_list(reader)?,
            4..=6 => {
                reader.fields(|field, reader| common(field, reader))?;
                Type::Own
            }
            _ => return Err(GobError("a type is of a kind that should not be there")),
        });
        Ok(())
    })?;
    read.ok_or(GobError("a type is empty"))
}

fn read_map<'a>(reader: &mut Reader<'a>) -> Result<Type<'a>> {
    let (mut key, mut element) = (0, 0);
    reader.fields(|field, reader| {
        match field {
            1 => key = reader.int()?,
            2 => element = reader.int()?,
            _ => common(field, reader)?,
        }
        Ok(())
    })?;
    Ok(Type::Map { key, element })
}

/// The type of the elements, and of an array their number.
fn read_list<'a>(reader: &mut Reader<'a>) -> Result<Type<'a>> {
    reader.fields(|field, reader| match field {
        1 | 2 => reader.int().map(drop),
        _ => common(field, reader),
    })?;
    Ok(Type::List)
}

fn read_struct<'a>(reader: &mut Reader<'a>) -> Result<Type<'a>> {
    let mut fields = Vec::new();
    reader.fields(|field, reader| {
        if field != 1 {
            return common(field, reader);
        }
        let count = reader.uint()?;
        if count > FIELDS_MAX {
            return Err(GobError("a struct has too many fields"));
        }
        for _ in 0..count {
            fields.push(name_and_number(reader)?);
        }
        Ok(())
    })?;
    Ok(Type::Struct(fields))
}

/// What every kind of type begins with: its own name and number, which nobody needs.
fn common(field: usize, reader: &mut Reader<'_>) -> Result<()> {
    match field {
        0 => name_and_number(reader).map(drop),
        _ => Err(GobError("a type has an unknown field")),
    }
}

fn name_and_number<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], i64)> {
    let mut read: (&[u8], i64) = (&[], 0);
    reader.fields(|field, reader| {
        match field {
            0 => read.0 = reader.bytes()?,
            1 => read.1 = reader.int()?,
            _ => return Err(GobError("a type has an unknown field")),
        }
        Ok(())
    })?;
    Ok(read)
}

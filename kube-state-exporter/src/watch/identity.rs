//! Whose object it is: as much as can be found, without reading the object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::object::Text;
use crate::samples::Owner;

/// Names of an object; empty where they were not found.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Identity {
    pub(super) owner: Owner,
    pub(super) uid: String,
    pub(super) version: String,
}

impl Identity {
    /// Reads up to the end of `metadata`, which comes first, or to where the JSON is broken.
    pub(super) fn find(json: &[u8]) -> Self {
        let mut identity = Self::default();
        let mut reader = serde_json::Deserializer::from_slice(json);
        // It always fails, if only because it stops in the middle.
        let _ = Object(&mut identity).deserialize(&mut reader);
        identity
    }
}

/// Reads an object as far as its metadata.
struct Object<'i>(&'i mut Identity);

/// Reads the metadata.
struct Metadata<'i>(&'i mut Identity);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key == "metadata" {
                map.next_value_seed(Metadata(self.0))?;
                return Err(A::Error::custom("enough"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Metadata<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let field = match &*key {
                "name" => &mut self.0.owner.name,
                "namespace" => &mut self.0.owner.namespace,
                "uid" => &mut self.0.uid,
                "resourceVersion" => &mut self.0.version,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            field.push_str(&map.next_value::<Text<'de>>()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, names: [&str; 4]) {
        let found = Identity::find(json.as_bytes());
        let owner = found.owner;
        assert_eq!(
            [owner.namespace, owner.name, found.uid, found.version],
            names,
            "{json}"
        );
    }

    #[test]
    fn it_is_found_in_whole_and_in_broken_objects() {
        check(
            r#"{"kind":"Pod","metadata":{"name":"x","namespace":"n","uid":"u","resourceVersion":"7"},"spec":{"#,
            ["n", "x", "u", "7"],
        );
        check(
            r#"{"metadata":{"uid":"u","labels":{"name":"no"},"name":"x"}}"#,
            ["", "x", "u", ""],
        );
        check(r#"{"metadata":{"name":"x","uid":"#, ["", "x", "", ""]);
        check(r#"{"spec":{"metadata":{"name":"no"}}}"#, [""; 4]);
        check(r#"{"metadata":7}"#, [""; 4]);
        check("", [""; 4]);
    }
}

//! JSON as a token may hold it: one object, at most [`DEEPEST`] levels, no member twice (JWT-35).

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The deepest nesting of objects and arrays that is read (JWT-35).
pub const DEEPEST: usize = 16;

/// Reads one JSON object.
///
/// # Errors
/// Text that is no JSON, is no object, repeats a member or is nested too deeply; the message quotes no value.
pub(super) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Level(1).deserialize(&mut reader).map_err(|error| without_values(&error))?;
    reader.end().map_err(|_| "more follows after the JSON object".to_owned())?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err("it is JSON, and not an object".to_owned()),
    }
}

/// The reader's message, which names members and places but may quote a value only where it is no text.
fn without_values(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => error.to_string(),
        _ => format!("it is no JSON at line {} column {}", error.line(), error.column()),
    }
}

/// The level that a value stands on; the outermost object is level 1.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        if self.0 > DEEPEST {
            Err(E::custom(format_args!("it is nested deeper than {DEEPEST} levels")))
        } else {
            Ok(Self(self.0 + 1))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                let name = crate::identifiers::quote(&name);
                return Err(de::Error::custom(format_args!("the member {name} stands there twice")));
            }
            let value = members.next_value_seed(inner)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels))
    }

    // covers: JWT-35
    #[test]
    fn duplicates_depth_and_everything_but_an_object_are_refused() {
        let read = |text: &str| read_object(text.as_bytes());
        assert_eq!(read("{\"a\":[1,true,null,\"x\",1.5]}").unwrap().len(), 1);
        assert!(read(&nested(DEEPEST)).is_ok());
        assert!(read(&nested(DEEPEST + 1)).unwrap_err().contains("deeper than 16"));
        assert!(read("{\"aud\":\"x\",\"aud\":\"y\"}").unwrap_err().contains("\"aud\" stands there twice"));
        assert!(read("{\"a\":{\"b\":1,\"\\u0062\":2}}").is_err());
        for text in ["", "[]", "1", "{} {}", "{\"a\":1,}", "{a:1}", "\u{feff}{}", "{\"a\":1", "{\"a\":\u{0}}"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read_object(b"{\"a\":\"\xff\"}").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in any::<Vec<u8>>()) {
            let _ = read_object(&bytes);
        }
    }
}

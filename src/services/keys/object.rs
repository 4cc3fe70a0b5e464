//! A JSON object (RFC 8259) of which one reading exists: no member twice, at any depth. The usual
//! readers keep the last one, others the first, and so two of them see two tokens in one text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The object in `bytes`; none when they hold anything else, or a member twice. The reader itself
/// gives up on what is nested over a hundred deep.
pub(in crate::services) fn parse(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Once.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// One value, in which each member stands once.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which each member stands once")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("a member stands twice"));
            }
            members.insert(name, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sec_078_what_has_two_readings_or_none_is_refused() {
        let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(parse(deep(20).as_bytes()).is_some());
        for text in [
            r#"{"sub":"ada","sub":"bob"}"#,
            r#"{"sub":"ada","s\u0075b":"bob"}"#,
            r#"{"act":{"sub":"ada","sub":"bob"}}"#,
            r#"{"aud":[{"a":1,"a":2}]}"#,
            r#"{"a":1}{"a":1}"#,
            r#"{"a":1}x"#,
            r#"{"a":1"#,
            r#"["a"]"#,
            "1",
            "",
            &deep(1000),
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}"), None, "no UTF-8");
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_any_reader_reads(text in "[{}\\[\\]:,\"a1. -]{0,40}") {
            if let Some(members) = parse(text.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(Value::Object(members)));
            }
        }
    }
}

//! JSON text (RFC 8259) of which one reading exists: no key twice, nothing deeper than 32, nothing
//! that a database could not keep.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

const DEPTH: usize = 32;

/// Why a text was refused.
pub(super) struct Fault {
    /// The field of the outermost object that was being read.
    pub(super) field: Option<String>,
    /// What is wrong, as a sentence.
    pub(super) message: &'static str,
}

/// Reads a whole body.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let notes = Notes::default();
    let fault = |message| Fault { field: notes.field.take(), message };
    let text = std::str::from_utf8(bytes).map_err(|_| fault("The body is not UTF-8."))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0, notes: &notes }.deserialize(&mut reader).map_err(|error| {
        let general = if error.is_eof() { "The JSON breaks off." } else { "This is not JSON that can be read." };
        fault(notes.message.get().unwrap_or(general))
    })?;
    reader.end().map_err(|_| fault("There is more than one JSON value."))?;
    Ok(value)
}

/// Where the reader is, and what we ourselves found wrong.
#[derive(Default)]
struct Notes {
    field: RefCell<Option<String>>,
    message: Cell<Option<&'static str>>,
}

impl Notes {
    fn refuse<E: de::Error>(&self, message: &'static str) -> E {
        self.message.set(Some(message));
        E::custom(message)
    }

    /// PostgreSQL keeps no NUL in a text. A password is only hashed, and may hold any character.
    fn check<E: de::Error>(&self, text: &str) -> Result<(), E> {
        let is_password = self.field.borrow().as_deref().is_some_and(|field| field.ends_with("password"));
        if text.contains('\0') && !is_password {
            return Err(self.refuse("This holds a character that cannot be kept (NUL)."));
        }
        Ok(())
    }
}

/// One value, so many levels below the top.
#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    notes: &'a Notes,
}

impl Node<'_> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH {
            return Err(self.notes.refuse("The JSON is nested too deeply."));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
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

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.notes.refuse("This number is too large."))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.notes.check(text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if self.depth == 0 {
                self.notes.field.replace(Some(key.clone()));
            }
            if map.contains_key(&key) {
                return Err(self.notes.refuse("This field is there twice."));
            }
            self.notes.check(&key)?;
            let value = entries.next_value_seed(inner)?;
            map.insert(key, value);
            if self.depth == 0 {
                self.notes.field.replace(None);
            }
        }
        Ok(Value::Object(map))
    }
}

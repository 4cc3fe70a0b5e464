//! `application/x-www-form-urlencoded` (URL standard, section 5.1), read strictly: UTF-8 only, no
//! name twice, at most 100 parameters (SEC-127).

use std::borrow::Cow;

use serde::de::value::{Error as ReadError, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Error, ErrorKind, Result};
use crate::web::limits;

/// Names and values, in order; no name twice.
pub type Pairs = Vec<(String, String)>;

/// The parameters of a body.
///
/// # Errors
/// 400 that says what is wrong with the whole.
pub fn parse(body: &[u8]) -> Result<Pairs> {
    let pairs = parse_repeated(body)?;
    let is_repeated = |at: usize| pairs[..at].iter().any(|(known, _)| *known == pairs[at].0);
    match (0..pairs.len()).any(is_repeated) {
        true => Err(Error::new(ErrorKind::InvalidRequest, "The form holds a field twice.")),
        false => Ok(pairs),
    }
}

/// The same, but a name may stand there several times.
///
/// # Errors
/// 400 that says what is wrong with the whole.
pub fn parse_repeated(body: &[u8]) -> Result<Pairs> {
    let refuse = |words| Err(Error::new(ErrorKind::InvalidRequest, words));
    let mut pairs = Pairs::new();
    let Ok(body) = std::str::from_utf8(body) else { return refuse("The form is not UTF-8.") };
    for pair in body.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            return refuse("The form is not UTF-8.");
        };
        if pairs.len() == limits::PARAMETERS {
            return refuse("The form holds too many fields.");
        }
        // As in JSON: only a password may hold a NUL, which no database keeps in a text.
        if value.contains('\0') && !name.ends_with("password") {
            return refuse("The form holds a character that cannot be kept (NUL).");
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn decode(text: &str) -> Option<String> {
    // A token holds nothing that is encoded; these searches take many bytes at a time.
    if !text.contains('%') && !text.contains('+') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match (first, tail) {
            (b'+', _) => (b' ', tail),
            (b'%', [high, low, tail @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, tail),
                _ => (b'%', &rest[1..]),
            },
            _ => (*first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

fn digit(letter: u8) -> Option<u8> {
    u8::try_from(char::from(letter).to_digit(16)?).ok()
}

/// The value of one parameter.
#[must_use]
pub fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The parameters as a `T`; those that it does not know are ignored.
///
/// # Errors
/// 400 when one that is needed is missing or cannot be read.
pub fn read<T: DeserializeOwned>(pairs: Pairs) -> Result<T> {
    read_text(pairs.into_iter().map(|(name, value)| (name, Text(value.into()))))
}

/// The same from parameters that stay where they are.
///
/// # Errors
/// As [`read`].
pub fn read_borrowed<'a, T: DeserializeOwned>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<T> {
    read_text(pairs.map(|(name, value)| (name, Text(value.into()))))
}

fn read_text<'a, 'de, T, N>(values: impl Iterator<Item = (N, Text<'a>)>) -> Result<T>
where
    T: DeserializeOwned,
    N: IntoDeserializer<'de, ReadError>,
{
    T::deserialize(MapDeserializer::new(values))
        .map_err(|error: ReadError| Error::from(ErrorKind::InvalidRequest).because(error))
}

/// A value; whatever has one is `Some`, and a ticked box is `on`.
struct Text<'a>(Cow<'a, str>);

impl IntoDeserializer<'_, ReadError> for Text<'_> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Cow::Owned(text) => visitor.visit_string(text),
            Cow::Borrowed(text) => visitor.visit_str(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_bool(matches!(&*self.0, "on" | "true" | "1"))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.0.into_owned().into_deserializer().deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

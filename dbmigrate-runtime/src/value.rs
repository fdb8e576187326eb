//! Values that pass between the runner and a driver.

use std::time::Duration;

/// A SQLite value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `NULL`
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text; invalid UTF-8 is replaced.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// Takes it, and leaves `NULL`.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Null)
    }

    /// Takes the text that it is.
    pub(crate) fn take_text(&mut self) -> Option<String> {
        match self {
            Self::Text(text) => Some(std::mem::take(text)),
            _ => None,
        }
    }
}

/// A text, or `NULL`.
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// One row of a result, by column.
pub type Row = Vec<Value>;

/// A parameter of one of the runner's own statements. It owns nothing, so that who asks has nothing to drop.
#[derive(Clone, Copy)]
pub(crate) enum Param<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Any(&'a Value),
}

impl Param<'_> {
    #[inline(never)]
    pub(crate) fn value(&self) -> Value {
        match *self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Any(value) => value.clone(),
        }
    }
}

pub(crate) fn text(text: &str) -> Param<'_> {
    Param::Text(text)
}

pub(crate) fn optional(value: Option<&str>) -> Param<'_> {
    value.map_or(Param::Null, text)
}

pub(crate) fn micros(duration: Duration) -> Param<'static> {
    Param::Integer(i64::try_from(whole_micros(duration)).unwrap_or(i64::MAX))
}

/// In 64 bits, which are 584,000 years: what writes a number of 128 is large.
pub(crate) fn whole_micros(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()))
}

pub(crate) fn into_text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

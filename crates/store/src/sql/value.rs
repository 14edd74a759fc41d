//! What goes into a statement and what comes out of it.

use crate::error::Result;

/// A value in a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Number(i64::from(truth))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T> From<Option<T>> for Value<'a>
where
    Value<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Value::from)
    }
}

/// One statement of an operation that changes several rows.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value<'a>>,
    /// Whether the operation goes on only when this statement touched a row.
    pub(crate) decides: bool,
}

impl<'a> Step<'a> {
    /// A statement that must touch a row, or the operation is refused.
    pub(crate) fn deciding(sql: &'static str, values: impl Into<Vec<Value<'a>>>) -> Self {
        Self { sql, values: values.into(), decides: true }
    }

    /// A statement that may touch any number of rows.
    pub(crate) fn following(sql: &'static str, values: impl Into<Vec<Value<'a>>>) -> Self {
        Self { sql, values: values.into(), decides: false }
    }
}

/// A row of an answer, its columns counted from 0.
pub(crate) trait Row {
    fn number(&self, column: usize) -> Result<i64>;
    fn optional_number(&self, column: usize) -> Result<Option<i64>>;
    fn text(&self, column: usize) -> Result<String>;
    fn optional_text(&self, column: usize) -> Result<Option<String>>;
    fn bytes(&self, column: usize) -> Result<Vec<u8>>;
    fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>>;
    fn is_null(&self, column: usize) -> Result<bool>;
}

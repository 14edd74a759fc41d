//! A question whose conditions depend on what is asked for.

use super::Value;

/// A statement that grows. `{}` in a piece stands for its next value.
pub(crate) struct Query<'a> {
    sql: String,
    values: Vec<Value<'a>>,
}

impl<'a> Query<'a> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// Adds a piece with its values.
    pub(crate) fn then(&mut self, piece: &'static str, values: impl IntoIterator<Item = Value<'a>>) {
        let mut values = values.into_iter();
        self.sql.push(' ');
        for (place, part) in piece.split("{}").enumerate() {
            if place > 0 {
                self.value(values.next().unwrap_or(Value::Null));
            }
            self.sql.push_str(part);
        }
    }

    /// Adds a condition.
    pub(crate) fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value<'a>>) {
        self.sql.push_str(" and");
        self.then(condition, values);
    }

    /// Adds the condition that a column has one of these values. There is at least one.
    pub(crate) fn and_one_of(&mut self, column: &'static str, values: impl IntoIterator<Item = Value<'a>>) {
        let mut values = values.into_iter().peekable();
        let first = values.next().unwrap_or(Value::Null);
        self.sql.push_str(" and ");
        self.sql.push_str(column);
        if values.peek().is_none() {
            // SQLite makes a table of its own for every list, even for a list of one.
            self.sql.push_str(" = ");
            return self.value(first);
        }
        self.sql.push_str(" in (");
        self.value(first);
        for value in values {
            self.sql.push(',');
            self.value(value);
        }
        self.sql.push(')');
    }

    fn value(&mut self, value: Value<'a>) {
        self.values.push(value);
        self.sql.push('?');
        self.sql.push_str(&self.values.len().to_string());
    }

    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn values(&self) -> &[Value<'a>] {
        &self.values
    }
}

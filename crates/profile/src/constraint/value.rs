//! Values in the text form of profiles: a primitive in quotes, anything else in braces with the names of what is inside.
//!
//! ```text
//! = "a"
//! = { coding { system "http://a.example" code "a" } }
//! = { "a" extension { url "http://a.example" } }         a primitive that has something inside
//! ```
//!
//! In quotes a backslash stands before a quote and a backslash, and before `n` for a new line.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::Value;
use super::text::Word;

/// How deep a value may be nested.
const DEEPEST: usize = 32;

/// The text of a quoted word that begins behind its quote, and what follows it.
pub(super) fn quoted(inner: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    const OPEN: &str = "a quote that is not closed";
    let end = inner.find(['"', '\\']).ok_or(OPEN)?;
    if inner[end..].starts_with('"') {
        return Ok((Cow::Borrowed(&inner[..end]), &inner[end + 1..]));
    }
    let mut text = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Cow::Owned(text), &inner[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, letter @ ('"' | '\\'))) => text.push(letter),
                _ => return Err("a backslash stands before a quote, a backslash or n"),
            },
            letter => text.push(letter),
        }
    }
    Err(OPEN)
}

/// Reads a value from the words in front.
pub(super) fn read<'t>(words: &mut impl Iterator<Item = Word<'t>>) -> Result<Value, &'static str> {
    match words.next() {
        Some(Word::Quoted(text)) => Ok(Value { text: Some(text.into()), members: Vec::new() }),
        Some(Word::Plain("{")) => members(words, 0),
        _ => Err("expected a value in quotes or braces"),
    }
}

/// What stands between braces, the first of which was read.
fn members<'t>(words: &mut impl Iterator<Item = Word<'t>>, depth: usize) -> Result<Value, &'static str> {
    if depth > DEEPEST {
        return Err("a value is nested too deep");
    }
    let mut value = Value::default();
    loop {
        match words.next() {
            Some(Word::Plain("}")) => return Ok(value),
            Some(Word::Quoted(text)) if value.text.is_none() && value.members.is_empty() => {
                value.text = Some(text.into());
            }
            Some(Word::Plain(name)) if name != "{" => {
                let inside = match words.next() {
                    Some(Word::Quoted(text)) => Value { text: Some(text.into()), members: Vec::new() },
                    Some(Word::Plain("{")) => members(words, depth + 1)?,
                    _ => return Err("expected a value behind the name"),
                };
                value.members.push((name.into(), inside));
            }
            _ => return Err("expected a name or a closing brace"),
        }
    }
}

/// Writes a value as it is read.
pub(super) fn write(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match &value.text {
        Some(text) if value.members.is_empty() => return write_quoted(f, text),
        _ => f.write_char('{')?,
    }
    if let Some(text) = &value.text {
        f.write_char(' ')?;
        write_quoted(f, text)?;
    }
    for (name, member) in &value.members {
        write!(f, " {name} ")?;
        write(f, member)?;
    }
    f.write_str(" }")
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use crate::constraint::read;

    #[test]
    fn a_value_is_read_and_written() {
        let head = "profile http://a 1 of X\n";
        for value in [
            r#""a b""#,
            r#""a \"quoted\" b\\c\nd""#,
            "{ }",
            r#"{ coding { system "http://a.example" code "a" } coding { code "b" } text "c" }"#,
            r#"{ "a" extension { url "http://a.example" } }"#,
        ] {
            let text = format!("{head}  a = {value}\n  b ~ {value}\n");
            assert_eq!(read(&text).unwrap_or_else(|error| panic!("{error} {text}"))[0].to_string(), text);
        }
    }

    #[test]
    fn a_value_that_is_not_whole_is_refused() {
        let deep = "{ a ".repeat(1000);
        for value in
            ["", "{", "{ a }", "{ a b }", "\"a", "\"a\\", "\"a\\x\"", "{ a \"x\" \"y\" }", "} }", deep.as_str()]
        {
            let text = format!("profile http://a 1 of X\n  a = {value}\n");
            assert_eq!(read(&text).expect_err(value).line, 2, "{value}");
        }
    }
}

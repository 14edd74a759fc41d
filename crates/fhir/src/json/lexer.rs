//! The tokens of JSON (RFC 8259), strictly.

use std::borrow::Cow;

use crate::issue::Fault;

/// A cursor over a JSON text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'s> {
    source: &'s str,
    /// Where the next token begins, in bytes.
    pub(super) at: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str, at: usize) -> Self {
        Lexer { source, at }
    }

    fn byte(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    /// Passes white space over and says which byte comes.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes the byte if it is the next one.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes the byte, which must be the next one.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    /// Says that something else than `expected` came.
    pub(super) fn unexpected(&mut self, expected: &'static str) -> Fault {
        let rest = match self.peek() {
            Some(_) => self.source.get(self.at..).unwrap_or_default(),
            None => return Fault::malformed(self.at, format!("expected {expected}, but the text ends here")),
        };
        if rest.starts_with("//") || rest.starts_with("/*") {
            return Fault::forbidden(self.at, "JSON has no comments; take the comment out");
        }
        match rest.chars().next() {
            Some(letter) if !letter.is_control() => {
                Fault::malformed(self.at, format!("expected {expected}, got '{letter}'"))
            }
            _ => Fault::malformed(self.at, format!("expected {expected}, got a control character")),
        }
    }

    /// Takes `true`, `false` or `null`.
    pub(super) fn literal(&mut self, word: &'static str) -> Result<(), Fault> {
        let rest = self.source.as_bytes().get(self.at..).unwrap_or_default();
        let ends = !rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if rest.starts_with(word.as_bytes()) && ends {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.unexpected("a string, a number, an object, an array, true, false or null"))
        }
    }

    /// Takes a number and returns its digits as they are.
    pub(super) fn number(&mut self) -> Result<&'s str, Fault> {
        let start = self.at;
        let rest = self.source.as_bytes().get(start..).unwrap_or_default();
        let (length, complete) = number_length(rest);
        self.at += length;
        if !complete {
            return Err(self.unexpected("a digit, as numbers in JSON have them"));
        }
        if let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-') = self.byte() {
            return Err(Fault::malformed(
                start,
                "not a number in JSON: no leading zeros, no '+', nothing behind the digits",
            ));
        }
        Ok(self.source.get(start..self.at).unwrap_or_default())
    }

    /// Takes a string, its opening quote being next.
    pub(super) fn string(&mut self) -> Result<Cow<'s, str>, Fault> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        match self.plain_run()? {
            b'"' => {
                let text = self.source.get(start..self.at).unwrap_or_default();
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.string_with_escapes(start).map(Cow::Owned),
        }
    }

    /// Moves to the next quote or backslash and returns it.
    fn plain_run(&mut self) -> Result<u8, Fault> {
        let rest = self.source.as_bytes().get(self.at..).unwrap_or_default();
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)) {
            Some(length) => {
                self.at += length;
                match rest.get(length) {
                    Some(byte @ (b'"' | b'\\')) => Ok(*byte),
                    _ => Err(Fault::malformed(self.at, "a control character in a string must be written as an escape")),
                }
            }
            None => Err(Fault::malformed(
                self.source.len(),
                "expected '\"' at the end of the string, but the text ends here",
            )),
        }
    }

    fn string_with_escapes(&mut self, start: usize) -> Result<String, Fault> {
        let mut text = String::from(self.source.get(start..self.at).unwrap_or_default());
        loop {
            let run = self.at;
            let stop = self.plain_run()?;
            text.push_str(self.source.get(run..self.at).unwrap_or_default());
            self.at += 1;
            if stop == b'"' {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// Takes what follows a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let backslash = self.at - 1;
        let letter = self.byte();
        self.at += 1;
        Ok(match letter {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(backslash),
            _ => {
                return Err(Fault::malformed(backslash, r#"expected one of \" \\ \/ \b \f \n \r \t \u0000 to \uFFFF"#));
            }
        })
    }

    fn unicode_escape(&mut self, backslash: usize) -> Result<char, Fault> {
        let lone = || Fault::malformed(backslash, "half of a surrogate pair stands for no character");
        let first = self.four_digits(backslash)?;
        if !(0xD800..0xE000).contains(&first) {
            return char::from_u32(first).ok_or_else(lone);
        }
        if first >= 0xDC00 || self.source.as_bytes().get(self.at..self.at + 2) != Some(br"\u") {
            return Err(lone());
        }
        self.at += 2;
        let second = self.four_digits(backslash)?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(lone());
        }
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or_else(lone)
    }

    fn four_digits(&mut self, backslash: usize) -> Result<u32, Fault> {
        let digits = self.source.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let value = digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?));
        match value {
            Some(value) if digits.len() == 4 => {
                self.at += 4;
                Ok(value)
            }
            _ => Err(Fault::malformed(backslash, r"expected four hexadecimal digits after \u")),
        }
    }

    /// Passes one value over without looking at it closely; whatever is wrong in it is found when it is read.
    pub(super) fn skip_value(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => drop(self.string()?),
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                }
                Some(b',' | b':') if open > 0 => self.at += 1,
                Some(_) => self.skip_word()?,
                None => return Err(self.unexpected("a value")),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn skip_word(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected("a value")) } else { Ok(()) }
    }
}

/// Whether a text is a number as JSON writes them.
pub(crate) fn is_number(text: &str) -> bool {
    number_length(text.as_bytes()) == (text.len(), true)
}

/// How far a number reaches, and whether it is complete there.
fn number_length(bytes: &[u8]) -> (usize, bool) {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match bytes.get(at) {
        Some(b'0') => 1,
        _ => digits(at),
    };
    if !bytes.get(at.wrapping_sub(1)).is_some_and(u8::is_ascii_digit) {
        return (at, false);
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + fraction;
        if fraction == 0 {
            return (at, false);
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        at += exponent;
        if exponent == 0 {
            return (at, false);
        }
    }
    (at, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_rfc_8259_calls_one() {
        for good in ["0", "-0", "10", "1.00", "-1.5e10", "1E+2", "1e-2", "12345678901234567890.123"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "1x", " 1", "1 ", "0x1", "NaN", "1.5.2"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        let table = [
            (r#""plain""#, Some("plain")),
            (r#""a\"b\\c\/d\b\f\n\r\t""#, Some("a\"b\\c/d\u{8}\u{C}\n\r\t")),
            (r#""\u00e9\u20AC\uD83D\uDE00""#, Some("é€😀")),
            (r#""\ud800""#, None),
            (r#""\udc00\ud800""#, None),
            (r#""\ud800\u0041""#, None),
            (r#""\u12""#, None),
            (r#""\u+123""#, None),
            (r#""\x""#, None),
            ("\"tab\there\"", None),
            (r#""open"#, None),
            (r#""open\"#, None),
        ];
        for (source, expected) in table {
            let got = Lexer::new(source, 0).string().ok();
            assert_eq!(got.as_deref(), expected, "{source}");
        }
    }
}

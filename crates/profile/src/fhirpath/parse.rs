//! From the text of a FHIRPath expression to its tree: lexer and parser, with limits on length and depth.

use std::fmt;

/// An expression, ready to be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// `{}`, or what a trace leaves.
    Empty,
    /// A constant.
    Literal(Literal),
    /// `$this`.
    This,
    /// `%resource`, `%ucum` …, without the sign.
    External(Box<str>),
    /// The children of that name, of what the first expression gives; of the focus where there is none.
    Child(Option<Box<Expression>>, Box<str>),
    /// A function of what the first expression gives; of the focus where there is none.
    Call(Option<Box<Expression>>, Box<str>, Vec<Expression>),
    /// `[n]`.
    Index(Box<Expression>, Box<Expression>),
    /// `-x`.
    Negative(Box<Expression>),
    /// Two expressions and what joins them.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `is` and `as` with the name of a type.
    OfType { keep: bool, of: Box<Expression>, type_name: Box<str> },
}

/// A constant of the expression language.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Boolean(bool),
    Text(Box<str>),
    /// Digits as they stand.
    Number(Box<str>),
    /// A date, dateTime or time, without its `@`.
    Date(Box<str>),
}

/// What joins two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Plus,
    Minus,
    Concatenate,
    Times,
    Divide,
    WholeDivide,
    Remainder,
}

/// Spelling, operator, and how tightly it binds (higher binds tighter); the specification's table of precedence.
const OPERATORS: &[(&str, Operator, u8)] = &[
    ("implies", Operator::Implies, 1),
    ("or", Operator::Or, 2),
    ("xor", Operator::Xor, 2),
    ("and", Operator::And, 3),
    ("in", Operator::In, 4),
    ("contains", Operator::Contains, 4),
    ("=", Operator::Equal, 5),
    ("!=", Operator::NotEqual, 5),
    ("~", Operator::Equivalent, 5),
    ("!~", Operator::NotEquivalent, 5),
    ("<", Operator::Less, 6),
    ("<=", Operator::LessOrEqual, 6),
    (">", Operator::Greater, 6),
    (">=", Operator::GreaterOrEqual, 6),
    ("|", Operator::Union, 7),
    ("+", Operator::Plus, 9),
    ("-", Operator::Minus, 9),
    ("&", Operator::Concatenate, 9),
    ("*", Operator::Times, 10),
    ("/", Operator::Divide, 10),
    ("div", Operator::WholeDivide, 10),
    ("mod", Operator::Remainder, 10),
];

/// How tightly `is` and `as` bind.
const TYPE_BINDS: u8 = 8;

/// The longest expression that is read, in bytes.
const LONGEST: usize = 8192;

/// How deep an expression may nest.
const DEEPEST: usize = 64;

/// Why an expression cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathError {
    /// Byte offset in the expression.
    pub at: usize,
    /// What was expected there.
    pub reason: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.at, self.reason)
    }
}

impl std::error::Error for PathError {}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(Box<str>),
    Text(Box<str>),
    Number(Box<str>),
    Date(Box<str>),
    External(Box<str>),
    This,
    Symbol(&'static str),
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: &[&str] =
    &["<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "=", "~", "<", ">", "|", "+", "-", "*", "/", "&"];

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, PathError> {
    if text.len() > LONGEST {
        return Err(PathError { at: LONGEST, reason: "the expression is longer than 8192 bytes" });
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len() };
    let expression = parser.expression(0, 0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.fail("expected an operator or the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, PathError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = token(&text[at..], c).map_err(|reason| PathError { at, reason })?;
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

/// The token at the front, and its length in bytes.
fn token(rest: &str, first: char) -> Result<(Token, usize), &'static str> {
    let run = |from: usize, good: fn(char) -> bool| {
        rest[from..].find(|c| !good(c)).map_or(rest.len(), |length| from + length)
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match first {
        'A'..='Z' | 'a'..='z' | '_' => {
            let end = run(0, is_name);
            Ok((Token::Name(rest[..end].into()), end))
        }
        '0'..='9' => {
            let whole = run(0, |c| c.is_ascii_digit());
            let fraction = rest[whole..].strip_prefix('.').is_some_and(|f| f.starts_with(|c: char| c.is_ascii_digit()));
            let end = if fraction { run(whole + 1, |c| c.is_ascii_digit()) } else { whole };
            Ok((Token::Number(rest[..end].into()), end))
        }
        '@' => {
            let end = run(1, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+'));
            Ok((Token::Date(rest[1..end].into()), end))
        }
        '%' => match rest[1..].chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => {
                quoted(&rest[1..], quote).map(|(name, length)| (Token::External(name), length + 1))
            }
            _ => {
                let end = run(1, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
                Ok((Token::External(rest[1..end].into()), end))
            }
        },
        '$' if rest.starts_with("$this") => Ok((Token::This, 5)),
        '\'' => quoted(rest, '\'').map(|(text, length)| (Token::Text(text), length)),
        '"' | '`' => quoted(rest, first).map(|(name, length)| (Token::Name(name), length)),
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => Ok((Token::Symbol(symbol), symbol.len())),
            None => Err("a character that no expression has"),
        },
    }
}

/// Text between quotes, with the escapes of FHIRPath, and its length with both quotes.
fn quoted(rest: &str, quote: char) -> Result<(Box<str>, usize), &'static str> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => match characters.next().map(|(_, c)| c) {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('f') => text.push('\u{c}'),
                Some('u') => {
                    let mut code = 0;
                    for _ in 0..4 {
                        let digit = characters.next().and_then(|(_, c)| c.to_digit(16));
                        code = code * 16 + digit.ok_or("\\u needs four hexadecimal digits")?;
                    }
                    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
                Some(other) => text.push(other),
                None => break,
            },
            c if c == quote => return Ok((text.into(), at + 1)),
            c => text.push(c),
        }
    }
    Err("a quote that is not closed")
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn fail(&self, reason: &'static str) -> PathError {
        PathError { at: self.tokens.get(self.at).map_or(self.end, |(at, _)| *at), reason }
    }

    fn symbol(&mut self, wanted: &'static str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(symbol)) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &'static str, reason: &'static str) -> Result<(), PathError> {
        if self.symbol(wanted) { Ok(()) } else { Err(self.fail(reason)) }
    }

    /// The operator that comes next, if it binds at least as tightly as `least`.
    fn operator(&self, least: u8) -> Option<(Operator, u8)> {
        let spelling = match self.peek()? {
            Token::Symbol(symbol) => symbol,
            Token::Name(name) => &**name,
            _ => return None,
        };
        let (_, operator, binds) = OPERATORS.iter().find(|(known, _, _)| *known == spelling)?;
        (*binds >= least).then_some((*operator, *binds))
    }

    /// Climbs the precedence: everything that binds at least as tightly as `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Expression, PathError> {
        if depth > DEEPEST {
            return Err(self.fail("the expression nests deeper than 64 levels"));
        }
        let mut left = self.unary(depth)?;
        loop {
            if least <= TYPE_BINDS && matches!(self.peek(), Some(Token::Name(name)) if matches!(&**name, "is" | "as")) {
                let keep = matches!(self.take(), Some(Token::Name(name)) if &*name == "as");
                let type_name = self.type_name()?;
                left = Expression::OfType { keep, of: Box::new(left), type_name };
                continue;
            }
            let Some((operator, binds)) = self.operator(least) else { return Ok(left) };
            self.at += 1;
            let right = self.expression(binds + 1, depth + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self, depth: usize) -> Result<Expression, PathError> {
        if self.symbol("-") {
            return Ok(Expression::Negative(Box::new(self.steps(depth)?)));
        }
        self.symbol("+");
        self.steps(depth)
    }

    /// A term and the steps after it: `.name`, `.function(…)`, `[n]`.
    fn steps(&mut self, depth: usize) -> Result<Expression, PathError> {
        let mut left = self.term(depth)?;
        let mut steps = 0;
        loop {
            steps += 1;
            if steps > DEEPEST {
                return Err(self.fail("more than 64 steps in one path"));
            }
            if self.symbol(".") {
                let Some(Token::Name(name)) = self.take() else {
                    self.at -= 1;
                    return Err(self.fail("expected a name after the dot"));
                };
                left = self.named(Some(Box::new(left)), name, depth)?;
            } else if self.symbol("[") {
                let index = self.expression(0, depth + 1)?;
                self.expect("]", "expected ]")?;
                left = Expression::Index(Box::new(left), Box::new(index));
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Expression, PathError> {
        let at = self.at;
        match self.take() {
            Some(Token::Text(text)) => Ok(Expression::Literal(Literal::Text(text))),
            Some(Token::Number(digits)) => Ok(Expression::Literal(Literal::Number(digits))),
            Some(Token::Date(text)) => Ok(Expression::Literal(Literal::Date(text))),
            Some(Token::External(name)) => Ok(Expression::External(name)),
            Some(Token::This) => Ok(Expression::This),
            Some(Token::Name(name)) => match &*name {
                "true" => Ok(Expression::Literal(Literal::Boolean(true))),
                "false" => Ok(Expression::Literal(Literal::Boolean(false))),
                _ => self.named(None, name, depth),
            },
            Some(Token::Symbol("(")) => {
                let inner = self.expression(0, depth + 1)?;
                self.expect(")", "expected )")?;
                Ok(inner)
            }
            Some(Token::Symbol("{")) => {
                self.expect("}", "expected }")?;
                Ok(Expression::Empty)
            }
            _ => {
                self.at = at;
                Err(self.fail("expected a name, a value or a bracket"))
            }
        }
    }

    /// A child or, where a bracket follows, a function.
    fn named(&mut self, of: Option<Box<Expression>>, name: Box<str>, depth: usize) -> Result<Expression, PathError> {
        if !self.symbol("(") {
            return Ok(Expression::Child(of, name));
        }
        if matches!(&*name, "is" | "as" | "ofType") {
            let type_name = self.type_name()?;
            self.expect(")", "expected )")?;
            let of = of.unwrap_or_else(|| Box::new(Expression::This));
            return Ok(Expression::OfType { keep: &*name != "is", of, type_name });
        }
        let mut arguments = Vec::new();
        while !self.symbol(")") {
            if !arguments.is_empty() {
                self.expect(",", "expected , or )")?;
            }
            arguments.push(self.expression(0, depth + 1)?);
        }
        Ok(Expression::Call(of, name, arguments))
    }

    /// The name of a type, a namespace before it dropped.
    fn type_name(&mut self) -> Result<Box<str>, PathError> {
        let mut name = self.type_word()?;
        while self.symbol(".") {
            name = self.type_word()?;
        }
        Ok(name)
    }

    fn type_word(&mut self) -> Result<Box<str>, PathError> {
        match self.peek() {
            Some(Token::Name(name) | Token::Text(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.fail("expected the name of a type")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, Literal, Operator, parse};

    fn child(name: &str) -> Box<Expression> {
        Box::new(Expression::Child(None, name.into()))
    }

    #[test]
    fn operators_bind_as_the_specification_says() {
        let Ok(Expression::Binary(Operator::Or, left, right)) = parse("a and b or c = d | e") else {
            panic!("not an or")
        };
        assert_eq!(*left, Expression::Binary(Operator::And, child("a"), child("b")));
        let union = Expression::Binary(Operator::Union, child("d"), child("e"));
        assert_eq!(*right, Expression::Binary(Operator::Equal, child("c"), Box::new(union)));
    }

    #[test]
    fn steps_and_functions_follow_each_other() {
        let Ok(Expression::Call(Some(of), name, arguments)) = parse("a.where(b = 'x').first()") else {
            panic!("not a call")
        };
        assert_eq!((&*name, arguments.len()), ("first", 0));
        assert!(matches!(*of, Expression::Call(Some(_), ref name, _) if &**name == "where"));
    }

    #[test]
    fn literals_are_read() {
        for (text, literal) in [
            ("'a\\'\\u0041'", Literal::Text("a'A".into())),
            ("1.50", Literal::Number("1.50".into())),
            ("@2024-05-01T10:00:00Z", Literal::Date("2024-05-01T10:00:00Z".into())),
            ("true", Literal::Boolean(true)),
        ] {
            assert_eq!(parse(text), Ok(Expression::Literal(literal)), "{text}");
        }
        assert_eq!(parse("%vs-x"), Ok(Expression::External("vs-x".into())));
        assert_eq!(parse("%\"ext-y\""), Ok(Expression::External("ext-y".into())));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, at) in
            [("", 0), ("a.", 2), ("a b", 2), ("(a", 2), ("'x", 0), ("a ? b", 2), ("a[1", 3), ("f(a b)", 4), ("a is", 4)]
        {
            assert_eq!(parse(text).unwrap_err().at, at, "{text:?}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
        assert!(parse(&"(".repeat(5_000)).is_err());
        assert!(parse(&"-".repeat(8_000)).is_err());
        assert!(parse(&format!("a{}", ".a".repeat(4_000))).is_err());
    }
}

//! NHS number: ten digits whose last is the modulus-11 check digit (BOOK-15, VAL-10). It is personal data: neither
//! `Debug` nor a refusal shows it, and there is no `Display`, so that no log line can hold one by accident.

use super::Malformed;
use std::fmt;

/// A valid NHS number. Only [`NhsNumber::as_str`] gives the digits away.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NhsNumber([u8; 10]);

impl NhsNumber {
    /// Reads ten ASCII digits without spaces and verifies the check digit.
    ///
    /// # Errors
    /// Another length, another character, or a wrong check digit; the refusal does not repeat the number.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let refuse =
            |came: String| Malformed { what: "NHS number", expected: "10 digits with a valid check digit", came };
        let digits: [u8; 10] = match <[u8; 10]>::try_from(text.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_digit) => bytes,
            Ok(_) => return Err(refuse("10 characters that are not all digits".to_owned())),
            Err(_) => return Err(refuse(format!("{} characters", text.chars().count()))),
        };
        if check_digit(&digits) == Some(digits[9] - b'0') {
            Ok(Self(digits))
        } else {
            Err(refuse("10 digits whose check digit is wrong".to_owned()))
        }
    }

    /// The ten digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The check digit that the first nine digits ask for; none where the remainder asks for the impossible 10.
fn check_digit(digits: &[u8; 10]) -> Option<u8> {
    let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => u8::try_from(digit).ok(),
    }
}

impl fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NhsNumber(**********)")
    }
}

impl std::str::FromStr for NhsNumber {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: BOOK-15, VAL-10
    #[test]
    fn the_check_digit_decides() {
        for valid in ["9476719931", "1234554321", "9990000018", "0000000000"] {
            assert_eq!(NhsNumber::parse(valid).map(|n| n.as_str().to_owned()).as_deref(), Ok(valid));
        }
        for invalid in
            ["1234567890", "1231231234", "9476719932", "11122233333", "", "947 671 993", "947671993x", "9876543210x"]
        {
            assert!(NhsNumber::parse(invalid).is_err(), "{invalid}");
        }
    }

    // covers: AUD-09
    #[test]
    fn neither_debug_nor_a_refusal_shows_the_number() {
        let number = NhsNumber::parse("9476719931").unwrap();
        assert!(!format!("{number:?}").contains("9476719931"));
        let refusal = NhsNumber::parse("9476719932").unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("947671993"));
    }

    // covers: BOOK-15
    #[test]
    fn nine_digits_that_ask_for_ten_have_no_check_digit() {
        for last in 0..10 {
            assert!(NhsNumber::parse(&format!("100000001{last}")).is_err());
        }
    }
}

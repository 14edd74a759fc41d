//! What a client sends to the token endpoint: the form of RFC 6749 section 4.4.2, and its credentials (TOK-01…04, JWT-01).
//!
//! Pure: bytes in, a request or a refusal out. Parameters that are unknown are ignored, those without a value count as
//! absent and those that come twice are refused (RFC 6749 section 3.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;
use spine::Reason;
use spine::token::{DEFAULT_SCOPE_SUFFIX, audience_of_scope};

use crate::edge::refusal::Refusal;

/// The only grant that a consumer uses: it acts for its own system, not for a person (TOK-02).
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The media type that the endpoint takes (TOK-01).
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The largest form that is read, in bytes: many times the size of an honest one.
pub const LARGEST_FORM: usize = 16 * 1024;
/// The longest client_id that is looked up, in bytes, so that invented names cannot fill the memory.
const LONGEST_CLIENT_ID: usize = 256;
/// The most parameters that are looked at.
const MOST_PARAMETERS: usize = 32;

/// A request for a token that is well formed. Nothing in it has been verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// Who the client says it is.
    pub client_id: String,
    /// What it proves that with. Never logged: the `Debug` form of a request masks it.
    pub client_secret: String,
    /// The scope as it came: an audience and `/.default`.
    pub scope: String,
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest")
            .field("client_id", &self.client_id)
            .field("client_secret", &"…")
            .field("scope", &self.scope)
            .finish()
    }
}

impl TokenRequest {
    /// Reads the headers `Content-Type` and `Authorization` and the form.
    ///
    /// # Errors
    /// The first rule of RFC 6749 that the request breaks.
    pub fn read(content_type: Option<&[u8]>, authorization: Option<&[u8]>, body: &[u8]) -> Result<Self, Refusal> {
        form_media_type(content_type)?;
        let form = Form::read(body)?;
        let grant_type = form.one("grant_type")?.ok_or_else(|| {
            invalid_request(format!("grant_type is missing; send grant_type={CLIENT_CREDENTIALS} (TOK-02)"))
        })?;
        if grant_type != CLIENT_CREDENTIALS {
            return Err(Refusal::new(
                Reason::GrantUnsupported,
                format!("grant_type must be {CLIENT_CREDENTIALS}; no other grant is offered here (TOK-02)"),
            ));
        }
        let (client_id, client_secret) = client_credentials(authorization, &form)?;
        if client_id.len() > LONGEST_CLIENT_ID {
            return Err(invalid_client("client_id is longer than any that was issued (TOK-03)"));
        }
        let scope = form.one("scope")?.ok_or_else(|| {
            Refusal::new(
                Reason::ScopeInvalid,
                format!(
                    "scope is missing; send the endpoint that the token is for, with {DEFAULT_SCOPE_SUFFIX} (TOK-04)"
                ),
            )
        })?;
        Ok(Self { client_id, client_secret, scope: scope.to_owned() })
    }
}

/// The audience that a scope asks for, out of those that tokens are issued for (TOK-04, TOK-07).
///
/// One trailing slash is dropped on both sides, so that an endpoint which the directory holds with a slash, and which a
/// consumer joins naively to `//.default`, still names one audience (JWT-02).
///
/// # Errors
/// The scope lacks `/.default`, holds more than one, or names something that no token is issued for.
pub fn audience<'a>(scope: &str, audiences: &'a [String]) -> Result<&'a str, Refusal> {
    let refuse = |why: &str| Err(Refusal::new(Reason::ScopeInvalid, why));
    if scope.split_ascii_whitespace().count() != 1 {
        return refuse("one scope a request: each token is for one endpoint (TOK-04)");
    }
    let Some(asked) = audience_of_scope(scope.trim()) else {
        return refuse("scope must be the endpoint that the token is for, followed by /.default (TOK-04)");
    };
    match audiences.iter().map(|audience| without_trailing_slash(audience)).find(|audience| *audience == asked) {
        Some(audience) => Ok(audience),
        None => refuse(
            "no token is issued for the endpoint in this scope; send nhsMHSEndPoint exactly as the directory has it, \
             followed by /.default (TOK-04)",
        ),
    }
}

fn without_trailing_slash(address: &str) -> &str {
    address.strip_suffix('/').unwrap_or(address)
}

fn invalid_request(why: impl Into<String>) -> Refusal {
    Refusal::new(Reason::TokenRequestInvalid, why)
}

fn invalid_client(why: &str) -> Refusal {
    Refusal::new(Reason::ClientUnknown, why)
}

fn form_media_type(content_type: Option<&[u8]>) -> Result<(), Refusal> {
    let essence = content_type.unwrap_or_default().split(|byte| *byte == b';').next().unwrap_or_default();
    if essence.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes()) {
        return Ok(());
    }
    Err(invalid_request(format!("Content-Type must be {FORM} (TOK-01)")))
}

/// Who the client says it is; exactly one way may be used in a request (RFC 6749 section 2.3).
fn client_credentials(authorization: Option<&[u8]>, form: &Form) -> Result<(String, String), Refusal> {
    let (client_id, client_secret) = (form.one("client_id")?, form.one("client_secret")?);
    let Some(authorization) = authorization else {
        return match (client_id, client_secret) {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned())),
            (Some(_), None) => Err(invalid_client("client_secret is missing (TOK-01)")),
            _ => Err(invalid_client("client_id and client_secret are missing (TOK-01)")),
        };
    };
    let (basic_id, basic_secret) = read_basic(authorization)?;
    if client_secret.is_some() {
        return Err(invalid_request(
            "client_secret came both in the form and in Authorization: use one (RFC 6749 section 2.3)",
        ));
    }
    if client_id.is_some_and(|id| id != basic_id) {
        return Err(invalid_request("client_id in the form is not the one in Authorization (RFC 6749 section 2.3)"));
    }
    Ok((basic_id, basic_secret))
}

/// `Basic base64(form-encoded id ":" form-encoded secret)`: RFC 6749 §2.3.1 encodes both before joining them.
fn read_basic(authorization: &[u8]) -> Result<(String, String), Refusal> {
    let refuse = |why: &str| Err(invalid_client(why));
    let Some((scheme, rest)) = authorization.trim_ascii().split_once_byte(b' ') else {
        return refuse("Authorization must be: Basic, a space, and base64 of client_id:client_secret");
    };
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return refuse("this endpoint takes client_id and client_secret in the form, or Authorization: Basic");
    }
    let Ok(pair) = STANDARD.decode(rest.trim_ascii()) else {
        return refuse("Authorization: Basic does not hold base64");
    };
    let Some((id, secret)) = pair.split_once_byte(b':') else {
        return refuse("Authorization: Basic does not hold client_id:client_secret");
    };
    match (form_decoded(id), form_decoded(secret)) {
        (Some(id), Some(secret)) => Ok((id, secret)),
        _ => refuse("Authorization: Basic does not hold UTF-8 text"),
    }
}

/// `slice::split_once` by one byte, which the standard library has for text only.
trait SplitOnceByte {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])>;
}

impl SplitOnceByte for [u8] {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])> {
        let at = self.iter().position(|each| *each == byte)?;
        Some((&self[..at], &self[at + 1..]))
    }
}

/// The parameters of a form in their order.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > LARGEST_FORM {
            return Err(invalid_request(format!("the form is larger than {LARGEST_FORM} bytes")));
        }
        let mut parameters = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == MOST_PARAMETERS {
                return Err(invalid_request(format!("the form has more than {MOST_PARAMETERS} parameters")));
            }
            let (name, value) = pair.split_once_byte(b'=').unwrap_or((pair, b""));
            match (form_decoded(name), form_decoded(value)) {
                (Some(name), Some(value)) => parameters.push((name, value)),
                _ => return Err(invalid_request("the form is not UTF-8 text")),
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter that may come once; one without a value counts as absent (RFC 6749 section 3.2).
    fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(each, _)| each == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(invalid_request(format!("{name} came more than once (RFC 6749 section 3.2)")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }
}

/// Undoes form encoding: `+` is a space, `%41` is `A`. `None` where the result is not UTF-8.
fn form_decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "client_id=abc&client_secret=s%2B+x&grant_type=client_credentials&scope=https%3A%2F%2Fp%2FSTU3%2F.default";

    fn read(authorization: Option<&str>, body: &str) -> Result<TokenRequest, Refusal> {
        TokenRequest::read(Some(FORM.as_bytes()), authorization.map(str::as_bytes), body.as_bytes())
    }

    // covers: TOK-01, JWT-01
    #[test]
    fn a_form_is_read_and_decoded() {
        let request = read(None, GOOD).expect("the form is right");
        assert_eq!(request.client_id, "abc");
        assert_eq!(request.client_secret, "s+ x");
        assert_eq!(request.scope, "https://p/STU3/.default");
    }

    #[test]
    fn a_request_never_shows_its_secret() {
        assert!(!format!("{:?}", read(None, GOOD).expect("the form is right")).contains("s+ x"));
    }

    #[test]
    fn the_media_type_may_carry_a_charset_and_any_case() {
        for media_type in ["application/x-www-form-urlencoded;charset=UTF-8", "Application/X-WWW-Form-URLEncoded ; a=b"]
        {
            assert!(TokenRequest::read(Some(media_type.as_bytes()), None, GOOD.as_bytes()).is_ok(), "{media_type}");
        }
    }

    #[test]
    fn basic_credentials_are_form_encoded_before_base64() {
        let header = format!("basic {}", STANDARD.encode("id%3A1:s%2B+x"));
        let request = read(Some(&header), "grant_type=client_credentials&scope=a%2F.default&client_id=id%3A1")
            .expect("Basic is offered");
        assert_eq!((request.client_id.as_str(), request.client_secret.as_str()), ("id:1", "s+ x"));
    }

    // covers: TOK-01, TOK-02, TOK-06, JWT-05
    #[test]
    fn each_broken_form_gets_its_error() {
        let basic = format!("Basic {}", STANDARD.encode("abc:s"));
        let rest = "grant_type=client_credentials&scope=a%2F.default";
        let long = "x".repeat(LARGEST_FORM + 1);
        let many = "a=b&".repeat(MOST_PARAMETERS + 1);
        let cases: [(&str, Option<&str>, String, Reason); 15] = [
            ("no grant", None, "client_id=a&client_secret=b&scope=c".into(), Reason::TokenRequestInvalid),
            ("an empty grant", None, "grant_type=&client_id=a&client_secret=b".into(), Reason::TokenRequestInvalid),
            ("another grant", None, "grant_type=password&client_id=a".into(), Reason::GrantUnsupported),
            ("two grants", None, format!("{GOOD}&grant_type=client_credentials"), Reason::TokenRequestInvalid),
            ("no client", None, rest.into(), Reason::ClientUnknown),
            ("no secret", None, format!("{rest}&client_id=abc"), Reason::ClientUnknown),
            ("two secrets", None, format!("{GOOD}&client_secret=b"), Reason::TokenRequestInvalid),
            (
                "no scope",
                None,
                "grant_type=client_credentials&client_id=a&client_secret=b".into(),
                Reason::ScopeInvalid,
            ),
            ("not UTF-8", None, format!("{GOOD}&x=%FF"), Reason::TokenRequestInvalid),
            ("too long", None, long, Reason::TokenRequestInvalid),
            ("too many", None, many, Reason::TokenRequestInvalid),
            ("both ways", Some(&basic), format!("{rest}&client_secret=s"), Reason::TokenRequestInvalid),
            ("two clients", Some(&basic), format!("{rest}&client_id=other"), Reason::TokenRequestInvalid),
            (
                "a long name",
                None,
                format!("{rest}&client_secret=s&client_id={}", "x".repeat(300)),
                Reason::ClientUnknown,
            ),
            ("a bearer", Some("Bearer abc"), rest.into(), Reason::ClientUnknown),
        ];
        for (what, authorization, body, expected) in cases {
            let refusal = read(authorization, &body).expect_err(what);
            assert_eq!(refusal.reason, expected, "{what}");
        }
    }

    #[test]
    fn another_media_type_is_refused() {
        for media_type in [None, Some("application/json"), Some("multipart/form-data"), Some("")] {
            let refusal =
                TokenRequest::read(media_type.map(str::as_bytes), None, GOOD.as_bytes()).expect_err("refused");
            assert_eq!(refusal.reason, Reason::TokenRequestInvalid);
        }
    }

    // covers: TOK-04, TOK-07, JWT-02
    #[test]
    fn a_scope_names_one_audience_whatever_its_trailing_slash() {
        let audiences = ["https://p:8444/STU3/1/demo".to_owned(), "http://appointments.nhs.uk:443/poc/".to_owned()];
        for (scope, expected) in [
            ("https://p:8444/STU3/1/demo/.default", Some("https://p:8444/STU3/1/demo")),
            ("https://p:8444/STU3/1/demo//.default", Some("https://p:8444/STU3/1/demo")),
            ("http://appointments.nhs.uk:443/poc/.default", Some("http://appointments.nhs.uk:443/poc")),
            ("https://p:8444/STU3/1/demo", None),
            ("https://p:8444/STU3/1/demo///.default", None),
            ("https://p:8444/STU3/1/demo/other/.default", None),
            ("https://p:8444/STU3/1/.default", None),
            ("https://P:8444/STU3/1/demo/.default", None),
            ("https://p:8444/STU3/1/demo/.default http://appointments.nhs.uk:443/poc/.default", None),
            ("/.default", None),
            (" ", None),
            ("", None),
        ] {
            assert_eq!(audience(scope, &audiences).ok(), expected, "{scope}");
        }
    }
}

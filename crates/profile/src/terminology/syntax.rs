//! Code systems whose codes have a syntax instead of a list: language tags and media types.

type Syntax = fn(&str) -> bool;

/// Systems and value sets by URL, with the syntax of their codes.
const SYNTAXES: &[(&str, Syntax)] = &[
    ("urn:ietf:bcp:47", is_language_tag),
    ("http://hl7.org/fhir/ValueSet/all-languages", is_language_tag),
    ("urn:ietf:bcp:13", is_media_type),
    ("http://www.rfc-editor.org/bcp/bcp13.txt", is_media_type),
];

/// Is the code well-formed? `None` where the system, or value set, is not one with a syntax.
pub(super) fn check(url: &str, code: &str) -> Option<bool> {
    SYNTAXES.iter().find(|(known, _)| *known == url).map(|(_, good)| good(code))
}

/// True where the codes of the system, or value set, have a syntax.
pub(crate) fn has_syntax(url: &str) -> bool {
    SYNTAXES.iter().any(|(known, _)| *known == url)
}

/// The languages of two letters (ISO 639-1), and the withdrawn ones that are still registered.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da \
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in \
    io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn \
    mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si \
    sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za \
    zh zu";

/// A language tag as BCP 47 (RFC 5646 §2.1) writes it: a language, then script, region and variants. Case does not matter.
/// Languages of two letters have to be registered ones; longer ones and the other parts are checked by their form.
pub fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let Some(first) = parts.next() else { return false };
    if first.eq_ignore_ascii_case("x") {
        return is_private_use(parts);
    }
    // Four to eight letters are reserved, and none is registered.
    let is_language = match first.len() {
        2 => TWO_LETTERS.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(first)),
        3 => is_letters(first),
        _ => false,
    };
    if !is_language {
        return false;
    }
    let mut extended = 0;
    while extended < 3 && parts.next_if(|p| p.len() == 3 && is_letters(p)).is_some() {
        extended += 1;
    }
    let _script = parts.next_if(|p| p.len() == 4 && is_letters(p));
    let _region = parts.next_if(|p| (p.len() == 2 && is_letters(p)) || (p.len() == 3 && is_digits(p)));
    while parts.next_if(|p| is_variant(p)).is_some() {}
    while let Some(singleton) = parts.next() {
        if singleton.eq_ignore_ascii_case("x") {
            return is_private_use(parts);
        }
        if singleton.len() != 1 || !is_alphanumeric(singleton) || !take_extension(&mut parts) {
            return false;
        }
    }
    true
}

fn take_extension<'a>(parts: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> bool {
    let mut any = false;
    while parts.next_if(|p| (2..=8).contains(&p.len()) && is_alphanumeric(p)).is_some() {
        any = true;
    }
    any
}

fn is_private_use<'a>(mut parts: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    let good = parts.all(|p| {
        any = true;
        (1..=8).contains(&p.len()) && is_alphanumeric(p)
    });
    good && any
}

fn is_variant(part: &str) -> bool {
    is_alphanumeric(part)
        && ((5..=8).contains(&part.len()) || (part.len() == 4 && part.starts_with(|c: char| c.is_ascii_digit())))
}

fn is_letters(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

fn is_alphanumeric(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A media type, `type/subtype` with parameters (RFC 6838 §4.2), or one of the short words that the standard uses for its
/// own formats (`xml`, `json`, `ttl`).
pub fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=127).contains(&name.len()) && name.bytes().all(known)
    };
    let essence = text.split(';').next().unwrap_or("").trim_end();
    match essence.split_once('/') {
        Some((kind, subtype)) => is_name(kind) && is_name(subtype),
        None => matches!(text, "xml" | "json" | "ttl" | "none"),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_language_tag, is_media_type};

    #[test]
    fn a_language_tag_is_well_formed_or_not() {
        for good in
            ["en", "en-GB", "EN-gb", "zh-Hant-TW", "de-CH-1901", "sl-rozaj-biske", "es-419", "x-own", "en-x-a", "yue"]
        {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "en_GB",
            "e",
            "en-",
            "-en",
            "en GB",
            "english",
            "xx",
            "xx-klingon",
            "en-GB-x",
            "ar ",
            "true\n",
            "x",
            "en-a",
        ] {
            assert!(!is_language_tag(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_media_type_is_well_formed_or_not() {
        for good in
            ["text/xml", "application/fhir+json", "text/plain;charset=utf-8", "application/hl7-v3+xml ; a=b", "xml"]
        {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "text", "text/", "/xml", "te xt/xml", "a/b/c"] {
            assert!(!is_media_type(bad), "{bad:?}");
        }
    }
}

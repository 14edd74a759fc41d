//! The service roots that a role answers at, one for each dialect (HTTP-20, VER-10, X-12).

use std::sync::Arc;

use spine::Dialect;

/// One service root: `https://[FQDN]/STU3/[major]/[segment]`.
#[derive(Debug, Clone)]
pub struct Base {
    url: Arc<str>,
    path_at: usize,
    dialect: &'static Dialect,
}

/// A service root that cannot be used as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a service root is an absolute https URL such as https://provider.nhs.uk/STU3/1/uec, without query; came: {came}"
)]
pub struct NotABase {
    came: String,
}

impl Base {
    /// Takes a service root; one trailing slash is dropped.
    ///
    /// # Errors
    /// Anything but an absolute https URL without query and fragment.
    pub fn new(url: &str, dialect: &'static Dialect) -> Result<Self, NotABase> {
        let refused = || NotABase { came: url.chars().take(200).collect() };
        let url = url.strip_suffix('/').unwrap_or(url);
        let rest = url.strip_prefix("https://").ok_or_else(refused)?;
        let host_length = rest.find('/').unwrap_or(rest.len());
        let plain = url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'\\' | b'<' | b'>'));
        if host_length == 0 || !plain {
            return Err(refused());
        }
        Ok(Self { url: url.into(), path_at: "https://".len() + host_length, dialect })
    }

    /// The absolute URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the URL, empty for a bare host.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.get(self.path_at..).unwrap_or_default()
    }

    /// The dialect spoken at this root.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// What a request's path asks for below this root, beginning with a slash or empty; `None` when it lies elsewhere.
    #[must_use]
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.path()).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The root that a path lies under, the most specific one where roots nest, and the rest of the path.
#[must_use]
pub fn base_of<'a, 'p>(bases: &'a [Base], path: &'p str) -> Option<(&'a Base, &'p str)> {
    let under = bases.iter().filter_map(|base| base.below(path).map(|rest| (base, rest)));
    under.min_by_key(|(_, rest)| rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};

    // covers: HTTP-20, X-12
    #[test]
    fn a_root_is_an_absolute_https_url_without_trailing_slash() {
        let base = Base::new("https://provider.nhs.uk:8444/STU3/1/uec/", &DIALECT_1_0_4).unwrap();
        assert_eq!((base.url(), base.path()), ("https://provider.nhs.uk:8444/STU3/1/uec", "/STU3/1/uec"));
        assert_eq!(Base::new("https://provider.nhs.uk/", &DIALECT_1_0_4).unwrap().path(), "");
        for wrong in ["http://provider.nhs.uk/STU3", "/STU3/1", "https:///STU3", "https://a/b?c", "https://a/b c", ""] {
            assert!(Base::new(wrong, &DIALECT_1_0_4).is_err(), "{wrong}");
        }
    }

    // covers: VER-10, HTTP-35
    #[test]
    fn the_root_that_was_called_decides_the_dialect() {
        let bases = [
            Base::new("https://provider.nhs.uk/STU3/1/demo", &DIALECT_1_0_4).unwrap(),
            Base::new("https://provider.nhs.uk/STU3/2/demo", &DIALECT_2_0_4).unwrap(),
        ];
        let table = [
            ("/STU3/1/demo/Slot", Some(("1.0.4", "/Slot"))),
            ("/STU3/2/demo/Slot", Some(("2.0.4", "/Slot"))),
            ("/STU3/1/demo", Some(("1.0.4", ""))),
            ("/STU3/1/demonstration/Slot", None),
            ("/stu3/1/demo/Slot", None),
            ("/Slot", None),
        ];
        for (path, expected) in table {
            let found = base_of(&bases, path).map(|(base, rest)| (base.dialect().name, rest));
            assert_eq!(found, expected, "{path}");
        }
    }
}

//! What must hold for any request target at the proxy. The fuzz target and the plain test share this.

use roles::ssp::{Endpoint, Target, TargetRules};

/// A target that is taken names an absolute URL without a dot segment, and is asked for byte for byte (SSP-10, SSP-13, SSP-63).
pub(crate) fn check_target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(Endpoint::read(text, "S1"));
    for encoded_slash in [false, true] {
        let rules = TargetRules { encoded_slash, ..TargetRules::default() };
        let Ok(target) = Target::read(text, rules) else { continue };
        let (url, asked) = (target.without_query().to_owned(), target.origin_form().into_owned());
        assert!(url.starts_with("https://") && asked.starts_with('/'), "{url} {asked}");
        let path = asked.split('?').next().unwrap_or_default();
        assert!(path.split('/').all(|segment| segment != "." && segment != ".."), "{asked}");
        assert!(asked.bytes().all(|byte| byte.is_ascii_graphic()), "{asked}");
        if text.starts_with("/https://") {
            assert!(text.ends_with(&asked) || asked == "/" || asked.starts_with("/?"), "{text} {asked}");
        }
        let query = if asked.contains('?') { format!("?{}", target.query()) } else { String::new() };
        let plain = format!("/{url}{query}");
        let again = Target::read(&plain, rules).map(|target| target.origin_form().into_owned());
        assert_eq!(again.as_deref(), Ok(asked.as_str()), "{plain}");
    }
}

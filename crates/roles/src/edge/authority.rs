//! Where a server is, read out of a URL without changing the rest of it (SSP-09, SSP-10, SSP-15).

use std::fmt;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    /// HTTPS, or plain HTTP (which only listeners on the loopback speak).
    pub secure: bool,
    /// A host name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Authority {
    /// Splits an absolute `http` or `https` URL into the authority and the rest, which starts with `/` or is empty and is
    /// not changed in any way. `None` when the text is no such URL, or has user information in it.
    #[must_use]
    pub fn of_url(url: &str) -> Option<(Self, &str)> {
        let (secure, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        Some((Self::parse(authority, secure)?, path))
    }

    /// Reads `host`, `host:port` or `[IPv6]:port`.
    #[must_use]
    pub fn parse(authority: &str, secure: bool) -> Option<Self> {
        let standard = if secure { 443 } else { 80 };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some(""))?)
            }
            None => {
                let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
                let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
                (Some(host).filter(|host| named && !host.is_empty())?, port)
            }
        };
        let port = match port {
            "" if authority.ends_with(':') => return None,
            "" => standard,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port != 0)?
            }
            _ => return None,
        };
        Some(Self { secure, host: host.to_owned(), port })
    }
}

impl fmt::Display for Authority {
    /// As the `Host` header wants it: the port only where it is not the scheme's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        let standard = if self.secure { 443 } else { 80 };
        if self.port == standard { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_read_from_a_url_and_the_rest_kept_as_it_is() {
        let read = [
            ("https://p.nhs.uk/STU3/1/Slot?start=ge%3A", "p.nhs.uk", 443, "/STU3/1/Slot?start=ge%3A"),
            ("https://p.nhs.uk", "p.nhs.uk", 443, ""),
            ("https://p.nhs.uk:19192/a/../b", "p.nhs.uk", 19192, "/a/../b"),
            ("http://127.0.0.1:8080/x", "127.0.0.1", 8080, "/x"),
            ("https://[::1]:8443/", "::1", 8443, "/"),
        ];
        for (url, host, port, rest) in read {
            let (authority, kept) = Authority::of_url(url).unwrap();
            assert_eq!((authority.host.as_str(), authority.port, kept), (host, port, rest), "{url}");
        }
        for url in [
            "ftp://p.nhs.uk/",
            "https:///x",
            "https://user@p.nhs.uk/",
            "https://p.nhs.uk:/",
            "https://p.nhs.uk:0/",
            "https://p.nhs.uk:+1/",
            "https://p.nhs.uk:99999/",
            "https://[::1/",
            "https://[p.nhs.uk]/",
            "https://p.nhs.uk:1:2/",
            "https://p nhs/",
        ] {
            assert_eq!(Authority::of_url(url), None, "{url}");
        }
    }

    #[test]
    fn the_host_header_has_the_port_only_where_it_is_not_the_schemes_own() {
        for (url, host) in [
            ("https://p.nhs.uk/", "p.nhs.uk"),
            ("https://p.nhs.uk:8443/", "p.nhs.uk:8443"),
            ("http://p.nhs.uk:443/", "p.nhs.uk:443"),
            ("https://[::1]/", "[::1]"),
        ] {
            assert_eq!(Authority::of_url(url).unwrap().0.to_string(), host);
        }
    }
}

//! Certificate revocation lists: read from PEM or DER bytes, and what is done when none covers a certificate
//! (TLS-12, TLS-14). Lists are handed in as values; renewed ones replace them through `ServerTls::replace`.

use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;

use super::tls::TlsFault;

/// What to do about revocation (TLS-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revocation {
    /// Every certificate must be covered by a list; one that is not is refused. The default.
    #[default]
    HardFail,
    /// A certificate on a list is refused; one that no list covers is taken.
    SoftFail,
    /// Lists are ignored. For development only.
    Off,
}

/// Reads revocation lists: one DER list, or any number of `X509 CRL` blocks in PEM.
///
/// # Errors
/// When the bytes hold no list, or one that cannot be parsed.
pub fn revocation_lists(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFault> {
    let lists = if bytes.starts_with(b"\x30") {
        vec![CertificateRevocationListDer::from(bytes.to_vec())]
    } else {
        CertificateRevocationListDer::pem_slice_iter(bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| TlsFault::BadPem { what: "revocation list", fault: fault.to_string() })?
    };
    if lists.is_empty() {
        return Err(TlsFault::Empty { what: "revocation list" });
    }
    for list in &lists {
        x509_parser::parse_x509_crl(list.as_ref())
            .map_err(|fault| TlsFault::BadPem { what: "revocation list", fault: fault.to_string() })?;
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_hold_no_list_are_refused() {
        for bytes in
            [&b""[..], b"no list", b"\x30\x03\x02\x01", b"-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----\n"]
        {
            assert!(revocation_lists(bytes).is_err(), "{bytes:?}");
        }
    }
}

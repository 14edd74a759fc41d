//! Client secrets: made long and random, kept as salted hashes (TOK-03).
//!
//! SHA-256 and not a slow password hash: a secret is 256 random bits, so that guessing it from its hash is hopeless at
//! any speed, and a slow hash would only let anyone keep this endpoint busy with wrong secrets. The salt keeps two equal
//! secrets from having one hash. Comparison takes the same time wherever the difference stands.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every hash begins with: the way in which it was made.
const SCHEME: &str = "sha256";
/// The shortest secret that a hash is made of, in bytes. A shorter one could be guessed from its hash.
pub const SHORTEST_SECRET: usize = 32;

/// A secret that is too short to be kept as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client secret needs at least {SHORTEST_SECRET} characters, chosen at random; this one has {0}")]
pub struct SecretTooShort(pub usize);

/// A new secret out of 32 random bytes: 43 characters that need no escaping anywhere.
#[must_use]
pub fn new_secret(random: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// The form in which a secret is kept: `sha256$salt$hash`, both base64url. The salt has to be random.
///
/// # Errors
/// The secret is shorter than [`SHORTEST_SECRET`].
pub fn hashed(secret: &str, salt: &[u8; 16]) -> Result<String, SecretTooShort> {
    if secret.len() < SHORTEST_SECRET {
        return Err(SecretTooShort(secret.len()));
    }
    Ok(format!("{SCHEME}${}${}", URL_SAFE_NO_PAD.encode(salt), URL_SAFE_NO_PAD.encode(digest(salt, secret))))
}

/// Whether a secret is the one that was hashed. A hash in another form matches nothing.
#[must_use]
pub fn matches(hash: &str, secret: &str) -> bool {
    let mut parts = hash.split('$');
    let (Some(SCHEME), Some(salt), Some(kept), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Ok(salt), Ok(kept)) = (URL_SAFE_NO_PAD.decode(salt), URL_SAFE_NO_PAD.decode(kept)) else {
        return false;
    };
    verify_slices_are_equal(&kept, &digest(&salt, secret)).is_ok()
}

fn digest(salt: &[u8], secret: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: TOK-03
    #[test]
    fn a_secret_matches_its_own_hash_only() {
        let secret = new_secret(&[7; 32]);
        let hash = hashed(&secret, &[1; 16]).expect("it is long enough");
        assert!(matches(&hash, &secret));
        assert!(!hash.contains(&secret));
        assert_ne!(hash, hashed(&secret, &[2; 16]).expect("long enough"), "the salt counts");
        let truncated = &hash[..hash.len() - 2];
        let wrong = [hash.as_str(), truncated, "", "$$", "sha256$$", "md5$AAAA$AAAA", &format!("{hash}$")];
        for (hash, secret) in wrong.into_iter().map(|hash| (hash, "x")).chain([(truncated, secret.as_str()), ("", "")])
        {
            assert!(!matches(hash, secret), "{hash}");
        }
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_not_taken() {
        assert_eq!(hashed("correct horse", &[1; 16]), Err(SecretTooShort(13)));
        assert_eq!(new_secret(&[0; 32]).len(), 43);
    }
}

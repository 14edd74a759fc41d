//! `--curl`: the command that does what the verb would have done. Secrets stand in files that only their owner may read, never
//! in the command (interfaces.md §2).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use roles::consumer::{Lookup, Party, Unsent};

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pki;

/// Where the files are that a command names.
pub(super) struct Curl {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    directory: String,
    /// The folder for what is secret in a request.
    folder: PathBuf,
}

/// The file of the `Authorization` header.
const AUTHORIZATION: &str = "curl.authorization";
/// The file of the form that holds the client secret.
const FORM: &str = "curl.form";
/// What ends the body in the command.
const END: &str = "END_OF_BODY";

impl Curl {
    /// What the Consumer of this configuration uses; `folder` takes the secrets.
    pub(super) fn of(config: &Config, folder: PathBuf) -> Self {
        let identity = config.consumer.identity.as_ref();
        Self {
            ca: config.tls.ca.clone(),
            cert: identity.map(|identity| identity.cert.clone()),
            key: identity.map(|identity| identity.key.clone()),
            directory: config.consumer.sds.clone().unwrap_or_default(),
            folder,
        }
    }

    /// The command for a request.
    ///
    /// # Errors
    /// A secret that cannot be written into its file.
    pub(super) fn command(&self, unsent: &Unsent) -> Result<String, Failure> {
        let mut parts = vec!["curl --silent --show-error --globoff --path-as-is".to_owned()];
        let mut file = |flag: &str, path: &Option<PathBuf>| {
            if let Some(path) = path {
                parts.push(format!("{flag} {}", quoted(&path.display().to_string())));
            }
        };
        file("--cacert", &self.ca);
        // The token endpoint asks for no certificate (TOK-01).
        if unsent.party != Party::TokenEndpoint {
            file("--cert", &self.cert);
            file("--key", &self.key);
        }
        if unsent.method != "GET" {
            parts.push(format!("--request {}", unsent.method));
        }
        for (name, value) in &unsent.headers {
            parts.push(match name.as_str() {
                "authorization" => {
                    let kept = self.kept(AUTHORIZATION, &format!("{}: {value}\n", spelled(name)))?;
                    format!("--header @{}", quoted(&kept))
                }
                _ => format!("--header {}", quoted(&format!("{}: {value}", spelled(name)))),
            });
        }
        let mut after = String::new();
        match &unsent.body {
            Some(form) if unsent.party == Party::TokenEndpoint => {
                parts.push(format!("--data @{}", quoted(&self.kept(FORM, form)?)));
            }
            Some(body) => {
                parts.push("--data-binary @-".to_owned());
                let _ = write!(after, " <<'{END}'\n{body}\n{END}");
            }
            None => {}
        }
        parts.push(quoted(&unsent.url));
        Ok(format!("{}{after}\n", parts.join(" \\\n  ")))
    }

    /// The command for a look-up in SDS.
    pub(super) fn look_up(&self, lookup: &Lookup) -> String {
        let mut command = String::new();
        for (name, path) in [("LDAPTLS_CACERT", &self.ca), ("LDAPTLS_CERT", &self.cert), ("LDAPTLS_KEY", &self.key)] {
            if let Some(path) = path.as_ref().filter(|_| self.directory.starts_with("ldaps:")) {
                let _ = write!(command, "{name}={} ", quoted(&path.display().to_string()));
            }
        }
        let (directory, base, filter) = (quoted(&self.directory), quoted(&lookup.base), quoted(&lookup.filter));
        let _ = writeln!(command, "\\\n  ldapsearch -x -LLL -o ldif-wrap=no -H {directory} \\\n  -b {base} {filter}");
        command.trim_start_matches("\\\n  ").to_owned()
    }

    fn kept(&self, name: &str, content: &str) -> Result<String, Failure> {
        let path = self.folder.join(name);
        let written = fs::create_dir_all(&self.folder).and_then(|()| pki::write_file(&path, content, true));
        written.map_err(|error| unwritten(&path, &error))?;
        Ok(path.display().to_string())
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{} cannot be written, and a token belongs into no command", path.display());
    Failure::new(Exit::Usage, what, error.to_string(), "make room there, or let XDG_STATE_HOME name another folder")
}

/// A header's name as the specification spells it; it is the same in any case (RFC 9110 §5.1).
fn spelled(name: &str) -> String {
    match name {
        "ssp-traceid" => "Ssp-TraceID".to_owned(),
        "ssp-interactionid" => "Ssp-InteractionID".to_owned(),
        "x-request-id" => "X-Request-ID".to_owned(),
        _ => {
            let words = name.split('-').map(|word| {
                let (first, rest) = word.split_at(word.len().min(1));
                first.to_ascii_uppercase() + rest
            });
            words.collect::<Vec<_>>().join("-")
        }
    }
}

/// The text as one word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:,+@%=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_safe_in_a_shell() {
        for (text, word) in [
            ("https://localhost:8443/https://p/Slot", "https://localhost:8443/https://p/Slot"),
            ("a?b&c", "'a?b&c'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$(rm x)", "'$(rm x)'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }

    #[test]
    fn a_token_stands_in_a_file_of_its_owner_and_never_in_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let curl = Curl {
            ca: Some("ca.pem".into()),
            cert: Some("c.pem".into()),
            key: Some("c.key".into()),
            directory: String::new(),
            folder: folder.path().join("new"),
        };
        let unsent = Unsent {
            party: Party::Provider,
            method: "POST".to_owned(),
            url: "https://ssp/https://p/Appointment".to_owned(),
            headers: vec![("authorization".into(), "Bearer secret".into()), ("ssp-from".into(), "2".into())],
            body: Some("{\"it's\":1}".to_owned()),
        };
        let command = curl.command(&unsent).unwrap();
        assert!(!command.contains("secret"), "{command}");
        assert!(command.ends_with("https://ssp/https://p/Appointment <<'END_OF_BODY'\n{\"it's\":1}\nEND_OF_BODY\n"));
        assert!(command.contains("--header 'Ssp-From: 2'"), "{command}");
        let file = folder.path().join("new").join(AUTHORIZATION);
        assert_eq!(fs::read_to_string(&file).unwrap(), "Authorization: Bearer secret\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

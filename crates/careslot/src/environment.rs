//! The environment file: what a running `careslot demo` tells every other program about itself (interfaces.md §3).
//!
//! It is written when every part answers and removed when the demo stops. Paths in it are relative to the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::config::Raw;
use crate::pki::CRL_FILE;

/// The name of the file in the demo's folder.
pub const FILE_NAME: &str = "environment.json";
/// The folder of a demo that was started without `--dir`, below the current one.
pub const DEFAULT_FOLDER: &str = ".careslot";

/// ODS code of the demo's Consumer; the file leaves it out, since SDS holds it beside the ASID.
pub const CONSUMER_ODS_CODE: &str = "A1001";
/// Name of the organisation of the demo's Consumer.
pub const CONSUMER_ORGANISATION: &str = "CareSlot Demonstration 111";

/// Where each part of a running network is, and with what to reach it. Unknown members are passed over, so that an older
/// command reads a newer file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Environment {
    /// Version of the program that wrote the file.
    pub careslot: String,
    /// The dialect that SDS leads to, `1.0.4` or `2.0.4`.
    pub dialect: String,
    /// Process id of the demo.
    pub pid: u32,
    /// PEM file of the CA certificates that every party trusts.
    pub ca: PathBuf,
    /// PEM file of the private key of the first certificate in `ca`.
    pub ca_key: PathBuf,
    /// Address of the pages.
    pub web: String,
    /// Address of the Secure Proxy; a target is joined to it with one slash.
    pub ssp: String,
    /// The directory.
    pub sds: Sds,
    /// The token endpoint.
    pub token: Token,
    /// The Provider.
    pub provider: Provider,
    /// The Registry.
    pub registry: Registry,
    /// Base of the pages' `$validate`, which wants no token.
    pub validator: String,
    /// The Consumer that may search, book and cancel.
    pub consumer: Consumer,
    /// The SSP's own certificate towards Providers, to reach them directly.
    pub ssp_client: Credential,
    /// A Consumer that may search for slots only.
    pub second_consumer: Consumer,
    /// A good certificate of the same CA that no ASID is registered for.
    pub stranger: Credential,
    /// Certificates that have to be refused, by what is wrong with them.
    pub bad_certificates: BTreeMap<String, Credential>,
    /// The administration listener, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// Operations listener of each role, by the role's name.
    pub operations: BTreeMap<String, String>,
}

/// The addresses of the directory.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sds {
    /// Plain LDAP, loopback only.
    pub ldap: String,
    /// LDAP over mutual TLS.
    pub ldaps: String,
    /// The base DN of both booking look-ups.
    pub base: String,
    /// The read-only FHIR R4 face of the directory, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fhir: Option<String>,
}

/// The token endpoint and the key it signs with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Token {
    /// Where a token is asked for (JWT-01).
    pub endpoint: String,
    /// Where the public keys are (TOK-08).
    pub jwks: String,
    /// The `iss` of every token (JWT-14).
    pub issuer: String,
    /// PEM file of the demo's private signing key, so that a tester can make wrong tokens; no real deployment writes it.
    pub signing_key: PathBuf,
}

/// The Provider's bases and services.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Provider {
    /// The base of the demo's dialect, the one that SDS names.
    pub endpoint: String,
    /// Every base, by dialect. Each of them answers (VER-10).
    pub bases: BTreeMap<String, String>,
    /// The services that can be booked.
    pub services: Vec<BookableService>,
}

/// A HealthcareService that can be booked.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BookableService {
    /// The id of the HealthcareService.
    pub id: String,
    /// The ASID that SDS knows it by.
    pub asid: String,
    /// Its name.
    pub name: String,
}

/// The Registry's bases and ASID.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Registry {
    /// The base of the demo's dialect.
    pub endpoint: String,
    /// The ASID that SDS knows it by.
    pub asid: String,
    /// Every base, by dialect.
    pub bases: BTreeMap<String, String>,
}

/// A Consumer: what it is called and what it proves that with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Consumer {
    /// Its ASID (Ssp-From).
    pub asid: String,
    /// What a person should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the token endpoint knows it by; the token's `appid` is the same.
    pub client_id: String,
    /// File of its secret at the token endpoint.
    pub client_secret_file: PathBuf,
    /// PEM file of its certificate, then the issuer's.
    pub cert: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
}

/// A certificate and its key.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Credential {
    /// PEM file of the certificate, then the issuer's.
    pub cert: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
    /// What a person should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Credential {
    /// The pair that the test PKI writes as `NAME.pem` and `NAME.key`.
    pub fn named(name: &str, note: Option<&str>) -> Self {
        Self { cert: format!("{name}.pem").into(), key: format!("{name}.key").into(), note: note.map(str::to_owned) }
    }
}

/// An environment that was read, and the folder that its paths start from.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the file says.
    pub environment: Environment,
    /// The folder that the file lies in.
    pub folder: PathBuf,
}

impl Found {
    /// The full path of one of the environment's files.
    pub fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// The environment's Consumer as configuration: (where from, key, value), to go over the user's own like flags.
    pub fn settings(&self) -> Vec<(&str, &str, Raw)> {
        let text = |value: &str| Raw::Text(value.to_owned());
        let file = |name: &Path| Raw::Text(self.path(name).to_string_lossy().into_owned());
        let (environment, consumer) = (&self.environment, &self.environment.consumer);
        let crl = Path::new(CRL_FILE);
        // Without its list of revoked certificates nothing could be asked of it; the file names no list of its own.
        let revocation = if self.path(crl).is_file() {
            ("tls.crl_files", Raw::List(vec![self.path(crl).to_string_lossy().into_owned()]))
        } else {
            ("tls.crl", text("off"))
        };
        let settings = [
            revocation,
            ("tls.ca_file", file(&environment.ca)),
            ("consumer.dialect", text(&environment.dialect)),
            ("consumer.asid", text(&consumer.asid)),
            ("consumer.ods_code", text(CONSUMER_ODS_CODE)),
            ("consumer.organisation", text(CONSUMER_ORGANISATION)),
            ("consumer.cert_file", file(&consumer.cert)),
            ("consumer.key_file", file(&consumer.key)),
            ("consumer.client_id", text(&consumer.client_id)),
            ("consumer.client_secret_file", file(&consumer.client_secret_file)),
            ("consumer.ssp", text(&environment.ssp)),
            ("consumer.sds", text(&environment.sds.ldaps)),
            ("consumer.sds_base", text(&environment.sds.base)),
            ("consumer.token_endpoint", text(&environment.token.endpoint)),
            ("consumer.registry", text(&environment.registry.endpoint)),
            ("consumer.registry_asid", text(&environment.registry.asid)),
        ];
        settings.into_iter().map(|(key, raw)| (FILE_NAME, key, raw)).collect()
    }
}

/// Where to look for the environment file.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `--env FILE`: looked at alone when it is given.
    pub named: Option<PathBuf>,
    /// The current folder.
    pub current_folder: PathBuf,
    /// `$XDG_STATE_HOME/careslot/last`, where a running demo notes its file.
    pub last: Option<PathBuf>,
}

/// Read the environment: the named file, else `.careslot/environment.json`, else the one that the running demo noted.
pub fn find(places: &Places) -> Result<Found> {
    if let Some(named) = &places.named {
        return read(&places.current_folder.join(named));
    }
    let here = places.current_folder.join(DEFAULT_FOLDER).join(FILE_NAME);
    if here.is_file() {
        return read(&here);
    }
    let noted = places.last.as_ref().and_then(|last| fs::read_to_string(last).ok());
    match noted.map(|text| PathBuf::from(text.trim_end())) {
        Some(path) if path.is_file() => read(&path),
        _ => bail!(
            "no environment file: neither {} nor a running demo was found. Start one with `careslot demo`, or name a file with --env FILE",
            here.display()
        ),
    }
}

/// Read one environment file.
pub fn read(path: &Path) -> Result<Found> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the environment file {}", path.display()))?;
    let environment = serde_json::from_str(&text)
        .with_context(|| format!("{} is not an environment file of `careslot demo`", path.display()))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Found { environment, folder })
}

/// Whether the demo of this process id runs, where the system can tell. A process that has ended does not, though nobody waited for it
/// yet, nor does another program that was given the number since.
pub fn runs(pid: u32) -> Option<bool> {
    let own = fs::read_to_string("/proc/self/stat").ok()?;
    Some(fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_alive_under(&stat, program(&own))))
}

/// Whether `/proc/PID/stat` tells of a process of this program that has not ended.
fn is_alive_under(stat: &str, name: &str) -> bool {
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    program(stat) == name && !matches!(state, None | Some('Z' | 'X'))
}

/// The program's name, which may itself hold brackets.
fn program(stat: &str) -> &str {
    let name = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    name.map_or("", |(name, _)| name)
}

/// Write the environment file into `folder` in one step, so that whoever waits for it never reads half of it, and note its
/// place in `last`. Returns the file's path.
pub fn write(environment: &Environment, folder: &Path, last: Option<&Path>) -> Result<PathBuf> {
    let path = folder.join(FILE_NAME);
    let unfinished = folder.join(format!("{FILE_NAME}.{}", environment.pid));
    let text = serde_json::to_string_pretty(environment)? + "\n";
    fs::write(&unfinished, text).with_context(|| format!("cannot write {}", unfinished.display()))?;
    fs::rename(&unfinished, &path).with_context(|| format!("cannot write {}", path.display()))?;
    if let Some(last) = last {
        let full = std::path::absolute(&path)?;
        let noted = last
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(last, format!("{}\n", full.display())));
        noted.with_context(|| format!("cannot write {}", last.display()))?;
    }
    Ok(path)
}

/// Remove the environment file, and the note of its place when that is still this one. Absent files are no fault.
pub fn remove(path: &Path, last: Option<&Path>) {
    let _ = fs::remove_file(path);
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    if let Some(last) = last
        && fs::read_to_string(last).is_ok_and(|text| Path::new(text.trim_end()) == full)
    {
        let _ = fs::remove_file(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Environment {
        let credential = |name: &str| Credential::named(name, None);
        let bases = |part: &str| {
            let base = |major: u8| format!("https://localhost:1/STU3/{major}/{part}");
            BTreeMap::from([("1.0.4".to_owned(), base(1)), ("2.0.4".to_owned(), base(2))])
        };
        let consumer = |asid: &str, name: &str| Consumer {
            asid: asid.into(),
            note: None,
            client_id: format!("client of {asid}"),
            client_secret_file: format!("{name}.secret").into(),
            cert: format!("{name}.pem").into(),
            key: format!("{name}.key").into(),
        };
        Environment {
            careslot: "0.1.0".into(),
            dialect: "1.0.4".into(),
            pid: 4242,
            ca: "ca.pem".into(),
            ca_key: "ca.key".into(),
            web: "http://127.0.0.1:8080".into(),
            ssp: "https://localhost:8443".into(),
            sds: Sds {
                ldap: "ldap://127.0.0.1:1389".into(),
                ldaps: "ldaps://localhost:1636".into(),
                base: "ou=services,o=nhs".into(),
                fhir: None,
            },
            token: Token {
                endpoint: "https://localhost:8446/oauth2/token".into(),
                jwks: "https://localhost:8446/.well-known/jwks.json".into(),
                issuer: "https://localhost:8446/".into(),
                signing_key: "token.key".into(),
            },
            provider: Provider { endpoint: bases("demo")["1.0.4"].clone(), bases: bases("demo"), services: Vec::new() },
            registry: Registry {
                endpoint: bases("registry")["1.0.4"].clone(),
                asid: "1".into(),
                bases: bases("registry"),
            },
            validator: "http://127.0.0.1:8080/STU3".into(),
            consumer: consumer("200000000359", "consumer"),
            ssp_client: credential("ssp"),
            second_consumer: consumer("200000000360", "second-consumer"),
            stranger: Credential::named("stranger", Some("no ASID is registered for it")),
            bad_certificates: BTreeMap::from([("expired".to_owned(), credential("expired"))]),
            admin: Some("http://127.0.0.1:8447".into()),
            operations: BTreeMap::from([("ssp".to_owned(), "http://127.0.0.1:8451".to_owned())]),
        }
    }

    #[test]
    fn the_file_comes_back_as_it_was_written_with_the_contracts_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&sample(), folder.path(), None).unwrap();
        let found = read(&path).unwrap();
        assert_eq!(found.environment, sample());
        assert_eq!(found.path(&found.environment.ca), folder.path().join("ca.pem"));
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let contract = [
            "careslot",
            "dialect",
            "pid",
            "ca",
            "ca_key",
            "web",
            "ssp",
            "sds",
            "token",
            "provider",
            "registry",
            "validator",
            "consumer",
            "ssp_client",
            "second_consumer",
            "stranger",
            "bad_certificates",
            "admin",
            "operations",
        ];
        assert_eq!(names, contract);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written stays");
    }

    #[test]
    fn a_demo_that_ended_is_told_from_one_that_runs() {
        for (stat, runs) in [
            ("4242 (careslot) S 1 4242 4242 0 -1", true),
            ("4242 (careslot) R 1 4242 4242 0 -1", true),
            ("4242 (careslot) Z 1 4242 4242 0 -1", false),
            ("4242 (sshd) S 1 4242 4242 0 -1", false),
            ("4242 (a) Z (careslot) S 1", false),
            ("", false),
        ] {
            assert_eq!(is_alive_under(stat, "careslot"), runs, "{stat}");
        }
        assert_ne!(runs(std::process::id()), Some(false));
        assert_ne!(runs(u32::MAX), Some(true));
    }

    #[test]
    fn a_newer_file_with_more_members_is_read() {
        let mut json = serde_json::to_value(sample()).unwrap();
        json["later"] = serde_json::json!({"more": true});
        assert_eq!(serde_json::from_value::<Environment>(json).unwrap(), sample());
    }

    #[test]
    fn the_named_file_comes_first_then_the_current_folder_then_the_running_demo() {
        let root = tempfile::tempdir().unwrap();
        let last = root.path().join("state/careslot/last");
        let demo = root.path().join("elsewhere");
        let here = root.path().join("here");
        for folder in [&demo, &here] {
            fs::create_dir_all(folder.join(DEFAULT_FOLDER)).unwrap();
        }
        let places = |named: Option<&str>| Places {
            named: named.map(PathBuf::from),
            current_folder: here.clone(),
            last: Some(last.clone()),
        };
        let message = find(&places(None)).unwrap_err().to_string();
        assert!(message.contains("careslot demo") && message.contains("--env"), "{message}");

        let noted = write(&Environment { pid: 1, ..sample() }, &demo, Some(&last)).unwrap();
        assert_eq!(find(&places(None)).unwrap().environment.pid, 1);
        let ours = write(&Environment { pid: 2, ..sample() }, &here.join(DEFAULT_FOLDER), None).unwrap();
        assert_eq!(find(&places(None)).unwrap().environment.pid, 2);
        assert_eq!(find(&places(Some("../elsewhere/environment.json"))).unwrap().environment.pid, 1);
        assert!(find(&places(Some("absent.json"))).is_err());

        remove(&ours, Some(&last));
        assert!(last.is_file(), "another demo's note stays");
        remove(&noted, Some(&last));
        assert!(!last.exists() && !noted.exists());
        remove(&noted, Some(&last));
    }
}

//! What somebody sees who calls the demo with curl and its certificates.

use std::path::Path;

use serde_json::Value;

use super::{Demo, run};

/// Which certificate a call shows: a member of the environment file that has `cert` and `key`, or none.
pub(super) type Shown = Option<&'static str>;

/// The answer to a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: String,
    pub(super) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless this is a refusal with this status, told by an OperationOutcome that names the rule.
    #[track_caller]
    pub(super) fn is_refused(&self, status: u16, rule: &str, what: &str) {
        assert_eq!(self.status, status, "{what}: {self:?}");
        let body = self.body();
        assert_eq!(body["resourceType"], "OperationOutcome", "{what}: {body}");
        let issue = &body["issue"][0];
        assert_eq!(issue["severity"], "error", "{what}: {body}");
        let told = format!("{} {}", issue["diagnostics"], issue["details"]["text"]);
        assert!(told.contains(&format!("[{rule}]")), "{what} names {rule}: {told}");
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Calls `url`; `more` are further words for curl.
pub(super) fn curl(demo: &Demo, shown: Shown, url: &str, more: &[&str]) -> Answer {
    let file = |pointer: &str| demo.file(pointer).to_string_lossy().into_owned();
    let mut words =
        vec!["-sS".to_owned(), "-i".to_owned(), "--path-as-is".to_owned(), "--max-time".to_owned(), "60".to_owned()];
    words.extend(["--cacert".to_owned(), file("/ca")]);
    if let Some(who) = shown {
        words.extend([
            "--cert".to_owned(),
            file(&format!("{who}/cert")),
            "--key".to_owned(),
            file(&format!("{who}/key")),
        ]);
    }
    words.extend(more.iter().map(|word| (*word).to_owned()));
    words.push(url.to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let seen = run("curl", &words, Path::new("/"), &[], "");
    assert_eq!(seen.exit, 0, "curl {words:?}: {seen:?}");
    let (headers, text) = seen.stdout.split_once("\r\n\r\n").unwrap_or_else(|| panic!("an answer: {seen:?}"));
    let status = headers.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("a status: {headers}")),
        headers: headers.to_owned(),
        text: text.to_owned(),
    }
}

/// A call through the SSP, with the headers and the token that the first Consumer needs.
pub(super) struct ThroughTheSsp<'d> {
    pub(super) demo: &'d Demo,
    pub(super) shown: Shown,
    pub(super) from: String,
    pub(super) interaction: &'static str,
    pub(super) token: Option<String>,
}

impl<'d> ThroughTheSsp<'d> {
    /// The first Consumer, with a token for the Provider.
    pub(super) fn new(demo: &'d Demo, interaction: &'static str) -> Self {
        let token = Some(demo.token(&demo.text("/provider/endpoint")));
        Self { demo, shown: Some("/consumer"), from: demo.text("/consumer/asid"), interaction, token }
    }

    /// Calls what stands below the Provider's service root.
    pub(super) fn call(&self, below: &str, more: &[&str]) -> Answer {
        let url = format!("{}/{}/{below}", self.demo.text("/ssp"), self.demo.text("/provider/endpoint"));
        self.call_at(&url, more)
    }

    /// The same call somewhere else: at the Provider itself, for example.
    pub(super) fn call_at(&self, url: &str, more: &[&str]) -> Answer {
        let demo = self.demo;
        let mut headers = vec![
            "Ssp-TraceID: 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10".to_owned(),
            format!("Ssp-From: {}", self.from),
            format!("Ssp-To: {}", demo.text("/provider/services/0/asid")),
            format!("Ssp-InteractionID: urn:nhs:names:services:careconnect:fhir:rest:{}", self.interaction),
        ];
        headers.extend(self.token.iter().map(|token| format!("Authorization: Bearer {token}")));
        let mut words: Vec<&str> = headers.iter().flat_map(|header| ["-H", header.as_str()]).collect();
        words.extend(more);
        curl(demo, self.shown, url, &words)
    }
}

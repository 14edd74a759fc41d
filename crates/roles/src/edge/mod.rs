//! All network behaviour that roles share: sockets, TLS and certificates, the HTTPS client, the operations listener.
//! This is the only place that turns a refusal into an HTTP status.

pub mod answer;
pub mod audit;
pub mod authorise;
mod authority;
pub mod base;
pub mod body;
pub mod client;
pub mod clock;
pub mod crl;
pub mod directory;
pub mod directory_entry;
pub mod etag;
pub mod fhir_call;
pub mod issuer_keys;
pub mod judgement;
mod line;
pub mod listen;
pub mod local;
pub mod negotiate;
pub mod oauth;
pub mod operations;
pub mod pace;
pub mod page;
pub mod peer;
pub mod query;
pub mod r4;
pub mod refusal;
pub mod shards;
pub mod tls;
pub mod validation;
pub mod verify;

/// Any error, for the bodies of requests and answers whose kind nobody asks about.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

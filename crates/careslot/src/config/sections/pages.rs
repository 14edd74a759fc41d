//! `[web]` and `[admin]`: the faces for people and for those who run the network.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::reader::Reader;

/// `[web]`
#[derive(Clone, Debug)]
pub struct Web {
    /// Where the pages are.
    pub listen: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// File of the password that the pages ask for.
    pub password: Option<PathBuf>,
    /// The operations listeners of the parts whose health is shown, by role.
    pub parts: BTreeMap<String, String>,
}

impl Web {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let web = Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            password: reader.file("password_file"),
            parts: reader.table("parts"),
        };
        if web.password.is_none()
            && let Some(address) = web.listen.filter(|address| !address.ip().is_loopback())
        {
            let cure = "name a file with a password in web.password_file, or listen on 127.0.0.1";
            reader.problem("listen", format!("is {address}, which others can reach, and there is no password"), cure);
        }
        for address in web.parts.values() {
            reader.check_address("parts", address, &["http", "https"]);
        }
        web
    }
}

/// `[admin]`
#[derive(Clone, Debug)]
pub struct Admin {
    /// The administration listener, on the loopback.
    pub listen: Option<SocketAddr>,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { listen: reader.loopback_listener("listen", "it asks nobody who they are") }
    }
}

//! The pages for people: one address that shows the whole network, in plain HTML that works without JavaScript.
//!
//! The index: `home` is the first page, `validate` the `$validate` operation (VAL-01), `health` asks each part how it is,
//! `counts` counts Slots, `times` writes dates as people say them. The pages know the other parts by their addresses only.

mod counts;
mod health;
mod home;
pub mod times;
mod validate;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Uri};
use profile::Definitions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::edge::client::Authority;
use crate::edge::clock::{Clock, Ids};
use crate::edge::listen::{self, Door, Limits};
use crate::edge::page::{PageRefusal, lasting_file, page, protect, refused_page};

pub use counts::count_slots;

/// What the pages show, and under which names.
pub struct Settings {
    /// The version of this program.
    pub version: String,
    /// The parts in the order in which a booking meets them.
    pub parts: Vec<Part>,
    /// Counts the Provider's Slots ([`count_slots`]); absent where the Provider is somewhere else.
    pub slots: Option<CountSlots>,
    /// Commands that a person may copy.
    pub commands: Vec<Command>,
    /// Addresses worth a look.
    pub links: Vec<Link>,
    /// The compiled styles of nhsuk-frontend.
    pub styles: Bytes,
    /// Host names, without a port, under which the pages may be asked for beside `localhost` and the loopback addresses.
    pub hosts: Vec<String>,
    /// What resources are judged by.
    pub definitions: &'static Definitions,
}

/// One part of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The standard's name for it, for instance `Provider`.
    pub name: String,
    /// What it does, in a few words.
    pub duty: String,
    /// Where it listens, as URLs.
    pub addresses: Vec<String>,
    /// Its operations listener (plain HTTP), which is asked for `/readyz`; absent where there is none to ask.
    pub operations: Option<Authority>,
    /// The dialect that it speaks; absent where the dialects do not differ.
    pub dialect: Option<String>,
    /// Its version; absent where it is unknown.
    pub version: Option<String>,
}

/// A command to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it does, as a heading.
    pub what: String,
    /// The whole line.
    pub line: String,
}

/// An address worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What stands there.
    pub what: String,
    /// The address.
    pub address: String,
}

/// How many Slots the Provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotCounts {
    /// All of them.
    pub all: u64,
    /// Those that can still be booked.
    pub free: u64,
    /// Those that are booked.
    pub booked: u64,
}

/// A count that is under way; `None` where it could not be made.
pub type Counting = Pin<Box<dyn Future<Output = Option<SlotCounts>> + Send>>;
/// Counts the Provider's Slots, each time anew.
pub type CountSlots = Arc<dyn Fn() -> Counting + Send + Sync>;

/// What every page needs around its content.
#[derive(Debug)]
struct Frame {
    version: String,
    styles: String,
    layout: String,
    icon: String,
}

struct Pages {
    settings: Settings,
    frame: Frame,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// What the pages add to nhsuk-frontend's styles.
const LAYOUT: &[u8] = include_bytes!("../../templates/layout.css");
/// Our own mark: a calendar page with a tick.
const ICON: &[u8] = include_bytes!("../../templates/icon.svg");

/// Serves the pages until `shutdown`. Meant for the loopback: a page asks for no password.
pub async fn run(
    listener: TcpListener,
    settings: Settings,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    shutdown: CancellationToken,
) {
    let limits = Limits { connections: 256, ..Limits::default() };
    listen::serve(listener, Door::Plain, limits, router(settings, clock, ids), shutdown).await;
}

/// The pages' addresses.
pub fn router(settings: Settings, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Router {
    let frame = Frame {
        version: settings.version.clone(),
        styles: lasting_address("nhsuk", "css", &settings.styles),
        layout: lasting_address("layout", "css", LAYOUT),
        icon: lasting_address("icon", "svg", ICON),
    };
    let styles = settings.styles.clone();
    let routes = Router::new()
        .route("/", get(home::home))
        .route(&frame.styles, get(|| async { lasting_file("text/css; charset=utf-8", styles) }))
        .route(&frame.layout, get(|| async { lasting_file("text/css; charset=utf-8", Bytes::from_static(LAYOUT)) }))
        .route(&frame.icon, get(|| async { lasting_file("image/svg+xml", Bytes::from_static(ICON)) }))
        .route("/STU3/{*below}", any(validate::operation))
        .method_not_allowed_fallback(only_read)
        .fallback(no_such_page);
    let pages = Arc::new(Pages { settings, frame, clock, ids });
    routes.layer(from_fn_with_state(pages.clone(), only_known_hosts)).with_state(pages)
}

/// An address that names its content, so that a browser may keep the file for good.
fn lasting_address(name: &str, extension: &str, content: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    format!("/files/{name}-{}.{extension}", hex::encode(&digest.as_ref()[..8]))
}

/// A page that says why another is not shown.
#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    frame: &'a Frame,
    what: &'static str,
    cure: String,
}

impl Pages {
    fn shown(&self, template: &impl Template) -> Response {
        match template.render() {
            Ok(html) => page(html).into_response(),
            Err(fault) => {
                tracing::error!(%fault, "a page could not be made");
                self.refused(PageRefusal::Broken, "This page cannot be shown", "The reason is in the log.".to_owned())
            }
        }
    }

    fn refused(&self, refusal: PageRefusal, what: &'static str, cure: String) -> Response {
        let html = RefusedPage { frame: &self.frame, what, cure }.render();
        refused_page(refusal, html.unwrap_or_else(|_| what.to_owned())).into_response()
    }
}

async fn no_such_page(State(pages): State<Arc<Pages>>) -> Response {
    let cure = "Check the address. If it worked before, the page may have moved.".to_owned();
    pages.refused(PageRefusal::NoSuchPage, "Page not found", cure)
}

async fn only_read(State(pages): State<Arc<Pages>>) -> Response {
    let cure = "Nothing can be sent to this page: open it in a browser.".to_owned();
    pages.refused(PageRefusal::OnlyRead, "This page can only be read", cure)
}

/// Answers only those who name this address as their host, so that no foreign page can read what stands here by
/// pointing a name of its own at the loopback.
async fn only_known_hosts(State(pages): State<Arc<Pages>>, request: Request<Body>, next: Next) -> Response {
    if host_is_known(request.headers(), request.uri(), &pages.settings.hosts) {
        let mut response = next.run(request).await;
        protect(response.headers_mut());
        return response;
    }
    let cure = "Open this page as http://localhost with its port, or as 127.0.0.1.".to_owned();
    pages.refused(PageRefusal::WrongHost, "This address has another name", cure)
}

fn host_is_known(headers: &HeaderMap, uri: &Uri, hosts: &[String]) -> bool {
    let mut named = headers.get_all(HOST).iter();
    let host = match (uri.authority(), named.next(), named.next()) {
        (Some(authority), _, None) => authority.host(),
        (None, Some(host), None) => match host.to_str() {
            Ok(host) => without_port(host),
            Err(_) => return false,
        },
        _ => return false,
    };
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .chain(hosts.iter().map(String::as_str))
        .any(|known| host.eq_ignore_ascii_case(known))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_hosts_that_are_expected_are_answered() {
        let more = ["careslot.test".to_owned()];
        for (host, known) in [
            (Some("localhost:8080"), true),
            (Some("LOCALHOST"), true),
            (Some("127.0.0.1:8080"), true),
            (Some("[::1]:8080"), true),
            (Some("careslot.test:80"), true),
            (Some("evil.test:8080"), false),
            (Some("localhost.evil.test"), false),
            (Some("127.0.0.1.evil.test"), false),
            (Some(""), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(HOST, HeaderValue::from_static(host));
            }
            assert_eq!(host_is_known(&headers, &Uri::from_static("/"), &more), known, "{host:?}");
        }
    }
}

//! A small LDAP server over a real socket, with entries that a test can change while it runs.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rasn_ldap::{
    BindResponse, Filter, LdapMessage, LdapResult, PartialAttribute, ProtocolOp, ResultCode, SearchRequest,
    SearchResultDone, SearchResultEntry,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// An entry: its attributes, each with its values.
pub(crate) type Attributes = Vec<(&'static str, Vec<String>)>;

pub(crate) struct Directory {
    pub(crate) address: SocketAddr,
    entries: Arc<Mutex<Vec<Attributes>>>,
    /// How many searches were answered.
    searches: Arc<AtomicUsize>,
    stop: CancellationToken,
}

impl Directory {
    pub(crate) async fn start(entries: Vec<Attributes>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let directory = Self {
            address: listener.local_addr().unwrap(),
            entries: Arc::new(Mutex::new(entries)),
            searches: Arc::default(),
            stop: CancellationToken::new(),
        };
        let (entries, searches, stop) = (directory.entries.clone(), directory.searches.clone(), directory.stop.clone());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let session = session(accepted.unwrap().0, entries.clone(), searches.clone());
                let stop = stop.clone();
                tokio::spawn(async move {
                    tokio::select! { () = stop.cancelled() => {}, () = session => {} }
                });
            }
        });
        directory
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<Attributes>)) {
        change(&mut self.entries.lock().unwrap());
    }

    pub(crate) fn searches(&self) -> usize {
        self.searches.load(Ordering::SeqCst)
    }

    /// Closes the listener and every connection.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

async fn session(mut socket: TcpStream, entries: Arc<Mutex<Vec<Attributes>>>, searches: Arc<AtomicUsize>) {
    let mut read = Vec::new();
    loop {
        let message = match rasn::ber::decode_with_remainder::<LdapMessage>(&read) {
            Ok((message, rest)) => {
                read = rest.to_vec();
                message
            }
            Err(_) => match socket.read_buf(&mut read).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            },
        };
        let answers = match message.protocol_op {
            ProtocolOp::BindRequest(_) => {
                let ok = BindResponse::new(ResultCode::Success, "".into(), "".into(), None, None);
                vec![ProtocolOp::BindResponse(ok)]
            }
            ProtocolOp::SearchRequest(request) => {
                searches.fetch_add(1, Ordering::SeqCst);
                search(&request, &entries.lock().unwrap())
            }
            _ => return,
        };
        for answer in answers {
            let bytes = rasn::ber::encode(&LdapMessage::new(message.message_id, answer)).unwrap();
            if socket.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
}

fn search(request: &SearchRequest, entries: &[Attributes]) -> Vec<ProtocolOp> {
    let found = entries.iter().filter(|entry| matches(&request.filter, entry)).map(|entry| {
        let attributes = entry.iter().map(|(name, values)| {
            let values: Vec<_> = values.iter().map(|value| value.clone().into_bytes().into()).collect();
            PartialAttribute::new((*name).into(), values.into())
        });
        let dn = format!("uniqueIdentifier={},ou=Services,o=nhs", values(entry, "uniqueIdentifier")[0]);
        ProtocolOp::SearchResEntry(SearchResultEntry::new(dn.into(), attributes.collect()))
    });
    let done = SearchResultDone(LdapResult::new(ResultCode::Success, "".into(), "".into()));
    found.chain([ProtocolOp::SearchResDone(done)]).collect()
}

fn matches(filter: &Filter, entry: &Attributes) -> bool {
    match filter {
        Filter::And(all) => all.to_vec().into_iter().all(|filter| matches(filter, entry)),
        Filter::EqualityMatch(equality) => {
            let wanted = std::str::from_utf8(&equality.assertion_value).unwrap();
            values(entry, &equality.attribute_desc.0).iter().any(|value| value == wanted)
        }
        other => panic!("the proxy asks with {other:?}"),
    }
}

fn values<'a>(entry: &'a Attributes, name: &str) -> &'a [String] {
    entry.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, values)| values.as_slice()).unwrap_or(&[])
}

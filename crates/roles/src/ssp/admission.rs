//! The admission checks, in the order of section 1.4 of the catalogue: cheapest and least revealing first, directory
//! look-ups after authentication, nothing sent to the Provider until all have passed
//! (SSP-26, SSP-33 to SSP-53, SSP-90, SSP-91).

use std::sync::Arc;
use std::time::Instant;

use percent_encoding::percent_decode_str;
use spine::headers::bearer;
use spine::{NhsNumber, Reason, SspHeaders};

use super::Ssp;
use super::cors::Cors;
use super::endpoint::Endpoint;
use super::kept::{Looked, Source};
use super::lookups::{Receiver, Sender, Unanswered};
use super::record::Exchange;
use super::settings::Tokens;
use super::target::{Target, TargetFault};
use super::throttle::{Standing, Underway};
use super::wire::{Framing, Head, HeadFault};
use crate::edge::directory::DirectoryFault;
use crate::edge::peer::{Certificate, Peer};
use crate::edge::refusal::Refusal;

/// A call that may pass.
pub(super) struct Admitted {
    /// Where it goes: host and port are the directory's, not the target's (section 1.5).
    pub(super) endpoint: Arc<Endpoint>,
    /// What the Provider is asked for, byte for byte.
    pub(super) origin_form: String,
    /// The place that the call takes among those under way to the Provider.
    pub(super) _underway: Option<Underway>,
    /// How the body comes.
    pub(super) framing: Framing,
}

/// A call that goes no further.
pub(super) enum Turned {
    /// It was refused; with where the Consumer stands, when that is why.
    Refused(Refusal, Option<Standing>),
    /// It is a browser's question before a call, which the proxy answers itself (SSP-97).
    Preflight,
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, None)
    }
}

impl Ssp {
    /// One line a check, in order. Checks 1 to 3 began in the listener: it peeked, shook hands and judged.
    pub(super) async fn admit(
        &self,
        read: Result<&Head, HeadFault>,
        peer: &Peer,
        exchange: &mut Exchange,
        standing: &mut Option<Standing>,
    ) -> Result<Admitted, Turned> {
        let certificate = client_certificate(peer)?; // 1 to 4: SSP-33, SSP-34, SSP-35, SSP-36
        let (head, framing) = request_head(read)?; // 5: SSP-37
        self.preflight(head)?; // SSP-97
        self.verb(head)?; // 6: SSP-38
        let target = self.target(head)?; // 7: SSP-39
        let (ssp, token) = headers(head, exchange)?; // 8: SSP-26
        self.address_quota(peer)?; // 9: SSP-41
        self.read_token(token, exchange); // SSP-53: for the record of whatever follows
        let sender = self.sender(&ssp, exchange).await?; // 10: SSP-42
        certificate_of_sender(certificate, &ssp, &sender)?; // 11: SSP-43
        self.sender_authorised(&ssp, &sender, exchange).await?; // 12: SSP-44
        let receiver = self.receiver(&ssp, exchange).await?; // 13: SSP-45
        let endpoint = endpoint(&target, &receiver)?; // 14: SSP-40
        exchange.endpoint = Some(endpoint.clone());
        self.sharing_agreement(&ssp, &sender, &receiver)?; // 15: SSP-46
        self.token(&ssp, exchange)?; // 16: SSP-48
        *standing = self.asid_quota(&ssp)?; // 17: SSP-49
        let underway = self.provider_quota(&endpoint)?;
        self.media_type(head)?; // 18: SSP-50
        self.nhs_number(&target)?; // 19: SSP-51
        Ok(Admitted { endpoint, origin_form: target.origin_form().into_owned(), _underway: underway, framing })
    }

    /// SSP-97: only where origins are configured.
    fn preflight(&self, head: &Head) -> Result<(), Turned> {
        let asked = Cors::of(head, &self.settings).is_some_and(|cors| cors.is_preflight());
        if asked { Err(Turned::Preflight) } else { Ok(()) }
    }

    /// SSP-38: only verbs of the list.
    fn verb(&self, head: &Head) -> Result<(), Refusal> {
        if self.settings.verbs.iter().any(|verb| verb.as_str() == head.first()) {
            return Ok(());
        }
        let allow = self.settings.allowed_verbs();
        let what = format!("this proxy passes {allow}");
        Err(Refusal::new(Reason::VerbNotPassed, what).opening("405: Method Not Allowed".to_owned()).allowing(allow))
    }

    /// SSP-39: a target that can be read in one way only (SSP-07 to SSP-14).
    fn target<'a>(&self, head: &'a Head) -> Result<Target<'a>, Refusal> {
        let read = match head.raw_target().iter().find(|byte| !byte.is_ascii()) {
            Some(byte) => Err(TargetFault::Byte(*byte)),
            None => Target::read(head.target(), self.settings.target),
        };
        read.map_err(|fault| {
            let reason = match fault {
                TargetFault::TooLong { .. } => Reason::TargetTooLong,
                _ => Reason::TargetMalformed,
            };
            Refusal::new(reason, fault.to_string())
        })
    }

    /// SSP-41: protects the proxy itself, before the directory is asked anything.
    fn address_quota(&self, peer: &Peer) -> Result<(), Turned> {
        let counted = self.per_address.count(&peer.address.ip());
        counted.map(|_| ()).map_err(|standing| too_many(Reason::AddressQuotaUsedUp, standing))
    }

    /// SSP-53: refused calls are recorded with their token's claims too.
    fn read_token(&self, token: &str, exchange: &mut Exchange) {
        if self.settings.tokens != Tokens::Off {
            exchange.token = Some(self.tokens.read(token));
        }
    }

    /// SSP-42: `Ssp-From` is a system of the directory.
    async fn sender(&self, ssp: &SspHeaders, exchange: &mut Exchange) -> Result<Arc<Sender>, Refusal> {
        let asked = Instant::now();
        let looked = self.lookups.sender(&ssp.from).await;
        let sender = answered(looked, asked, exchange)?;
        exchange.sender.clone_from(&sender);
        sender.ok_or_else(|| refused_sender(Reason::SenderNotRegistered, ssp, ""))
    }

    /// SSP-44: the interaction is among those that the sender may use. One that nobody may use is told apart (ERR-D14).
    async fn sender_authorised(
        &self,
        ssp: &SspHeaders,
        sender: &Sender,
        exchange: &mut Exchange,
    ) -> Result<(), Refusal> {
        if sender.system.interactions.contains(ssp.interaction.as_str()) {
            return Ok(());
        }
        let asked = Instant::now();
        let looked = self.lookups.interaction(&ssp.interaction).await;
        let known = answered(looked, asked, exchange)?;
        let reason = if known.is_some() { Reason::SenderNotAuthorised } else { Reason::InteractionUnknown };
        Err(refused_sender(reason, ssp, ssp.interaction.as_str()))
    }

    /// SSP-45: `Ssp-To` is a system of the directory and has a record for the interaction.
    async fn receiver(&self, ssp: &SspHeaders, exchange: &mut Exchange) -> Result<Arc<Receiver>, Refusal> {
        let asked = Instant::now();
        let looked = self.lookups.receiver(&(ssp.to.clone(), ssp.interaction.clone())).await;
        let receiver = answered(looked, asked, exchange)?;
        exchange.receiver.clone_from(&receiver);
        let refused = |reason| {
            let live = format!("PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_{}", ssp.to);
            Err(Refusal::new(reason, ssp.interaction.as_str()).opening(live))
        };
        match receiver {
            None => refused(Reason::ReceiverNotRegistered),
            Some(receiver) if receiver.registered.is_empty() => refused(Reason::ReceiverNotAuthorised),
            Some(receiver) => Ok(receiver),
        }
    }

    /// SSP-46, SSP-52: for the programmes that need one.
    fn sharing_agreement(&self, ssp: &SspHeaders, sender: &Sender, receiver: &Receiver) -> Result<(), Refusal> {
        let programme = ssp.interaction.programme().unwrap_or_default();
        if !self.settings.sharing_programmes.contains(programme) {
            return Ok(());
        }
        let agreed = [ssp.from.as_str(), &sender.system.ods].into_iter().any(|from| {
            [ssp.to.as_str(), &receiver.system.ods]
                .into_iter()
                .any(|to| self.settings.sharing_agreements.contains(&(from.to_owned(), to.to_owned())))
        });
        if agreed {
            return Ok(());
        }
        let live = format!("FOT_CHECK_FAILED_MESSAGESENDER_{}_MESSAGERECEIVER_{}", ssp.from, ssp.to);
        Err(Refusal::new(Reason::NoSharingAgreement, "").opening(live))
    }

    /// SSP-48: only where enforcement is on.
    fn token(&self, ssp: &SspHeaders, exchange: &Exchange) -> Result<(), Refusal> {
        match &exchange.token {
            Some(token) if self.settings.tokens == Tokens::Enforce => token.admit(&ssp.from, self.clock.now()),
            _ => Ok(()),
        }
    }

    /// SSP-49, SSP-90: the Consumer's own quota.
    fn asid_quota(&self, ssp: &SspHeaders) -> Result<Option<Standing>, Turned> {
        self.per_asid.count(&ssp.from).map_err(|standing| too_many(Reason::AsidQuotaUsedUp, standing))
    }

    /// SSP-49, SSP-91: one slow Provider must not take all places.
    fn provider_quota(&self, endpoint: &Endpoint) -> Result<Option<Underway>, Refusal> {
        let circuit = self.circuits.enter(&endpoint.host);
        circuit.map_err(|seconds| Refusal::new(Reason::ProviderLeftAlone, "").retry_after(seconds))?;
        self.in_flight.enter(&endpoint.host).map_err(|()| Refusal::new(Reason::ProviderBusy, "").retry_after(1))
    }

    /// SSP-50: only where a list is set; otherwise any media type passes (SSP-66).
    fn media_type(&self, head: &Head) -> Result<(), Refusal> {
        if head.value("content-type").is_none() {
            return Ok(());
        }
        let value = head.text_value("content-type").unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        let allowed = &self.settings.media_types;
        if allowed.is_empty() || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(essence)) {
            return Ok(());
        }
        let what = format!("allowed are {}", allowed.join(", "));
        Err(Refusal::new(Reason::MediaTypeNotAllowed, what).opening("Unsupported_Media_Type".to_owned()))
    }

    /// SSP-51: only where it is switched on.
    fn nhs_number(&self, target: &Target<'_>) -> Result<(), Refusal> {
        if !self.settings.check_nhs_numbers || target.query().split('&').all(nhs_number_is_sound) {
            return Ok(());
        }
        Err(Refusal::new(Reason::NhsNumberInvalidInTarget, ""))
    }
}

/// SSP-33, SSP-35, SSP-36, TLS-18: only a certificate that the listener believes goes any further.
fn client_certificate(peer: &Peer) -> Result<&Certificate, Refusal> {
    if let Some(refusal) = Refusal::of_certificate(&peer.certificate) {
        return Err(refusal);
    }
    peer.certificate.good().ok_or_else(|| Refusal::new(Reason::ClientCertificateMissing, ""))
}

/// Headers that nobody may declare hop-by-hop to have the proxy drop them (SSP-27, SSP-30, SSP-61).
const END_TO_END: [&str; 12] = [
    "authorization",
    "content-length",
    "content-type",
    "host",
    "if-match",
    "ssp-from",
    "ssp-interactionid",
    "ssp-to",
    "ssp-traceid",
    "transfer-encoding",
    "x-correlation-id",
    "x-request-id",
];

/// SSP-37: one reading, or none. What cannot be read at all is refused here too, so that it is told and recorded.
fn request_head(read: Result<&Head, HeadFault>) -> Result<(&Head, Framing), Refusal> {
    let broken = |what: &str| Refusal::new(Reason::RequestHeadBroken, what);
    let head = read.map_err(|fault| {
        let reason = if fault.is_size() { Reason::RequestHeadTooLarge } else { Reason::RequestHeadBroken };
        Refusal::new(reason, fault.to_string())
    })?;
    if !head.is_request_11() {
        return Err(broken("HTTP/1.1 is spoken here"));
    }
    let mut hosts = head.values("host");
    let (host, further) = (hosts.next(), hosts.next());
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    if further.is_some() || !host.is_some_and(|host| !host.is_empty() && host.iter().all(plain)) {
        return Err(broken("exactly one Host header is expected, a host name with or without a port"));
    }
    let framing = Framing::of_request(head).map_err(broken)?;
    let end_to_end = |name: &[u8]| END_TO_END.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    if head.elements("connection").any(end_to_end) {
        return Err(broken("Connection names a header that is not hop-by-hop"));
    }
    Ok((head, framing))
}

/// SSP-26, SSP-24: the four Ssp headers and a bearer token.
fn headers<'a>(head: &'a Head, exchange: &mut Exchange) -> Result<(Arc<SspHeaders>, &'a str), Refusal> {
    let read = SspHeaders::read(head.fields()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Refusal::new(Reason::SspHeaderBroken, faults.join("; "))
    })?;
    let ssp = Arc::new(read);
    exchange.ssp = Some(ssp.clone());
    let token = bearer(head.fields());
    let token = token.map_err(|fault| Refusal::new(Reason::TokenMissingAtProxy, fault.to_string()))?;
    Ok((ssp, token))
}

/// SSP-43, SSP-47: the certificate's name is one that is registered for the sender's party key.
fn certificate_of_sender(certificate: &Certificate, ssp: &SspHeaders, sender: &Sender) -> Result<(), Refusal> {
    if sender.fqdns.iter().any(|fqdn| certificate.has_name(fqdn)) {
        return Ok(());
    }
    Err(refused_sender(Reason::SenderCertificateDiffers, ssp, ""))
}

fn refused_sender(reason: Reason, ssp: &SspHeaders, what: &str) -> Refusal {
    Refusal::new(reason, what).opening(format!("ASID_CHECK_FAILED_MESSAGESENDER_{}", ssp.from))
}

/// SSP-40: the target lies under an endpoint that is registered for the receiver and the interaction.
fn endpoint(target: &Target<'_>, receiver: &Receiver) -> Result<Arc<Endpoint>, Refusal> {
    let target = target.without_query();
    if let Some(endpoint) = receiver.endpoints.iter().find(|endpoint| endpoint.admits(target)) {
        return Ok(endpoint.clone());
    }
    let target = crate::edge::audit::without_nhs_numbers(target);
    let live = receiver
        .registered
        .first()
        .map(|(value, cpa_id)| format!("ENDPOINT_{value}_CPAID_{cpa_id}_VARIES_FROM_TARGETURL_{target}"));
    Err(Refusal::new(Reason::EndpointVaries, "").opening(live.unwrap_or_default()))
}

/// The directory's answer, its source noted; without one the call cannot be admitted (SDS-45: 503, not 403).
fn answered<V>(
    looked: Result<Looked<V>, Unanswered>,
    asked: Instant,
    exchange: &mut Exchange,
) -> Result<Option<Arc<V>>, Refusal> {
    exchange.upstream.directory_took += asked.elapsed();
    match looked {
        Ok(looked) => {
            if looked.source != Source::Kept && exchange.directory != Source::Stale {
                exchange.directory = looked.source;
            }
            Ok(looked.value)
        }
        Err(Some(DirectoryFault::TooMany)) => {
            let what =
                "more records carry this ASID, or its party key and interaction, than can be told apart (SDS-42)";
            Err(Refusal::new(Reason::DirectoryAmbiguous, what))
        }
        Err(Some(fault)) => Err(Refusal::new(Reason::DirectoryUnavailable, "").retry_after(5).caused_by(fault)),
        Err(None) => Err(Refusal::new(Reason::DirectoryUnavailable, "").retry_after(5)),
    }
}

fn too_many(reason: Reason, standing: Standing) -> Turned {
    let what = format!("it may make {} calls a minute", standing.limit);
    let refusal = Refusal::new(reason, what).retry_after(standing.reset);
    Turned::Refused(refusal, Some(standing))
}

/// Whether a parameter holds no NHS number, or a valid one: length and check digit only.
fn nhs_number_is_sound(parameter: &str) -> bool {
    let plain = percent_decode_str(parameter).decode_utf8_lossy();
    match plain.split_once("nhs-number|") {
        Some((_, number)) => NhsNumber::parse(number).is_ok(),
        None => true,
    }
}

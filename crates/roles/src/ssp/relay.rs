//! The Provider's answer on its way back: head and body pass as they are, and the record is completed at their end
//! (SSP-60, SSP-61, SSP-62, SSP-65, SSP-67, SSP-70, SSP-71, SSP-84, SSP-85, SSP-92, SSP-96).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{STRICT_TRANSPORT_SECURITY, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::{Body, Frame, SizeHint};

use super::forward::{strip_hop_by_hop, via};
use super::record::{Ending, Exchange};
use super::settings::Settings;
use super::throttle::{Standing, Underway};
use crate::edge::client::AnswerBody;
use crate::edge::pace::BodyFault;

const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// The body of what the proxy answers.
pub(super) enum Outward {
    /// Its own refusal.
    Refusal(Bytes),
    /// A Provider's answer.
    Relayed(Box<Relayed>),
}

/// The body of a Provider's answer.
pub(super) struct Relayed {
    inner: AnswerBody,
    exchange: Option<Exchange>,
    _underway: Option<Underway>,
}

/// The answer as the Consumer gets it.
pub(super) fn outward(
    answer: Response<AnswerBody>,
    exchange: Exchange,
    underway: Option<Underway>,
    standing: Option<Standing>,
    settings: &Settings,
) -> Response<Outward> {
    let (mut head, inner) = answer.into_parts();
    strip_hop_by_hop(&mut head.headers);
    head.headers.append(VIA, via(settings));
    add_own_headers(&mut head.headers, standing);
    let mut body = Box::new(Relayed { inner, exchange: Some(exchange), _underway: underway });
    if body.inner.is_end_stream() {
        body.end(Ending::Relayed);
    }
    Response::from_parts(head, Outward::Relayed(body))
}

/// HSTS, and where the Consumer stands with its quota; what the Provider set itself is left alone (SSP-93).
pub(super) fn add_own_headers(headers: &mut HeaderMap, standing: Option<Standing>) {
    headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
    if let Some(standing) = standing
        && ![LIMIT, REMAINING, RESET].iter().any(|name| headers.contains_key(name))
    {
        headers.insert(LIMIT, standing.limit.into());
        headers.insert(REMAINING, standing.remaining.into());
        headers.insert(RESET, standing.reset.into());
    }
}

impl Relayed {
    fn end(&mut self, ending: Ending) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.ending = Some(ending);
        }
    }
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(data), Some(exchange)) = (frame.data_ref(), &mut self.exchange) {
                    exchange.upstream.bytes_out += data.len() as u64;
                }
                if self.inner.is_end_stream() {
                    self.end(Ending::Relayed);
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(Ending::BrokeOff),
            Poll::Ready(None) => self.end(Ending::Relayed),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Body for Outward {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match &mut *self {
            Self::Relayed(body) => Pin::new(body.as_mut()).poll_frame(cx),
            Self::Refusal(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Refusal(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Relayed(body) => body.is_end_stream(),
            Self::Refusal(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Relayed(body) => body.size_hint(),
            Self::Refusal(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

//! The controls of a request: paged results (RFC 2696); an unknown one that is critical refuses the request (SDS-60).

use rasn::prelude::*;
use rasn_ldap::{Control, ResultCode};

/// The paged results control.
pub(super) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// ManageDsaIT, which changes nothing where there are no referrals.
const MANAGE_DSA_IT: &[u8] = b"2.16.840.1.113730.3.4.2";
/// The most controls that a request may carry.
const MOST_CONTROLS: usize = 16;

/// What the controls of a request ask for.
#[derive(Debug, Default)]
pub(super) struct Controls {
    /// The page that is asked for.
    pub(super) page: Option<Page>,
}

/// A page of a search: how many entries, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// The entries on a page; 0 gives the search up.
    pub(super) size: usize,
    /// The entries before the page, and the mark of the search that the cookie was made for; `None` for the first page.
    pub(super) from: Option<(usize, u64)>,
}

/// The value of the control, in requests and in answers.
#[derive(AsnType, Encode, Decode, Debug, Clone, PartialEq, Eq)]
struct PagedValue {
    size: u32,
    cookie: OctetString,
}

impl Controls {
    /// Reads the controls.
    ///
    /// # Errors
    /// The result code and text of a refusal: an unknown critical control, a malformed or repeated one.
    pub(super) fn read(controls: &[Control]) -> Result<Self, (ResultCode, String)> {
        let mut read = Self::default();
        if controls.len() > MOST_CONTROLS {
            return Err((ResultCode::ProtocolError, "the request carries too many controls".to_owned()));
        }
        for control in controls {
            match control.control_type.as_ref() {
                name if name == PAGED_RESULTS.as_bytes() => {
                    if read.page.is_some() {
                        return Err((ResultCode::ProtocolError, "the paged results control is there twice".to_owned()));
                    }
                    read.page = Some(read_page(control)?);
                }
                MANAGE_DSA_IT => {}
                _ if control.criticality => {
                    let text = "a control that is critical to the request is not supported".to_owned();
                    return Err((ResultCode::UnavailableCriticalExtension, text));
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

fn read_page(control: &Control) -> Result<Page, (ResultCode, String)> {
    let refused = |text: &str| (ResultCode::ProtocolError, text.to_owned());
    let value = control.control_value.as_ref().ok_or_else(|| refused("the paged results control has no value"))?;
    let value = rasn::ber::decode::<PagedValue>(value.as_ref())
        .map_err(|_| refused("the value of the paged results control is malformed"))?;
    let size = usize::try_from(value.size).unwrap_or(usize::MAX);
    if value.cookie.is_empty() {
        return Ok(Page { size, from: None });
    }
    let cookie = <[u8; 16]>::try_from(value.cookie.as_ref()).map_err(|_| refused("the cookie is not one of ours"))?;
    let (start, mark) = cookie.split_at(8);
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let start = usize::try_from(number(start)).map_err(|_| refused("the cookie is not one of ours"))?;
    Ok(Page { size, from: Some((start, number(mark))) })
}

/// The control of an answer: the cookie of the next page, or an empty one after the last.
pub(super) fn paged_answer(next: Option<(usize, u64)>) -> Option<Control> {
    let cookie =
        next.map_or_else(Vec::new, |(start, mark)| [(start as u64).to_be_bytes(), mark.to_be_bytes()].concat());
    let value = rasn::ber::encode(&PagedValue { size: 0, cookie: cookie.into() }).ok()?;
    Some(Control::new(PAGED_RESULTS.as_bytes().to_vec().into(), false, Some(value.into())))
}

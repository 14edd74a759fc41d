//! The four Ssp headers, read and written by one type at Consumer, proxy and Provider alike (SSP-20 … SSP-23, SSP-25,
//! SSP-26, VIA-02, REG-15).

use super::{values_of, without_outer_space};
use crate::identifiers::{Asid, Malformed, TraceId};
use crate::interaction::InteractionId;
use std::fmt;

/// The header that holds the trace ID.
pub const SSP_TRACE_ID: &str = "Ssp-TraceID";
/// The header that holds the Consumer's ASID.
pub const SSP_FROM: &str = "Ssp-From";
/// The header that holds the Provider's ASID.
pub const SSP_TO: &str = "Ssp-To";
/// The header that holds the Interaction ID.
pub const SSP_INTERACTION_ID: &str = "Ssp-InteractionID";

const NAMES: [&str; 4] = [SSP_TRACE_ID, SSP_FROM, SSP_TO, SSP_INTERACTION_ID];

/// Who calls whom, for what, under which trace ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SspHeaders {
    /// The call's own UUID.
    pub trace_id: TraceId,
    /// The ASID of the organisation that the call comes from.
    pub from: Asid,
    /// The ASID of the Provider.
    pub to: Asid,
    /// What the call is for.
    pub interaction: InteractionId,
}

/// What is wrong with one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderProblem {
    /// It is not there.
    Missing,
    /// It is there without a value.
    Empty,
    /// It is there this many times.
    Repeated(usize),
    /// Its value is a list.
    CommaJoined,
    /// Its value is not ASCII text.
    NotText,
    /// Its value has another form than it should.
    Malformed(Malformed),
}

/// One Ssp header that cannot be used, and why (SSP-26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFault {
    /// The header's name as the standard spells it.
    pub header: &'static str,
    /// What is wrong.
    pub problem: HeaderProblem,
}

impl fmt::Display for HeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header;
        match &self.problem {
            HeaderProblem::Missing => write!(f, "{header} is missing: send it once"),
            HeaderProblem::Empty => write!(f, "{header} is empty: give it a value"),
            HeaderProblem::Repeated(times) => write!(f, "{header} came {times} times: send it once"),
            HeaderProblem::CommaJoined => write!(f, "{header} holds a list: send one value without a comma"),
            HeaderProblem::NotText => write!(f, "{header} holds bytes that are not ASCII text"),
            HeaderProblem::Malformed(malformed) => write!(f, "{header} is malformed: {malformed}"),
        }
    }
}

impl std::error::Error for HeaderFault {}

impl SspHeaders {
    /// Reads the four headers out of all headers of a request, whose names may be in any case (SSP-25).
    ///
    /// # Errors
    /// Every one of the four that is missing, empty, repeated, comma-joined or malformed (SSP-26), in the order trace
    /// ID, from, to, interaction.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Vec<HeaderFault>> {
        read_collected(&only_ssp(headers))
    }

    /// Reads the four headers where they are optional, as at the Registry (REG-15): none of them gives `None`.
    ///
    /// # Errors
    /// As [`SspHeaders::read`] as soon as one of the four is there.
    pub fn read_if_present<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Option<Self>, Vec<HeaderFault>> {
        let headers = only_ssp(headers);
        if headers.is_empty() { Ok(None) } else { read_collected(&headers).map(Some) }
    }

    /// The four headers as they go on the wire.
    #[must_use]
    pub fn write(&self) -> [(&'static str, String); 4] {
        [
            (SSP_TRACE_ID, self.trace_id.to_string()),
            (SSP_FROM, self.from.to_string()),
            (SSP_TO, self.to.to_string()),
            (SSP_INTERACTION_ID, self.interaction.to_string()),
        ]
    }
}

fn only_ssp<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<(&'a str, &'a [u8])> {
    headers.into_iter().filter(|(name, _)| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))).collect()
}

fn read_collected(headers: &[(&str, &[u8])]) -> Result<SspHeaders, Vec<HeaderFault>> {
    let mut faults = Vec::new();
    let trace_id = one(headers, SSP_TRACE_ID, TraceId::parse, &mut faults);
    let from = one(headers, SSP_FROM, Asid::parse, &mut faults);
    let to = one(headers, SSP_TO, Asid::parse, &mut faults);
    let interaction = one(headers, SSP_INTERACTION_ID, InteractionId::parse, &mut faults);
    match (trace_id, from, to, interaction) {
        (Some(trace_id), Some(from), Some(to), Some(interaction)) => Ok(SspHeaders { trace_id, from, to, interaction }),
        _ => Err(faults),
    }
}

/// The single well-formed value of `header`; otherwise `None` and a fault.
fn one<T>(
    headers: &[(&str, &[u8])],
    header: &'static str,
    parse: impl Fn(&str) -> Result<T, Malformed>,
    faults: &mut Vec<HeaderFault>,
) -> Option<T> {
    let read = single_text(&values_of(headers, header))
        .and_then(|text| parse(text).map_err(HeaderProblem::Malformed))
        .map_err(|problem| HeaderFault { header, problem });
    read.map_err(|fault| faults.push(fault)).ok()
}

fn single_text<'a>(values: &[&'a [u8]]) -> Result<&'a str, HeaderProblem> {
    let value = match values {
        [] => return Err(HeaderProblem::Missing),
        [value] => without_outer_space(value),
        more => return Err(HeaderProblem::Repeated(more.len())),
    };
    if value.is_empty() {
        return Err(HeaderProblem::Empty);
    }
    if value.contains(&b',') {
        return Err(HeaderProblem::CommaJoined);
    }
    match std::str::from_utf8(value) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') => Ok(text),
        _ => Err(HeaderProblem::NotText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: [(&str, &[u8]); 4] = [
        (SSP_TRACE_ID, b"1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77"),
        (SSP_FROM, b"918999199203"),
        (SSP_TO, b"918999198999"),
        (SSP_INTERACTION_ID, b"urn:nhs:names:services:careconnect:fhir:rest:search:slot"),
    ];

    // covers: SSP-20, SSP-21, SSP-22, SSP-23, VIA-02, VIA-05
    #[test]
    fn the_four_headers_are_read_and_written_alike() {
        let headers = SspHeaders::read(GOOD).unwrap();
        assert_eq!(headers.interaction, InteractionId::SEARCH_SLOT);
        let written = headers.write();
        let again = written.iter().map(|(name, value)| (*name, value.as_bytes()));
        assert_eq!(SspHeaders::read(again).unwrap(), headers);
    }

    // covers: SSP-25, VIA-07
    #[test]
    fn names_are_found_in_any_case_and_underscores_are_another_name() {
        let odd = ["SSP-TRACEID", "ssp-From", "ssp-to", "SSP-InteractionID"];
        let headers = GOOD.iter().zip(odd).map(|((_, value), name)| (name, *value));
        assert!(SspHeaders::read(headers).is_ok());
        let underscored = GOOD.map(|(name, value)| (if name == SSP_FROM { "Ssp_From" } else { name }, value));
        let faults = SspHeaders::read(underscored).unwrap_err();
        assert_eq!(faults, [HeaderFault { header: SSP_FROM, problem: HeaderProblem::Missing }]);
    }

    // covers: SSP-26, VIA-26
    #[test]
    fn a_header_that_is_missing_empty_repeated_joined_or_malformed_is_named() {
        for (index, (name, value)) in GOOD.into_iter().enumerate() {
            let without: Vec<_> = GOOD.into_iter().filter(|(other, _)| *other != name).collect();
            let with = |values: &[&'static [u8]]| {
                let mut headers = without.clone();
                headers.extend(values.iter().map(|value| (name, *value)));
                let faults = SspHeaders::read(headers).unwrap_err();
                assert_eq!(faults.len(), 1, "{name}");
                assert_eq!(faults[0].header, NAMES[index]);
                faults[0].problem.clone()
            };
            assert_eq!(with(&[]), HeaderProblem::Missing);
            assert_eq!(with(&[b" \t"]), HeaderProblem::Empty);
            assert_eq!(with(&[value, value]), HeaderProblem::Repeated(2));
            assert_eq!(with(&[b"a,b"]), HeaderProblem::CommaJoined);
            assert_eq!(with(&[b"caf\xc3\xa9"]), HeaderProblem::NotText);
            assert_eq!(with(&[b"\xff"]), HeaderProblem::NotText);
            assert!(matches!(with(&[b"918 999"]), HeaderProblem::Malformed(_)), "{name}");
        }
    }

    // covers: SSP-26
    #[test]
    fn every_fault_is_told_at_once_and_outer_space_is_forgiven() {
        assert_eq!(SspHeaders::read([]).unwrap_err().len(), 4);
        let spaced =
            GOOD.map(|(name, value)| (name, if name == SSP_TO { b"\t918999198999 ".as_slice() } else { value }));
        assert!(SspHeaders::read(spaced).is_ok());
        let text = HeaderFault { header: SSP_TO, problem: HeaderProblem::Missing }.to_string();
        assert_eq!(text, "Ssp-To is missing: send it once");
    }

    // covers: REG-15
    #[test]
    fn where_they_are_optional_none_is_fine_and_some_are_not() {
        assert_eq!(SspHeaders::read_if_present([("Accept", b"*/*".as_slice())]), Ok(None));
        assert!(SspHeaders::read_if_present(GOOD).unwrap().is_some());
        assert_eq!(SspHeaders::read_if_present([GOOD[0]]).unwrap_err().len(), 3);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(values in proptest::collection::vec((0..5_usize, any::<Vec<u8>>()), 0..8)) {
            let names = [SSP_TRACE_ID, SSP_FROM, SSP_TO, SSP_INTERACTION_ID, "Accept"];
            let headers = values.iter().map(|(index, value)| (names[*index], value.as_slice()));
            let _ = SspHeaders::read(headers.clone());
            let _ = SspHeaders::read_if_present(headers);
        }
    }
}

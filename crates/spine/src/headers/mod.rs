//! The headers that every proxied call carries: the four Ssp headers, read and written by one type, and the bearer
//! token (SSP-20 … SSP-26, VIA-02).

mod bearer;
mod ssp_headers;

pub use bearer::{BearerFault, bearer};
pub use ssp_headers::{HeaderFault, HeaderProblem, SSP_FROM, SSP_INTERACTION_ID, SSP_TO, SSP_TRACE_ID, SspHeaders};

/// All values of the header `name`, whose case does not matter, in the order they came.
fn values_of<'a>(headers: &[(&'a str, &'a [u8])], name: &str) -> Vec<&'a [u8]> {
    headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| *value).collect()
}

/// A value without the spaces and tabs that HTTP allows around it.
fn without_outer_space(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

//! The view of an OperationOutcome (OO-02, OO-08).

use super::{Coding, codings, element_views, resource_views, texts};
use crate::node::Node;

resource_views! {
    /// An OperationOutcome.
    OperationOutcome
}

element_views! {
    /// An issue of an OperationOutcome.
    ReportedIssue
}

impl<'n> OperationOutcome<'n> {
    /// What it reports.
    pub fn issues(&self) -> impl Iterator<Item = ReportedIssue<'n>> + use<'n> {
        self.0.all("issue").map(ReportedIssue::of)
    }
}

impl<'n> ReportedIssue<'n> {
    texts! {
        /// `fatal`, `error`, `warning` or `information`.
        severity: "severity"
        /// A code of `http://hl7.org/fhir/issue-type`.
        code: "code"
        /// What happened.
        diagnostics: "diagnostics"
    }

    /// The first coding of the details: the Spine code, where there is one.
    #[must_use]
    pub fn coding(&self) -> Option<Coding<'n>> {
        self.0.child("details").and_then(|details| codings(details).next())
    }

    /// The details in words.
    #[must_use]
    pub fn text(&self) -> Option<&'n str> {
        self.0.find("details.text").and_then(Node::text)
    }

    /// The elements or parameters that are at fault.
    pub fn locations(&self) -> impl Iterator<Item = &'n str> + use<'n> {
        self.0.all("location").filter_map(Node::text)
    }
}

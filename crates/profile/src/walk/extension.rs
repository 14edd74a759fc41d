//! Extensions: each is judged by its own definition, wherever it stands (VAL-05).

use fhir::Node;

use super::{Walk, base_type};
use crate::constraint::Profile;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};

impl<'n, 'd> Walk<'n, 'd> {
    /// Judges an extension of `parent`.
    pub(super) fn extension(&mut self, node: &'n Node, parent: &'n Node) {
        self.value_or_extensions(node);
        let Some(url) = node.text_of("url") else { return };
        let inside_another = parent.kind().name() == "Extension";
        if !is_absolute(url) {
            // Within a complex extension the names are short; the definition outside judges them.
            if !inside_another || !self.is_named_by(url, parent) {
                self.not_absolute(node, url);
            }
            return;
        }
        if url.contains('|') {
            self.with_version(node, url);
            return;
        }
        let definitions = self.definitions;
        match definitions.profile(url) {
            Some(profile) if profile.is_extension() => {
                self.in_context(node, parent, profile);
                self.keeps_to(node, profile);
            }
            None if base_type(url).is_none_or(|name| definitions.table.named(name).is_none()) => {
                self.unknown_extension(node, url);
            }
            _ => self.not_an_extension(node, url),
        }
    }

    /// Does the definition of the extension around know this short name? One that is not known itself lets any pass.
    fn is_named_by(&self, url: &str, parent: &Node) -> bool {
        let Some(outer) = parent.text_of("url") else { return false };
        let Some(profile) = self.definitions.profile(outer) else { return true };
        let Some(rules) = profile.root.child("extension") else { return false };
        let names = rules.slices.iter().filter_map(|slice| slice.child("url")?.fixed.as_ref()?.text.as_deref());
        names.into_iter().any(|name| name == url)
    }

    fn in_context(&mut self, node: &Node, parent: &'n Node, profile: &Profile) {
        let allows = |context: &str| {
            let type_name = parent.kind().name();
            matches!(context, "*" | "Element")
                || context == type_name
                || (context == "Resource" && parent.is_resource())
                || self.path.is_inside(context)
        };
        if profile.contexts.is_empty() || profile.contexts.iter().any(|context| allows(context)) {
            return;
        }
        let allowed = profile.contexts.join(", ");
        // The context is a rule about the element around; the extension is where to look.
        self.report_around(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Extension,
                rule: profile.url.to_string(),
                expected: format!("the extension on {allowed}"),
                got: format!("it on {}", quote(parent.kind().name())),
                message: format!(
                    "The extension {} is not meant for this place, only for {allowed}.",
                    quote(&profile.url)
                ),
                cure: format!("Move the extension to {allowed}, or remove it."),
            },
        );
    }

    fn unknown_extension(&mut self, node: &Node, url: &str) {
        let modifies = node.name() == "modifierExtension";
        let (severity, message, cure) = if modifies {
            (
                Severity::Error,
                "The modifier extension is not known here, and what it modifies must not be used without knowing it.",
                "Remove the modifier extension, or load the package that defines it.",
            )
        } else {
            (
                Severity::Warning,
                "The extension is not known here, so that it was not checked.",
                "Load the package that defines it, or leave it.",
            )
        };
        self.report(
            node,
            Finding {
                severity,
                kind: Kind::Extension,
                rule: "Extension.url".to_owned(),
                expected: "an extension that is known".to_owned(),
                got: quote(url),
                message: message.to_owned(),
                cure: cure.to_owned(),
            },
        );
    }

    /// The URL of a type, or of a profile of something else.
    fn not_an_extension(&mut self, node: &Node, url: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Extension,
                rule: "Extension.url".to_owned(),
                expected: "the URL of an extension".to_owned(),
                got: quote(url),
                message: "The URL is that of a definition of something else than an extension.".to_owned(),
                cure: "Write the canonical URL of an extension.".to_owned(),
            },
        );
    }

    fn not_absolute(&mut self, node: &Node, url: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Extension,
                rule: "Extension.url".to_owned(),
                expected: "an absolute URL".to_owned(),
                got: quote(url),
                message: "The url of an extension is absolute, unless the extension around it defines the name."
                    .to_owned(),
                cure: "Write the extension's canonical URL in full.".to_owned(),
            },
        );
    }

    fn with_version(&mut self, node: &Node, url: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Extension,
                rule: "Extension.url".to_owned(),
                expected: "the canonical URL without a version".to_owned(),
                got: quote(url),
                message: "The url of an extension has no version.".to_owned(),
                cure: "Cut | and what follows it.".to_owned(),
            },
        );
    }
}

/// True for a URI with a scheme.
pub(super) fn is_absolute(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

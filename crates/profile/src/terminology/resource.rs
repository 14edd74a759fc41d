//! Code systems and value sets from published resources.
//!
//! What a value set says by other means than lists and hierarchies is kept as "not listed": about such codes the answer is
//! "cannot tell".

use fhir::Node;

use super::{CodeSystem, Codes, Concept, Part, Terminology};

impl Terminology {
    /// Adds a CodeSystem.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn add_code_system(&mut self, node: &Node) -> Result<(), &'static str> {
        let url = node.text_of("url").ok_or("a CodeSystem needs a url")?;
        let example = match node.text_of("content") {
            Some("complete") => false,
            Some("example" | "fragment") => true,
            _ => return Err("its codes are not in it"),
        };
        let any_case = node.text_of("caseSensitive") == Some("false");
        let mut system = CodeSystem { example, any_case, ..CodeSystem::default() };
        concepts(node, None, &mut system);
        self.add_system(url, system);
        Ok(())
    }

    /// Adds a ValueSet.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn add_value_set(&mut self, node: &Node) -> Result<(), &'static str> {
        let url = node.text_of("url").ok_or("a ValueSet needs a url")?;
        let parts = match (node.child("compose"), node.child("expansion")) {
            (Some(compose), _) => composed(compose),
            (None, Some(expansion)) => expanded(expansion),
            (None, None) => return Err("it has neither compose nor expansion"),
        };
        self.add_set(url, parts);
        Ok(())
    }
}

fn concepts(node: &Node, parent: Option<u32>, system: &mut CodeSystem) {
    for concept in node.all("concept") {
        let Some(code) = concept.text_of("code") else { continue };
        let own = u32::try_from(system.concepts.len()).ok();
        system.push(Concept { code: code.into(), display: concept.text_of("display").map(Into::into), parent });
        concepts(concept, own, system);
    }
}

fn composed(compose: &Node) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (name, except) in [("include", false), ("exclude", true)] {
        for part in compose.all(name) {
            for codes in codes(part) {
                let part = Part { except, codes };
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
    }
    parts
}

/// The codes of one include or exclude.
fn codes(part: &Node) -> Vec<Codes> {
    let sets: Vec<&str> = part.all("valueSet").filter_map(Node::text).collect();
    let Some(system) = part.text_of("system") else {
        return sets.into_iter().map(|set| Codes::Set(set.into())).collect();
    };
    let unlisted = vec![Codes::Unlisted(system.into())];
    if !sets.is_empty() {
        // What a system and a value set have in common is not worked out.
        return unlisted;
    }
    let listed: Vec<Box<str>> =
        part.all("concept").filter_map(|concept| concept.text_of("code")).map(Into::into).collect();
    if !listed.is_empty() {
        return vec![Codes::Listed(system.into(), listed)];
    }
    let filters: Vec<&Node> = part.all("filter").collect();
    match filters.as_slice() {
        [] => vec![Codes::All(system.into())],
        [one] if one.text_of("op") == Some("is-a") && one.text_of("property") == Some("concept") => {
            one.text_of("value").map_or(unlisted, |code| vec![Codes::Under(system.into(), code.into())])
        }
        _ => unlisted,
    }
}

/// The codes of an expansion, by system.
fn expanded(expansion: &Node) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open: Vec<&Node> = expansion.all("contains").collect();
    open.reverse();
    while let Some(node) = open.pop() {
        let mut inside: Vec<&Node> = node.all("contains").collect();
        inside.reverse();
        open.append(&mut inside);
        let is_abstract = node.text_of("abstract") == Some("true");
        let (Some(system), Some(code)) = (node.text_of("system"), node.text_of("code")) else { continue };
        if is_abstract {
            continue;
        }
        match parts.last_mut() {
            Some(Part { codes: Codes::Listed(last, codes), .. }) if **last == *system => codes.push(code.into()),
            _ => parts.push(Part { except: false, codes: Codes::Listed(system.into(), vec![code.into()]) }),
        }
    }
    parts
}

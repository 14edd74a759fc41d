//! What a differential leaves unsaid because the profile below it says so: how the items of an element are told apart.
//!
//! Everything else holds without being repeated, since a resource is judged by every profile that its own builds on.

use super::Added;
use crate::constraint::{Profile, Rules};
use crate::definitions::Definitions;

/// How many profiles may build on each other.
const MOST_BASES: usize = 16;

/// Gives the profiles that were added the slicing of those that they build on; a profile whose base is absent is listed.
pub(super) fn complete(definitions: &mut Definitions, added: &mut Added) {
    for url in added.profiles.clone() {
        let Some(profile) = definitions.profile(&url) else { continue };
        let mut profile = profile.clone();
        let mut base = profile.base.clone();
        for _ in 0..MOST_BASES {
            let Some(url_of_base) = base else { break };
            match definitions.profile(&url_of_base) {
                Some(found) => {
                    inherit(&mut profile.root, &found.root);
                    base = found.base.clone();
                }
                None => {
                    missing(&profile, &url_of_base, definitions, added);
                    break;
                }
            }
        }
        definitions.add_profile(profile);
    }
}

/// Without its base a profile says too little; where that is a type, nothing is missing.
fn missing(profile: &Profile, base: &str, definitions: &Definitions, added: &mut Added) {
    if definitions.type_of(base).is_none_or(|of| definitions.types().named(of).is_none()) {
        let why = format!("it builds on {base}, which is not here: load that too; only its own rules are checked");
        added.unusable.push((profile.url.to_string(), why));
    }
}

/// Takes over the slicing that `rules` builds on.
fn inherit(rules: &mut Rules, base: &Rules) {
    if !rules.slices.is_empty() && rules.slicing.is_none() {
        rules.slicing.clone_from(&base.slicing);
    }
    let paths: Vec<Box<str>> = rules.slicing.iter().flat_map(|slicing| &slicing.by).map(|by| by.path.clone()).collect();
    for slice in &mut rules.slices {
        let Some(of_base) = base.slices.iter().find(|of_base| of_base.name == slice.name) else { continue };
        for path in &paths {
            told_apart(slice, of_base, path);
        }
        inherit(slice, of_base);
    }
    for child in &mut rules.children {
        if let Some(of_base) = base.child(&child.name) {
            inherit(child, of_base);
        }
    }
}

/// Takes over what tells the items of a slice from the others, where the slice itself says nothing about it.
fn told_apart(slice: &mut Rules, base: &Rules, path: &str) {
    if path == "$this" || path == "url" {
        let own = std::mem::take(slice);
        *slice = Rules {
            types: if own.types.is_empty() { base.types.clone() } else { own.types },
            fixed: own.fixed.or_else(|| base.fixed.clone()),
            pattern: own.pattern.or_else(|| base.pattern.clone()),
            binding: own.binding.or_else(|| base.binding.clone()),
            ..own
        };
        return;
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, "$this"));
    let Some(of_base) = base.child(name) else { return };
    let at = slice.children.iter().position(|child| *child.name == *name).unwrap_or_else(|| {
        slice.children.push(Rules::about(name));
        slice.children.len() - 1
    });
    if let Some(child) = slice.children.get_mut(at) {
        told_apart(child, of_base, rest);
    }
}

//! Whether what a run is asked to adopt is declared.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Turn};
use crate::graph::{Declared, Graph, nearest};
use crate::settings::Settings;
use crate::urn::Urn;

/// Holds [`Settings::imports`] against the program, before anything is looked at.
///
/// # Errors
/// A name that nothing declared has, that several things have, or that was given twice; two names with one id of one kind.
pub(crate) fn check(graph: &Graph, settings: &Settings) -> Result<(), Vec<Error>> {
    let declared: Vec<&Urn> = (0..graph.nodes().len())
        .filter_map(|node| match graph.declared(node) {
            Declared::Resource(resource) => Some(&resource.urn),
            Declared::Read(_) => None,
        })
        .collect();
    let mut errors = Vec::new();
    let mut wanted: BTreeMap<&Urn, &str> = BTreeMap::new();
    let mut taken: BTreeMap<(&str, &str), &Urn> = BTreeMap::new();
    for (name, id) in &settings.imports {
        let mut meant: Vec<&Urn> =
            declared.iter().filter(|urn| name == urn.as_str() || name == urn.path()).copied().collect();
        meant.sort();
        let [urn] = meant[..] else {
            errors.push(if meant.is_empty() { undeclared(name, &declared) } else { ambiguous(name, &meant) });
            continue;
        };
        if let Some(other) = wanted.insert(urn, id) {
            let reason = format!("it is named twice, with the ids {other} and {id}");
            errors.push(Error::new(Turn::You, "adopt", reason).about(urn, None));
        }
        let kind = urn.as_str().rsplit("::").next().unwrap_or_default();
        if let Some(other) = taken.insert((kind, id), urn).filter(|other| *other != urn) {
            let reason = format!("{id} is one thing, and {} is to adopt it too", other.path());
            errors.push(Error::new(Turn::You, "adopt", reason).about(urn, None));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn undeclared(name: &str, declared: &[&Urn]) -> Error {
    let error = Error::new(Turn::You, "adopt", format!("the program declares no `{name}`"));
    let candidates: BTreeSet<&str> = declared.iter().flat_map(|urn| [urn.as_str(), urn.path()]).collect();
    let near = nearest(name, candidates.into_iter());
    let error = if near.is_empty() { error } else { error.hint(format!("nearest: {}", near.join(", "))) };
    error.hint("declare it first: what is adopted is managed from then on as the program says")
}

fn ambiguous(name: &str, meant: &[&Urn]) -> Error {
    let urns: Vec<&str> = meant.iter().map(|urn| urn.as_str()).collect();
    let reason = format!("`{name}` is the path of {} resources", meant.len());
    Error::new(Turn::You, "adopt", reason).hint(format!("name one by its urn: {}", urns.join(", ")))
}

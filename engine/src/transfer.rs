//! A store as one document, and back: [`export`], [`read`], [`import`]. Pure: whoever holds the store reads and commits.
//!
//! The history goes along as what is known of each deployment; what the rows were after an earlier one stays in the log that it was written to.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::amend::Amender;
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::record::{
    Binding, EXPORT_VERSION, Entry, Exported, ExportedBinding, ExportedDeployment, ExportedPin, FORMAT, Intent, Row,
    RowKey,
};
use crate::state::{Deployment, Snapshot};
use crate::urn::Urn;

const ACT: &str = "import the state";

/// Whether the key of the digests is part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestKey {
    /// It is: the document is sealed, and comes back as it was.
    Kept,
    /// It is not: the document may be shown to people, and says nothing of secrets.
    LeftOut,
}

/// Everything that is recorded.
pub fn export(snapshot: &Snapshot, key: DigestKey) -> Exported {
    let binding = snapshot.binding().map(|binding| ExportedBinding {
        format: binding.format,
        lineage: binding.lineage.clone(),
        project: binding.project.clone(),
        stack: binding.stack.clone(),
        identity: binding.identity.clone(),
        digest_key: (key == DigestKey::Kept).then(|| binding.digest_key.clone()),
    });
    let mut rows: Vec<Row> = snapshot.rows().values().cloned().collect();
    rows.sort_by(|a, b| (&a.urn, a.generation).cmp(&(&b.urn, b.generation)));
    let pins = snapshot
        .pins()
        .iter()
        .map(|(urn, pin)| (urn.clone(), ExportedPin { args: pin.args.clone(), outputs: pin.outputs.clone() }));
    let deployments = snapshot
        .deployments()
        .values()
        .map(|Deployment { start, end }| ExportedDeployment { start: start.clone(), end: end.clone() });
    Exported {
        version: EXPORT_VERSION,
        sequence: snapshot.sequence(),
        binding,
        rows,
        intents: snapshot.intents().values().cloned().collect(),
        pins: pins.collect(),
        outputs: snapshot.outputs().clone(),
        deployments: deployments.collect(),
        let_go: snapshot.let_go().iter().cloned().collect(),
    }
}

/// The document of an export.
///
/// # Errors
/// What is wrong with it, with the place: another version, a part that is missing or of another form, a row twice.
pub fn read(json: &Json) -> Result<Exported, Error> {
    let wrong = |place: &str, reason: String| Error::new(Turn::You, ACT, format!("`{place}`: {reason}"));
    let Some(version) = json.get("version").and_then(Json::as_u64) else {
        return Err(wrong("version", "it is missing, so this is no export of a state".to_owned())
            .hint("`state export` writes one"));
    };
    if version != u64::from(EXPORT_VERSION) {
        let reason = format!("it is {version}, and this build reads {EXPORT_VERSION}");
        return Err(wrong("version", reason).hint("import it with the build that exported it, or a newer one"));
    }
    let binding: Option<ExportedBinding> = part(json, "binding")?;
    let Some(binding) = binding else {
        return Err(wrong("binding", "it is an export of a store that nothing was written to".to_owned()));
    };
    if binding.format > FORMAT {
        let reason = format!("it is {}, and this build knows records up to {FORMAT}", binding.format);
        return Err(wrong("binding.format", reason).hint("import it with a newer build"));
    }
    let pins: BTreeMap<String, Json> = part(json, "pins")?;
    let mut answers = BTreeMap::new();
    for (name, pin) in pins {
        let place = format!("pins.{name}");
        let urn: Urn = name.parse().map_err(|error: crate::urn::UrnError| wrong(&place, error.to_string()))?;
        let pin = serde_json::from_value(pin).map_err(|error| wrong(&place, error.to_string()))?;
        answers.insert(urn, pin);
    }
    let exported = Exported {
        version: EXPORT_VERSION,
        sequence: part(json, "sequence")?,
        binding: Some(binding),
        rows: parts(json, "rows")?,
        intents: parts(json, "intents")?,
        pins: answers,
        outputs: part(json, "outputs")?,
        deployments: parts(json, "deployments")?,
        let_go: if json.get("let_go").is_some() { parts(json, "let_go")? } else { Vec::new() },
    };
    consistent(&exported)?;
    Ok(exported)
}

fn part<T: DeserializeOwned>(json: &Json, name: &str) -> Result<T, Error> {
    let wrong = |reason: String| Error::new(Turn::You, ACT, format!("`{name}`: {reason}"));
    let found = json.get(name).ok_or_else(|| wrong("it is missing".to_owned()))?;
    serde_json::from_value(found.clone()).map_err(|error| wrong(error.to_string()))
}

/// The elements of a list, so that an error says which one is wrong.
fn parts<T: DeserializeOwned>(json: &Json, name: &str) -> Result<Vec<T>, Error> {
    let list: Vec<Json> = part(json, name)?;
    let element = |(index, item): (usize, Json)| {
        let called = item.pointer("/urn").or(item.pointer("/row/urn")).and_then(Json::as_str).unwrap_or_default();
        let called = if called.is_empty() { String::new() } else { format!(" ({called})") };
        serde_json::from_value(item)
            .map_err(|error| Error::new(Turn::You, ACT, format!("`{name}[{index}]`{called}: {error}")))
    };
    list.into_iter().enumerate().map(element).collect()
}

/// What no store holds: one thing twice, names of another stack.
fn consistent(exported: &Exported) -> Result<(), Error> {
    let stack = exported.binding.as_ref().map(|binding| binding.stack.as_str()).unwrap_or_default();
    let wrong = |place: String, reason: String| Error::new(Turn::You, ACT, format!("`{place}`: {reason}"));
    let mut met: BTreeSet<RowKey> = BTreeSet::new();
    for (index, row) in exported.rows.iter().enumerate() {
        let place = format!("rows[{index}]");
        if row.urn.stack() != stack {
            return Err(wrong(place, format!("{} is no name of the stack {stack}", row.urn)));
        }
        if !met.insert(row.key()) {
            return Err(wrong(place, format!("{}, generation {}, is there twice", row.urn, row.generation)));
        }
    }
    let mut open: BTreeSet<RowKey> = BTreeSet::new();
    for (index, intent) in exported.intents.iter().enumerate() {
        if !open.insert(intent.row.key()) {
            return Err(wrong(format!("intents[{index}]"), format!("{} is there twice", intent.row.urn)));
        }
    }
    let mut numbers: BTreeSet<u64> = BTreeSet::new();
    for (index, deployment) in exported.deployments.iter().enumerate() {
        let number = deployment.start.number;
        if !numbers.insert(number) {
            return Err(wrong(format!("deployments[{index}]"), format!("number {number} is there twice")));
        }
        if deployment.end.as_ref().is_some_and(|end| end.number != number) {
            return Err(wrong(format!("deployments[{index}].end"), "it is the end of another one".to_owned()));
        }
    }
    Ok(())
}

/// What an import may do beside adding what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions {
    /// The document may be older than what is recorded.
    pub older: bool,
    /// The document may be of another lineage: the store was begun anew for it.
    pub other_lineage: bool,
}

/// Whether a document may take the place of what is recorded; `Ok(true)` where that is of another lineage, so that the store must be begun anew.
///
/// # Errors
/// Another lineage, an older document, where that is not permitted.
pub fn admit(exported: &Exported, now: &Snapshot, permitted: Permissions) -> Result<bool, Error> {
    let (Some(theirs), Some(ours)) = (&exported.binding, now.binding()) else { return Ok(false) };
    if theirs.lineage != ours.lineage {
        if permitted.other_lineage {
            return Ok(true);
        }
        let reason = format!(
            "it is of the lineage {}, and the store of {}: two stores of one name that know nothing of each other",
            theirs.lineage, ours.lineage
        );
        return Err(Error::new(Turn::Refused, ACT, reason)
            .hint("import it where the store is empty")
            .hint("or add --replace-lineage: the store is moved aside, and what only it knows is managed by nobody"));
    }
    let last = exported.deployments.iter().map(|it| it.start.number).max().unwrap_or_default();
    let known = now.next_deployment() - 1;
    if (last, exported.sequence) < (known, now.sequence()) && !permitted.older {
        let reason = format!(
            "it was exported at commit {} (deployment {last}), and the store is at commit {} (deployment {known})",
            exported.sequence,
            now.sequence()
        );
        return Err(Error::new(Turn::Refused, ACT, reason)
            .hint("what was made since would be managed by nobody; --force imports it all the same"));
    }
    Ok(false)
}

/// The entries of the one commit after which a store holds what the document says. `now` is what it holds; empty where it is begun anew.
pub fn import(exported: &Exported, now: &Snapshot, by: Amender) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rows = exported.rows.clone();
    let mut intents = exported.intents.clone();
    if let (None, Some(binding)) = (now.binding(), &exported.binding) {
        if binding.digest_key.is_none() {
            // Under the next key they are digests of nothing, and each would replace its resource.
            rows.iter_mut().for_each(|row| row.options.replace_when.clear());
            intents.iter_mut().for_each(without_digests);
        }
        entries.push(Entry::Bound(Binding {
            format: FORMAT,
            lineage: binding.lineage.clone(),
            project: binding.project.clone(),
            stack: binding.stack.clone(),
            identity: binding.identity.clone(),
            digest_key: binding.digest_key.clone().unwrap_or_else(Digester::random_key),
        }));
    }
    let last = exported.deployments.iter().map(|it| it.start.number).max().unwrap_or_default();
    let number = now.next_deployment().max(last + 1);
    let line = format!("import commit {} with {} rows", exported.sequence, rows.len());
    let changed = rows.iter().filter(|row| now.rows().get(&row.key()) != Some(row)).count();
    for deployment in &exported.deployments {
        let Deployment { start, end } = Deployment { start: deployment.start.clone(), end: deployment.end.clone() };
        let known = now.deployments().get(&start.number);
        if known.is_some_and(|known| known.start == start && known.end == end) {
            continue;
        }
        entries.push(Entry::DeploymentStarted(start));
        entries.extend(end.map(Entry::DeploymentEnded));
    }
    let mut changes = Vec::new();
    let kept: BTreeSet<RowKey> = rows.iter().map(Row::key).collect();
    for (uid, generation) in now.rows().keys().filter(|key| !kept.contains(*key)) {
        changes.push(Entry::Removed { uid: uid.clone(), generation: *generation, forgotten: true });
    }
    // Before the rows: one of them may be there again.
    for (uid, generation) in exported.let_go.iter().filter(|key| !now.let_go().contains(*key)) {
        changes.push(Entry::Removed { uid: uid.clone(), generation: *generation, forgotten: true });
    }
    for (uid, generation) in now.intents().keys() {
        changes.push(Entry::Dropped { uid: uid.clone(), generation: *generation });
    }
    changes.extend(rows.into_iter().filter(|row| now.rows().get(&row.key()) != Some(row)).map(Entry::Row));
    changes.extend(intents.into_iter().map(Entry::Intent));
    let gone = now.pins().keys().filter(|urn| !exported.pins.contains_key(*urn));
    changes.extend(gone.map(|urn| Entry::Unpinned { urn: urn.clone() }));
    for (urn, ExportedPin { args, outputs }) in &exported.pins {
        changes.push(Entry::Pinned { urn: urn.clone(), args: args.clone(), outputs: outputs.clone() });
    }
    changes.push(Entry::Outputs { values: exported.outputs.clone() });
    entries.extend(by.deployment(number, vec![line], changed, BTreeMap::new(), changes));
    entries
}

fn without_digests(intent: &mut Intent) {
    intent.row.options.replace_when.clear();
    if let Some(before) = &mut intent.before {
        before.options.replace_when.clear();
    }
}

#[cfg(test)]
mod tests;

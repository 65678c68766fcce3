//! `generate`: Rust code that declares what exists. Reads the account and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::error::{Turn, exit};
use formwork_engine::kind::{Observed, Registry};
use formwork_engine::record::owner_tag;
use formwork_engine::state::Snapshot;
use formwork_engine::{Error, KindName, ProviderName, Schema, Urn};
use serde_json::json;

use super::At;
use super::args::GenerateArgs;
use super::session::open_for_reading;
use super::target::Target;
use crate::config::nearest;
use crate::generate::{Existing, generate};
use crate::render::wrapped;

const ACT: &str = "generate code";

/// Runs `generate`.
pub(super) fn command(at: At<'_>, args: &GenerateArgs) -> Result<u8, Vec<Error>> {
    let wanted = wanted(&args.pairs)?;
    let component = args.component.as_deref();
    component.map_or(Ok(()), is_segment).map_err(|error| vec![error])?;
    let target = Target::find(at, &args.stack)?;
    let emulator = target.emulator(at)?;
    let read = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let registry = connected.cloud.registry(&ProviderName::default(), None).await;
        let registry = registry.map_err(|error| {
            vec![Error::new(Turn::Provider, "use the account", error.to_string()).answered(error.answer)]
        })?;
        read(&registry, &wanted).await
    })?;
    let store = open_for_reading(at, &target)?;
    let project = at.runner.project();
    let mut warnings = Vec::new();
    let existing: Vec<Existing<'_>> = wanted
        .iter()
        .filter_map(|(schema, id)| {
            let observed = read.get(&(schema.kind, id.clone()))?;
            warnings.extend(not_free(store.snapshot(), project, schema, id, observed));
            Some(Existing { schema, id, observed })
        })
        .collect();
    let generated = generate(&existing, component);
    for warning in &warnings {
        at.terminal.say(&wrapped(warning, at.terminal.err_look().width, "warning: ", "  "));
    }
    at.terminal.data(&match args.json {
        true => {
            let declared = generated.declared.iter();
            let declared = declared.map(|(path, kind, id)| json!({ "path": path, "kind": kind, "id": id }));
            let declared: Vec<_> = declared.collect();
            format!(
                "{:#}",
                json!({ "version": 1, "code": generated.code, "resources": declared, "warnings": warnings })
            )
        }
        false => generated.code,
    });
    Ok(exit::DONE)
}

/// Types with the ids of what exists.
fn wanted(words: &[String]) -> Result<Vec<(&'static Schema, String)>, Vec<Error>> {
    let schemas = formwork_aws::schemas();
    let mut wanted: Vec<(&'static Schema, String)> = Vec::new();
    let mut errors = Vec::new();
    for pair in words.chunks(2) {
        let (kind, id) = match pair {
            [kind, id] => (kind, id),
            [kind, ..] => {
                let error = Error::new(Turn::You, ACT, format!("`{kind}` has no id after it"));
                errors.push(error.hint("each type is followed by the id of what exists: aws:ec2/vpc vpc-1"));
                continue;
            }
            [] => continue,
        };
        let short = format!("aws:{kind}");
        let Some(schema) = schemas.iter().find(|schema| schema.kind == kind || schema.kind == short) else {
            let error = Error::new(Turn::You, ACT, format!("there is no resource type {kind}"));
            let kinds = || schemas.iter().map(|schema| schema.kind);
            errors.push(match nearest(kind, kinds()).or_else(|| nearest(&short, kinds())) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint("`schema` lists them all"),
            });
            continue;
        };
        if wanted.iter().any(|(other, known)| other.kind == schema.kind && known == id) {
            errors.push(Error::new(Turn::You, ACT, format!("{} {id} is named twice", schema.kind)));
            continue;
        }
        wanted.push((schema, id.clone()));
    }
    if errors.is_empty() { Ok(wanted) } else { Err(errors) }
}

fn is_segment(name: &str) -> Result<(), Error> {
    let act = "name the component";
    if name.contains('/') {
        let reason = format!("`{name}` has a `/` in it: the code stands in one component");
        return Err(Error::new(Turn::You, act, reason).hint("nest the function that is printed in another component"));
    }
    let tried = Urn::new("stack", &[name], &KindName::new("aws:ec2/vpc"));
    tried.map(drop).map_err(|error| Error::new(Turn::You, act, error.to_string()))
}

/// What each of them is now: one call per type.
async fn read(
    registry: &Registry,
    wanted: &[(&'static Schema, String)],
) -> Result<BTreeMap<(&'static str, String), Observed>, Vec<Error>> {
    let mut found = BTreeMap::new();
    let mut errors = Vec::new();
    let kinds: BTreeSet<&'static str> = wanted.iter().map(|(schema, _)| schema.kind).collect();
    for name in kinds {
        let ids: Vec<String> = wanted.iter().filter(|(one, _)| one.kind == name).map(|(_, id)| id.clone()).collect();
        let Some(kind) = registry.kind(name) else {
            errors.push(Error::new(Turn::Bug, ACT, format!("the account does not know {name}")));
            continue;
        };
        let mut read = match kind.read(&ids).await {
            Ok(read) => read,
            Err(error) => {
                let turn = Turn::Provider;
                errors.push(Error::new(turn, format!("read {name}"), error.to_string()).answered(error.answer));
                continue;
            }
        };
        for id in ids {
            match read.remove(&id) {
                Some(Ok(observed)) => drop(found.insert((name, id), observed)),
                Some(Err(error)) => {
                    let reason = format!("{id} could not be read: {error}");
                    errors.push(Error::new(Turn::Provider, format!("read {name}"), reason).answered(error.answer));
                }
                None => {
                    let place = format!("{} {}", registry.account, registry.region);
                    let reason = format!("there is no {name} with the id {id} in {place}");
                    errors.push(Error::new(Turn::You, ACT, reason).hint("look at the type, the id and the region"));
                }
            }
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// Why the code could not be used as it is: the thing is somebody's already.
fn not_free(snapshot: &Snapshot, project: &str, schema: &Schema, id: &str, observed: &Observed) -> Option<String> {
    let row = snapshot.rows().values().find(|row| row.kind.as_str() == schema.kind && row.id == id);
    if let Some(row) = row {
        return Some(format!("{id} is managed already, as {}: the code would declare it twice", row.urn.path()));
    }
    let ours = snapshot.binding().map(|binding| owner_tag(project, &binding.stack, &binding.lineage));
    let theirs = observed.owner.as_ref().filter(|owner| ours.as_ref() != Some(&owner.stack))?;
    Some(format!("{id} belongs to the stack {}, and is not adopted until that one lets it go", theirs.stack))
}

//! `output`: what the stack's last run exported.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::digest::Sealed;
use formwork_engine::error::{Turn, exit};
use formwork_engine::expr::Outputs;
use formwork_engine::record::Stored;
use formwork_engine::state::{Snapshot, Store as _};
use formwork_engine::value::Unknown;
use formwork_engine::{Error, Expr, ProviderName, Urn, Value};
use serde_json::{Map, Value as Json};

use super::At;
use super::args::OutputArgs;
use super::keys::Need;
use super::session::open_for_reading;
use super::target::Target;
use crate::config::nearest;
use crate::render::{pad, shown, wide};

/// Runs `output`.
pub(super) fn command(at: At<'_>, args: &OutputArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let store = open_for_reading(at, &target)?;
    let snapshot = store.snapshot();
    let mut values: BTreeMap<String, Value> =
        snapshot.outputs().iter().map(|(name, stored)| (name.clone(), stored.to_value())).collect();
    if let Some(name) = &args.name {
        if !values.contains_key(name) {
            return Err(vec![unknown(name, &values)]);
        }
        values.retain(|kept, _| kept == name);
    }
    if args.show_secrets && values.values().any(Value::has_secret) {
        open(at, &target, snapshot, &mut values)?;
    }
    if args.show_secrets && !values.values().all(Value::is_whole) {
        reveal(at, &target, snapshot, &mut values)?;
    }
    at.terminal.data(&match (&args.name, args.json) {
        (_, true) => format!("{:#}", object(&values)),
        (Some(_), false) => values.values().map(plain).collect(),
        (None, false) if values.is_empty() => {
            at.terminal.say("the stack has no outputs yet");
            String::new()
        }
        (None, false) => lines(&values),
    });
    Ok(exit::DONE)
}

fn unknown(name: &str, values: &BTreeMap<String, Value>) -> Error {
    let error = Error::new(Turn::You, "print the output", format!("the stack's last run exported no `{name}`"));
    match nearest(name, values.keys().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("exported: {}", values.keys().cloned().collect::<Vec<_>>().join(", "))),
    }
}

/// Outputs as lines for people: `name = value`.
pub(super) fn lines(values: &BTreeMap<String, Value>) -> String {
    let width = values.keys().map(|name| wide(name)).max().unwrap_or(0);
    values.iter().map(|(name, value)| format!("{} = {}\n", pad(name, width), shown(value))).collect()
}

/// One value for scripts: text as it is, everything else as JSON.
fn plain(value: &Value) -> String {
    match value.reveal() {
        _ if matches!(value, Value::Digest(_)) => "(secret)".to_owned(),
        Value::Text(text) => text.clone(),
        other => json(other).to_string(),
    }
}

fn object(values: &BTreeMap<String, Value>) -> Json {
    Json::Object(values.iter().map(|(name, value)| (name.clone(), json(value))).collect::<Map<_, _>>())
}

/// A value as JSON, with what was revealed on request in the clear and `(secret)` where nothing was.
fn json(value: &Value) -> Json {
    match value.reveal() {
        Value::Digest(_) => Json::String("(secret)".to_owned()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => Json::Object(entries.iter().map(|(name, value)| (name.clone(), json(value))).collect()),
        other => other.to_json(),
    }
}

/// Opens the secret outputs that are kept sealed; calls nothing.
fn open(
    at: At<'_>,
    target: &Target,
    snapshot: &Snapshot,
    values: &mut BTreeMap<String, Value>,
) -> Result<(), Vec<Error>> {
    let sealed = |stored: &&Stored| {
        let mut found = Sealed::new();
        stored.collect_sealed(&mut found);
        !found.is_empty()
    };
    let kept: BTreeMap<&String, &Stored> =
        snapshot.outputs().iter().filter(|(name, stored)| values.contains_key(*name) && sealed(stored)).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let Some(sealer) = target.unlock(at, Need::Welcome)? else { return Ok(()) };
    for (name, stored) in kept {
        // Where it does not open, the program and the account may still tell.
        match stored.opened(&sealer) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(error) => at.terminal.say(&format!("warning: `{name}` is kept sealed and does not open: {error}")),
        }
    }
    Ok(())
}

/// Computes secret outputs from the program and what the account says now: for those that no record holds.
fn reveal(
    at: At<'_>,
    target: &Target,
    snapshot: &Snapshot,
    values: &mut BTreeMap<String, Value>,
) -> Result<(), Vec<Error>> {
    let program = target.program(at)?;
    let wanted: BTreeMap<&String, &Expr> = program
        .exports
        .iter()
        .filter(|(name, _)| values.get(*name).is_some_and(|value| !value.is_whole()))
        .map(|(name, export)| (name, &export.expr))
        .collect();
    let mut known = Known::default();
    let mut secret: BTreeSet<Urn> = BTreeSet::new();
    for urn in wanted.values().flat_map(|expr| expr.references()) {
        if let Some(row) = snapshot.live(urn) {
            let outputs = row.outputs.to_value();
            if outputs.has_secret() {
                secret.insert(urn.clone());
            }
            known.0.insert(urn.clone(), outputs);
        }
    }
    if !secret.is_empty() {
        let emulator = target.emulator(at)?;
        let live = at.block_on(async {
            let connected = target.connect(at, emulator).await?;
            let fail = |urn: &Urn, reason: String| {
                vec![Error::new(Turn::Provider, "read the secret outputs of", reason).about(urn, None)]
            };
            let mut live = BTreeMap::new();
            for urn in secret {
                let Some(row) = snapshot.live(&urn) else { continue };
                let provider = ProviderName(row.provider.clone());
                let spec = program.providers.get(&provider);
                let registry =
                    connected.cloud.registry(&provider, spec).await.map_err(|error| fail(&urn, error.to_string()))?;
                let Some(kind) = registry.kind(row.kind.as_str()) else { continue };
                let read =
                    kind.read(std::slice::from_ref(&row.id)).await.map_err(|error| fail(&urn, error.to_string()))?;
                match read.into_iter().next() {
                    Some((_, Ok(observed))) => live.insert(urn, observed.outputs),
                    Some((_, Err(error))) => return Err(fail(&urn, error.to_string())),
                    None => return Err(fail(&urn, "it is gone from the account".to_owned())),
                };
            }
            Ok(live)
        })?;
        known.0.extend(live);
    }
    for (name, expr) in wanted {
        let value = expr.evaluate(&known).map_err(|error| vec![crate::mistake(error.to_string())])?;
        if !value.is_known() {
            at.terminal.say(&format!("warning: `{name}` cannot be computed without a run of `up`"));
            continue;
        }
        values.insert(name.clone(), value);
    }
    Ok(())
}

/// The outputs of resources as far as they are at hand.
#[derive(Default)]
struct Known(BTreeMap<Urn, Value>);

impl Outputs for Known {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        Ok(match self.0.get(urn).map(|outputs| outputs.get(name)) {
            Some(value) if !value.is_null() => value.clone(),
            _ => Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_and_revealed_outputs_read_differently() {
        let masked = Value::Digest("abc".into());
        let revealed = Value::from("hunter2").into_secret();
        assert_eq!((plain(&masked), plain(&revealed)), ("(secret)".to_owned(), "hunter2".to_owned()));
        assert_eq!(plain(&Value::List(vec![1_i64.into(), 2_i64.into()])), "[1,2]");
        let both = BTreeMap::from([("a".to_owned(), masked), ("b".to_owned(), Value::from("x"))]);
        assert_eq!(object(&both), serde_json::json!({ "a": "(secret)", "b": "x" }));
        assert_eq!(lines(&both), "a = (secret)\nb = \"x\"\n");
    }
}

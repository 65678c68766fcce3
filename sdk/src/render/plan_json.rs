//! A plan for machines: a contract, versioned and only ever extended.

use formwork_engine::plan::{FieldChange, Plan, Step};
use formwork_engine::{Hazard, Value};
use serde_json::{Map, Value as Json, json};

/// The version of the shape.
const VERSION: u32 = 1;

/// The plan as JSON: `version`, `stack`, `steps`, `outputs`, `warnings`, `consents`, `summary`. Secrets are digests.
pub fn plan_json(plan: &Plan) -> Json {
    let counts = plan.counts();
    let outputs: Map<String, Json> = plan
        .outputs
        .iter()
        .map(|(name, (before, after))| {
            (name.clone(), json!({ "before": value_json(before), "after": value_json(after) }))
        })
        .collect();
    let consents: Vec<Json> =
        plan.consents.iter().map(|(urn, sentence)| json!({ "urn": urn, "reason": sentence })).collect();
    json!({
        "version": VERSION,
        "stack": plan.stack,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "outputs": outputs,
        "warnings": plan.warnings,
        "consents": consents,
        "summary": {
            "create": counts.create,
            "update": counts.update,
            "replace": counts.replace,
            "delete": counts.delete,
            "same": counts.same,
        },
    })
}

fn step(step: &Step) -> Json {
    json!({
        "id": step.id,
        "urn": step.urn,
        "kind": step.kind,
        "op": step.op.word(),
        "replaces": step.replaces,
        "reason": step.reason.to_string(),
        "resource_id": step.resource_id,
        "after": step.after,
        "generation": step.generation,
        "maybe": step.maybe,
        "drift": step.drift,
        "data_store": step.data_store,
        "hazards": step.hazards.iter().map(|hazard: &Hazard| hazard.word()).collect::<Vec<_>>(),
        "account": step.account,
        "region": step.region,
        "source": step.source,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn change(change: &FieldChange) -> Json {
    json!({
        "path": change.path,
        "before": value_json(&change.before),
        "after": value_json(&change.after),
        "declared": value_json(&change.after),
        "applied": value_json(&change.applied),
        "observed": change.observed.as_ref().map(value_json),
        "reason": change.reason.to_string(),
        "forces_replacement": change.forces_replacement,
        "maybe": change.maybe,
    })
}

/// A value as JSON: unknown is `{"$unknown": expression}`, a secret `{"$secret": digest}` (`null` where no digest was made).
pub(crate) fn value_json(value: &Value) -> Json {
    match value {
        Value::Secret(_) => json!({ "$secret": null }),
        Value::List(items) => Json::Array(items.iter().map(value_json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), value_json(value))).collect())
        }
        plain => plain.to_json(),
    }
}

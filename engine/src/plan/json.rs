//! The plan for machines: a versioned shape that is only ever extended.

use serde_json::{Value as Json, json};

use super::{FieldChange, OWNERSHIP_TAGS, Op, Plan, Step};

/// The version of the shape.
pub(super) const VERSION: u32 = 1;

impl Plan {
    /// The plan as JSON: `{"version", "stack", "preparations", "steps", "outputs", "summary", "excluded", "notes", "warnings", "consents", "problems"}`. An unknown value is
    /// `{"$unknown": expression}`, a secret `{"$secret": digest}`.
    pub fn to_json(&self) -> Json {
        let counts = self.counts();
        let outputs: serde_json::Map<String, Json> = self
            .outputs
            .iter()
            .map(|(name, (before, after))| {
                (name.clone(), json!({ "before": before.to_json(), "after": after.to_json() }))
            })
            .collect();
        json!({
            "version": VERSION,
            "stack": self.stack,
            "preparations": self.preparations.iter().map(|one| json!({
                "what": one.what,
                "key": one.key,
                "account": one.account,
                "provider": one.provider.0,
                "needed_by": one.needed_by,
            })).collect::<Vec<_>>(),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "outputs": outputs,
            "summary": {
                "create": counts.create,
                "update": counts.update,
                "replace": counts.replace,
                "delete": counts.delete,
                "same": counts.same,
            },
            "excluded": self.excluded,
            "notes": self.notes,
            "warnings": self.warnings,
            "consents": self.consents.iter().map(|(urn, sentence)| json!({ "urn": urn.as_str(), "sentence": sentence })).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(|problem| json!({
                "urn": problem.urn.as_str(),
                "source": problem.source.as_ref().map(ToString::to_string),
                "reason": problem.reason,
                "hint": problem.hint,
            })).collect::<Vec<_>>(),
        })
    }
}

fn step(step: &Step) -> Json {
    let mut json = json!({
        "id": step.id,
        "urn": step.urn.as_str(),
        "kind": step.kind.as_str(),
        "op": step.op.word(),
        "replaces": step.replaces,
        "generation": step.generation,
        "resource_id": step.resource_id,
        "reason": step.reason.to_string(),
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
        "after": step.after,
        "maybe": step.maybe,
        "drift": step.drift,
        "data_store": step.data_store,
        "hazards": step.hazards.iter().map(|hazard| hazard.word()).collect::<Vec<_>>(),
        "provider": step.provider,
        "account": step.account,
        "region": step.region,
        "source": step.source.as_ref().map(ToString::to_string),
    });
    if let (Op::Adopt, Some(fields)) = (step.op, json.as_object_mut()) {
        let how = if step.writes_ownership() { OWNERSHIP_TAGS } else { "name only" };
        fields.insert("ownership".to_owned(), how.into());
    }
    json
}

/// `declared` repeats `after`: what the program wants, beside what was `applied` and `observed`.
fn change(change: &FieldChange) -> Json {
    json!({
        "path": change.path,
        "before": change.before.to_json(),
        "after": change.after.to_json(),
        "declared": change.after.to_json(),
        "applied": change.applied.to_json(),
        "observed": change.observed.as_ref().map(crate::value::Value::to_json),
        "reason": change.reason.to_string(),
        "forces_replacement": change.forces_replacement,
        "maybe": change.maybe,
    })
}

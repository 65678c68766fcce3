//! What a plan needs consent for.

use std::collections::BTreeSet;

use super::ends::{leaves, row_of};
use super::node::Context;
use super::{OWNERSHIP_TAGS, Op, Reason, Step};
use crate::settings::names;
use crate::shape::Hazard;
use crate::urn::Urn;

/// What must be consented to and is not, by resource. Hazards that need no consent stand at their steps.
pub(super) fn needed(context: &Context<'_>, steps: &[Step]) -> Vec<(Urn, String)> {
    let settings = context.settings;
    let mut consents = Vec::new();
    for step in steps {
        let path = step.urn.path();
        let allowed = settings.consent_implied || names(&settings.allow_delete, &step.urn);
        let maybe = if step.maybe { "may have to be" } else { "is" };
        let sentence = match step.op {
            Op::Delete if step.data_store && step.replaces => {
                let sentence =
                    format!("{path} {maybe} replaced ({}), and what it holds is not carried over", step.reason);
                Some(sentence + &at_the_end(context, step))
            }
            Op::Delete if step.data_store => {
                Some(format!("{path} is deleted with everything it holds") + &at_the_end(context, step))
            }
            Op::Update | Op::Resume | Op::Adopt if step.hazards.iter().any(|hazard| hazard.needs_consent()) => {
                let words: Vec<&str> = step.hazards.iter().filter(|h| h.needs_consent()).map(|h| told(*h)).collect();
                Some(format!("{path}: {} {}", what_is_hazardous(context, step), words.join(" and ")))
            }
            _ => None,
        };
        consents.extend(sentence.filter(|_| !allowed).map(|sentence| (step.urn.clone(), sentence)));
        if step.op == Op::Forget && step.reason == Reason::Vanished {
            let row = step.row.as_ref().and_then(|key| context.recorded.rows().get(key));
            let schema = row.and_then(|recorded| context.schema(&recorded.row));
            let precious = row.is_some_and(|recorded| recorded.row.options.protect)
                || row.zip(schema).is_some_and(|(recorded, schema)| super::make::holds_data(schema, &recorded.row));
            if precious && !settings.consent_implied && !names(&settings.accept_gone, &step.urn) {
                consents.push((
                    step.urn.clone(),
                    format!("{path} is gone from the account with everything it held: --accept-gone {}", step.urn),
                ));
            }
        }
    }
    consents
}

/// What a deletion lifts and leaves, as the rest of a sentence.
fn at_the_end(context: &Context<'_>, step: &Step) -> String {
    let lifted = step.changes.iter().map(|change| format!("; `{}` is lifted before", change.path)).collect::<String>();
    let left = row_of(context, step).and_then(|(recorded, schema)| leaves(context, schema, recorded));
    lifted + &left.map(|left| format!("; it leaves {left} behind")).unwrap_or_default()
}

/// What a hazard that needs consent says of a change.
fn told(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::DataLoss => "may lose data",
        Hazard::Irreversible => "cannot be taken back",
        Hazard::Outage => "interrupts service",
    }
}

/// The changes of a step that are hazardous, and not those that only go along: `the change of `versioning``.
fn what_is_hazardous(context: &Context<'_>, step: &Step) -> String {
    let argument = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    let hazardous = |name: &String| {
        let row = row_of(context, step);
        let schema = row.map(|(_, schema)| schema).or_else(|| Some(context.graph.resource(&step.urn)?.schema));
        let of = schema.and_then(|schema| schema.arg(name)).and_then(|arg| arg.hazards);
        let applied = row.map(|(recorded, _)| &recorded.applied);
        let Some((of, before)) = of.zip(step.observed.as_ref().or(applied)) else { return false };
        let after = step.planned.get(name);
        !after.is_known() || of(before.get(name), after).iter().any(|hazard| hazard.needs_consent())
    };
    let all: BTreeSet<String> = step.changes.iter().map(|change| argument(&change.path)).collect();
    let mut named: Vec<&str> = all.iter().filter(|name| hazardous(name)).map(String::as_str).collect();
    if named.is_empty() {
        // The hazard is one of a field further down: every change may be it.
        named = step.changes.iter().map(|change| change.path.as_str()).filter(|path| *path != OWNERSHIP_TAGS).collect();
    }
    let named: Vec<String> = named.into_iter().map(|name| format!("`{name}`")).collect();
    format!("the change of {}", named.join(", "))
}

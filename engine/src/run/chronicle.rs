//! What is kept of a run: what it was asked for, the steps that it planned, and those that came to nothing.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::apply::Applied;
use crate::digest::Digester;
use crate::history::formula;
use crate::mask::Mask;
use crate::plan::{Op, Plan, Step};
use crate::program::Program;
use crate::record::{Formula, PlannedStep, RecordedProgram, RecordedProvider, StepTrouble};

/// What is recorded of a program beside its resources, which stand in their rows.
pub(super) fn program(program: &Program, digester: &Digester) -> RecordedProgram {
    let exports: BTreeMap<String, Formula> =
        program.exports.iter().map(|(name, export)| (name.clone(), formula(&export.expr, digester))).collect();
    let providers: BTreeMap<String, RecordedProvider> = program
        .providers
        .iter()
        .map(|(name, spec)| {
            let recorded = RecordedProvider { region: spec.region.clone(), assume_role: spec.assume_role.clone() };
            (name.0.clone(), recorded)
        })
        .collect();
    RecordedProgram {
        fingerprint: fingerprint(program, &exports, &providers, digester),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        providers,
        exports,
    }
}

/// Cut to 128 bits: it tells programs of one store apart, and keeps nobody out.
fn fingerprint(
    program: &Program,
    exports: &BTreeMap<String, Formula>,
    providers: &BTreeMap<String, RecordedProvider>,
    digester: &Digester,
) -> String {
    let args = |args: &BTreeMap<String, crate::Expr>| -> BTreeMap<String, Formula> {
        args.iter().map(|(name, expr)| (name.clone(), formula(expr, digester))).collect()
    };
    // Options have no form of their own that is kept; what is secret in them shows as that and no more.
    let resources: Vec<_> =
        program.resources.values().map(|it| (&it.urn, args(&it.args), format!("{:?}", it.options))).collect();
    let reads: Vec<_> = program.reads.values().map(|read| (&read.urn, args(&read.args), &read.provider.0)).collect();
    let text = serde_json::json!([resources, reads, exports, providers]).to_string();
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The planned steps, without values.
pub(super) fn steps(plan: &Plan) -> Vec<PlannedStep> {
    let planned = |step: &Step| PlannedStep {
        op: step.op.word().to_owned(),
        urn: step.urn.clone(),
        reason: step.reason.to_string(),
        replaces: step.replaces,
        // Of what is made, everything is new.
        paths: match step.op {
            Op::Create => Vec::new(),
            _ => step.changes.iter().map(|change| change.path.clone()).collect(),
        },
    };
    plan.steps.iter().filter(|step| step.op != Op::Same).map(planned).collect()
}

/// The steps that failed or were not come to.
pub(super) fn troubles(applied: &Applied, mask: &Mask) -> Vec<StepTrouble> {
    let trouble = |urn: &crate::Urn, outcome: &str, reason: String| StepTrouble {
        urn: urn.clone(),
        outcome: outcome.to_owned(),
        reason: mask.text(&reason),
    };
    let failed = applied.failed.iter().map(|(urn, error)| trouble(urn, "failed", error.reason.clone()));
    let blocked = applied.blocked.iter().map(|(urn, by)| trouble(urn, "blocked", format!("by {}", by.path())));
    let interrupted = applied.interrupted.iter().map(|urn| trouble(urn, "interrupted", String::new()));
    let not_begun = applied.not_begun.iter().map(|urn| trouble(urn, "not begun", String::new()));
    failed.chain(blocked).chain(interrupted).chain(not_begun).collect()
}

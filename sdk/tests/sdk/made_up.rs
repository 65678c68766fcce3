//! Plans that no engine made, for the tests of their text.

use std::collections::{BTreeMap, BTreeSet};

use formwork::Urn;
use formwork::engine::plan::{FieldChange, Op, Plan, Reason, Step};
use formwork::engine::urn::Uid;
use formwork::engine::value::Unknown;
use formwork::engine::{Timeouts, Value};

pub(crate) fn urn(path: &str, kind: &str) -> Urn {
    format!("prod::{path}::aws:{kind}").parse().unwrap()
}

pub(crate) fn unknown(expression: &str) -> Value {
    Value::Unknown(Unknown { expression: expression.to_owned(), secret: false })
}

pub(crate) fn step(op: Op, path: &str, kind: &str) -> Step {
    let urn = urn(path, kind);
    Step {
        id: 0,
        kind: urn.kind(),
        urn,
        op,
        replaces: false,
        uid: Uid::from_text("0".repeat(32)),
        generation: 1,
        row: None,
        resource_id: None,
        reason: match op {
            Op::Delete => Reason::Removed,
            Op::Update => Reason::DeclaredChanged,
            _ => Reason::New,
        },
        changes: Vec::new(),
        changed_args: BTreeSet::new(),
        planned: Value::empty_map(),
        observed: None,
        after: BTreeSet::new(),
        maybe: false,
        drift: false,
        data_store: false,
        hazards: BTreeSet::new(),
        provider: String::new(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        edges: Vec::new(),
        timeouts: Timeouts::default(),
        source: None,
        weight: 1,
    }
}

pub(crate) fn create<const N: usize>(path: &str, kind: &str, args: [(&str, Value); N]) -> Step {
    Step { planned: Value::from(args), ..step(Op::Create, path, kind) }
}

pub(crate) fn change(path: &str, before: impl Into<Value>, after: impl Into<Value>) -> FieldChange {
    let before = before.into();
    FieldChange {
        path: path.to_owned(),
        applied: before.clone(),
        observed: Some(before.clone()),
        before,
        after: after.into(),
        reason: Reason::DeclaredChanged,
        forces_replacement: false,
        maybe: false,
    }
}

pub(crate) fn plan(steps: Vec<Step>) -> Plan {
    let steps = steps.into_iter().enumerate().map(|(id, step)| Step { id, ..step }).collect();
    Plan {
        stack: "prod".into(),
        steps,
        outputs: BTreeMap::new(),
        preparations: Vec::new(),
        excluded: BTreeSet::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
        consents: Vec::new(),
        problems: Vec::new(),
    }
}

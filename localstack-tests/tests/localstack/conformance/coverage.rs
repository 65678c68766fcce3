//! What the examples of a type must hold, before anything is called.

use std::collections::{BTreeMap, BTreeSet};

use formwork_aws::conformance::Example;
use formwork_engine::{Change, ChangeRule, Schema, Stack};

/// How many arguments of all types the emulator cannot show. It may fall without a word; a rise wants a look at the reasons.
const UNSEEN: usize = 72;

/// What an example says about its type.
pub(super) struct Described {
    /// The arguments of the base.
    base: BTreeSet<String>,
    /// The arguments of each case.
    pub(super) cases: Vec<Vec<&'static str>>,
    /// The arguments that the emulator cannot show, with the reason.
    pub(super) unseen: BTreeMap<&'static str, &'static str>,
}

impl Described {
    pub(super) fn of(example: &Example) -> Self {
        let mut stack = Stack::new("conformance", "conformance", BTreeMap::new());
        let formwork_aws::conformance::Described { base, cases, unseen, double: _ } = (example.describe)(&mut stack);
        let names = |case: formwork_aws::conformance::Case| case.changes.into_iter().map(|(name, _)| name).collect();
        Self { base: base.into_keys().collect(), cases: cases.into_iter().map(names).collect(), unseen }
    }

    fn has_case(&self, arg: &str) -> bool {
        self.cases.iter().flatten().any(|name| *name == arg)
    }
}

/// What is missing in the example of a type, as sentences.
pub(super) fn missing(schema: &Schema, described: &Described) -> Vec<String> {
    let mut missing = Vec::new();
    let named: BTreeSet<&str> = described.cases.iter().flatten().chain(described.unseen.keys()).copied().collect();
    for name in named.iter().copied().chain(described.base.iter().map(String::as_str)) {
        if schema.arg(name).is_none() {
            missing.push(format!("{}: there is no argument {name}", schema.kind));
        }
    }
    for arg in schema.args {
        let name = arg.name;
        let shown = described.has_case(name) || described.base.contains(name);
        match (described.unseen.get(name), shown) {
            // In the base and never changed: what is unseen is the change.
            (Some(_), true) if !described.has_case(name) => {}
            (Some(_), true) => missing.push(format!("{}.{name} is said to be unseen, and is used", schema.kind)),
            (Some(&""), false) => {
                missing.push(format!("{}.{name} is unseen without a reason", schema.kind));
            }
            (Some(_), false) => {}
            (None, false) => missing.push(format!("{}.{name} occurs nowhere", schema.kind)),
            (None, true) if described.has_case(name) => {}
            (None, true) => match arg.change {
                ChangeRule::Always(Change::Never) => {}
                ChangeRule::Always(Change::InPlace) => {
                    missing.push(format!("{}.{name} changes in place, and no case changes it", schema.kind));
                }
                ChangeRule::Always(Change::Replace) => {
                    missing.push(format!("{}.{name} forces a replacement, and no case changes it", schema.kind));
                }
                ChangeRule::Decide(_) => {
                    missing.push(format!("{}.{name} may change, and no case changes it", schema.kind));
                }
            },
        }
    }
    missing
}

#[test]
fn every_argument_of_every_type_occurs_and_changes() {
    let missing: Vec<String> = formwork_aws::examples()
        .iter()
        .zip(formwork_aws::schemas())
        .flat_map(|(example, schema)| missing(schema, &Described::of(example)))
        .collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
#[expect(
    clippy::disallowed_macros,
    reason = "the list is for people: `cargo test -p localstack-tests unseen -- --nocapture`"
)]
fn what_the_emulator_cannot_show_is_listed_and_does_not_grow() {
    let mut lines = Vec::new();
    for example in formwork_aws::examples() {
        for (arg, reason) in Described::of(&example).unseen {
            lines.push(format!("{:<40} {arg:<28} {reason}", example.kind));
        }
    }
    println!("{}", lines.join("\n"));
    assert!(
        lines.len() <= UNSEEN,
        "{} unseen arguments, and {UNSEEN} were committed:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

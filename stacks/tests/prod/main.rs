//! What `prod` promises, proven from its plan: no cloud, no network.
//!
//! A control is a function from a plan to what is wrong with it. Each has a test that it holds for `prod` as it is committed, and that it fails
//! for variations of `prod` in which somebody has broken it: a control that cannot fail proves nothing.

mod controls;
mod shape;

use formwork::prelude::*;
use formwork::testing::{self, Planner, TypedPlan};
use stacks::ProdConfig;

/// A control: what is wrong with a plan.
type Control = fn(&TypedPlan) -> Result<(), String>;

/// The committed configuration.
fn config() -> ProdConfig {
    testing::config(concat!(env!("CARGO_MANIFEST_DIR"), "/prod.toml"))
}

/// The plan of `prod` as it is committed.
fn plan() -> TypedPlan {
    testing::plan(stacks::prod, &config())
}

/// The plan of `prod` with other arguments.
fn altered(alter: impl FnOnce(Planner) -> Planner) -> TypedPlan {
    alter(Planner::new()).plan(stacks::prod, &config()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The plan of `prod` with another configuration.
fn configured(change: impl FnOnce(&mut ProdConfig)) -> TypedPlan {
    let mut config = config();
    change(&mut config);
    testing::plan(stacks::prod, &config)
}

/// The plan of `prod` with something beside it.
fn beside(more: impl Fn(&mut Stack)) -> TypedPlan {
    let declare = |stack: &mut Stack, config: &ProdConfig| {
        stacks::prod(stack, config)?;
        more(stack);
        Ok(())
    };
    testing::plan(declare, &config())
}

/// The control holds for `prod`, and tells each of these broken ones by its words.
#[track_caller]
fn check<const N: usize>(control: Control, broken: [(&str, TypedPlan); N]) {
    control(&plan()).unwrap_or_else(|wrong| panic!("{wrong}"));
    for (words, plan) in broken {
        match control(&plan) {
            Ok(()) => panic!("the control lets this through: {words}"),
            Err(wrong) => assert!(wrong.contains(words), "the control says `{wrong}`, and `{words}` was expected"),
        }
    }
}

//! `import`: what exists is taken over for resources that the stack declares, in one run and without an edit of the program.

use std::collections::BTreeMap;

use formwork_engine::Error;
use formwork_engine::error::Turn;

use super::args::{ImportArgs, PlanArgs, UpArgs};
use super::up::{self, Doing};
use super::{At, migrate};

/// Runs `import`.
pub(super) fn command(at: At<'_>, args: &ImportArgs) -> Result<u8, Vec<Error>> {
    if args.from.is_given() {
        return migrate::command(at, args);
    }
    let pairs = pairs(&args.pairs)?;
    let run = UpArgs {
        stack: args.stack.clone(),
        plan: PlanArgs { allow_delete: args.allow_delete.clone(), ..PlanArgs::default() },
        yes: args.yes,
        saved: None,
        json: args.json,
        parallel: None,
        expect_no_changes: false,
        fail_fast: false,
    };
    up::command(at, &run, Doing::Import(pairs))
}

/// Names with the ids of what exists.
fn pairs(words: &[String]) -> Result<BTreeMap<String, String>, Vec<Error>> {
    let act = "read what is to be adopted";
    let mut pairs = BTreeMap::new();
    let mut errors = Vec::new();
    for pair in words.chunks(2) {
        let (name, id) = match pair {
            [name, id] => (name, id),
            [name, ..] => {
                let error = Error::new(Turn::You, act, format!("`{name}` has no id after it"));
                errors.push(error.hint("each resource is followed by the id of what exists: network/main vpc-1"));
                continue;
            }
            [] => continue,
        };
        if let Some(other) = pairs.insert(name.clone(), id.clone()) {
            let reason = format!("`{name}` is named twice, with the ids {other} and {id}");
            errors.push(Error::new(Turn::You, act, reason));
        }
    }
    if errors.is_empty() { Ok(pairs) } else { Err(errors) }
}

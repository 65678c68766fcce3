//! What a look at the account takes: calls by operation for a stack in which nothing changed, beside what reading each resource by itself takes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use formwork_engine::clock::{Clock, TokioClock};
use localstack_tests::{Many, Trial, emulator, one_by_one};

use crate::{resident_megabytes, seconds};

/// What is read: a VPC with 300 subnets, and 100 groups with two rules each.
const STACK: Many = Many { subnets: 300, groups: 100, rules: 2, roles: 0 };

/// Makes the stack on LocalStack, previews it while nothing is to do, and refreshes it.
pub(crate) async fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = TokioClock::new();
    let trial = Trial::new(emulator(folder.path())).await;
    let program = STACK.program()?;
    let resources = program.resources.len();
    let began = clock.elapsed();
    let made = trial.up(&program).await?;
    let calls: u64 = made.calls.values().sum();
    println!("up: {resources} resources made in {:.1} s, {calls} calls", seconds(clock.elapsed(), began));

    let began = clock.elapsed();
    let preview = trial.preview(&program).await?;
    let (took, megabytes) = (seconds(clock.elapsed(), began), resident_megabytes()?);
    ensure!(preview.plan.is_noop(), "the preview has changes:\n{}", preview.plan);
    let began = clock.elapsed();
    let refreshed = trial.refresh(&program).await?;
    let refresh_took = seconds(clock.elapsed(), began);

    let naive = one_by_one(&trial).await?;
    println!("\na preview of {resources} resources of which none changed:\n\n  calls  one by one  operation");
    let operations: BTreeSet<&String> = preview.calls.keys().chain(naive.keys()).collect();
    let count = |calls: &BTreeMap<String, u64>, name: &str| calls.get(name).copied().unwrap_or(0);
    for name in operations {
        println!("  {:>5}  {:>10}  {name}", count(&preview.calls, name), count(&naive, name));
    }
    let (calls, naive): (u64, u64) = (preview.calls.values().sum(), naive.values().sum());
    println!("  {calls:>5}  {naive:>10}  in all\n");
    println!("preview: {calls} calls, {took:.2} s, at most {megabytes} MB resident");
    let calls: u64 = refreshed.calls.values().sum();
    println!("refresh: {calls} calls, {refresh_took:.2} s");
    Ok(())
}

//! Two regions in one stack: one program, one graph, one plan.

use std::collections::BTreeMap;

use formwork_aws::ec2::{Vpc, availability_zones_in};
use formwork_aws::kms::{Alias, Key};
use formwork_engine::{Program, Stack, options};
use localstack_tests::{REGION, Trial};

const OTHER: &str = "us-east-1";

/// A key here whose alias is named after a network over there: an edge from one region to the other.
fn program() -> Program {
    let mut stack = Stack::new("tests", "regions", BTreeMap::new());
    let there = stack.provider(OTHER);
    let here = stack.add("main", Vpc::builder().cidr_block("10.1.0.0/16").build());
    let far = stack.add_with("far", Vpc::builder().cidr_block("10.2.0.0/16").build(), options().provider(&there));
    let key = stack.add("key", Key::builder().description("here").build());
    let name = formwork_engine::join(["alias/".into(), (&far.id).into()]);
    stack.add("alias", Alias::builder().name(name).key(&key).build());
    stack.export("here", &here.id);
    let zones = availability_zones_in(&mut stack, &there);
    stack.export("zone_there", zones.at(0));
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_two_regions_come_and_go_in_one_stack() -> anyhow::Result<()> {
    let trial = Trial::new(super::emulator()).await;
    let program = program();
    let summary = trial.up(&program).await?;
    let zone = summary.outputs.get("zone_there").and_then(|zone| zone.as_text().map(str::to_owned));
    assert_eq!(zone.as_deref(), Some("us-east-1a"), "the read looks where its provider is");

    let mut vpcs: Vec<_> =
        trial.account.resources().into_iter().filter(|it| it.kind == "aws:ec2/vpc").map(|it| it.region).collect();
    vpcs.sort();
    assert_eq!(vpcs, [REGION, OTHER]);
    let plan = trial.plan(&program).await?;
    assert!(plan.is_noop(), "{plan}");

    // What is deleted is deleted where it is, although the empty program names no region.
    trial.destroy(&program).await?;
    assert_eq!(trial.account.listed(), []);
    Ok(())
}

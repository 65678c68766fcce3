//! The records of `prod` are lost: they are made anew from the account, and nothing of it needs to be touched.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Urn;
use formwork_engine::observe::Evidence;
use formwork_engine::plan::Op;
use localstack_tests::{Trial, told};

use super::{config, program};

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_whole_stack_are_made_anew() {
    let trial = Trial::new(crate::emulator()).await;
    let program = program(&config());
    trial.up(&program).await.unwrap();
    let before = trial.recorded().unwrap();
    let (standing, rows) = (trial.account.listed(), trial.rows().unwrap());

    let rebuilding = trial.rebuild(&program).await.unwrap();
    assert!(rebuilding.missing.is_empty() && rebuilding.unknown.is_empty(), "{rebuilding:#?}");
    assert_eq!(trial.rows().unwrap(), rows);
    let after = trial.recorded().unwrap();
    // Nothing needs to be tagged anew: lineage, uids and tokens are those of before.
    assert_eq!(after.binding().unwrap().lineage, before.binding().unwrap().lineage);
    let proofs: BTreeMap<&Urn, Evidence> = rebuilding.rows.iter().map(|one| (&one.row.urn, one.evidence)).collect();
    for row in before.rows().values() {
        let again = after.live(&row.urn).unwrap();
        assert_eq!((&again.id, &again.kind, again.state), (&row.id, &row.kind, row.state), "{}", row.urn);
        assert_eq!(again.expressions, row.expressions, "{}", row.urn);
        if proofs[&row.urn] == Evidence::Tag {
            assert_eq!((&again.uid, &again.token), (&row.uid, &row.token), "{}", row.urn);
        }
    }
    let by_name: Vec<&str> = proofs
        .iter()
        .filter(|(_, proof)| **proof == Evidence::Name)
        .map(|(urn, _)| urn.as_str().rsplit_once("::").unwrap().1)
        .collect();
    assert!(by_name.contains(&"aws:iam/role-policy-attachment") && by_name.contains(&"aws:ec2/route"), "{by_name:?}");
    assert_eq!(after.outputs().len(), before.outputs().len());
    let plan = trial.plan(&program).await.unwrap();
    assert!(plan.is_noop(), "{}", told(&plan));

    // One thing with tags and one without are gone as well: they are named, and the next run makes these two.
    let gone: Vec<_> = ["aws:ec2/security-group-ingress-rule", "aws:iam/role-policy-attachment"]
        .into_iter()
        .map(|kind| after.rows().values().find(|row| row.kind.as_str() == kind).unwrap().clone())
        .collect();
    for row in &gone {
        let kind = trial.kind(row.kind.as_str()).await.unwrap();
        kind.delete(&row.id, &row.applied.to_value()).await.unwrap();
    }
    let rebuilding = trial.rebuild(&program).await.unwrap();
    let mut urns: Vec<&Urn> = gone.iter().map(|row| &row.urn).collect();
    urns.sort();
    assert_eq!(rebuilding.missing.iter().map(|(urn, _)| urn).collect::<Vec<_>>(), urns);
    let reasons: Vec<&str> = rebuilding.missing.iter().map(|(_, reason)| reason.as_str()).collect();
    assert!(reasons.iter().all(|reason| reason.starts_with("there is no aws:")), "{reasons:?}");
    let plan = trial.plan(&program).await.unwrap();
    let steps: Vec<_> = plan.steps.iter().filter(|step| step.op != Op::Same).collect();
    let (made, others): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.op == Op::Create);
    assert_eq!(
        made.iter().map(|step| &step.urn).collect::<BTreeSet<_>>(),
        urns.into_iter().collect(),
        "{}",
        told(&plan)
    );
    // What depends on one that is made anew is recorded anew, without a call.
    let recorded_only = others.iter().all(|step| step.op == Op::Update && step.changed_args.is_empty());
    assert!(recorded_only, "{}", told(&plan));
    trial.up(&program).await.unwrap();
    assert_eq!(trial.account.listed().len(), standing.len());

    trial.rebuild(&program).await.unwrap();
    trial.destroy(&program).await.unwrap();
    assert_eq!(trial.account.listed(), []);
}

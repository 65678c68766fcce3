//! Certificates that DNS proves, in two regions; and zones that others use, too.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use formwork::components::DnsValidatedCertificate;
use formwork_aws::route53::{self, HostedZone, RecordSet, RecordType};
use formwork_engine::compare::complete;
use formwork_engine::kind::Owner;
use formwork_engine::plan::Op;
use formwork_engine::urn::{Uid, random_hex};
use formwork_engine::{KindName, Program, ProviderName, Stack, Urn, Value};
use localstack_tests::{Trial, told};

const OTHER: &str = "us-east-1";

/// A zone, and a certificate for these names in both regions.
fn certificates(names: &[&str]) -> Program {
    let mut stack = Stack::new("tests", "certificates", BTreeMap::new());
    let zone = stack.add("zone", HostedZone::builder().name("certified.example.com").build());
    let there = stack.provider(OTHER);
    let certificate = DnsValidatedCertificate::new(names[0], &zone).provider(&ProviderName::default()).provider(&there);
    let certificate = names[1..].iter().fold(certificate, |it, name| it.alternative_name(*name));
    let certificate = certificate.declare(&mut stack, "tls");
    stack.export("here", certificate.arn());
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Region and state of the certificates that stand.
fn states(trial: &Trial) -> Vec<(String, String)> {
    let standing = trial.account.resources().into_iter().filter(|one| one.kind == "aws:acm/certificate");
    let mut states: Vec<_> = standing.map(|one| (one.region, one.state.unwrap_or_default())).collect();
    states.sort();
    states
}

fn records(trial: &Trial) -> BTreeSet<String> {
    let standing = trial.account.resources().into_iter().filter(|one| one.kind == "aws:route53/record-set");
    standing.map(|one| one.id).collect()
}

fn issued() -> [(String, String); 2] {
    ["eu-west-1", OTHER].map(|region| (region.to_owned(), "ISSUED".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_issued_in_two_regions_by_one_record_for_each_name() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let names = ["certified.example.com", "*.certified.example.com", "www.certified.example.com"];
    let program = certificates(&names);
    let summary = trial.up(&program).await?;
    ensure!(states(&trial) == issued(), "{:?}", states(&trial));
    let first = records(&trial);
    ensure!(first.len() == 2, "the name and its wildcard have one record: {first:?}");
    let arn = summary.outputs.get("here").and_then(|arn| arn.as_text().map(str::to_owned));
    ensure!(arn.is_some_and(|arn| arn.contains(":eu-west-1:")));
    let plan = trial.plan(&program).await?;
    ensure!(plan.is_noop(), "{}", told(&plan));

    // A name more is another certificate; the records of the others stay what they are.
    let program = certificates(&[&names[..], &["api.certified.example.com"]].concat());
    trial.up(&program).await?;
    ensure!(states(&trial) == issued(), "{:?}", states(&trial));
    ensure!(records(&trial).len() == 3 && records(&trial).is_superset(&first), "{:?}", records(&trial));
    let proof =
        Urn::new("certificates", &["tls", "proof-certified.example.com"], &KindName::new("aws:route53/record-set"))?;
    ensure!(trial.row(&proof)?.generation == 1, "a record that stays is not made twice");
    let plan = trial.plan(&program).await?;
    ensure!(plan.is_noop(), "{}", told(&plan));

    trial.destroy(&program).await?;
    assert_eq!(trial.account.listed(), []);
    Ok(())
}

/// Makes something as somebody else would.
async fn foreign<const N: usize>(trial: &Trial, kind: &str, args: [(&str, Value); N]) -> Result<String> {
    let kind = trial.kind(kind).await?;
    let owner = Owner {
        stack: "others/stack:lineage".to_owned(),
        uid: Uid::random(),
        token: random_hex(),
        urn: format!("stack::theirs::{}", kind.schema().kind).parse()?,
    };
    let args = complete(kind.schema().args, &Value::from(args));
    Ok(kind.create(&owner, &args).await?.id)
}

async fn foreign_record(trial: &Trial, zone: &str, name: &str) -> Result<String> {
    let address = Value::List(vec![Value::from("198.51.100.1")]);
    let args = [
        ("hosted_zone", Value::from(zone)),
        ("name", Value::from(name)),
        ("record_type", Value::from("A")),
        ("records", address),
    ];
    foreign(trial, "aws:route53/record-set", args).await
}

fn zone(force_delete: bool, www: bool) -> Program {
    let mut stack = Stack::new("tests", "zones", BTreeMap::new());
    let zone = HostedZone::builder().name("shared.example.com").force_delete(force_delete);
    let zone = stack.add("zone", zone.build());
    if www {
        let www = RecordSet::builder().hosted_zone(&zone).name("WWW.shared.example.com").record_type(RecordType::A);
        stack.add("www", www.records(["192.0.2.1"]).build());
    }
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_made_in_a_zone_is_neither_overwritten_nor_deleted_with_it() -> Result<()> {
    let trial = Trial::lasting(crate::emulator()).await;
    trial.up(&zone(false, false)).await?;
    let urn = Urn::new("zones", &["zone"], &KindName::new("aws:route53/hosted-zone"))?;
    let id = trial.row(&urn)?.id;
    foreign_record(&trial, &id, "www.shared.example.com.").await?;

    let refused = trial.plan(&zone(false, true)).await.err().context("the plan overwrites a foreign record")?;
    let said = format!("{refused:#}");
    ensure!(said.contains(&format!("{id}|www.shared.example.com|A")) && said.contains("exists"), "{said}");

    let refused = trial.destroy(&zone(false, false)).await.err().context("a zone with foreign records is deleted")?;
    let said = format!("{refused:#}");
    ensure!(said.contains("www.shared.example.com. A") && said.contains("force_delete"), "{said}");
    ensure!(records(&trial).len() == 1);

    trial.up(&zone(true, false)).await?;
    trial.destroy(&zone(true, false)).await?;
    assert_eq!(trial.account.listed(), []);
    Ok(())
}

fn looked_up() -> Program {
    let mut stack = Stack::new("tests", "lookup", BTreeMap::new());
    let zone = route53::hosted_zone(&mut stack, "Theirs.example.com");
    let www = RecordSet::builder().hosted_zone(&zone.id).name("www.theirs.example.com").record_type(RecordType::A);
    stack.add("www", www.records(["192.0.2.1"]).build());
    stack.export("zone", &zone.id);
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_looked_up_by_its_name_once_and_the_choice_stays() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let program = looked_up();
    let missing = trial.plan(&program).await.err().context("a zone that is not there is found")?;
    ensure!(format!("{missing:#}").contains("no public zone theirs.example.com"), "{missing:#}");

    let name = || [("name", Value::from("theirs.example.com"))];
    let first = foreign(&trial, "aws:route53/hosted-zone", name()).await?;
    let summary = trial.up(&program).await?;
    ensure!(summary.outputs.get("zone").and_then(|zone| zone.as_text()) == Some(first.as_str()));

    // Another zone of the name would make the choice one between two; it was made.
    foreign(&trial, "aws:route53/hosted-zone", name()).await?;
    let plan = trial.plan(&program).await?;
    ensure!(plan.steps.iter().all(|step| step.op == Op::Same), "{}", told(&plan));
    ensure!(plan.warnings.iter().any(|warning| warning.contains("several public zones")), "{:?}", plan.warnings);
    trial.destroy(&program).await?;
    Ok(())
}

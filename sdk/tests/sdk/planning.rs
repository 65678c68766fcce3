//! Testing a stack without a cloud.

use formwork::prelude::*;
use formwork::testing::{self, Planner};

#[derive(serde::Deserialize)]
struct Config {
    cidr_block: String,
    team: String,
}

fn network(stack: &mut Stack, config: &Config) -> Result<()> {
    stack.component("network", |stack| {
        let vpc = stack.add(
            "main",
            ec2::Vpc::builder().cidr_block(&config.cidr_block).tags([("team", config.team.as_str())]).build(),
        );
        stack.add("private-1", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
        stack.export("vpc_id", &vpc.id);
    });
    Ok(())
}

fn config() -> Config {
    testing::config_text("cidr_block = \"10.0.0.0/16\"\nteam = \"platform\"\n[aws]\nregion = \"eu-west-1\"")
}

#[test]
fn a_stack_is_planned_without_a_cloud() {
    let plan = testing::plan(network, &config());
    assert_eq!(plan.creates(), ["network/main", "network/private-1"]);
    let vpc = plan.resource::<ec2::Vpc>("network/main");
    assert_eq!(vpc.arg("cidr_block").as_text(), Some("10.0.0.0/16"));
    assert_eq!(vpc.arg("tags.team").as_text(), Some("platform"));
    assert!(vpc.args().enable_dns_support, "the default is managed");
    let subnet = plan.resource::<ec2::Subnet>("network/private-1");
    assert!(subnet.refers_to("vpc", "network/main") && subnet.comes_after("network/main", &plan));
    assert!(!plan.output("vpc_id").is_known());
    insta::assert_snapshot!(plan.text());
}

#[test]
fn another_region_is_planned_for() {
    let plan = Planner::new().region("us-east-1").plan(network, &config()).unwrap();
    assert_eq!(plan.resource::<ec2::Vpc>("network/main").region(), "us-east-1");
}

#[test]
#[should_panic(expected = "`cidr_blok`: this key is not known")]
fn a_wrong_configuration_fails_the_test_with_its_key() {
    testing::config_text::<Config>("cidr_blok = \"10.0.0.0/16\"\nteam = \"platform\"");
}

#[test]
fn mistakes_of_the_program_are_reported_together() {
    let twice = |stack: &mut Stack, _: &()| {
        for _ in 0..2 {
            stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
        }
        stack.mistake("the stack says so");
        Err(mistake("and cannot go on"))
    };
    let errors = Planner::new().plan(twice, &()).unwrap_err();
    assert_eq!(errors.len(), 3);
    let text = formwork::render::errors(&errors, formwork::render::Look::default());
    assert!(text.contains("and cannot go on") && text.contains("declared twice") && text.contains("the stack says so"));
}

/// What the stack of an application takes from that of its network.
#[derive(StackOutputs)]
struct Network {
    vpc_id: Output<ec2::VpcId>,
    #[output(name = "private-subnets")]
    private_subnets: Output<Vec<ec2::SubnetId>>,
}

fn app(stack: &mut Stack, _: &()) -> Result<()> {
    let network = stack.read_stack::<Network>("network");
    stack.add("app", ec2::Subnet::builder().vpc(&network.vpc_id).cidr_block("10.0.9.0/24").build());
    stack.export("first", network.private_subnets.at(0));
    Ok(())
}

fn published(subnets: impl Into<formwork::engine::Value>) -> Planner {
    let outputs = [("vpc_id", "vpc-1".into()), ("private-subnets", subnets.into())];
    Planner::new().stack("network", outputs)
}

fn list(items: [&str; 2]) -> formwork::engine::Value {
    formwork::engine::Value::List(items.map(Into::into).to_vec())
}

#[test]
fn outputs_of_another_stack_are_what_the_test_says() {
    let plan = published(list(["subnet-1", "subnet-2"])).plan(app, &()).unwrap();
    assert_eq!(plan.resource::<ec2::Subnet>("app").arg("vpc").as_text(), Some("vpc-1"));
    assert_eq!(plan.output("first").as_text(), Some("subnet-1"));
    assert!(plan.resource::<ec2::Subnet>("app").refers_to("vpc", "stack/network"));
}

#[test]
fn outputs_of_another_stack_that_are_not_there_or_something_else_are_named() {
    let said = |planner: Planner| {
        let errors = planner.plan(app, &()).unwrap_err();
        formwork::render::errors(&errors, formwork::render::Look::default())
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let nothing = said(Planner::new());
    assert!(nothing.contains("the program reads the stack network, and the test says nothing of it"), "{nothing}");
    let missing = said(Planner::new().stack("network", [("vpc_ids", "vpc-1"), ("subnets", "subnet-1")]));
    assert!(missing.contains("exported no `vpc_id`") && missing.contains("exported and near is: vpc_ids"), "{missing}");
    assert!(missing.contains("exported no `private-subnets`") && missing.contains("exported: subnets, vpc_ids"));
    let other = said(published("subnet-1"));
    assert!(other.contains(
        "its output `private-subnets` is of another type than it is read as: a list is wanted, and text was found"
    ));
    let secret = said(published(formwork::engine::Value::from("hunter22").into_secret()));
    assert!(secret.contains("its output `private-subnets` is a secret, and secrets are not published"), "{secret}");
    assert!(!secret.contains("hunter22"));
}

#[test]
fn a_stack_does_not_read_itself() {
    let own = |stack: &mut Stack, _: &()| {
        let name = stack.name().to_owned();
        stack.read_stack::<Network>(&name);
        Ok(())
    };
    let errors = Planner::new().plan(own, &()).unwrap_err();
    assert!(errors[0].to_string().contains("a stack does not read its own outputs"), "{errors:?}");
}

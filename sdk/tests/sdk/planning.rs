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

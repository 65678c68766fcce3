//! What `prod` is made of, and what a reader sees of it.

use formwork::components::NatGateways;
use formwork::prelude::*;

use crate::{configured, plan};

#[test]
fn the_preview_is_read_at_a_glance() {
    let plan = plan();
    let text = plan.text();
    insta::assert_snapshot!(text);
    let (lines, resources) = (text.lines().count(), plan.plan().counts().create);
    assert!(lines * 2 <= resources * 3, "{lines} lines for {resources} resources");
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    assert!(widest <= 100, "{widest} columns");
}

#[test]
fn there_is_a_nat_gateway_for_all_zones_or_one_in_each() {
    let shared = plan();
    assert_eq!(shared.resources::<ec2::NatGateway>().len(), 1);
    let per_zone = configured(|config| config.network.nat_gateways = NatGateways::PerZone);
    let gateways = per_zone.resources::<ec2::NatGateway>();
    assert_eq!(gateways.len(), 3);
    for (zone, gateway) in (1..).zip(&gateways) {
        assert!(gateway.refers_to("subnet", &format!("network/public-{zone}")), "{}", gateway.path());
        assert!(gateway.comes_after("network/main", &per_zone), "the internet gateway comes first");
    }
    // A zone that loses its gateway must not take the others with it.
    for (zone, association) in (1..).zip(
        per_zone.resources::<ec2::RouteTableAssociation>().iter().filter(|it| it.path().starts_with("network/private")),
    ) {
        assert!(association.refers_to("route_table", &format!("network/private-{zone}")), "{}", association.path());
    }
    let without = configured(|config| config.network.nat_gateways = NatGateways::None);
    assert!(without.resources::<ec2::NatGateway>().is_empty() && without.resources::<ec2::ElasticIp>().is_empty());
}

#[test]
fn each_line_of_the_configuration_makes_what_it_names() {
    let plan = plan();
    assert_eq!(plan.resources::<ec2::Subnet>().len(), 6);
    assert_eq!(plan.resources::<eks::NodeGroup>().len(), 2);
    assert_eq!(plan.resources::<eks::Addon>().len(), 4);
    assert_eq!(plan.resources::<ecr::Repository>().len(), 5);
    assert_eq!(plan.resources::<secretsmanager::Secret>().len(), 2);
    let more = configured(|config| config.images.repositories.push("billing".to_owned()));
    assert_eq!(more.plan().counts().create, plan.plan().counts().create + 1);
    assert_eq!(more.resource::<ecr::Repository>("images/billing").arg("name").as_text(), Some("prod/billing"));
}

#[test]
fn nothing_secret_is_printed() {
    let mut config = crate::config();
    config.cache.auth_token = Secret::new("a-token-that-nobody-may-see".to_owned());
    config.secrets.app_env = Secret::new(r#"{"KEY": "that-nobody-may-see"}"#.to_owned());
    let plan = formwork::testing::plan(stacks::prod, &config);
    let shown = format!("{}{:?}{}", plan.text(), plan.plan(), plan.plan().to_json());
    assert!(!shown.contains("nobody-may-see"));
}

#[test]
fn the_outputs_are_what_people_and_pipelines_need() {
    let plan = plan();
    let names: Vec<&str> = plan.plan().outputs.keys().map(String::as_str).collect();
    insta::assert_snapshot!(names.join("\n"));
    let said = |name: &str| plan.program().exports[name].expr.to_string();
    assert!(said("database_url").contains("sslmode=require"), "{}", said("database_url"));
    assert!(said("redis_url").contains("rediss://"), "{}", said("redis_url"));
    let shown = plan.output("redis_url");
    assert!(shown.has_secret(), "the URL of Redis has the token in it");
    assert!(!plan.output("database_url").has_secret(), "RDS keeps the password, so that the URL has none");
}

#[test]
fn aws_would_refuse_nothing_of_it() {
    assert_eq!(plan().problems(), Vec::<String>::new());
    let ranges = ["10.1.0.0/24", "10.1.0.0/25", "10.2.0.0/24"].map(str::to_owned).to_vec();
    let broken = configured(|config| config.network.private_subnets = ranges.clone());
    assert_eq!(broken.problems().len(), 4, "{:#?}", broken.problems());
}

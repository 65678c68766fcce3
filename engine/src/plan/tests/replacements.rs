//! Replacements: what forces them, which half comes first, what happens to dependants.

use crate::fixtures::*;
use crate::options::options;
use crate::plan::Op;

#[test]
fn a_replacement_is_made_first_and_the_former_goes_when_nothing_uses_it() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&network, "id"))]);
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("b"))]);
    assert_eq!(
        world.lines(),
        [
            "0 create main#2 [replaces] (declared changed)",
            "1 update a [maybe] (depends on main.id) after 0",
            "2 delete main [replaces] (declared changed) after 0 1",
        ]
    );
    assert_eq!(world.up().counts().replace, 1);
}

#[test]
fn what_must_be_replaced_with_its_dependency_waits_for_it_on_both_sides() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("b"))]);
    let plan = world.up();
    assert_eq!(
        plan.to_string(),
        r#"  0 create main#2 [replaces] (declared changed)
    cidr: "a" -> "b" (declared changed) forces replacement
  1 create a#2 [replaces, maybe] (depends on main.id) after 0
    network: "network-1" -> (main.id known after apply) (depends on main.id) may force replacement
  2 delete a [replaces, maybe] (depends on main.id) after 0 1
  3 delete main [replaces] (declared changed) after 0 2
0 to create, 0 to update, 2 to replace, 0 to delete, 0 unchanged"#
    );
}

#[test]
fn a_fixed_name_is_freed_before_it_is_taken_and_a_made_one_need_not_be() {
    let mut world = World::new();
    world.add(&ROLE, "fixed", [("name", text("deploy"))]);
    world.add(&ROLE, "made", [("name", prefixed("deploy"))]);
    world.up();
    world.add(&ROLE, "fixed", [("name", text("deploy")), ("path", text("/"))]);
    world.add(&ROLE, "made", [("name", prefixed("deploy")), ("path", text("/"))]);
    assert_eq!(
        world.lines(),
        [
            "0 create made#2 [replaces] (declared changed)",
            "1 delete fixed [replaces] (declared changed)",
            "2 create fixed#2 [replaces] (declared changed) after 1",
            "3 delete made [replaces] (declared changed) after 0",
        ]
    );
    world.up();
}

#[test]
fn another_beginning_of_a_name_is_a_replacement() {
    let mut world = World::new();
    world.add(&ROLE, "made", [("name", prefixed("deploy"))]);
    world.up();
    world.add(&ROLE, "made", [("name", prefixed("release"))]);
    let plan = world.up();
    assert_eq!((plan.counts().replace, plan.steps[0].maybe), (1, false));
}

#[test]
fn dependants_of_what_goes_first_go_before_it_and_come_back_after() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    world.add(&ATTACHMENT, "read", [("role", of(&role, "id")), ("policy", text("read"))]);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    assert_eq!(
        world.lines(),
        [
            "0 delete read [replaces, maybe] (depends on role.id)",
            "1 delete role [replaces] (declared changed) after 0",
            "2 create role#2 [replaces] (declared changed) after 1",
            "3 create read#2 [replaces, maybe] (depends on role.id) after 0 2",
        ]
    );
    world.up();
}

#[test]
fn an_output_that_repeats_an_argument_stays_known_over_a_replacement() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    world.add(&ATTACHMENT, "read", [("role", of(&role, "name")), ("policy", text("read"))]);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    let plan = world.plan();
    let attachment = plan.steps.iter().find(|step| step.urn.path() == "read").unwrap();
    assert_eq!(attachment.op, Op::Same);
}

#[test]
fn a_data_store_is_deleted_first_and_needs_consent() {
    let mut world = World::new();
    world.add(&BUCKET, "data", [("name", prefixed("data"))]);
    world.up();
    world.add(&BUCKET, "data", [("name", prefixed("other"))]);
    let plan = world.plan();
    assert_eq!(plan.consents.len(), 1);
    assert!(plan.consents[0].1.contains("what it holds is not carried over"), "{plan}");
    assert_eq!((plan.steps[0].op, plan.steps[0].data_store), (Op::Delete, true));
    world.settings.allow_delete = vec!["data".into()];
    assert_eq!(world.up().consents, []);
}

#[test]
fn a_hazard_of_a_change_needs_consent() {
    let mut world = World::new();
    world.add(&BUCKET, "data", [("name", text("data")), ("versioning", value(true))]);
    world.up();
    world.add(&BUCKET, "data", [("name", text("data"))]);
    assert_eq!(world.plan().consents[0].1, "data: the change of versioning is marked data_loss");
    world.settings.consent_implied = true;
    assert_eq!(world.up().consents, []);
}

#[test]
fn the_rule_of_an_argument_may_look_at_both_values() {
    let mut world = World::new();
    world.add(&SUBNET, "a", [("network", text("n")), ("size", value(2))]);
    world.up();
    world.add(&SUBNET, "a", [("network", text("n")), ("size", value(3))]);
    assert_eq!(world.up().counts().update, 1);
    world.add(&SUBNET, "a", [("network", text("n")), ("size", value(1))]);
    assert_eq!(world.up().counts().replace, 1);
}

#[test]
fn a_replacement_for_the_worst_case_shrinks_when_the_value_is_the_same() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&GATEWAY, "gate", [("network", of(&network, "resolver"))]);
    world.up();
    // The type says that the resolver may move with `dns`; here it moves to what the gateway has already.
    world.add(&NETWORK, "main", [("cidr", text("a")), ("dns", value(true))]);
    let plan = world.plan();
    assert_eq!((plan.steps[1].op, plan.steps[1].maybe), (Op::Create, true));
    let gate = plan.steps.iter().find(|step| step.op == Op::Create).unwrap();
    let declaration = &world.program.resources[&gate.urn];
    let mut rows = world.rows.values();
    let row = rows.find(|row| row.urn == gate.urn).unwrap();
    struct Same;
    impl crate::expr::Outputs for Same {
        fn output(&self, _: &crate::Urn, _: &str) -> Result<crate::Value, String> {
            Ok("resolver of false".into())
        }
    }
    let verified = crate::plan::verify(gate, declaration, Some(row), &Same, &digester()).unwrap();
    assert_eq!(verified.op, Op::Same);
    world.up();
}

#[test]
fn what_is_asked_for_is_replaced() {
    let mut world = World::new();
    let options = |text: &str| options().replace_when(text);
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options("1"));
    world.add(&NETWORK, "other", [("cidr", text("a"))]);
    world.up();
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options("2"));
    world.settings.replace = vec!["other".into()];
    let plan = world.plan();
    assert_eq!(plan.counts().replace, 2);
    assert_eq!(plan.steps[0].reason.to_string(), "asked for by replace_when");
    assert_eq!(plan.steps[1].reason.to_string(), "asked for by --replace");
    world.perform(&plan);
    world.settings.replace.clear();
    assert!(world.plan().is_noop());
}

#[test]
fn a_protected_resource_is_neither_replaced_nor_deleted_until_that_is_lifted() {
    let mut world = World::new();
    let network = world.add_with(&NETWORK, "main", [("cidr", text("a"))], options().protect());
    world.up();
    world.add_with(&NETWORK, "main", [("cidr", text("b"))], options().unprotect());
    assert!(world.errors().contains("it is protected and would be replaced (declared changed)"), "{}", world.errors());
    world.remove(&network);
    assert!(world.errors().contains("it is protected and would be deleted"));
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options());
    assert!(world.plan().is_noop(), "leaving the option away lifts nothing");
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options().unprotect());
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("b"))]);
    world.up();
}

#[test]
fn names_that_are_swapped_are_both_freed_before_they_are_taken() {
    let mut world = World::new();
    world.add(&ROLE, "x", [("name", text("a"))]);
    world.add(&ROLE, "y", [("name", text("b"))]);
    world.up();
    world.add(&ROLE, "x", [("name", text("b"))]);
    world.add(&ROLE, "y", [("name", text("a"))]);
    let plan = world.up();
    assert_eq!(
        plan.steps.iter().map(|step| step.op).collect::<Vec<_>>(),
        [Op::Delete, Op::Delete, Op::Create, Op::Create]
    );
}

#[test]
fn another_region_is_another_resource() {
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.up();
    world.region = "us-east-1".into();
    let plan = world.up();
    assert_eq!(plan.counts().replace, 1);
    assert_eq!((plan.steps[0].region.as_str(), plan.steps[1].region.as_str()), ("us-east-1", "eu-west-1"));
}

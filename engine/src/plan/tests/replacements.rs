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
            "0 delete read [replaces] (depends on role.id)",
            "1 delete role [replaces] (declared changed) after 0",
            "2 create role#2 [replaces] (declared changed) after 1",
            "3 create read#2 [replaces] (depends on role.id) after 0 2",
        ]
    );
    world.up();
}

#[test]
fn an_output_that_repeats_an_argument_stays_known_over_a_replacement() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    let export =
        crate::program::Export { expr: of(&role, "name"), source: world.program.resources[&role].source.clone() };
    world.program.exports.insert("name".to_owned(), export);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/moved/"))]);
    assert_eq!(world.up().outputs["name"].1, "deploy".into());
}

#[test]
fn what_refers_to_the_name_of_something_that_goes_first_goes_along_although_the_name_stays() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    let read = world.add(&ATTACHMENT, "read", [("role", of(&role, "name")), ("policy", text("read"))]);
    // What goes along goes first as well, and takes its own dependants with it.
    let log = world.add(&ATTACHMENT, "log", [("role", of(&read, "id")), ("policy", text("log"))]);
    world.add(&ATTACHMENT, "else", [("role", text("other")), ("policy", text("read"))]);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    assert_eq!(
        world.lines(),
        [
            "1 delete log [replaces] (depends on read.id)",
            "2 delete read [replaces] (depends on role.name) after 1",
            "3 delete role [replaces] (declared changed) after 2",
            "4 create role#2 [replaces] (declared changed) after 3",
            "5 create read#2 [replaces] (depends on role.name) after 2 4",
            "6 create log#2 [replaces] (depends on read.id) after 1 5",
        ]
    );
    let change = world.plan().steps[5].changes[0].clone();
    assert_eq!((change.path.as_str(), &change.before, &change.after), ("role", &"deploy".into(), &"deploy".into()));
    assert_eq!(world.up().counts().replace, 3);
    assert_eq!(world.row(&log).generation, 2);
}

#[test]
fn what_can_be_told_the_name_again_stays_and_is_told_after() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&role, "name"))]);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    let plan = world.plan();
    assert_eq!(
        world.lines(),
        [
            "0 delete role [replaces] (declared changed)",
            "1 create role#2 [replaces] (declared changed) after 0",
            "2 update a (depends on role.name) after 1",
        ]
    );
    assert!(plan.steps[2].changed_args.contains("peer"));
    assert_eq!(plan.warnings, ["role is deleted before it is made again, while a uses it by `peer`"]);
    world.up();
}

#[test]
fn an_order_without_a_reference_takes_nothing_along() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options().depends_on(role));
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    assert_eq!(world.up().counts().replace, 1);
}

#[test]
fn a_data_store_that_would_go_along_needs_consent_and_a_protected_one_refuses() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    world.add(&BUCKET, "data", [("name", of(&role, "name"))]);
    world.up();
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    let sentence = "data is replaced (depends on role.name), and what it holds is not carried over";
    assert_eq!(world.plan().consents.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), [sentence]);
    world.add_with(&BUCKET, "data", [("name", of(&role, "name"))], options().protect());
    assert!(world.errors().contains("it is protected and would be replaced"), "{}", world.errors());
}

#[test]
fn a_reference_that_the_program_no_longer_says_still_goes_along() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("deploy"))]);
    let read = world.add(&ATTACHMENT, "read", [("role", of(&role, "name")), ("policy", text("read"))]);
    world.up();
    // Declared before the role and by the same text, so that it is decided before anybody knows that the role goes first.
    world.add(&ATTACHMENT, "read", [("role", text("deploy")), ("policy", text("read"))]);
    world.program.order = vec![read, role];
    world.add(&ROLE, "role", [("name", text("deploy")), ("path", text("/"))]);
    assert_eq!(
        world.lines(),
        [
            "0 delete read [replaces] (depends on role.name)",
            "1 delete role [replaces] (declared changed) after 0",
            "2 create role#2 [replaces] (declared changed) after 1",
            "3 create read#2 [replaces] (depends on role.name) after 0 2",
        ]
    );
    world.up();
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
    assert_eq!(world.plan().consents[0].1, "data: the change of `versioning` may lose data");
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
fn a_replacement_that_shrinks_still_records_what_is_no_longer_declared() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&NETWORK, "behind", [("cidr", of(&network, "resolver")), ("note", text("noted"))]);
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("a")), ("dns", value(true))]);
    world.add(&NETWORK, "behind", [("cidr", of(&network, "resolver"))]);
    let plan = world.plan();
    let behind = plan.steps.iter().find(|step| step.op == Op::Create).unwrap();
    let row = world.rows.values().find(|row| row.urn == behind.urn).unwrap();
    struct AsBefore;
    impl crate::expr::Outputs for AsBefore {
        fn output(&self, _: &crate::Urn, _: &str) -> Result<crate::Value, String> {
            Ok("resolver of false".into())
        }
    }
    let declaration = &world.program.resources[&behind.urn];
    let verified = crate::plan::verify(behind, declaration, Some(row), &AsBefore, &digester()).unwrap();
    assert_eq!((verified.op, verified.changed_args.len()), (Op::Update, 0));
    assert!(verified.args.get("note").is_null());
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

//! What leaves the program: deletions, forgotten rows, renames, targets.

use crate::fixtures::*;
use crate::options::options;
use crate::plan::Op;
use crate::record::RowState;

fn chain(world: &mut World) -> [crate::Urn; 3] {
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let subnet = world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    let nat = world.add(&NAT, "nat", [("subnet", of(&subnet, "id"))]);
    [network, subnet, nat]
}

#[test]
fn deletions_follow_the_recorded_edges_backwards_and_nothing_else() {
    let mut world = World::new();
    let urns = chain(&mut world);
    let lone = world.add(&NETWORK, "lone", [("cidr", text("a"))]);
    world.up();
    urns.iter().chain([&lone]).for_each(|urn| world.remove(urn));
    assert_eq!(
        world.lines(),
        [
            "0 delete lone (removed from the program)",
            "1 delete nat (removed from the program)",
            "2 delete a (removed from the program) after 1",
            "3 delete main (removed from the program) after 2",
        ]
    );
    assert_eq!(world.plan().steps.iter().map(|step| step.weight).collect::<Vec<_>>(), [1, 3, 2, 1]);
    world.up();
    assert!(world.rows.is_empty() && world.things.is_empty());
}

#[test]
fn a_deletion_waits_until_a_living_dependant_points_elsewhere() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let other = world.add(&NETWORK, "other", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&network, "id"))]);
    world.up();
    world.remove(&network);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&other, "id"))]);
    let lines = world.lines();
    assert_eq!(lines, ["1 update a (declared changed)", "2 delete main (removed from the program) after 1"]);
    world.up();
}

#[test]
fn an_undeclared_option_still_holds_what_it_refers_to() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let subnet = world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&network, "id"))]);
    world.up();
    // The account keeps the peer, since nobody says what it should be instead.
    world.add(&SUBNET, "a", [("network", text("n"))]);
    world.up();
    world.remove(&network);
    world.remove(&subnet);
    let plan = world.up();
    assert_eq!(plan.steps.iter().map(|step| step.urn.path()).collect::<Vec<_>>(), ["a", "main"]);
}

#[test]
fn a_retained_resource_is_forgotten_and_stays() {
    let mut world = World::new();
    let bucket = world.add_with(&BUCKET, "data", [("name", text("data"))], options().retain_on_delete());
    world.up();
    world.remove(&bucket);
    let plan = world.plan();
    assert_eq!((plan.steps[0].op, plan.consents.len()), (Op::Forget, 0));
    assert_eq!(plan.warnings, ["data (bucket-1) stays in the account and is forgotten"]);
    world.up();
    assert_eq!(world.things.len(), 1);
}

#[test]
fn deleting_a_data_store_needs_consent() {
    let mut world = World::new();
    let bucket = world.add(&BUCKET, "data", [("name", text("data"))]);
    world.up();
    world.remove(&bucket);
    assert_eq!(world.plan().consents[0].1, "data is deleted with everything it holds");
    world.settings.allow_delete = vec!["*".into()];
    assert!(world.plan().consents.is_empty());
}

#[test]
fn a_former_name_is_a_move_and_keeps_the_resource() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.up();
    let uid = world.row(&network).uid.clone();
    world.remove(&network);
    let renamed = world.add_with(&NETWORK, "net/core", [("cidr", text("a"))], options().alias("main"));
    world.add(&SUBNET, "a", [("network", of(&renamed, "id"))]);
    let plan = world.up();
    assert_eq!((plan.steps[0].op, &plan.steps[0].uid), (Op::Move, &uid));
    assert_eq!(plan.counts().update, 1, "the subnet is untouched: {plan}");
}

#[test]
fn a_key_that_is_freed_and_taken_under_another_name_is_a_move() {
    let mut world = World::new();
    let role = world.add(&ROLE, "x", [("name", text("deploy"))]);
    world.up();
    world.remove(&role);
    world.add(&ROLE, "y", [("name", text("deploy"))]);
    let plan = world.up();
    assert_eq!(plan.steps.iter().map(|step| step.op).collect::<Vec<_>>(), [Op::Move]);
    assert_eq!(plan.warnings, ["y has the key of x, which is no longer declared, and takes its place"]);
}

#[test]
fn a_row_of_an_earlier_generation_goes_after_its_dependants_were_pointed_elsewhere() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&network, "id"))]);
    world.up();
    let mut deposed = world.row(&network).clone();
    let thing = world.things[&deposed.key()].clone();
    world.rows.get_mut(&deposed.key()).unwrap().generation = 2;
    let mut next = world.rows.remove(&deposed.key()).unwrap();
    world.things.remove(&deposed.key());
    next.id = "network-9".into();
    let mut now = thing.clone();
    now.outputs = crate::Value::from([("id", "network-9"), ("resolver", "r"), ("revision", "r")]);
    world.things.insert(next.key(), now);
    world.rows.insert(next.key(), next);
    deposed.state = RowState::Deposed;
    world.things.insert(deposed.key(), thing);
    world.rows.insert(deposed.key(), deposed);
    assert_eq!(
        world.lines(),
        ["1 update a (depends on main.id)", "2 delete main (resumed) after 1"],
        "an interrupted replacement goes on"
    );
    world.up();
}

#[test]
fn targets_take_what_they_need_and_leave_the_rest() {
    let mut world = World::new();
    let [network, subnet, _] = chain(&mut world);
    world.settings.targets = vec!["a".into()];
    assert_eq!(world.lines(), ["0 create main (new)", "1 create a (new) after 0"]);
    world.settings.targets = vec![subnet.to_string(), "man".into()];
    let errors = world.try_plan().unwrap_err();
    assert_eq!(errors[0].reason, "there is no `man` in this stack");
    assert_eq!(errors[0].hints, ["nearest: main, nat"]);
    world.settings.targets.clear();
    world.up();
    // A replaced target stays deposed while something outside the targets uses it.
    world.add(&NETWORK, "main", [("cidr", text("b"))]);
    world.settings.targets = vec![network.to_string()];
    let plan = world.plan();
    assert_eq!(plan.steps.iter().map(|step| step.op).collect::<Vec<_>>(), [Op::Create]);
    assert_eq!(plan.warnings, ["main (generation 1) stays for now: a uses it and is not among the targets"]);
}

#[test]
fn a_removed_target_takes_its_removed_dependants_with_it() {
    let mut world = World::new();
    let urns = chain(&mut world);
    world.up();
    urns.iter().for_each(|urn| world.remove(urn));
    world.settings.targets = vec!["a".into()];
    assert_eq!(
        world.lines(),
        ["0 delete nat (removed from the program)", "1 delete a (removed from the program) after 0"]
    );
}

#[test]
fn a_kind_that_this_build_does_not_know_is_named() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.up();
    world.remove(&network);
    let mut seen = world.seen();
    seen.schemas.clear();
    let errors = crate::plan::make(&world.graph().unwrap(), &world.recorded(), &seen, &world.settings).unwrap_err();
    assert!(errors[0].to_string().contains("does not know the kind test:net/network"));
}

#[test]
fn references_that_turn_round_while_something_goes_first_still_have_an_order() {
    let mut world = World::new();
    world.strict = false;
    let role = world.add(&ROLE, "n", [("name", text("n"))]);
    let middle = world.add(&SUBNET, "r", [("network", text("x")), ("peer", of(&role, "id"))]);
    world.add(&SUBNET, "s", [("network", text("x")), ("peer", of(&middle, "id"))]);
    world.up();
    // The role is replaced delete-first, `r` (which used it) goes, and `s` turns from `r` to the role.
    world.add(&ROLE, "n", [("name", text("n")), ("path", text("/"))]);
    world.remove(&middle);
    world.add(&SUBNET, "s", [("network", text("x")), ("peer", of(&role, "id"))]);
    world.up();
}

#[test]
fn thousands_of_resources_are_planned_replaced_and_deleted() {
    let mut world = World::new();
    world.strict = false;
    let stack = |world: &mut World, cidr: &str| {
        let network = world.add(&NETWORK, "main", [("cidr", text(cidr))]);
        for number in 0..1000 {
            let subnet = world.add(&SUBNET, &format!("s{number}"), [("network", of(&network, "id"))]);
            world.add(&NAT, &format!("n{number}"), [("subnet", of(&subnet, "id"))]);
        }
    };
    stack(&mut world, "a");
    let plan = world.plan();
    assert_eq!(plan.steps.len(), 2001);
    // Filling the rows by hand keeps the account of the test, which is not made for thousands, out of it.
    let made = |step: &crate::plan::Step| {
        let mut row = crate::fixtures::row_of(step);
        row.applied = crate::record::Stored::from_value(&step.planned, &digester());
        row
    };
    world.rows =
        plan.steps.iter().map(|step| (step.uid.clone(), step.generation)).zip(plan.steps.iter().map(made)).collect();
    world.settings.refresh = false;
    let mut seen = world.seen();
    seen.rows.clear();
    stack(&mut world, "b");
    let plan = crate::plan::make(&world.graph().unwrap(), &world.recorded(), &seen, &world.settings).unwrap();
    assert_eq!(plan.counts().replace, 2001);
    let nothing = crate::graph::Graph::new(&crate::Program::empty("project", "test")).unwrap();
    let plan = crate::plan::make(&nothing, &world.recorded(), &seen, &world.settings).unwrap();
    assert_eq!(plan.counts().delete, 2001);
    assert_eq!(plan.steps.last().unwrap().urn.path(), "main");
}

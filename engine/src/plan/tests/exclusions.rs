//! `--exclude`: what is left alone, with what depends on it.

use proptest::prelude::*;

use crate::Urn;
use crate::fixtures::*;
use crate::options::options;
use crate::plan::{Op, Plan};

/// A network with a subnet and a subnet of that one's size beside it, a role and its attachment.
fn declare(world: &mut World, cidr: &str, size: i64) -> [Urn; 4] {
    let network = world.add(&NETWORK, "net/main", [("cidr", text(cidr)), ("dns", value(size > 1))]);
    let args = [("network", of(&network, "id")), ("size", value(size))];
    let subnet = world.add(&SUBNET, "net/sub", args);
    let path = text(&format!("/{size}/"));
    let role = world.add(&ROLE, "role", [("name", prefixed("role")), ("path", path)]);
    let attachment = world.add(&ATTACHMENT, "read", [("role", of(&role, "name")), ("policy", text("p"))]);
    [network, subnet, role, attachment]
}

fn touched(plan: &Plan) -> Vec<&str> {
    let steps = plan.steps.iter().filter(|step| step.op != Op::Same);
    let mut paths: Vec<&str> = steps.map(|step| step.urn.path()).collect();
    paths.dedup();
    paths
}

#[test]
fn what_is_excluded_and_what_depends_on_it_gets_no_step() {
    let mut world = World::new();
    declare(&mut world, "a", 1);
    world.up();
    declare(&mut world, "a", 2);
    for (excludes, targets, expected) in [
        (&["net/main"][..], &[][..], &["role", "read", "role"][..]),
        (&["net/sub"], &[], &["net/main", "role", "read", "role"]),
        (&["read"], &[], &[]),
        (&["test::net/main::test:net/network"], &["net/sub"], &[]),
        (&["net/sub"], &["net/sub", "net/main"], &["net/main"]),
        (&["*"], &[], &[]),
    ] {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        (world.settings.excludes, world.settings.targets) = (list(excludes), list(targets));
        // The role is replaced, which is refused while its attachment is excluded.
        match world.try_plan() {
            Ok(plan) => assert_eq!(touched(&plan), expected, "without {excludes:?}, of {targets:?}"),
            Err(errors) => assert_eq!((excludes, errors.len()), (&["read"][..], 1), "{errors:?}"),
        }
    }
}

#[test]
fn what_is_left_alone_is_done_when_it_is_not_excluded_any_more() {
    let mut world = World::new();
    let [network, ..] = declare(&mut world, "a", 1);
    world.up();
    declare(&mut world, "a", 2);
    world.settings.excludes = vec!["net/main".into()];
    let plan = world.plan();
    assert_eq!(plan.warnings, ["excluded as well, since it depends on what is excluded: net/sub"]);
    world.perform(&plan);
    assert_eq!(world.row(&network).options, Default::default());
    assert!(touched(&world.plan()).is_empty());
    world.settings.excludes.clear();
    assert_eq!(touched(&world.plan()), ["net/main", "net/sub"]);
    world.up();
}

#[test]
fn a_replacement_of_what_excluded_resources_use_is_refused_with_their_names() {
    let mut world = World::new();
    let [network, ..] = declare(&mut world, "a", 1);
    world.add(&SUBNET, "net/other", [("network", of(&network, "id"))]);
    world.up();
    declare(&mut world, "b", 1);
    world.settings.excludes = vec!["net/sub".into(), "net/other".into()];
    let errors = world.try_plan().unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].reason.ends_with("while excluded resources use it: net/other, net/sub"), "{}", errors[0]);
    assert_eq!(errors[0].hints, ["add --exclude net/main, or leave the exclusion of these away"]);
    world.settings.excludes = vec!["net/main".into()];
    assert!(touched(&world.plan()).is_empty());
}

#[test]
fn a_destruction_keeps_what_is_excluded_what_depends_on_it_and_what_these_use() {
    let mut world = World::new();
    let [network, subnet, role, attachment] = declare(&mut world, "a", 1);
    let logs = world.add_with(&LOGS, "logs", [("name", text("l"))], options().depends_on(subnet.clone()));
    world.up();
    for urn in [&network, &subnet, &role, &attachment, &logs] {
        world.remove(urn);
    }
    world.settings.excludes = vec!["net/sub".into()];
    let plan = world.plan();
    assert_eq!(touched(&plan), ["read", "role"]);
    assert!(
        plan.warnings.iter().any(|w| w == "net/main (generation 1) stays for now: net/sub uses it and is excluded")
    );
    world.perform(&plan);
    assert_eq!(world.rows.len(), 3);
    // What is held holds what it uses: two levels.
    world.settings.excludes = vec!["logs".into()];
    assert!(touched(&world.plan()).is_empty(), "{}", world.plan());
    world.settings.excludes.clear();
    world.up();
    assert!(world.rows.is_empty());
}

#[test]
fn what_an_excluded_resource_takes_over_by_its_key_is_not_ended_meanwhile() {
    let mut world = World::new();
    let logs = world.add(&LOGS, "logs", [("name", text("l"))]);
    world.up();
    world.remove(&logs);
    world.add(&LOGS, "renamed", [("name", text("l"))]);
    world.settings.excludes = vec!["renamed".into()];
    assert!(touched(&world.plan()).is_empty(), "{}", world.plan());
    world.settings.excludes.clear();
    world.up();
}

#[test]
fn a_former_name_is_excluded_with_its_declaration() {
    let mut world = World::new();
    let logs = world.add(&LOGS, "logs", [("name", text("l"))]);
    world.up();
    world.remove(&logs);
    world.add_with(&LOGS, "moved/logs", [("name", text("l"))], options().alias("logs"));
    for name in ["logs", "moved/logs"] {
        world.settings.excludes = vec![name.into()];
        assert!(touched(&world.plan()).is_empty(), "without {name}: {}", world.plan());
    }
}

#[test]
fn an_excluded_name_that_is_nowhere_is_an_error_with_the_nearest() {
    let mut world = World::new();
    declare(&mut world, "a", 1);
    world.settings.excludes = vec!["net/mian".into()];
    let errors = world.try_plan().unwrap_err();
    assert_eq!(errors[0].to_string(), "failed to find what --exclude names: there is no `net/mian` in this stack");
    assert_eq!(errors[0].hints, ["nearest: net/main"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_step_touches_what_is_excluded_and_the_rest_can_be_done(
        edges in proptest::collection::vec(proptest::collection::vec(0..8_usize, 0..3), 8),
        sizes in proptest::collection::vec(1..4_i64, 8),
        gone in proptest::collection::vec(any::<bool>(), 8),
        excluded in proptest::collection::btree_set(0..8_usize, 1..3),
    ) {
        let name = |n: usize| format!("n{n}");
        let declare = |world: &mut World, sizes: &dyn Fn(usize) -> i64| {
            for (n, edges) in edges.iter().enumerate() {
                let mut options = options();
                // Only to earlier ones: no circles.
                for to in edges.iter().filter(|to| **to < n) {
                    options = options.depends_on(urn(&SUBNET, &name(*to)));
                }
                world.add_with(&SUBNET, &name(n), [("network", text("x")), ("size", value(sizes(n)))], options);
            }
        };
        let mut world = World::new();
        declare(&mut world, &|_| 2);
        world.up();
        // Smaller is a replacement, greater an update, and some are not declared any more, from the end.
        declare(&mut world, &|n| sizes[n]);
        for n in (0..8).rev() {
            let needed = world.program.resources.values().any(|declared| {
                declared.options.depends_on.contains(&urn(&SUBNET, &name(n)))
            });
            if gone[n] && !needed {
                world.remove(&urn(&SUBNET, &name(n)));
            }
        }
        // Everything that needs an excluded one, by any way.
        let mut alone = excluded.clone();
        for (n, edges) in edges.iter().enumerate() {
            if edges.iter().any(|to| *to < n && alone.contains(to)) {
                alone.insert(n);
            }
        }
        world.settings.excludes = excluded.iter().map(|n| name(*n)).collect();
        match world.try_plan() {
            Ok(plan) => {
                for step in &plan.steps {
                    let n: usize = step.urn.path()[1..].parse().unwrap();
                    prop_assert!(!alone.contains(&n), "{} is touched", step.urn);
                }
                world.perform(&plan);
                for n in &alone {
                    let urn = urn(&SUBNET, &name(*n));
                    prop_assert!(world.rows.values().any(|row| row.urn == urn), "{} was lost", urn);
                }
            }
            // Only because something that is to be replaced is used by what is left alone.
            Err(errors) => {
                for error in &errors {
                    prop_assert!(error.reason.contains("while excluded resources use it"), "{}", error);
                }
            }
        }
        world.settings.excludes.clear();
        world.up();
    }
}

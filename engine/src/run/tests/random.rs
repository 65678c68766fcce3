//! Promise 3 as a property: any small program, any change of it, any number of deaths anywhere: the next run finishes the work.

use proptest::prelude::*;

use super::bench::Bench;
use crate::fixtures::*;
use crate::program::Program;
use crate::testing::Behaviour;

/// A program in a few numbers; what a number means depends on its place, and every combination is a program.
#[derive(Debug, Clone)]
pub(super) struct Sketch {
    networks: Vec<(u8, bool, bool)>,
    subnets: Vec<(usize, u8, bool)>,
    roles: Vec<(bool, bool)>,
    buckets: Vec<bool>,
}

pub(super) fn sketch() -> impl Strategy<Value = Sketch> {
    let networks = prop::collection::vec((0..3_u8, any::<bool>(), any::<bool>()), 0..3);
    let subnets = prop::collection::vec((0..3_usize, 0..3_u8, any::<bool>()), 0..4);
    let roles = prop::collection::vec((any::<bool>(), any::<bool>()), 0..3);
    let buckets = prop::collection::vec(any::<bool>(), 0..2);
    (networks, subnets, roles, buckets).prop_map(|(networks, subnets, roles, buckets)| Sketch {
        networks,
        subnets,
        roles,
        buckets,
    })
}

pub(super) fn program(sketch: &Sketch) -> Program {
    let mut world = World::new();
    let mut networks = Vec::new();
    for (index, (cidr, dns, note)) in sketch.networks.iter().enumerate() {
        let note = if *note { text("noted") } else { crate::Expr::null() };
        let args = [("cidr", text(&format!("10.{cidr}.0.0/16"))), ("dns", value(*dns)), ("note", note)];
        networks.push(world.add(&NETWORK, &format!("network-{index}"), args));
    }
    for (index, (network, size, peers)) in sketch.subnets.iter().enumerate() {
        let network = match networks.get(network % networks.len().max(1)) {
            Some(network) => of(network, "id"),
            None => text("elsewhere"),
        };
        let peer = match networks.first().filter(|_| *peers) {
            Some(network) => of(network, "resolver"),
            None => crate::Expr::null(),
        };
        let args = [("network", network), ("size", value(i64::from(*size))), ("peer", peer)];
        world.add(&SUBNET, &format!("subnet-{index}"), args);
    }
    for (index, (fixed, moved)) in sketch.roles.iter().enumerate() {
        let name = if *fixed { text(&format!("role-{index}")) } else { prefixed(&format!("role-{index}")) };
        let path = if *moved { text("/moved/") } else { text("/") };
        let role = world.add(&ROLE, &format!("role-{index}"), [("name", name), ("path", path)]);
        let args = [("role", of(&role, "name")), ("policy", text("read"))];
        world.add(&ATTACHMENT, &format!("policy-{index}"), args);
    }
    for (index, versioning) in sketch.buckets.iter().enumerate() {
        let args = [("name", text(&format!("bucket-{index}"))), ("versioning", value(*versioning))];
        world.add(&BUCKET, &format!("bucket-{index}"), args);
    }
    world.program
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    (0..2_u32, 0..2_u32, 0..2_u32, 0..3_u32, any::<bool>(), any::<bool>()).prop_map(
        |(create_polls, update_polls, delete_polls, lag, one_at_a_time, disable_first)| Behaviour {
            create_polls,
            update_polls,
            delete_polls,
            lag,
            one_at_a_time,
            disable_first,
            ..Behaviour::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_dies_whenever_the_next_run_finishes_the_work(
        before in sketch(),
        after in sketch(),
        deaths in prop::collection::vec(1..60_u64, 1..4),
        behaviour in behaviour(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            for schema in all_schemas() {
                bench.cloud.behave(schema.kind, behaviour.clone());
            }
            let (before, after) = (program(&before), program(&after));
            bench.done(&before).await;
            bench.settled(&before).await;
            for point in deaths {
                if bench.dying(&after, point).await.is_some() {
                    break;
                }
            }
            bench.done(&after).await;
            bench.settled(&after).await;
        });
    }
}

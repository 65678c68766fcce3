//! What holds for every program: random graphs, random changes, random drift.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::Urn;
use crate::expr::Expr;
use crate::fixtures::*;
use crate::options::options;
use crate::plan::{Op, Plan, Step};
use crate::shape::Schema;
use crate::value::Value;

/// One resource of a random program. References are counted from the end of the list of what may be referred to.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    kind: usize,
    value: u8,
    main: Option<usize>,
    peer: Option<usize>,
    output: usize,
    depends: Option<usize>,
    made_name: bool,
    delete_first: bool,
}

impl Wish {
    /// Another wish for the same type.
    pub(super) fn of_kind(&self, other: &Self) -> Self {
        Self { kind: other.kind, ..self.clone() }
    }
}

pub(super) fn wish() -> impl Strategy<Value = Wish> {
    let reference = || proptest::option::of(0..12_usize);
    (
        0..6_usize,
        0..3_u8,
        reference(),
        reference(),
        0..3_usize,
        proptest::option::weighted(0.2, 0..12_usize),
        any::<bool>(),
        proptest::bool::weighted(0.15),
    )
        .prop_map(|(kind, value, main, peer, output, depends, made_name, delete_first)| Wish {
            kind,
            value,
            main,
            peer,
            output,
            depends,
            made_name,
            delete_first,
        })
}

const KINDS: [&Schema; 6] = [&NETWORK, &SUBNET, &ROLE, &ATTACHMENT, &BUCKET, &GATEWAY];

/// Declares the wishes in place of whatever was declared. `turned` lets each refer to later ones instead of earlier ones; `shift` hands
/// the fixed names round.
pub(super) fn declare(world: &mut World, wishes: &[Option<Wish>], turned: bool, shift: usize) {
    for urn in world.program.order.clone() {
        world.remove(&urn);
    }
    let count = wishes.len();
    let present: Vec<usize> = (0..count).filter(|n| wishes[*n].is_some()).collect();
    let name = |n: usize| urn(KINDS[wishes[n].as_ref().unwrap().kind], &format!("n{n}"));
    for &n in &present {
        let wish = wishes[n].as_ref().unwrap();
        let before: Vec<usize> = present.iter().copied().filter(|m| if turned { *m > n } else { *m < n }).collect();
        let pick = |at: Option<usize>| at.and_then(|at| before.get(at % before.len().max(1))).map(|m| name(*m));
        let refer = |to: &Urn| {
            let outputs = KINDS.iter().find(|schema| schema.kind == to.kind().as_str()).unwrap().outputs;
            of(to, outputs[wish.output % outputs.len()].name)
        };
        let main = pick(wish.main).map_or_else(|| text(&format!("literal-{}", wish.value)), |to| refer(&to));
        let peer = pick(wish.peer).map_or_else(Expr::null, |to| refer(&to));
        let fixed = format!("name-{}", (n + shift) % count);
        let called = if wish.made_name { prefixed(&fixed) } else { text(&fixed) };
        let schema = KINDS[wish.kind];
        let note = value(i64::from(wish.value));
        let args: BTreeMap<String, Expr> = match wish.kind {
            0 => vec![("cidr", main), ("note", peer), ("dns", value(wish.value == 1))],
            1 => vec![("network", main), ("peer", peer), ("size", note)],
            2 => vec![("name", called), ("path", peer)],
            3 => vec![("role", main), ("policy", text(&format!("policy-{n}")))],
            4 => vec![("name", called), ("versioning", value(wish.value == 1))],
            _ => vec![("network", main)],
        }
        .into_iter()
        .map(|(name, expr)| (name.to_owned(), expr))
        .collect();
        let mut chosen = options();
        if let Some(to) = pick(wish.depends) {
            chosen = chosen.depends_on(to);
        }
        if wish.delete_first {
            chosen = chosen.delete_before_create();
        }
        let urn = world.add_with(schema, &format!("n{n}"), [], chosen);
        world.program.resources.get_mut(&urn).unwrap().args = args;
    }
}

fn at<'p>(plan: &'p Plan, key: &crate::record::RowKey) -> Option<&'p Step> {
    plan.steps.iter().find(|step| step.op == Op::Delete && step.row.as_ref() == Some(key))
}

/// The steps that must be done before a step, near and far.
fn everything_before(plan: &Plan, step: &Step) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = step.after.iter().copied().collect();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(&plan.steps[id].after);
        }
    }
    found
}

fn unknown_in(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Unknown(unknown) => into.push(unknown.expression.clone()),
        Value::List(list) => list.iter().for_each(|value| unknown_in(value, into)),
        Value::Map(map) => map.values().for_each(|value| unknown_in(value, into)),
        _ => {}
    }
}

fn check(world: &World, plan: &Plan) {
    for (position, step) in plan.steps.iter().enumerate() {
        prop_assert_eq_or_panic(step.id, position);
        assert!(step.after.iter().all(|first| *first < step.id), "an order for one after the other");
    }
    // Every deletion comes after the deletions of its recorded dependants, where those do not depend on each other.
    let tangled = tangled(world);
    for row in world.rows.values().filter(|_| !tangled) {
        let Some(theirs) = at(plan, &row.key()) else { continue };
        for edge in &row.edges {
            for (key, _) in world.rows.iter().filter(|(key, _)| key.0 == edge.to) {
                if let Some(step) = at(plan, key) {
                    assert!(everything_before(plan, step).contains(&theirs.id), "{}\n{plan}", row.urn);
                }
            }
        }
    }
    // Every creation comes after those of its dependencies, and unknown is only what a step changes.
    let graph = world.graph().unwrap();
    let own: BTreeMap<&Urn, &Step> =
        plan.steps.iter().filter(|s| !matches!(s.op, Op::Delete | Op::Forget)).map(|s| (&s.urn, s)).collect();
    for node in graph.nodes() {
        let step = own[&node.urn];
        for edge in &node.edges {
            assert!(step.after.contains(&own[&graph.node(edge.to).urn].id), "{plan}");
        }
        let mut unknown = Vec::new();
        unknown_in(&step.planned, &mut unknown);
        for expression in unknown.iter().filter(|expression| !expression.ends_with("-*")) {
            let (path, _) = expression.rsplit_once('.').unwrap();
            let source = own.iter().find(|(urn, _)| urn.path() == path).unwrap().1;
            assert!(source.op == Op::Create || !source.changed_args.is_empty(), "{expression} is unknown in\n{plan}");
        }
    }
}

/// Whether rows depend on each other: where references turned round, or a key passed on, an undeclared option may hold what holds it.
fn tangled(world: &World) -> bool {
    let rows: Vec<_> = world.rows.values().collect();
    let next = rows.iter().map(|row| {
        let to = |edge: &crate::record::Edge| rows.iter().position(|other| other.uid == edge.to);
        row.edges.iter().filter_map(to).collect()
    });
    let next: Vec<Vec<usize>> = next.collect();
    crate::graph::components(&next).iter().any(|group| group.len() > 1)
}

fn prop_assert_eq_or_panic(a: usize, b: usize) {
    assert_eq!(a, b, "steps are numbered by their place");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_any_program_is_planned_done_and_then_nothing_is_left(
        first in proptest::collection::vec(proptest::option::weighted(0.85, wish()), 1..12),
        second in proptest::collection::vec(proptest::option::weighted(0.85, wish()), 12),
        kept in proptest::collection::vec(0..3_u8, 12),
        turned in proptest::bool::weighted(0.2),
        shift in 0..3_usize,
        drifting in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let mut world = World::new();
        declare(&mut world, &first, false, 0);
        check(&world, &world.plan());
        world.up();
        for (number, key) in world.rows.keys().cloned().collect::<Vec<_>>().into_iter().enumerate() {
            let urn = world.rows[&key].urn.clone();
            if drifting[number] && urn.kind().as_str() == NETWORK.kind {
                world.drift(&urn, "note", "drifted");
                world.drift(&urn, "dns", number % 2 == 0);
            }
        }
        check(&world, &world.plan());
        // Some stay as they are, some are gone, some are changed.
        let wishes: Vec<Option<Wish>> = first
            .iter()
            .zip(&second)
            .zip(&kept)
            .map(|((first, second), kept)| match (kept, first, second) {
                (0, first, _) => first.clone(),
                (1, Some(first), Some(second)) => Some(Wish { kind: first.kind, ..second.clone() }),
                (_, _, second) => second.clone(),
            })
            .collect();
        // Where references turn round, orders may contradict each other, and some must yield.
        world.strict = false;
        declare(&mut world, &wishes, turned, shift);
        check(&world, &world.plan());
        world.up();
        for urn in world.program.order.clone() {
            world.remove(&urn);
        }
        world.strict = !tangled(&world);
        check(&world, &world.plan());
        world.up();
        prop_assert!(world.rows.is_empty() && world.things.is_empty());
    }
}

//! Which step comes after which.
//!
//! - A resource's own step comes after those of everything it needs.
//! - A former generation goes before the next is made (delete-first) or after that (create-first).
//! - A deletion comes after the deletions of everything recorded that depends on it, and after the steps that point living dependants
//!   somewhere else. Nothing else holds it: there are no levels.
//! - What takes a key comes after what frees it.
//!
//! Taken together these can contradict each other. What may yield then is known beforehand ([`Firmness`]), and yields only within the
//! group of steps that wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::along::First;
use super::node::{Context, Decided, Former, KeyPlace};
use super::recorded::{RecordedRow, key_in};
use super::targets::Targets;
use super::{Op, Reason, Step};
use crate::error::{Error, Turn};
use crate::graph::{NodeId, components, order_of};
use crate::record::RowKey;
use crate::urn::Uid;

/// How much an order matters; the lower yields first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Firmness {
    /// A deletion that may turn out to be unnecessary waits for what tells.
    Verified,
    /// A deletion waits until a living dependant points elsewhere.
    Repointed,
    /// A key is freed before it is taken.
    Freed,
    /// A deletion waits for the deletions of recorded dependants.
    Recorded,
    /// Never yields.
    Hard,
}

/// Which rows belong to declared resources, and what the run is about.
pub(super) struct Kept<'a> {
    pub(super) claimed: &'a BTreeMap<RowKey, NodeId>,
    pub(super) targets: &'a Targets,
}

/// Steps with their orders, before they are numbered.
pub(super) struct Drafts {
    steps: Vec<Step>,
    before: Vec<BTreeMap<usize, Firmness>>,
    /// The resources of which the former generation goes before the next one is made.
    pub(super) first: BTreeMap<Uid, First>,
}

/// Where the steps of nodes and rows are.
struct Places {
    main: BTreeMap<NodeId, usize>,
    end: BTreeMap<RowKey, usize>,
}

impl Drafts {
    /// Puts the steps together and finds their orders.
    pub(super) fn new(
        context: &Context<'_>,
        decided: Vec<Decided>,
        removed: Vec<Step>,
        kept: &Kept<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Vec<Error>> {
        let mut nodes = Vec::new();
        let mut steps = Vec::new();
        let mut formers: BTreeMap<RowKey, (NodeId, Former)> = BTreeMap::new();
        for Decided { node, step, former } in decided {
            nodes.push((node, steps.len()));
            steps.push(step);
            if let Some(former) = former
                && let Some(key) = former.step.row.clone()
            {
                formers.insert(key, (node, former));
            }
        }
        let main: BTreeMap<NodeId, usize> = nodes.into_iter().collect();
        let ending: BTreeSet<RowKey> =
            formers.keys().cloned().chain(removed.iter().filter_map(|s| s.row.clone())).collect();
        let freed = freed_keys(context, &steps, &main, &formers, &removed);
        let node_of: BTreeMap<usize, NodeId> = main.iter().map(|(node, step)| (*step, *node)).collect();
        let takers = freed.iter().filter_map(|(step, _)| node_of.get(step)).copied().collect();
        let leaving = removed.iter().filter_map(|step| step.row.clone()).collect();
        go_first(context, &mut formers, &leaving, takers, freed.iter().map(|(_, row)| row.clone()).collect());
        let first = formers.iter().filter(|(_, (_, former))| former.first && former.step.op == Op::Delete);
        let first = first.map(|(key, (_, former))| (key.0.clone(), First::of(&former.step))).collect();
        let held = held(context, &formers, &removed, &ending, kept, warnings)?;

        let mut places = Places { main, end: BTreeMap::new() };
        let mut hard: Vec<(usize, usize)> = Vec::new();
        let mut ends: Vec<Step> = removed;
        let mut order_of_formers = Vec::new();
        let mut along: Vec<(RowKey, NodeId, BTreeSet<Uid>)> = Vec::new();
        let node_of_uid: BTreeMap<Uid, NodeId> =
            formers.iter().map(|(key, (node, _))| (key.0.clone(), *node)).collect();
        for (key, (node, former)) in formers {
            if !held.contains(&key) {
                order_of_formers.push((node, key.clone(), former.first));
                along.push((key, node, former.along));
                ends.push(former.step);
            }
        }
        ends.retain(|step| step.row.as_ref().is_none_or(|key| !held.contains(key)));
        ends.sort_by(|a, b| (&a.urn, &a.row).cmp(&(&b.urn, &b.row)));
        for step in ends {
            places.end.extend(step.row.clone().map(|key| (key, steps.len())));
            steps.push(step);
        }
        for (node, key, first) in order_of_formers {
            let (main, end) = (places.main[&node], places.end[&key]);
            hard.push(if first { (main, end) } else { (end, main) });
        }
        let mut drafts = Self { before: vec![BTreeMap::new(); steps.len()], steps, first };
        for (step, first) in hard {
            drafts.add(step, first, Firmness::Hard);
        }
        for (key, node, uids) in along {
            for uid in &uids {
                let Some(there) = node_of_uid.get(uid).and_then(|node| places.main.get(node)) else { continue };
                let ends = places.end.range((uid.clone(), 0)..=(uid.clone(), u32::MAX));
                for (_, &end) in ends {
                    drafts.add(end, places.end[&key], Firmness::Recorded);
                }
                drafts.add(places.main[&node], *there, Firmness::Repointed);
            }
        }
        drafts.order_needs(context, &places);
        drafts.order_ends(context, &places, kept);
        for (taker, key) in freed {
            if let Some(&end) = places.end.get(&key) {
                drafts.add(taker, end, Firmness::Freed);
            }
        }
        drafts.yield_circles();
        Ok(drafts)
    }

    fn add(&mut self, step: usize, first: usize, firmness: Firmness) {
        if step != first {
            let known = self.before[step].entry(first).or_insert(firmness);
            *known = (*known).max(firmness);
        }
    }

    fn order_needs(&mut self, context: &Context<'_>, places: &Places) {
        for (&node, &step) in &places.main {
            let needs = context.graph.node(node).edges.iter().filter_map(|edge| places.main.get(&edge.to)).copied();
            let needs: BTreeSet<usize> = needs.collect();
            let unsure = self.steps[step].maybe && self.steps[step].replaces;
            let former = (self.steps[step].uid.clone(), self.steps[step].generation.saturating_sub(1));
            let end = places.end.get(&former).copied().filter(|_| unsure);
            for need in needs {
                self.add(step, need, Firmness::Hard);
                if let Some(end) = end {
                    self.add(end, need, Firmness::Verified);
                }
            }
        }
    }

    fn order_ends(&mut self, context: &Context<'_>, places: &Places, kept: &Kept<'_>) {
        for (key, &end) in &places.end {
            for dependant in context.recorded.dependants(&key.0).iter().filter(|dependant| dependant.0 != key.0) {
                match (places.end.get(dependant), kept.claimed.get(dependant)) {
                    // What is gone already holds nothing.
                    (Some(&theirs), _) if self.steps[theirs].reason == Reason::Vanished => {}
                    (Some(&theirs), _) => self.add(end, theirs, Firmness::Recorded),
                    (None, Some(node)) => {
                        if let Some(&main) = places.main.get(node) {
                            self.add(end, main, Firmness::Repointed);
                        }
                    }
                    (None, None) => {}
                }
            }
            // What a run left of an earlier generation goes when the present one is there.
            if !context.recorded.is_live(key)
                && let Some((_, node)) = kept.claimed.range((key.0.clone(), 0)..=(key.0.clone(), u32::MAX)).next()
                && let Some(&main) = places.main.get(node)
            {
                self.add(end, main, Firmness::Repointed);
            }
        }
    }

    /// Takes away orders that contradict each other, the least firm first, until no steps wait for each other.
    fn yield_circles(&mut self) {
        for firmness in [Firmness::Verified, Firmness::Repointed, Firmness::Freed, Firmness::Recorded] {
            let next: Vec<Vec<usize>> = self.before.iter().map(|before| before.keys().copied().collect()).collect();
            let circles: Vec<BTreeSet<usize>> = components(&next)
                .into_iter()
                .filter(|group| group.len() > 1)
                .map(|group| group.into_iter().collect())
                .collect();
            if circles.is_empty() {
                return;
            }
            for circle in &circles {
                for &step in circle {
                    self.before[step].retain(|first, found| *found != firmness || !circle.contains(first));
                }
            }
        }
    }
}

/// Steps of the plan that take a key which another row has, with that row: `(step, row that frees it)`.
fn freed_keys(
    context: &Context<'_>,
    steps: &[Step],
    main: &BTreeMap<NodeId, usize>,
    formers: &BTreeMap<RowKey, (NodeId, Former)>,
    removed: &[Step],
) -> Vec<(usize, RowKey)> {
    let mut freed: BTreeMap<(KeyPlace, &[&str]), RowKey> = BTreeMap::new();
    let leaving = formers.values().map(|(_, former)| &former.step).chain(removed).filter(|step| step.op == Op::Delete);
    for step in leaving {
        let recorded = step.row.as_ref().and_then(|key| context.recorded.rows().get(key));
        let Some((recorded, schema)) = recorded.and_then(|r| Some((r, context.schema(&r.row)?))) else { continue };
        let applied = recorded.complete(schema);
        for set in std::iter::once(schema.natural_key).chain(schema.exclusive.iter().copied()) {
            if let Some(key) = key_in(schema, set, &applied) {
                let place = (step.kind.clone(), step.account.clone(), step.region.clone(), key);
                freed.insert((place, set), recorded.row.key());
            }
        }
    }
    let mut taken = Vec::new();
    for (&node, &index) in main {
        let step = &steps[index];
        if !matches!(step.op, Op::Create | Op::Update) || freed.is_empty() {
            continue;
        }
        let Some(declaration) = context.graph.resource(&context.graph.node(node).urn) else { continue };
        let schema = declaration.schema;
        for set in std::iter::once(schema.natural_key).chain(schema.exclusive.iter().copied()) {
            let Some(key) = key_in(schema, set, &step.planned) else { continue };
            let place = (step.kind.clone(), step.account.clone(), step.region.clone(), key);
            if let Some(row) = freed.get(&(place, set)).filter(|row| row.0 != step.uid) {
                taken.push((index, row.clone()));
            }
        }
    }
    taken
}

/// Makes replacements delete-first that must be: those whose key another resource takes, and those that would otherwise be made after
/// something that waits for their end.
fn go_first(
    context: &Context<'_>,
    formers: &mut BTreeMap<RowKey, (NodeId, Former)>,
    removed: &BTreeSet<RowKey>,
    takers: BTreeSet<NodeId>,
    freed: BTreeSet<RowKey>,
) {
    for key in &freed {
        if let Some((_, former)) = formers.get_mut(key) {
            former.first = true;
        }
    }
    // Rows that end before something is made, with everything that ends before those; and the nodes that are made after such an end.
    let mut early: BTreeSet<RowKey> = BTreeSet::new();
    let mut below = Below { context, nodes: BTreeSet::new() };
    takers.into_iter().for_each(|node| below.add(node));
    let mut open: Vec<RowKey> = freed.into_iter().collect();
    for (key, (node, _)) in formers.iter().filter(|(_, (_, former))| former.first) {
        open.push(key.clone());
        below.add(*node);
    }
    while let Some(key) = open.pop() {
        if early.insert(key.clone()) {
            let deleted = |key: &RowKey| formers.get(key).is_some_and(|(_, former)| former.step.op == Op::Delete);
            let ending = |key: &&RowKey| removed.contains(*key) || deleted(key);
            open.extend(context.recorded.dependants(&key.0).iter().filter(ending).cloned());
        }
    }
    // What ends early and is made after such an end would go round in a circle if it were made before its own end.
    let mut circular = true;
    while circular {
        circular = false;
        for key in &early {
            if let Some((node, former)) = formers.get_mut(key)
                && !former.first
                && below.nodes.contains(node)
            {
                former.first = true;
                below.add(*node);
                circular = true;
            }
        }
    }
}

/// Some nodes and everything that is declared to need them.
struct Below<'a> {
    context: &'a Context<'a>,
    nodes: BTreeSet<NodeId>,
}

impl Below<'_> {
    fn add(&mut self, node: NodeId) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.nodes.insert(node) {
                open.extend(&self.context.graph.node(node).dependants);
            }
        }
    }
}

/// The ends that must wait for a run about more: a dependant outside the targets still points at them.
fn held(
    context: &Context<'_>,
    formers: &BTreeMap<RowKey, (NodeId, Former)>,
    removed: &[Step],
    ending: &BTreeSet<RowKey>,
    kept: &Kept<'_>,
    warnings: &mut Vec<String>,
) -> Result<BTreeSet<RowKey>, Vec<Error>> {
    let mut held: BTreeSet<RowKey> = BTreeSet::new();
    let mut errors = Vec::new();
    if kept.targets.are_all() {
        return Ok(held);
    }
    let first = |key: &RowKey| formers.get(key).is_some_and(|(_, former)| former.first);
    // What is held holds what it uses itself.
    let mut more = true;
    while more && errors.is_empty() {
        more = false;
        for step in formers.values().map(|(_, former)| &former.step).chain(removed) {
            let Some(key) = step.row.as_ref().filter(|key| !held.contains(*key)) else { continue };
            let outside: Vec<&RecordedRow> = context
                .recorded
                .dependants(&key.0)
                .iter()
                .filter(|dependant| {
                    let apart = kept.claimed.get(*dependant).is_none_or(|node| !kept.targets.has_node(*node));
                    let stays = !ending.contains(*dependant) || held.contains(*dependant);
                    dependant.0 != key.0 && stays && (apart || held.contains(*dependant))
                })
                .filter_map(|key| context.recorded.rows().get(key))
                .collect();
            let Some(one) = outside.first().map(|recorded| &recorded.row.urn) else { continue };
            let excluded: BTreeSet<&str> = outside
                .iter()
                .filter(|recorded| kept.targets.excludes(&recorded.row.key()))
                .map(|recorded| recorded.row.urn.path())
                .collect();
            let gone = step.reason == Reason::Vanished || step.op == Op::Forget;
            if !excluded.is_empty() && formers.contains_key(key) && !gone {
                let users = excluded.into_iter().collect::<Vec<_>>();
                let reason = format!(
                    "it would be replaced ({}) while excluded resources use it: {}",
                    step.reason,
                    users.join(", ")
                );
                errors.push(
                    Error::new(Turn::You, "plan", reason)
                        .about(&step.urn, step.source.as_ref())
                        .hint(format!("add --exclude {}, or leave the exclusion of these away", step.urn.path())),
                );
            } else if first(key) && step.reason != Reason::Vanished {
                errors.push(
                    Error::new(Turn::You, "plan", format!("{} uses it and is not among the targets", one.path()))
                        .about(&step.urn, step.source.as_ref())
                        .hint(format!("add --target {one}")),
                );
            } else {
                let why = match excluded.first() {
                    Some(user) => format!("{user} uses it and is excluded"),
                    None if held.contains(&outside[0].row.key()) => format!("{} uses it and stays as well", one.path()),
                    None => format!("{} uses it and is not among the targets", one.path()),
                };
                let (path, generation) = (step.urn.path(), step.generation);
                warnings.push(format!("{path} (generation {generation}) stays for now: {why}"));
                held.insert(key.clone());
                more = true;
            }
        }
    }
    if errors.is_empty() { Ok(held) } else { Err(errors) }
}

/// Numbers the steps in an order in which they could be done one after the other, and weighs them.
pub(super) fn number(drafts: Drafts) -> Vec<Step> {
    let Drafts { steps, before, .. } = drafts;
    let order = order_of(steps.len(), |step| before[step].keys().copied());
    let mut number = vec![0; steps.len()];
    for (position, &step) in order.iter().enumerate() {
        number[step] = position;
    }
    let mut numbered: Vec<Step> = steps
        .into_iter()
        .enumerate()
        .map(|(draft, step)| Step {
            id: number[draft],
            after: before[draft].keys().map(|first| number[*first]).collect(),
            ..step
        })
        .collect();
    numbered.sort_by_key(|step| step.id);
    let mut rest = vec![0; numbered.len()];
    for index in (0..numbered.len()).rev() {
        let own = u32::from(!matches!(numbered[index].op, Op::Same | Op::Move | Op::Forget));
        numbered[index].weight = rest[index] + own;
        for &first in &numbered[index].after {
            rest[first] = rest[first].max(numbered[index].weight);
        }
    }
    numbered
}

//! [`ReadySet`]: which step may start, which comes first, and what a failure blocks. Pure: no I/O, no time, no tokio.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The part of a graph that has not run, by key.
///
/// # Guarantees
/// A key is answered by [`ReadySet::start`] once, after everything it comes after was [`ReadySet::done`]. Of those that may start, the one
/// with the greatest weight comes first (the rest of the way, so that the longest path is never the one that waits), then the smallest key.
#[derive(Debug, Clone)]
pub struct ReadySet<K> {
    /// What each that has not been started still waits for.
    waiting: BTreeMap<K, BTreeSet<K>>,
    weights: BTreeMap<K, u32>,
    dependants: BTreeMap<K, BTreeSet<K>>,
    ready: BTreeSet<(Reverse<u32>, K)>,
}

/// One node of the graph that [`ReadySet::new`] takes.
#[derive(Debug, Clone)]
pub struct Node<K> {
    /// Its name.
    pub key: K,
    /// What comes before it. Keys that are no nodes count as done.
    pub after: BTreeSet<K>,
    /// The rest of the way.
    pub weight: u32,
}

impl<K: Ord + Clone> ReadySet<K> {
    /// A set of which nothing has started.
    pub fn new(nodes: impl IntoIterator<Item = Node<K>>) -> Self {
        let nodes: Vec<Node<K>> = nodes.into_iter().collect();
        let keys: BTreeSet<K> = nodes.iter().map(|node| node.key.clone()).collect();
        let mut set = Self {
            waiting: BTreeMap::new(),
            weights: BTreeMap::new(),
            dependants: BTreeMap::new(),
            ready: BTreeSet::new(),
        };
        for node in nodes {
            let after: BTreeSet<K> = node.after.intersection(&keys).cloned().collect();
            for before in &after {
                set.dependants.entry(before.clone()).or_default().insert(node.key.clone());
            }
            set.weights.insert(node.key.clone(), node.weight);
            if after.is_empty() {
                set.ready.insert((Reverse(node.weight), node.key));
            } else {
                set.waiting.insert(node.key, after);
            }
        }
        set
    }

    /// Takes the next that may start.
    pub fn start(&mut self) -> Option<K> {
        self.ready.pop_first().map(|(_, key)| key)
    }

    /// Says that one that was started ended well; what waited only for it may start.
    pub fn done(&mut self, key: &K) {
        for dependant in self.dependants.remove(key).unwrap_or_default() {
            let Some(after) = self.waiting.get_mut(&dependant) else { continue };
            after.remove(key);
            if after.is_empty() {
                self.waiting.remove(&dependant);
                let weight = self.weights.get(&dependant).copied().unwrap_or_default();
                self.ready.insert((Reverse(weight), dependant));
            }
        }
    }

    /// Says that one that was started failed; answers everything that will therefore not run, directly or not, in order.
    pub fn failed(&mut self, key: &K) -> Vec<K> {
        let mut blocked = BTreeSet::new();
        let mut reached = vec![key.clone()];
        while let Some(key) = reached.pop() {
            for dependant in self.dependants.remove(&key).unwrap_or_default() {
                if self.waiting.remove(&dependant).is_some() {
                    blocked.insert(dependant.clone());
                    reached.push(dependant);
                }
            }
        }
        blocked.into_iter().collect()
    }

    /// Takes everything that has not started, in order: what a run that stops leaves.
    pub fn abandon(&mut self) -> Vec<K> {
        let mut rest: BTreeSet<K> = std::mem::take(&mut self.waiting).into_keys().collect();
        rest.extend(std::mem::take(&mut self.ready).into_iter().map(|(_, key)| key));
        rest.into_iter().collect()
    }

    /// Whether something may start now.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(nodes: &[(&'static str, &[&'static str], u32)]) -> ReadySet<&'static str> {
        ReadySet::new(nodes.iter().map(|(key, after, weight)| Node {
            key: *key,
            after: after.iter().copied().collect(),
            weight: *weight,
        }))
    }

    fn all(set: &mut ReadySet<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| set.start()).collect()
    }

    #[test]
    fn the_longest_rest_of_the_way_starts_first_then_the_smallest_key() {
        let mut set = set(&[("a", &[], 1), ("b", &[], 9), ("c", &[], 1)]);
        assert_eq!(all(&mut set), ["b", "a", "c"]);
    }

    #[test]
    fn one_starts_when_everything_before_it_is_done() {
        let mut set = set(&[("vpc", &[], 3), ("gateway", &[], 2), ("route", &["vpc", "gateway"], 1)]);
        assert_eq!(all(&mut set), ["vpc", "gateway"]);
        set.done(&"vpc");
        assert!(!set.has_ready());
        set.done(&"gateway");
        assert_eq!(all(&mut set), ["route"]);
        assert!(set.abandon().is_empty());
    }

    #[test]
    fn a_failure_blocks_what_depends_on_it_and_nothing_else() {
        let mut set = set(&[("a", &[], 3), ("b", &["a"], 2), ("c", &["b", "x"], 1), ("x", &[], 2), ("y", &["x"], 1)]);
        assert_eq!(all(&mut set), ["a", "x"]);
        assert_eq!(set.failed(&"a"), ["b", "c"]);
        set.done(&"x");
        assert_eq!(all(&mut set), ["y"]);
        assert!(set.abandon().is_empty());
    }

    #[test]
    fn one_that_two_failures_block_is_named_once() {
        let mut set = set(&[("a", &[], 1), ("b", &[], 1), ("c", &["a", "b"], 1)]);
        all(&mut set);
        assert_eq!(set.failed(&"a"), ["c"]);
        assert!(set.failed(&"b").is_empty());
    }

    #[test]
    fn what_a_stopped_run_leaves_is_ready_and_waiting_alike() {
        let mut set = set(&[("a", &[], 1), ("b", &["a"], 1), ("c", &[], 1)]);
        assert_eq!(set.start(), Some("a"));
        assert_eq!(set.abandon(), ["b", "c"]);
        assert!(set.start().is_none());
    }

    #[test]
    fn a_key_that_is_no_node_counts_as_done() {
        assert_eq!(all(&mut set(&[("a", &["elsewhere"], 1)])), ["a"]);
    }
}

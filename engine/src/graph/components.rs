//! Two walks over plain adjacency: groups of nodes that reach each other, and an order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The groups of nodes that reach each other (strongly connected components), by Tarjan's algorithm without recursion: a stack may be
/// thousands of nodes deep. `next[n]` are the nodes that `n` leads to. Each group comes after the groups it leads to.
pub(crate) fn components(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; next.len()];
    let mut low = vec![0; next.len()];
    let mut open = vec![false; next.len()];
    let mut stack = Vec::new();
    let mut groups = Vec::new();
    let mut count = 0;
    for root in 0..next.len() {
        if number[root] != UNSEEN {
            continue;
        }
        let mut way = vec![(root, 0)];
        while let Some((node, position)) = way.pop() {
            if position == 0 {
                number[node] = count;
                low[node] = count;
                count += 1;
                stack.push(node);
                open[node] = true;
            }
            match next[node].get(position) {
                Some(&to) => {
                    way.push((node, position + 1));
                    if number[to] == UNSEEN {
                        way.push((to, 0));
                    } else if open[to] {
                        low[node] = low[node].min(number[to]);
                    }
                }
                None => {
                    if let Some(&(parent, _)) = way.last() {
                        low[parent] = low[parent].min(low[node]);
                    }
                    if low[node] == number[node] {
                        let mut group = Vec::new();
                        while let Some(member) = stack.pop() {
                            open[member] = false;
                            group.push(member);
                            if member == node {
                                break;
                            }
                        }
                        group.sort_unstable();
                        groups.push(group);
                    }
                }
            }
        }
    }
    groups
}

/// An order in which each of `count` nodes comes after what is before it, the smallest number first where there is a choice.
/// Nodes that wait for each other are left out.
pub(crate) fn order<I: Iterator<Item = usize>>(count: usize, before: impl Fn(usize) -> I) -> Vec<usize> {
    let mut waits = vec![0_usize; count];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, waits) in waits.iter_mut().enumerate() {
        for first in before(node) {
            *waits += 1;
            after[first].push(node);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..count).filter(|node| waits[*node] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for next in std::mem::take(&mut after[node]) {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_reach_each_other_are_one_group() {
        let next = vec![vec![1], vec![2], vec![0, 3], vec![], vec![4]];
        assert_eq!(components(&next), [vec![3], vec![0, 1, 2], vec![4]]);
    }

    #[test]
    fn a_long_chain_needs_no_recursion() {
        let next: Vec<Vec<usize>> = (0..200_000).map(|n| if n > 0 { vec![n - 1] } else { vec![] }).collect();
        assert_eq!(components(&next).len(), 200_000);
        assert_eq!(order(next.len(), |n| next[n].iter().copied()).len(), 200_000);
    }

    #[test]
    fn the_order_takes_the_smallest_that_may_come() {
        let before = [vec![2], vec![], vec![1], vec![]];
        assert_eq!(order(4, |n| before[n].iter().copied()), [1, 2, 0, 3]);
    }
}

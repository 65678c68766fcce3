//! How a run ended, in a few lines: done, failed, blocked, left behind, time, calls, and the next command.

use std::collections::BTreeMap;
use std::time::Duration;

use formwork_engine::kind::Throttled;

use super::{Ink, Look, duration, plural, throttled, wrapped};

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Whether it destroyed.
    pub(crate) destroy: bool,
    /// Whether it was asked to stop.
    pub(crate) interrupted: bool,
    /// Steps done.
    pub(crate) done: usize,
    /// How many failed; their errors are shown before.
    pub(crate) failed: usize,
    /// What was not begun: path and by what.
    pub(crate) blocked: Vec<String>,
    /// What stays in the account although nobody declares it any more.
    pub(crate) left_behind: Vec<String>,
    /// How long it took.
    pub(crate) took: Duration,
    /// Calls by `service operation`.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Where services refused calls for coming too fast.
    pub(crate) throttled: Vec<Throttled>,
    /// What to type next, where something is left to do.
    pub(crate) next: Option<String>,
}

/// How many operations are named with their calls.
const NAMED: usize = 4;

/// The calls of a look at the account in a sentence, the operations with most of them first. `--json` has them all.
pub(crate) fn calls(calls: &BTreeMap<String, u64>, look: Look) -> String {
    let mut most: Vec<(&String, &u64)> = calls.iter().collect();
    // In the order of their names where they are as many.
    most.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let mut parts: Vec<String> = most.iter().take(NAMED).map(|(name, count)| format!("{count} {name}")).collect();
    let others: u64 = most.iter().skip(NAMED).map(|(_, count)| **count).sum();
    if others > 0 {
        parts.push(plural(others as usize, "other"));
    }
    let total: u64 = calls.values().sum();
    wrapped(&format!("{}: {}", plural(total as usize, "call"), parts.join(", ")), look.width, "", "  ")
}

/// The lines.
pub(crate) fn summary(outcome: &Outcome, look: Look) -> String {
    let calls: u64 = outcome.calls.values().sum();
    let word = match (outcome.interrupted, outcome.failed == 0, outcome.destroy) {
        (true, ..) => look.paint(Ink::Warning, "interrupted:"),
        (_, false, _) => look.paint(Ink::Bad, "failed:"),
        (_, _, true) => look.paint(Ink::Good, "destroyed:"),
        _ => look.paint(Ink::Good, "done:"),
    };
    let mut parts = vec![format!("{} done", plural(outcome.done, "step"))];
    if outcome.failed > 0 {
        parts.push(format!("{} failed", outcome.failed));
    }
    if !outcome.blocked.is_empty() {
        parts.push(format!("{} not begun", outcome.blocked.len()));
    }
    let mut text =
        format!("{word} {} in {}, {}\n", parts.join(", "), duration(outcome.took), plural(calls as usize, "call"));
    let mut list = |title: &str, lines: &[String], most: usize| {
        if lines.is_empty() {
            return;
        }
        text.push_str(&format!("  {title}\n"));
        for line in lines.iter().take(most) {
            text.push_str(&wrapped(line, look.width, "    ", "      "));
            text.push('\n');
        }
        if lines.len() > most {
            text.push_str(&format!("    … and {} more\n", lines.len() - most));
        }
    };
    list("not begun", &outcome.blocked, 20);
    let left = if outcome.interrupted {
        "begun and not finished; the next run goes on with it"
    } else {
        "left behind in the account"
    };
    list(left, &outcome.left_behind, usize::MAX);
    list("throttled", &outcome.throttled.iter().map(throttled).collect::<Vec<_>>(), usize::MAX);
    if let Some(next) = &outcome.next {
        text.push_str(&format!("  next: {}\n", look.paint(Ink::Strong, next)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_operation_the_most_frequent_first() {
        let counted = [("b", 2_u64), ("a", 2), ("c", 9), ("d", 1), ("e", 1), ("f", 3)];
        let counted = counted.map(|(name, count)| (format!("ec2 {name}"), count)).into();
        let look = Look { width: 120, ..Look::default() };
        assert_eq!(calls(&counted, look), "18 calls: 9 ec2 c, 3 ec2 f, 2 ec2 a, 2 ec2 b, 2 others");
        assert_eq!(calls(&[("sts GetCallerIdentity".to_owned(), 1)].into(), look), "1 call: 1 sts GetCallerIdentity");
    }
}

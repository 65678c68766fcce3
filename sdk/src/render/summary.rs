//! How a run ended, in a few lines: done, failed, blocked, left behind, time, calls, and the next command.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Ink, Look, duration, plural, wrapped};

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
    /// What to type next, where something is left to do.
    pub(crate) next: Option<String>,
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
    if let Some(next) = &outcome.next {
        text.push_str(&format!("  next: {}\n", look.paint(Ink::Strong, next)));
    }
    text
}

//! A test waits for what it waits for.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "no-sleep-in-tests",
    says: "no sleep in tests: it is too short on a busy machine and too long on any other; turn the injected clock, \
           or wait for the event",
    look,
    breaks: &[
        ("engine/src/apply.rs", "#[cfg(test)] mod tests { fn f() { std::thread::sleep(x); } }"),
        ("sdk/tests/cli.rs", "async fn f() { tokio::time::sleep(x).await; }"),
        ("localstack-tests/tests/all.rs", "async fn f() { sleep_until(x).await; }"),
    ],
    keeps: &[
        ("engine/src/clock.rs", "async fn f() { tokio::time::sleep(x).await; }"),
        ("sdk/tests/cli.rs", "fn f() { clock.advance(x); } // no sleep(1)"),
        ("engine/src/clock.rs", "#[cfg(test)] mod tests { async fn f() { clock.sleep(x).await; } }"),
        (
            "localstack-tests/src/clock.rs",
            "impl Clock for Fast { async fn sleep(&self) { self.machine.sleep(x).await; } }",
        ),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    ["sleep(", "sleep_until(", "sleep_ms("]
        .into_iter()
        .flat_map(|word| source.find(word))
        .filter(|&at| source.is_test(at) && !is_method(source, at) && !is_definition(source, at))
        .collect()
}

/// Whether it is asked of a value, which is the injected clock: its time passes when a test says so.
fn is_method(source: &Source, at: usize) -> bool {
    source.code[..at].trim_end().ends_with('.')
}

/// Whether it is a clock of the tests that says here how it sleeps.
fn is_definition(source: &Source, at: usize) -> bool {
    source.code[..at].trim_end().ends_with("fn")
}

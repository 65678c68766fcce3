//! Panics are bugs.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "no-unwrap",
    says: "no `.unwrap()` outside tests: return an error, or `expect` with the reason why it cannot happen",
    look,
    breaks: &[("sdk/src/run.rs", "fn f() { g().unwrap(); }"), ("engine/src/lock.rs", "fn f() { g()\n    .unwrap() }")],
    keeps: &[
        ("sdk/src/run.rs", "fn f() { g().unwrap_or(1); } // .unwrap()"),
        ("sdk/src/run.rs", "#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }"),
        ("sdk/tests/run.rs", "fn f() { g().unwrap(); }"),
        ("localstack-tests/src/lib.rs", "fn f() { g().unwrap(); }"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    source.find(".unwrap()").filter(|&at| !source.is_test(at)).collect()
}

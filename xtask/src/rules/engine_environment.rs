//! A plan depends on the program and its config, and on nothing around them.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "engine-reads-no-environment",
    says: "engine/src does not use std::env: what the engine needs is passed to it",
    look,
    breaks: &[
        ("engine/src/state.rs", "fn f() { std::env::var(\"HOME\"); }"),
        ("engine/src/state.rs", "use std::{env, fs};"),
    ],
    keeps: &[
        ("engine/src/state.rs", "// env::var is read by the sdk.\nconst VERSION: &str = env!(\"CARGO_PKG_VERSION\");"),
        ("engine/src/state.rs", "#[cfg(test)] mod tests { use std::env; }"),
        ("sdk/src/config.rs", "fn f() { std::env::var(\"HOME\"); }"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("engine/src/") {
        return Vec::new();
    }
    // `env!` is read by the compiler, not by the run.
    let read_by_compiler = |at: usize| source.code[at..].starts_with("env!");
    source.find("env").filter(|&at| !read_by_compiler(at) && !source.is_test(at)).collect()
}

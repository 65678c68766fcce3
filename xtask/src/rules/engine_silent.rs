//! The engine emits events and never prints.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "engine-is-silent",
    says: "engine/src never prints: emit an event, so that every front end can show it",
    look,
    breaks: &[
        ("engine/src/plan.rs", "fn f() { println!(\"planned\"); }"),
        ("engine/src/plan.rs", "fn f() { eprintln!(\"planned\"); }"),
        ("engine/src/plan.rs", "fn f() { dbg!(1); }"),
        ("engine/src/plan.rs", "use std::io::stdout;"),
    ],
    keeps: &[
        ("engine/src/plan.rs", "/// Like `println!(\"x\")`.\nfn f(out: &mut String) { writeln!(out, \"x\"); }"),
        ("sdk/src/terminal.rs", "fn f() { println!(\"planned\"); }"),
    ],
};

const WORDS: &[&str] = &["print!", "println!", "eprint!", "eprintln!", "dbg!", "stdout", "stderr"];

fn look(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("engine/src/") {
        return Vec::new();
    }
    WORDS.iter().flat_map(|word| source.find(word)).collect()
}

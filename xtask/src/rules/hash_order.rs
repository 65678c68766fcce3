//! Two runs of one program show one plan.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "plans-have-an-order",
    says: "no HashMap or HashSet in the engine's program, graph and plan, not even where clippy is told to expect it: \
           their order differs from run to run, use BTreeMap",
    look,
    breaks: &[
        ("engine/src/plan.rs", "use std::collections::HashMap;"),
        ("engine/src/plan/diff.rs", "let seen: HashSet<Urn> = HashSet::new();"),
        ("engine/src/graph.rs", "fn f(map: &std::collections::HashMap<u8, u8>) {}"),
    ],
    keeps: &[
        ("engine/src/plan.rs", "// A HashMap would do.\nuse std::collections::BTreeMap;"),
        ("engine/src/apply.rs", "use std::collections::HashMap;"),
        ("engine/src/planet.rs", "use std::collections::HashMap;"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    let path = source.path.strip_prefix("engine/src/").unwrap_or_default();
    let room = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    if !matches!(room, "program" | "graph" | "plan" | "compare" | "record" | "event" | "expr" | "value") {
        return Vec::new();
    }
    ["HashMap", "HashSet", "IndexMap"].into_iter().flat_map(|word| source.find(word)).collect()
}

//! A test that does not run proves nothing.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "no-ignored-tests",
    says: "no `#[ignore]`: a test that needs the emulator lives in localstack-tests, any other runs or goes",
    look,
    breaks: &[
        ("engine/src/plan.rs", "#[cfg(test)] mod tests { #[test]\n#[ignore]\nfn f() {} }"),
        ("localstack-tests/tests/all.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"),
        ("sdk/tests/cli.rs", "#[cfg_attr(unix, ignore)]\n#[test]\nfn f() {}"),
    ],
    keeps: &[("engine/src/plan.rs", "/// Not `#[ignore]`.\n#[ignored]\nfn ignore() { options.ignore(\"tags\"); }")],
};

fn look(source: &Source) -> Vec<usize> {
    let attributes = source.code.match_indices("#[").map(|(start, _)| start);
    attributes
        .filter(|&start| {
            let attribute = &source.code[start + 2..];
            let attribute = &attribute[..attribute.find(']').unwrap_or(attribute.len())];
            let mut words = attribute.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            match words.next() {
                Some("ignore") => true,
                Some("cfg_attr") => words.any(|word| word == "ignore"),
                _ => false,
            }
        })
        .collect()
}

//! A lint that is silenced without a reason stays silenced for ever.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "no-bare-allow",
    says: "use `#[expect(lint, reason = \"…\")]`: it says why, and it fails when it is no longer needed",
    look,
    breaks: &[
        ("sdk/src/run.rs", "#[allow(dead_code)]\nfn f() {}"),
        ("sdk/src/run.rs", "#![allow(missing_docs)]"),
        ("sdk/src/run.rs", "#[expect(dead_code)]\nfn f() {}"),
        ("sdk/src/run.rs", "#[cfg_attr(test, allow(dead_code))]\nfn f() {}"),
    ],
    keeps: &[
        ("sdk/src/run.rs", "#[expect(dead_code, reason = \"used by the next step\")]\nfn f() { policy.allow(x); }"),
        (
            "sdk/src/run.rs",
            "#[expect(\n    clippy::a,\n    reason = \"long (and with brackets)\"\n)]\nfn f() { x().expect(\"y\"); }",
        ),
        ("macros/src/resource.rs", "quote! { #[allow(non_camel_case_types)] struct S; }"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    // What a derive writes lands in code of others, where `expect` would warn when it is not needed.
    if source.path.starts_with("macros/src/") {
        return Vec::new();
    }
    let mut places = Vec::new();
    for (start, _) in source.code.match_indices("#[").chain(source.code.match_indices("#![")) {
        let attribute = &source.code[start..];
        let attribute = &attribute[..attribute.find(']').unwrap_or(attribute.len())];
        let allows = attribute.contains("[allow(") || attribute.contains(" allow(");
        let expects = attribute.contains("[expect(") || attribute.contains(" expect(");
        if allows || (expects && !attribute.contains("reason")) {
            places.push(start);
        }
    }
    places
}

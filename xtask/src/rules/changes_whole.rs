//! An argument that `update` forgets must not compile.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "changes-are-destructured-whole",
    says: "no `..` where a `*Changes` is taken apart: a new argument that nobody handles must not compile",
    look,
    breaks: &[
        ("aws/src/ec2/vpc.rs", "let VpcChanges { tags, .. } = u.changes;"),
        ("aws/src/ec2/vpc.rs", "let VpcChanges {\n    tags,\n    ..\n} = u.changes;"),
        ("aws/src/rds/instance.rs", "if let Some(super::InstanceChanges { port: true, .. }) = left {}"),
    ],
    keeps: &[
        ("aws/src/ec2/vpc.rs", "let VpcChanges { tags, enable_dns_support } = u.changes;"),
        ("aws/src/ec2/vpc.rs", "Ok(VpcChanges { tags: true, ..VpcChanges::default() })"),
        ("aws/src/ec2/vpc.rs", "impl VpcChanges { fn f() { let Point { x, .. } = p; } }"),
        ("engine/src/plan.rs", "let VpcChanges { tags, .. } = u.changes;"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("aws/src/") {
        return Vec::new();
    }
    source
        .words()
        .filter(|(_, word)| word.ends_with("Changes"))
        .filter(|(at, word)| {
            let rest = source.code[at + word.len()..].trim_start();
            rest.strip_prefix('{').is_some_and(ends_with_rest)
        })
        .map(|(at, _)| at)
        .collect()
}

/// Whether the braces that were just opened close right after `..`, with no braces between.
fn ends_with_rest(inside: &str) -> bool {
    let end = inside.find(['{', '}']).unwrap_or(inside.len());
    inside[end..].starts_with('}') && inside[..end].trim_end().ends_with("..")
}

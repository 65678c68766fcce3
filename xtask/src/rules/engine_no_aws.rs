//! The engine is about resources of any kind.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "engine-knows-no-aws",
    says: "engine/src names no crate or type of AWS: the engine drives kinds, whatever stands behind them",
    look,
    breaks: &[
        ("engine/src/apply.rs", "use aws_sdk_ec2::Client;"),
        ("engine/src/apply.rs", "use formwork_aws::Aws;"),
        ("engine/src/apply/step.rs", "fn f(context: &AwsContext) {}"),
    ],
    keeps: &[
        ("engine/src/apply.rs", "// AWS answers late.\nlet kind = \"aws:ec2/vpc\"; let claws = lawsuit;"),
        ("engine/src/apply.rs", "#[cfg(test)] mod tests { fn aws_vpc() {} }"),
        ("aws/src/ec2.rs", "use aws_sdk_ec2::Client;"),
    ],
};

fn look(source: &Source) -> Vec<usize> {
    if !source.path.starts_with("engine/src/") {
        return Vec::new();
    }
    source.words().filter(|(at, word)| names_aws(word) && !source.is_test(*at)).map(|(at, _)| at).collect()
}

/// Whether `aws` is one of the words that an identifier is put together from.
fn names_aws(identifier: &str) -> bool {
    identifier.split('_').any(|part| {
        part.eq_ignore_ascii_case("aws")
            || part.strip_prefix("Aws").is_some_and(|rest| rest.starts_with(|c: char| !c.is_lowercase()))
    })
}

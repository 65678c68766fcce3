//! What a type calls in its life is held against the permissions that it says it needs, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use formwork_aws::conformance::Example;
use formwork_aws::permissions::action;
use formwork_emulator::Call;
use formwork_engine::Stack;

/// Why a permission that a type names is needed by none of the calls of its walk, by the beginning of the action.
const BESIDES: &[(&str, &str)] = &[
    ("iam:PassRole", "AWS asks for it with the call that hands the role over"),
    ("iam:CreateServiceLinkedRole", "AWS asks for it with the first create in an account"),
    ("kms:CreateGrant", "AWS asks for it with the create of what is encrypted"),
    ("kms:De", "AWS asks for it with the create of what is encrypted"),
    ("kms:GenerateDataKey", "AWS asks for it with the write of what is encrypted"),
    ("logs:", "AWS asks for it with the create of what delivers logs"),
    ("secretsmanager:", "AWS asks for it with the create of what makes a secret"),
    ("s3:", "AWS asks for it with the create of what reads or writes a bucket"),
    ("route53:AssociateVPCWithHostedZone", "AWS asks for it with the create of an endpoint that has private names"),
    ("ec2:RunInstances", "AWS asks for it with the create of nodes from a launch template"),
    ("ec2:DescribeLaunchTemplateVersions", "AWS asks for it with the create of nodes from a launch template"),
    ("ec2:DescribeSubnets", "AWS asks for it with the create of nodes"),
    ("iam:GetRole", "AWS asks for it with the create of what takes the role"),
    ("iam:ListAttachedRolePolicies", "AWS asks for it with the create of what takes the role"),
];

/// Permissions of the service's own calls that no walk makes, with the reason.
const UNCALLED: &[(&str, &str, &str)] = &[];

/// The permissions that calls needed. Who the caller is may be asked by everybody.
pub(crate) fn used(calls: &[Call]) -> BTreeSet<String> {
    let calls = calls.iter().filter(|call| call.service != "sts");
    calls.map(|call| action(&call.service, &call.operation)).collect()
}

/// What was used and is in no table of what the example declares.
pub(super) fn not_allowed(example: &Example, used: &BTreeSet<String>) -> Vec<String> {
    let mut stack = Stack::new("permissions", "permissions", BTreeMap::new());
    (example.declare)(&mut stack, 0);
    let program = stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"));
    let kinds: BTreeSet<&str> = program.resources.values().map(|declaration| declaration.schema.kind).collect();
    let tables = formwork_aws::tables().into_iter().filter(|table| kinds.contains(table.kind));
    let mut allowed: BTreeSet<&str> =
        tables.flat_map(|table| table.permissions).flat_map(|it| it.actions).copied().collect();
    // What every run looks at, and what examples look up.
    allowed.extend(["ec2:DescribeTags", "ec2:DescribeAvailabilityZones"]);
    let wrong = used.iter().filter(|action| !allowed.contains(action.as_str()));
    wrong
        .map(|action| format!("it called what needs {action}, which is not among the permissions of the types here"))
        .collect()
}

#[tokio::test]
async fn a_permission_that_no_call_needs_has_a_reason() {
    let walks = super::all().await;
    let mut wrong = Vec::new();
    let mut explained = BTreeSet::new();
    for table in formwork_aws::tables() {
        let service = table.kind.trim_start_matches("aws:").split('/').next().unwrap();
        let actions: BTreeSet<&str> = table.permissions.iter().flat_map(|it| it.actions).copied().collect();
        for action in actions.into_iter().filter(|action| !walks[table.kind].used.contains(*action)) {
            let besides = || {
                let tags = ["TagResource", "AddTagsToResource", "CreateTags"].iter().any(|it| action.ends_with(it))
                    || service == "iam" && action.starts_with("iam:Tag");
                let others = !action.starts_with(&format!("{service}:")) || ["iam:PassRole"].contains(&action);
                tags || others && BESIDES.iter().any(|(beginning, _)| action.starts_with(beginning))
            };
            let entry = UNCALLED.iter().find(|(kind, name, _)| *kind == table.kind && *name == action);
            match entry {
                Some(entry) => drop(explained.insert(entry)),
                None if besides() => {}
                None => wrong.push(format!("{} {action}", table.kind)),
            }
        }
    }
    let stale: Vec<_> = UNCALLED.iter().filter(|entry| !explained.contains(entry)).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "never called:\n{}\nstale: {stale:?}", wrong.join("\n"));
}

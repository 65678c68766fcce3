use std::collections::BTreeMap;

use formwork_engine::shape::{ArgSchema, Shape};
use formwork_engine::{Program, Schema, Stack, options};

use super::policy::{MANAGED_LIMIT, Policy, Purpose, Statement, policy};
use super::{Objects, Permission, StateAccess, Verb, of_preflight, of_strays};
use crate::{ec2, iam, kms, rds, s3, secretsmanager};

const PLACE: (&str, &str, &str) = ("aws", "123456789012", "eu-west-1");

/// State in a folder.
fn here() -> StateAccess {
    StateAccess::default()
}

fn program(declare: impl FnOnce(&mut Stack)) -> Program {
    let mut stack = Stack::new("tests", "tests", BTreeMap::new());
    declare(&mut stack);
    stack.finish().unwrap()
}

fn allowed<'p>(policy: &'p Policy, action: &str) -> Vec<&'p Statement> {
    policy.statements.iter().filter(|one| one.actions.iter().any(|it| it == action)).collect()
}

fn on(policy: &Policy, action: &str) -> Vec<String> {
    allowed(policy, action).iter().flat_map(|statement| statement.resources.clone()).collect()
}

fn all() -> Vec<(&'static Schema, &'static Permission)> {
    let schemas: BTreeMap<&str, &'static Schema> = crate::schemas().into_iter().map(|it| (it.kind, it)).collect();
    let tables = crate::tables().into_iter();
    tables
        .flat_map(|table| table.permissions.iter().map(move |it| (table.kind, it)))
        .map(|(kind, it)| (schemas[kind], it))
        .collect()
}

fn leads(args: &'static [ArgSchema], path: &str) -> bool {
    fn fields(shape: &'static Shape) -> Option<&'static [ArgSchema]> {
        match shape {
            Shape::Block(fields) => Some(fields),
            Shape::Optional(inner) => fields(inner),
            _ => None,
        }
    }
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(arg) = args.iter().find(|arg| arg.name == name) else { return false };
    rest.is_none_or(|rest| fields(&arg.shape).is_some_and(|fields| leads(fields, rest)))
}

#[test]
fn to_look_never_takes_a_permission_that_changes_something() {
    let strays = crate::schemas().into_iter().map(|schema| of_strays(schema.kind));
    let before = crate::schemas().into_iter().map(|schema| of_preflight(schema.kind));
    let looks = all().into_iter().map(|(_, it)| *it).chain(strays).chain(before).filter(|it| it.verb == Verb::Look);
    for action in looks.flat_map(|it| it.actions) {
        let name = action.split(':').nth(1).unwrap();
        assert!(["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb)), "{action}");
    }
}

#[test]
fn conditions_and_holes_name_arguments_and_types() {
    let kinds: Vec<&str> = crate::schemas().iter().map(|schema| schema.kind).collect();
    for (schema, permission) in all() {
        for arg in permission.when {
            assert!(leads(schema.args, arg), "{}: {:?} when `{arg}`", schema.kind, permission.actions);
        }
        for template in permission.on {
            for hole in template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(hole, _)| hole) {
                if ["partition", "region", "account"].contains(&hole) {
                    continue;
                }
                let (arg, kind) = hole.split_once('@').map_or((hole, None), |(arg, kind)| (arg, Some(kind)));
                let arg = arg.split(':').next().unwrap();
                assert!(leads(schema.args, arg), "{}: {template}", schema.kind);
                assert!(kind.is_none_or(|kind| kinds.contains(&kind)), "{}: {template}", schema.kind);
            }
        }
    }
}

#[test]
fn every_type_is_looked_at_made_and_deleted() {
    // A wait only looks.
    for table in crate::tables().into_iter().filter(|table| table.kind != "aws:acm/certificate-validation") {
        for verb in [Verb::Look, Verb::Create, Verb::Delete] {
            assert!(
                table.permissions.iter().any(|it| it.verb == verb && it.when.is_empty()),
                "{} {verb:?}",
                table.kind
            );
        }
    }
}

#[test]
fn what_has_a_name_is_allowed_by_its_arn_before_it_is_made() {
    let program = program(|stack| {
        let trust = iam::PolicyDocument::of([]);
        let role = iam::Role::builder().name("app").path("/team/").assume_role_policy(&trust).build();
        let role = stack.add("role", role);
        let reads = iam::RolePolicy::builder().role(&role).name("reads").policy(&trust).build();
        stack.add("reads", reads);
        let bucket = stack.add("bucket", s3::Bucket::builder().name(formwork_engine::prefix("logs-")).build());
        stack.add("policy", s3::BucketPolicy::builder().bucket(&bucket).policy(&trust).build());
        stack.add("secret", secretsmanager::Secret::builder().name("app/env").build());
    });
    let policy = policy(&program, &[], &here(), Purpose::Up, PLACE);
    let role = "arn:aws:iam::123456789012:role/team/app";
    assert_eq!(on(&policy, "iam:CreateRole"), [role]);
    assert_eq!(on(&policy, "iam:PutRolePolicy"), [role], "the role that the policy hangs on, with its path");
    assert_eq!(on(&policy, "s3:CreateBucket"), ["arn:aws:s3:::logs-*"]);
    assert_eq!(on(&policy, "s3:PutBucketPolicy"), ["arn:aws:s3:::logs-*"]);
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/env-??????";
    assert_eq!(on(&policy, "secretsmanager:CreateSecret"), [secret]);
}

#[test]
fn a_role_is_handed_over_to_the_service_that_takes_it_and_to_no_other() {
    let program = program(|stack| {
        let trust = iam::PolicyDocument::of([]);
        let role = stack.add("logs", iam::Role::builder().name("flow-logs").assume_role_policy(&trust).build());
        let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
        let log = ec2::FlowLog::builder().vpc(&vpc).traffic_type(ec2::TrafficType::All).role(&role.arn);
        stack.add("flow", log.log_group(crate::Arn::new("arn:aws:logs:eu-west-1:123456789012:log-group:a")).build());
    });
    let policy = policy(&program, &[], &here(), Purpose::Up, PLACE);
    let [statement] = allowed(&policy, "iam:PassRole")[..] else { panic!("{:?}", policy.statements) };
    assert_eq!(statement.resources, ["arn:aws:iam::123456789012:role/flow-logs"]);
    let only = ("iam:PassedToService".to_owned(), vec!["vpc-flow-logs.amazonaws.com".to_owned()]);
    assert_eq!(statement.only, Some(only));
    assert_eq!(
        statement.to_json()["Condition"]["StringEquals"]["iam:PassedToService"][0],
        "vpc-flow-logs.amazonaws.com"
    );
}

#[test]
fn an_argument_that_is_not_declared_needs_no_permission() {
    let instance = |key: bool| {
        program(|stack| {
            let key_of = stack.add("key", kms::Key::builder().build());
            let instance =
                rds::Instance::builder().identifier("Main").engine("postgres").instance_class("db.t4g.micro");
            let instance = if key { instance.kms_key_id(&key_of.arn) } else { instance };
            stack.add_with("it", instance.build(), options());
        })
    };
    let without = policy(&instance(false), &[], &here(), Purpose::Up, PLACE);
    assert!(!without.allows("kms:CreateGrant"));
    let with = policy(&instance(true), &[], &here(), Purpose::Up, PLACE);
    assert_eq!(on(&with, "kms:CreateGrant"), ["arn:aws:kms:eu-west-1:123456789012:key/*"]);
    assert_eq!(on(&with, "rds:DeleteDBInstance")[0], "arn:aws:rds:eu-west-1:123456789012:db:main", "as RDS writes it");
}

#[test]
fn commands_differ_by_what_they_do() {
    let program = program(|stack| {
        stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    });
    let of = |purpose| policy(&program, &[], &here(), purpose, PLACE);
    let verbs =
        |purpose| ["ec2:DescribeVpcs", "ec2:CreateVpc", "ec2:DeleteVpc"].map(|action| of(purpose).allows(action));
    assert_eq!(verbs(Purpose::Preview), [true, false, false]);
    assert_eq!(verbs(Purpose::Up), [true, true, true]);
    assert_eq!(verbs(Purpose::Destroy), [true, false, true]);
    let everything = of(Purpose::Up).statements;
    assert!(everything.iter().all(|one| one.resources != ["*"] || one.why_everything().is_some()));
}

#[test]
fn state_in_a_bucket_is_read_by_every_command_and_written_by_those_that_change_something() {
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/of-the-bucket";
    const WRAPPING: &str = "arn:aws:kms:eu-west-1:123456789012:key/of-the-secrets";
    let objects = Objects {
        bucket: "team-state".to_owned(),
        root: "infra/shop/prod".to_owned(),
        exchange: "infra/shop/exchange".to_owned(),
        kms_key: Some(KEY.to_owned()),
    };
    let state =
        |sealed| StateAccess { objects: Some(objects.clone()), wrapping_keys: vec![WRAPPING.to_owned()], sealed };
    let program = program(|_| ());
    let of = |purpose, sealed| policy(&program, &[], &state(sealed), purpose, PLACE);
    let both = ["arn:aws:s3:::team-state/infra/shop/exchange/*", "arn:aws:s3:::team-state/infra/shop/prod/*"];
    for purpose in [Purpose::Preview, Purpose::Up, Purpose::Destroy] {
        let policy = of(purpose, false);
        let changes = purpose != Purpose::Preview;
        assert_eq!(on(&policy, "s3:ListBucket"), ["arn:aws:s3:::team-state"]);
        assert_eq!(on(&policy, "s3:GetObject"), both);
        assert_eq!(on(&policy, "s3:PutObject") == both, changes, "{purpose:?}");
        assert_eq!(policy.allows("s3:DeleteObject"), changes, "{purpose:?}");
        assert_eq!(policy.allows("kms:GenerateDataKey"), changes, "{purpose:?}");
        assert_eq!(on(&policy, "kms:Decrypt"), if changes { vec![KEY, WRAPPING] } else { vec![KEY] });
    }
    assert_eq!(on(&of(Purpose::Preview, true), "kms:Decrypt"), [KEY, WRAPPING], "nothing is read without its key");
    assert!(!policy(&program, &[], &here(), Purpose::Up, PLACE).allows("s3:PutObject"));
}

#[test]
fn a_policy_that_is_too_long_becomes_several_that_say_the_same() {
    let program = program(|stack| {
        for number in 0..60 {
            let group =
                crate::logs::LogGroup::builder().name(format!("/a/rather/long/name/of/a/group/number-{number}"));
            stack.add(&format!("group-{number}"), group.build());
        }
    });
    let policy = policy(&program, &[], &here(), Purpose::Up, PLACE);
    assert!(policy.characters() > MANAGED_LIMIT);
    let documents = policy.documents();
    let mut pairs = std::collections::BTreeSet::new();
    let mut names = std::collections::BTreeSet::new();
    for document in &documents {
        assert!(document.to_string().len() <= MANAGED_LIMIT);
        for statement in document["Statement"].as_array().unwrap() {
            assert!(names.insert(statement["Sid"].to_string()), "{}", statement["Sid"]);
            let of = |name: &str| statement[name].as_array().unwrap().clone();
            let resources = of("Resource");
            pairs.extend(
                of("Action").into_iter().flat_map(|action| {
                    resources.clone().into_iter().map(move |on| (action.to_string(), on.to_string()))
                }),
            );
        }
    }
    let whole: usize = policy.statements.iter().map(|one| one.actions.len() * one.resources.len()).sum();
    assert_eq!(pairs.len(), whole);
}

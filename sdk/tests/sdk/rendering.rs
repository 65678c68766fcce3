//! The text of plans and errors.

use formwork::engine::plan::{FieldChange, OWNERSHIP_TAGS, Op, Plan, Reason, Step};
use formwork::engine::{Hazard, Value};
use formwork::render::{self, Heading, Intent, Look};

use crate::made_up::{change, create, plan, step, unknown, urn};

fn heading(intent: Intent) -> Heading {
    Heading { intent, account: "123456789012".into(), region: "eu-west-1".into(), endpoint: None }
}

fn text(plan: &Plan, width: usize) -> String {
    render::plan(plan, &heading(Intent::Preview), Look { width, colour: false })
}

/// One of everything.
fn mixed() -> Plan {
    let policy = |action: &str| {
        Value::from(format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
        ))
    };
    let database = Step {
        replaces: true,
        generation: 2,
        data_store: true,
        hazards: [Hazard::DataLoss].into(),
        after: [5].into(),
        reason: Reason::DeclaredChanged,
        changes: vec![
            FieldChange { forces_replacement: true, ..change("storage_encrypted", false, true) },
            change("backup_retention_period", 7_i64, 14_i64),
        ],
        ..step(Op::Create, "data/postgres", "rds/instance")
    };
    let former = Step {
        replaces: true,
        data_store: true,
        resource_id: Some("orders".into()),
        ..step(Op::Delete, "data/postgres", "rds/instance")
    };
    let mut plan = plan(vec![
        step(Op::Same, "network/main", "ec2/vpc"),
        create(
            "network/private-4",
            "ec2/subnet",
            [
                ("cidr_block", "10.0.4.0/24".into()),
                ("availability_zone", "eu-west-1a".into()),
                ("vpc", "vpc-0a1b".into()),
            ],
        ),
        create(
            "network/private-4",
            "ec2/route-table-association",
            [("subnet", unknown("network/private-4.id")), ("route_table", "rtb-1".into())],
        ),
        Step {
            changes: vec![
                FieldChange { reason: Reason::Drifted, ..change("tags.team", "somebody", "platform") },
                change("enable_dns_hostnames", false, true),
            ],
            drift: true,
            ..step(Op::Update, "network/edge", "ec2/vpc")
        },
        Step {
            hazards: [Hazard::Outage].into(),
            changes: vec![
                change("version", "1.32", "1.33"),
                change(
                    "public_access_cidrs",
                    Value::List(vec!["10.0.0.0/8".into(), "192.0.2.0/24".into()]),
                    Value::List(vec!["10.0.0.0/8".into()]),
                ),
            ],
            ..step(Op::Update, "cluster/main", "eks/cluster")
        },
        former,
        database,
        Step {
            changes: vec![FieldChange {
                reason: Reason::DependsOn(urn("data/postgres", "rds/instance"), "arn".into()),
                ..change("policy", policy("s3:GetObject"), policy("s3:*"))
            }],
            reason: Reason::DependsOn(urn("data/postgres", "rds/instance"), "arn".into()),
            maybe: true,
            ..step(Op::Update, "workloads/gateway/policy", "iam/role-policy")
        },
        Step {
            changes: vec![change("auth_token", Value::Digest("a".into()), Value::Digest("b".into()))],
            ..step(Op::Update, "data/queue", "elasticache/replication-group")
        },
        Step {
            resource_id: Some("vpce-0123".into()),
            region: "us-east-1".into(),
            ..step(Op::Delete, "network/endpoint", "ec2/vpc-endpoint")
        },
        Step {
            resource_id: Some("igw-9".into()),
            changes: vec![FieldChange { reason: Reason::Adopted, ..change(OWNERSHIP_TAGS, Value::Null, "acme/prod") }],
            ..step(Op::Adopt, "network/gateway", "ec2/internet-gateway")
        },
        Step { resource_id: Some("subnet-3".into()), ..step(Op::Adopt, "network/old", "ec2/route-table-association") },
        Step {
            resource_id: Some("nat-7".into()),
            reason: Reason::Resumed,
            ..step(Op::Resume, "network/nat", "ec2/nat-gateway")
        },
        step(Op::Read, "zones", "ec2/availability-zones"),
        Step { reason: Reason::Removed, ..step(Op::Forget, "keys/former", "kms/key") },
    ]);
    plan.outputs = [
        ("database_endpoint".to_owned(), ("old.example".into(), unknown("data/postgres.endpoint"))),
        ("subnet_ids".to_owned(), (Value::Null, unknown("network/private-4.id"))),
        ("bucket".to_owned(), (Value::Null, "acme-artefacts".into())),
    ]
    .into();
    plan.warnings = vec!["data/postgres: its contents are not carried over to the one that replaces it; take a snapshot first if you need them".into()];
    plan.consents = vec![(
        urn("data/postgres", "rds/instance"),
        "data/postgres is replaced (declared changed), and what it holds is not carried over".into(),
    )];
    plan
}

/// About what `prod` creates: a hundred resources in twelve components.
fn hundred() -> Plan {
    let mut steps = vec![create("network/main", "ec2/vpc", [("cidr_block", "10.0.0.0/16".into())])];
    for (index, zone) in ["a", "b", "c"].iter().enumerate() {
        for (tier, base) in [("public", 101), ("private", 1)] {
            let cidr = format!("10.0.{}.0/24", base + index);
            let name = format!("network/{tier}-{}", index + 1);
            steps.push(create(
                &name,
                "ec2/subnet",
                [
                    ("cidr_block", cidr.into()),
                    ("availability_zone", format!("eu-west-1{zone}").into()),
                    ("vpc", unknown("network/main.id")),
                ],
            ));
            steps.push(create(
                &name,
                "ec2/route-table-association",
                [("route_table", unknown(&format!("network/{tier}.id"))), ("subnet", unknown(&format!("{name}.id")))],
            ));
        }
    }
    for component in ["cluster", "database", "cache", "artefacts", "images", "secrets", "external-secrets", "gateway"] {
        for index in 0..10 {
            steps.push(create(
                &format!("{component}/part-{index}"),
                "iam/role-policy-attachment",
                [
                    ("policy_arn", "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy".into()),
                    ("role", unknown(&format!("{component}/node.name"))),
                ],
            ));
        }
    }
    for index in 0..6 {
        steps.push(create(
            &format!("cluster/nodes/rule-{index}"),
            "ec2/security-group-ingress-rule",
            [
                ("ip_protocol", "tcp".into()),
                ("from_port", 5432_i64.into()),
                ("to_port", 5432_i64.into()),
                ("cidr_ipv4", "10.0.0.0/16".into()),
            ],
        ));
    }
    let mut plan = plan(steps);
    for index in 0..14 {
        plan.outputs.insert(format!("output_{index}"), (Value::Null, unknown("network/main.id")));
    }
    plan
}

#[test]
fn a_plan_at_100_columns() {
    insta::assert_snapshot!(text(&mixed(), 100));
}

#[test]
fn a_plan_at_60_columns() {
    insta::assert_snapshot!(text(&mixed(), 60));
}

#[test]
fn a_hundred_new_resources_take_at_most_one_and_a_half_lines_each() {
    let plan = hundred();
    let text = text(&plan, 100);
    insta::assert_snapshot!(text);
    assert_eq!(plan.counts().create, 99);
    assert!(text.lines().count() * 2 <= plan.steps.len() * 3, "{} lines", text.lines().count());
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for plan in [mixed(), hundred()] {
        for width in [100, 80] {
            for line in text(&plan, width).lines() {
                let fits = textwrap::core::display_width(line) <= width || line.contains("--allow-delete");
                assert!(fits, "{width}: {line}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plan = mixed();
    let coloured = render::plan(&plan, &heading(Intent::Preview), Look { width: 100, colour: true });
    assert_ne!(coloured, text(&plan, 100));
    assert_eq!(console::strip_ansi_codes(&coloured), text(&plan, 100));
}

#[test]
fn nothing_to_do_says_so() {
    let unchanged = plan((0..92).map(|index| step(Op::Same, &format!("part-{index}"), "ec2/vpc")).collect());
    let local = Heading { endpoint: Some("http://127.0.0.1:4566".into()), ..heading(Intent::Preview) };
    insta::assert_snapshot!(render::plan(&unchanged, &local, Look::default()), @r"
    Preview of prod: account 123456789012, region eu-west-1, endpoint http://127.0.0.1:4566

    nothing to do: 92 resources are as declared
    ");
    let empty = render::plan(&plan(vec![]), &heading(Intent::Destroy), Look::default());
    assert!(empty.contains("nothing to do: the stack has no resources"));
}

#[test]
fn secrets_never_reach_the_text_or_the_json() {
    let secret = || Value::from("hunter2").into_secret();
    let mut shown = plan(vec![
        create("db", "rds/instance", [("master_password", secret()), ("name", secret())]),
        Step {
            changes: vec![change("auth_token", secret(), secret())],
            ..step(Op::Update, "cache", "elasticache/replication-group")
        },
    ]);
    shown.outputs.insert("url".into(), (secret(), secret()));
    assert!(!text(&shown, 100).contains("hunter2"));
    assert!(!shown.to_json().to_string().contains("hunter2"));
}

#[test]
fn the_json_has_the_shape_of_the_contract() {
    let json = mixed().to_json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["summary"], serde_json::json!({ "create": 2, "update": 7, "replace": 1, "delete": 2, "same": 1 }));
    let replaced: Vec<_> = json["steps"].as_array().unwrap().iter().filter(|step| step["replaces"] == true).collect();
    assert_eq!(replaced.len(), 2);
    insta::assert_snapshot!(format!("{:#}", replaced[1]));
    let secret = &json["steps"][8]["changes"][0];
    assert_eq!((&secret["before"]["$secret"], &secret["after"]["$secret"]), (&"a".into(), &"b".into()));
}

#[test]
fn an_error_says_what_of_what_by_whom_and_what_next() {
    use formwork::engine::{Answer, Error, Turn};
    let answer = Answer {
        operation: "ec2 CreateVpc".into(),
        code: "VpcLimitExceeded".into(),
        message: "The maximum number of VPCs has been reached.".into(),
        request_id: Some("5c02c322-f979-4e1e-ab05-6873105bd062".into()),
    };
    let quota = Error::new(Turn::Provider, "create", "the account has no room for another VPC")
        .about(&urn("network/main", "ec2/vpc"), None)
        .answered(answer)
        .hint("ask for a higher quota: Service Quotas, VPCs per Region");
    let bug = Error::new(Turn::Bug, "plan", "the subnet has no address range");
    insta::assert_snapshot!(render::errors(&[quota, bug], Look { width: 80, colour: false }));
}

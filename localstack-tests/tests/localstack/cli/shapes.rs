//! What scripts depend on: JSON shapes, the exit codes of `--detailed-exitcode`, nothing but text in a pipe.

use serde_json::Value;

use super::{CONFIG, Project, code};

/// Whether an object has exactly these fields at least: shapes are only ever extended.
#[track_caller]
fn has(object: &Value, fields: &[&str]) {
    for field in fields {
        assert!(object.get(field).is_some(), "no `{field}` in {object:#}");
    }
}

const STEP: [&str; 14] = [
    "urn",
    "kind",
    "op",
    "replaces",
    "changes",
    "id",
    "after",
    "generation",
    "maybe",
    "drift",
    "data_store",
    "hazards",
    "account",
    "region",
];
const CHANGE: [&str; 8] =
    ["path", "before", "after", "reason", "forces_replacement", "declared", "applied", "observed"];

#[test]
fn the_plan_has_the_shape_of_the_contract() {
    let project = Project::new();
    let plan = project.expect("preview small --json", code::DONE).json();
    assert_eq!((&plan["version"], &plan["stack"]), (&Value::from(1), &Value::from("small")));
    assert_eq!(plan["summary"], serde_json::json!({ "create": 4, "update": 0, "replace": 0, "delete": 0, "same": 0 }));
    let steps = plan["steps"].as_array().unwrap();
    for step in steps {
        has(step, &STEP);
        assert_eq!((&step["op"], &step["replaces"]), (&Value::from("create"), &Value::from(false)));
        assert_eq!(step["account"], project.account.id.as_str());
        step["changes"].as_array().unwrap().iter().for_each(|change| has(change, &CHANGE));
    }
    let change = |plan: &Value, kind: &str, path: &str| -> Value {
        let steps = plan["steps"].as_array().unwrap().iter().filter(|step| step["kind"] == kind);
        let mut changes = steps.flat_map(|step| step["changes"].as_array().unwrap());
        changes.find(|change| change["path"] == path).unwrap_or_else(|| panic!("no {path} of {kind}")).clone()
    };
    assert_eq!(change(&plan, "aws:ec2/subnet", "vpc")["after"], serde_json::json!({ "$unknown": "main.id" }));
    assert!(change(&plan, "aws:secretsmanager/secret", "secret_string")["after"]["$secret"].is_string());

    project.expect("up small --yes", code::DONE);
    // A replacement is two steps, and one in the sum.
    project.configure(&CONFIG.replace("10.0.1.0/24", "10.0.9.0/24"));
    let plan = project.expect("preview small --json", code::DONE).json();
    assert_eq!(plan["summary"], serde_json::json!({ "create": 0, "update": 0, "replace": 1, "delete": 0, "same": 3 }));
    let replacing = plan["steps"].as_array().unwrap().iter().filter(|step| step["replaces"] == true);
    let ops: Vec<&str> = replacing.map(|step| step["op"].as_str().unwrap()).collect();
    assert_eq!(ops.len(), 2);
    assert!(ops.contains(&"create") && ops.contains(&"delete"));
    let cidr = change(&plan, "aws:ec2/subnet", "cidr_block");
    assert_eq!((&cidr["before"], &cidr["after"]), (&Value::from("10.0.1.0/24"), &Value::from("10.0.9.0/24")));
    assert_eq!(cidr["forces_replacement"], true);
}

#[test]
fn records_outputs_and_types_have_the_shape_of_the_contract() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);

    let rows = project.rows();
    for row in rows.as_array().unwrap() {
        has(row, &["urn", "kind", "id", "status", "generation"]);
        assert_eq!((&row["status"], &row["generation"]), (&Value::from("ready"), &Value::from(1)));
    }
    let urns: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["urn"].as_str().unwrap()).collect();
    assert_eq!(
        urns,
        [
            "small::data/events::aws:logs/log-group",
            "small::data/token::aws:secretsmanager/secret",
            "small::main::aws:ec2/vpc",
            "small::subnet-0::aws:ec2/subnet",
        ]
    );

    let outputs = project.expect("output small --json", code::DONE).json();
    assert_eq!(outputs.as_object().unwrap().keys().collect::<Vec<_>>(), ["token", "token_arn", "vpc_id"]);
    assert_eq!(outputs["token"], "(secret)");
    let shown = project.run("output small token --show-secrets");
    assert_eq!((shown.code, shown.out.as_str()), (Some(code::DONE), "hunter2-of-the-test\n"));
    // One output is printed as it is, for `$(…)`.
    let vpc = project.expect("output small vpc_id", code::DONE).out;
    assert_eq!(Value::from(vpc.trim_end()), outputs["vpc_id"]);

    let schemas = project.expect("schema --json", code::DONE).json();
    for schema in schemas.as_array().unwrap() {
        has(schema, &["kind", "cloudformation", "data_store", "args", "outputs"]);
        for arg in schema["args"].as_array().unwrap() {
            has(arg, &["name", "cloudformation", "required", "change", "secret", "doc"]);
            assert!(["in_place", "replace", "never", "depends"].contains(&arg["change"].as_str().unwrap()), "{arg}");
        }
    }
    let vpc = project.expect("schema aws:ec2/vpc --json", code::DONE).json();
    assert_eq!(
        (&vpc[0]["cloudformation"], &vpc[0]["data_store"]),
        (&Value::from("AWS::EC2::VPC"), &Value::from(false))
    );

    // The records hold no secret, and not the key by which secrets are compared.
    let export = project.expect("state export small", code::DONE).out;
    assert!(!export.contains("digest_key"));
}

#[test]
fn a_run_tells_of_itself_in_json_lines() {
    let project = Project::new();
    let ran = project.expect("up small --yes --json", code::DONE);
    assert_eq!(ran.err, "");
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["version"] == 1 && line["event"].is_string()));
    let finished = lines.iter().filter(|line| line["event"] == "step_finished").count();
    let last = lines.last().unwrap();
    assert_eq!((finished, &last["event"], &last["exit_code"]), (4, &Value::from("summary"), &Value::from(0)));
}

#[test]
fn the_calls_of_a_look_are_counted_by_operation() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let expected = serde_json::json!({
        "CloudWatch Logs DescribeLogGroups": 2,
        "CloudWatch Logs ListTagsForResource": 1,
        "EC2 DescribeSubnets": 1,
        "EC2 DescribeTags": 1,
        "EC2 DescribeVpcAttribute": 2,
        "EC2 DescribeVpcs": 1,
        "Secrets Manager DescribeSecret": 1,
        "Secrets Manager ListSecrets": 1,
    });
    assert_eq!(project.expect("preview small --json", code::DONE).json()["calls"], expected);
    let told = project.expect("preview small", code::DONE).err;
    assert!(told.contains("10 calls: 2 "), "{told}");

    let mut refreshed = project.expect("refresh small --json", code::DONE).json();
    let strays =
        [("CloudWatch Logs DescribeLogGroups", 2), ("EC2 DescribeTags", 1), ("Secrets Manager ListSecrets", 1)];
    strays.into_iter().for_each(|(call, count)| refreshed["calls"][call] = Value::from(count));
    assert_eq!(refreshed["calls"], expected, "it does not look for what no row knows");

    let up = project.expect("up small --yes --json", code::DONE).out;
    let planned: Value = up
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|line: &Value| line["event"] == "planned")
        .unwrap();
    assert_eq!(planned["calls"], expected);
}

#[test]
fn detailed_exit_codes_tell_changes_from_none_and_from_errors() {
    let project = Project::new();
    project.expect("preview small --detailed-exitcode", code::CHANGES);
    project.expect("up small --yes", code::DONE);
    project.expect("preview small --detailed-exitcode", code::DONE);
    project.expect("preview small", code::DONE);
    project.configure("unknown = 1");
    project.expect("preview small --detailed-exitcode", code::BAD_INPUT);
}

#[test]
fn what_goes_into_a_pipe_is_text() {
    let project = Project::new();
    for line in [
        "--help",
        "preview small",
        "up small --yes",
        "state list small",
        "state show small main",
        "output small",
        "schema aws:ec2/vpc",
        "destroy small --yes",
        "preview unknown",
    ] {
        // A terminal is named, and what is written to is none.
        let ran = super::run(project.command(line).env("TERM", "xterm-256color"));
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{line}: {ran:?}");
        assert!(!ran.out.contains('\r') && !ran.err.contains('\r'), "{line}: {ran:?}");
    }
}

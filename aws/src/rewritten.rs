//! What AWS rewrites: (type, argument, declared, answered, whether that is the same), from the examples of AWS's documentation. A plan over
//! what is the same is empty.

use formwork_engine::Value;
use formwork_engine::compare::{Comparison, complete};
use formwork_engine::digest::Digester;
use serde_json::{Value as Json, json};

type Row = (&'static str, &'static str, Json, Json, bool);

fn names() -> Vec<Row> {
    let rds = "aws:rds/instance";
    let cache = "aws:elasticache/replication-group";
    vec![
        // "This parameter is stored as a lowercase string."
        (rds, "identifier", json!("MyDBInstance"), json!("mydbinstance"), true),
        (rds, "identifier", json!("mydbinstance"), json!("mydbinstance2"), false),
        (rds, "subnet_group", json!("MySubnetGroup"), json!("mysubnetgroup"), true),
        (rds, "parameter_group", json!("MyGroup"), json!("mygroup"), true),
        (rds, "option_group", json!("MyOptions"), json!("myoptions"), true),
        (rds, "domain_fqdn", json!("MyManagedAD.Example.com"), json!("mymanagedad.example.com"), true),
        (rds, "source_db_instance", json!("MyPrimary"), json!("myprimary"), true),
        (rds, "db_name", json!("Orders"), json!("orders"), false),
        ("aws:rds/cluster", "identifier", json!("MyCluster"), json!("mycluster"), true),
        ("aws:rds/cluster", "parameter_group", json!("MyGroup"), json!("mygroup"), true),
        ("aws:rds/cluster", "availability_zones", json!(["eu-west-1a"]), json!(["eu-west-1a", "eu-west-1b"]), true),
        ("aws:rds/cluster-instance", "identifier", json!("MyMember"), json!("mymember"), true),
        ("aws:rds/cluster-parameter-group", "name", json!("MyGroup"), json!("mygroup"), true),
        ("aws:rds/subnet-group", "name", json!("MySubnetGroup"), json!("mysubnetgroup"), true),
        ("aws:rds/parameter-group", "name", json!("MyGroup"), json!("mygroup"), true),
        (cache, "name", json!("My-Group"), json!("my-group"), true),
        (cache, "parameter_group", json!("Default.Redis7"), json!("default.redis7"), true),
        (cache, "subnet_group", json!("Cache-Subnets"), json!("cache-subnets"), true),
        (cache, "snapshotting_cluster", json!("My-Group-002"), json!("my-group-002"), true),
        ("aws:elasticache/subnet-group", "name", json!("Cache-Subnets"), json!("cache-subnets"), true),
        ("aws:elasticache/parameter-group", "name", json!("My-Parameters"), json!("my-parameters"), true),
        ("aws:eks/cluster", "name", json!("Prod"), json!("prod"), false),
    ]
}

fn windows_and_versions() -> Vec<Row> {
    let rds = "aws:rds/instance";
    let cache = "aws:elasticache/replication-group";
    vec![
        (rds, "preferred_maintenance_window", json!("Sun:06:00-Sun:07:00"), json!("sun:06:00-sun:07:00"), true),
        (rds, "preferred_maintenance_window", json!("Sun:06:00-Sun:07:00"), json!("mon:06:00-mon:07:00"), false),
        (cache, "maintenance_window", json!("Sun:23:00-Mon:01:30"), json!("sun:23:00-mon:01:30"), true),
        (rds, "engine_version", json!("16"), json!("16.4"), true),
        (rds, "engine_version", json!("16.4"), json!("16.40"), false),
        (rds, "engine_version", json!("8.0"), json!("8.0.35"), true),
        (rds, "engine_version", json!("16.4"), json!("16"), false),
        ("aws:rds/cluster", "engine_version", json!("8.0"), json!("8.0.mysql_aurora.3.08.0"), true),
        (
            "aws:rds/cluster",
            "serverless_v2_scaling",
            json!({ "min_capacity": "0.50", "max_capacity": "8.0" }),
            json!({ "min_capacity": "0.5", "max_capacity": "8" }),
            true,
        ),
        (cache, "engine_version", json!("6.x"), json!("6.2.6"), true),
        (cache, "engine_version", json!("7.1"), json!("7.1.0"), true),
        (cache, "engine_version", json!("7.1"), json!("7.10"), false),
        ("aws:eks/cluster", "version", json!("1.33"), json!("1.33"), true),
        ("aws:eks/cluster", "version", json!("1.3"), json!("1.33"), false),
        ("aws:eks/node-group", "version", json!("1.33"), json!("1.33"), true),
        // Not declared: AWS decides.
        (rds, "preferred_maintenance_window", Json::Null, json!("sun:06:00-sun:07:00"), true),
        (rds, "engine_version", Json::Null, json!("17.2"), true),
        (cache, "snapshot_window", Json::Null, json!("05:30-06:30"), true),
    ]
}

fn networks() -> Vec<Row> {
    let ingress = "aws:ec2/security-group-ingress-rule";
    let cluster = "aws:eks/cluster";
    vec![
        // "For example, if you specify 100.68.0.18/18, we modify it to 100.68.0.0/18."
        ("aws:ec2/subnet", "cidr_block", json!("100.68.0.18/18"), json!("100.68.0.0/18"), true),
        ("aws:ec2/subnet", "cidr_block", json!("100.68.0.0/18"), json!("100.68.0.0/19"), false),
        (
            "aws:ec2/subnet",
            "ipv6_cidr_block",
            json!("2001:DB8:1234:1A00:0::/64"),
            json!("2001:db8:1234:1a00::/64"),
            true,
        ),
        ("aws:ec2/vpc", "cidr_block", json!("10.0.0.5/16"), json!("10.0.0.0/16"), true),
        ("aws:ec2/network-acl-entry", "protocol", json!("tcp"), json!("6"), true),
        ("aws:ec2/network-acl-entry", "protocol", json!("all"), json!("-1"), true),
        ("aws:ec2/network-acl-entry", "protocol", json!("tcp"), json!("17"), false),
        ("aws:ec2/network-acl-entry", "cidr_block", json!("10.0.0.5/16"), json!("10.0.0.0/16"), true),
        (
            "aws:ec2/prefix-list",
            "entries",
            json!([{ "cidr": "198.51.100.7/24" }, { "cidr": "10.0.0.0/8" }]),
            json!([{ "cidr": "10.0.0.0/8" }, { "cidr": "198.51.100.0/24" }]),
            true,
        ),
        (
            "aws:ec2/key-pair",
            "public_key",
            json!("ssh-ed25519 AAAA anna@example.com"),
            json!("ssh-ed25519 AAAA key-1"),
            true,
        ),
        ("aws:ec2/route", "destination", json!("0::0/0"), json!("::/0"), true),
        (ingress, "cidr_ipv4", json!("203.0.113.7/24"), json!("203.0.113.0/24"), true),
        (ingress, "cidr_ipv6", json!("2001:DB8::1/64"), json!("2001:db8::/64"), true),
        (ingress, "protocol", json!("6"), json!("tcp"), true),
        (ingress, "protocol", json!("TCP"), json!("tcp"), true),
        (ingress, "protocol", json!("17"), json!("udp"), true),
        (ingress, "protocol", json!("58"), json!("icmpv6"), true),
        (ingress, "protocol", json!("all"), json!("-1"), true),
        (ingress, "protocol", json!("tcp"), json!("udp"), false),
        ("aws:ec2/security-group-egress-rule", "protocol", json!("1"), json!("icmp"), true),
        (
            cluster,
            "public_access_cidrs",
            json!(["203.0.113.5/32", "10.0.0.9/8"]),
            json!(["10.0.0.0/8", "203.0.113.5/32"]),
            true,
        ),
        (cluster, "public_access_cidrs", json!(["203.0.113.5/32"]), json!(["0.0.0.0/0"]), false),
        (cluster, "service_ipv4_cidr", json!("172.20.1.0/16"), json!("172.20.0.0/16"), true),
        (cluster, "remote_node_networks", json!(["10.80.0.1/16"]), json!(["10.80.0.0/16"]), true),
    ]
}

fn keys_sets_and_documents() -> Vec<Row> {
    let arn = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let alias = "arn:aws:kms:us-east-2:111122223333:alias/ExampleAlias";
    let other = "arn:aws:kms:us-east-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
    let trust = |principal: &str, action: &str| {
        json!(format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":{action}}}]}}"#
        ))
    };
    let root = r#"{"AWS":"arn:aws:iam::111122223333:root"}"#;
    let expire = |rest: &str| json!(format!(r#"{{"rules":[{{"rulePriority":1{rest}}}]}}"#));
    let cluster = json!({ "sort": "KMS", "kms_key": alias });
    vec![
        ("aws:rds/instance", "kms_key_id", json!(id), json!(arn), true),
        ("aws:rds/instance", "kms_key_id", json!(alias), json!(arn), true),
        ("aws:rds/instance", "kms_key_id", json!(other), json!(arn), false),
        ("aws:rds/instance", "performance_insights_kms_key_id", json!(id), json!(arn), true),
        ("aws:elasticache/replication-group", "kms_key", json!(arn), json!(id), true),
        ("aws:eks/cluster", "secrets_key", json!(alias), json!(arn), true),
        ("aws:ecr/repository", "encryption", cluster, json!({ "sort": "KMS", "kms_key": arn }), true),
        ("aws:secretsmanager/secret", "kms_key_id", json!(id), json!(arn), true),
        ("aws:logs/log-group", "kms_key", json!(arn), json!(other), false),
        ("aws:rds/instance", "security_groups", json!(["sg-1", "sg-2"]), json!(["sg-2", "sg-1"]), true),
        ("aws:rds/instance", "enable_cloudwatch_logs_exports", json!(["a", "b"]), json!(["b"]), false),
        ("aws:eks/cluster", "log_types", json!(["audit", "api"]), json!(["api", "audit"]), true),
        (
            "aws:iam/role",
            "assume_role_policy",
            trust(r#"{"AWS":"111122223333"}"#, r#"["sts:AssumeRole"]"#),
            trust(root, r#""sts:AssumeRole""#),
            true,
        ),
        (
            "aws:iam/role",
            "assume_role_policy",
            trust(root, r#""sts:AssumeRole""#),
            trust(root, r#""sts:TagSession""#),
            false,
        ),
        ("aws:kms/key", "policy", trust(r#""*""#, r#"["kms:*"]"#), trust(r#"{"AWS":["*"]}"#, r#""kms:*""#), true),
        (
            "aws:s3/bucket-policy",
            "policy",
            trust(root, r#"["s3:Put*","s3:Get*"]"#),
            trust(root, r#"["s3:Get*","s3:Put*"]"#),
            true,
        ),
        (
            "aws:ecr/repository",
            "lifecycle_policy",
            expire(r#", "description" : "x""#),
            expire(r#","description":"x""#),
            true,
        ),
        ("aws:ecr/repository", "lifecycle_policy", expire(""), expire(r#","description":"x""#), false),
        // Defaults of blocks, filled in.
        (
            "aws:s3/bucket",
            "public_access_block",
            json!({}),
            json!({ "block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true }),
            true,
        ),
        (
            "aws:s3/bucket",
            "lifecycle_rules",
            json!([{ "id": "a", "expiration_days": 7 }]),
            json!([{ "id": "a", "enabled": true, "prefix": "", "expiration_days": 7 }]),
            true,
        ),
        // Empty is absent where the argument has an empty default.
        ("aws:secretsmanager/secret", "description", Json::Null, json!(""), true),
        ("aws:kms/key", "description", json!(""), Json::Null, true),
        ("aws:s3/bucket", "tags", Json::Null, json!({}), true),
        ("aws:iam/open-id-connect-provider", "url", json!("https://example.com"), json!("example.com"), true),
        (
            "aws:iam/open-id-connect-provider",
            "thumbprints",
            json!(["C3768084DFB3D2B68B7897BF5F565DA8EFEXAMPLE"]),
            json!(["c3768084dfb3d2b68b7897bf5f565da8efexample"]),
            true,
        ),
    ]
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Bool(*is),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(list) => Value::List(list.iter().map(value).collect()),
        Json::Object(map) => Value::Map(map.iter().map(|(key, inner)| (key.clone(), value(inner))).collect()),
    }
}

#[test]
fn what_aws_rewrites_is_no_difference() {
    let digester = Digester::new(&Digester::random_key());
    let schemas = crate::schemas();
    let mut wrong = Vec::new();
    let rows = [names(), windows_and_versions(), networks(), keys_sets_and_documents()];
    for (kind, name, declared, answered, same) in rows.into_iter().flatten() {
        let schema = schemas.iter().find(|schema| schema.kind == kind).unwrap();
        let Some(arg) = schema.arg(name) else {
            wrong.push(format!("{kind} has no {name}"));
            continue;
        };
        // As the planner has them: complete on both sides.
        let whole = |json: &Json| {
            let given = Value::Map([(name.to_owned(), value(json))].into());
            complete(std::slice::from_ref(arg), &given).get(name).clone()
        };
        if Comparison::new(&digester).same_arg(arg, &whole(&declared), &whole(&answered)) != same {
            wrong.push(format!(
                "{kind}.{name}: {declared} and {answered} are {}",
                if same { "the same" } else { "not" }
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

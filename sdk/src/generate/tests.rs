//! The text of generated code.

use formwork_aws::ec2::{SecurityGroup, SecurityGroupId, SecurityGroupOutputs, Subnet, SubnetId, SubnetOutputs};
use formwork_aws::ec2::{Tenancy, Vpc, VpcId, VpcOutputs};
use formwork_aws::iam::{Role, RoleName, RoleOutputs};
use formwork_aws::s3::{BucketName, BucketPolicy};
use formwork_aws::{Arn, Tags};
use formwork_engine::{Field as _, Json, Name, OutputFields as _, Resource, Value};

use super::*;

fn observed(args: Value, outputs: Value) -> Observed {
    Observed { args, outputs, version: None, unreadable: [].into(), pending: [].into(), owner: None }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn vpc(name: &str) -> Observed {
    let args = Vpc {
        cidr_block: "10.0.0.0/16".to_owned(),
        enable_dns_support: true,
        enable_dns_hostnames: true,
        instance_tenancy: Tenancy::Dedicated,
        ipv4_ipam_pool_id: None,
        tags: tags(&[("Name", name), ("team", "a \"b\"")]),
    };
    let outputs =
        VpcOutputs { id: VpcId::new("vpc-1"), cidr_block: "10.0.0.0/16".to_owned(), owner_id: "1".to_owned() };
    observed(args.to_value(), outputs.to_value())
}

fn subnet(number: u8, name: Option<&str>) -> Observed {
    let mut args = Subnet::from_value(&Value::from([("vpc", "vpc-1"), ("cidr_block", "10.0.1.0/24")])).unwrap();
    args.availability_zone = Some("eu-west-1a".to_owned());
    args.tags = name.map(|name| tags(&[("Name", name)])).unwrap_or_default();
    let outputs = SubnetOutputs {
        id: SubnetId::new(format!("subnet-{number}")),
        arn: format!("arn:aws:ec2:eu-west-1:1:subnet/subnet-{number}"),
        cidr_block: "10.0.1.0/24".to_owned(),
        availability_zone: "eu-west-1a".to_owned(),
        availability_zone_id: "euw1-az1".to_owned(),
    };
    observed(args.to_value(), outputs.to_value())
}

fn role(trust: &str) -> Observed {
    let args = Role {
        name: Name::new("app"),
        assume_role_policy: Json::new(trust),
        description: String::new(),
        max_session_duration: 3600,
        path: "/".to_owned(),
        permissions_boundary: None,
        tags: Tags::new(),
    };
    let outputs = RoleOutputs {
        id: RoleName::new("app"),
        arn: Arn::new("arn:aws:iam::1:role/app"),
        name: "app".to_owned(),
        unique_id: "AROA".to_owned(),
    };
    observed(args.to_value(), outputs.to_value())
}

#[test]
fn what_refers_to_something_takes_its_handle() {
    let (main, a, b) = (vpc("main"), subnet(1, Some("private 1")), subnet(2, None));
    let existing = [
        // The subnet comes first on the command line, and after its VPC in the code.
        Existing { schema: Subnet::schema(), id: "subnet-1", observed: &a },
        Existing { schema: Vpc::schema(), id: "vpc-1", observed: &main },
        Existing { schema: Subnet::schema(), id: "subnet-2", observed: &b },
    ];
    let generated = generate(&existing, Some("network"));
    insta::assert_snapshot!(generated.code);
    let declared: Vec<(&str, &str)> =
        generated.declared.iter().map(|(path, _, id)| (path.as_str(), id.as_str())).collect();
    assert_eq!(
        declared,
        [("network/main", "vpc-1"), ("network/private-1", "subnet-1"), ("network/subnet", "subnet-2")]
    );
}

#[test]
fn a_policy_is_typed_where_statements_can_say_it() {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}"#;
    let role = role(trust);
    let access = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/app"},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::data/*"}]}"#;
    let policy = BucketPolicy { bucket: BucketName::new("data"), policy: Json::new(access) };
    let policy = observed(policy.to_value(), Value::from([("id", "data")]));
    let unsayable = r#"{"Version":"2008-10-17","Statement":[]}"#;
    let other = BucketPolicy { bucket: BucketName::new("other"), policy: Json::new(unsayable) };
    let other = observed(other.to_value(), Value::from([("id", "other")]));
    let existing = [
        Existing { schema: BucketPolicy::schema(), id: "data", observed: &policy },
        Existing { schema: Role::schema(), id: "app", observed: &role },
        Existing { schema: BucketPolicy::schema(), id: "other", observed: &other },
    ];
    insta::assert_snapshot!(generate(&existing, None).code);
}

#[test]
fn what_aws_does_not_tell_is_said_in_comments() {
    let schema = formwork_aws::rds::Instance::schema();
    let args = formwork_engine::compare::complete(
        schema.args,
        &Value::from([("identifier", "orders"), ("engine", "postgres"), ("instance_class", "db.t4g.small")]),
    );
    let mut instance = observed(args, Value::from([("id", "orders")]));
    instance.unreadable.insert("tags".to_owned(), "rds ListTagsForResource answered\nAccessDenied".to_owned());
    let existing = [Existing { schema, id: "orders", observed: &instance }];
    let code = generate(&existing, None).code;
    insta::assert_snapshot!(code);
    assert!(!code.to_lowercase().contains("todo"));
}

#[test]
fn the_generic_type_says_its_properties_and_refers_to_what_stands_beside_it() {
    let role = role(r#"{"Version":"2008-10-17","Statement":[]}"#);
    let mut network = vpc("main");
    network.outputs = Value::from([("id", "vpc-0123456789abcdef0")]);
    let model = [
        ("Name", r#""reports""#),
        ("Description", r#""what the \"business\" asks""#),
        ("State", r#""ENABLED""#),
        ("Nothing", "null"),
        ("Limit", "3000000000"),
        (
            "WorkGroupConfiguration",
            r#"{"BytesScannedCutoffPerQuery":1000,"Role":"arn:aws:iam::1:role/app","Share":0.5,"Network":"vpc-0123456789abcdef0",
                "Enforced":true,"Tiers":["a",null],"Output":{"Location":"s3://reports"}}"#,
        ),
        ("Vpc", r#""vpc-0123456789abcdef0""#),
    ];
    let model = || Value::from(model.map(|(name, text)| (name, Value::from(text))));
    let args = Value::from([
        ("type_name", Value::from("AWS::Athena::WorkGroup")),
        ("fixed", model()),
        ("properties", model()),
    ]);
    let reports = observed(args, Value::from([("id", "AWS::Athena::WorkGroup|reports")]));
    let schema = formwork_aws::cloudcontrol::Resource::schema();
    let existing = [
        Existing { schema, id: "AWS::Athena::WorkGroup|reports", observed: &reports },
        Existing { schema: Role::schema(), id: "app", observed: &role },
        Existing { schema: Vpc::schema(), id: "vpc-0123456789abcdef0", observed: &network },
    ];
    let code = generate(&existing, None).code;
    let at = code.find("    // AWS does not tell what the type's schema").unwrap();
    assert_eq!(
        &code[at..],
        r#"    // AWS does not tell what the type's schema lists under `writeOnlyProperties`, nor `type_version` and `role`: the
    // code leaves it out.
    // What the schema lists under `createOnlyProperties` belongs into `fixed`, and what it lists under
    // `readOnlyProperties` can go.
    let reports_work_group_configuration = cloudcontrol::Property::object([
        ("BytesScannedCutoffPerQuery", 1000.into()),
        ("Role", (&app.arn).into()),
        ("Share", 0.5.into()),
        ("Network", (&main).into()),
        ("Enforced", true.into()),
        ("Tiers", cloudcontrol::Property::list(["a".into(), ().into()])),
        ("Output", cloudcontrol::Property::object([("Location", "s3://reports".into())])),
    ]);
    let reports = cloudcontrol::Resource::of("AWS::Athena::WorkGroup")
        .fixed("Name", "reports")
        .property("Description", "what the \"business\" asks")
        .property("Limit", 3000000000_i64)
        .property("State", "ENABLED")
        .property("Vpc", &main)
        .property("WorkGroupConfiguration", reports_work_group_configuration)
        .build();
    stack.add_with("reports", reports, options().import("AWS::Athena::WorkGroup|reports"));
}
"#
    );
    assert!(!code.contains("Nothing"), "{code}");
}

#[test]
fn names_are_segments_and_variables_are_rust() {
    let odd = vpc("1st / main (old)");
    let keyword = vpc("type");
    let many: Vec<Observed> = (1..=3).map(|number| subnet(number, Some("type"))).collect();
    let group = SecurityGroup {
        name: Name::new("type"),
        description: "d".to_owned(),
        vpc: VpcId::new("vpc-9"),
        allow_all_egress: true,
        tags: Tags::new(),
    };
    let outputs = SecurityGroupOutputs {
        id: SecurityGroupId::new("sg-1"),
        arn: Arn::new("arn:aws:ec2:eu-west-1:1:security-group/sg-1"),
        name: "type".to_owned(),
        owner_id: "1".to_owned(),
    };
    let group = observed(group.to_value(), outputs.to_value());
    let mut existing = vec![
        Existing { schema: Vpc::schema(), id: "vpc-1", observed: &odd },
        Existing { schema: Vpc::schema(), id: "vpc-2", observed: &keyword },
    ];
    existing.extend(many.iter().map(|one| Existing { schema: Subnet::schema(), id: "s", observed: one }));
    existing.push(Existing { schema: SecurityGroup::schema(), id: "sg-1", observed: &group });
    let names = Names::of(&existing);
    let names: Vec<(&str, &str)> = (0..existing.len()).map(|index| names.get(index)).collect();
    assert_eq!(
        names,
        [
            ("1st-main-old", "the_1st_main_old"),
            ("type", "the_type"),
            ("type", "type_subnet"),
            ("type-2", "type_2"),
            ("type-3", "type_3"),
            ("type", "type_security_group"),
        ]
    );
}

#[test]
fn lines_have_the_shape_of_rustfmt() {
    let item = |text: &str| Code::Atom(layout::quoted(text));
    let chain = |args: Vec<Code>| {
        let calls = vec![("items".to_owned(), args), ("build".to_owned(), Vec::new())];
        Code::Chain("ec2::Thing::builder()".to_owned(), calls)
    };
    let many = |count: usize, text: &str| Code::Array((0..count).map(|_| item(text)).collect());
    let mut text = statement(4, Some("short"), chain(vec![many(3, "a")]));
    // Too long for one line after the name, and not without it.
    text.push_str(&statement(4, Some("a_rather_long_name"), chain(vec![many(9, "1234")])));
    text.push_str(&statement(4, Some("packed"), chain(vec![many(24, "1234")])));
    text.push_str(&statement(4, Some("lines"), chain(vec![many(8, "10.0.0.0/16 and more")])));
    let inner = || chain(vec![many(5, "10.0.0.0/16 and more")]);
    text.push_str(&statement(4, Some("apart"), chain(vec![Code::Array(vec![inner()])])));
    text.push_str(&statement(4, Some("text"), chain(vec![item(&"long ".repeat(30))])));
    insta::assert_snapshot!(text);
}

#[test]
fn an_empty_list_says_of_what() {
    let references = References::default();
    let writer = Writer { references: &references };
    static ARGS: [ArgSchema; 1] = [ArgSchema {
        name: "zones",
        cfn: "",
        doc: "",
        shape: <Vec<String>>::SHAPE,
        rust: <Vec<String>>::RUST,
        required: false,
        default: Some(|| Value::List(vec!["a".into()])),
        change: formwork_engine::ChangeRule::Always(formwork_engine::Change::InPlace),
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        hazards: None,
        same: None,
        instead_of: None,
    }];
    let code = writer.chain("ec2::Thing", &ARGS, &Value::from([("zones", Value::List(Vec::new()))]));
    assert_eq!(statement(0, None, code), "ec2::Thing::builder().zones(Vec::<String>::new()).build();\n");
}

//! Files of Terraform and Pulumi that describe what stands in the account: `import` tells which is which, and takes it over.
//!
//! The fixtures have the shape that the tools write, with `{{name}}` in the places of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aws_sdk_ec2::types::{IpPermission, IpRange, Tag, TagSpecification};
use aws_sdk_s3::types as s3;
use formwork_aws::{Aws, AwsCloud};
use formwork_engine::Stack;
use localstack_tests::{REGION, Trial};
use serde_json::{Value, json};

use super::{Project, Ran, code, run};

const TERRAFORM: &str = include_str!("../../fixtures/migrate/terraform.tfstate");
const PULUMI: &str = include_str!("../../fixtures/migrate/pulumi.json");
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const READ: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// A project with the stack `moved`, and the account in which another tool has made it.
struct Moved {
    project: Project,
    ids: Vec<(&'static str, String)>,
}

impl Moved {
    async fn new() -> Self {
        let project = Project::new();
        let aws = AwsCloud::connect(project.account.config()).await.aws().await.unwrap();
        let bucket = format!("moved-{}", project.account.id);
        let mut ids = made(&aws, &bucket).await;
        ids.push(("account", project.account.id.clone()));
        ids.push(("bucket", bucket));
        let moved = Self { project, ids };
        moved.configure("reads");
        moved.project.called();
        moved
    }

    fn configure(&self, role_description: &str) {
        let text = format!(
            "cidr_block = \"10.20.0.0/16\"\nsubnets = {{ eu-west-1a = \"10.20.1.0/24\", eu-west-1b = \"10.20.2.0/24\" }}\n\
             bucket = \"{}\"\nrole_description = \"{role_description}\"\n\n\
             [aws]\naccount_id = \"{}\"\nregion = \"{REGION}\"\n",
            self.id("bucket"),
            self.project.account.id
        );
        std::fs::write(self.project.path("stacks/moved.toml"), text).unwrap();
    }

    fn id(&self, name: &str) -> &str {
        self.ids.iter().find(|(known, _)| *known == name).map(|(_, id)| id.as_str()).unwrap()
    }

    /// Writes a fixture with the ids in it.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let mut text = text.to_owned();
        for (known, id) in &self.ids {
            text = text.replace(&format!("{{{{{known}}}}}"), id);
        }
        assert!(!text.contains("{{"), "a placeholder without a value");
        let file = self.project.path(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    #[track_caller]
    fn expect(&self, line: &str, code: i32) -> Ran {
        expect(&self.project, line, code)
    }

    /// The operations that changed something since this was last asked.
    fn changed(&self) -> Vec<String> {
        let calls = self.project.account.news().into_iter().filter(|call| call.mutating);
        let mut operations: Vec<String> = calls.map(|call| call.operation).collect();
        operations.sort();
        operations.dedup();
        operations
    }
}

/// Runs the program of these stacks in a project's folder and environment.
#[track_caller]
fn expect(project: &Project, line: &str, code: i32) -> Ran {
    let small = project.command(line);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_moved"));
    command.args(line.split(' ')).current_dir(project.folder.path()).env_clear();
    command.stdin(std::process::Stdio::null());
    command.envs(small.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = run(&mut command);
    ran.expect(code);
    ran
}

/// Makes all of it as another tool would.
async fn made(aws: &Aws, bucket: &str) -> Vec<(&'static str, String)> {
    let ec2 = aws.ec2();
    let mut ids = Vec::new();
    let tags = TagSpecification::builder().resource_type("vpc".into());
    let tags = tags.tags(Tag::builder().key("Name").value("moved").build()).build();
    let vpc = ec2.create_vpc().cidr_block("10.20.0.0/16").tag_specifications(tags).send().await.unwrap();
    let vpc = vpc.vpc.unwrap().vpc_id.unwrap();
    let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
    ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(on).send().await.unwrap();
    let gateway = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let gateway = gateway.internet_gateway_id.unwrap();
    ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc).send().await.unwrap();
    let table = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap();
    let table = table.route_table_id.unwrap();
    let route = ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").gateway_id(&gateway);
    route.send().await.unwrap();
    for (name, association, zone, range) in [
        ("subnet_a", "association_a", "eu-west-1a", "10.20.1.0/24"),
        ("subnet_b", "association_b", "eu-west-1b", "10.20.2.0/24"),
    ] {
        let subnet = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(zone).send().await.unwrap();
        let subnet = subnet.subnet.unwrap().subnet_id.unwrap();
        let associated = ec2.associate_route_table().route_table_id(&table).subnet_id(&subnet).send().await.unwrap();
        ids.extend([(name, subnet), (association, associated.association_id.unwrap())]);
    }
    for name in ["address_1", "address_2"] {
        ids.push((name, ec2.allocate_address().send().await.unwrap().allocation_id.unwrap()));
    }
    let group = ec2.create_security_group().group_name("moved-app").description("what serves").vpc_id(&vpc);
    let group = group.send().await.unwrap().group_id.unwrap();
    for (name, port) in [("rule_80", 80), ("rule_443", 443)] {
        let range = IpRange::builder().cidr_ip("10.20.0.0/16").build();
        let allowed = IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build();
        let rule = ec2.authorize_security_group_ingress().group_id(&group).ip_permissions(allowed);
        let rule = rule.send().await.unwrap().security_group_rules.unwrap().remove(0);
        ids.push((name, rule.security_group_rule_id.unwrap()));
    }
    let iam = aws.iam();
    let role = iam.create_role().role_name("moved-app").description("reads").assume_role_policy_document(TRUST);
    role.send().await.unwrap();
    iam.attach_role_policy().role_name("moved-app").policy_arn(READ).send().await.unwrap();
    let list = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::{bucket}"}}]}}"#
    );
    iam.put_role_policy().role_name("moved-app").policy_name("list").policy_document(list).send().await.unwrap();
    files(aws, bucket).await;
    aws.logs().create_log_group().log_group_name("/moved/app").send().await.unwrap();
    aws.logs().put_retention_policy().log_group_name("/moved/app").retention_in_days(30).send().await.unwrap();
    ids.extend([("vpc", vpc), ("gateway", gateway), ("table", table), ("group", group)]);
    ids
}

/// The bucket, with what Terraform has types of their own for.
async fn files(aws: &Aws, bucket: &str) {
    let s3 = aws.s3();
    let place = s3::CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
    s3.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await.unwrap();
    let on = s3::VersioningConfiguration::builder().status(s3::BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on).send().await.unwrap();
    let closed = s3::PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    s3.put_public_access_block().bucket(bucket).public_access_block_configuration(closed).send().await.unwrap();
    let owner = s3::OwnershipControlsRule::builder().object_ownership(s3::ObjectOwnership::BucketOwnerEnforced);
    let owner = s3::OwnershipControls::builder().rules(owner.build().unwrap()).build().unwrap();
    s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(owner).send().await.unwrap();
    let aes = s3::ServerSideEncryptionByDefault::builder().sse_algorithm(s3::ServerSideEncryption::Aes256).build();
    let aes = s3::ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes.unwrap()).build();
    let aes = s3::ServerSideEncryptionConfiguration::builder().rules(aes).build().unwrap();
    s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(aes).send().await.unwrap();
    let expiry = s3::LifecycleRule::builder()
        .id("expiry")
        .status(s3::ExpirationStatus::Enabled)
        .filter(s3::LifecycleRuleFilter::builder().prefix("").build())
        .expiration(s3::LifecycleExpiration::builder().days(30).build());
    let rules = s3::BucketLifecycleConfiguration::builder().rules(expiry.build().unwrap()).build().unwrap();
    s3.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules).send().await.unwrap();
    let secure = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::{bucket}","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#
    );
    s3.put_bucket_policy().bucket(bucket).policy(secure).send().await.unwrap();
}

/// Status and path of every resource of a report, by the end of its address.
fn told(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let path = |urn: &Value| text(urn).split("::").nth(1).unwrap_or_default().to_owned();
    let resources = report["resources"].as_array().unwrap().iter();
    resources.map(|one| (text(&one["address"]), text(&one["status"]), path(&one["urn"]))).collect()
}

#[track_caller]
fn same(report: &Value, wanted: &[(&str, &str, &str)]) {
    let found = told(report);
    let found: Vec<(&str, &str, &str)> =
        found.iter().map(|(address, status, path)| (address.as_str(), status.as_str(), path.as_str())).collect();
    assert_eq!(found, wanted, "{report:#}");
}

/// The only calls that change something: those that say whose a thing is.
const MARKING: [&str; 5] = ["CreateTags", "PutBucketTagging", "TagLogGroup", "TagResource", "TagRole"];

/// Nothing of the secrets of a file is in what was printed or is kept.
#[track_caller]
fn keeps_no_canary(moved: &Moved, rans: &[&Ran]) {
    for ran in rans {
        assert!(!ran.out.contains("canary") && !ran.err.contains("canary"), "{ran:?}");
    }
    let state = moved.project.path(".formwork");
    let mut folders = vec![state];
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    looked += 1;
                    assert!(!holds(&path, b"canary"), "{}", path.display());
                }
            }
        }
    }
    assert!(looked > 0);
}

fn holds(file: &Path, word: &[u8]) -> bool {
    std::fs::read(file).unwrap().windows(word.len()).any(|window| window == word)
}

#[tokio::test]
async fn what_terraform_made_is_told_and_taken_over_with_nothing_but_marks() {
    let moved = Moved::new().await;
    let before = moved.project.account.listed();
    let state = moved.write("terraform.tfstate", TERRAFORM).display().to_string();
    let line = format!("import moved --from-terraform {state}");

    // Two addresses are alike, and a subnet is named that is not there.
    let report = moved.expect(&format!("{line} --json"), code::REFUSED);
    let zone = |zone: &str| format!("module.network.module.zone[\"{zone}\"]");
    let (a, b) = (zone("eu-west-1a"), zone("eu-west-1b"));
    let [subnet_a, subnet_b, gone] = [(&a, "10.20.1.0/24"), (&b, "10.20.2.0/24"), (&b, "10.20.3.0/24")]
        .map(|(zone, range)| format!("{zone}.aws_subnet.public[\"{range}\"]"));
    let [table_a, table_b] = [&a, &b].map(|zone| format!("{zone}.aws_route_table_association.public[0]"));
    same(
        &report.json(),
        &[
            ("data.aws_caller_identity.current", "left_out", ""),
            ("aws_iam_role.app", "matches", "app"),
            ("aws_iam_role_policy.list", "matches", "list"),
            ("aws_iam_role_policy_attachment.app[\"read\"]", "matches", "read"),
            ("aws_s3_bucket.files", "matches", "files"),
            ("aws_s3_bucket_lifecycle_configuration.files", "part", "files"),
            ("aws_s3_bucket_ownership_controls.files", "part", "files"),
            ("aws_s3_bucket_policy.files", "matches", "files"),
            ("aws_s3_bucket_public_access_block.files", "part", "files"),
            ("aws_s3_bucket_server_side_encryption_configuration.files", "part", "files"),
            ("aws_s3_bucket_versioning.files", "part", "files"),
            ("aws_cloudwatch_log_group.app", "matches", "app"),
            ("random_password.database", "unsupported", ""),
            ("aws_lambda_function.app", "unsupported", ""),
            ("aws_security_group.app", "matches", "app"),
            ("aws_security_group_rule.http", "matches", "port-80"),
            ("aws_security_group_rule.many", "unsupported", ""),
            ("aws_vpc_security_group_ingress_rule.https", "matches", "port-443"),
            ("module.network.aws_eip.spare[0]", "ambiguous", ""),
            ("module.network.aws_eip.spare[1]", "ambiguous", ""),
            ("module.network.aws_internet_gateway.main", "matches", "network/main"),
            ("module.network.aws_route.internet", "matches", "network/internet"),
            ("module.network.aws_route_table.public", "matches", "network/public"),
            ("module.network.aws_vpc.main", "matches", "network/main"),
            (&table_a, "matches", "network/eu-west-1a/public"),
            (&subnet_a, "matches", "network/eu-west-1a/public"),
            (&table_b, "matches", "network/eu-west-1b/public"),
            (&subnet_b, "matches", "network/eu-west-1b/public"),
            (&gone, "not_there", ""),
        ],
    );
    assert_eq!(moved.changed(), [""; 0], "a report changes nothing");
    assert!(!moved.project.path(".formwork/moved/log").exists(), "and writes nothing");

    let map = "\"module.network.aws_eip.spare[0]\" = \"network/spare-2\"\n";
    std::fs::write(moved.project.path("map.toml"), map).unwrap();
    let line = format!("{line} --map map.toml");
    let shown = moved.expect(&line, code::REFUSED);
    assert!(
        shown.out.contains("= module.network.aws_eip.spare[1] is network/spare-1 (ec2/elastic-ip)"),
        "{}",
        shown.out
    );
    assert!(
        shown.out.contains("· aws_s3_bucket_versioning.files is `versioning` of files (s3/bucket)"),
        "{}",
        shown.out
    );

    let done = moved.expect(&format!("{line} --yes"), code::DONE);
    let changed = moved.changed();
    assert!(changed.iter().all(|operation| MARKING.contains(&operation.as_str())), "{changed:?}");
    assert_eq!(moved.project.account.listed(), before, "nothing was made and nothing deleted");
    let plan = moved.expect("preview moved --detailed-exitcode", code::DONE);
    assert!(plan.out.contains("nothing to do: 19 resources are as declared"), "{}", plan.out);
    // What is left is what nobody can take over; the rest is there already.
    let again = moved.expect(&format!("{line} --yes --json"), code::REFUSED);
    assert!(again.out.contains("\"recorded\":19"), "{}", again.out);
    assert_eq!(moved.changed(), [""; 0]);
    keeps_no_canary(&moved, &[&report, &shown, &done, &again]);
}

#[tokio::test]
async fn what_pulumi_made_is_told_and_what_differs_is_shown_by_field() {
    let moved = Moved::new().await;
    let before = moved.project.account.listed();
    moved.configure("reads and lists");
    let export = moved.write("export.json", PULUMI).display().to_string();
    let map = "\"shop:net:Network$aws:ec2/eip:Eip::spare-0\" = \"network/spare-1\"\n";
    std::fs::write(moved.project.path("map.toml"), map).unwrap();
    let line = format!("import moved --from-pulumi {export} --map map.toml");

    let report = moved.expect(&format!("{line} --json"), code::DONE);
    let json = report.json();
    let counts = json!({ "differs": 1, "left_out": 5, "matches": 18, "part": 5 });
    assert_eq!(json["summary"], counts, "{json:#}");
    let role = json["resources"].as_array().unwrap().iter().find(|one| one["status"] == "differs").unwrap();
    let change = json!([{
        "path": "description", "observed": "reads", "declared": "reads and lists", "readable": true,
        "forces_replacement": false
    }]);
    assert_eq!((&role["kind"], &role["changes"]), (&"aws:iam/role".into(), &change));
    assert_eq!(moved.changed(), [""; 0]);

    let done = moved.expect(&format!("{line} --yes"), code::DONE);
    let changed = moved.changed();
    let others: Vec<&String> = changed.iter().filter(|operation| !MARKING.contains(&operation.as_str())).collect();
    assert_eq!(others, ["UpdateRole"], "{changed:?}");
    assert_eq!(moved.project.account.listed(), before);
    moved.expect("preview moved --detailed-exitcode", code::DONE);
    keeps_no_canary(&moved, &[&report, &done]);

    // It is the stack's own now: it goes with it.
    moved.expect("destroy moved --yes --allow-delete files app", code::DONE);
    assert_eq!(moved.project.account.listed(), []);
}

#[tokio::test]
async fn malformed_files_and_wrong_mappings_are_refused_and_nothing_is_called() {
    let moved = Moved::new().await;
    let state = moved.write("terraform.tfstate", TERRAFORM);
    let whole = std::fs::read_to_string(&state).unwrap();
    let export = moved.write("export.json", PULUMI).display().to_string();
    let state = state.display().to_string();
    std::fs::write(moved.project.path("cut.tfstate"), &whole[..whole.len() / 3]).unwrap();
    std::fs::write(moved.project.path("old.tfstate"), whole.replacen("\"version\": 4", "\"version\": 3", 1)).unwrap();
    std::fs::write(moved.project.path("wrong.toml"), "\"aws_iam_role.ap\" = \"app\"\n").unwrap();
    for (line, said) in [
        ("--from-terraform cut.tfstate".to_owned(), "cut.tfstate: line"),
        ("--from-terraform old.tfstate".to_owned(), "it is a state of format 3, and 4 is read"),
        ("--from-terraform nowhere.tfstate".to_owned(), "nowhere.tfstate: No such file"),
        (format!("--from-terraform {export}"), "it is a file of Pulumi's"),
        (format!("--from-pulumi {state}"), "it is a file of Terraform's"),
        (format!("--from-terraform {state} --map wrong.toml"), "did you mean `aws_iam_role.app`?"),
    ] {
        let refused = moved.expect(&format!("import moved {line} --yes"), code::BAD_INPUT);
        refused.says(&[said]);
        assert!(!refused.err.contains("canary"), "{}", refused.err);
    }
    assert_eq!(moved.project.called(), [""; 0]);
    assert!(!moved.project.path(".formwork/moved/log").exists());
}

/// What Terraform would say of a thing of ours: its type, and the attributes that its id is told by.
fn theirs(kind: &str, id: &str) -> (String, Value) {
    let parts: Vec<&str> = id.split('|').collect();
    let own = |terraform: &str, names: &[&str]| {
        assert_eq!(names.len(), parts.len(), "{kind} {id}");
        let attributes = names.iter().zip(&parts).map(|(name, part)| ((*name).to_owned(), Value::from(*part)));
        (terraform.to_owned(), attributes.collect::<serde_json::Map<_, _>>().into())
    };
    let same = |terraform: &str| own(terraform, &["id"]);
    match kind {
        "aws:acm/certificate-validation" => own("aws_acm_certificate_validation", &["certificate_arn"]),
        "aws:cloudcontrol/resource" => own("aws_cloudcontrolapi_resource", &["type_name", "id"]),
        "aws:cloudwatch/alarm" => same("aws_cloudwatch_metric_alarm"),
        "aws:ec2/client-vpn-authorization-rule" if parts.len() == 3 => own(
            "aws_ec2_client_vpn_authorization_rule",
            &["client_vpn_endpoint_id", "target_network_cidr", "access_group_id"],
        ),
        "aws:ec2/client-vpn-authorization-rule" => {
            own("aws_ec2_client_vpn_authorization_rule", &["client_vpn_endpoint_id", "target_network_cidr"])
        }
        "aws:ec2/client-vpn-endpoint" => same("aws_ec2_client_vpn_endpoint"),
        "aws:ec2/client-vpn-route" => own(
            "aws_ec2_client_vpn_route",
            &["client_vpn_endpoint_id", "destination_cidr_block", "target_vpc_subnet_id"],
        ),
        "aws:ec2/client-vpn-target-network-association" => {
            own("aws_ec2_client_vpn_network_association", &["client_vpn_endpoint_id", "association_id"])
        }
        "aws:ec2/key-pair" => own("aws_key_pair", &["key_pair_id"]),
        "aws:ec2/network-acl-association" => own("aws_network_acl_association", &["subnet_id"]),
        "aws:ec2/network-acl-entry" => own("aws_network_acl_rule", &["network_acl_id", "egress", "rule_number"]),
        "aws:ec2/prefix-list" => same("aws_ec2_managed_prefix_list"),
        "aws:eks/fargate-profile" => own("aws_eks_fargate_profile", &["cluster_name", "fargate_profile_name"]),
        "aws:elbv2/listener" => same("aws_lb_listener"),
        "aws:elbv2/listener-rule" => same("aws_lb_listener_rule"),
        "aws:elbv2/load-balancer" => same("aws_lb"),
        "aws:elbv2/target-group" => same("aws_lb_target_group"),
        "aws:iam/service-linked-role" => own("aws_iam_service_linked_role", &["name"]),
        "aws:route53/hosted-zone" => own("aws_route53_zone", &["zone_id"]),
        "aws:route53/record-set" if parts.len() == 4 => {
            own("aws_route53_record", &["zone_id", "fqdn", "type", "set_identifier"])
        }
        "aws:route53/record-set" => own("aws_route53_record", &["zone_id", "fqdn", "type"]),
        "aws:sns/subscription" => same("aws_sns_topic_subscription"),
        "aws:ec2/elastic-ip" => own("aws_eip", &["allocation_id"]),
        "aws:ec2/route" if id.contains("|pl-") => own("aws_route", &["route_table_id", "destination_prefix_list_id"]),
        "aws:ec2/route" if id.contains(':') => own("aws_route", &["route_table_id", "destination_ipv6_cidr_block"]),
        "aws:ec2/route" => own("aws_route", &["route_table_id", "destination_cidr_block"]),
        "aws:ec2/route-table-association" => own("aws_route_table_association", &["subnet_id"]),
        "aws:ec2/security-group-egress-rule" => same("aws_vpc_security_group_egress_rule"),
        "aws:ec2/security-group-ingress-rule" => same("aws_vpc_security_group_ingress_rule"),
        "aws:eks/access-entry" => own("aws_eks_access_entry", &["cluster_name", "principal_arn"]),
        "aws:eks/access-policy-association" => {
            own("aws_eks_access_policy_association", &["cluster_name", "principal_arn", "policy_arn"])
        }
        "aws:eks/addon" => own("aws_eks_addon", &["cluster_name", "addon_name"]),
        "aws:eks/node-group" => own("aws_eks_node_group", &["cluster_name", "node_group_name"]),
        "aws:eks/pod-identity-association" => {
            own("aws_eks_pod_identity_association", &["cluster_name", "association_id"])
        }
        "aws:iam/open-id-connect-provider" => same("aws_iam_openid_connect_provider"),
        "aws:iam/role-policy" => own("aws_iam_role_policy", &["role", "name"]),
        "aws:iam/role-policy-attachment" => own("aws_iam_role_policy_attachment", &["role", "policy_arn"]),
        "aws:logs/log-group" => same("aws_cloudwatch_log_group"),
        "aws:rds/instance" => own("aws_db_instance", &["identifier"]),
        "aws:rds/parameter-group" => same("aws_db_parameter_group"),
        "aws:rds/subnet-group" => same("aws_db_subnet_group"),
        other => {
            let name = other.strip_prefix("aws:").unwrap().replace('-', "_");
            same(&format!("aws_{}", name.strip_prefix("ec2/").unwrap_or(&name).replace('/', "_")))
        }
    }
}

/// A state of Terraform is made of everything that a stack has, and the stack forgets it: each thing is found under the id that the table
/// makes, and told to be the resource that it was. (It carries the tags of the forgotten stack, so that it is not taken over.)
#[tokio::test]
async fn one_of_every_type_is_found_by_its_id_and_told() {
    let trial = Trial::new(super::super::emulator()).await;
    let mut stack = Stack::new("tests", "every", BTreeMap::new());
    localstack_tests::examples(&mut stack);
    trial.up(&stack.finish().unwrap()).await.unwrap();
    let recorded = trial.recorded().unwrap();
    // Last first: what things need is told after them.
    let rows: Vec<_> = recorded.rows().values().rev().collect();
    let resources = rows.iter().enumerate().map(|(number, row)| {
        let (terraform, attributes) = theirs(row.kind.as_str(), &row.id);
        let instances = json!([{ "schema_version": 0, "attributes": attributes }]);
        json!({ "mode": "managed", "type": terraform, "name": format!("number-{number}"), "instances": instances })
    });
    let state = json!({ "version": 4, "terraform_version": "1.9.8", "resources": resources.collect::<Vec<_>>() });

    let Trial { account, .. } = trial;
    let endpoint = account.emulator.endpoint().to_owned();
    let project = Project { folder: tempfile::tempdir().unwrap(), account, endpoint };
    let text = format!("[aws]\naccount_id = \"{}\"\nregion = \"{REGION}\"\n", project.account.id);
    std::fs::create_dir_all(project.path("stacks")).unwrap();
    std::fs::write(project.path("stacks/every.toml"), text).unwrap();
    std::fs::write(project.path("every.tfstate"), state.to_string()).unwrap();
    let report = expect(&project, "import every --from-terraform every.tfstate --json", code::REFUSED).json();

    let mut kinds: BTreeSet<&str> = formwork_aws::schemas().iter().map(|schema| schema.kind).collect();
    kinds.retain(|kind| !kind.starts_with("aws:s3/"));
    for (one, row) in report["resources"].as_array().unwrap().iter().zip(&rows) {
        assert_eq!((&one["kind"], &one["id"]), (&row.kind.as_str().into(), &row.id.as_str().into()));
        let urn = Value::from(row.urn.as_str());
        let ambiguous = one["candidates"].as_array().is_some_and(|candidates| candidates.contains(&urn));
        // Some examples make the same network under what they are about: then both are named.
        assert!(one["urn"] == urn || ambiguous, "{one:#}");
        if one["urn"] == urn {
            kinds.remove(row.kind.as_str());
        }
    }
    assert!(kinds.is_empty(), "nothing was told of {kinds:?}");
}

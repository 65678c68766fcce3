//! A stack with mistakes in, and what is said of them.

use std::collections::BTreeMap;

use formwork_engine::graph::Graph;
use formwork_engine::observe::{Observations, Place};
use formwork_engine::plan::{self, Recorded};
use formwork_engine::preflight::{Intended, Problem, intended};
use formwork_engine::settings::Settings;
use formwork_engine::state::Snapshot;
use formwork_engine::{Input, IntoInput, ProviderName, Stack, prefix};

use super::{account, check, names};
use crate::acm::Certificate;
use crate::arn::Arn;
use crate::cloudfront::{
    Behavior, Distribution, ErrorResponse, MinimumProtocolVersion, Origin, PathBehavior, SslSupportMethod,
    ViewerCertificate, managed,
};
use crate::ec2::{SecurityGroup, SecurityGroupIngressRule, Subnet, Vpc};
use crate::eks::Cluster;
use crate::iam::{PolicyDocument, Principal, Role, RolePolicy, Statement};
use crate::kms::Key;
use crate::rds::SubnetGroup;
use crate::replay::Replay;

pub(super) fn planned(declare: impl FnOnce(&mut Stack)) -> Vec<Intended> {
    let mut stack = Stack::new("test", "test", BTreeMap::new());
    declare(&mut stack);
    let program = stack.finish().unwrap();
    let graph = Graph::new(&program).unwrap();
    let mut seen = Observations::default();
    let place = Place { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
    seen.places.insert(ProviderName::default(), place);
    let recorded = Recorded::of(&Snapshot::default());
    let plan = plan::make(&graph, &recorded, &seen, &Settings::default()).unwrap();
    intended(&graph, &plan, &recorded)
}

pub(super) fn said(found: &[Problem]) -> Vec<String> {
    found.iter().map(|problem| format!("{}: {}", problem.urn.path(), problem.reason)).collect()
}

fn problems(declare: impl FnOnce(&mut Stack)) -> Vec<String> {
    said(&check(&planned(declare)))
}

#[test]
fn everything_that_is_wrong_is_found_at_once_with_its_source_line() {
    let found = check(&planned(|stack| {
        let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
        stack.add(
            "outside",
            Subnet::builder().vpc(&vpc).cidr_block("10.1.0.0/24").availability_zone("us-east-1a").build(),
        );
        stack.add("first", Subnet::builder().vpc(&vpc).cidr_block("10.0.0.0/23").build());
        stack.add("second", Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
        stack.add("none", Subnet::builder().vpc(&vpc).cidr_block("10.0.300.0/24").build());
        stack.add("tiny", Subnet::builder().vpc(&vpc).cidr_block("10.0.9.0/30").build());
    }));
    assert_eq!(
        said(&found),
        [
            "none: `cidr_block` is \"10.0.300.0/24\", which is no range of addresses",
            "outside: `availability_zone` is us-east-1a, which is no zone of eu-west-1",
            "outside: `cidr_block` 10.1.0.0/24 lies outside of main, which has 10.0.0.0/16",
            "second: `cidr_block` 10.0.1.0/24 shares addresses with 10.0.0.0/23 of first",
            "tiny: `cidr_block` is 10.0.9.0/30, and AWS takes prefixes from /16 to /28",
        ]
    );
    assert!(found.iter().all(|problem| problem.source.is_some() && !problem.hint.is_empty()));
}

#[test]
fn subnets_of_two_networks_may_have_the_same_addresses() {
    let found = problems(|stack| {
        for name in ["one", "other"] {
            let vpc = stack.add(name, Vpc::builder().cidr_block("10.0.0.0/16").build());
            stack.add(&format!("{name}-a"), Subnet::builder().vpc(&vpc).cidr_block("10.0.0.0/24").build());
        }
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn rules_that_contradict_themselves_or_each_other_are_named() {
    let found = problems(|stack| {
        let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
        let group = stack.add("web", SecurityGroup::builder().vpc(&vpc).name("web").description("web").build());
        let new = || SecurityGroupIngressRule::builder().security_group(&group);
        stack.add("https", new().protocol("tcp").from_port(443).to_port(443).cidr_ipv4("10.0.0.0/8").build());
        // The same in other words.
        stack.add("again", new().protocol("6").from_port(443).to_port(443).cidr_ipv4("10.1.2.3/8").build());
        stack.add("turned", new().protocol("udp").from_port(9).to_port(8).cidr_ipv4("10.0.0.0/8").build());
        stack.add("all", new().protocol("all").from_port(1).cidr_ipv4("10.0.0.0/8").build());
        stack.add("nobody", new().protocol("tcp").from_port(1).to_port(1).build());
        stack.add(
            "two",
            new().protocol("tcp").from_port(7).to_port(7).cidr_ipv4("10.0.0.0/8").cidr_ipv6("::/0").build(),
        );
        stack.add("portless", new().protocol("tcp").cidr_ipv4("10.0.0.0/8").build());
        stack.add("beyond", new().protocol("tcp").from_port(1).to_port(70000).cidr_ipv4("10.0.0.0/8").build());
    });
    assert_eq!(
        found,
        [
            "again: `protocol` of group, ports and peer is that of https too",
            "all: `from_port` is given for all protocols, which have no ports",
            "beyond: `to_port` is 70000, which is no port",
            "nobody: `cidr_ipv4` is missing, and so are cidr_ipv6, prefix_list, referenced_group",
            "portless: `from_port` is missing, and tcp needs it",
            "portless: `to_port` is missing, and tcp needs it",
            "turned: `from_port` 9 lies after `to_port` 8",
            "two: `cidr_ipv4` and `cidr_ipv6` are both given",
        ]
    );
}

#[test]
fn documents_are_judged_by_what_they_are_attached_to_also_where_a_part_is_not_known() {
    let trust = || {
        PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")])
    };
    let found = problems(|stack| {
        let key = stack.add("key", Key::builder().description("x").build());
        let role = stack.add("sound", Role::builder().name("sound").assume_role_policy(trust()).build());
        let sound = Statement::allow().action("kms:Decrypt").resource(&key.arn);
        stack.add(
            "of-key",
            RolePolicy::builder().role(&role).name("of-key").policy(PolicyDocument::of([sound])).build(),
        );
        let wrong = Statement::allow().action("decrypt").resource("key/1").principal(Principal::aws(&role.arn));
        stack.add("wrong", RolePolicy::builder().role(&role).name("wrong").policy(PolicyDocument::of([wrong])).build());
        let text = r#"{"Version":"2012","Statement":[{"Effect":"allow","Action":"sts:AssumeRole","Resource":"*","Who":1}],"X":1}"#;
        stack.add("text", Role::builder().name("text").assume_role_policy(text).build());
        let long = (0..200)
            .map(|at| format!("s3:GetObject{at:0>40}"))
            .fold(Statement::allow(), |it, action| it.action(action));
        let long = PolicyDocument::of([long.resource("*")]);
        stack.add("long", RolePolicy::builder().role(&role).name("long").policy(long.clone()).build());
        let managed = crate::iam::Policy::builder().name("long").policy(long).build();
        stack.add("managed", managed);
    });
    assert_eq!(
        found,
        [
            "long: `policy` has 11083 characters, and AWS takes 10240",
            "managed: `policy` has 11083 characters, and AWS takes 6144",
            "text: `assume_role_policy` has `X`, which no policy has",
            "text: `assume_role_policy` is of version \"2012\", and there are 2012-10-17 and 2008-10-17",
            "text: `assume_role_policy` statement 0: it has `Who`, which no statement has",
            "text: `assume_role_policy` statement 0: it has a `Resource`, which a trust policy has not: the role itself is meant",
            "text: `assume_role_policy` statement 0: it has no `Principal`",
            "text: `assume_role_policy` statement 0: its effect is \"allow\", and there are Allow and Deny",
            "wrong: `policy` statement 0: it has a `Principal`, which the policy of an identity has not: whoever has it is meant",
            "wrong: `policy` statement 0: its action \"decrypt\" is not written service:Action",
            "wrong: `policy` statement 0: its resource \"key/1\" is neither an ARN nor `*`",
        ]
    );
}

#[test]
fn names_are_held_against_the_limits_of_their_service() {
    let found = problems(|stack| {
        let trust =
            r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        stack.add("long", Role::builder().name("x".repeat(65)).assume_role_policy(trust).build());
        stack.add("long-prefix", Role::builder().name(prefix("x".repeat(56))).assume_role_policy(trust).build());
        stack.add("fits", Role::builder().name(prefix("x".repeat(55))).assume_role_policy(trust).build());
        stack.add("blank", Role::builder().name("a b").assume_role_policy(trust).build());
        stack.add("bucket", crate::s3::Bucket::builder().name("My_Bucket-").build());
        stack.add("bucket-prefix", crate::s3::Bucket::builder().name(prefix("images-")).build());
        stack.add("tagged", Key::builder().description("x").tags([("aws:team", "a"), ("team", "b")]).build());
    });
    assert_eq!(
        found,
        [
            "blank: `name` is \"a b\": it has ' ', and AWS takes letters, digits and _ + = , . @ -",
            "bucket: `name` is \"My_Bucket-\": it ends with neither a letter nor a digit",
            "bucket: `name` is \"My_Bucket-\": it has '_', and AWS takes letters, digits and . -",
            "bucket: `name` is \"My_Bucket-\": it has capital letters",
            &format!(
                "long-prefix: `name` is \"{}\": it has 65 characters with its suffix, and AWS takes 1 to 64",
                "x".repeat(56)
            ),
            &format!("long: `name` is \"{}\": it has 65 characters, and AWS takes 1 to 64", "x".repeat(65)),
            "tagged: `tags` has `aws:team`, and keys that begin with `aws:` are AWS's own",
        ]
    );
    assert_eq!(names::dangling(), Vec::<String>::new());
}

#[test]
fn what_needs_two_zones_gets_two() {
    let found = problems(|stack| {
        let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
        let mut subnet = |name: &str, range: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(range).availability_zone(zone).build())
        };
        let (a, b) = (subnet("a", "10.0.0.0/24", "eu-west-1a"), subnet("b", "10.0.1.0/24", "eu-west-1a"));
        let c = subnet("c", "10.0.2.0/24", "eu-west-1b");
        let group = |subnets: [&formwork_engine::Handle<Subnet>; 2]| {
            SubnetGroup::builder().name("db").description("db").subnets(subnets.map(|subnet| subnet.id.clone())).build()
        };
        stack.add("one-zone", group([&a, &b]));
        let trust =
            r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        let role = stack.add("role", Role::builder().name("eks").assume_role_policy(trust).build());
        let cluster = |range: &str| {
            let subnets = [&a, &c].map(|subnet| subnet.id.clone());
            Cluster::builder().name("eks").role_arn(&role.arn).subnets(subnets).service_ipv4_cidr(range).build()
        };
        stack.add("shared", cluster("10.0.128.0/20"));
    });
    assert_eq!(
        found,
        [
            "one-zone: `subnets` lie all in eu-west-1a, and RDS needs subnets in two zones",
            "shared: `service_ipv4_cidr` 10.0.128.0/20 shares addresses with 10.0.0.0/16 of main",
        ]
    );
}

#[test]
fn a_distribution_has_its_certificate_from_one_region_and_origins_that_there_are() {
    let found = problems(|stack| {
        let bucket = || Origin::builder().id("bucket").domain_name("acme.s3.eu-west-1.amazonaws.com").build();
        let behavior = || Behavior::builder().target_origin("bucket").cache_policy(managed::caching_optimized());
        let plain = || Distribution::builder().origins([bucket()]);
        let certificate =
            |arn| ViewerCertificate::acm(arn, SslSupportMethod::SniOnly, MinimumProtocolVersion::Tls12_2021);
        let here = stack.add("here", Certificate::builder().domain_name("example.com").build());
        let of = |arn: Input<Arn<Certificate>>, name: &str| {
            plain().default_cache_behavior(behavior().build()).viewer_certificate(certificate(arn)).aliases([name])
        };
        stack.add("made", of((&here.arn).into_input(), "a.example.com").build());
        let arn = |region: &str| Arn::new(format!("arn:aws:acm:{region}:123456789012:certificate/1")).into_input();
        stack.add("found", of(arn("eu-west-1"), "b.example.com").build());
        stack.add("sound", of(arn("us-east-1"), "c.example.com").build());
        stack.add("taken", of(arn("us-east-1"), "c.example.com").build());
        let nameless = plain().default_cache_behavior(behavior().build()).aliases(["d.example.com"]);
        stack.add("nameless", nameless.comment("x".repeat(129)).default_root_object("/index.html").build());
        let other = Behavior::builder().target_origin("api").build();
        let path = || PathBehavior::builder().path_pattern("/a/*").behavior(behavior().build()).build();
        let error = ErrorResponse::builder().error_code(401).build();
        let lost = plain().default_cache_behavior(other).cache_behaviors([path(), path()]);
        stack.add("lost", lost.custom_error_responses([error]).build());
    });
    assert_eq!(
        found,
        [
            "found: `viewer_certificate.certificate` is a certificate in eu-west-1",
            "lost: `cache_behaviors` has /a/* twice",
            "lost: `custom_error_responses` has one for 401, which CloudFront does not answer otherwise",
            "lost: `default_cache_behavior` has no `cache_policy`",
            "lost: `default_cache_behavior` is for api, which is none of `origins` and `origin_groups`",
            "made: `viewer_certificate.certificate` is here, which lies in eu-west-1",
            "nameless: `aliases` has d.example.com, and `viewer_certificate` proves CloudFront's own name only",
            "nameless: `comment` has 129 characters, and CloudFront takes 128",
            "nameless: `default_root_object` is \"/index.html\", and begins with a slash",
            "taken: `aliases` has c.example.com, which sound has too",
        ]
    );
}

/// Quotas of addresses and of roles, as AWS answers.
fn quotas(call: &BTreeMap<String, String>) -> (u16, String) {
    let ec2 = |name: &str, body: &str| {
        format!("<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{body}</{name}Response>")
    };
    let answer = match call["Action"].as_str() {
        "DescribeAccountAttributes" if call["Version"] == "2016-11-15" => ec2(
            "DescribeAccountAttributes",
            "<accountAttributeSet><item><attributeName>vpc-max-elastic-ips</attributeName><attributeValueSet><item>\
             <attributeValue>5</attributeValue></item></attributeValueSet></item></accountAttributeSet>",
        ),
        "DescribeAddresses" => {
            let item = |at| format!("<item><allocationId>eipalloc-{at}</allocationId></item>");
            ec2("DescribeAddresses", &format!("<addressesSet>{}</addressesSet>", (0..4).map(item).collect::<String>()))
        }
        "GetAccountSummary" => {
            return (
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
                    .to_owned(),
            );
        }
        other => panic!("{other} is not asked"),
    };
    (200, answer)
}

#[tokio::test]
async fn what_goes_beyond_a_quota_is_named_and_a_quota_that_may_not_be_read_is_a_warning() {
    let (replay, _, aws) = Replay::of(quotas).await;
    let made = planned(|stack| {
        for name in ["a", "b", "c"] {
            stack.add(name, crate::ec2::ElasticIp::builder().build());
        }
        let trust =
            r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        stack.add("role", Role::builder().name("role").assume_role_policy(trust).build());
    });
    let found = account::ask(&aws, &made, false).await;
    let reason = "`domain` cannot be had: the account may have 5 addresses, and 1 are left";
    assert_eq!(said(&found.problems), [format!("b: {reason}"), format!("c: {reason}")]);
    assert!(
        found.warnings.len() == 1 && found.warnings[0].starts_with("quotas of IAM could not be checked"),
        "{found:?}"
    );
    assert_eq!(replay.made("DescribeAddresses").len(), 1);
    // Nothing is made: nothing is asked.
    let logs = planned(|stack| drop(stack.add("logs", crate::logs::LogGroup::builder().name("logs").build())));
    assert_eq!(account::ask(&aws, &logs, false).await, formwork_engine::preflight::Preflight::default());
}

#[tokio::test]
async fn a_version_that_is_not_there_is_named_with_those_that_are() {
    let (_, _, aws) = Replay::of(|call| {
        let versions = match call["Action"].as_str() {
            "DescribeDBEngineVersions" => ["16.3", "16.4", "17.1"],
            "DescribeOrderableDBInstanceOptions" => return (200, String::from(
                "<DescribeOrderableDBInstanceOptionsResponse><DescribeOrderableDBInstanceOptionsResult><OrderableDBInstanceOptions>\
                 <OrderableDBInstanceOption><EngineVersion>16.4</EngineVersion></OrderableDBInstanceOption>\
                 </OrderableDBInstanceOptions></DescribeOrderableDBInstanceOptionsResult></DescribeOrderableDBInstanceOptionsResponse>")),
            "DescribeAccountAttributes" => return (200, String::from(
                "<DescribeAccountAttributesResponse><DescribeAccountAttributesResult><AccountQuotas/></DescribeAccountAttributesResult></DescribeAccountAttributesResponse>")),
            "ListRoles" => return (200, String::from(
                "<ListRolesResponse><ListRolesResult><Roles/></ListRolesResult></ListRolesResponse>")),
            other => panic!("{other} is not asked"),
        };
        let versions = versions.map(|it| format!("<DBEngineVersion><EngineVersion>{it}</EngineVersion></DBEngineVersion>"));
        let body = format!("<DBEngineVersions>{}</DBEngineVersions>", versions.concat());
        let name = "DescribeDBEngineVersions";
        (200, format!("<{name}Response><{name}Result>{body}</{name}Result></{name}Response>"))
    })
    .await;
    let of = |version: &'static str| {
        planned(move |stack| {
            let instance = crate::rds::Instance::builder().identifier("db").engine("postgres").engine_version(version);
            drop(stack.add("db", instance.instance_class("db.t4g.micro").build()));
        })
    };
    let found = account::ask(&aws, &of("16.9"), false).await;
    assert_eq!(said(&found.problems), ["db: `engine_version` is 16.9, which RDS does not have of postgres"]);
    assert_eq!(found.problems[0].hint, "of 16 it has 16.3, 16.4");
    assert!(account::ask(&aws, &of("16"), false).await.problems.is_empty());
}

#[tokio::test]
async fn versions_of_clusters_are_looked_at_too() {
    let (_, _, aws) = Replay::of(|call| {
        let (name, body) = match call["Action"].as_str() {
            "DescribeDBEngineVersions" => {
                let versions = ["16.8", "17.4"];
                let each = versions.map(|it| format!("<DBEngineVersion><EngineVersion>{it}</EngineVersion></DBEngineVersion>"));
                ("DescribeDBEngineVersions", format!("<DBEngineVersions>{}</DBEngineVersions>", each.concat()))
            }
            "DescribeAccountAttributes" => {
                let quota = "<AccountQuota><AccountQuotaName>DBClusters</AccountQuotaName><Used>40</Used><Max>40</Max></AccountQuota>";
                ("DescribeAccountAttributes", format!("<AccountQuotas>{quota}</AccountQuotas>"))
            }
            "ListRoles" => return (200, String::from(
                "<ListRolesResponse><ListRolesResult><Roles/></ListRolesResult></ListRolesResponse>")),
            other => panic!("{other} is not asked"),
        };
        (200, format!("<{name}Response><{name}Result>{body}</{name}Result></{name}Response>"))
    })
    .await;
    let made = planned(|stack| {
        let cluster = crate::rds::Cluster::builder().identifier("db").engine("aurora-postgresql").engine_version("15");
        drop(stack.add("db", cluster.build()));
    });
    let found = account::ask(&aws, &made, false).await;
    assert_eq!(
        said(&found.problems),
        [
            "db: `engine_version` is 15, which RDS does not have of aurora-postgresql",
            "db: `identifier` cannot be had: the account may have 40 database clusters, and 0 are left",
        ]
    );
}

//! Zones that EKS, a class of database or a type of machine does not support.

use std::collections::BTreeMap;

use formwork_engine::plan::Op;
use formwork_engine::preflight::{Intended, Problem};
use formwork_engine::{Handle, Stack};

use super::tests::{planned, said};
use super::zones::Zones;
use super::{databases, machines, zones};
use crate::ec2::{Instance, Subnet, Vpc};
use crate::eks::{Cluster, NodeGroup};
use crate::rds;
use crate::replay::Replay;

/// EC2 and RDS of a region: zones with ids, classes by engine and version, types of machines.
fn region(call: &BTreeMap<String, String>) -> (u16, String) {
    let ec2 = |name: &str, set: &str, rows: String| {
        let space = "http://ec2.amazonaws.com/doc/2016-11-15/";
        (200, format!("<{name}Response xmlns=\"{space}\"><{set}>{rows}</{set}></{name}Response>"))
    };
    let all = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    match call["Action"].as_str() {
        "DescribeAvailabilityZones" => {
            // The ids are those that the table of zones without EKS has, as if it were about this region.
            let row = |(name, id)| format!("<item><zoneName>{name}</zoneName><zoneId>{id}</zoneId></item>");
            let rows = [("eu-west-1a", "euw1-az2"), ("eu-west-1b", "euw1-az3"), ("eu-west-1c", "euw1-az1")].map(row);
            ec2("DescribeAvailabilityZones", "availabilityZoneInfo", rows.concat())
        }
        "DescribeInstanceTypeOfferings" => {
            let offered = [("m7g.large", &all[..]), ("a1.large", &all[..2]), ("c9.large", &all[2..])];
            let rows = offered.iter().flat_map(|(sort, zones)| {
                zones.iter().map(move |zone| {
                    format!("<item><instanceType>{sort}</instanceType><location>{zone}</location></item>")
                })
            });
            ec2("DescribeInstanceTypeOfferings", "instanceTypeOfferingSet", rows.collect())
        }
        "DescribeOrderableDBInstanceOptions" => {
            let options: &[(&str, &[&str])] = match (call["Engine"].as_str(), call["DBInstanceClass"].as_str()) {
                ("postgres", "db.r6g.large") => &[("16.3", &all[..]), ("16.10", &all[..]), ("17.1", &all[..])],
                ("postgres", "db.old.large") => &[("12.22", &all[..])],
                ("postgres", "db.x2g.large") => &[("16.3", &all[..1]), ("16.10", &all[..1])],
                ("aurora-postgresql", "db.r6g.large") => &[("16.8", &all[2..])],
                _ => &[],
            };
            let zone = |zone: &&str| format!("<AvailabilityZone><Name>{zone}</Name></AvailabilityZone>");
            let row = |(version, zones): &(&str, &[&str])| {
                let zones: String = zones.iter().map(zone).collect();
                format!(
                    "<OrderableDBInstanceOption><EngineVersion>{version}</EngineVersion>\
                     <AvailabilityZones>{zones}</AvailabilityZones></OrderableDBInstanceOption>"
                )
            };
            let rows: String = options.iter().map(row).collect();
            let name = "DescribeOrderableDBInstanceOptions";
            let list = format!("<OrderableDBInstanceOptions>{rows}</OrderableDBInstanceOptions>");
            (200, format!("<{name}Response><{name}Result>{list}</{name}Result></{name}Response>"))
        }
        other => panic!("{other} is not asked"),
    }
}

/// A subnet in each zone, the last one placed by its id.
fn subnets(stack: &mut Stack) -> [Handle<Subnet>; 3] {
    let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
    let subnet = |number: u8| Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{number}.0/24"));
    [
        stack.add("a", subnet(0).availability_zone("eu-west-1a").build()),
        stack.add("b", subnet(1).availability_zone("eu-west-1b").build()),
        stack.add("c", subnet(2).availability_zone_id("euw1-az1").build()),
    ]
}

fn group(stack: &mut Stack, name: &str, subnets: &[&Handle<Subnet>]) -> Handle<rds::SubnetGroup> {
    let ids: Vec<_> = subnets.iter().map(|subnet| subnet.id.clone()).collect();
    stack.add(name, rds::SubnetGroup::builder().name(name).description("of databases").subnets(ids).build())
}

async fn of_databases(intended: &[Intended], besides: &[Problem]) -> (Replay, Vec<Problem>) {
    let (replay, _, aws) = Replay::of(region).await;
    let found = databases::check(&aws, &mut Zones::of(&aws), intended, besides).await.unwrap();
    (replay, found)
}

#[tokio::test]
async fn a_class_is_held_against_the_version_and_the_zones_of_the_subnets() {
    let made = planned(|stack| {
        let [a, b, c] = subnets(stack);
        let (ab, bc) = (group(stack, "ab", &[&a, &b]), group(stack, "bc", &[&b, &c]));
        let postgres = |name: &'static str, class: &str| {
            let new = rds::Instance::builder().identifier(name).engine("postgres").engine_version("16");
            new.instance_class(class)
        };
        let new = |name| postgres(name, "db.x2g.large");
        stack.add("sound", postgres("sound", "db.r6g.large").subnet_group(&ab).multi_az(true).build());
        stack.add("none", postgres("none", "db.t9.large").subnet_group(&ab).build());
        stack.add("earlier", postgres("earlier", "db.old.large").subnet_group(&ab).build());
        stack.add("single", new("single").subnet_group(&ab).build());
        stack.add("spread", new("spread").subnet_group(&ab).multi_az(true).build());
        stack.add("elsewhere", new("elsewhere").subnet_group(&bc).build());
        stack.add("placed", new("placed").subnet_group(&ab).availability_zone("eu-west-1b").build());
        stack.add("default", new("default").build());
        let aurora = |name: &'static str, group| {
            let new = rds::Cluster::builder().identifier(name).engine("aurora-postgresql").engine_version("16");
            new.subnet_group(group).build()
        };
        let (near, far) = (stack.add("near", aurora("near", &bc)), stack.add("far", aurora("far", &ab)));
        let member = |name: &'static str, cluster: &Handle<rds::Cluster>| {
            let new = rds::ClusterInstance::builder().identifier(name).cluster(cluster).engine(&cluster.engine);
            new.instance_class("db.r6g.large").build()
        };
        stack.add("member", member("member", &near));
        stack.add("far-member", member("far-member", &far));
        let three = rds::Cluster::builder().identifier("three").engine("postgres").engine_version("16");
        stack.add("three", three.instance_class("db.x2g.large").subnet_group(&bc).build());
    });
    let (replay, mut found) = of_databases(&made, &[]).await;
    found.sort();
    assert_eq!(
        said(&found),
        [
            "earlier: `instance_class` is db.old.large, which RDS does not have for postgres 16",
            "elsewhere: `instance_class` is db.x2g.large, which RDS does not have for postgres 16 where bc has subnets: \
             eu-west-1b, eu-west-1c",
            "far-member: `instance_class` is db.r6g.large, which RDS does not have for aurora-postgresql 16 where ab has \
             subnets: eu-west-1a, eu-west-1b",
            "none: `instance_class` is db.t9.large, which RDS does not have for postgres 16",
            "placed: `availability_zone` is eu-west-1b, where RDS does not have db.x2g.large for postgres 16",
            "spread: `instance_class` is db.x2g.large, which RDS has for postgres 16 in eu-west-1a alone of the zones of \
             ab, and 2 are needed",
            "three: `instance_class` is db.x2g.large, which RDS does not have for postgres 16 where bc has subnets: \
             eu-west-1b, eu-west-1c",
        ]
    );
    let hints: Vec<&str> = found.iter().map(|problem| problem.hint.as_str()).collect();
    assert_eq!(hints[0], "postgres 12.22 has it, and so may others");
    assert_eq!(hints[1], "it has it in eu-west-1a: choose another class, or subnets there");
    assert!(found.iter().all(|problem| problem.source.is_some()));
    // Once per engine and class, whatever the versions and however many there are.
    assert_eq!(replay.made("DescribeOrderableDBInstanceOptions").len(), 5);
    assert_eq!(replay.made("DescribeAvailabilityZones").len(), 1);
    // A version that is none is said of the version.
    let said_already =
        [made.iter().find(|one| one.urn.path() == "none").unwrap().problem("engine_version", "is 16", "")];
    assert_eq!(of_databases(&made, &said_already).await.1.len(), 6);
}

#[tokio::test]
async fn what_stays_or_changes_otherwise_is_not_asked_for() {
    let mut made = planned(|stack| {
        let [a, b, _] = subnets(stack);
        let ab = group(stack, "ab", &[&a, &b]);
        let postgres = rds::Instance::builder().identifier("db").engine("postgres").engine_version("16");
        stack.add("db", postgres.instance_class("db.t9.large").subnet_group(&ab).build());
        stack.add("host", Instance::builder().instance_type("m9.large").subnet(&a).build());
    });
    let changes = |made: &mut [Intended], arg: &str| {
        for one in made {
            (one.op, one.changed) = (Op::Update, [arg.to_owned()].into());
        }
    };
    changes(&mut made, "tags");
    let (replay, found) = of_databases(&made, &[]).await;
    let (other, _, aws) = Replay::of(region).await;
    let hosts = machines::check(&aws, &mut Zones::of(&aws), &made).await.unwrap();
    assert!(found.is_empty() && hosts.problems.is_empty() && hosts.warnings.is_empty());
    assert!(replay.made("DescribeOrderableDBInstanceOptions").is_empty());
    assert!(other.made("DescribeInstanceTypeOfferings").is_empty());
    changes(&mut made, "instance_class");
    assert_eq!(of_databases(&made, &[]).await.1.len(), 1);
    changes(&mut made, "instance_type");
    assert_eq!(machines::check(&aws, &mut Zones::of(&aws), &made).await.unwrap().problems.len(), 1);
}

#[tokio::test]
async fn machines_that_no_zone_offers_are_refused_and_those_that_some_lack_are_a_warning() {
    let made = planned(|stack| {
        let [a, b, c] = subnets(stack);
        let host = |sort: &str, subnet| Instance::builder().instance_type(sort).subnet(subnet).build();
        stack.add("sound", host("m7g.large", &c));
        stack.add("nowhere", host("m9.large", &a));
        stack.add("elsewhere", host("c9.large", &b));
        stack.add("here", host("c9.large", &c));
        let of = |name: &'static str, subnets: [&Handle<Subnet>; 2], types: [&'static str; 2]| {
            let group = NodeGroup::builder().cluster(crate::eks::ClusterName::new("main")).name(name);
            let group = group.node_role_arn(crate::Arn::new("arn:aws:iam::123456789012:role/nodes"));
            group.subnets(subnets.map(|subnet| subnet.id.clone())).instance_types(types).build()
        };
        stack.add("nodes", of("nodes", [&b, &c], ["m7g.large", "a1.large"]));
        stack.add("lost", of("lost", [&a, &b], ["m7g.large", "c9.large"]));
    });
    let (replay, _, aws) = Replay::of(region).await;
    let mut found = machines::check(&aws, &mut Zones::of(&aws), &made).await.unwrap();
    found.problems.sort();
    assert_eq!(
        said(&found.problems),
        [
            "elsewhere: `instance_type` is c9.large, which is not offered in eu-west-1b",
            "lost: `instance_types` has c9.large, which is not offered in eu-west-1a, eu-west-1b",
            "nowhere: `instance_type` is m9.large, which eu-west-1 does not offer",
        ]
    );
    assert_eq!(found.problems[0].hint, "it is offered in eu-west-1c");
    let warning = "nodes: a1.large is not offered in eu-west-1c: nodes of that type will be in eu-west-1b only";
    assert_eq!(found.warnings, [warning]);
    assert_eq!(replay.made("DescribeInstanceTypeOfferings").len(), 1, "one question for all types");
}

#[tokio::test]
async fn a_control_plane_is_not_put_where_eks_has_none_whatever_the_account_calls_that_zone() {
    let of_region = |region: &'static str| {
        let mut made = planned(|stack| {
            let [a, b, c] = subnets(stack);
            let ids = [&a, &b, &c].map(|subnet| subnet.id.clone());
            let role = crate::Arn::new("arn:aws:iam::123456789012:role/eks");
            stack.add("main", Cluster::builder().name("main").role_arn(role).subnets(ids).build());
        });
        made.iter_mut().for_each(|one| region.clone_into(&mut one.region));
        made
    };
    let names = [("eu-west-1a", "euw1-az2"), ("eu-west-1b", "use1-az3"), ("eu-west-1c", "euw1-az1")];
    let names: BTreeMap<String, String> = names.map(|(name, id)| (name.to_owned(), id.to_owned())).into();
    let found = zones::without_control_planes(&of_region("us-east-1"), &names);
    assert_eq!(
        said(&found),
        ["main: `subnets` has b in eu-west-1b (use1-az3 for everybody), where EKS has no control planes"]
    );
    assert_eq!(found[0].hint, "put that subnet into another zone: eu-west-1a, eu-west-1c");
    // A region that has them everywhere is not asked for its zones.
    let (replay, _, aws) = Replay::of(region).await;
    assert!(zones::control_planes(&mut Zones::of(&aws), &of_region("eu-west-1")).await.unwrap().is_empty());
    assert!(replay.made("DescribeAvailabilityZones").is_empty());
}

#[tokio::test]
async fn who_may_not_ask_is_warned_and_nothing_is_refused() {
    let refuse = |call: &BTreeMap<String, String>| {
        let error = |code: &str| format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
        match call["Version"].as_str() {
            "2016-11-15" => (403, format!("<Response><Errors>{}</Errors></Response>", error("UnauthorizedOperation"))),
            _ => (403, format!("<ErrorResponse>{}</ErrorResponse>", error("AccessDenied"))),
        }
    };
    let (_, _, aws) = Replay::of(refuse).await;
    let made = planned(|stack| {
        let postgres = rds::Instance::builder().identifier("db").engine("postgres").engine_version("16");
        stack.add("db", postgres.instance_class("db.r6g.large").build());
        stack.add("host", Instance::builder().instance_type("m7g.large").build());
    });
    let found = super::account::ask(&aws, &made, true).await;
    assert!(found.problems.is_empty(), "{found:?}");
    for what in ["classes of databases", "types of machines"] {
        let said = found.warnings.iter().find(|warning| warning.starts_with(what));
        assert!(said.is_some_and(|said| said.contains("could not be checked beforehand")), "{found:?}");
    }
}

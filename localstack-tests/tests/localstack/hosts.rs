//! Hosts as stacks have them: the components, images that are looked up and pinned, networks that filter.

use std::collections::BTreeMap;

use formwork::components::{AccessFrom, Bastion, HostImage, VpnAccess, VpnEnd, VpnHost};
use formwork::prelude::*;
use formwork_engine::Program;
use localstack_tests::{Trial, told};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIESRu+F5HH74W8WWGBAtysAWMqolk8RHIYUllXU4JCP7 anna";

fn bastion(instance_type: &str) -> Bastion {
    Bastion {
        host_name: "bastion".into(),
        image: HostImage::amazon_linux(),
        instance_type: instance_type.into(),
        access: vec![AccessFrom::Cidr("198.51.100.0/24".into())],
        public_key: Some(KEY.into()),
        user_data: None,
        termination_protection: true,
        options: options(),
        tags: [("team".to_owned(), "platform".to_owned())].into(),
    }
}

fn vpn() -> VpnAccess {
    let ubuntu =
        ec2::AmiFilter::of("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*").architecture("arm64");
    VpnAccess {
        network_name: "vpn".into(),
        access: vec![AccessFrom::Cidr("0.0.0.0/0".into())],
        end: VpnEnd::Host(VpnHost {
            image: HostImage::Newest(ubuntu),
            instance_type: "t4g.small".into(),
            udp_port: 51820,
            ssh_access: Vec::new(),
            public_key: None,
            user_data: None,
            termination_protection: false,
            options: options(),
        }),
        tags: Tags::new(),
    }
}

/// A public subnet behind an ACL, a bastion and a VPN host in it, and a rule for S3's addresses.
fn program(instance_type: &str) -> Program {
    let mut stack = Stack::new("tests", "hosts", BTreeMap::new());
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let gateway = stack.add("main", ec2::InternetGateway::builder().vpc(&vpc).build());
    let subnet = stack.add("public", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.101.0/24").build());
    let table = stack.add("public", ec2::RouteTable::builder().vpc(&vpc).build());
    let out = ec2::Route::builder().route_table(&table).destination("0.0.0.0/0");
    stack.add("out", out.target(ec2::Target::internet_gateway(&gateway)).build());
    stack.add("public", ec2::RouteTableAssociation::builder().subnet(&subnet).route_table(&table).build());
    let acl = stack.add("public", ec2::NetworkAcl::builder().vpc(&vpc).build());
    for (name, egress) in [("in", false), ("out", true)] {
        let all = ec2::NetworkAclEntry::builder().network_acl(&acl).egress(egress).rule_number(100).protocol("all");
        stack.add(name, all.cidr_block("0.0.0.0/0").action(ec2::RuleAction::Allow).build());
    }
    stack.add("public", ec2::NetworkAclAssociation::builder().subnet(&subnet).network_acl(&acl).build());
    let bastion = bastion(instance_type).declare(&mut stack, "bastion", &vpc, &subnet);
    let s3 = ec2::managed_prefix_list(&mut stack, "com.amazonaws.eu-west-1.s3");
    let rule = ec2::SecurityGroupEgressRule::builder().security_group(&bastion.security_group).protocol("tcp");
    stack.add("s3", rule.from_port(443).to_port(443).prefix_list(&s3).build());
    let vpn = vpn().declare(&mut stack, "vpn", &vpc, &subnet);
    if let Some(host) = vpn.host {
        stack.export("vpn_ip", &host.address.public_ip);
    }
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bastion_and_a_vpn_host_come_change_and_go() -> anyhow::Result<()> {
    let trial = Trial::new(super::emulator()).await;
    let first = program("t3.micro");
    let summary = trial.up(&first).await?;
    assert!(summary.outputs.get("vpn_ip").is_some_and(|address| address.as_text().is_some()));
    let plan = trial.plan(&first).await?;
    assert!(plan.is_noop(), "{}", told(&plan));

    // It is stopped for it and started again, and stays the same machine.
    let before: Vec<_> = trial.account.listed().into_iter().filter(|(kind, _)| kind == "aws:ec2/instance").collect();
    assert_eq!(before.len(), 2);
    let larger = program("t3.small");
    let since = trial.account.calls(0).len();
    trial.up(&larger).await?;
    let after: Vec<_> = trial.account.listed().into_iter().filter(|(kind, _)| kind == "aws:ec2/instance").collect();
    assert_eq!(before, after);
    let calls: Vec<String> = trial.account.calls(0).into_iter().skip(since).map(|call| call.operation).collect();
    let place = |name: &str| calls.iter().position(|call| call == name);
    assert!(place("StopInstances") < place("ModifyInstanceAttribute"), "{calls:?}");
    assert!(place("ModifyInstanceAttribute") < place("StartInstances"), "{calls:?}");
    let plan = trial.plan(&larger).await?;
    assert!(plan.is_noop(), "{}", told(&plan));

    trial.destroy(&larger).await?;
    assert_eq!(trial.account.listed(), []);
    assert_eq!(trial.account.gaps(), [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_up_and_not_there_is_said() -> anyhow::Result<()> {
    let trial = Trial::new(super::emulator()).await;
    let mut stack = Stack::new("tests", "lookups", BTreeMap::new());
    let image = ec2::ami(&mut stack, &ec2::AmiFilter::of("amazon", "no-such-image-*"));
    let parameter = ec2::ami_by_parameter(&mut stack, "/aws/service/ami-amazon-linux-latest/al1999");
    let list = ec2::managed_prefix_list(&mut stack, "com.amazonaws.eu-west-1.nothing");
    stack.export("image", &image.id);
    stack.export("parameter", &parameter);
    stack.export("list", &list);
    let program = stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"));
    let refused = trial.plan(&program).await.expect_err("none of the three is there");
    let said = format!("{refused:#}");
    for words in ["no image in eu-west-1 passes the filters", "ParameterNotFound", "there is no prefix list"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    Ok(())
}

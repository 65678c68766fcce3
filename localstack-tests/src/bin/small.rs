//! The command line around small stacks, for the tests of the command line: `small` has a network, two data stores and a secret from the
//! configuration; `app` uses what `network` has.

use std::process::ExitCode;

use formwork::prelude::*;
use serde::Deserialize;

/// `stacks/small.toml`.
#[derive(Deserialize)]
struct SmallConfig {
    /// The range of the VPC.
    cidr_block: String,
    /// The ranges of its subnets.
    subnets: Vec<String>,
    /// Days for which events are kept; there is no log group when absent.
    retention_in_days: Option<i32>,
    /// What workloads read.
    token: Secret,
}

fn small(stack: &mut Stack, config: &SmallConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    for (index, cidr_block) in config.subnets.iter().enumerate() {
        stack.add(&format!("subnet-{index}"), ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr_block).build());
    }
    stack.component("data", |stack| {
        if let Some(days) = config.retention_in_days {
            stack.add("events", logs::LogGroup::builder().name("/small/events").retention_in_days(days).build());
        }
        let token = secretsmanager::Secret::builder().name("small-token").secret_string(&config.token);
        let token = stack.add("token", token.build());
        stack.export("token_arn", &token.arn);
    });
    stack.export("vpc_id", &vpc.id);
    stack.export("token", join([(&config.token).into()]));
    Ok(())
}

/// `stacks/network.toml` and `stacks/app.toml`.
#[derive(Deserialize)]
struct RangeConfig {
    /// The range of the VPC, or of the subnet in it.
    cidr_block: String,
}

fn network(stack: &mut Stack, config: &RangeConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    stack.export("vpc_id", &vpc.id);
    stack.export("team", join(["platform".into()]));
    Ok(())
}

#[derive(StackOutputs)]
struct Network {
    vpc_id: Output<ec2::VpcId>,
    team: Output<String>,
}

fn app(stack: &mut Stack, config: &RangeConfig) -> Result<()> {
    let network = stack.read_stack::<Network>("network");
    let subnet = ec2::Subnet::builder().vpc(&network.vpc_id).cidr_block(&config.cidr_block);
    stack.add("app", subnet.tags([("network-of", &network.team)]).build());
    Ok(())
}

fn main() -> ExitCode {
    formwork::Runner::new("tests").stack("small", small).stack("network", network).stack("app", app).main()
}

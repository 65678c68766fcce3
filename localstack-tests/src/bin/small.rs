//! The command line around a small stack, for the tests of the command line: a network, two data stores, a secret from the configuration.

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
    /// The component of the data stores; `data` when absent.
    component: Option<String>,
}

fn small(stack: &mut Stack, config: &SmallConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    for (index, cidr_block) in config.subnets.iter().enumerate() {
        stack.add(&format!("subnet-{index}"), ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr_block).build());
    }
    stack.component(config.component.as_deref().unwrap_or("data"), |stack| {
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

fn main() -> ExitCode {
    formwork::Runner::new("tests").stack("small", small).main()
}

//! A small stack with the command line: `cargo run -p formwork --example network -- up network --local --yes`.
//!
//! Its configuration is `stacks/network.toml`, or the file that `--config` names.

use formwork::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct NetworkConfig {
    /// The address range of the VPC.
    cidr_block: String,
    /// Address ranges of the private subnets.
    private: Vec<String>,
}

fn network(stack: &mut Stack, config: &NetworkConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).enable_dns_hostnames(true).build());
    stack.component("private", |stack| {
        for (index, cidr_block) in config.private.iter().enumerate() {
            let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr_block).build();
            stack.add(&format!("subnet-{}", index + 1), subnet);
        }
    });
    stack.export("vpc_id", &vpc.id);
    Ok(())
}

fn main() -> std::process::ExitCode {
    formwork::Runner::new("examples").stack("network", network).main()
}

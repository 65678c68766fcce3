//! A small stack with the command line:
//! `cargo run -p formwork --example network -- up network --local --config sdk/examples/network.toml`.
//!
//! Without `--config` its configuration is `stacks/network.toml`.

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

#[cfg(test)]
mod tests {
    use super::*;
    use formwork::testing;

    #[test]
    fn every_subnet_is_in_the_network() {
        let config = testing::config_text("cidr_block = \"10.0.0.0/16\"\nprivate = [\"10.0.1.0/24\", \"10.0.2.0/24\"]");
        let plan = testing::plan(network, &config);
        assert_eq!(plan.creates(), ["main", "private/subnet-1", "private/subnet-2"]);
        for name in ["private/subnet-1", "private/subnet-2"] {
            assert!(plan.resource::<ec2::Subnet>(name).refers_to("vpc", "main"));
        }
    }
}

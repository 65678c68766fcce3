//! A VPC without an address range cannot be built.

use formwork::prelude::*;

pub fn network(stack: &mut Stack) {
    stack.add("main", ec2::Vpc::builder().enable_dns_hostnames(true).build());
}

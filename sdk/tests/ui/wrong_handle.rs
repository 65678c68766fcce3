//! A subnet's `vpc` takes a VPC, and not another subnet.

use formwork::prelude::*;

pub fn network(stack: &mut Stack) {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let first = stack.add("first", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
    stack.add("second", ec2::Subnet::builder().vpc(&first).cidr_block("10.0.2.0/24").build());
}

//! What the other files get wrong, done right: the tests would prove nothing if this did not compile.

use formwork::prelude::*;

pub fn network(stack: &mut Stack) {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").tags([("team", "platform")]).build());
    stack.add("first", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
}

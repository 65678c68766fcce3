//! What the other files get wrong, done right: the tests would prove nothing if this did not compile.

use formwork::prelude::*;

#[derive(StackOutputs)]
pub struct Shared {
    pub vpc_id: Output<ec2::VpcId>,
    #[output(name = "subnet-ids")]
    pub subnet_ids: Output<Vec<ec2::SubnetId>>,
}

pub fn app(stack: &mut Stack) {
    let shared = stack.read_stack::<Shared>("network");
    stack.add("app", ec2::Subnet::builder().vpc(&shared.vpc_id).cidr_block("10.0.2.0/24").build());
    stack.export("subnet", shared.subnet_ids.at(0));
}

pub fn network(stack: &mut Stack) {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").tags([("team", "platform")]).build());
    stack.add("first", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
}

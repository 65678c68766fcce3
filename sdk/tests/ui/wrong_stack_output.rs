use formwork::prelude::*;

#[derive(StackOutputs)]
pub struct Network {
    pub vpc_id: Output<ec2::VpcId>,
    pub subnet_id: Output<ec2::SubnetId>,
}

pub fn app(stack: &mut Stack) {
    let network = stack.read_stack::<Network>("network");
    stack.add("app", ec2::Subnet::builder().vpc(&network.subnet_id).cidr_block("10.0.1.0/24").build());
}

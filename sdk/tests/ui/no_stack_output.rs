use formwork::prelude::*;

#[derive(StackOutputs)]
pub struct Network {
    pub vpc_id: ec2::VpcId,
    #[output(rename = "subnet-id")]
    pub subnet_id: Output<ec2::SubnetId>,
}

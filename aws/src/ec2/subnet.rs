//! `aws:ec2/subnet`: a range of addresses of a VPC in one availability zone.

use formwork_engine::id;

id! {
    /// The id of a subnet, such as `subnet-0123456789abcdef0`.
    pub struct SubnetId;
}

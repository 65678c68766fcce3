//! `aws:ec2/security-group`: a set of rules for the traffic of network interfaces.

use formwork_engine::id;

id! {
    /// The id of a security group, such as `sg-0123456789abcdef0`.
    pub struct SecurityGroupId;
}
